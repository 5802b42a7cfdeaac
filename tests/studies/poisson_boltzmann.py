"""Charge of an electrode on an electrolyte in equilibrium from first integrals, for the tests: numpy and scipy alone.

With potentials in kT/e, one or two carriers (z = 1, -1) on N sites each and a fixed background of -c0 or none::

    eps/2 phi'^2 = P(phi) + constant,     P = N ln(1 + e^(m1 - phi)) + c0 phi,   or
                                          P = N ln(1 + e^(m1 - phi)) + N ln(1 + e^(m2 + phi))

Open, with ``phi' = 0`` at the far end, the potential w V there is what the length fixes; closed between electrodes at V and 0, a
constant k and m are what length and amount fix. In cells of many Debye lengths the open one,
and the closed one with a background, are layers on a neutral bulk.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit

LENGTH, SITES, PERMITTIVITY, TEMPERATURE = 2e-6, 1e28, 10.0, 300.0
CHARGE, BOLTZMANN, VACUUM = 1.602176634e-19, 1.380649e-23, 8.8541878128e-12
VOLT = CHARGE / (BOLTZMANN * TEMPERATURE)
#: ``eps kT/e^2``: with lengths in m and densities in 1/m3 charges are in e/m2.
EPS = PERMITTIVITY * VACUUM / (VOLT * CHARGE)
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)


def integral(f: Callable[[np.ndarray], np.ndarray], low: float, high: float, panels: int = 600) -> float:
    """Of a smooth function, by Gauss's rule on equal panels."""
    ends = np.linspace(low, high, panels + 1)
    half = 0.5 * np.diff(ends)[:, None]
    return float(np.sum(half * _WEIGHTS * f(ends[:-1, None] + half * (1.0 + _NODES))))


def gain(delta: np.ndarray, at: float, fraction: float, carriers: int) -> np.ndarray:
    """``P(at + delta) - P(at)`` where the bulk is neutral at 0."""
    m = logit(fraction)
    ions = SITES * np.log1p(expit(m - at) * np.expm1(-delta))
    if carriers == 1:
        return ions + fraction * SITES * delta
    return ions + SITES * np.log1p(expit(m + at) * np.expm1(delta))


def layer(potential: float, fraction: float, carriers: int) -> float:
    """Charge (C/m2) of an electrode on a neutral bulk."""
    return float(CHARGE * np.sign(potential) * np.sqrt(2.0 * EPS * gain(np.array(potential), 0.0, fraction, carriers)))


def is_long(fraction: float) -> bool:
    """Whether the cell is of so many Debye lengths that its ends do not know of each other."""
    return np.sqrt(EPS / (fraction * SITES)) < LENGTH / 40.0


def open_charge(volts: float, fraction: float, carriers: int) -> float:
    """Charge (C/m2) of an electrode at ``volts`` before a reservoir at 0 V."""
    v = volts * VOLT
    if is_long(fraction):
        return layer(v, fraction, carriers)

    def way(t: float) -> tuple[float, float]:
        return v * expit(t), v * expit(-t)

    def length(t: float) -> float:
        end, whole = way(t)
        return integral(
            lambda s: 2.0 * abs(whole) * s / np.sqrt(2.0 / EPS * gain(whole * s * s, end, fraction, carriers)), 0.0, 1.0
        )

    t = brentq(lambda t: np.log(length(t) / LENGTH), -15.0, 120.0, xtol=1e-12)
    end, whole = way(t)
    return float(CHARGE * np.sign(v) * np.sqrt(2.0 * EPS * gain(np.array(whole), end, fraction, carriers)))


def closed_charge(volts: float, fraction: float, carriers: int) -> float:
    """Charge (C/m2) of an electrode at ``volts`` before another at 0 V, with the ions of the neutral bulk between them."""
    v = abs(volts) * VOLT
    if carriers == 1 and is_long(fraction):
        drop = brentq(lambda d: layer(d, fraction, carriers) + layer(d - v, fraction, carriers), 0.0, v, xtol=1e-13)
        return float(np.sign(volts) * layer(drop, fraction, carriers))
    amount = fraction * SITES * LENGTH
    # phi from -v/2 to v/2, with m for both carriers where there are two: the cell is its own mirror image.
    phis = 0.5 * v

    def pressure(phi: np.ndarray, m: float) -> np.ndarray:
        ions = SITES * np.logaddexp(0.0, m - phi)
        return ions + (fraction * SITES * phi if carriers == 1 else SITES * np.logaddexp(0.0, m + phi))

    def field(phi: np.ndarray, m: float, k: float) -> np.ndarray:
        grid = np.linspace(-phis, phis, 2001)
        above = np.maximum(pressure(phi, m) - pressure(grid, m).min(), 0.0)
        return np.sqrt(2.0 / EPS * above + np.exp(2.0 * k))

    def across(f: Callable[[np.ndarray], np.ndarray]) -> float:
        """Integral over the potential, fine near the middle, where a neutral plain is."""
        small = 1e-14
        end = float(np.arcsinh(phis / small))
        return integral(lambda u: small * np.cosh(u) * f(small * np.sinh(u)), -end, end)

    def constant(m: float) -> float:
        """ln of the smallest field, from the length."""
        return brentq(
            lambda k: np.log(across(lambda phi: 1.0 / field(phi, m, k)) / LENGTH),
            np.log(v / LENGTH) - 45.0,
            np.log(v / LENGTH) + 1e-6,
            xtol=1e-12,
        )

    def excess(m: float) -> float:
        k = constant(m)
        held = across(lambda phi: SITES * expit(m - phi) / field(phi, m, k))
        return float(np.log(held / amount))

    highest = phis if carriers == 1 else 0.5
    m = brentq(excess, logit(fraction) - phis - 10.0, logit(fraction) + highest, xtol=1e-10)
    # The electrode at the left has the ions, -v/2, for a negative voltage; at the other end the charge is opposite.
    return float(np.sign(volts) * CHARGE * EPS * field(np.array(-phis), m, constant(m)))
