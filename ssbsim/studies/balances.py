r"""What flows through a cell at rest in time, and whether it adds up.

At a steady state ``dR/dy = 0`` on free rows, and on rows that a terminal fixes dR/dy is what the terminal supplies. Because the
rows of a field add up to zero but for what laws of interfaces turn into one another, the sum of what free rows leave over,

    lost = sum over free rows |dR/dy|,     through = sum over terminals |sum over its rows dR/dy|

bounds both the difference of the currents of the terminals and that of the currents through any two cuts. No floor is added:
a flow is right to ``lost / through`` of itself however small it is.

A flow may also be nothing: between terminals that hold a species at one value, or that nothing connects. Then there is nothing to
compare with, and what is left is rounding. A flow that does not add up counts as none where it is below 1e-20 of what a drop
of kT over single cells would drive, summed, or below 1e-30 of it where something drives one: terminals that hold different values
and that the field can go between (:mod:`~ssbsim.physics.pools`); it is then set to zero, and the bound is said.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ssbsim.errors import ConvergenceError
from ssbsim.physics import POTENTIAL, Pools, find_pools
from ssbsim.solvers import conductance_of_rows, refine
from ssbsim.studies.simulation import Simulation

Floats = npt.NDArray[np.float64]

#: What may be lost of a flow.
TOLERANCE = 1e-8
#: What a refinement aims at.
_AIM = 1e-13
#: Flow over that of a drop of kT over single cells which counts as none; the second where something drives it.
_NOTHING = 1e-20
_NOTHING_DRIVEN = 1e-30
#: Factor by which a step grows that does not bring the flows together.
_GROWTH = 1e3
_LARGEST = 1e30
_REFINEMENTS = 20


@dataclass(frozen=True)
class Flow:
    """The flow of one field through a cell at a steady state; scaled rates.

    Args:
        through: Sum of the magnitudes of what the terminals supply.
        lost: What free rows leave over.
        nothing: A flow below this counts as none.
        is_driven: Whether terminals that it can go between hold it at different values.
        unit: Of the rates, in mol/s, or A for electrons.
    """

    through: float
    lost: float
    nothing: float
    is_driven: bool
    unit: float

    @property
    def bound(self) -> float:
        """A flow that is nothing is below this (mol/s, or A for electrons)."""
        return self.nothing * self.unit

    @property
    def share_lost(self) -> float:
        """``lost / through``, or 0 where nothing is lost."""
        return self.lost / self.through if self.lost > 0.0 and self.through > 0.0 else float(self.lost > 0.0)

    @property
    def is_resolved(self) -> bool:
        """Whether it adds up."""
        return self.share_lost <= TOLERANCE

    @property
    def is_nothing(self) -> bool:
        """Whether it does not and counts as none."""
        return not self.is_resolved and self.through + self.lost <= self.nothing


def _driven(pools: Pools) -> set[str]:
    """Fields that terminals hold at values which no state at rest can have."""
    found = set()
    for weights in pools.contradictions:
        applied = [(c, pools.sources[i].applied) for i, c in weights.items()]
        if sum(c * one.value for c, one in applied) != 0.0 or sum(c * one.rest for c, one in applied) != 0.0:
            found |= {pools.sources[i].field for i in weights}
    return found


def flows_of_fields(simulation: Simulation, dissipated: Floats, driven: set[str]) -> dict[str, Flow]:
    """The flow of every field that a terminal supplies, at the present state.

    Args:
        simulation: The simulation.
        dissipated: ``dR/dy`` there.
        driven: Fields that something drives.
    """
    placement, solver = simulation.functional.placement, simulation.solver
    stores = ~placement.rows.instantaneous
    scales = simulation.scales
    names: dict[str, list[float]] = {}
    for fixed in placement.rows.fixed:
        names.setdefault(fixed.field, []).append(abs(simulation.sum(dissipated[fixed.rows][stores[fixed.rows]])))
    size = conductance_of_rows(solver)
    found = {}
    for name, supplied in names.items():
        column = placement.unknowns.column
        open_rows = column(solver.free_rows & stores, name)
        lost = simulation.sum(np.abs(column(dissipated, name)[open_rows]))
        is_driven = name in driven
        bound = _NOTHING_DRIVEN if is_driven else _NOTHING
        nothing = bound * simulation.sum(np.abs(column(np.where(stores, size, 0.0), name)))
        unit = (scales.current if name == POTENTIAL else scales.flux) * simulation.mesh.area_unit
        if name != POTENTIAL or simulation.sum(column(stores, name)) > 0.0:
            found[name] = Flow(sum(supplied), lost, nothing, is_driven, unit)
    return found


def refine_steady(simulation: Simulation, size: float, study: str) -> dict[str, Flow]:
    """Make a state that hardly changes any more steady to the last digit of its flows; its point then has these.

    Args:
        simulation: The simulation, at the state.
        size: A step that is long against every time of the cell (scaled).
        study: Which study it is, for the message.

    Raises:
        ConvergenceError: The flows do not add up.
    """
    solver, functional = simulation.solver, simulation.functional
    stores = ~functional.placement.rows.instantaneous
    driven = _driven(find_pools(functional.placement))
    best: tuple[float, dict[str, Flow], Floats] | None = None
    for _ in range(_REFINEMENTS):
        dissipated = solver.assemble(functional.forms.dissipated)
        flows = flows_of_fields(simulation, dissipated, driven)
        looked_at = [flow for flow in flows.values() if flow.is_driven or not flow.is_nothing]
        worst = max((flow.share_lost for flow in looked_at), default=0.0)
        # A solve that leaves half of what was lost is at the end of its digits, or its step is short for the cell.
        size *= _GROWTH if best is not None and worst > 0.5 * best[0] else 1.0
        if best is None or worst < best[0]:
            best = (worst, flows, dissipated)
        if worst <= _AIM or size > _LARGEST:
            break
        refine(solver, size)
    _, flows, dissipated = best or (0.0, flows, dissipated)
    for name, flow in flows.items():
        if not (flow.is_resolved or flow.is_nothing):
            raise ConvergenceError(
                f"The state did not become steady: {flow.share_lost:.2g} of the flow of "
                f"{'electrons' if name == POTENTIAL else name} is lost on its way through the cell.",
                where=study,
                hint="If a species piles up at a blocking contact, use a transient study or let it out; if conductivities or "
                "resistances differ by more than 1e14, leave out the part that is as good as blocking or as a short circuit.",
            )
    point = simulation.point
    supply = np.where(stores & ~solver.free_rows, dissipated, point.supply)
    column = functional.placement.unknowns.column
    for name, flow in flows.items():
        if flow.is_nothing:
            here = column(supply, name)
            here[column(stores, name)] = 0.0
    y = functional.y.x.array[: functional.placement.n_owned_rows].copy()
    q = np.where(stores, solver.assemble(functional.forms.charges), point.q)
    simulation.point = replace(point, y=y, q=q, supply=supply)
    return flows
