"""Runs that are killed; also the script that runs, kills and continues one.

``python3 killed_cases.py CASE FOLDER [--continue OLD] [--kill-at PLACE COUNT]`` writes a checkpoint after every step and, at
the given call of a place, kills its own process group with SIGKILL.
"""

from __future__ import annotations

import argparse
import os
import signal
from collections.abc import Callable
from typing import Any

from mpi4py import MPI
from mpi_runner import abort_on_error
from parallel_cases import BIAS, CASES, OTHER, RESISTIVE, STEADY
from samples import NM, lattice_gas, layers, make_case, salt

import ssbsim
from ssbsim.commands import recording
from ssbsim.results import RunFolder, whole_files
from ssbsim.solvers import Integrator

POLYCRYSTAL = CASES["polycrystal with scattered boundaries"]
US = 1e-6

KILLED: dict[str, dict[str, Any]] = {
    "line in time": {
        "geometry": layers(("e", 8.0), bulk=0.2, interface=0.2),
        "phases": {"e": salt()},
        "terminals": CASES["blocked salt"]["terminals"],
        "study": [
            {"kind": "equilibrium"},
            {"kind": "transient", "duration": 2 * US, "output_times": {"count": 3}, "terminals": BIAS},
            {"kind": "transient", "duration": US, "output_times": {"count": 2}},
        ],
        "output": {"every": 7},
    },
    "polycrystal": POLYCRYSTAL
    | {
        "study": [
            {"kind": "equilibrium"},
            {"kind": "impedance", "frequencies": [1e3, 1e6]},
            STEADY,
            *POLYCRYSTAL["study"][1:],
        ],
        # The digits of an iteration depend on the number of ranks.
        "solver": {"linear": "direct"},
    },
    "cube": {
        "geometry": layers(("e", 2.0), ("f", 2.0), dimension=3, interface=0.5, bulk=1.0),
        "phases": {"e": lattice_gas(0.5), "f": OTHER},
        "interfaces": {"e|f": RESISTIVE},
        "study": [
            {"kind": "transient", "duration": 20 * US, "output_times": {"count": 2}, "terminals": BIAS},
            {"kind": "steady", "terminals": {"left": {"potential": 0.1}}},
        ],
        "solver": {"linear": "direct"},
    },
    "steady in parts": {
        "geometry": {
            "kind": "bicrystal",
            "length": 20 * NM,
            "core_width": 1 * NM,
            "spacing": {"interface": 0.1 * NM, "bulk": 1 * NM},
        },
        "phases": {"grain": lattice_gas(0.5), "core": lattice_gas(0.3, excess_charge=1e7)},
        "study": [
            {"kind": "equilibrium"},
            *({"kind": "steady", "terminals": {"left": {"potential": 0.1 * i}}} for i in range(1, 7)),
        ],
    },
}

#: Places at which a run is killed, by name: just before and after what is easily torn.
PLACES: dict[str, tuple[Any, str]] = {
    "row": (RunFolder, "append_history"),
    "state": (RunFolder, "append_fields"),
    "checkpoint": (RunFolder, "write_checkpoint"),
    "file": (whole_files, "replace_file"),
    "step": (Integrator, "trbdf2"),
    "euler": (Integrator, "euler"),
    "finish": (recording.Recorder, "finish"),
}


def kill_at(place: str, count: int) -> None:
    """Let the process die within the call of this number of a place; odd numbers before its work, even ones after."""
    owner, name = PLACES[place]
    work: Callable[..., Any] = getattr(owner, name)
    calls = 0

    def counted(*arguments: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == count and count % 2 and place != "file":
            die()
        if calls == count and place == "file":
            # Within the write: the temporary file is there, torn.
            path = arguments[0]
            path.with_name(f".{path.name}{whole_files.TEMPORARY_SUFFIX}").write_bytes(b"torn")
            die()
        result = work(*arguments, **more)
        if calls == count:
            die()
        return result

    setattr(owner, name, counted)


def die() -> None:
    # Under mpirun every rank is of its own; the launcher ends the others.
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    abort_on_error()
    parser = argparse.ArgumentParser()
    parser.add_argument("case")
    parser.add_argument("folder")
    parser.add_argument("--continue", dest="old")
    parser.add_argument("--kill-at", nargs=2, dest="kill")
    asked = parser.parse_args()
    recording._CHECKPOINT_EVERY = 0.0
    if asked.kill and MPI.COMM_WORLD.rank == 0:
        kill_at(asked.kill[0], int(asked.kill[1]))
    parts = KILLED[asked.case]
    solver = {"coarse_mesh": "warn"} | parts.get("solver", {})
    case = make_case(**parts | {"solver": solver})
    ssbsim.run(case, asked.folder, continue_from=asked.old, report=False, show_progress=False)
