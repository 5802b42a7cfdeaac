"""Linear solvers on graded bicrystals: Krylov iterations, seconds per Newton iteration and memory, by preset and size.

Every measurement is a process of its own, so that its memory (mesh, forms, matrix and solver) is its own: equilibrium, then
10 mV until steady, then steps of a transient so short that mu and phi move together over the Debye length (the regimes in
which multigrids differ).
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

#: (dimension, cells across), smallest first.
SIZES = [(2, 15), (2, 60), (2, 160), (2, 540), (2, 1310), (3, 4), (3, 6), (3, 12), (3, 28)]
QUICK = [(2, 15), (2, 60), (3, 6)]
#: Unknowns above which a direct solve is not worth waiting for.
DIRECT_LIMIT = {2: 250_000, 3: 70_000}


def one(dimension: int, across: int, linear: str, petsc_options: dict[str, Any]) -> dict[str, Any]:
    """Run in this process."""
    from cases import bicrystal
    from mpi4py import MPI

    from ssbsim.studies import STUDIES, Simulation

    case, mesh = bicrystal(dimension, across=across, linear=linear, petsc_options=petsc_options)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    simulation = Simulation(case, mesh, MPI.COMM_SELF)
    solver, counts = simulation.solver, {}
    solve = solver.solve

    def counted(target: Any, tau: float) -> Any:
        began = time.process_time()
        report = solve(target, tau)
        entry = counts.setdefault(kind, {"newton": 0, "linear": 0, "seconds": 0.0})
        entry["newton"] += report.iterations
        entry["linear"] += report.linear_iterations
        entry["seconds"] += time.process_time() - began
        if not report.converged:
            raise RuntimeError(report.reason)
        return report

    solver.solve = counted  # type: ignore[method-assign]
    for index, study in enumerate(case.study):
        kind = study.kind
        STUDIES[kind](simulation, study, index, lambda record: None)
    kind = "short steps"
    for size in (1e-7, 1e-5, 1e-3):
        simulation.integrator.euler(simulation.point, size)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "dimension": dimension,
        "unknowns": simulation.n_unknowns,
        "solver": linear,
        "counts": counts,
        "bytes per unknown": 1024.0 * (peak - before) / simulation.n_unknowns,
    }


def row(result: dict[str, Any]) -> str:
    """One line of the table."""
    parts = [f"{result['dimension']}D {result['unknowns']:>9,}  {result['solver']:9s}"]
    for entry in result["counts"].values():
        linear, newton = entry["linear"] / entry["newton"], entry["newton"]
        parts.append(f"{newton:4d} {linear:6.1f} {entry['seconds'] / newton:8.3f}")
    return "  ".join(parts) + f"  {result['bytes per unknown']:8.0f}"


HEADER = (
    "                          equilibrium           steady                short steps\n"
    "   unknowns  solver       Newton Krylov s/Newton  Newton Krylov s/Newton  Newton Krylov s/Newton  B/unknown"
)


def measure(sizes: list[tuple[int, int]], presets: list[str], options: dict[str, Any]) -> list[dict[str, Any]]:
    """Measure every preset on every size, printing as it goes; a direct solve stops at its limit."""
    results = []
    sys.stdout.write(HEADER + "\n")
    for dimension, across in sizes:
        unknowns = 2 * 191 * (across + 1) ** (dimension - 1)
        for preset in presets:
            if preset == "direct" and unknowns > DIRECT_LIMIT[dimension]:
                continue
            command = [
                sys.executable,
                __file__,
                "--one",
                f"{dimension},{across},{preset}",
                "--options",
                json.dumps(options),
            ]
            done = subprocess.run(command, capture_output=True, text=True, cwd=Path.cwd())
            if done.returncode != 0:
                sys.stdout.write(f"{dimension}D {unknowns:>9,}  {preset}: {done.stderr.strip().splitlines()[-1]}\n")
                continue
            results.append(json.loads(done.stdout.splitlines()[-1]))
            sys.stdout.write(row(results[-1]) + "\n")
            sys.stdout.flush()
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes only")
    parser.add_argument("--presets", nargs="+", default=["direct", "multigrid"])
    parser.add_argument("--options", default="{}", help="PETSc options as JSON")
    parser.add_argument("--sizes", default="", help="for example 2,160 3,10")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    options = json.loads(arguments.options)
    if arguments.one:
        dimension, across, linear = arguments.one.split(",")
        sys.stdout.write(json.dumps(one(int(dimension), int(across), linear, options)) + "\n")
        return
    sizes = [tuple(map(int, s.split(","))) for s in arguments.sizes.split()] if arguments.sizes else None
    measure(sizes or (QUICK if arguments.quick else SIZES), arguments.presets, options)


if __name__ == "__main__":
    main()
