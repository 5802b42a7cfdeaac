"""A resistance."""

from __future__ import annotations

from typing import Literal

from ssbsim.case.laws.base import LawModel
from ssbsim.document.quantities import AreaResistance


class ResistiveLaw(LawModel):
    """Current of a species in proportion to the jump of its electrochemical potential.

    Attributes:
        species: The species that crosses.
        resistance: Area-specific resistance (ohm m^2).
    """

    law: Literal["resistive"] = "resistive"
    species: str
    resistance: AreaResistance

    says = "`eta = R i`"
    acts_on = "jump"
    species_keys = {"species": "both"}
    crosses = True
    ties_potentials = True
