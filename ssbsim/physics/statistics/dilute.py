"""Sites without limit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ssbsim.case.statistics.dilute import DiluteStatistics
from ssbsim.physics.operations import Operations
from ssbsim.physics.statistics.base import SiteStatistics


class Dilute(SiteStatistics):
    """Sites without limit: ideal dilute particles."""

    schema = DiluteStatistics

    def pressure(self, a: Sequence[Any], op: Operations) -> Any:
        """``sum exp(a)``."""
        return sum(op.exp(ak) for ak in a)

    def occupancies(self, a: Sequence[Any], op: Operations) -> list[Any]:
        """``exp(a_k)``."""
        return [op.exp(ak) for ak in a]

    def movable(self, occupancies: Sequence[Any]) -> list[Any]:
        """``x_k``."""
        return list(occupancies)
