r"""A resistance R (ohm m2) for one species.

Dissipation, with the jump of mu from the first to the second side::

    psi = jump(mu)^2 / (2 z^2 F^2 R),      eta = R i
"""

from __future__ import annotations

from typing import Any

from ssbsim.case.laws.resistive import ResistiveLaw
from ssbsim.physics.laws.base import Contact, OneSpecies
from ssbsim.physics.operations import Operations
from ssbsim.physics.state import State


class Resistive(OneSpecies):
    """``eta = R i``."""

    schema = ResistiveLaw

    def __init__(self, law: ResistiveLaw, contact: Contact) -> None:
        z = contact.phases[0].charges[law.species]
        super().__init__(law.species, contact.scales.resistance / (z**2 * law.resistance), contact)

    def dissipation(self, a: State, b: State, op: Operations) -> Any:
        """``g/2 jump(mu)^2``."""
        (jump,) = self.affinities(a, b)
        return 0.5 * self.conductance * jump * jump
