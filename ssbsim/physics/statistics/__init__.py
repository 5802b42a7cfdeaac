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

Every module here but ``base`` is a statistics, over the class in the module of the same name in :mod:`ssbsim.case.statistics`;
nothing else lists them.
"""

from __future__ import annotations

from collections.abc import Mapping

from ssbsim._discovery import classes_in
from ssbsim.physics.statistics.base import SiteStatistics

#: Every statistics that a case may name, by its word.
SITE_STATISTICS: Mapping[str, SiteStatistics] = {
    one.schema.word: one()
    for one in classes_in(__name__, __path__, SiteStatistics)  # type: ignore[type-abstract]  # what derives is not
}

__all__ = ["SITE_STATISTICS", "SiteStatistics"]
