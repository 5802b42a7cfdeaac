r"""Charge transfer of one species after Butler and Volmer.

With ``u = jump(mu)/RT``, exchange current i0 (A/m2) and transfer coefficient a::

    psi = RT i0/(|z| F) [e^(a u)/a + e^(-(1-a) u)/(1-a)],
    i = sign(z) i0 [exp(a zF eta/RT) - exp(-(1-a) zF eta/RT)]

which has the sign of eta for cations and anions alike; detailed balance holds because eta is the whole difference of
electrochemical potential, concentrations and electrostatic potential included
(Bazant, Acc. Chem. Res. 46 (2013) 1144, doi 10.1021/ar300145c).
"""

from __future__ import annotations

from typing import Any

from ssbsim.case.laws.butler_volmer import ButlerVolmerLaw
from ssbsim.physics.laws.base import Contact, OneSpecies
from ssbsim.physics.operations import Operations
from ssbsim.physics.state import State


class ButlerVolmer(OneSpecies):
    """``i = sign(z) i0 [exp(a zF eta/RT) - exp(-(1-a) zF eta/RT)]``; at small jumps the exchange flux per kT."""

    schema = ButlerVolmerLaw

    def __init__(self, law: ButlerVolmerLaw, contact: Contact) -> None:
        z = contact.phases[0].charges[law.species]
        super().__init__(law.species, law.exchange_current / contact.scales.current / abs(z), contact)
        self.transfer = contact.constant(float(law.transfer_coefficient))

    def dissipation(self, a: State, b: State, op: Operations) -> Any:
        """Integral of the flux over jump(mu)."""
        (u,) = self.affinities(a, b)
        back = 1.0 - self.transfer
        return self.conductance * (op.exp(self.transfer * u) / self.transfer + op.exp(-back * u) / back)
