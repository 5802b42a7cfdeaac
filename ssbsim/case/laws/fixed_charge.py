"""Charge of a plane."""

from __future__ import annotations

from typing import Literal

from ssbsim.case.laws.base import LawModel
from ssbsim.document.quantities import AreaCharge


class FixedChargeLaw(LawModel):
    """A charge that belongs to the interface itself.

    Attributes:
        charge: Per area (C/m^2).
    """

    law: Literal["fixed_charge"] = "fixed_charge"
    charge: AreaCharge

    says = "charge `q` in the plane, half on each side of a broken contact"
    acts_on = "plane"
    loads_plane = True
