"""An example of every registered interface law and terminal, made from the fields of its schema.

A new law with a field that is not here fails the tests with the name of the field: add a value for it.
"""

from __future__ import annotations

from typing import Any

from ssbsim.case import LAWS, TERMINAL_MODELS

_FIELDS: dict[str, Any] = {
    "species": "Li+",
    "resistance": 1e-6,
    "capacitance": 0.1,
    "offset": 0.05,
    "charge": 0.03,
    "density": 4e-6,
    "energy": -0.1,
    "exchange_current": 50.0,
    "transfer_coefficient": 0.3,
    "potential": 0.02,
    "stern_capacitance": 0.2,
    "sinh_potential": 0.05,
    "reorganization_energy": 0.3,
}


def _example(schema: Any, key: str, given: dict[str, Any]) -> Any:
    data = {}
    for name, field in schema.model_fields.items():
        if name == key:
            continue
        if name in given or name in _FIELDS:
            data[name] = given.get(name, _FIELDS.get(name))
        elif field.is_required():
            raise AssertionError(f"add an example of the field '{name}' to law_examples.py")
    return schema.model_validate(data)


def law_example(name: str, **given: Any) -> Any:
    """The settings of an interface law."""
    return _example(LAWS[name], "law", given)


def terminal_example(kind: str, **given: Any) -> Any:
    """The settings of a terminal."""
    return _example(TERMINAL_MODELS[kind], "kind", given)


def terminal_kinds() -> set[str]:
    """Terminals that a case may name."""
    return set(TERMINAL_MODELS)
