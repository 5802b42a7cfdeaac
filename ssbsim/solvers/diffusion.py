r"""Time stepping of linear diffusion ``C du/dt + K u = f`` with u given on some rows: TR-BDF2 with error control.

With gamma = 2 - sqrt(2) and d = gamma/2, a step of size h from u_0 is::

    (C + d h K) u_g = (C - d h K) u_0 + 2 d h f
    (C + d h K) u_1 = C (u_g - (1 - gamma)^2 u_0) / (gamma (2 - gamma)) + d h f

second order and L-stable; both stages have one matrix (Bank et al., IEEE Trans. CAD 4 (1985) 436,
doi 10.1109/TCAD.1985.1270142). The error is that of the embedded third-order formula of Hosea and Shampine (Appl. Numer.
Math. 20 (1996) 21, doi 10.1016/0168-9274(95)00115-8), ``h sum (b - b^) du/dt``, smoothed by ``(C + d h K)^-1 C`` so that
stiff components do not count. A start out of balance (a face set to another value) begins with short steps by itself.

Steps come from powers of the square root of two, so that histories do not depend on the number of ranks and a matrix is
used for several steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from mpi4py import MPI
from petsc4py import PETSc

from ssbsim.errors import ConvergenceError
from ssbsim.solvers.scalar import ScalarSolver

Ints = npt.NDArray[np.int32]

GAMMA = 2.0 - math.sqrt(2.0)
"""The stage between, as a part of the step."""
DIAGONAL = 0.5 * GAMMA
"""d: both stages have the matrix C + d h K."""
_W = math.sqrt(2.0) / 4.0
#: b - b^ for du/dt at the start, at gamma and at the end.
_ERROR = (_W - (1.0 - _W) / 3.0, _W - (3.0 * _W + 1.0) / 3.0, DIAGONAL - DIAGONAL / 3.0)
_FEWEST, _MOST = 0.2, 4.0


@dataclass(frozen=True)
class DiffusionReport:
    """How the stepping went.

    Args:
        steps: Accepted steps.
        rejected: Steps done again.
        iterations: Krylov iterations of all solves.
        supplied: What the fixed rows and the load supplied in all.
        stored: By how much the stored amount grew.
        sizes: Of the accepted steps, in their order.
    """

    steps: int
    rejected: int
    iterations: int
    supplied: float
    stored: float
    sizes: tuple[float, ...]


def integrate(
    storage: PETSc.Mat,
    conduction: PETSc.Mat,
    u: PETSc.Vec,
    fixed: Ints,
    *,
    until: list[float],
    load: PETSc.Vec | None = None,
    preset: str = "direct",
    tolerance: float = 1e-4,
    maximum_steps: int = 100_000,
    observe: Callable[[float, int], None] | None = None,
) -> DiffusionReport:
    """Carry u from time 0 to the last of the times ``until``; collective.

    Args:
        storage: C, diagonal.
        conduction: K.
        u: State; replaced by the one at the end.
        fixed: Owned local rows that keep their value.
        until: Rising times that are hit exactly.
        load: f.
        preset: ``direct`` or ``multigrid``.
        tolerance: Largest local error of u per step.
        maximum_steps: More are an error.
        observe: Called at every time of ``until`` with it and the number of steps so far; u is then the state there.

    Raises:
        ConvergenceError: A solve failed, or the steps became too many or too short.
    """
    comm = storage.comm.tompi4py()
    capacity = storage.getDiagonal()
    free = np.ones(len(u.array), dtype=np.bool_)
    free[fixed] = False
    held = np.where(capacity.array > 0.0, capacity.array, 1.0)
    stages = [u.duplicate() for _ in range(6)]
    middle, end, right, rate_0, rate_g, rate_1 = stages
    solver: ScalarSolver | None = None
    size_of_solver = -1.0
    matrix: PETSc.Mat | None = None

    def slope(at: PETSc.Vec, into: PETSc.Vec) -> None:
        """``C du/dt = f - K u`` on every row; on fixed rows its negative is what the outside supplies."""
        conduction.mult(at, into)
        into.scale(-1.0)
        if load is not None:
            into.axpy(1.0, load)

    def largest(values: npt.NDArray[np.float64]) -> float:
        return float(comm.allreduce(float(np.max(np.abs(values), initial=0.0)), op=MPI.MAX))

    start_amount = float(capacity.dot(u))
    sizes: list[float] = []
    time, steps, rejected, iterations, supplied = 0.0, 0, 0, 0, 0.0
    slope(u, rate_0)
    fastest = largest(np.where(free, rate_0.array / held, 0.0))
    size = _rounded(min(until[-1], 0.1 * tolerance / fastest if fastest > 0.0 else until[-1]))
    try:
        for goal in until:
            while time < goal:
                left = goal - time
                planned = size if size < 0.5 * left else (left if size >= left * (1 - 1e-12) else 0.5 * left)
                if planned != size_of_solver:
                    if solver is not None and matrix is not None:
                        solver.destroy()
                        matrix.destroy()
                    matrix = conduction.copy()
                    matrix.scale(DIAGONAL * planned)
                    matrix.setDiagonal(_sum(matrix.getDiagonal(), capacity))
                    solver, size_of_solver = ScalarSolver(matrix, fixed, preset=preset, accuracy=1e-16), planned
                if solver is None:
                    continue
                right.pointwiseMult(capacity, u)
                right.axpy(DIAGONAL * planned, rate_0)
                if load is not None:
                    right.axpy(DIAGONAL * planned, load)
                u.copy(middle)
                iterations += solver.solve(middle, right).iterations
                slope(middle, rate_g)
                right.pointwiseMult(capacity, middle)
                right.scale(1.0 / (GAMMA * (2.0 - GAMMA)))
                end.pointwiseMult(capacity, u)
                right.axpy(-((1.0 - GAMMA) ** 2) / (GAMMA * (2.0 - GAMMA)), end)
                if load is not None:
                    right.axpy(DIAGONAL * planned, load)
                middle.copy(end)
                iterations += solver.solve(end, right).iterations
                slope(end, rate_1)
                right.set(0.0)
                for weight, rate in zip(_ERROR, (rate_0, rate_g, rate_1), strict=True):
                    right.axpy(weight * planned, rate)
                right.array[fixed] = 0.0
                middle.set(0.0)
                iterations += solver.solve(middle, right).iterations
                error = largest(middle.array) / tolerance
                factor = min(_MOST, max(_FEWEST, 0.9 * max(error, 1e-10) ** (-1.0 / 3.0)))
                if error > 1.0:
                    rejected += 1
                    size = _rounded(planned * factor)
                    if size < 1e-15 * until[-1]:
                        raise ConvergenceError(
                            "The time steps became too short.",
                            where=f"linear diffusion, time {time:.6g} of {until[-1]:.6g}",
                            hint="Raise the tolerance, or check the mesh where the fraction changes fastest.",
                        )
                    continue
                # What the outside supplied over the step, by the weights of the method itself.
                rates = _W * rate_0.array + _W * rate_g.array + DIAGONAL * rate_1.array
                # K moves nothing in or out but where a face exchanges, and there the load belongs to it.
                passed = float(np.sum(rates) if load is not None else 0.0) - float(np.sum(rates[fixed]))
                supplied += planned * comm.allreduce(passed, op=MPI.SUM)
                end.copy(u)
                slope(u, rate_0)
                time = goal if planned == left else time + planned
                steps += 1
                sizes.append(planned)
                if steps > maximum_steps:
                    raise ConvergenceError(
                        f"The tracer needs more than {maximum_steps} steps.",
                        where=f"linear diffusion, time {time:.6g} of {until[-1]:.6g}",
                        hint="Raise the tolerance.",
                    )
                grown = planned * factor
                size = _rounded(max(grown, size) if planned < size else grown)
            if observe is not None:
                observe(goal, steps)
    finally:
        if solver is not None and matrix is not None:
            solver.destroy()
            matrix.destroy()
        for vector in stages:
            vector.destroy()
    stored = float(capacity.dot(u)) - start_amount
    capacity.destroy()
    return DiffusionReport(steps, rejected, iterations, supplied, stored, tuple(sizes))


def _sum(one: PETSc.Vec, other: PETSc.Vec) -> PETSc.Vec:
    one.axpy(1.0, other)
    return one


def _rounded(size: float) -> float:
    return 2.0 ** (math.floor(2.0 * math.log2(size)) / 2.0)
