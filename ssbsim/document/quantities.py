"""Types of the fields of a Case: numbers that carry a dimension in the input and are plain floats afterwards.

From a file every quantity needs its unit; a script may also pass the number itself in the storage unit, which is the
SI unit except for energies (eV per particle).
"""

from __future__ import annotations

import math
import typing
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, Strict, ValidationInfo
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from ssbsim.document import units
from ssbsim.document.problems import describe
from ssbsim.document.units import Dimension, UnitError, format_quantity, parse_quantity

_PATTERN = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?(\s+1/|\s*(?![eE][+-]?\d)[A-Za-zµμΩΩÅÅ°/]).*$"


def problem(what: str, hint: str = "") -> PydanticCustomError:
    """An error that the loader prints as it is, with the place in the file added."""
    return PydanticCustomError("ssbsim", "{what}", {"what": what, "hint": hint})


@dataclass(frozen=True)
class Quantity:
    """Pydantic metadata: a number of this dimension within bounds (in the storage unit)."""

    dimension: Dimension
    above: float | None = None
    at_least: float | None = None

    def validate(self, value: Any, info: ValidationInfo) -> float:
        """Read a text with a unit, or, outside files, a plain number in the storage unit."""
        if isinstance(value, str):
            try:
                number = parse_quantity(value, self.dimension)
            except UnitError as error:
                raise problem(error.what, error.hint) from None
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            if info.context is not None and info.context.get("units_required"):
                raise problem(
                    f"expected {self.dimension.phrase} with its unit, found the bare number {value}",
                    f"write for example '{self.dimension.example}'",
                )
            number = float(value)
        else:
            raise problem(
                f"expected {self.dimension.phrase}, found {describe(value)}",
                f"write for example '{self.dimension.example}'",
            )
        self._check_bounds(number, value)
        return number

    def _check_bounds(self, number: float, given: Any) -> None:
        shown = describe(given) if isinstance(given, str) else f"{given} {self.dimension.unit}"
        article = self.dimension.phrase
        if not math.isfinite(number):
            raise problem(f"expected {self.dimension.phrase} that is finite, found {shown}")
        if self.above is not None and not number > self.above:
            raise problem(f"expected {article} above {self.above:g} {self.dimension.unit}, found {shown}")
        if self.at_least is not None and not number >= self.at_least:
            raise problem(f"expected {article} of at least {self.at_least:g} {self.dimension.unit}, found {shown}")

    def text(self, value: float) -> str:
        """The value as it is written in a file."""
        return format_quantity(value, self.dimension)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(self.validate)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        bound = ""
        if self.above is not None:
            bound = f", above {self.above:g} {self.dimension.unit}"
        elif self.at_least is not None:
            bound = f", at least {self.at_least:g} {self.dimension.unit}"
        phrase = self.dimension.phrase.capitalize()
        return {
            "type": "string",
            "pattern": _PATTERN,
            "description": f"{phrase} with its unit{bound}, for example '{self.dimension.example}'.",
            "examples": [self.dimension.example],
        }


Angle: TypeAlias = Annotated[float, Quantity(units.ANGLE, above=0.0)]
AreaCapacitance: TypeAlias = Annotated[float, Quantity(units.AREA_CAPACITANCE, above=0.0)]
AreaCharge: TypeAlias = Annotated[float, Quantity(units.AREA_CHARGE)]
AreaDensity: TypeAlias = Annotated[float, Quantity(units.AREA_DENSITY, above=0.0)]
AreaResistance: TypeAlias = Annotated[float, Quantity(units.AREA_RESISTANCE, above=0.0)]
BarrierEv: TypeAlias = Annotated[float, Quantity(units.ENERGY, at_least=0.0)]
ChargeDensity: TypeAlias = Annotated[float, Quantity(units.CHARGE_DENSITY)]
Concentration: TypeAlias = Annotated[float, Quantity(units.CONCENTRATION, above=0.0)]
Conductivity: TypeAlias = Annotated[float, Quantity(units.CONDUCTIVITY, above=0.0)]
CurrentDensity: TypeAlias = Annotated[float, Quantity(units.CURRENT_DENSITY, above=0.0)]
DiffusivityValue: TypeAlias = Annotated[float, Quantity(units.DIFFUSIVITY, above=0.0)]
EnergyEv: TypeAlias = Annotated[float, Quantity(units.ENERGY)]
Frequency: TypeAlias = Annotated[float, Quantity(units.FREQUENCY, above=0.0)]
Length: TypeAlias = Annotated[float, Quantity(units.LENGTH, above=0.0)]
NonNegativeLength: TypeAlias = Annotated[float, Quantity(units.LENGTH, at_least=0.0)]
Permeability: TypeAlias = Annotated[float, Quantity(units.PERMEABILITY, above=0.0)]
PositivePotential: TypeAlias = Annotated[float, Quantity(units.POTENTIAL, above=0.0)]
Potential: TypeAlias = Annotated[float, Quantity(units.POTENTIAL)]
Temperature: TypeAlias = Annotated[float, Quantity(units.TEMPERATURE, above=0.0)]
Time: TypeAlias = Annotated[float, Quantity(units.TIME, above=0.0)]

Number: TypeAlias = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Count: TypeAlias = Annotated[int, Strict()]


def quantity_of(field: FieldInfo) -> Quantity | None:
    """The Quantity in the annotation of a field, alone, optional, or as the value of a mapping or list."""
    for metadata in field.metadata:
        if isinstance(metadata, Quantity):
            return metadata
    return quantity_in(field.annotation)


def quantity_in(annotation: Any) -> Quantity | None:
    """The first Quantity inside an annotation."""
    for part in (*getattr(annotation, "__metadata__", ()), *typing.get_args(annotation)):
        if isinstance(part, Quantity):
            return part
        found = quantity_in(part) if part is not annotation else None
        if found is not None:
            return found
    return None
