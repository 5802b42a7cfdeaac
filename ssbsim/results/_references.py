"""``references.bib`` of a run: what its laws, methods and materials rest on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ssbsim.document.citations import Citation, bibtex_entry, distinct

_HEAD = "% Sources of the laws, methods and materials of this run, for BibTeX and reference managers.\n"


def references(
    citations: Iterable[Citation], materials: Mapping[str, Sequence[Mapping[str, Any]]]
) -> list[dict[str, str]]:
    """Every source once, as it is kept in ``provenance.json``.

    Args:
        citations: Of laws and methods.
        materials: By phase, the values in use with ``source``, ``doi``, ``basis`` and ``confidence``.

    Returns:
        Entries with ``key``, ``text``, ``doi``, ``note``, ``used for`` and ``bibtex``.
    """
    cited = distinct(citations)
    entries = [
        {
            "key": key,
            "text": one.text,
            "doi": one.doi,
            "note": one.note,
            "used for": "laws and methods",
            "bibtex": one.bibtex(key),
        }
        for key, one in cited.items()
    ]
    groups: dict[tuple[str, str], list[tuple[str, Mapping[str, Any]]]] = {}
    for phase, rows in materials.items():
        for row in rows:
            if row["basis"] in ("read", "memory", "fitted"):
                groups.setdefault((str(row["source"]), str(row["doi"])), []).append((phase, row))
    for number, ((source, doi), used) in enumerate(groups.items(), start=1):
        key = f"material{number}"
        unsure = [row["confidence"] for _, row in used if row["basis"] == "memory"]
        note = f"values from memory, confidence {min(unsure)} at the least: verify them" if unsure else ""
        purpose = "; ".join(dict.fromkeys(f"{phase}: {row['path']}" for phase, row in used))
        fields = {"title": source, "doi": doi, "note": ". ".join(filter(None, (f"Used for {purpose}", note)))}
        entry = {"key": key, "text": source, "doi": doi, "note": note, "used for": purpose}
        entries.append(entry | {"bibtex": bibtex_entry("misc", key, fields)})
    return entries


def bibliography(entries: Sequence[Mapping[str, str]]) -> str:
    """The content of ``references.bib``."""
    return _HEAD + "\n".join(f"\n{one['bibtex']}" for one in entries) + "\n"
