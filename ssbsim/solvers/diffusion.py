r"""Time stepping of linear diffusion ``C du/dt + K u = f`` with u given on some rows: TR-BDF2 with error control.

A step of size h from u_0, with the numbers of :mod:`~ssbsim.solvers.tableau`, is::

    (C + d h K) u_g = (C - d h K) u_0 + 2 d h f
    (C + d h K) u_1 = C (u_g - (1 - gamma)^2 u_0) / (gamma (2 - gamma)) + d h f

and both stages have one matrix. The estimate of the error, ``h sum (b - b^) du/dt``, is smoothed by ``(C + d h K)^-1 C`` so
that stiff components do not count. A start out of balance (a face set to another value) begins with short steps by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from mpi4py import MPI
from petsc4py import PETSc

from ssbsim.errors import ConvergenceError
from ssbsim.solvers.march import Attempt, Outcome, march
from ssbsim.solvers.scalar import ScalarSolver
from ssbsim.solvers.step_control import StepControl, StepMemory, rounded
from ssbsim.solvers.tableau import DIAGONAL, ERROR, NEWER, OLDER, WEIGHTS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

#: First step, as the change of u in it at the rates of the start, over the tolerance.
_FIRST_CHANGE = 0.1
#: A step this short, over the whole time, is a failure.
_SHORTEST = 1e-15


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


@dataclass(frozen=True)
class DiffusionPoint:
    """A state on owned rows.

    Args:
        u: The field.
        rate: ``C du/dt = f - K u`` on every row; on fixed rows its negative is what the outside supplies.
    """

    u: Floats
    rate: Floats


class LinearDiffusion:
    """The steps of one problem; everything is collective.

    Args:
        storage: C, diagonal.
        conduction: K.
        fixed: Owned local rows that keep their value.
        load: f.
        preset: ``direct`` or ``multigrid``.
        tolerance: Local error of u per step that is allowed.

    Attributes:
        iterations: Krylov iterations so far.
    """

    def __init__(
        self,
        storage: PETSc.Mat,
        conduction: PETSc.Mat,
        fixed: Ints,
        *,
        load: PETSc.Vec | None = None,
        preset: str = "direct",
        tolerance: float = 1e-4,
    ) -> None:
        self._comm: MPI.Comm = storage.comm.tompi4py()
        self._capacity = storage.getDiagonal()
        self._conduction = conduction
        self._fixed = fixed
        self._load = load
        self._preset = preset
        self._tolerance = tolerance
        self._solver: ScalarSolver | None = None
        self._size = -1.0
        self._u, self._right = self._capacity.duplicate(), self._capacity.duplicate()
        self.iterations = 0

    def point(self, u: Floats) -> DiffusionPoint:
        """A state with its rates."""
        self._u.array[:] = u
        self._conduction.mult(self._u, self._right)
        rate = -self._right.array_r
        return DiffusionPoint(u, rate if self._load is None else rate + self._load.array_r)

    def stored(self, point: DiffusionPoint) -> float:
        """Amount that a state holds."""
        return float(self._comm.allreduce(float(self._capacity.array_r @ point.u), op=MPI.SUM))

    def fastest(self, point: DiffusionPoint) -> float:
        """Largest rate of change of u on rows that are free."""
        capacity = self._capacity.array_r
        rate = point.rate / np.where(capacity > 0.0, capacity, 1.0)
        rate[self._fixed] = 0.0
        return self._largest(rate)

    def step(self, point: DiffusionPoint, size: float, end: float) -> Attempt[DiffusionPoint, float]:
        """Try a step; it reports what the outside supplied over it.

        Raises:
            ConvergenceError: A solve failed.
        """
        solver, capacity = self._solver_for(size), self._capacity.array_r
        load = 0.0 if self._load is None else DIAGONAL * size * self._load.array_r
        middle = self.point(self._solve(solver, capacity * point.u + DIAGONAL * size * point.rate + load, point.u))
        last = self.point(
            self._solve(solver, NEWER * capacity * middle.u + OLDER * capacity * point.u + load, middle.u)
        )
        rates = (point.rate, middle.rate, last.rate)
        defect = sum(weight * size * rate for weight, rate in zip(ERROR, rates, strict=True))
        error = self._largest(self._solve(solver, np.asarray(defect), np.zeros_like(point.u), is_change=True))
        # What the outside supplied over the step, by the weights of the method itself.
        mean = np.asarray(sum(weight * rate for weight, rate in zip(WEIGHTS, rates, strict=True)))
        # K moves nothing in or out but where a face exchanges, and there the load belongs to it.
        passed = float(np.sum(mean) if self._load is not None else 0.0) - float(np.sum(mean[self._fixed]))
        supplied = size * self._comm.allreduce(passed, op=MPI.SUM)
        return Attempt(last, error / self._tolerance, supplied)

    def destroy(self) -> None:
        """Free PETSc's objects."""
        self._free_solver()
        for vector in (self._capacity, self._u, self._right):
            vector.destroy()

    def _free_solver(self) -> None:
        if self._solver is not None:
            matrix = self._solver.matrix
            self._solver.destroy()
            matrix.destroy()
            self._solver = None

    def _solver_for(self, size: float) -> ScalarSolver:
        """The solver with ``C + d h K``, kept while the size stays."""
        if self._solver is None or size != self._size:
            self._free_solver()
            matrix = self._conduction.copy()
            matrix.scale(DIAGONAL * size)
            diagonal = matrix.getDiagonal()
            diagonal.axpy(1.0, self._capacity)
            matrix.setDiagonal(diagonal)
            diagonal.destroy()
            self._solver = ScalarSolver(matrix, self._fixed, preset=self._preset, accuracy=1e-16)
            self._size = size
        return self._solver

    def _solve(self, solver: ScalarSolver, right: Floats, guess: Floats, *, is_change: bool = False) -> Floats:
        """The solution from a first guess that holds the values of the fixed rows; for a change these have no equation."""
        self._right.array[:] = right
        if is_change:
            self._right.array[self._fixed] = 0.0
        self._u.array[:] = guess
        self.iterations += solver.solve(self._u, self._right).iterations
        return self._u.array_r.copy()

    def _largest(self, values: Floats) -> float:
        return float(self._comm.allreduce(float(np.max(np.abs(values), initial=0.0)), op=MPI.MAX))


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
    diffusion = LinearDiffusion(storage, conduction, fixed, load=load, preset=preset, tolerance=tolerance)
    try:
        start = diffusion.point(u.array_r.copy())
        fastest = diffusion.fastest(start)
        first = min(until[-1], _FIRST_CHANGE * tolerance / fastest) if fastest > 0.0 else until[-1]
        # The elementary controller: nothing here is so stiff that steps are limited by anything but their error.
        control = StepControl(_SHORTEST * until[-1], growth=4.0, present=1.0, past=0.0, least_error=1e-10)
        sizes: list[float] = []
        supplied, stored, rejected = 0.0, 0.0, 0
        steps = march(
            diffusion.step,
            start,
            until,
            control=control,
            memory=StepMemory(rounded(first)),
            maximum_steps=maximum_steps,
        )
        for now in steps:
            if now.attempt is None or now.outcome in (Outcome.TOO_SHORT, Outcome.TOO_MANY):
                raise ConvergenceError(
                    f"{now.outcome.value[:-1]} ({now.taken} taken).",
                    where=f"linear diffusion, time {now.time:.6g} of {until[-1]:.6g}",
                    hint="Raise the tolerance, or check the mesh where the fraction changes fastest.",
                )
            sizes.append(now.size)
            supplied += now.attempt.report
            rejected = now.rejected
            if now.at_target:
                u.array[:] = now.point.u
                if observe is not None:
                    observe(now.time, now.taken)
            stored = (
                diffusion.stored(now.point) - diffusion.stored(start) if now.outcome is Outcome.COMPLETE else stored
            )
        return DiffusionReport(len(sizes), rejected, diffusion.iterations, supplied, stored, tuple(sizes))
    finally:
        diffusion.destroy()
