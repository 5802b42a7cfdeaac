r"""Solve ``(K + i w C) u = b`` in real arithmetic, with the solver of ``K + w C`` as the preconditioner.

With ``u = x + i y`` and ``W = K``, ``T = w C``::

    [ W  -T ] [x]   [Re b]            [ W     -T    ]
    [ T   W ] [y] = [Im b]      P  =  [ T   W + 2 T ]

P is the preconditioned square block (PRESB) of O. Axelsson, M. Neytcheva, B. Ahmad, Numer. Algorithms 66 (2014) 811 (from
memory). To apply its inverse to (f, g) takes two real solves, ``(W + T) z = f + g``, ``(W + T) x = f + T z``,
``y = z - x``. For symmetric positive W and T all eigenvalues of the preconditioned matrix lie in [1/2, 1], at every w and on every
mesh, so that GMRES gains a digit in about every second iteration.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ssbsim.errors import ConvergenceError
from ssbsim.solvers.frequency_response import FrequencyResponse

Floats = npt.NDArray[Any]

#: A correction with this share of the energy is rounding.
_ROUNDING = 1e-16
#: Relative size of the preconditioned residual at which a solve is done, and the most iterations.
_SMALL = 1e-12
_MOST_ITERATIONS = 60


def complex_response(response: FrequencyResponse, w: float, tolerance: float) -> npt.NDArray[np.complex128]:
    """The response u at ``s = i w``.

    Raises:
        ConvergenceError: It was not reached, or the terminals do not agree on the current to ``tolerance``.
    """
    response.set_shift(w)
    free, n = response.solver.free_rows, len(response.drive.lift)
    u = response.solution(tolerance).astype(np.complex128)

    def multiply(pair: Floats) -> Floats:
        x, y = pair[:n], pair[n:]
        dissipated = [response.dissipated(response.matrices, part) for part in (x, y)]
        stored = [w * response.stored(response.matrices, part) for part in (x, y)]
        real, imaginary = dissipated[0] - stored[1], dissipated[1] + stored[0]
        return np.concatenate([np.where(free, real, 0.0), np.where(free, imaginary, 0.0)])

    def precondition(pair: Floats) -> Floats:
        f, g = pair[:n], pair[n:]
        total = response.inverse(f + g)
        x = response.inverse(f + w * response.stored(response.matrices, total))
        return np.concatenate([x, total - x])

    lost, settled = np.inf, False
    # Where the real solver is inexact, a second run from the first result gives the digits that it left.
    for _ in range(3):
        defect = -np.where(free, response.residual(u, 1j * w), 0.0)
        pair = gmres(multiply, precondition, np.concatenate([defect.real, defect.imag]), response.dot)
        change = pair[:n] + 1j * pair[n:]
        u = u + change
        lost = response.lost(u, 1j * w)
        settled = response.energy(change, w) <= _ROUNDING * response.energy(u, w)
        if lost <= 1e-2 * tolerance or settled:
            break
    if not (lost <= tolerance or settled):
        raise ConvergenceError(
            f"The response was not solved: {lost:.2g} of the current is lost between the terminals.",
            where="impedance",
            hint="Use solver.linear: direct, or lower ksp_rtol in solver.petsc_options.",
        )
    response.imbalance = max(response.imbalance, lost)
    return u


def gmres(
    multiply: Callable[[Floats], Floats],
    precondition: Callable[[Floats], Floats],
    rhs: Floats,
    dot: Callable[[Floats, Floats], Any],
) -> Floats:
    """GMRES without restart, preconditioned from the left (Saad, Schultz 1986, doi 10.1137/0907058).

    Its residual is the preconditioned one, an estimate of the error itself. Stops at 1e-12 of the first residual or where
    rounding ends the progress, after 60 iterations at the latest; the caller judges the result by the currents.
    """
    start = precondition(rhs)
    size = float(np.sqrt(dot(start, start)))
    if size == 0.0:
        return np.zeros_like(rhs)
    basis = [start / size]
    hessenberg = np.zeros((_MOST_ITERATIONS + 1, _MOST_ITERATIONS))
    target = np.zeros(_MOST_ITERATIONS + 1)
    target[0] = size
    y: Floats = np.zeros(0)
    for k in range(_MOST_ITERATIONS):
        vector = precondition(multiply(basis[k]))
        for _ in range(2):
            components = np.array([float(dot(vector, other)) for other in basis])
            hessenberg[: k + 1, k] += components
            vector = vector - components @ np.array(basis)
        norm = float(np.sqrt(dot(vector, vector)))
        hessenberg[k + 1, k] = norm
        small = hessenberg[: k + 2, : k + 1]
        y = np.linalg.lstsq(small, target[: k + 2], rcond=None)[0]
        left = float(np.linalg.norm(target[: k + 2] - small @ y))
        if left <= _SMALL * size or norm <= _SMALL * abs(hessenberg[: k + 1, k]).max():
            break
        basis.append(vector / norm)
    return np.asarray(y @ np.array(basis[: len(y)]))
