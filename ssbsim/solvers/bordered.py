r"""A few unknowns that live at no point beside a sparse matrix: ``[A B; C D]``, with the preconditioner M of A kept as it is.

A is distributed by rows, with its own direct solver or multigrid. B has one column and C one row for each scalar; the scalars
are the last entries of the vectors, on the last rank. One application of the preconditioner, with ``W ~ -A^-1 B`` and
``S ~ D - C A^-1 B``, is block elimination with M in the place of ``A^-1``::

    x = M r,   s = S^-1 (rho - C x),   x += W s

With W exact the preconditioned matrix has the eigenvalues of ``M A`` and ones, so that a Krylov method takes the iterations
that it takes for A, and one or two more; where M is a factorisation it is the solution, as ``preonly`` asks for.

W comes from M as well: M applied once to what is left of ``A W = -B``, starting from the W of the matrix before, which differs
little from one iteration of Newton's method to the next; that and no solve is the price of a scalar. S is small beside D where
the field of the scalar ends in a thin layer, so it is taken from the energy, ``S = D + C W + W^T (B + A W)``, whose error is of
the second order in that of W where A is symmetric. Measured over steps of 1e-3 to 100 diffusion times (test_floating.py): the
iterations of A, and one more for every Newton iteration at the most; two solves with A for every vector, the textbook
elimination, would double them.

Bordering and its block elimination: W. Govaerts, Numerical Methods for Bifurcations of Dynamical Equilibria (2000), chapter 3,
doi 10.1137/1.9780898719543.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from mpi4py import MPI
from petsc4py import PETSc

Floats = npt.NDArray[np.float64]


class BorderedSystem:
    """The bordered matrix and its preconditioner; without scalars the matrix itself and its own.

    Args:
        matrix: A; its values may change, :meth:`set_border` says that they did.
        count: Scalars.

    Attributes:
        operator: ``[A B; C D]`` for PETSc.
    """

    def __init__(self, matrix: PETSc.Mat, count: int) -> None:
        self.matrix = matrix
        self.count = count
        self._comm: MPI.Comm = matrix.comm.tompi4py()
        self._n = int(matrix.getLocalSize()[0])
        self._is_last = self._comm.rank == self._comm.size - 1
        self._one, self._other = matrix.createVecs()
        self.columns: Floats = np.zeros((count, self._n))
        self.rows: Floats = np.zeros((count, self._n))
        self.corner: Floats = np.zeros((count, count))
        self.operator = matrix
        if count:
            size = self._n + (count if self._is_last else 0)
            product = _Product(self)
            self.operator = PETSc.Mat().createPython(((size, None), (size, None)), context=product, comm=matrix.comm)
            self.operator.setUp()

    def set_border(self, columns: Floats, rows: Floats, corner: Floats) -> None:
        """Give B and C by their owned entries, shape (count, n), and D; A has its values by now."""
        self.columns, self.rows, self.corner = columns, rows, corner
        if self.count:
            self.operator.stateIncrease()

    def precondition(self, pc: PETSc.PC, prefix: str) -> PETSc.PC:
        """Make a preconditioner that of the bordered matrix; returns that of A, which takes the options of the prefix.

        It belongs to ``pc`` and goes with it.
        """
        if not self.count:
            return pc
        inner = PETSc.PC().create(self.matrix.comm)
        inner.setOptionsPrefix(prefix)
        inner.setOperators(self.matrix)
        inner.setFromOptions()
        pc.setOptionsPrefix(f"{prefix}border_")
        pc.setType("python")
        pc.setPythonContext(_Elimination(self, inner))
        return inner

    def split(self, vector: PETSc.Vec) -> tuple[Floats, Floats]:
        """The owned rows of a vector, and its scalars on every rank."""
        values: Floats = vector.array_r
        if not self.count:
            return values, np.zeros(0)
        scalars = values[self._n :].copy() if self._is_last else np.empty(self.count)
        self._comm.Bcast(scalars, root=self._comm.size - 1)
        return values[: self._n], scalars

    def join(self, vector: PETSc.Vec, rows: Floats, scalars: Floats) -> None:
        """Fill a vector."""
        vector.array[: self._n] = rows
        if self._is_last:
            vector.array[self._n :] = scalars

    def dot(self, left: Floats, right: Floats) -> Floats:
        """Products of vectors of owned rows, or of stacks of them, over all ranks."""
        if not self.count:
            return np.zeros(0)
        return np.asarray(self._comm.allreduce(left @ right.T, op=MPI.SUM))

    def times(self, rows: Floats) -> Floats:
        """A times a vector."""
        self._one.array[:] = rows
        self.matrix.mult(self._one, self._other)
        return self._other.array_r.copy()

    def times_transposed(self, rows: Floats) -> Floats:
        """The transpose of A times a vector."""
        self._one.array[:] = rows
        self.matrix.multTranspose(self._one, self._other)
        return self._other.array_r.copy()

    def destroy(self) -> None:
        """Free PETSc's objects, but not the matrix."""
        if self.count:
            self.operator.destroy()
        for vector in (self._one, self._other):
            vector.destroy()


