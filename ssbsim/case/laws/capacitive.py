"""A dielectric gap."""

from __future__ import annotations

from typing import Literal

from ssbsim.case.laws.base import LawModel
from ssbsim.document.quantities import AreaCapacitance, Potential


class CapacitiveLaw(LawModel):
    """Energy C/2 (jump(phi) - offset)^2 of a dielectric gap or Stern layer.

    Attributes:
        capacitance: Per area (F/m^2).
        offset: Jump of the potential at zero charge (V), first side minus second.
    """

    law: Literal["capacitive"] = "capacitive"
    capacitance: AreaCapacitance
    offset: Potential = 0.0

    says = "charge `C (jump(phi) - offset)` on the first side and its opposite on the second"
    acts_on = "jump"
    ties_potentials = True
    charges_sides = True
