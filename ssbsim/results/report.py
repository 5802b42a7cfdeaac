"""``report.html``: one file with everything a reader of the results asks first. It loads nothing from elsewhere."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator, Mapping
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any

from ssbsim.errors import ResultsError
from ssbsim.results import whole_files
from ssbsim.results._log import FILE as LOG_FILE
from ssbsim.results._reader import Results, open_results
from ssbsim.results.pictures.draw import figures, picture_bytes
from ssbsim.results.pictures.style import pretty_unit, quantity_text

_logger = logging.getLogger("ssbsim.results")

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#222;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin-bottom:.2rem}h2{font-size:1.15rem;margin-top:2.2rem;border-bottom:1px solid #ccc}
table{border-collapse:collapse;width:100%;font-size:.92em}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem .3rem 0;border-bottom:1px solid #e4e4e4}
th{font-weight:600}td.number{white-space:nowrap;font-variant-numeric:tabular-nums}
figure{margin:1rem 0}img{max-width:100%}figcaption{color:#555;font-size:.9em}
.warn{background:#fff3cd;padding:.1rem .4rem;border-radius:.2rem}.quiet{color:#666}
pre{background:#f6f6f6;padding:.8rem;overflow:auto;font-size:.85em}
@media print{body{margin:0;max-width:none}details{display:none}}
"""
_CAPTIONS = {
    "profiles": "Every field along x, whole (left) and close to the interfaces. The background shows the phases; "
    "gaps in a line are jumps at an interface.",
    "history": "Quantities at every step.",
    "mesh": "The mesh: cell sizes in 1D, cells coloured by phase in 2D and 3D.",
    "maps": "Every field at the last saved state, whole and close to the interfaces (black lines).",
    "impedance": "Impedance: Nyquist plot, magnitude (line) and phase (dashes), and the real part of what each part contributes.",
    "tracer": "Isotope exchange: fraction, the image as an instrument would record it, and profiles.",
}
_BASES = {"read": "read at the source", "memory": "from memory", "case": "given in the case"}
_ENTRY_KEYS = {"source", "basis", "doi"}


def write_report(folder: str | PathLike[str]) -> Path:
    """Write ``report.html`` into a run folder; parts that the run has not (yet) written are named as missing.

    Returns:
        The path of the report.

    Raises:
        ResultsError: No run folder.
    """
    results = open_results(folder)
    sections = {
        "Results": _summary,
        "Pictures": _pictures,
        "Audit": _audit,
        "Sources of the materials": _materials,
        "References": _references,
        "Warnings": _warnings,
        "Provenance": _provenance,
        "Input": _input,
    }
    body = []
    for title, section in sections.items():
        try:
            content = section(results)
        except ResultsError as error:
            content = f'<p class="quiet">{escape(error.what)}</p>'
        except Exception as error:  # whatever a part meets, the others are worth having
            _logger.warning("report.html is without '%s' (%s: %s)", title, type(error).__name__, error)
            content = (
                f'<p class="warn">This part could not be written: {escape(f"{type(error).__name__}: {error}")}</p>'
            )
        body.append(f"<h2>{title}</h2>\n{content}\n")
    title = escape(_title(results))
    html = (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>\n'
        f"<body><h1>{title}</h1>\n{''.join(body)}</body></html>\n"
    )
    path = results.path / "report.html"
    whole_files.write_text(path, html)
    return path


def _title(results: Results) -> str:
    try:
        return str(results.resolved.get("title") or results.path.name)
    except ResultsError:
        return results.path.name


def _summary(results: Results) -> str:
    rows = []
    for name, entry in results.summary.get("quantities", {}).items():
        rows.append(
            [escape(name), _number(entry.get("value"), entry.get("unit", "")), escape(str(entry.get("how", "")))]
        )
    return _table(["quantity", "value", "how it was obtained"], rows)


def _number(value: Any, unit: str) -> str:
    if value is None:
        return "not available"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return escape(f"{value} {pretty_unit(unit)}".strip())
    exact = escape(f"{value!r} {unit}")
    # The scaled number is for reading, the exact one for copying: it shows when the pointer rests on it.
    return f'<span title="{exact}">{escape(quantity_text(float(value), unit))}</span>'


def _pictures(results: Results) -> str:
    parts = []
    for name, figure in figures(results).items():
        data = base64.b64encode(picture_bytes(figure, "png", dpi=200)).decode("ascii")
        parts.append(
            f'<figure><img alt="{escape(name)}" src="data:image/png;base64,{data}">'
            f"<figcaption>{escape(_CAPTIONS[name])}</figcaption></figure>"
        )
    return "\n".join(parts)


