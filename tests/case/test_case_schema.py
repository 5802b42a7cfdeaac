from __future__ import annotations

import json
import re
from typing import Any

import pytest

from ssbsim.case import case_json_schema


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return case_json_schema()


def test_schema_is_json_and_closed(schema: dict[str, Any]) -> None:
    assert json.loads(json.dumps(schema)) == schema
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) == {"temperature", "geometry", "phases", "study"}
    assert "source" not in schema["properties"]


def test_quantities_are_texts_with_description_and_example(schema: dict[str, Any]) -> None:
    temperature = schema["properties"]["temperature"]
    assert temperature["type"] == "string"
    assert temperature["examples"] == ["298.15 K"]
    assert "298.15 K" in temperature["description"]
    assert re.search(temperature["pattern"], "298.15 K")
    assert re.search(temperature["pattern"], "4e27 1/m^3")
    assert not re.search(temperature["pattern"], "298.15")


def test_every_field_is_described(schema: dict[str, Any]) -> None:
    parts = {"Case": schema, **schema["$defs"]}
    bare = [
        f"{name}.{key}"
        for name, part in parts.items()
        for option in part.get("anyOf", [part])
        for key, field in option.get("properties", {}).items()
        if key not in ("kind", "law") and not field.get("description")
    ]
    assert bare == []


def test_short_forms_are_allowed(schema: dict[str, Any]) -> None:
    parts = schema["$defs"]
    assert [option["type"] for option in parts["Diffusivity"]["anyOf"]] == ["string", "object"]
    assert parts["ReservoirTerminal"]["properties"]["species"]["anyOf"][0] == {"type": "string"}
    assert parts["Phase"]["properties"]["excess_charge"]["default"] == "0 C/m^3"
