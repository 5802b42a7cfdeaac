r"""Derivatives of linear diffusion with respect to parameters of K and f, exact for the discrete steps.

One step of TR-BDF2 (:mod:`~ssbsim.solvers.diffusion`, :mod:`~ssbsim.solvers.tableau`) differentiated: with ``w = du/dp``,
``K' = dK/dp``, ``f' = df/dp``::

    (C + d h K) w_g = (C - d h K) w_0 - d h K' (u_0 + u_g) + 2 d h f'
    (C + d h K) w_1 = C (w_g - (1 - gamma)^2 w_0) / (gamma (2 - gamma)) - d h K' u_1 + d h f'

w is zero at the start and on given rows. The matrix is that of the step itself, so that a parameter costs two solves a step
and no factorisation. The sizes of the steps are given: an adaptive controller would make u a function with jumps.

Forward rather than adjoint: least squares with uncertainties need the whole Jacobian. Forward that is one pass per
parameter; backward one per pixel, and pixels outnumber parameters or the fit has no answer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from petsc4py import PETSc

from ssbsim.solvers.scalar import ScalarSolver
from ssbsim.solvers.tableau import DIAGONAL, NEWER, OLDER

Ints = npt.NDArray[np.int32]


def replay(
    storage: PETSc.Mat,
    conduction: PETSc.Mat,
    u: PETSc.Vec,
    fixed: Ints,
    sizes: Sequence[float],
    *,
    load: PETSc.Vec | None = None,
    parts: Sequence[PETSc.Mat] = (),
    load_parts: Sequence[PETSc.Vec | None] = (),
    preset: str = "direct",
) -> list[PETSc.Vec]:
    """Carry u through given steps, and its derivatives with it; collective.

    Args:
        storage: C, diagonal.
        conduction: K.
        u: State; replaced by the one at the end.
        fixed: Owned local rows that keep their value.
        sizes: Of the steps.
        load: f.
        parts: dK/dp of every parameter.
        load_parts: df/dp of every parameter, or ``None``.
        preset: ``direct`` or ``multigrid``.

    Returns:
        du/dp at the end for every parameter; the caller frees them.

    Raises:
        ConvergenceError: A solve failed.
    """
    capacity = storage.getDiagonal()
    slopes = [u.duplicate() for _ in parts]
    middle, end, right, before = (u.duplicate() for _ in range(4))
    gains = list(load_parts) or [None] * len(parts)
    middles = [u.duplicate() for _ in parts]
    for slope in slopes:
        slope.set(0.0)
    matrix: PETSc.Mat | None = None
    solver: ScalarSolver | None = None
    present = -1.0

    def first_stage(solver: ScalarSolver, step: float, at: PETSc.Vec, to: PETSc.Vec, gain: PETSc.Vec | None) -> None:
        """``right`` holds what is added to ``(C - step K) at + 2 step gain``."""
        conduction.mult(at, end)
        right.axpy(-step, end)
        end.pointwiseMult(capacity, at)
        right.axpy(1.0, end)
        if gain is not None:
            right.axpy(2.0 * step, gain)
        at.copy(to)
        solver.solve(to, right)

    def second_stage(solver: ScalarSolver, step: float, at: PETSc.Vec, mid: PETSc.Vec, gain: PETSc.Vec | None) -> None:
        """Replaces ``at`` by the end of the step; ``right`` holds what is added."""
        mid.copy(end)
        end.axpy(OLDER / NEWER, at)
        end.pointwiseMult(capacity, end)
        right.axpy(NEWER, end)
        if gain is not None:
            right.axpy(step, gain)
        mid.copy(at)
        solver.solve(at, right)

    try:
        for size in sizes:
            step = DIAGONAL * size
            if size != present or solver is None:
                if solver is not None and matrix is not None:
                    solver.destroy()
                    matrix.destroy()
                matrix = conduction.copy()
                matrix.scale(step)
                diagonal = matrix.getDiagonal()
                diagonal.axpy(1.0, capacity)
                matrix.setDiagonal(diagonal)
                diagonal.destroy()
                solver, present = ScalarSolver(matrix, fixed, preset=preset, accuracy=1e-16), size
            u.copy(before)
            right.set(0.0)
            first_stage(solver, step, u, middle, load)
            before.axpy(1.0, middle)
            for part, slope, mid, gain in zip(parts, slopes, middles, gains, strict=True):
                part.mult(before, right)
                right.scale(-step)
                first_stage(solver, step, slope, mid, gain)
            right.set(0.0)
            second_stage(solver, step, u, middle, load)
            for part, slope, mid, gain in zip(parts, slopes, middles, gains, strict=True):
                part.mult(u, right)
                right.scale(-step)
                second_stage(solver, step, slope, mid, gain)
    finally:
        if solver is not None and matrix is not None:
            solver.destroy()
            matrix.destroy()
        for vector in (middle, end, right, before, capacity, *middles):
            vector.destroy()
    return slopes
