"""How the species of one site class share its sites.

With the arguments ``a_k = (mu_k - z_k F phi - mu0_k) / (w R T)`` of the species k of a class, a statistics gives

* the pressure per ``w N R T`` (dimensionless, convex), whose derivative with respect to ``a_k`` is
* the occupancy ``x_k = c_k / N``, and
* the movable part of ``x_k``: ``x_k`` times the share of vacant sites where they are limited.

==============  =======================  ===========================  ==============
statistics      pressure                 occupancy                    movable
==============  =======================  ===========================  ==============
site_limited    ln(1 + sum exp(a_k))     exp(a_k)/(1 + sum exp(a))    x_k (1 - sum x)
dilute          sum exp(a_k)             exp(a_k)                     x_k
==============  =======================  ===========================  ==============

``site_limited`` is the lattice gas (Fermi-Dirac occupation of sites by ions), see Kilic, Bazant, Ajdari, Phys. Rev. E 75
(2007) 021502, doi 10.1103/PhysRevE.75.021502, and Maier, Prog. Solid State Chem. 23 (1995) 171,
doi 10.1016/0079-6786(95)00004-E; ``dilute`` is its limit for N to infinity (Boltzmann).

Overflow: ``ln(1 + sum exp(a))`` is computed as ``m + ln(exp(-m) + sum exp(a - m))`` with ``m = max(0, a)``. The value does
not depend on m, so m is frozen: differentiation holds it constant.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from ssbsim.physics.operations import Operations


class SiteStatistics(Protocol):
    """What a statistics of sites has to give."""

    #: Whether the sites can be full.
    is_limited: bool

    def pressure(self, a: Sequence[Any], op: Operations) -> Any:
        """Pressure over ``w N R T``."""

    def occupancies(self, a: Sequence[Any], op: Operations) -> list[Any]:
        """Occupancy of every species."""

    def movable(self, occupancies: Sequence[Any]) -> list[Any]:
        """The part of the occupancy that can move, of every species."""


def _shift(a: Sequence[Any], op: Operations) -> Any:
    m = op.maximum(op.frozen(a[0]), 0.0)
    for ak in a[1:]:
        m = op.maximum(m, op.frozen(ak))
    return m


class SiteLimited:
    """Every site holds one particle or none."""

    is_limited = True

    def pressure(self, a: Sequence[Any], op: Operations) -> Any:
        """``ln(1 + sum exp(a))``."""
        m = _shift(a, op)
        return m + op.ln(op.exp(-m) + sum(op.exp(ak - m) for ak in a))

    def occupancies(self, a: Sequence[Any], op: Operations) -> list[Any]:
        """``exp(a_k) / (1 + sum exp(a))``."""
        m = _shift(a, op)
        terms = [op.exp(ak - m) for ak in a]
        total = op.exp(-m) + sum(terms)
        return [term / total for term in terms]

    def movable(self, occupancies: Sequence[Any]) -> list[Any]:
        """``x_k (1 - sum x)``: a particle moves into a vacant site. Isotopes that share sites then dilute one another ideally."""
        vacant = 1.0 - sum(occupancies)
        return [x * vacant for x in occupancies]


class Dilute:
    """Sites without limit: ideal dilute particles."""

    is_limited = False

    def pressure(self, a: Sequence[Any], op: Operations) -> Any:
        """``sum exp(a)``."""
        return sum(op.exp(ak) for ak in a)

    def occupancies(self, a: Sequence[Any], op: Operations) -> list[Any]:
        """``exp(a_k)``."""
        return [op.exp(ak) for ak in a]

    def movable(self, occupancies: Sequence[Any]) -> list[Any]:
        """``x_k``."""
        return list(occupancies)


#: Every statistics that a case may name. The key is the word in the case file.
SITE_STATISTICS: dict[str, SiteStatistics] = {"dilute": Dilute(), "site_limited": SiteLimited()}
