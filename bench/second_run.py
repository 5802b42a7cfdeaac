"""What a second run costs: nothing is compiled, import and check are cheap, memory does not grow with the steps.

The forms are compiled into a cache of this script's own, so that the first run is a first run. Then other temperatures,
potentials, permittivities, densities and meshes follow, in a process of their own and one after the other within it; every
file that this adds to the cache is counted.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[1]
_CASE = _ROOT / "configs" / "llto_bicrystal.yaml"
#: Changes of the case, each a dotted path and its value in SI.
_CHANGES: list[dict[str, Any]] = [
    {},
    {"temperature": 350.0},
    {"geometry.spacing.refinement": 2},
    {"phases.core.permittivity": 40.0, "phases.core.excess_charge": 1.0e9},
    {"geometry.core_width": 2e-9, "geometry.length": 300e-9},
]


def _changed(model: Any, path: list[str], value: Any) -> Any:
    """A copy of a case with the value at a path replaced."""
    if not path:
        return value
    if isinstance(model, dict):
        return {**model, path[0]: _changed(model[path[0]], path[1:], value)}
    return model.model_copy(update={path[0]: _changed(getattr(model, path[0]), path[1:], value)})


def run_cases(changes: list[dict[str, Any]]) -> list[float]:
    """Run the case with each of the changes, one after the other; seconds of each."""
    import ssbsim

    seconds = []
    for change in changes:
        case = ssbsim.load_case(_CASE)
        for path, value in change.items():
            case = _changed(case, path.split("."), value)
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            ssbsim.run(case, Path(folder) / "run", show_progress=False, report=False)
            seconds.append(time.perf_counter() - began)
    return seconds


def check_cost() -> dict[str, float]:
    """CPU seconds of this process up to the printed check of a small case."""
    import ssbsim

    text = str(ssbsim.check(ssbsim.load_case(_CASE)))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {"cpu": usage.ru_utime + usage.ru_stime, "lines": float(len(text.splitlines()))}


def equilibrium_cost() -> dict[str, float]:
    """Seconds of a 1D equilibrium after the set-up, forms compiled."""
    from cases import bicrystal
    from mpi4py import MPI

    from ssbsim.studies import STUDIES, Simulation

    case, mesh = bicrystal(1)
    began = time.perf_counter()
    simulation = Simulation(case, mesh, MPI.COMM_SELF)
    ready = time.perf_counter()
    STUDIES["equilibrium"](simulation, case.study[0], 0, lambda record: None)
    return {"set-up": ready - began, "solve": time.perf_counter() - ready, "unknowns": float(simulation.n_unknowns)}


def memory_over_steps(steps: int) -> dict[str, float]:
    """Resident memory after a tenth of the steps and at the end (MB), with fields taken every 50 steps."""
    from cases import bicrystal
    from mpi4py import MPI

    from ssbsim.studies import STUDIES, Simulation, Snapshots

    def resident() -> float:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE") / 1e6

    case, mesh = bicrystal(1, refinement=5)
    simulation = Simulation(case, mesh, MPI.COMM_SELF)
    snapshots = Snapshots(simulation)
    STUDIES["equilibrium"](simulation, case.study[0], 0, lambda record: None)
    simulation.outside.write(simulation.outside.after(case.study[1].terminals))
    point = simulation.integrator.euler(simulation.point, 1e-5).accepted
    early = 0.0
    for step in range(steps):
        report = simulation.integrator.trbdf2(point, 1e-4)
        if report.accepted is None:
            raise RuntimeError(report.newton[-1].reason)
        point = simulation.point = report.accepted
        if step % 50 == 0:
            snapshots.take()
        if step == steps // 10:
            early = resident()
    return {"unknowns": float(simulation.n_unknowns), "steps": float(steps), "early": early, "late": resident()}


def _ask(what: str, cache: Path, argument: Any = None) -> Any:
    """Run one of the functions above in a process of its own with the given cache."""
    command = [sys.executable, __file__, "--do", what, "--argument", json.dumps(argument)]
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=Path(__file__).parent)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def measure(*, quick: bool) -> dict[str, Any]:
    """All of it."""
    with tempfile.TemporaryDirectory() as name:
        cache = Path(name)

        def compiled() -> int:
            return len(list(cache.rglob("*.so")))

        first = _ask("run", cache, [{}])
        after_first = compiled()
        others = _ask("run", cache, _CHANGES)
        added = compiled() - after_first
        result = {
            "forms compiled by the first run": after_first,
            "forms compiled by other values": added,
            "seconds of runs": {"first": first[0], "others": others},
            "import and check": _ask("check", cache),
        }
        _ask("equilibrium", cache)
        result["equilibrium"] = _ask("equilibrium", cache)
        result["memory"] = _ask("memory", cache, 100 if quick else 1000)
    return result


def table(result: dict[str, Any]) -> str:
    """The measurement as lines of text."""
    runs, equilibrium, memory = result["seconds of runs"], result["equilibrium"], result["memory"]
    return "\n".join(
        [
            f"first run: {result['forms compiled by the first run']} modules compiled, {runs['first']:.1f} s",
            f"{len(_CHANGES)} runs with other values: {result['forms compiled by other values']} modules compiled, "
            + ", ".join(f"{s:.2f}" for s in runs["others"])
            + " s",
            f"import and check of a small case: {result['import and check']['cpu']:.2f} s of CPU",
            f"1D equilibrium ({equilibrium['unknowns']:.0f} unknowns): set-up {equilibrium['set-up']:.2f} s, "
            f"solve {equilibrium['solve']:.3f} s",
            f"{memory['steps']:.0f} time steps ({memory['unknowns']:.0f} unknowns): {memory['early']:.1f} MB resident after a "
            f"tenth of them, {memory['late']:.1f} MB at the end",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100 time steps instead of 1,000")
    parser.add_argument("--do", choices=("run", "check", "equilibrium", "memory"), help=argparse.SUPPRESS)
    parser.add_argument("--argument", default="null", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.do is None:
        sys.stdout.write(table(measure(quick=arguments.quick)) + "\n")
        return
    value = json.loads(arguments.argument)
    work = {
        "run": lambda: run_cases(value),
        "check": check_cost,
        "equilibrium": equilibrium_cost,
        "memory": lambda: memory_over_steps(value),
    }
    sys.stdout.write("\n" + json.dumps(work[arguments.do]()) + "\n")


if __name__ == "__main__":
    main()
