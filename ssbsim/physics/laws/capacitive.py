r"""A gap without charge inside: capacity C (F/m2) between the sides.

Storage, with zero charge at ``jump(phi) = offset``; the charge of the first side is its derivative::

    C/2 (jump(phi) - offset)^2,       sigma_a = C (jump(phi) - offset) = -sigma_b
"""

from __future__ import annotations

from typing import Any

from ssbsim.case.laws.capacitive import CapacitiveLaw
from ssbsim.physics.laws.base import Contact, InterfaceLaw
from ssbsim.physics.operations import Operations
from ssbsim.physics.state import State


class Capacitive(InterfaceLaw):
    """``C/2 (jump(phi) - offset)^2``."""

    schema = CapacitiveLaw

    def __init__(self, law: CapacitiveLaw, contact: Contact) -> None:
        self.capacitance = contact.constant(law.capacitance / contact.scales.capacitance)
        self.offset = contact.constant(law.offset / contact.scales.potential)

    def storage(self, a: State, b: State, op: Operations) -> Any:
        """``C/2 (jump(phi) - offset)^2``."""
        jump = a.phi - b.phi - self.offset
        return 0.5 * self.capacitance * jump * jump
