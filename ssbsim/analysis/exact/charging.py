r"""Step charging of a symmetric binary between blocking electrodes (the problem of Bazant, Thornton and Ajdari).

Half gap Lh, electrodes at ``-v`` and ``+v`` from t = 0 (in units of R T/(z F)), equal diffusivity D, no Stern layer,
``e = lambda/Lh`` with lambda of the binary. In units of Lh, lambda Lh/D and 2 c0, with ``c`` half the sum and ``rho``
half the difference of the ions, on ``0 < x < 1`` from the middle to the positive electrode:

    dc/dt = e d/dx (dc/dx + rho dphi/dx),    drho/dt = e d/dx (drho/dx + c dphi/dx),    -e^2 d2phi/dx2 = rho
    x = 0: c' = 0, rho = 0, phi = 0;   x = 1: both fluxes zero, phi = v;   t = 0: c = 1, rho = 0

The charge on the positive electrode in units of 2 z F c0 lambda is ``q = e dphi/dx`` at x = 1: what flowed through the
circuit. It starts at ``e v``, the geometric capacity of the gap, and differs from the diffuse charge
``-int_0^1 rho dx / e`` by the displacement ``e dphi/dx`` in the middle, which dies out. For ``e -> 0`` at ``v`` of
order one both end at ``2 sinh(v/2)``.

Linear response relaxes at the roots s < 0 (in units of D/lambda^2) of ``tanh(sqrt(1 + s)/e)/sqrt(1 + s) + s/e = 0``,
the poles of the admittance of the cell; the slowest gives the time constant ``-e/s`` in units of lambda Lh/D, which
tends to 1.

Source: M. Z. Bazant, K. Thornton, A. Ajdari, Phys. Rev. E 70 (2004) 021506, doi 10.1103/PhysRevE.70.021506.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ssbsim.analysis.exact._common import FloatArray, floats, require_positive
from ssbsim.errors import ConvergenceError

_MOST_POINTS = 320
"""Above this the dense Jacobian of the collocation takes minutes."""


def linear_charging_time(debye_ratio: float) -> float:
    """Slowest time constant of a weak step in units of lambda Lh/D (0.973994 for a ratio of 0.05).

    Args:
        debye_ratio: e = lambda/Lh, larger than 0.
    """
    from scipy.optimize import brentq

    require_positive(debye_ratio=debye_ratio)
    e = float(debye_ratio)

    def reduced(y: float) -> float:
        # the equation in y = 1 + s, divided by its spurious root y = 0; for y < 0 the tangent of the real argument
        if abs(y) < 1e-3 * e**2:
            return 1.0 / e - 1.0 / (3.0 * e**3) + 2.0 * y / (15.0 * e**5)
        root = np.sqrt(abs(y))
        tangent = np.tanh(root / e) if y > 0.0 else np.tan(root / e)
        return float((tangent / root - (1.0 - y) / e) / y)

    lowest = -((0.5 * np.pi * e) ** 2) * (1.0 - 1e-12)
    y = float(brentq(reduced, lowest, 1.0, xtol=1e-15, rtol=1e-14))
    return e / (1.0 - y)


@dataclass(frozen=True)
class StepCharging:
    """Charge against time after a step.

    Attributes:
        times: In units of lambda Lh/D.
        diffuse_charge: Minus the charge of the ions in half the gap, units of 2 z F c0 lambda.
        electrode_charge: On the positive electrode, same units; what flowed through the circuit.
    """

    times: FloatArray
    diffuse_charge: FloatArray
    electrode_charge: FloatArray


def _chebyshev(count: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Nodes from 0 to 1, differentiation matrix and Clenshaw-Curtis weights."""
    index = np.arange(count + 1)
    nodes = -np.cos(np.pi * index / count)
    sign = np.where((index == 0) | (index == count), 2.0, 1.0) * (-1.0) ** index
    # differences by the sine product, which keeps their relative accuracy near the ends
    angle = np.pi * index / count
    gap = 2.0 * np.sin(0.5 * (angle[:, None] + angle[None, :])) * np.sin(0.5 * (angle[:, None] - angle[None, :]))
    derivative = np.outer(sign, 1.0 / sign) / (gap + np.eye(count + 1))
    derivative -= np.diag(derivative.sum(axis=1))
    even = np.arange(0, count + 1, 2)
    moments = np.zeros(count + 1)
    moments[even] = 2.0 / (1.0 - even.astype(np.float64) ** 2)
    transform = np.cos(np.outer(index, angle))
    weights = np.linalg.solve(transform, moments)
    return 0.5 * (nodes + 1.0), 2.0 * derivative, 0.5 * weights


