r"""Symmetric scalar problems: ``(C + tau K) u = f`` with u given on some rows.

``direct``     MUMPS (Cholesky) for 1D and small 2D.
``multigrid``  conjugate gradients with BoomerAMG.

What a small residual is worth cannot be said beforehand: where resistive boundaries make K span many decades, a relative
residual of 1e-6 left an effective diffusivity 5 % wrong. Convergence is judged in the energy, of which every conductance
is made: with the preconditioner B near the inverse of K, ``r.B r`` estimates the square of the energy norm of the error,
and iteration goes on until it is below ``accuracy`` times the energy of the solution itself. What is read from the
solution is then checked by whoever reads it: the fluxes in and out, and the dissipation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from mpi4py import MPI
from petsc4py import PETSc

from ssbsim import interrupts
from ssbsim.errors import ConvergenceError

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

_OPTIONS: dict[str, dict[str, str | int | float]] = {
    "direct": {"ksp_type": "preonly", "pc_type": "cholesky", "pc_factor_mat_solver_type": "mumps"},
    "multigrid": {
        "ksp_type": "cg",
        "pc_type": "hypre",
        "pc_hypre_type": "boomeramg",
        "pc_hypre_boomeramg_coarsen_type": "HMIS",
        "pc_hypre_boomeramg_interp_type": "ext+i",
        "pc_hypre_boomeramg_P_max": 4,
        "pc_hypre_boomeramg_relax_type_all": "symmetric-SOR/Jacobi",
    },
}

_count = 0


@dataclass(frozen=True)
class ScalarReport:
    """How a solve went.

    Args:
        iterations: Krylov iterations; 0 for a direct solve.
        error: Estimate of the squared energy norm of the error over the energy of the solution.
    """

    iterations: int
    error: float


class ScalarSolver:
    """Solves with one matrix and one set of fixed rows for any values and right-hand sides.

    Args:
        matrix: Symmetric positive semidefinite matrix, assembled; it is kept, and changed by nobody.
        fixed: Owned local rows that are given.
        preset: ``direct`` or ``multigrid``.
        accuracy: Relative error of the energy that is accepted.
    """

    def __init__(self, matrix: PETSc.Mat, fixed: Ints, *, preset: str, accuracy: float = 1e-12) -> None:
        global _count
        _count += 1
        self.matrix = matrix
        self.accuracy = accuracy
        self.preset = preset
        start, _ = matrix.getOwnershipRange()
        self.fixed = np.asarray(fixed, dtype=np.int32)
        self.reduced = matrix.copy()
        self.reduced.setOption(PETSc.Mat.Option.NEW_NONZERO_LOCATION_ERR, False)
        self.reduced.zeroRowsColumns(self.fixed + start, diag=1.0)
        self.reduced.setOption(PETSc.Mat.Option.SPD, True)
        self.ksp = PETSc.KSP().create(matrix.comm)
        prefix = f"ssbsim_scalar_{_count}_"
        self.ksp.setOptionsPrefix(prefix)
        database = PETSc.Options()
        for key, value in _OPTIONS[preset].items():
            database.setValue(prefix + key, value)
        self.ksp.setOperators(self.reduced)
        self.ksp.setFromOptions()
        for key in _OPTIONS[preset]:
            database.delValue(prefix + key)
        if preset == "multigrid":
            self.ksp.setNormType(PETSc.KSP.NormType.NATURAL)
            self.ksp.setInitialGuessNonzero(True)
        self._work = [matrix.createVecLeft() for _ in range(3)]

    def solve(self, u: PETSc.Vec, load: PETSc.Vec | None = None) -> ScalarReport:
        """Replace the free rows of u by the solution; its fixed rows are the given values, the rest the first guess.

        Raises:
            ConvergenceError: The accuracy is not reached.
        """
        right, energy, rest = self._work
        # The equation for the correction d of the guess: reduced d = load - matrix u, zero on fixed rows.
        correction = self._residual(u, load, right)
        if self.preset == "direct":
            correction.set(0.0)
            self.ksp.solve(right, correction)
            self._check("direct solve")
            u.axpy(1.0, correction)
            return ScalarReport(0, 0.0)
        total, tolerance = 0, 1e-6
        guess = u.duplicate()
        for _ in range(12):
            self._residual(u, load, right)
            guess.set(0.0)
            self.ksp.setTolerances(rtol=tolerance, atol=0.0, max_it=200)
            self.ksp.solve(right, guess)
            self._check("conjugate gradients")
            total += self.ksp.getIterationNumber()
            u.axpy(1.0, guess)
            self.matrix.mult(u, energy)
            size = abs(u.dot(energy)) if load is None else max(abs(u.dot(energy)), abs(u.dot(load)))
            left = self.ksp.getResidualNorm() ** 2
            if left <= self.accuracy * size or size == 0.0:
                guess.destroy()
                return ScalarReport(total, left / size if size else 0.0)
            tolerance = max(1e-12, 0.3 * float(np.sqrt(self.accuracy * size / left)))
        guess.destroy()
        raise ConvergenceError(
            f"The linear solver left an error of {left / size:.2g} of the energy after {total} iterations.",
            where=f"scalar solve, {self.matrix.getSize()[0]:,} unknowns",
            hint="Use solver.linear: direct, or report the case.",
        )

    def guess_by_regions(self, u: PETSc.Vec, region: Ints) -> None:
        """Improve a first guess by values that are constant in every region.

        Where boundaries are slow the solution is nearly constant in each region, and where they are fast it is not: the
        state of least energy is taken on the line through the guess and the best piecewise constant one. Without it the
        iterations grow with the ratio of bulk to boundary conductance.

        Args:
            u: The guess, with its fixed rows; it is changed.
            region: Region of every owned row, shape (n,); negative where there is none.
        """
        comm = self.matrix.comm.tompi4py()
        count = 1 + comm.allreduce(int(region.max(initial=-1)), op=MPI.MAX)
        rows = len(region)
        mine = count // comm.size + (comm.rank < count % comm.size)
        spread = PETSc.Mat().createAIJ(((rows, None), (mine, count)), nnz=1, comm=self.matrix.comm)
        free = np.ones(rows, dtype=np.bool_)
        free[self.fixed] = False
        inside = np.flatnonzero(free & (region >= 0)).astype(np.int32)
        pointer = np.concatenate([[0], np.cumsum(free & (region >= 0))]).astype(np.int32)
        spread.setValuesCSR(pointer, region[inside].astype(np.int32), np.ones(len(inside)))
        spread.assemble()
        coarse = self.matrix.ptap(spread)
        # A region that nothing ties to another has no equation of its own.
        diagonal = coarse.getDiagonal()
        empty = np.flatnonzero(diagonal.array <= 1e-14 * diagonal.max()[1]) + coarse.getOwnershipRange()[0]
        coarse.setOption(PETSc.Mat.Option.NEW_NONZERO_LOCATION_ERR, False)
        coarse.zeroRowsColumns(empty.astype(np.int32), diag=1.0)
        flat, flow, right = u.duplicate(), u.duplicate(), coarse.createVecRight()
        flat.set(0.0)
        flat.array[self.fixed] = u.array[self.fixed]
        self.matrix.mult(flat, flow)
        spread.multTranspose(flow, right)
        right.scale(-1.0)
        ksp = PETSc.KSP().create(self.matrix.comm)
        ksp.setType("preonly")
        ksp.getPC().setType("lu")
        ksp.getPC().setFactorSolverType("mumps")
        ksp.setOperators(coarse)
        values = right.duplicate()
        ksp.solve(right, values)
        if ksp.getConvergedReason() > 0 and np.isfinite(values.norm()):
            spread.multAdd(values, flat, flat)
            flat.axpy(-1.0, u)
            self.matrix.mult(flat, flow)
            curvature = flat.dot(flow)
            if curvature > 0.0:
                u.axpy(-u.dot(flow) / curvature, flat)
        for thing in (ksp, coarse, spread, flat, flow, right, values, diagonal):
            thing.destroy()

    def _residual(self, u: PETSc.Vec, load: PETSc.Vec | None, into: PETSc.Vec) -> PETSc.Vec:
        self.matrix.mult(u, into)
        into.scale(-1.0)
        if load is not None:
            into.axpy(1.0, load)
        into.array[self.fixed] = 0.0
        return self._work[2]

    def _check(self, what: str) -> None:
        interrupts.stop_if_asked(self.matrix.comm.tompi4py())
        reason = self.ksp.getConvergedReason()
        if reason < 0:
            raise ConvergenceError(
                f"The {what} failed (PETSc reason {reason}).",
                where=f"scalar solve, {self.matrix.getSize()[0]:,} unknowns",
                hint="Use solver.linear: direct, or check that every part of the cell is connected to a terminal.",
            )

    def destroy(self) -> None:
        """Free PETSc's objects, but not the matrix."""
        for thing in (self.ksp, self.reduced, *self._work):
            thing.destroy()
