"""Sites that fill up.

Overflow: ``ln(1 + sum exp(a))`` is computed as ``m + ln(exp(-m) + sum exp(a - m))`` with ``m = max(0, a)``. The value does
not depend on m, so m is frozen: differentiation holds it constant.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ssbsim.case.statistics.site_limited import SiteLimitedStatistics
from ssbsim.physics.operations import Operations
from ssbsim.physics.statistics.base import SiteStatistics, largest


class SiteLimited(SiteStatistics):
    """Every site holds one particle or none."""

    schema = SiteLimitedStatistics

    def pressure(self, a: Sequence[Any], op: Operations) -> Any:
        """``ln(1 + sum exp(a))``."""
        m = largest(a, op)
        return m + op.ln(op.exp(-m) + sum(op.exp(ak - m) for ak in a))

    def occupancies(self, a: Sequence[Any], op: Operations) -> list[Any]:
        """``exp(a_k) / (1 + sum exp(a))``."""
        m = largest(a, op)
        terms = [op.exp(ak - m) for ak in a]
        total = op.exp(-m) + sum(terms)
        return [term / total for term in terms]

    def movable(self, occupancies: Sequence[Any]) -> list[Any]:
        """``x_k (1 - sum x)``: a particle moves into a vacant site. Isotopes that share sites then dilute one another ideally."""
        vacant = 1.0 - sum(occupancies)
        return [x * vacant for x in occupancies]
