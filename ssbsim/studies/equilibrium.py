"""The study ``equilibrium``: the state without fluxes, from the amounts of the present one; see :mod:`~ssbsim.solvers.at_rest`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from ssbsim.case import EquilibriumStudy
from ssbsim.errors import CaseError, ConvergenceError
from ssbsim.physics import POTENTIAL, FixedRows, Pools, find_pools
from ssbsim.solvers import RestSolver
from ssbsim.studies.records import Observer, StepRecord
from ssbsim.studies.registry import register_study
from ssbsim.studies.simulation import Simulation
from ssbsim.studies.solve import move_terminals

#: Differences of mu between terminals (kT) that count as none.
_NO_DIFFERENCE = 1e-9
#: What may be missing from a balance.
_BALANCED = 1e-9


@register_study(EquilibriumStudy)
def run_equilibrium(simulation: Simulation, study: EquilibriumStudy, index: int, observe: Observer) -> None:
    """Every species at one electrochemical potential wherever it can go, and the potential of Gauss's law. Time does not advance.

    A species that a terminal holds has its potential there, and one that none holds keeps its amount. Where the solve fails
    the terminals are moved in parts.

    Raises:
        CaseError: The terminals hold a species at different electrochemical potentials, so there is none.
        ConvergenceError: A solve failed, or the state does not balance.
    """
    name = f"study {index + 1} (equilibrium)"
    start, end = simulation.outside.at_start(simulation.step), simulation.outside.after(study.terminals)
    before, time = simulation.point, simulation.point.time
    pools = find_pools(simulation.functional.placement)
    simulation.outside.write(end)
    _check_terminals(simulation, pools, name)
    rest = RestSolver(simulation.solver, pools)
    try:
        report = move_terminals(simulation, before, start, end, rest.step, name)
        point = report.accepted
        missed = {} if point is None else rest.imbalances(before, point)
    finally:
        rest.destroy()
    wrong = {what: error for what, error in missed.items() if not error <= _BALANCED}
    if point is None or wrong:
        raise ConvergenceError(
            "The state that was found is no equilibrium: its balances are not met.",
            where=f"{name}; off are " + ", ".join(f"{what}: {error:.2g}" for what, error in wrong.items()),
            hint="Refine the mesh at the interfaces (geometry.spacing), or approach the value in several studies.",
        )
    point = replace(point, time=time)
    simulation.accept(point)
    observe(StepRecord(index, "equilibrium", replace(report, accepted=point), math.inf, True, True, 1.0))


def _check_terminals(simulation: Simulation, pools: Pools, study: str) -> None:
    """Make sure that what terminals hold leaves no current.

    Raises:
        CaseError: It does.
    """
    for weights in pools.contradictions:
        if abs(sum(c * pools.sources[i].applied.value for i, c in weights.items())) > _NO_DIFFERENCE:
            raise CaseError(
                "There is no equilibrium: a current flows between terminals that hold a species at different "
                "electrochemical potentials.",
                where=study + _imposed(simulation, pools, weights),
                hint="Use 'kind: steady', or give these reservoirs the same value; the 'potential' of a reservoir counts "
                "from the neutral bulk of the phase that it touches.",
            )


def _imposed(simulation: Simulation, pools: Pools, weights: Mapping[int, float]) -> str:
    """What the terminals of an equation hold, as words."""
    imposed: dict[str, list[FixedRows]] = {}
    for i in sorted(weights):
        imposed.setdefault(pools.sources[i].field, []).append(pools.sources[i])
    text = ""
    for field, sources in imposed.items():
        what, unit = ("the potential", "V") if field == POTENTIAL else (field, "eV")
        values = (f"{s.applied.value * simulation.scales.potential:.6g} {unit} by '{s.terminal}'" for s in sources)
        text += f", {what} at " + " and ".join(values)
    return text
