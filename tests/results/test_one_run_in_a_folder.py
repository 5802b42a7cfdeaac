"""A folder is locked while a run writes into it, and free once that run has ended or died."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mpi_runner import environment

from ssbsim.errors import ResultsError
from ssbsim.results import RunFolder

WRITER = """
import sys, time
from ssbsim.results import RunFolder
folder = RunFolder(sys.argv[1])
if sys.argv[2] == "checkpoint":
    folder.write_checkpoint({"y": [1.0]}, {})
print("ready", flush=True)
time.sleep(60)
"""


def killed_writer(path: Path, what: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), what]
    writer = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    with pytest.raises(ResultsError, match=f"Another run is writing into the output folder: process {writer.pid}"):
        RunFolder(path, overwrite=True)
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    return writer


def test_the_folder_of_a_dead_run_with_a_checkpoint_is_kept_until_overwritten(tmp_path: Path) -> None:
    killed_writer(tmp_path / "run", "checkpoint")
    with pytest.raises(ResultsError, match="already holds a run"):
        RunFolder(tmp_path / "run")
    RunFolder(tmp_path / "run", overwrite=True).close()


def test_a_run_that_died_before_its_first_checkpoint_is_replaced(tmp_path: Path) -> None:
    killed_writer(tmp_path / "run", "nothing")
    RunFolder(tmp_path / "run").close()
    with pytest.raises(ResultsError, match="already holds a run"):
        RunFolder(tmp_path / "run")


def test_a_run_elsewhere_is_dead_when_it_was_silent_for_a_minute(tmp_path: Path) -> None:
    RunFolder(tmp_path / "run").close()
    lock = tmp_path / "run" / ".ssbsim-lock"
    lock.write_text(json.dumps({"host": "another machine", "process": 1, "token": "a"}))
    with pytest.raises(ResultsError, match="process 1 on another machine") as caught:
        RunFolder(tmp_path / "run", overwrite=True)
    assert "try again in" in caught.value.hint
    os.utime(lock, (time.time() - 100.0,) * 2)
    RunFolder(tmp_path / "run", overwrite=True).close()
    assert not lock.exists()


def test_a_run_that_lost_its_folder_stops(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.append_history({"step": 1})
    (tmp_path / "run" / ".ssbsim-lock").write_text(json.dumps({"token": "of another"}))
    with pytest.raises(ResultsError, match="Another run has taken the output folder"):
        run.append_history({"step": 2})
