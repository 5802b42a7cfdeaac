r"""Sites in the plane, N per area, that bind one species with an energy relative to the first-named phase.

Storage, half of the sites on each side of a broken contact::

    RT N ln(1 + exp(a)) + z F N x_bulk phi,       a = (mu - zF phi - mu0 - energy)/RT

with mu0 the standard potential of the first site class of the first-named phase that the species fits; the core is neutral
at the occupancy ``x_bulk`` of that class in the phase's neutral bulk (``(c/N)/(1 + c/N)`` where the class is dilute), so its
charge is ``zF N (x - x_bulk)`` (Maier, Prog. Solid State Chem. 23 (1995) 171, doi 10.1016/0079-6786(95)00004-E).
"""

from __future__ import annotations

from typing import Any

from ssbsim.case.laws.segregation import SegregationLaw
from ssbsim.physics.laws.base import Contact, InterfaceLaw
from ssbsim.physics.operations import NUMPY, Operations
from ssbsim.physics.state import State
from ssbsim.physics.statistics import SITE_STATISTICS

_STATISTICS = SITE_STATISTICS["site_limited"]


class Segregation(InterfaceLaw):
    """Sites of a plane."""

    schema = SegregationLaw

    def __init__(self, law: SegregationLaw, contact: Contact) -> None:
        first, scales = contact.phases[0], contact.scales
        self.species = law.species
        self.z = first.charges[law.species]
        self.density = contact.constant(law.density / scales.amount)
        site = next(s for s in first.sites if law.species in s.standard_potential)
        standard_potential = site.standard_potential[law.species] + law.energy / scales.energy_ev
        self.standard_potential = contact.constant(float(standard_potential))
        x = float(first.occupancies(first.bulk, NUMPY)[first.sites.index(site)][law.species])
        # Dilute sites have a ratio c/N and no filling; the core takes x/(1 - x) = c/N.
        statistics = site.statistics
        filling = x / statistics.schema.capacity if statistics.is_limited else x / (1.0 + x)
        self.bulk_occupancy = contact.constant(filling)

    def _argument(self, side: State) -> Any:
        return side.mu[self.species] - self.z * side.phi - self.standard_potential

    def storage(self, a: State, b: State, op: Operations) -> Any:
        """Half of the sites on each side."""
        total: Any = 0.0
        for side in (a, b):
            pressure = _STATISTICS.pressure([self._argument(side)], op)
            total = total + 0.5 * self.density * (pressure + self.z * self.bulk_occupancy * side.phi)
        return total

    def reference(self, a: State, b: State) -> Any:
        """The neutral core: ``N x_bulk``, half on each side."""
        return 0.5 * self.density * self.bulk_occupancy * (a.mu[self.species] + b.mu[self.species])

    def charge(self, side: State, op: Operations) -> Any:
        """Charge of the core per area (scaled)."""
        x = _STATISTICS.occupancies([self._argument(side)], op)[0]
        return self.z * self.density * (x - self.bulk_occupancy)
