"""Constants, checks and the one integral that every diffuse layer shares.

Scaled potential ``u = z F phi / (R T)``; a layer fills ``x >= 0`` with its neutral bulk at infinity and ``phi``
counted from that bulk. ``G(u)`` is the charge on the far side of ``x = 0`` in units of ``eps R T / (|z| F lambda)``,
so that the first integral of Poisson's equation reads ``du/d(x/lambda) = -G(u)``, with ``G(u) -> u`` for small ``u``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ssbsim.constants import FARADAY, GAS_CONSTANT
from ssbsim.errors import ConvergenceError

FloatArray = NDArray[np.float64]


def floats(values: ArrayLike) -> FloatArray:
    """Turn numbers into an array of doubles (a scalar stays a scalar through every formula here)."""
    return np.asarray(values, dtype=np.float64)


def as_result(values: ArrayLike) -> FloatArray:
    """Type a result for its reader: an array stays one, a zero-dimensional array becomes a plain double."""
    result: FloatArray = np.asarray(values, dtype=np.float64)[()]
    return result


def require_positive(**quantities: ArrayLike) -> None:
    """Raise ValueError unless every named quantity is finite and larger than zero."""
    for name, value in quantities.items():
        array = floats(value)
        if not bool(np.all(np.isfinite(array) & (array > 0.0))):
            raise ValueError(f"{name} must be finite and larger than zero, got {value!r}")


def require_charge(charge_number: int) -> None:
    """Raise ValueError for a mobile ion without charge."""
    if charge_number == 0:
        raise ValueError("charge_number must not be zero: a neutral species forms no space charge")


def thermal_potential(temperature: ArrayLike, charge_number: int) -> FloatArray:
    """``R T / (z F)`` in V, with the sign of z."""
    require_positive(temperature=temperature)
    require_charge(charge_number)
    return as_result(GAS_CONSTANT * floats(temperature) / (charge_number * FARADAY))


def decay_profile(slope_ratio: Callable[[FloatArray], FloatArray], start: float, distance: FloatArray) -> FloatArray:
    """Solve ``du/ds = -G(u)``, ``u(0) = start`` and return u at the scaled distances.

    The equation is integrated for ``ln|u|``, whose slope ``-G(u)/u`` is bounded and tends to -1 in the bulk: the tail
    keeps its relative accuracy and the sign of u cannot change.

    Args:
        slope_ratio: ``G(u)/u``, positive, continuous at u = 0.
        start: Scaled potential at distance zero.
        distance: Distances in units of the Debye length, >= 0, any order and shape.

    Raises:
        ValueError: A distance is negative or not finite.
        ConvergenceError: The integrator gave up (no physical input does that).
    """
    if not bool(np.all(np.isfinite(distance) & (distance >= 0.0))):
        raise ValueError("distance must be finite and >= 0: it is counted from the interface into the layer")
    distance = floats(distance)
    if start == 0.0 or distance.size == 0:
        return np.zeros_like(distance)
    from scipy.integrate import solve_ivp  # lazy: numpy alone must do for the closed forms

    wanted, inverse = np.unique(distance, return_inverse=True)
    sign, ceiling = np.sign(start), np.log(abs(start))

    def slope(_: float, logarithm: FloatArray) -> FloatArray:
        # u never leaves (0, start]; trial stages of the integrator may, and exp must neither overflow nor reach zero
        return -slope_ratio(sign * np.exp(np.clip(logarithm, -700.0, ceiling)))

    if wanted[-1] == 0.0:
        return np.full_like(distance, start)
    solution = solve_ivp(
        slope, (0.0, float(wanted[-1])), [ceiling], method="DOP853", t_eval=wanted, rtol=1e-11, atol=1e-11
    )
    if not solution.success:
        raise ConvergenceError(
            f"The layer profile could not be integrated: {solution.message}",
            where=f"scaled surface potential {start:g}, distance up to {wanted[-1]:g} Debye lengths",
            hint="check the units of the potential, the temperature and the distances",
        )
    return np.asarray(sign * np.exp(solution.y[0]))[inverse].reshape(distance.shape)
