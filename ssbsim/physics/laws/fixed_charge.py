r"""Charge q (C/m2) fixed in the plane: storage ``-q phi``, half on each side of a broken contact."""

from __future__ import annotations

from typing import Any

from ssbsim.case.laws.fixed_charge import FixedChargeLaw
from ssbsim.physics.laws.base import Contact, InterfaceLaw
from ssbsim.physics.operations import Operations
from ssbsim.physics.state import State


class FixedCharge(InterfaceLaw):
    """``-q phi``."""

    schema = FixedChargeLaw

    def __init__(self, law: FixedChargeLaw, contact: Contact) -> None:
        self.charge = contact.constant(law.charge / contact.scales.surface_charge)

    def storage(self, a: State, b: State, op: Operations) -> Any:
        """``-q (phi_a + phi_b)/2``."""
        return -0.5 * self.charge * (a.phi + b.phi)
