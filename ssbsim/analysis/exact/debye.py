r"""Debye lengths.

A small potential decays as ``exp(-x/lambda)`` with ``lambda^2 = eps R T / (F^2 sum_k z_k^2 (dc_k/d(mu_k/RT)))``:
every mobile species counts with its thermodynamic response ``R T dc/dmu``, which is c for a dilute species and
``c (1 - c/c_max)`` on a lattice of sites.

Concentrations in mol/m3, temperature in K, lengths in m.

Sources: J. Maier, Prog. Solid State Chem. 23 (1995) 171, doi 10.1016/0079-6786(95)00004-E; for the lattice gas
A. A. Kornyshev, M. A. Vorotyntsev, Electrochim. Acta 26 (1981) 303 (from memory).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ssbsim.analysis.exact._common import FloatArray, floats, require_charge, require_positive
from ssbsim.constants import FARADAY, GAS_CONSTANT, VACUUM_PERMITTIVITY


def _debye_length(
    temperature: ArrayLike, relative_permittivity: ArrayLike, response: FloatArray, charge_number: int
) -> FloatArray:
    require_positive(temperature=temperature, relative_permittivity=relative_permittivity)
    require_charge(charge_number)
    permittivity = VACUUM_PERMITTIVITY * floats(relative_permittivity)
    return np.sqrt(permittivity * GAS_CONSTANT * floats(temperature) / (charge_number**2 * FARADAY**2 * response))


def debye_length_binary(
    temperature: ArrayLike, relative_permittivity: ArrayLike, *, concentration: ArrayLike, charge_number: int = 1
) -> FloatArray:
    """Debye length of a symmetric z:z pair of mobile ions, ``sqrt(eps R T / (2 z^2 F^2 c))`` in m.

    Args:
        temperature: K.
        relative_permittivity: 1.
        concentration: Of each of the two ions in the bulk, mol/m3.
        charge_number: z of either ion; its sign does not matter.
    """
    require_positive(concentration=concentration)
    return _debye_length(temperature, relative_permittivity, 2.0 * floats(concentration), charge_number)


def debye_length_one_ion(
    temperature: ArrayLike, relative_permittivity: ArrayLike, *, concentration: ArrayLike, charge_number: int = 1
) -> FloatArray:
    """Debye length of one dilute mobile ion on a fixed background, ``sqrt(eps R T / (z^2 F^2 c))`` in m.

    Args:
        temperature: K.
        relative_permittivity: 1.
        concentration: Of the mobile ion in the bulk, mol/m3.
        charge_number: z of the mobile ion; its sign does not matter.
    """
    require_positive(concentration=concentration)
    return _debye_length(temperature, relative_permittivity, floats(concentration), charge_number)


def debye_length_lattice_gas(
    temperature: ArrayLike,
    relative_permittivity: ArrayLike,
    *,
    site_density: ArrayLike,
    site_fraction: ArrayLike,
    charge_number: int = 1,
) -> FloatArray:
    """Debye length of one mobile ion on a lattice of sites, ``sqrt(eps R T / (z^2 F^2 c_max theta (1 - theta)))`` in m.

    Args:
        temperature: K.
        relative_permittivity: 1.
        site_density: c_max, mol/m3.
        site_fraction: theta in the bulk, 0 < theta < 1.
        charge_number: z of the mobile ion; its sign does not matter.
    """
    require_positive(site_density=site_density)
    fraction = require_fraction(site_fraction)
    return _debye_length(
        temperature, relative_permittivity, floats(site_density) * fraction * (1.0 - fraction), charge_number
    )


def require_fraction(site_fraction: ArrayLike) -> FloatArray:
    """Return the site fraction as an array, or raise ValueError unless it lies strictly between 0 and 1."""
    fraction = floats(site_fraction)
    if not bool(np.all((fraction > 0.0) & (fraction < 1.0))):
        raise ValueError(f"site_fraction must lie strictly between 0 and 1, got {site_fraction!r}")
    return fraction
