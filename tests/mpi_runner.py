"""Starts a Python program under mpirun as a test would from a shell, and never waits for ever."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

TESTS = Path(__file__).parent


def environment() -> dict[str, str]:
    """The environment of the test with the package and the helpers on the path."""
    paths = [str(TESTS.parent), str(TESTS), os.environ.get("PYTHONPATH", "")]
    # PMIx and Open MPI describe a process that was itself started by mpirun; a second mpirun must not see that.
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("OMPI_COMM_WORLD", "PMIX_", "PMI_"))}
    return clean | {"PYTHONPATH": os.pathsep.join(p for p in paths if p), "OMP_NUM_THREADS": "1"}


def mpirun(ranks: int, *arguments: str | Path, timeout: float = 150.0, cwd: Path | None = None) -> Any:
    """Run ``python3 arguments`` on some ranks.

    Returns:
        The finished process, with stdout and stderr as text.

    Raises:
        subprocess.TimeoutExpired: It did not end in time; everything it started is killed.
    """
    launcher = ["mpirun", "--oversubscribe", "-n", str(ranks)] if ranks > 0 else []
    command = [*launcher, sys.executable, *map(str, arguments)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env=environment(),
        cwd=cwd,
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            # mpirun passes this on to its ranks.
            process.terminate()
            try:
                process.communicate(timeout=10.0)
            except subprocess.TimeoutExpired:
                process.kill()
            raise
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def abort_on_error() -> None:
    """For scripts under mpirun: an exception on one rank ends all of them, which would otherwise wait for it."""
    from mpi4py import MPI

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.__excepthook__(kind, error, trace)
        sys.stderr.flush()
        if MPI.COMM_WORLD.size > 1:
            MPI.COMM_WORLD.Abort(1)

    sys.excepthook = hook


def mpi_json(ranks: int, script: Path, *arguments: str | Path, timeout: float = 150.0) -> Any:
    """Run a script whose rank 0 prints one JSON value as its last line, and return the value."""
    done = mpirun(ranks, script, *arguments, timeout=timeout)
    if done.returncode != 0:
        raise AssertionError(
            f"{script.name} on {ranks} ranks ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        )
    return json.loads(done.stdout.strip().splitlines()[-1])
