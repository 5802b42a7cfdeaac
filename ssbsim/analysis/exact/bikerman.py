r"""Diffuse layer of a symmetric z:z pair of mobile ions with excluded volume (Bikerman; Kilic, Bazant, Ajdari).

With ``u = z F phi/(R T)``, c0 the bulk concentration of each ion, ``c_max = 1/a^3`` and packing ``nu = 2 a^3 c0 = 2
c0/c_max``,

    sigma / (2 z F c0 lambda) = sgn(u) sqrt((2/nu) ln(1 + 2 nu sinh^2(u/2)))
    C / C0 = |sinh u| / [(1 + 2 nu sinh^2(u/2)) sqrt((2/nu) ln(1 + 2 nu sinh^2(u/2)))],   C0 = eps/lambda

``sigma`` is the charge on the electrode (sign of phi0), lambda the Debye length of the dilute pair. Around ``u = 0``
``C/C0 = 1 + (1 - 3 nu) u^2/8``: camel for nu < 1/3, bell above. ``nu = 0`` is Gouy-Chapman.

Concentrations in mol/m3, potentials in V, charge in C/m2, capacitance in F/m2.

Sources: M. S. Kilic, M. Z. Bazant, A. Ajdari, Phys. Rev. E 75 (2007) 021502, doi 10.1103/PhysRevE.75.021502;
J. J. Bikerman, Philos. Mag. 33 (1942) 384 (from memory).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ssbsim.analysis.exact._common import FloatArray, as_result, floats, thermal_potential
from ssbsim.analysis.exact.debye import debye_length_binary
from ssbsim.constants import VACUUM_PERMITTIVITY


def _logarithm(potential: FloatArray, packing: FloatArray) -> FloatArray:
    """``ln(1 + 2 nu sinh^2(u/2)) = ln(1 - nu + nu cosh u)`` without overflow or cancellation; packing > 0."""
    size = np.abs(potential)
    far = size > 30.0
    near_form = np.log1p(2.0 * packing * np.sinh(np.where(far, 0.0, size) / 2.0) ** 2)
    # e^|u| taken out; what is dropped is below e^-60
    far_form = size + np.log(0.5 * packing + (1.0 - packing) * np.exp(-size))
    return np.where(far, far_form, near_form)


def _reduced_charge(potential: FloatArray, packing: FloatArray) -> FloatArray:
    """``sigma/(2 z F c0 lambda)`` = ``sqrt((2/nu) ln(...))`` with the sign of u."""
    point_like = packing == 0.0
    finite = np.where(point_like, 1.0, packing)
    crowded = np.sign(potential) * np.sqrt(2.0 / finite * _logarithm(potential, finite))
    with np.errstate(over="ignore"):
        dilute = 2.0 * np.sinh(np.where(point_like, potential, 0.0) / 2.0)
    return np.where(point_like, dilute, crowded)


def _require_packing(packing: ArrayLike) -> FloatArray:
    value = floats(packing)
    if not bool(np.all((value >= 0.0) & (value <= 1.0))):
        raise ValueError(f"packing = 2 c0/c_max must lie between 0 (point ions) and 1 (no free site), got {packing!r}")
    return value


def bikerman_charge(
    potential: ArrayLike,
    *,
    temperature: ArrayLike,
    relative_permittivity: ArrayLike,
    concentration: ArrayLike,
    packing: ArrayLike,
    charge_number: int = 1,
) -> FloatArray:
    """Charge on the electrode (C/m2, sign of the potential).

    Args:
        potential: phi0 against the bulk, V.
        temperature: K.
        relative_permittivity: 1.
        concentration: c0 of each ion in the bulk, mol/m3.
        packing: nu = 2 a^3 c0, between 0 and 1.
        charge_number: z.
    """
    nu = _require_packing(packing)
    unit = np.abs(thermal_potential(temperature, charge_number))
    length = debye_length_binary(
        temperature, relative_permittivity, concentration=concentration, charge_number=charge_number
    )
    scale = VACUUM_PERMITTIVITY * floats(relative_permittivity) * unit / length
    return as_result(scale * _reduced_charge(floats(potential) / unit, nu))


def bikerman_capacitance(
    potential: ArrayLike,
    *,
    temperature: ArrayLike,
    relative_permittivity: ArrayLike,
    concentration: ArrayLike,
    packing: ArrayLike,
    charge_number: int = 1,
) -> FloatArray:
    """Differential capacitance (F/m2); arguments as in `bikerman_charge`."""
    nu = _require_packing(packing)
    scaled = np.abs(floats(potential) / thermal_potential(temperature, charge_number))
    length = debye_length_binary(
        temperature, relative_permittivity, concentration=concentration, charge_number=charge_number
    )
    base = VACUUM_PERMITTIVITY * floats(relative_permittivity) / length
    small = scaled < 1e-8
    safe = np.where(small, 1.0, scaled)
    # sinh u/(1 - nu + nu cosh u), both divided by e^u/2
    decay = np.exp(-safe)
    density = -np.expm1(-2.0 * safe) / (2.0 * (1.0 - nu) * decay + nu * (1.0 + decay**2))
    return as_result(base * np.where(small, 1.0, density / _reduced_charge(safe, nu)))
