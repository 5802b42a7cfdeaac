"""Write the tables of keys in input-file.md and the table of laws in physics.md from the models of the input file.

    python docs/make_reference.py            rewrites both pages between their two marks
    python docs/make_reference.py --check    changes nothing; status 1 if one is out of date

The keys come from the JSON Schema that ``ssbsim schema`` prints, and the laws from the facts that their classes state, so
the tables cannot say anything else than the program does.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ssbsim.case import GEOMETRIES, LAWS, STUDY_MODELS, TERMINAL_MODELS, case_json_schema

HERE = Path(__file__).parent
BEGIN, END = "<!-- begin of the tables -->", "<!-- end of the tables -->"

#: (definition, heading, where it stands in a case)
SECTIONS = (
    ("", "The case", "the top level of the file"),
    *((one.__name__, f"Geometry: {name}", f"`geometry`, with `kind: {name}`") for name, one in GEOMETRIES.items()),
    ("Layer", "Layer", "`geometry.layers[]`"),
    ("Texture", "Texture", "`geometry.texture`"),
    ("Separator", "Separator", "`geometry.separator`"),
    ("Particles", "Particles", "`geometry.particles`"),
    ("Coating", "Coating", "`geometry.particles.coating`"),
    ("Matrix", "Electrolyte", "`geometry.electrolyte`"),
    ("Voids", "Voids", "`geometry.voids`"),
    (
        "ImagePart",
        "Part of an image",
        "`geometry.labels.NUMBER` and `geometry.legend.COLOUR`; the short form is the phase",
    ),
    ("Spacing", "Spacing", "`geometry.spacing`"),
    ("Phase", "Phase", "`phases.NAME`"),
    ("Species", "Species", "`phases.NAME.species.SPECIES`"),
    ("Diffusivity", "Diffusivity", "`phases.NAME.species.SPECIES.diffusivity`; the short form is the value itself"),
    ("SiteClass", "Site class", "`phases.NAME.sites[]`"),
    ("Interface", "Interface", "`interfaces.a|b`"),
    *((law.__name__, f"Law: {name}", f"`interfaces.a|b.laws[]`, with `law: {name}`") for name, law in LAWS.items()),
    ("MisorientationClass", "Class of boundaries", "`interfaces.a|b.laws[].classes[]`"),
    *((o.__name__, f"Terminal: {k}", f"`terminals.NAME`, with `kind: {k}`") for k, o in TERMINAL_MODELS.items()),
    *((one.__name__, f"Study: {name}", f"`study[]`, with `kind: {name}`") for name, one in STUDY_MODELS.items()),
    ("Frequencies", "Frequencies", "`study[].frequencies`; the short form is a list of frequencies"),
    ("IsotopeImage", "Isotope image", "`study[].image`"),
    ("OutputTimes", "Output times", "`study[].output_times`; the short form is a list of times"),
    ("TerminalUpdate", "New value of a terminal", "`study[].terminals.NAME`"),
    ("Output", "Output", "`output`"),
    ("Solver", "Solver", "`solver`"),
)

_QUANTITY = re.compile(r"\s*(An? [\w -]+) with its unit(.*?), for example '([^']+)'\.")


def tables() -> str:
    """All tables as Markdown.

    Raises:
        LookupError: The models have a part that has no table here.
    """
    schema = case_json_schema()
    parts = schema["$defs"]
    missing = set(parts) - {name for name, _, _ in SECTIONS}
    if missing:
        raise LookupError(f"docs/make_reference.py has no section for {', '.join(sorted(missing))}")
    return "\n".join(
        line
        for name, heading, place in SECTIONS
        for line in _section(_mapping(parts[name]) if name else schema, heading, place)
    )


def _section(part: dict[str, Any], heading: str, place: str) -> Iterator[str]:
    yield from (f"### {heading}", "", f"Stands at {place}.")
    says = str(part.get("description", "")).partition("\n")[0]
    if says and heading != "The case":
        yield f"{says}"
    yield ""
    rows = [(key, value) for key, value in part.get("properties", {}).items() if "const" not in value]
    if not rows:
        yield from ("It has no other key.", "")
        return
    yield from ("| key | value | default | meaning |", "| --- | --- | --- | --- |")
    for key, value in rows:
        meaning, quantity = _split(str(value.get("description", "")))
        default = _default(value, needed=key in part.get("required", ()))
        yield f"| `{key}` | {quantity or _kind(value)} | {default} | {meaning} |"
    yield ""


def _mapping(part: dict[str, Any]) -> dict[str, Any]:
    """Of a part with a short form, the long one."""
    long = [option for option in part.get("anyOf", []) if "properties" in option]
    return dict(long[0]) if long else part


def _split(description: str) -> tuple[str, str]:
    """What a description says, and the quantity that it names."""
    found = _QUANTITY.search(description)
    quantity = _quantity(found) if found else ""
    meaning = _QUANTITY.sub("", description).replace("|", "\\|").strip()
    return re.sub(r"'([\w| .:-]+)'", r"`\1`", meaning), quantity


def _quantity(found: re.Match[str]) -> str:
    what, bound, example = found.groups()
    return f"{what.split(' ', 1)[1]}{bound}: `{example}`"


def _kind(value: dict[str, Any]) -> str:
    """What may be written, in words."""
    if "enum" in value:
        return " or ".join(f"`{choice}`" for choice in value["enum"])
    if "$ref" in value:
        return _link(value["$ref"])
    options = [option for option in value.get("anyOf", value.get("oneOf", [])) if option.get("type") != "null"]
    if options:
        return " or ".join(dict.fromkeys(_kind(option) for option in options))
    if "pattern" in value and (found := _QUANTITY.search(str(value.get("description", "")))):
        return _quantity(found)
    kind = value.get("type")
    if kind == "array":
        return f"list of {_kind(value['items'])}"
    if kind == "object":
        values = value.get("additionalProperties")
        return f"name: {_kind(values)}" if isinstance(values, dict) else "keys"
    return {"string": "text", "number": "number", "integer": "whole number", "boolean": "true or false"}.get(
        str(kind), "value"
    )


def _link(reference: str) -> str:
    name = reference.rpartition("/")[2]
    heading = next(heading for part, heading, _ in SECTIONS if part == name)
    anchor = re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
    return f"[{heading[0].lower() + heading[1:]}](#{anchor})"


def _default(value: dict[str, Any], *, needed: bool) -> str:
    if needed:
        return "needed"
    default = value.get("default")
    if default is None:
        return "-"
    if isinstance(default, dict):
        given = {key: item for key, item in default.items() if item is not None}
        if "$ref" in value and len(given) != 1:
            return "see there"
        return "`{" + ", ".join(f"{key}: {item}" for key, item in given.items()) + "}`" if given else "none"
    if isinstance(default, list):
        return ", ".join(f"`{item}`" for item in default) if default else "none"
    return f"`{default}`" if default != "" else "none"


def laws() -> str:
    """The table of interface laws as Markdown."""
    lines = ["| law | says | needs | source |", "| --- | --- | --- | --- |"]
    lines.append("| none, `contact: perfect` | `mu` and `phi` are continuous | | |")
    for name, law in LAWS.items():
        needs = "broken contact" if law.acts_on == "jump" else ""
        sources = ", ".join(f"[{one.authors[0]} {one.year}](https://doi.org/{one.doi})" for one in law.sources)
        lines.append(f"| `{name}` | {law.says} | {needs} | {sources} |")
    return "\n".join(lines) + "\n"


#: What stands between the two marks of a page.
PAGES: dict[str, Callable[[], str]] = {"input-file.md": tables, "physics.md": laws}


def page(text: str, content: str) -> str:
    """A page with fresh content between its marks."""
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n\n{content}\n{END}{after}"


def main(arguments: list[str]) -> int:
    """Write or check the pages; returns the exit status."""
    status = 0
    for name, content in PAGES.items():
        old = (HERE / name).read_text(encoding="utf-8")
        new = page(old, content())
        if old == new:
            continue
        if "--check" in arguments:
            sys.stderr.write(f"docs/{name} is out of date: run ./with-env python3 docs/make_reference.py\n")
            status = 1
        else:
            (HERE / name).write_text(new, encoding="utf-8")
    return status


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