def _audit(results: Results) -> str:
    return _table(["balance", "value"], [[escape(path), _leaf(value)] for path, value in _leaves(results.audit)])


def _provenance(results: Results) -> str:
    rest = {key: value for key, value in results.provenance.items() if key not in ("materials", "references")}
    return _table(["what", "value"], [[escape(path), _leaf(value)] for path, value in _leaves(rest)])


def _materials(results: Results) -> str:
    rows, from_memory = [], 0
    for path, entry in _entries(results.provenance.get("materials", {})):
        source_basis = str(entry.get("basis", ""))
        is_memory = source_basis.startswith("memory")
        from_memory += is_memory
        doi = str(entry.get("doi") or "")
        link = _doi_link(doi)
        confidence = f", confidence {entry['confidence']}" if entry.get("confidence") else ""
        basis = escape(_BASES.get(source_basis, source_basis) + confidence)
        basis = f'<span class="warn">{basis}</span>' if is_memory else basis
        details = "; ".join(str(entry[key]) for key in ("method", "temperature", "uncertainty") if entry.get(key))
        cells = [path, str(entry.get("value", "")), str(entry.get("source", ""))]
        value_path, value, source = map(escape, cells)
        rows.append([value_path, value, source + link, escape(details), basis])
    if not rows:
        return '<p class="quiet">No value of this run came from the materials library.</p>'
    lead = (
        f'<p><span class="warn">{from_memory} of {len(rows)} values were not checked at their source.</span></p>'
        if from_memory
        else ""
    )
    return lead + _table(["value of", "value", "source", "method, temperature, uncertainty", "basis"], rows)


def _references(results: Results) -> str:
    rows = []
    for entry in results.provenance.get("references", []):
        note = f' <span class="warn">{escape(entry["note"])}</span>' if entry["note"] else ""
        rows.append(
            [escape(entry["key"]), escape(entry["text"]) + _doi_link(entry["doi"]) + note, escape(entry["used for"])]
        )
    return "<p>The same as <code>references.bib</code>.</p>" + _table(["key", "source", "used for"], rows)


def _doi_link(doi: str) -> str:
    return f' <a href="https://doi.org/{escape(doi)}">doi:{escape(doi)}</a>' if doi else ""


def _warnings(results: Results) -> str:
    path = results.path / LOG_FILE
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
    found = [line for line in lines if " WARNING " in line or " ERROR " in line]
    return f"<pre>{escape(chr(10).join(found))}</pre>" if found else '<p class="quiet">None.</p>'


def _input(results: Results) -> str:
    path = results.path / "resolved.yaml"
    if not path.is_file():
        return '<p class="quiet">resolved.yaml is missing.</p>'
    text = escape(path.read_text(encoding="utf-8"))
    return f"<details><summary>The case with every default filled in</summary><pre>{text}</pre></details>"


def _table(head: list[str], rows: list[list[str]]) -> str:
    if not rows:
        return '<p class="quiet">Nothing was recorded.</p>'
    top = "".join(f"<th>{cell}</th>" for cell in head)
    lines = []
    for first, second, *others in rows:
        cells = "".join(f"<td>{cell}</td>" for cell in others)
        lines.append(f'<tr><td>{first}</td><td class="number">{second}</td>{cells}</tr>\n')
    return f"<table><thead><tr>{top}</tr></thead><tbody>\n{''.join(lines)}</tbody></table>"


def _leaf(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return escape(f"{value:.6g}")
    return "none" if value is None else escape(str(value))


def _leaves(data: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every single value of nested dicts, with its path; lists of plain values count as one."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from _leaves(value, f"{path} · {key}" if path else str(key))
    elif isinstance(data, list) and any(isinstance(item, (Mapping, list)) for item in data):
        for i, item in enumerate(data):
            yield from _leaves(item, f"{path}[{i}]")
    else:
        yield path, ", ".join(map(str, data)) if isinstance(data, list) else data


def _entries(data: Any, path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every dict that carries a source, however deep it is, with its path."""
    if isinstance(data, Mapping):
        if _ENTRY_KEYS & set(data):
            yield path, data
        else:
            for key, value in data.items():
                yield from _entries(value, f"{path}.{key}" if path else str(key))
    elif isinstance(data, list):
        for i, item in enumerate(data):
            named = item.get("path") if isinstance(item, Mapping) else None
            yield from _entries(item, f"{path}.{named}" if named else f"{path}[{i}]")
