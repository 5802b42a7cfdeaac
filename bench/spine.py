"""What the generality of ssbsim costs: the same problem through ssbsim and by hand, alternately in one process.

Both start from the mesh as arrays, with all forms compiled; both do the same implicit Euler steps with the same number of
Newton iterations and the same PETSc options. Seconds are the smallest of the repetitions.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import hand_written
import numpy as np
from cases import bicrystal
from mpi4py import MPI
from petsc4py import PETSc

from ssbsim.solvers.splitting import FieldSplitting
from ssbsim.studies import STUDIES, Simulation

_EVENTS = {
    "residual": "SNESFunctionEval",
    "jacobian": "SNESJacobianEval",
    "linear set-up": "PCSetUp",
    "linear": "KSPSolve",
}


def event_seconds() -> dict[str, float]:
    """Seconds so far in the events of PETSc."""
    return {name: PETSc.Log.Event(event).getPerfInfo()["time"] for name, event in _EVENTS.items()}


def through_ssbsim(case: Any, mesh: Any) -> tuple[Simulation, dict[str, float], list[Any], Any]:
    """Run the steady study of the case; returns the simulation, the seconds of its steps, the steps and where they led.

    What comes after the steps, the refinement of the flows, is not in the time, for the other does not have it.
    """
    began = time.perf_counter()
    simulation = Simulation(case, mesh, MPI.COMM_SELF)
    ready = time.perf_counter()
    steps: list[Any] = []
    solve, seconds = simulation.solver.solve, 0.0
    state = simulation.functional.y.x.array
    found = state.copy()

    def recorded(target: Any, tau: float) -> Any:
        nonlocal seconds
        start = time.perf_counter()
        report = solve(target, tau)
        seconds += time.perf_counter() - start
        left, right = (simulation.functional.placement.terminals[name].fixed["Li+"].value for name in ("left", "right"))
        steps.append(hand_written.Step(tau, left, right, report.iterations))
        found[:] = state
        return report

    simulation.solver.solve = recorded  # type: ignore[method-assign]
    for index, study in enumerate(case.study):
        if study.kind == "steady":
            STUDIES[study.kind](simulation, study, index, lambda record: None)
    return simulation, {"set-up": ready - began, "solve": seconds}, steps, found.reshape(-1, 2)


def measure(dimension: int, *, repetitions: int, **size: Any) -> dict[str, Any]:
    """Alternate the two; returns the smallest seconds per phase, for both, and their ratios."""
    case, mesh = bicrystal(dimension, **size)
    phase_names = list(case.phases)
    phase_of_grain = np.array([phase_names.index(g.phase) for g in mesh.grains], dtype=np.int32)
    best: dict[str, dict[str, float]] = {"ssbsim": {}, "hand": {}}
    iterations = unknowns = 0
    preset, difference = "", 0.0
    for _ in range(repetitions + 1):
        before = event_seconds()
        simulation, seconds, steps, found = through_ssbsim(case, mesh)
        _keep(best["ssbsim"], seconds, before)
        models = simulation.functional.placement.phases
        phases = [
            hand_written.Phase(
                m.sites[0].density,
                m.sites[0].standard_potential["Li+"],
                m.mobility["Li+", "Li+"],
                m.fixed_charge,
                m.permittivity,
            )
            for m in (models[name] for name in phase_names)
        ]
        start = models[phase_names[0]].bulk_potential["Li+"]
        length, options = simulation.scales.length, simulation.options.values
        unknowns, preset = simulation.n_unknowns, simulation.options.preset
        rows = simulation.functional.placement.unknowns
        iterations = sum(s.iterations for s in steps)
        simulation.close()
        before = event_seconds()
        by_hand, seconds = hand_written.run(
            mesh.points / length,
            mesh.cells,
            phase_of_grain[mesh.cell_grain],
            phases,
            start,
            steps,
            options,
            (lambda fixed, rows=rows: FieldSplitting(rows, fixed, "hand_field_")) if preset == "multigrid" else None,
        )
        _keep(best["hand"], seconds, before)
        # The nodes are numbered alike: DOLFINx reorders the same cells in the same way.
        difference = max(difference, float(np.abs(found - by_hand).max()))
    for entry in best.values():
        entry["total"] = entry["set-up"] + entry["solve"]
    return {
        "dimension": dimension,
        "unknowns": unknowns,
        "linear solver": preset,
        "Newton iterations": iterations,
        "largest difference [kT]": difference,
        "seconds": best,
        "ratio": {key: best["ssbsim"][key] / best["hand"][key] for key in best["hand"]},
    }


def _keep(best: dict[str, float], seconds: dict[str, float], before: dict[str, float]) -> None:
    now = event_seconds()
    for key, value in (seconds | {k: now[k] - before[k] for k in now}).items():
        best[key] = min(best.get(key, np.inf), value)


def table(result: dict[str, Any]) -> str:
    """The measurement as lines of text."""
    seconds, n = result["seconds"], result["Newton iterations"]
    lines = [
        f"{result['dimension']}D, {result['unknowns']:,} unknowns, {result['linear solver']}, {n} Newton iterations, "
        f"largest difference {result['largest difference [kT]']:.1e} kT",
        f"  {'phase':24s} {'ssbsim [s]':>11s} {'by hand [s]':>11s} {'ratio':>6s}",
    ]
    for key, ratio in result["ratio"].items():
        per = 1 if key in ("set-up", "total", "solve") else n
        label = key if per == 1 else f"{key} per iteration"
        lines.append(
            f"  {label:24s} {seconds['ssbsim'][key] / per:11.4f} {seconds['hand'][key] / per:11.4f} {ratio:6.2f}"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="80,000 unknowns in 2D")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    parser.add_argument("--only", type=int, choices=(1, 2), help="one dimension only")
    parser.add_argument("--repetitions", type=int, default=None)
    arguments = parser.parse_args()
    PETSc.Log.begin()
    quick = arguments.quick
    sizes: dict[int, dict[str, Any]] = {
        1: {"length": 2e-6, "bulk": 0.1e-9, "repetitions": 10},
        2: {"refinement": 2 if quick else 4, "across": 104 if quick else 328, "repetitions": 2},
    }
    for dimension, size in sizes.items():
        if arguments.only in (None, dimension):
            if arguments.repetitions is not None:
                size["repetitions"] = arguments.repetitions
            result = measure(dimension, **size)
            print(json.dumps(result) if arguments.json else table(result), flush=True)


if __name__ == "__main__":
    main()
