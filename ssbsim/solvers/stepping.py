r"""Steps in time of ``d/dt q(y) = f(y)`` on rows that store and ``0 = q(y)`` on rows that hold at every instant.

Conservative: a step hands on q itself, made from fluxes, so that the residual that Newton left is corrected in the next step
instead of adding up.

* :meth:`Integrator.euler` — implicit Euler; used for the first step after anything jumped, and towards steady states.
* :meth:`Integrator.trbdf2` — TR-BDF2 with its estimate e of the local error (:mod:`~ssbsim.solvers.tableau`). e is an amount;
  ``(C + tau K) dy = e`` turns it into an error of the potentials in kT, in which the tolerance is given.

The outside enters at fixed rows. There the residual ``q + tau dR/dy - target`` is ``tau`` times the rate at which the outside
supplies the row; for phi in a Poisson phase it is the charge on the electrode itself. Where a terminal is given a current its
charge is carried from step to step like an amount, so that the current charges it.

A point also says how fast the fields and these charges change there, so that a current is that of an instant. A step of
TR-BDF2 has them from its second stage, ``dy/dt = (y2 - newer y1 - older y0) / (d h)``, the very formula by which amounts
change, so that currents add up as charges do. After a jump there is no past to look back at; there
``(C + s K) dy/dt = dq/dt`` with an s far below the step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from mpi4py import MPI

from ssbsim.solvers.newton import ImplicitSolver, NewtonReport
from ssbsim.solvers.refinement import stored
from ssbsim.solvers.tableau import DIAGONAL, ERROR, GAMMA, NEWER, OLDER, WEIGHTS

Floats = npt.NDArray[np.float64]

#: s over the step after a jump.
_INSTANT = 1e-3


@dataclass(frozen=True)
class TimePoint:
    """Everything that the next step needs; arrays over owned rows, scaled.

    Args:
        time: Time.
        y: Fields.
        q: Stored amounts; zero on rows that hold at every instant, but for the charge of electrodes that are given a current.
        rate: ``dq/dt``; ``None`` after a jump.
        supply: What the outside supplies at fixed rows: a rate, or the charge itself where phi holds at every instant.
        slope: ``dy/dt`` over the last step, for the next initial guess.
        velocity: ``dy/dt`` at this point; ``None`` where no step in time led here.
        charging: ``d/dt`` of the charge that the outside supplies where phi holds at every instant; likewise.
    """

    time: float
    y: Floats
    q: Floats
    rate: Floats | None
    supply: Floats
    slope: npt.NDArray[Any] | None = None
    velocity: Floats | None = None
    charging: Floats | None = None


@dataclass(frozen=True)
class StepReport:
    """Outcome of one step.

    Args:
        accepted: The new point, or ``None`` if Newton failed.
        newton: Reports of the solves.
        error: Largest local error (kT); ``nan`` if not estimated.
        supplied: Amount supplied over the step at fixed rows (zero where phi holds at every instant).
    """

    accepted: TimePoint | None
    newton: tuple[NewtonReport, ...]
    error: float
    supplied: Floats


class Integrator:
    """Time stepping on an :class:`~ssbsim.solvers.newton.ImplicitSolver`."""

    def __init__(self, solver: ImplicitSolver) -> None:
        self.solver = solver
        self.functional = solver.functional
        self._stores = ~self.functional.placement.rows.instantaneous
        #: Rows whose q a step starts from.
        self._carries = self._stores | solver.floating_rows
        self._free = solver.free_rows
        self._n = self.functional.placement.n_owned_rows

    def start(self) -> TimePoint:
        """The reference composition of every phase at ``phi = 0``, not yet in equilibrium."""
        self._set_initial_guess()
        q = np.where(self._stores, self.solver.assemble(self.functional.forms.reference_amounts), 0.0)
        return TimePoint(0.0, self._y(), q, None, np.zeros(self._n))

    def _set_initial_guess(self) -> None:
        """Potentials of the neutral bulk of each phase; a node shared by several takes the last."""
        functional = self.functional
        unknowns, y = functional.placement.unknowns, functional.y.x.array
        y[:] = 0.0
        for name, cells in functional.placement.phase_cells.items():
            nodes = np.unique(functional.placement.space.dofmap.list[cells])
            for k, value in functional.placement.phases[name].bulk_potential.items():
                unknowns.column(y, k)[nodes] = value
        functional.y.x.scatter_forward()

    def restore(self, point: TimePoint) -> None:
        """Put the fields of a point back into the functional."""
        self._put(point.y)

    def euler(self, point: TimePoint, size: float) -> StepReport:
        """Implicit Euler from a point."""
        self._put(point.y)
        report, q, supply = self._stage(point.q, size)
        if not report.converged:
            self._put(point.y)
            return StepReport(None, (report,), math.nan, np.zeros(self._n))
        y = self._y()
        rate = np.where(self._carries, (q - point.q) / size, 0.0)
        new = TimePoint(point.time + size, y, q, rate, supply, (y - point.y) / size)
        return StepReport(new, (report,), math.nan, self._flow(supply) * size)

    def trbdf2(self, point: TimePoint, size: float) -> StepReport:
        """TR-BDF2 from a point whose rate is known."""
        if point.rate is None:
            return self._after_a_jump(self.euler(point, size), size)
        tau = DIAGONAL * size
        guess = point.y if point.slope is None else point.y + point.slope * GAMMA * size
        self._put(guess)
        first, q1, supply1 = self._stage(point.q + tau * point.rate, tau)
        if not first.converged and point.slope is not None:
            self._put(point.y)
            first, q1, supply1 = self._stage(point.q + tau * point.rate, tau)
        if not first.converged:
            self._put(point.y)
            return StepReport(None, (first,), math.nan, np.zeros(self._n))
        y1 = self._y()
        f1 = np.where(self._carries, (q1 - point.q) / tau - point.rate, 0.0)
        self._put(y1 + (y1 - point.y) * ((1.0 - GAMMA) / GAMMA))
        base = point.q + WEIGHTS[0] * size * (point.rate + f1)
        second, q2, supply2 = self._stage(base, tau)
        if not second.converged:
            self._put(y1)
            second, q2, supply2 = self._stage(base, tau)
        if not second.converged:
            self._put(point.y)
            return StepReport(None, (first, second), math.nan, np.zeros(self._n))
        y2 = self._y()
        f2 = np.where(self._carries, (q2 - base) / tau, 0.0)
        defect = size * (ERROR[0] * point.rate + ERROR[1] * f1 + ERROR[2] * f2)
        delta = self.solver.solve_linear(defect)
        error = self.solver.comm.allreduce(float(np.max(np.abs(delta), initial=0.0)), op=MPI.MAX)
        flows = [weight * self._flow(at) for weight, at in zip(WEIGHTS, (point.supply, supply1, supply2), strict=True)]
        supplied = size * (flows[0] + flows[1] + flows[2])
        velocity: npt.NDArray[Any] = (y2 - NEWER * y1 - OLDER * point.y) / tau
        charging: npt.NDArray[Any] = (supply2 - NEWER * supply1 - OLDER * point.supply) / tau
        new = TimePoint(
            point.time + size,
            y2,
            q2,
            f2,
            supply2,
            (y2 - y1) / ((1.0 - GAMMA) * size),
            velocity,
            np.where(self._stores, 0.0, charging),
        )
        return StepReport(new, (first, second), error, supplied)

    def _after_a_jump(self, report: StepReport, size: float) -> StepReport:
        """The report of an Euler step, with the velocity that belongs to the rates at its end."""
        point = report.accepted
        if point is None or point.rate is None:
            return report
        self.solver.linearise(_INSTANT * size)
        velocity = self.solver.solve_linear(point.rate)
        charging = np.where(self._stores | self._free, 0.0, stored(self.solver, velocity))
        return replace(report, accepted=replace(point, velocity=velocity, charging=charging))

    def _stage(self, target: Floats, tau: float) -> tuple[NewtonReport, Floats, Floats]:
        """Solve ``q + tau dR/dy = target``; returns the report, the carried q and the supply at fixed rows."""
        goal = np.where(self._carries, target, 0.0)
        report = self.solver.solve(goal, tau)
        if not report.converged:
            return report, goal, goal
        left = self.solver.left
        q = self.solver.assemble(self.functional.forms.charges)
        carried = np.where(self._carries, np.where(self._free, q - left, q), 0.0)
        supply = np.where(self._free, 0.0, np.where(self._stores, left / tau, left + goal))
        return report, carried, supply

    def _flow(self, supply: Floats) -> Floats:
        flow: Floats = np.where(self._stores, supply, 0.0)
        return flow

    def _y(self) -> Floats:
        return self.functional.y.x.array[: self._n].copy()

    def _put(self, y: Floats) -> None:
        self.functional.y.x.array[: self._n] = y
        self.functional.y.x.scatter_forward()
        self.functional.rest.x.array[:] = 0.0


def jumped(point: TimePoint) -> TimePoint:
    """The same point after something outside has jumped: its rates are no longer those of the equations."""
    return replace(point, rate=None, slope=None)
