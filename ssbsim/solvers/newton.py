r"""One implicit step: find y with ``q(y) + tau dR/dy(y) = target`` on free rows and y given on fixed rows.

Newton's method through PETSc's SNES. When the fixed values have moved, the first iteration is the tangent step with the
move on the right-hand side, so that the move spreads over the mesh instead of standing in one cell. The potentials of terminals
that are given a current are unknowns beside y (:mod:`~ssbsim.solvers.floating`).

Convergence is judged by the error that is left in y, in units of kT, estimated from two successive updates:
``e = s2 * theta / (1 - theta)`` with ``theta = s2/s1`` (Deuflhard, Newton Methods for Nonlinear Problems, 2004, section
2.1). No tolerance has a dimension. Iterations end when that estimate is below :data:`ERROR_LEFT`, or when the updates stop
shrinking at the level of rounding. Steps are full; a solve that fails is tried once more with backtracking, which helps where
a full step overshoots far into an exponential.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import dolfinx
import dolfinx.fem.petsc
import numpy as np
import numpy.typing as npt
from mpi4py import MPI
from petsc4py import PETSc

from ssbsim import interrupts
from ssbsim.errors import CaseError, ConvergenceError
from ssbsim.physics import Functional
from ssbsim.solvers.bordered import BorderedSystem
from ssbsim.solvers.convergence import is_settled, largest_row
from ssbsim.solvers.floating import FloatingPotentials
from ssbsim.solvers.linear import SINGULAR, SolverOptions, linear_reason, raise_ours
from ssbsim.solvers.splitting import split_fields

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class NewtonReport:
    """What one implicit solve did.

    Args:
        converged: Whether the error estimate was met.
        reason: One sentence.
        iterations: Newton iterations, the tangent step included.
        linear_iterations: Krylov iterations over all of them (one per direct solve).
        update: Largest last update (kT).
        worst_row: Local row of the largest last update on ``worst_rank``.
        worst_rank: Rank that holds it.
    """

    converged: bool
    reason: str
    iterations: int
    linear_iterations: int
    update: float
    worst_row: int = -1
    worst_rank: int = 0


class ImplicitSolver:
    """Solver of the implicit step of a functional; matrices and factorisations are kept between calls.

    Args:
        functional: The forms.
        options: Linear solver and other PETSc options.
        maximum_iterations: Newton iterations after which a solve is given up.
    """

    def __init__(self, functional: Functional, options: SolverOptions, *, maximum_iterations: int = 30) -> None:
        self.functional = functional
        self.options = options
        self.comm: MPI.Comm = functional.placement.mesh.comm
        self._n = functional.placement.n_owned_rows
        imap = functional.placement.space.dofmap.index_map
        self._assembled = dolfinx.la.vector(imap, len(functional.placement.unknowns))
        self._matrix = dolfinx.fem.petsc.create_matrix(functional.forms.jacobian)
        self._matrix.setOption(PETSc.Mat.Option.KEEP_NONZERO_PATTERN, True)
        self._matrix.setOption(PETSc.Mat.Option.NO_OFF_PROC_ZERO_ROWS, True)
        self._floating = FloatingPotentials(functional)
        self._system = BorderedSystem(self._matrix, self._floating.count)
        self._first_row = imap.local_range[0] * len(functional.placement.unknowns)
        rows = [fixed.rows for fixed in functional.placement.rows.fixed] + [functional.placement.rows.absent]
        self._fixed_rows = np.unique(np.concatenate(rows)).astype(np.int32)
        self._free = np.ones(self._n, dtype=np.bool_)
        self._free[self._fixed_rows] = False
        self._global_fixed = (self._fixed_rows + self._first_row).astype(PETSc.IntType)
        self._target: Floats = np.zeros(self._n)
        self._left: Floats = np.zeros(self._n)
        self._maximum = maximum_iterations
        self._updates: list[float] = []
        self._offset = 0
        self._search = "basic"
        self._build()

    def _build(self) -> None:
        """Make SNES and its vectors; also after PETSc raised inside a solve, which leaves them locked."""
        operator = self._system.operator
        self._x = operator.createVecRight()
        self._f = operator.createVecRight()
        self._snes = PETSc.SNES().create(self.comm)
        self._snes.setOptionsPrefix(self.options.prefix)
        self._snes.setFunction(self._residual, self._f)
        self._snes.setJacobian(self._jacobian, operator)
        self._snes.setType("newtonls")
        self._snes.setConvergenceTest(self._test)
        self._snes.setTolerances(max_it=self._maximum)
        self._snes.getKSP().setErrorIfNotConverged(False)
        try:
            preconditioner = self._system.precondition(self._snes.getKSP().getPC(), self.options.prefix)
            self._snes.setFromOptions()
        except PETSc.Error as error:
            self._snes.destroy()
            self.options.clear()
            raise CaseError(
                f"PETSc does not take the solver options {self.options.user} (error {error.ierr}).",
                where="solver.petsc_options",
                hint="Correct the option, or remove it to use the preset.",
            ) from error
        # An option may have changed it.
        self._maximum = int(self._snes.getTolerances()[3])
        split_fields(preconditioner, self.options, self.functional.placement.unknowns, self._fixed_rows)

    def _discard(self) -> None:
        for thing in (self._snes, self._x, self._f):
            thing.destroy()

    @property
    def maximum_iterations(self) -> int:
        """Newton iterations after which a solve is given up."""
        return self._maximum

    @property
    def free_rows(self) -> npt.NDArray[np.bool_]:
        """Owned rows that no terminal fixes."""
        return self._free

    @property
    def floating_rows(self) -> npt.NDArray[np.bool_]:
        """Owned rows that move with the unknown potential of a terminal."""
        return self._floating.rows

    def assemble(self, form: Any) -> Floats:
        """Owned part of an assembled vector form (a new array)."""
        self._assembled.array[:] = 0.0
        dolfinx.fem.assemble_vector(self._assembled.array, form)
        self._assembled.scatter_reverse(dolfinx.la.InsertMode.add)
        return self._assembled.array[: self._n].copy()

    def unbalanced(self, target: Floats) -> Floats:
        """``q + tau dR/dy - target`` on all owned rows: zero on free rows, what the outside supplies on fixed ones."""
        return self.assemble(self.functional.forms.residual) - target

    @property
    def left(self) -> Floats:
        """:meth:`unbalanced` as the last solve left it, without another assembly."""
        return self._left

    def solve(self, target: Floats, tau: float) -> NewtonReport:
        """Solve one implicit step from the present ``functional.y``, which receives the result.

        Args:
            target: Right-hand side on owned rows (scaled).
            tau: Step (scaled).

        Returns:
            The report; on failure ``functional.y`` holds the last iterate and the caller restores it.
        """
        start = self.functional.y.x.array.copy()
        report = self._attempt(target, tau, "basic")
        if report.converged or "snes_linesearch_type" in self.options.user:
            return report
        # A step that overshoots far into an exponential comes back by one kT an iteration, or not at all: damp it.
        self.functional.y.x.array[:] = start
        damped = self._attempt(target, tau, "bt")
        return replace(
            damped,
            iterations=report.iterations + damped.iterations,
            linear_iterations=report.linear_iterations + damped.linear_iterations,
        )

    def _attempt(self, target: Floats, tau: float, search: str) -> NewtonReport:
        """One run of Newton's method: with full steps (``basic``) or with backtracking (``bt``)."""
        if search != self._search:
            self._search = search
            PETSc.Options().setValue(f"{self.options.prefix}snes_linesearch_type", search)
            self._discard()
            self._build()
        functional = self.functional
        functional.parameters.tau.value = tau
        self._target = target
        self._updates = []
        self._offset = 0
        linear = 0
        y = functional.y.x.array
        missing = np.zeros(self._n)
        imposed = [fixed for fixed in functional.placement.rows.fixed if fixed.terminal not in self._floating.names]
        for fixed in imposed:
            missing[fixed.rows] = y[fixed.rows] - fixed.applied.value
        missing[functional.placement.rows.absent] = y[functional.placement.rows.absent]
        worst = self.comm.allreduce(float(np.max(np.abs(missing), initial=0.0)), op=MPI.MAX)
        if worst > 0.0:
            reason = self._tangent_step(missing)
            linear += max(self._snes.getKSP().getIterationNumber(), 1)
            if reason < 0:
                self._forget_factors()
                return NewtonReport(False, linear_reason(reason), 1, linear, worst)
            for fixed in imposed:
                y[fixed.rows] = fixed.applied.value
            y[functional.placement.rows.absent] = 0.0
            functional.y.x.scatter_forward()
            self._offset = 1
        self._system.join(self._x, y[: self._n], np.zeros(self._floating.count))
        try:
            self._snes.solve(None, self._x)
        except PETSc.Error as error:
            # A direct solver that cannot factorise raises; the next solve must not find its half-made factors.
            self._build()
            raise_ours(error)
            return NewtonReport(False, SINGULAR, self._offset + 1, linear, np.inf)
        interrupts.stop_if_asked(self.comm)
        self._load(self._x)
        linear += self._snes.getLinearSolveIterations()
        reason = self._snes.getConvergedReason()
        update = self._updates[-1] if self._updates else 0.0
        converged = reason > 0
        row, rank = (-1, 0) if converged else largest_row(self.comm, self._owned(self._snes.getSolutionUpdate()))
        text = "converged" if converged else self._why(reason)
        if converged:
            self._floating.read(y)
        else:
            self._forget_factors()
        return NewtonReport(converged, text, self._snes.getIterationNumber() + self._offset, linear, update, row, rank)

    def assemble_jacobian(self, matrix: PETSc.Mat, tau: float) -> None:
        """``C + tau K`` at the present state with every row, into a matrix of :meth:`new_matrix`."""
        self.functional.parameters.tau.value = tau
        matrix.zeroEntries()
        dolfinx.fem.petsc.assemble_matrix(matrix, self.functional.forms.jacobian, bcs=[])
        matrix.assemble()

    def new_matrix(self) -> PETSc.Mat:
        """A matrix with the pattern of the Jacobian; whoever asks for it destroys it."""
        return dolfinx.fem.petsc.create_matrix(self.functional.forms.jacobian)

    def linearise(self, tau: float) -> None:
        """Make ``C + tau K`` at the present state the matrix of :meth:`solve_linear`."""
        self._assemble_system(tau)
        ksp = self._snes.getKSP()
        ksp.setOperators(self._system.operator)
        ksp.setFromOptions()

    def solve_linear(self, rhs: Floats) -> Floats:
        """Apply the inverse of the last Jacobian (fixed rows: zero, or moving with an unknown potential) to owned rows.

        Raises:
            ConvergenceError: The linear solver did not converge.
        """
        interrupts.stop_if_asked(self.comm)
        b, x = self._system.operator.createVecs()
        self._system.join(b, np.where(self._free, rhs, 0.0), self._system.dot(self._floating.lift, rhs))
        ksp = self._snes.getKSP()
        try:
            ksp.solve(b, x)
        except PETSc.Error as error:
            self._build()
            raise_ours(error)
            raise
        result = self._owned(x).copy()
        b.destroy()
        x.destroy()
        if ksp.getConvergedReason() < 0:
            raise ConvergenceError(
                f"The error of a step could not be estimated: {linear_reason(int(ksp.getConvergedReason()))}.",
                where="solver",
                hint="Use solver.linear: direct, or raise ksp_max_it in solver.petsc_options.",
            )
        return result

    def destroy(self) -> None:
        """Free PETSc's objects and options."""
        self._discard()
        self._system.destroy()
        self._matrix.destroy()
        self.options.clear()

    def _forget_factors(self) -> None:
        """Let the next solve factorise afresh: MUMPS refuses to, once a factorisation has failed."""
        self._snes.getKSP().reset()

    def _owned(self, x: PETSc.Vec) -> Floats:
        """Owned rows of a vector of the system, those that float moved by their unknown."""
        rows, potentials = self._system.split(x)
        return rows + potentials @ self._floating.lift if self._system.count else rows

    def _load(self, x: PETSc.Vec) -> None:
        self.functional.y.x.array[: self._n] = self._owned(x)
        self.functional.y.x.scatter_forward()

    def _residual(self, snes: PETSc.SNES, x: PETSc.Vec, f: PETSc.Vec) -> None:
        self._load(x)
        self._left = self.unbalanced(self._target)
        tau = float(self.functional.parameters.tau.value)
        unbalanced = self._floating.unbalanced(self._left, tau, self._system)
        self._system.join(f, np.where(self._free, self._left, 0.0), unbalanced)

    def _jacobian(self, snes: PETSc.SNES | None, x: PETSc.Vec | None, a: PETSc.Mat, p: PETSc.Mat) -> None:
        self._assemble_system(float(self.functional.parameters.tau.value))

    def _assemble_system(self, tau: float) -> None:
        self.assemble_jacobian(self._matrix, tau)
        self._floating.border(self._system, self._free)
        self._matrix.zeroRowsColumns(self._global_fixed, 1.0)

    def _tangent_step(self, missing: Floats) -> int:
        """Newton step that also carries the fixed rows to their values; returns KSP's reason."""
        ksp, system, tau = self._snes.getKSP(), self._system, float(self.functional.parameters.tau.value)
        move, right = self._matrix.createVecs()
        move.array[:], right.array[:] = missing, self.unbalanced(self._target)
        self.assemble_jacobian(self._matrix, tau)
        self._floating.border(system, self._free)
        reaction = right.array_r - system.times(missing) if system.count else right.array_r
        unbalanced = self._floating.unbalanced(reaction, tau, system)
        self._matrix.zeroRowsColumns(self._global_fixed, 1.0, move, right)
        system.join(self._f, right.array_r, unbalanced)
        ksp.setOperators(system.operator)
        step = system.operator.createVecRight()
        ksp.setFromOptions()
        try:
            ksp.solve(self._f, step)
            reason = int(ksp.getConvergedReason())
        except PETSc.Error as error:
            self._build()
            raise_ours(error)
            reason = int(PETSc.KSP.ConvergedReason.DIVERGED_PCSETUP_FAILED)
        if reason > 0:
            self.functional.y.x.array[: self._n] -= self._owned(step)
            self.functional.y.x.scatter_forward()
        for vector in (move, right, step):
            vector.destroy()
        return reason

    def _test(self, snes: PETSc.SNES, iteration: int, norms: tuple[float, float, float]) -> int | None:
        reasons = PETSc.SNES.ConvergedReason
        # Nothing is raised through PETSc: the solve ends here, and its caller raises.
        if not np.isfinite(norms[2]) or interrupts.asked(self.comm):
            return int(reasons.DIVERGED_FUNCTION_DOMAIN)
        if iteration == 0:
            return None
        step = snes.getSolutionUpdate().norm(PETSc.NormType.NORM_INFINITY)
        self._updates.append(step)
        if not np.isfinite(step):
            return int(reasons.DIVERGED_FUNCTION_DOMAIN)
        if is_settled(self._updates):
            return int(reasons.CONVERGED_SNORM_RELATIVE)
        if iteration >= self._maximum:
            return int(reasons.DIVERGED_MAX_IT)
        return None

    def _why(self, reason: int) -> str:
        if reason == int(PETSc.SNES.ConvergedReason.DIVERGED_LINEAR_SOLVE):
            return linear_reason(int(self._snes.getKSP().getConvergedReason()))
        if reason == int(PETSc.SNES.ConvergedReason.DIVERGED_MAX_IT):
            return f"Newton's method did not converge in {self._maximum} iterations"
        return "the residual became infinite or not a number"
