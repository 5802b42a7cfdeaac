"""An example of every registered interface law and terminal, made from the fields of its schema.

A new law with a field that is not here fails the tests with the name of the field: add a value for it.
"""

from __future__ import annotations

from typing import Any, get_args

from ssbsim.case import Law, Terminal

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
}


def _classes(union: Any, key: str) -> dict[str, Any]:
    members = get_args(get_args(union)[0])
    return {member.model_fields[key].default: member for member in members}


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
    return _example(_classes(Law, "law")[name], "law", given)


def terminal_example(kind: str, **given: Any) -> Any:
    """The settings of a terminal."""
    return _example(_classes(Terminal, "kind")[kind], "kind", given)


def law_names() -> set[str]:
    """Laws that a case may name."""
    return set(_classes(Law, "law"))


def terminal_kinds() -> set[str]:
    """Terminals that a case may name."""
    return set(_classes(Terminal, "kind"))
