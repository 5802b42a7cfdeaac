"""Where a value comes from: the part of a materials library that makes its numbers usable in a publication."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from ssbsim.document.units import TEMPERATURE, UnitError, parse_quantity

Basis: TypeAlias = Literal["read", "memory", "fitted", "definition", "case"]
"""``read`` at the source, from ``memory`` (to be verified), ``fitted`` so that a result comes out, true by
``definition``, or given by the ``case`` itself."""

_UNCERTAINTY = re.compile(r"exact\b.*|factor \d+(\.\d+)?\b.*|\d+(\.\d+)? ?%.*|\+-.*\d.*|range .*\d.*", re.DOTALL)
_Text: TypeAlias = Annotated[str, Field(min_length=1)]


def _problem(what: str, hint: str) -> PydanticCustomError:
    return PydanticCustomError("ssbsim", "{what}", {"what": what, "hint": hint})


class SourcedValue(BaseModel):
    """A value of the library with everything that must be known about it.

    Attributes:
        value: A text with its unit, or a plain number where there is no unit.
        source: Paper, report, or what defines the value.
        doi: Of the source, when it has one.
        method: How the value was obtained, with the derivation when it was computed.
        temperature: ``298 K``, ``any``, or a range as [290 K, 310 K].
        uncertainty: ``10 %``, ``factor 1.5``, ``+-0.02 eV``, ``range 0.5 to 0.8`` or ``exact (why)``.
        basis: ``read``, ``memory``, ``fitted`` or ``definition``.
        confidence: Between 0 and 1, for a value from memory.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: str | int | float
    source: _Text
    doi: Annotated[str, Field(pattern=r"^10\.\d{4,}/\S+$")] | None = None
    method: _Text
    temperature: str
    uncertainty: str
    basis: Literal["read", "memory", "fitted", "definition"]
    confidence: Annotated[float, Field(ge=0.0, le=1.0)] | None = None

    @field_validator("temperature", mode="before")
    @classmethod
    def _read_temperature(cls, given: Any) -> Any:
        if given == "any":
            return given
        ends = given if isinstance(given, list) and len(given) == 2 else [given]
        try:
            kelvin = [parse_quantity(str(end), TEMPERATURE) for end in ends]
        except UnitError as error:
            raise _problem(error.what, "write '298 K', [290 K, 310 K] or 'any'") from None
        if kelvin != sorted(kelvin):
            raise _problem("the range of temperature runs downwards", "write the lower end first")
        return " to ".join(str(end) for end in ends)

    @field_validator("uncertainty", mode="after")
    @classmethod
    def _read_uncertainty(cls, given: str) -> str:
        if _UNCERTAINTY.fullmatch(given) is None:
            hint = "write '10 %', 'factor 1.5', '+-0.02 eV', 'range 0.5 to 0.8' or 'exact (why)'"
            raise _problem(f"expected an uncertainty, found '{given}'", hint)
        return given

    @model_validator(mode="after")
    def _check_basis(self) -> SourcedValue:
        if (self.basis == "memory") != (self.confidence is not None):
            raise _problem(
                "a value from memory says its confidence, and no other value does",
                "add 'confidence: 0.5' to a value with 'basis: memory', or remove it",
            )
        if self.uncertainty.startswith("exact") and self.basis != "definition":
            raise _problem(f"a value that is {self.basis} is not exact", "give its uncertainty")
        return self


@dataclass(frozen=True)
class Provenance:
    """One value in use and where it comes from.

    Attributes:
        path: Key in the phase, as in ``species.Li+.diffusivity.value``.
        value: As written in the library or the case.
        material: Library entry that holds it; empty for a value of the case itself.
        source: Paper, report, definition, or the case file.
        doi: Of the source; empty when it has none.
        method: How it was obtained.
        temperature: Where it holds.
        uncertainty: How well it is known.
        basis: read, memory, fitted, definition or case.
        confidence: Between 0 and 1, for a value from memory.
    """

    path: str
    value: str
    material: str
    source: str
    doi: str
    method: str
    temperature: str
    uncertainty: str
    basis: Basis
    confidence: float | None = None

    @property
    def is_from_memory(self) -> bool:
        """Whether the value still has to be verified at its source."""
        return self.basis == "memory"