def step_charging_binary(
    debye_ratio: float, potential: float, times: ArrayLike, *, points: int | None = None, tolerance: float = 1e-9
) -> StepCharging:
    """Charge a blocking cell by a step; an independent numerical reference good to 1e-6 for times above 1e-2.

    Chebyshev collocation in space on half the gap (the ends are where the layer is, and there the nodes crowd), the
    potential eliminated by an exact matrix, and the Radau IIA method of order five in time with the analytic
    Jacobian.

    Args:
        debye_ratio: e = lambda/Lh.
        potential: v, half the step, in units of R T/(z F).
        times: In units of lambda Lh/D, >= 0, rising.
        points: Collocation intervals; by default what resolves the layer at this potential.
        tolerance: Relative, of the time integration.

    Raises:
        ValueError: Times not rising, or a layer that would need too many points.
        ConvergenceError: The time integration failed.
    """
    from scipy.integrate import solve_ivp

    require_positive(debye_ratio=debye_ratio, tolerance=tolerance)
    wanted = np.atleast_1d(floats(times))
    if wanted.size == 0 or bool(np.any(np.diff(wanted) <= 0.0)) or wanted[0] < 0.0:
        raise ValueError("times must be one or more rising numbers >= 0, in units of lambda Lh/D")
    e, v = float(debye_ratio), float(potential)
    if points is None:
        # the thinnest scale is lambda exp(-|v|/2); Chebyshev nodes are (pi/N)^2/4 apart at the end
        points = int(np.ceil(np.clip(8.0 * np.sqrt(np.exp(min(0.5 * abs(v), 50.0)) / e), 32.0, 1e6)))
    if points > _MOST_POINTS:
        raise ValueError(
            f"lambda/Lh = {e:g} at {v:g} RT/zF needs {points} collocation points (limit {_MOST_POINTS}); "
            "raise debye_ratio, lower the potential, or give points= yourself"
        )
    nodes, derivative, weights = _chebyshev(points)
    count = points + 1
    second = derivative @ derivative
    # phi' = v + slope_matrix @ rho from -e^2 phi'' = rho, phi(0) = 0, phi(1) = v
    green = np.zeros((count, count))
    green[1:-1, 1:-1] = np.linalg.inv(second[1:-1, 1:-1])
    slope_matrix = -(derivative @ green) / e**2

    def fluxes(c: FloatArray, rho: FloatArray) -> tuple[FloatArray, FloatArray]:
        slope = v + slope_matrix @ rho
        return derivative @ c + rho * slope, derivative @ rho + c * slope

    def rate(_: float, state: FloatArray) -> FloatArray:
        salt, charge = fluxes(state[:count], state[count:])
        salt[0] = salt[-1] = charge[-1] = 0.0
        change = e * (derivative @ charge)
        change[0] = 0.0
        return np.concatenate([e * (derivative @ salt), change])

    def jacobian(_: float, state: FloatArray) -> FloatArray:
        c, rho = state[:count], state[count:]
        slope = v + slope_matrix @ rho
        salt_c, salt_rho = derivative.copy(), np.diag(slope) + rho[:, None] * slope_matrix
        charge_c, charge_rho = np.diag(slope), derivative + c[:, None] * slope_matrix
        for block in (salt_c, salt_rho):
            block[0] = block[-1] = 0.0
        for block in (charge_c, charge_rho):
            block[-1] = 0.0
        whole = e * np.block(
            [[derivative @ salt_c, derivative @ salt_rho], [derivative @ charge_c, derivative @ charge_rho]]
        )
        whole[count] = 0.0
        return np.asarray(whole)

    start = np.concatenate([np.ones(count), np.zeros(count)])
    if wanted[-1] == 0.0:
        states = start[:, None]
    else:
        solution = solve_ivp(
            rate,
            (0.0, float(wanted[-1])),
            start,
            method="Radau",
            t_eval=wanted,
            jac=jacobian,
            rtol=tolerance,
            atol=tolerance * min(1.0, max(abs(v), 1e-6)),
        )
        if not solution.success:
            raise ConvergenceError(
                f"The charging reference could not be integrated: {solution.message}",
                where=f"lambda/Lh {e:g}, step {v:g} RT/zF, {points} collocation intervals",
                hint="give more points, or a looser tolerance",
            )
        states = np.asarray(solution.y)
    rho = states[count:]
    slope = v + slope_matrix @ rho
    return StepCharging(times=wanted, diffuse_charge=-(weights @ rho) / e, electrode_charge=e * slope[-1])
