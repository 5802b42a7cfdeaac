"""The JSON Schema of the input file, for editors that complete and check YAML."""

from __future__ import annotations

import re
from typing import Any

from ssbsim.case._case import Case
from ssbsim.document.units import DIMENSIONS


def case_json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a case file."""
    schema = Case.model_json_schema(by_alias=True, mode="validation")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "ssbsim case"
    del schema["properties"]["source"]  # set on loading, not a key of the file
    parts = schema["$defs"]
    del parts["Species"]["properties"]["charge"]["default"]  # read from the name of the species
    del parts["Spacing"]["properties"]["terminal"]["default"]  # as the bulk size
    for part in (schema, *parts.values()):
        _describe_fields(part)
        _write_defaults_as_text(part)
        _require_discriminators(part)
    short_diffusivity = dict(parts["Diffusivity"]["properties"]["value"])
    parts["Diffusivity"] = {"anyOf": [short_diffusivity, parts["Diffusivity"]]}
    short_times = dict(parts["OutputTimes"]["properties"]["times"])
    parts["OutputTimes"] = {"anyOf": [short_times, parts["OutputTimes"]]}
    species = parts["ReservoirTerminal"]["properties"]["species"]
    parts["ReservoirTerminal"]["properties"]["species"] = {
        "description": species.pop("description"),
        "anyOf": [{"type": "string"}, species],
    }
    size = parts["BricksGeometry"]["properties"]["size"]
    parts["BricksGeometry"]["properties"]["size"] = {
        "description": size.pop("description"),
        "anyOf": [dict(size["items"]), size],
    }
    pixel = parts["ImageGeometry"]["properties"]["pixel"]
    parts["ImageGeometry"]["properties"]["pixel"] = {
        "description": pixel.pop("description"),
        "anyOf": [dict(pixel["items"]), pixel],
    }
    parts["ImagePart"] = {"anyOf": [dict(parts["ImagePart"]["properties"]["phase"]), parts["ImagePart"]]}
    return schema


def _describe_fields(part: dict[str, Any]) -> None:
    """Move what a docstring says about each attribute to the attribute."""
    head, _, attributes = str(part.get("description", "")).partition("\n\nAttributes:\n")
    for name, text in re.findall(r"^    (\w+): (.*(?:\n     +.*)*)", attributes, flags=re.MULTILINE):
        name = {"start": "from", "stop": "to"}.get(name, name)
        if name in part.get("properties", {}):
            key = part["properties"][name]
            says = [re.sub(r"\s+", " ", text).replace("``", "'"), str(key.get("description", ""))]
            key["description"] = " ".join(filter(None, says))
    if attributes:
        part["description"] = re.sub(r"\s+", " ", head)


def _write_defaults_as_text(part: dict[str, Any]) -> None:
    """Defaults of quantities are numbers in the storage unit; a file has them with the unit."""
    for key in part.get("properties", {}).values():
        default = key.get("default")
        if key.get("type") == "string" and isinstance(default, float):
            unit = _unit_of_example.get(key["examples"][0])
            key["default"] = f"{default:g} {unit}"


def _require_discriminators(part: dict[str, Any]) -> None:
    """The word that says which of several parts this is has a default in Python, but a file must have it."""
    for name in ("kind", "law"):
        if "const" in part.get("properties", {}).get(name, {}):
            part["required"] = [name, *(key for key in part.get("required", []) if key != name)]


_unit_of_example = {dimension.example: dimension.unit for dimension in DIMENSIONS}
