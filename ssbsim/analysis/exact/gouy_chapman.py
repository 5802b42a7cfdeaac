"""Diffuse layer of a symmetric z:z pair of dilute mobile ions (Gouy, Chapman), with a Stern capacity in series.

With ``u = z F phi/(R T)``, the bulk at ``x -> infinity`` and ``phi`` counted from it,

    tanh(u/4) = tanh(u0/4) exp(-x/lambda),   sigma = sqrt(8 eps R T c) sinh(u0/2),   C = (eps/lambda) cosh(u0/2),

where ``sigma`` is the charge per area on the electrode at ``x = 0``: it has the sign of ``phi0`` and the layer holds
``-sigma``. Concentrations in mol/m3, potentials in V, charge in C/m2, capacitance in F/m2.

Sources: G. Gouy, J. Phys. Theor. Appl. 9 (1910) 457; D. L. Chapman, Philos. Mag. 25 (1913) 475; O. Stern,
Z. Elektrochem. 30 (1924) 508 (all three from memory); the same formulas in M. Z. Bazant, K. Thornton, A. Ajdari,
Phys. Rev. E 70 (2004) 021506, doi 10.1103/PhysRevE.70.021506.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ssbsim.analysis.exact._common import FloatArray, as_result, floats, require_positive, thermal_potential
from ssbsim.analysis.exact.debye import debye_length_binary
from ssbsim.constants import GAS_CONSTANT, VACUUM_PERMITTIVITY


def gouy_chapman_potential(
    distance: ArrayLike,
    surface_potential: ArrayLike,
    *,
    temperature: ArrayLike,
    relative_permittivity: ArrayLike,
    concentration: ArrayLike,
    charge_number: int = 1,
) -> FloatArray:
    """Potential (V) at a distance (m, >= 0) from a surface held at ``surface_potential`` (V) against the bulk.

    Args:
        distance: m.
        surface_potential: phi0, V.
        temperature: K.
        relative_permittivity: 1.
        concentration: Of each ion in the bulk, mol/m3.
        charge_number: z.
    """
    unit = np.abs(thermal_potential(temperature, charge_number))
    length = debye_length_binary(
        temperature, relative_permittivity, concentration=concentration, charge_number=charge_number
    )
    scaled_distance = floats(distance) / length
    if not bool(np.all(scaled_distance >= 0.0)):
        raise ValueError("distance must be >= 0: it is counted from the surface into the layer")
    start = floats(surface_potential) / unit
    decay = np.exp(-scaled_distance)
    tangent = np.tanh(np.abs(start) / 4.0) * decay
    # 1 - tangent without the cancellation that would give infinity at the surface above about 76 kT
    surface_term = 2.0 * np.exp(-np.abs(start) / 2.0) / (1.0 + np.exp(-np.abs(start) / 2.0))
    remainder = -np.expm1(-scaled_distance) + decay * surface_term
    near = tangent > 0.5
    large = 2.0 * (np.log1p(tangent) - np.log(np.where(near, remainder, 1.0)))
    small = 4.0 * np.arctanh(np.where(near, 0.0, tangent))
    return as_result(unit * np.sign(start) * np.where(near, large, small))


def gouy_chapman_charge(
    potential: ArrayLike,
    *,
    temperature: ArrayLike,
    relative_permittivity: ArrayLike,
    concentration: ArrayLike,
    charge_number: int = 1,
) -> FloatArray:
    """Charge on the electrode (C/m2, sign of the potential): ``sqrt(8 eps R T c) sinh(u0/2)``.

    Args:
        potential: phi0 against the bulk, V.
        temperature: K.
        relative_permittivity: 1.
        concentration: Of each ion in the bulk, mol/m3.
        charge_number: z.
    """
    require_positive(concentration=concentration, relative_permittivity=relative_permittivity)
    unit = np.abs(thermal_potential(temperature, charge_number))
    permittivity = VACUUM_PERMITTIVITY * floats(relative_permittivity)
    scale = np.sqrt(8.0 * permittivity * GAS_CONSTANT * floats(temperature) * floats(concentration))
    return as_result(scale * np.sinh(floats(potential) / (2.0 * unit)))


def gouy_chapman_capacitance(
    potential: ArrayLike,
    *,
    temperature: ArrayLike,
    relative_permittivity: ArrayLike,
    concentration: ArrayLike,
    charge_number: int = 1,
) -> FloatArray:
    """Differential capacitance (F/m2): ``(eps/lambda) cosh(u0/2)``; arguments as in `gouy_chapman_charge`."""
    unit = np.abs(thermal_potential(temperature, charge_number))
    length = debye_length_binary(
        temperature, relative_permittivity, concentration=concentration, charge_number=charge_number
    )
    permittivity = VACUUM_PERMITTIVITY * floats(relative_permittivity)
    return as_result(permittivity / length * np.cosh(floats(potential) / (2.0 * unit)))


def series_capacitance(stern_capacitance: ArrayLike, diffuse_capacitance: ArrayLike) -> FloatArray:
    """Stern (compact) and diffuse capacitance in series (F/m2): ``1/C = 1/C_H + 1/C_D``."""
    require_positive(stern_capacitance=stern_capacitance, diffuse_capacitance=diffuse_capacitance)
    return as_result(1.0 / (1.0 / floats(stern_capacitance) + 1.0 / floats(diffuse_capacitance)))
