r"""Space charge of one mobile ion on a fixed background: lattice gas of sites, and its dilute limit.

With ``u = z F phi/(R T)``, ``phi`` counted from the neutral bulk, site fraction ``theta`` there and c_max sites,

    theta(u)  = theta e^-u / (1 - theta + theta e^-u)
    sigma^2   = 2 eps R T c_max [ln(1 - theta + theta e^-u) + theta u],     C = eps |rho(phi0)| / |sigma|
    dphi/dx   = -sigma(phi)/eps

``sigma`` is the charge per area on the electrode side of ``x = 0``; it has the sign of ``phi0`` and the layer holds
``-sigma``. ``z phi0 > 0`` depletes the ion (the layer keeps the background's charge), ``z phi0 < 0`` accumulates it.
For ``theta -> 0`` at fixed ``c = c_max theta`` the bracket becomes ``theta (e^-u - 1 + u)``: the `one_ion` functions.

Concentrations in mol/m3, potentials in V, lengths in m, charge in C/m2, capacitance in F/m2.

Sources: A. A. Kornyshev, M. A. Vorotyntsev, Electrochim. Acta 26 (1981) 303 (from memory); for solid
electrolytes see also K. Becker-Steinberger, S. Schardt, B. Horstmann, A. Latz, arXiv:2101.10294; dilute limit
with a fixed background: J. Maier, Prog. Solid State Chem. 23 (1995) 171, doi 10.1016/0079-6786(95)00004-E.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ssbsim.analysis.exact._common import (
    FloatArray,
    as_result,
    decay_profile,
    floats,
    require_positive,
    thermal_potential,
)
from ssbsim.analysis.exact.debye import debye_length_lattice_gas, debye_length_one_ion, require_fraction
from ssbsim.constants import FARADAY, VACUUM_PERMITTIVITY


def reduced_charge(scaled_potential: FloatArray, fraction: FloatArray) -> FloatArray:
    """``G(u)``: the electrode charge in units of ``eps R T/(|z| F lambda)``; fraction 0 is the dilute limit.

    ``G^2/2 = [ln(1 - theta + theta e^-u) + theta u]/(theta (1 - theta)) = u^2/2 - (1 - 2 theta) u^3/6 + ...``; the
    series (cumulants of one site) replaces the closed form where that would cancel.
    """
    potential, fraction = np.broadcast_arrays(scaled_potential, fraction)
    dilute = fraction == 0.0
    occupied = np.where(dilute, 0.5, fraction)
    product = fraction * (1.0 - fraction)
    skew = 1.0 - 2.0 * fraction
    series = 0.5 - skew * potential / 6.0 + (1.0 - 6.0 * product) * potential**2 / 24.0
    series = series - skew * (1.0 - 12.0 * product) * potential**3 / 120.0
    series = series + (1.0 - 30.0 * product + 120.0 * product**2) * potential**4 / 720.0
    is_small = np.abs(potential) < 2e-3
    safe = np.where(is_small, 1.0, potential)
    with np.errstate(over="ignore"):
        # the dilute branch alone may overflow, above 700 kT of accumulation; infinity is then the honest answer
        exact_dilute = np.expm1(-np.where(dilute, safe, 1.0)) + safe
    far = np.abs(safe) > 1.0
    near_form = np.log1p(occupied * np.expm1(-np.where(far, 1.0, safe)))
    far_form = np.logaddexp(np.log1p(-occupied), np.log(occupied) - safe)
    exact_lattice = (np.where(far, far_form, near_form) + occupied * safe) / (occupied * (1.0 - occupied))
    exact_root = np.sign(potential) * np.sqrt(2.0 * np.where(dilute, exact_dilute, exact_lattice))
    # the square of a tiny potential would underflow before the potential does
    return as_result(np.where(is_small, potential * np.sqrt(2.0 * np.where(is_small, series, 0.5)), exact_root))


def _missing_ions(potential: FloatArray, fraction: FloatArray) -> FloatArray:
    """``(theta - theta(u)) / (theta (1 - theta))`` = ``(1 - e^-u)/(1 - theta + theta e^-u)``."""
    decay = np.exp(-np.abs(potential))
    away = -np.expm1(-np.abs(potential))
    depleted = away / (1.0 - fraction + fraction * decay)
    with np.errstate(divide="ignore"):
        accumulated = -away / ((1.0 - fraction) * decay + fraction)
    return np.where(potential >= 0.0, depleted, accumulated)


def _capacitance_ratio(potential: FloatArray, fraction: FloatArray) -> FloatArray:
    small = np.abs(potential) < 1e-8
    safe = np.where(small, 1.0, potential)
    return np.where(small, 1.0, _missing_ions(safe, fraction) / reduced_charge(safe, fraction))


def lattice_gas_site_fraction(
    potential: ArrayLike, *, temperature: ArrayLike, site_fraction: ArrayLike, charge_number: int = 1
) -> FloatArray:
    """Occupied fraction of the sites (1) at a potential (V) against the bulk; the concentration is c_max times it."""
    fraction = require_fraction(site_fraction)
    scaled = floats(potential) / thermal_potential(temperature, charge_number)
    logit = np.log(fraction) - np.log1p(-fraction) - scaled
    return as_result(np.exp(-np.logaddexp(0.0, -logit)))


def lattice_gas_charge(
    potential: ArrayLike,
    *,
    temperature: ArrayLike,
    relative_permittivity: ArrayLike,
    site_density: ArrayLike,
    site_fraction: ArrayLike,
    charge_number: int = 1,
) -> FloatArray:
    """Charge on the electrode (C/m2, sign of the potential) of a lattice-gas space charge.

    Args:
        potential: phi0 against the neutral bulk, V.
        temperature: K.
        relative_permittivity: 1.
        site_density: c_max, mol/m3.
        site_fraction: theta in the bulk, 0 < theta < 1.
        charge_number: z of the mobile ion.
    """
    length = debye_length_lattice_gas(
        temperature,
        relative_permittivity,
        site_density=site_density,
        site_fraction=site_fraction,
        charge_number=charge_number,
    )
    unit = thermal_potential(temperature, charge_number)
    scale = VACUUM_PERMITTIVITY * floats(relative_permittivity) * unit / length
    return as_result(scale * reduced_charge(floats(potential) / unit, floats(site_fraction)))


def lattice_gas_capacitance(
    potential: ArrayLike,
    *,
    temperature: ArrayLike,
    relative_permittivity: ArrayLike,
    site_density: ArrayLike,
    site_fraction: ArrayLike,
    charge_number: int = 1,
) -> FloatArray:
    """Differential capacitance (F/m2), ``eps |rho|/|sigma|``; arguments as in `lattice_gas_charge`."""
    length = debye_length_lattice_gas(
        temperature,
        relative_permittivity,
        site_density=site_density,
        site_fraction=site_fraction,
        charge_number=charge_number,
    )
    scaled = floats(potential) / thermal_potential(temperature, charge_number)
    base = VACUUM_PERMITTIVITY * floats(relative_permittivity) / length
    return as_result(base * _capacitance_ratio(scaled, floats(site_fraction)))


def lattice_gas_profile(
    distance: ArrayLike,
    surface_potential: float,
    *,
    temperature: float,
    relative_permittivity: float,
    site_density: float,
    site_fraction: float,
    charge_number: int = 1,
) -> FloatArray:
    """Potential (V) at distances (m, >= 0) from a surface held at ``surface_potential`` (V), by quadrature to 1e-9.

    Integrates ``dphi/dx = -sigma(phi)/eps``. Arguments as in `lattice_gas_charge`; only ``distance`` may be an array.
    """
    length = debye_length_lattice_gas(
        temperature,
        relative_permittivity,
        site_density=site_density,
        site_fraction=site_fraction,
        charge_number=charge_number,
    )
    unit = float(thermal_potential(temperature, charge_number))
    fraction = floats(site_fraction)
    return unit * decay_profile(
        lambda u: reduced_charge(u, fraction) / u, surface_potential / unit, as_result(floats(distance) / float(length))
    )


def depletion_width(
    potential: ArrayLike, *, relative_permittivity: ArrayLike, concentration: ArrayLike, charge_number: int = 1
) -> FloatArray:
    """Width (m) of a fully depleted layer, ``sqrt(2 eps phi0/(z F c))`` with c (mol/m3) = c_max theta of the bulk.

    Raises:
        ValueError: ``z * potential`` is negative somewhere: such a layer accumulates.
    """
    require_positive(relative_permittivity=relative_permittivity, concentration=concentration)
    drop = charge_number * floats(potential)
    if charge_number == 0 or bool(np.any(drop < 0.0)):
        raise ValueError("depletion needs a charged ion and charge_number * potential >= 0; see accumulation_width")
    permittivity = VACUUM_PERMITTIVITY * floats(relative_permittivity)
    return np.sqrt(2.0 * permittivity * drop / (charge_number**2 * FARADAY * floats(concentration)))


def accumulation_width(
    potential: ArrayLike,
    *,
    relative_permittivity: ArrayLike,
    site_density: ArrayLike,
    site_fraction: ArrayLike,
    charge_number: int = 1,
) -> FloatArray:
    """Width (m) of a layer with every site full, ``sqrt(2 eps |phi0|/(|z| F c_max (1 - theta)))``.

    Raises:
        ValueError: ``z * potential`` is positive somewhere: such a layer depletes.
    """
    require_positive(site_density=site_density)
    vacancies = floats(site_density) * (1.0 - require_fraction(site_fraction))
    return depletion_width(
        -floats(potential),
        relative_permittivity=relative_permittivity,
        concentration=vacancies,
        charge_number=charge_number,
    )


def one_ion_charge(
    potential: ArrayLike,
    *,
    temperature: ArrayLike,
    relative_permittivity: ArrayLike,
    concentration: ArrayLike,
    charge_number: int = 1,
) -> FloatArray:
    """Electrode charge (C/m2) of one dilute ion on a background: ``sigma^2 = 2 eps R T c (e^-u - 1 + u)``.

    Args:
        potential: phi0 against the neutral bulk, V.
        temperature: K.
        relative_permittivity: 1.
        concentration: Of the mobile ion in the bulk, mol/m3.
        charge_number: z of the mobile ion.
    """
    length = debye_length_one_ion(
        temperature, relative_permittivity, concentration=concentration, charge_number=charge_number
    )
    unit = thermal_potential(temperature, charge_number)
    scale = VACUUM_PERMITTIVITY * floats(relative_permittivity) * unit / length
    return as_result(scale * reduced_charge(floats(potential) / unit, floats(0.0)))


def one_ion_capacitance(
    potential: ArrayLike,
    *,
    temperature: ArrayLike,
    relative_permittivity: ArrayLike,
    concentration: ArrayLike,
    charge_number: int = 1,
) -> FloatArray:
    """Differential capacitance (F/m2) of one dilute ion on a background; arguments as in `one_ion_charge`."""
    length = debye_length_one_ion(
        temperature, relative_permittivity, concentration=concentration, charge_number=charge_number
    )
    scaled = floats(potential) / thermal_potential(temperature, charge_number)
    base = VACUUM_PERMITTIVITY * floats(relative_permittivity) / length
    return as_result(base * _capacitance_ratio(scaled, floats(0.0)))


def one_ion_profile(
    distance: ArrayLike,
    surface_potential: float,
    *,
    temperature: float,
    relative_permittivity: float,
    concentration: float,
    charge_number: int = 1,
) -> FloatArray:
    """Potential (V) at distances (m, >= 0) in the layer of one dilute ion on a background, by quadrature to 1e-9.

    The exact layer behind the Mott-Schottky parabola. Arguments as in `one_ion_charge`; only ``distance`` may be an
    array.
    """
    length = debye_length_one_ion(
        temperature, relative_permittivity, concentration=concentration, charge_number=charge_number
    )
    unit = float(thermal_potential(temperature, charge_number))
    dilute = floats(0.0)
    return unit * decay_profile(
        lambda u: reduced_charge(u, dilute) / u, surface_potential / unit, as_result(floats(distance) / float(length))
    )