class _Product:
    """The bordered matrix as PETSc multiplies with it."""

    def __init__(self, system: BorderedSystem) -> None:
        self._system = system

    def mult(self, operator: PETSc.Mat, x: PETSc.Vec, y: PETSc.Vec) -> None:
        """``y = [A B; C D] x``."""
        system = self._system
        rows, scalars = system.split(x)
        below = system.dot(system.rows, rows) + system.corner @ scalars
        system.join(y, system.times(rows) + scalars @ system.columns, below)


class _Elimination:
    """The preconditioner as PETSc calls it.

    Args:
        system: The matrix.
        inner: M, the preconditioner of A.
    """

    def __init__(self, system: BorderedSystem, inner: PETSc.PC) -> None:
        self._system = system
        self._inner = inner
        self._answers: Floats = np.zeros_like(system.columns)
        self._complement: Floats = np.zeros_like(system.corner)
        self._one, self._other = system.matrix.createVecs()

    def setUp(self, pc: PETSc.PC) -> None:  # noqa: N802 (PETSc's name)
        """Take in new values of the matrix and its border."""
        system = self._system
        self._inner.setOperators(system.matrix)
        self._inner.setUp()
        reason = self._inner.getFailedReason()
        pc.setFailedReason(reason)
        if reason:
            return
        self._answers = self._answers - np.stack([self._inverse(rest) for rest in self._rest()])
        products = system.dot(system.rows, self._answers) + system.dot(self._answers, self._rest())
        self._complement = system.corner + products

    def apply(self, pc: PETSc.PC, b: PETSc.Vec, x: PETSc.Vec) -> None:
        """Block elimination with M in the place of the inverse of A."""
        system = self._system
        rows, scalars = system.split(b)
        change = self._inverse(rows)
        found = np.asarray(
            np.linalg.solve(self._complement, scalars - system.dot(system.rows, change)), dtype=np.float64
        )
        system.join(x, change + found @ self._answers, found)

    def reset(self, pc: PETSc.PC) -> None:
        """Forget factors and answers."""
        self._inner.reset()
        self._answers = np.zeros_like(self._answers)

    def destroy(self, pc: PETSc.PC) -> None:
        """Free PETSc's objects."""
        for thing in (self._inner, self._one, self._other):
            thing.destroy()

    def _rest(self) -> Floats:
        """``B + A W``."""
        return self._system.columns + np.stack([self._system.times(answer) for answer in self._answers])

    def _inverse(self, rows: Floats) -> Floats:
        """M times a vector."""
        self._one.array[:] = rows
        self._inner.apply(self._one, self._other)
        return self._other.array_r.copy()
