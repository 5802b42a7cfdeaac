"""What is written."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from ssbsim.document.model import Model
from ssbsim.document.quantities import Count

OutputField: TypeAlias = Literal[
    "potential", "electrochemical_potential", "concentration", "occupancy", "charge_density", "flux"
]


class Output(Model):
    """What is written to the run folder.

    Attributes:
        fields: Fields for ParaView.
        every: Also write fields after every so many steps of a transient.
        length_unit: Unit of the coordinates of the fields.
    """

    fields: tuple[OutputField, ...] = ("potential", "electrochemical_potential", "concentration", "charge_density")
    every: Annotated[Count, Field(ge=1)] | None = None
    length_unit: Literal["m", "mm", "um", "nm"] = "nm"
