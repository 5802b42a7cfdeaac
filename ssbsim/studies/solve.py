"""Solving one implicit step robustly, and saying what went wrong when it fails.

When a step fails because the terminals have moved far, or because planes carry much charge in a first state, the move (and
that charge) is made in parts (continuation in potential): half of it is
tried, then half again, down to 1/256; after a success the parts grow.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ssbsim import _compat
from ssbsim.errors import ConvergenceError
from ssbsim.physics import POTENTIAL
from ssbsim.solvers import NewtonReport, StepReport, TimePoint
from ssbsim.studies.outside import AppliedValues
from ssbsim.studies.simulation import Simulation

_SMALLEST_PART = 1.0 / 256.0


def move_terminals(
    simulation: Simulation,
    point: TimePoint,
    start: AppliedValues,
    end: AppliedValues,
    step: Callable[[TimePoint], StepReport],
    study: str,
) -> StepReport:
    """Carry the terminals from one set of values to another, with a solve for each part of the way.

    Args:
        simulation: The simulation.
        point: State to start from.
        start: Applied values that belong to it.
        end: Values to reach.
        step: Makes one solve from a state at the values applied.
        study: Which study it is, for the message.

    Returns:
        The report of the solve at the end values.

    Raises:
        ConvergenceError: Even the smallest part failed.
    """
    done, part = 0.0, 1.0
    tried: list[str] = []
    while True:
        goal = min(1.0, done + part)
        simulation.outside.write(start.toward(end, goal))
        report = step(point)
        if report.accepted is not None:
            if goal >= 1.0:
                return report
            point, done, part = report.accepted, goal, min(2.0 * part, 1.0)
            continue
        if start != end:
            tried.append(f"{100 * goal:.3g} % of the way")
        part *= 0.5
        if start == end or part < _SMALLEST_PART:
            error = failure(simulation, report.newton[-1], study, tried)
            simulation.outside.write(start)
            raise error


def _near_bounds(simulation: Simulation) -> str:
    """Site classes that are full or empty somewhere, where nothing can move and nothing can be stored."""
    found = []
    for name, (low, high) in simulation.occupancy_ranges().items():
        if high > 1.0 - 1e-9 or low < 1e-12:
            word = "full" if high > 1.0 - 1e-9 else "empty"
            found.append(f"{name} are {word} somewhere (occupancy {low:.2g} to {high:.9g})")
    return ", ".join(found)


def failure(simulation: Simulation, report: NewtonReport, study: str, tried: list[str]) -> ConvergenceError:
    """The error of a failed solve: when, which field, where, and the mesh size there over the Debye length."""
    functional, mesh = simulation.functional, simulation.mesh
    found = None
    if simulation.comm.rank == report.worst_rank and report.worst_row >= 0:
        node, component = divmod(report.worst_row, len(functional.placement.unknowns))
        name = functional.placement.unknowns.names[component]
        cells = np.flatnonzero((functional.placement.space.dofmap.list == node).any(axis=1))
        if len(cells):
            # The first in the order of the input, so that any number of ranks says the same.
            cell = int(cells[np.argmin(mesh.original_cell[cells])])
            grain = mesh.grains[mesh.cell_grain[cell]]
            x = mesh.mesh.geometry.x[_compat.cell_nodes(mesh.mesh)[cell]] * mesh.length
            size = float(np.max(np.ptp(x, axis=0)))
            debye = simulation.debye_lengths.get(grain.phase)
            ratio = "" if debye is None else f", cell size {size / debye:.2g} Debye lengths"
            at = functional.placement.space.tabulate_dof_coordinates()[node, : mesh.dim] * mesh.length
            place = ", ".join(f"{axis} = {v * 1e9:.4g} nm" for axis, v in zip("xyz", at, strict=False))
            label = "the potential" if name == POTENTIAL else f"the electrochemical potential of {name}"
            found = f"{label} near {place} in grain '{grain.name}'{ratio}"
    found = simulation.comm.bcast(found, root=report.worst_rank)
    bounds = _near_bounds(simulation)
    applied = {name: simulation.outside.potential(name) for name in functional.placement.terminals}
    now = ", ".join(f"{name} at {value:.4g} V" for name, value in applied.items() if value is not None)
    where = f"{study}, time {simulation.time:.6g} s, {now or 'nothing applied'}"
    if found:
        where += f"; largest last change in {found}"
    if bounds:
        where += f"; near a bound: {bounds}"
    hint = "Refine the mesh where the change is largest (geometry.spacing), approach the value in several studies"
    hint += ", or raise solver.newton_iterations."
    if tried:
        where += f"; tried {', '.join(tried if len(tried) < 4 else [*tried[:2], '...', tried[-1]])}"
    return ConvergenceError(f"The step did not converge: {report.reason}.", where=where, hint=hint)
