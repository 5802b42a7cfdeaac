"""Nothing crosses: no storage, no dissipation."""

from __future__ import annotations

from ssbsim.case.laws.blocking import BlockingLaw
from ssbsim.physics.laws.base import InterfaceLaw


class Blocking(InterfaceLaw):
    """Nothing crosses."""

    schema = BlockingLaw
