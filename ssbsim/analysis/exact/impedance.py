r"""Impedances with a closed form: a cell between blocking electrodes, and diffusion.

Blocking cell, gap L, one mobile ion on a background or a symmetric binary of equal D, no Stern layer:

    Z = 2/(i w eps lambda^2 beta^2) [tanh(beta L/2)/beta + i w lambda^2 L/(2 D)]
    beta = sqrt(1 + i w lambda^2/D)/lambda

Diffusion, time constant ``tau = L^2/D``, resistance R of the length L:
finite space (blocked end) ``R coth(sqrt(i w tau))/sqrt(i w tau)``, finite length (open end, held concentration)
``R tanh(sqrt(i w tau))/sqrt(i w tau)``; both become the Warburg ``R/sqrt(i w tau)`` at high frequency.

Time factor ``exp(+i w t)``, so a capacitor has a negative imaginary part. Frequencies f in Hz, ``w = 2 pi f``;
area-specific impedance in ohm m2.

Sources: J. R. Macdonald, J. Chem. Phys. 61 (1974) 3977, doi 10.1063/1.1681691 (binary between blocking electrodes);
M. Z. Bazant, K. Thornton, A. Ajdari, Phys. Rev. E 70 (2004) 021506, doi 10.1103/PhysRevE.70.021506 (linear response of
the same cell, in time);
D. R. Franceschetti, J. R. Macdonald, R. P. Buck, J. Electrochem. Soc. 138 (1991) 1368 (finite-length diffusion; the
forms here are from memory).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ssbsim.analysis.exact._common import FloatArray, floats, require_positive
from ssbsim.constants import VACUUM_PERMITTIVITY

ComplexArray = NDArray[np.complex128]


def _angular(frequency: ArrayLike) -> FloatArray:
    require_positive(frequency=frequency)
    return 2.0 * np.pi * floats(frequency)


def blocking_cell_impedance(
    frequency: ArrayLike,
    *,
    relative_permittivity: ArrayLike,
    debye_length: ArrayLike,
    diffusivity: ArrayLike,
    gap: ArrayLike,
) -> ComplexArray:
    """Impedance (ohm m2) of an electrolyte between two blocking electrodes at zero bias.

    Args:
        frequency: f, Hz, larger than 0.
        relative_permittivity: 1.
        debye_length: m, by `debye_length_one_ion`, `debye_length_lattice_gas` or `debye_length_binary`.
        diffusivity: D in m2/s, such that the bulk conductivity is ``eps D/lambda^2``; for a lattice gas that is the
            chemical one.
        gap: L, m.
    """
    require_positive(
        relative_permittivity=relative_permittivity, debye_length=debye_length, diffusivity=diffusivity, gap=gap
    )
    length, width = floats(debye_length), floats(gap)
    permittivity = VACUUM_PERMITTIVITY * floats(relative_permittivity)
    phase = 1j * _angular(frequency) * length**2 / floats(diffusivity)
    beta = np.sqrt(1.0 + phase) / length
    bracket = np.tanh(beta * width / 2.0) / beta + phase * width / 2.0
    return np.asarray(2.0 * bracket / (1j * _angular(frequency) * permittivity * length**2 * beta**2))[()]


def finite_space_diffusion_impedance(
    frequency: ArrayLike, *, resistance: ArrayLike, time_constant: ArrayLike
) -> ComplexArray:
    """Diffusion into a closed layer (blocked end): ``R coth(sqrt(i w tau))/sqrt(i w tau)`` in units of ``resistance``.

    Args:
        frequency: f, Hz, larger than 0.
        resistance: R, ohm m2; the low-frequency limit is ``R/3 + R/(i w tau)``.
        time_constant: tau = L^2/D, s.
    """
    require_positive(resistance=resistance, time_constant=time_constant)
    root = np.sqrt(1j * _angular(frequency) * floats(time_constant))
    return np.asarray(floats(resistance) / (np.tanh(root) * root))[()]


def finite_length_diffusion_impedance(
    frequency: ArrayLike, *, resistance: ArrayLike, time_constant: ArrayLike
) -> ComplexArray:
    """Diffusion to a held concentration: ``R tanh(sqrt(i w tau))/sqrt(i w tau)`` in units of ``resistance``.

    Args:
        frequency: f, Hz, larger than 0.
        resistance: R, ohm m2, the low-frequency limit.
        time_constant: tau = L^2/D, s.
    """
    require_positive(resistance=resistance, time_constant=time_constant)
    root = np.sqrt(1j * _angular(frequency) * floats(time_constant))
    return np.asarray(floats(resistance) * np.tanh(root) / root)[()]
