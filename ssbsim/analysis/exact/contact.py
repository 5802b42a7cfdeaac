"""Contact of two phases that share a mobile ion, in equilibrium.

The ion is at one electrochemical potential, so the bulk potentials differ by ``phi_B - phi_A = (mu_A - mu_B)/(z F)``
with ``mu`` the chemical potential of the ion in each neutral bulk. The difference is shared by the two space charges,
``v_A + v_B = phi_B - phi_A``, where the plane of contact is at ``+v_A`` against bulk A and at ``-v_B`` against bulk
B. Gauss's law at the plane, with a sheet charge Q on it (core charge; 0 for a clean contact):

    sigma_A(v_A) + sigma_B(-v_B) = Q

where ``sigma(phi)`` is the charge on the far side of a layer, as every ``*_charge`` function of this package gives it.
For ``mu_A > mu_B`` and a cation, A is depleted and B filled: ``sigma_A/(z F)`` mol/m2 of ion went from A to B.
A Stern capacity in front of a layer is the same kind of sum: `diffuse_potential`.

Source: the standard construction; J. Maier, Prog. Solid State Chem. 23 (1995) 171,
doi 10.1016/0079-6786(95)00004-E.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ssbsim.analysis.exact._common import require_positive
from ssbsim.constants import AVOGADRO, FARADAY

ChargeLaw = Callable[[float], float]
"""Electrode-side charge (C/m2) as a growing function of the potential (V) against the bulk."""


@dataclass(frozen=True)
class Contact:
    """Equilibrium of two phases in contact.

    Attributes:
        potential_a: v_A, potential of the plane against bulk A, V.
        potential_b: v_B, potential of bulk B against the plane, V.
        displacement: Charge removed from layer A per area, ``sigma_A(v_A)``, C/m2 (= displacement at the A side).
        transferred: Amount of the ion that left A per area, mol/m2.
    """

    potential_a: float
    potential_b: float
    displacement: float
    transferred: float

    @property
    def transferred_per_square_nanometre(self) -> float:
        """Number of ions that left A per nm2."""
        return self.transferred * AVOGADRO * 1e-18


def contact_of_two_phases(
    potential_difference: float,
    charge_a: ChargeLaw,
    charge_b: ChargeLaw,
    *,
    charge_number: int = 1,
    sheet_charge: float = 0.0,
) -> Contact:
    """Share the potential difference of two bulks between their two space charges.

    Args:
        potential_difference: ``phi_B - phi_A = (mu_A - mu_B)/(z F)`` of the two bulks, V.
        charge_a: Charge law of phase A, for example ``lambda v: lattice_gas_charge(v, ...)``.
        charge_b: Charge law of phase B.
        charge_number: z of the mobile ion, for the amount transferred.
        sheet_charge: Q on the plane of contact, C/m2.

    Raises:
        ValueError: No root was found: a charge law is not growing, or the sheet charge is beyond what 1 kV would hold.
    """
    from scipy.optimize import brentq

    def balance(share: float) -> float:
        return float(charge_a(share)) + float(charge_b(share - potential_difference)) - sheet_charge

    low, high = min(0.0, potential_difference), max(0.0, potential_difference)
    margin = max(high - low, 1e-3)
    while balance(low) > 0.0 or balance(high) < 0.0:
        if margin > 1e3:
            raise ValueError("the contact has no solution within 1 kV; do both charge laws grow with the potential?")
        low, high = (low - margin if balance(low) > 0.0 else low), (high + margin if balance(high) < 0.0 else high)
        margin *= 2.0
    share = float(brentq(balance, low, high, xtol=1e-14, rtol=1e-14))
    displacement = float(charge_a(share))
    return Contact(
        potential_a=share,
        potential_b=potential_difference - share,
        displacement=displacement,
        transferred=displacement / (charge_number * FARADAY),
    )


def diffuse_potential(total_potential: float, charge: ChargeLaw, *, stern_capacitance: float) -> float:
    """Part (V) of a total potential that falls across the diffuse layer behind a Stern capacity (F/m2).

    Solves ``phi_D + sigma(phi_D)/C_H = total_potential``.
    """
    from scipy.optimize import brentq

    require_positive(stern_capacitance=stern_capacitance)
    if total_potential == 0.0:
        return 0.0
    low, high = sorted((0.0, total_potential))
    return float(
        brentq(lambda v: v + float(charge(v)) / stern_capacitance - total_potential, low, high, xtol=1e-14, rtol=1e-14)
    )
