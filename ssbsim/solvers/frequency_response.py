r"""The cell linearised at a state, under a small potential at one terminal.

With ``C = d2S/dy2`` and ``K = d2R/dy2`` (K with the derivative of the mobility, which matters away from equilibrium) a small
potential ``v exp(s t)`` at the driven terminal changes the fields by ``v u exp(s t)``::

    (K + s C) u + s g = 0            on free rows,         u = lift on fixed rows
    Y(s) = <lift, (K + s C) u> + s (<g, u> + c)            current of the terminal over v

In the rows of phi in Poisson phases K is zero and the first line is Poisson's equation. The lift is 1 for a potential and z
for the electrochemical potential of a species; behind a Stern capacity nothing is fixed, ``g = d2S/dy dv`` and ``c = d2S/dv2``.
At equilibrium C and K are symmetric and positive, and C is symmetric always.

``s C + K = s J(1/s)`` with the Jacobian J(tau) of an implicit step, so that for real s the solver of the steps solves this too,
by the same factorisation or multigrid.

Rounding. K applied to a constant is zero, but ``1e-16 M/h`` is left of it, which at low frequencies outweighs ``s C``. What
phases dissipate is therefore taken from the deviation of every field from its mean over a region, where that is the same.
C changes nothing that moves mu and phi together by ``mu = z phi``, but ``1e-16 c`` is left of it, which at high frequencies and
long cells, ``(L/lambda)^2`` times shorter of charge, outweighs the field. What phases store is therefore the sum of what the sites
store by ``a = mu - z phi`` and of what the field stores by the differences of phi. Products ``u (K + s C) u`` so made have
errors of the second order, as energies should.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from mpi4py import MPI
from petsc4py import PETSc

from ssbsim.errors import CaseError, ConvergenceError
from ssbsim.physics import POTENTIAL
from ssbsim.solvers.newton import ImplicitSolver

Floats = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]

#: Step with which K is taken out of the Jacobian C + tau K without losing digits of it.
_LONG = 2.0**40
#: Row sums of K below this share of its diagonal are rounding.
_NOTHING = 1e-9
#: Energy of a response, over that of the drive alone, that rounding leaves of nothing: the square of that of a field.
_SILENT = 1e-24
#: A correction with this share of the energy that no longer shrinks is rounding, whatever is lost between the terminals.
_ROUNDING = 1e-12
#: What may be lost, over the tolerance, without another correction: they cost little beside a matrix.
_CLOSE = 1e-3
#: Corrections that a solve may need.
_CORRECTIONS = 4


@dataclass(frozen=True)
class Drive:
    """How the outside enters.

    Args:
        lift: Values on the rows that the driven terminal fixes, zero elsewhere; owned rows.
        push: ``g`` on owned rows.
        capacity: ``c``.
        part: Name of the part that stores g and c; empty where they are zero.
    """

    lift: Floats
    push: Floats
    capacity: float
    part: str = ""


@dataclass(frozen=True)
class ResponseMatrices:
    """C and K of the cell or of one part of it.

    Args:
        sites: C of phases, for ``(a, 0)``.
        field: C of phases for phi alone, at fixed a: of the rows of phi only.
        planes: C of interfaces and Stern layers, or ``None``.
        phases: K of what phases dissipate.
        interfaces: K of what interfaces dissipate, or ``None``.
        driven: Whether g and c belong to it.
    """

    sites: PETSc.Mat
    field: PETSc.Mat
    planes: PETSc.Mat | None
    phases: PETSc.Mat
    interfaces: PETSc.Mat | None
    driven: bool

    def destroy(self) -> None:
        """Free the matrices."""
        for matrix in (self.sites, self.field, self.planes, self.phases, self.interfaces):
            if matrix is not None:
                matrix.destroy()


class FrequencyResponse:
    """C, K and the drive at the present state of a functional. Everything is collective.

    Args:
        solver: Solver of the implicit steps; ``functional.y`` holds the state.
        drive: The drive.
        regions: Region of every owned node, counted from 0.

    Attributes:
        solves: Real solves made so far.
        shifts: Real matrices factorised, or set up, so far.
        imbalance: Largest current that a solution lost between the terminals, over its current.
    """

    def __init__(self, solver: ImplicitSolver, drive: Drive, regions: Ints) -> None:
        self.solver = solver
        self.comm: MPI.Comm = solver.comm
        self.drive = drive
        functional = solver.functional
        self._free = solver.free_rows
        self._unknowns = functional.placement.unknowns
        fields = len(self._unknowns)
        self._balance = np.tile(self._unknowns.charge_numbers, len(regions))
        self._exists = np.ones(fields * len(regions), dtype=np.bool_)
        self._exists[functional.placement.rows.absent] = False
        groups = (fields * regions[:, None] + np.arange(fields)).reshape(-1)
        self._groups = groups[self._exists]
        self._n_groups = fields * (self.comm.allreduce(int(regions.max(initial=0)), op=MPI.MAX) + 1)
        counts = np.bincount(self._groups, minlength=self._n_groups).astype(np.float64)
        self._counts = np.maximum(self._sum(counts), 1.0)
        self._has_broken = any(interface.broken for interface in functional.placement.interfaces)
        self.matrices = self.matrices_of(None)
        self._levels = self._find_levels()
        self._shift = 0.0
        self.solves = self.shifts = 0
        self.imbalance = 0.0

    def destroy(self) -> None:
        """Free PETSc's objects."""
        self.matrices.destroy()

    def dot(self, a: Floats, b: Floats) -> Any:
        """Products of vectors of owned rows, over all ranks; of stacks of vectors all products."""
        return self._sum(np.asarray(a @ b.T))

    def matrices_of(self, part: str | None) -> ResponseMatrices:
        """C and K of one part of the functional, or of all for ``None``; the caller destroys them."""
        functional = self.solver.functional
        phases = set(functional.placement.phases)
        chosen = set(functional.parameters.weights) if part is None else {part}
        inner, other = chosen & phases, chosen - phases
        try:
            sites = self._assembled(inner, 0.0)
            planes = self._assembled(other, 0.0) if other else None
            dissipated = self._dissipation(inner)
            across = self._dissipation(other) if other and self._has_broken else None
        finally:
            for weight in functional.parameters.weights.values():
                weight.value = 1.0
        driven = part is None or part == self.drive.part
        return ResponseMatrices(sites, self._field(sites), planes, dissipated, across, driven)

    def stored(self, matrices: ResponseMatrices, u: Floats) -> Floats:
        """``C u`` of a vector of owned rows."""
        product = _multiply(matrices.sites, self._site_part(u))
        self._phi(product)[:] += _multiply(matrices.field, self._phi(u))
        return product if matrices.planes is None else product + _multiply(matrices.planes, u)

    def dissipated(self, matrices: ResponseMatrices, u: Floats) -> Floats:
        """``K u`` of a vector of owned rows."""
        product = _multiply(matrices.phases, self.deviation(u))
        return product if matrices.interfaces is None else product + _multiply(matrices.interfaces, u)

    def quadratic(self, matrices: ResponseMatrices, fields: Floats, driven: Floats) -> tuple[Floats, Floats]:
        """``x_i (C x_j)`` and ``x_i (K x_j)`` of all fields, the potential of the driven terminal included.

        Args:
            matrices: Of which part.
            fields: One field in each row, owned rows only.
            driven: Potential of the driven terminal in each.
        """
        stored = self._products(matrices.sites, [self._site_part(u) for u in fields])
        stored = stored + self._products(matrices.field, [self._phi(u) for u in fields])
        dissipated = self._products(matrices.phases, [self.deviation(u) for u in fields])
        if matrices.planes is not None:
            stored = stored + self._products(matrices.planes, fields)
        if matrices.interfaces is not None:
            dissipated = dissipated + self._products(matrices.interfaces, fields)
        if matrices.driven:
            push = self.dot(fields, self.drive.push)
            stored = stored + np.outer(push, driven) + np.outer(driven, push)
            stored = stored + self.drive.capacity * np.outer(driven, driven)
        return stored, dissipated

    def residual(self, u: Floats, s: complex) -> Any:
        """``(K + s C) u + s g`` on owned rows, for a field that has the lift on fixed rows."""
        return self.apply(u, s) + s * self.drive.push

    def apply(self, u: Any, s: complex) -> Any:
        """``(K + s C) u`` on owned rows."""
        if np.iscomplexobj(u):
            return self.apply(u.real, s) + 1j * self.apply(u.imag, s)
        return self.dissipated(self.matrices, u) + s * self.stored(self.matrices, u)

    def admittance(self, u: Any, s: complex) -> Any:
        """Current of the driven terminal, from the rows that it fixes and the charge behind its capacity."""
        inner = self.dot(self.drive.lift, self.apply(u, s))
        return inner + s * (self.dot(self.drive.push, u) + self.drive.capacity)

    def set_shift(self, s: float) -> None:
        """Make ``K + s C`` with a real positive s the matrix of :meth:`inverse`."""
        self.solver.linearise(1.0 / s)
        self._shift = s
        self.shifts += 1

    def inverse(self, rhs: Floats) -> Floats:
        """Solve ``(K + s C) u = rhs`` on free rows, ``u = 0`` on fixed ones, at the shift set last.

        Raises:
            ConvergenceError: The linear solver did not converge.
        """
        self.solves += 1
        return self.solver.solve_linear(rhs) / self._shift

    def solution(self, tolerance: float) -> Floats:
        """The response u at the shift set last, corrected until the terminals agree on the current.

        Raises:
            ConvergenceError: They do not agree to ``tolerance``.
            CaseError: Nothing answers: the impedance is infinite.
        """
        s, u = self._shift, self.drive.lift.copy()
        lost = left = np.inf
        alone = self.energy(u, s)
        for _ in range(_CORRECTIONS):
            change = self.inverse(self.residual(u, s))
            u = u - change
            if not self.energy(u, s) > _SILENT * alone:
                raise CaseError(
                    "No current answers the alternating potential: the impedance is infinite.",
                    where="impedance",
                    hint="Let two terminals hold a potential, and give the broken contacts between them a law that lets a species "
                    "cross or that charges the two sides.",
                )
            lost = self.lost(u, s)
            before, left = left, self.energy(change, s) / self.energy(u, s)
            if lost <= _CLOSE * tolerance or (left <= _ROUNDING and left > 0.1 * before):
                break
        if not (lost <= tolerance or left <= _ROUNDING):
            raise ConvergenceError(
                f"The linear response was not solved: {lost:.2g} of the current is lost between the terminals.",
                where="impedance",
                hint="Use solver.linear: direct, or lower ksp_rtol in solver.petsc_options.",
            )
        self.imbalance = max(self.imbalance, lost)
        return u

    def derivative(self, u: Floats) -> Floats:
        """``du/ds`` at the shift set last, of the response u there."""
        right = self.stored(self.matrices, u) + self.drive.push
        found = -self.inverse(right)
        return found - self.inverse(self.apply(found, self._shift) + right)

    def lost(self, u: Any, s: complex) -> float:
        """Sum of the currents of all terminals over that of the driven one: what the residual takes away."""
        missing = np.where(self._free, self._balance * self.residual(u, s), 0.0).sum()
        return float(abs(self.comm.allreduce(missing)) / abs(self.admittance(u, s)))

    def energy(self, u: Any, s: float) -> float:
        """``u^H (K + s C) u`` for a real s, without the outside: of a correction the error of Y that it mends."""
        fields = np.array([u.real, u.imag]) if np.iscomplexobj(u) else u[None, :]
        stored, dissipated = self.quadratic(self.matrices, fields, np.zeros(len(fields)))
        return float(np.trace(dissipated + s * stored))

    def deviation(self, u: Floats) -> Floats:
        """A field less its mean over each region, where K does not see the mean."""
        sums = np.bincount(self._groups, weights=u[self._exists], minlength=self._n_groups)
        means = self._sum(sums) / self._counts * self._levels
        result = u.copy()
        result[self._exists] -= means[self._groups]
        return result

    def _sum(self, values: Floats) -> Any:
        total = np.empty_like(np.atleast_1d(values))
        self.comm.Allreduce(np.ascontiguousarray(np.atleast_1d(values)), total, op=MPI.SUM)
        return total.reshape(np.shape(values))

    def _products(self, matrix: PETSc.Mat, fields: Any) -> Any:
        return self.dot(np.array(fields), np.array([_multiply(matrix, u) for u in fields]))

    def _phi(self, u: Floats) -> Floats:
        return self._unknowns.column(u, POTENTIAL)

    def _site_part(self, u: Floats) -> Floats:
        """``(mu - z phi, 0)``."""
        a = self._unknowns.table(u) - self._phi(u)[:, None] * self._unknowns.charge_numbers
        return np.where(self._exists, a.reshape(-1), 0.0)

    def _field(self, sites: PETSc.Mat) -> PETSc.Mat:
        """What phi stores at fixed a: the rows of phi between different nodes, and on the diagonal minus their sum."""
        n, phi = len(self._unknowns), self._unknowns.index(POTENTIAL)
        first, last = sites.getOwnershipRange()
        rows = PETSc.IS().createStride((last - first) // n, first + phi, n, comm=self.comm)
        matrix = sites.createSubMatrix(rows, rows)
        rows.destroy()
        diagonal, ones = matrix.createVecRight(), matrix.createVecRight()
        ones.set(1.0)
        matrix.setDiagonal(diagonal)
        matrix.mult(ones, diagonal)
        diagonal.scale(-1.0)
        matrix.setDiagonal(diagonal)
        diagonal.destroy()
        ones.destroy()
        return matrix

    def _assembled(self, chosen: set[str], tau: float) -> PETSc.Mat:
        for name, weight in self.solver.functional.parameters.weights.items():
            weight.value = float(name in chosen)
        matrix = self.solver.new_matrix()
        self.solver.assemble_jacobian(matrix, tau)
        return matrix

    def _dissipation(self, chosen: set[str]) -> PETSc.Mat:
        """K of some parts: ``(J(tau) - C)/tau``, with tau so long that C does not show."""
        matrix, storage = self._assembled(chosen, _LONG), self._assembled(chosen, 0.0)
        matrix.axpy(-1.0, storage, PETSc.Mat.Structure.SAME_NONZERO_PATTERN)
        matrix.scale(1.0 / _LONG)
        storage.destroy()
        return matrix

    def _find_levels(self) -> Floats:
        """1 for every group whose constant K takes to zero; 0 away from equilibrium, where the mobility changes with it."""
        n = len(self._unknowns)
        diagonal = self.matrices.phases.getDiagonal()
        size = float(np.sqrt(self.dot(diagonal.array_r, diagonal.array_r)))
        diagonal.destroy()
        levels = np.zeros(self._n_groups)
        for k in range(n):
            constant = np.zeros(len(self._exists))
            constant[k::n] = 1.0
            left = _multiply(self.matrices.phases, constant)
            levels[k::n] = float(np.sqrt(self.dot(left, left)) <= _NOTHING * size)
        return levels


def _multiply(matrix: PETSc.Mat, u: Floats) -> Floats:
    x, b = matrix.createVecs()
    x.array[:] = u
    matrix.mult(x, b)
    product: Floats = b.array_r.copy()
    x.destroy()
    b.destroy()
    return product
