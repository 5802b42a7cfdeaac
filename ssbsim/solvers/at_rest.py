r"""The state in which nothing flows: find the minimum of ``S(y) - <target, y>`` over all y that are at rest.

At rest y is given by a few numbers s where species exchange (:mod:`~ssbsim.physics.pools`), ``y = L s + g`` with the values g
that terminals give, and by itself on rows that stand alone, which are phi in Poisson phases above all. With ``q = dS/dy``::

    q - target = 0            on rows that stand alone: Gauss's law, and the amount of what does not move
    L^T (q - target) = 0      the amount of all that nothing supplies

S is convex, so that this problem, the nonlinear Poisson-Boltzmann equation with its constraints, has one solution, and neither
mobilities nor a step enter it. Newton's method with its equations bordered (:mod:`~ssbsim.solvers.bordered`)::

    A = C on rows that stand alone,   B = C L,   D = L^T C L,      C = dq/dy

and with a length of every step, ``y + a d``, from the slope ``g(a) = d . (q(y + a d) - target)``, which rises with a and is
zero at the minimum along d: a is 1 where that leaves less than a quarter of the slope at 0, else it is searched for. Such a
method converges from everywhere (S. Boyd, L. Vandenberghe, Convex Optimization (2004), section 9.5), also where sites are full
and C says nothing about how far it is to where they are not. The first step carries y to ``L s + g`` and is not cut.

What y cannot show. On a fine mesh eps V/h times the unit roundoff may be more than all the charge of a layer of few ions, and
no double is near enough to the solution for Gauss's law at every node. So the last step ``d`` is not made, and what is stored
and supplied is ``q + C d``, in which the rounding of one node cancels that of its neighbour.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from mpi4py import MPI
from petsc4py import PETSc

from ssbsim import interrupts
from ssbsim.physics import Pools
from ssbsim.solvers.bordered import BorderedSystem
from ssbsim.solvers.convergence import ROUNDING, is_settled, largest_row
from ssbsim.solvers.linear import SINGULAR, linear_reason, raise_ours
from ssbsim.solvers.newton import ImplicitSolver, NewtonReport
from ssbsim.solvers.splitting import split_fields
from ssbsim.solvers.stepping import StepReport, TimePoint

Floats = npt.NDArray[np.float64]

#: Slope at the end of a step over that at its beginning that is small enough.
_SLOPE = 0.25
#: The longest step that is tried, and the trials for one.
_LONGEST = 64.0
_TRIALS = 60


class RestSolver:
    """Solver of the state at rest.

    Args:
        solver: That of implicit steps, whose forms and options it shares.
        pools: What exchanges what.
    """

    def __init__(self, solver: ImplicitSolver, pools: Pools) -> None:
        self._solver = solver
        self._pools = pools
        self._functional = solver.functional
        placement = self._functional.placement
        self._comm: MPI.Comm = solver.comm
        self._n = placement.n_owned_rows
        #: L, by number.
        self._lift = pools.on_rows(pools.open_numbers.T)
        self._alone = pools.of_row < 0
        self._alone[placement.rows.absent] = False
        imposed = np.flatnonzero(~self._alone).astype(np.int32)
        first_row = placement.space.dofmap.index_map.local_range[0] * len(placement.unknowns)
        self._global_imposed = (imposed + first_row).astype(PETSc.IntType)
        self._matrix = solver.new_matrix()
        self._matrix.setOption(PETSc.Mat.Option.KEEP_NONZERO_PATTERN, True)
        self._matrix.setOption(PETSc.Mat.Option.NO_OFF_PROC_ZERO_ROWS, True)
        self._system = BorderedSystem(self._matrix, len(self._lift))
        self._ksp = PETSc.KSP().create(self._comm)
        self._ksp.setOptionsPrefix(solver.options.prefix)
        self._ksp.setOperators(self._system.operator)
        inner = self._system.precondition(self._ksp.getPC(), solver.options.prefix)
        self._ksp.setFromOptions()
        split_fields(inner, solver.options, placement.unknowns, imposed)
        self._right, self._step = self._system.operator.createVecs()

    def destroy(self) -> None:
        """Free PETSc's objects."""
        for thing in (self._ksp, self._right, self._step):
            thing.destroy()
        self._system.destroy()
        self._matrix.destroy()

    def step(self, point: TimePoint) -> StepReport:
        """From a point to the state at rest with the same amounts, at the values that terminals apply."""
        placement, y = self._functional.placement, self._functional.y.x
        y.array[: self._n] = point.y
        self._functional.rest.x.array[:] = 0.0
        stores = ~placement.rows.instantaneous
        carries = stores | self._solver.floating_rows
        target = np.where(carries, point.q, 0.0)
        report, refined = self._solve(target)
        if refined is None:
            y.array[: self._n] = point.y
            y.scatter_forward()
            return StepReport(None, (report,), math.nan, np.zeros(self._n))
        found = y.array[: self._n].copy()
        for fixed in placement.rows.fixed:
            if self._max(self._solver.floating_rows[fixed.rows]):
                fixed.applied.set(self._max(found[fixed.rows]) - fixed.applied.origin)
        supply = np.where(stores | self._solver.free_rows, 0.0, refined)
        new = TimePoint(point.time, found, np.where(carries, refined, 0.0), None, supply)
        return StepReport(new, (report,), math.nan, np.zeros(self._n))

    def imbalances(self, before: TimePoint, after: TimePoint) -> dict[str, float]:
        """By how much the balances of the present state are not met: what, and how much of it."""
        placement = self._functional.placement
        instantaneous = placement.rows.instantaneous
        q = self._solver.assemble(self._functional.forms.charges)
        change, size = q - before.q, np.abs(q) + np.abs(before.q)
        still = self._alone & ~instantaneous
        amounts = {f"the amount of {self._pools.names(i)}, relative": lift for i, lift in enumerate(self._lift)}
        found = {
            what: _ratio(self._sum(lift * change), self._sum(np.abs(lift) * size)) for what, lift in amounts.items()
        }
        found["the amounts of what does not move, relative"] = _ratio(
            self._sum(np.abs(change[still])), self._sum(size[still])
        )
        ions = np.where(instantaneous, 0.0, q * np.tile(placement.unknowns.charge_numbers, placement.n_owned_nodes))
        charge = self._sum(np.where(instantaneous, q - after.supply, 0.0))
        found["the charge, relative"] = _ratio(charge, self._sum(np.abs(ions)) + self._sum(np.abs(after.supply)))
        for fixed in placement.rows.fixed:
            what = f"{fixed.field} at terminal '{fixed.terminal}', in kT"
            found[what] = max(self._max(np.abs(after.y[fixed.rows] - fixed.applied.value)), 0.0)
        return found

    def _solve(self, target: Floats) -> tuple[NewtonReport, Floats | None]:
        """Newton's method from the present y; returns ``q + C d`` too."""
        y, maximum = self._functional.y.x.array, self._solver.maximum_iterations
        missing = np.where(self._alone, 0.0, y[: self._n] - self._goal(y[: self._n], target))
        moves = self._max(np.abs(missing)) > ROUNDING
        if not moves:
            y[: self._n] -= missing
        left = self._left(target)
        updates: list[float] = []
        linear = 0
        change: Floats = np.zeros(self._n)
        for iteration in range(1, maximum + 1):
            self._linearise()
            found = self._newton_step(left, missing if moves else None)
            linear += max(self._ksp.getIterationNumber(), 1)
            reason = SINGULAR if found is None else linear_reason(int(self._ksp.getConvergedReason()))
            update = math.inf if found is None else self._max(np.abs(found))
            if found is None or self._ksp.getConvergedReason() < 0 or not np.isfinite(update):
                self._ksp.reset()
                return NewtonReport(False, reason, iteration, linear, update, *largest_row(self._comm, change)), None
            change = found
            length, left = self._move(change, left, target, whole=moves or update < ROUNDING)
            updates = [*updates, update] if length == 1.0 and not moves else []
            moves = False
            if updates and is_settled(updates):
                return NewtonReport(True, "converged", iteration, linear, update), self._refined(left)
        text = f"Newton's method did not converge in {maximum} iterations"
        return NewtonReport(False, text, maximum, linear, update, *largest_row(self._comm, change)), None

    def _refined(self, left: Floats) -> Floats | None:
        """``q + C d`` with the matrix of the last step; ``None`` if d is not found."""
        change = self._newton_step(left, None)
        if change is None or self._ksp.getConvergedReason() < 0:
            return None
        self._solver.assemble_jacobian(self._matrix, 0.0)
        return self._solver.assemble(self._functional.forms.charges) + self._system.times(change)

    def _goal(self, y: Floats, target: Floats) -> Floats:
        """``L s + g`` with every s the mean of what it is the level of, weighted with the amounts there."""
        weights = np.abs(target)
        numbers = []
        for lift in self._lift:
            own = lift == 1.0
            for weight in (weights[own], np.ones(int(own.sum()))):
                total = self._sum(weight)
                if total > 0.0:
                    break
            numbers.append(self._sum(weight * y[own]) / total if total > 0.0 else 0.0)
        found = self._pools.applied() + self._pools.open_numbers @ np.array(numbers).reshape(-1)
        return self._pools.on_rows(found)

    def _left(self, target: Floats) -> Floats:
        """``q - target`` at the present y."""
        self._functional.y.x.scatter_forward()
        return self._solver.assemble(self._functional.forms.charges) - target

    def _linearise(self) -> None:
        """The bordered matrix of the present y, with the rows of pools still in A."""
        system = self._system
        self._solver.assemble_jacobian(self._matrix, 0.0)
        if system.count:
            columns = np.stack([system.times(lift) for lift in self._lift])
            # C is symmetric: it is the second derivative of S.
            border = np.where(self._alone, columns, 0.0)
            system.set_border(border, border, system.dot(self._lift, columns))

    def _newton_step(self, left: Floats, missing: Floats | None) -> Floats | None:
        """Change of y by a Newton step that also takes what is ``missing`` on imposed rows; ``None`` if it cannot be made.

        Without ``missing`` it also serves a second time with the same matrix.
        """
        system = self._system
        reaction, imposed = (left, 0.0) if missing is None else (left - system.times(missing), missing)
        self._matrix.zeroRowsColumns(self._global_imposed, 1.0)
        system.join(self._right, np.where(self._alone, reaction, imposed), system.dot(self._lift, reaction))
        self._ksp.setOperators(system.operator)
        try:
            self._ksp.solve(self._right, self._step)
        except np.linalg.LinAlgError:
            return None
        except PETSc.Error as error:
            if not isinstance(error.__cause__, np.linalg.LinAlgError):
                raise_ours(error)
            return None
        interrupts.stop_if_asked(self._comm)
        rows, numbers = system.split(self._step)
        return -(rows + numbers @ self._lift) if system.count else -rows

    def _move(self, change: Floats, left: Floats, target: Floats, *, whole: bool) -> tuple[float, Floats]:
        """Add as much of a change to y as brings the slope along it near zero; returns how much, and what is left there."""
        y = self._functional.y.x.array
        start = y[: self._n].copy()
        slope = self._sum(change * left)

        def at(length: float) -> tuple[float, Floats]:
            y[: self._n] = start + length * change
            there = self._left(target)
            value = self._sum(change * there)
            return (value if np.isfinite(value) else math.inf), there

        length = 1.0
        value, there = at(length)
        if whole or slope >= 0.0:
            return length, there
        enough = _SLOPE * abs(slope)
        near, far = 0.0, math.inf
        for _ in range(_TRIALS):
            if abs(value) <= enough or (value < 0.0 and length >= _LONGEST):
                break
            near, far = (length, far) if value < 0.0 else (near, length)
            if far == math.inf:
                length *= 2.0
            elif near == 0.0:
                length *= 0.1
            else:
                length = math.sqrt(near * far)
            value, there = at(length)
        return length, there

    def _sum(self, values: npt.ArrayLike) -> float:
        return float(self._comm.allreduce(float(np.sum(values)), op=MPI.SUM))

    def _max(self, values: npt.NDArray[Any]) -> float:
        return float(self._comm.allreduce(float(np.max(values, initial=-np.inf)), op=MPI.MAX))


def _ratio(part: float, whole: float) -> float:
    """Size of a part over the whole; zero of nothing."""
    return abs(part) / whole if whole > 0.0 else 0.0


__all__ = ["RestSolver"]
