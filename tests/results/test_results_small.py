from __future__ import annotations

import io
import json
import logging
import platform
import re
import sys
from pathlib import Path

import pytest

from ssbsim.results import Progress, RunFolder, open_log, provenance


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_plain_lines_come_now_and_then() -> None:
    stream = io.StringIO()
    with Progress("transient", 1.0, stream=stream, interval=0.0) as progress:
        progress.update(0.25, "t = 1 ms")
    first, last = stream.getvalue().splitlines()
    assert re.fullmatch(r"transient:  25 %, 0:00 elapsed, 0:00 left, t = 1 ms", first)
    assert last == "transient: done in 0:00"
    stream = io.StringIO()
    with Progress("transient", 1.0, stream=stream) as progress:
        for i in range(1000):
            progress.update(i / 1000)
    assert len(stream.getvalue().splitlines()) == 1


def test_a_failure_says_how_far_it_came() -> None:
    stream = io.StringIO()

    def fail() -> None:
        with Progress("steady", stream=stream) as progress:
            progress.update(3, "iteration 3")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert stream.getvalue().startswith("steady: stopped after 0:00")
    assert "iteration 3" in stream.getvalue()


def test_other_ranks_are_silent() -> None:
    for stream in (io.StringIO(), Terminal()):
        with Progress("transient", 1.0, rank=1, stream=stream, interval=0.0) as progress:
            progress.update(0.5)
        assert stream.getvalue() == ""


@pytest.mark.parametrize("total", [1.0, None])
def test_a_terminal_gets_a_bar(total: float | None) -> None:
    stream = Terminal()
    with Progress("transient", total, stream=stream) as progress:
        progress.update(0.5, "t = [1 ms]")
    assert "transient" in stream.getvalue()
    assert "t = [1 ms]" in stream.getvalue()
    assert ("100%" in stream.getvalue()) == (total is not None)


def test_the_log_has_times_and_ends(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    logger = logging.getLogger("ssbsim.studies")
    with open_log(run):
        logger.info("one")
        logger.debug("too fine")
    logger.warning("after the end")
    text = (run.path / "log.txt").read_text()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} INFO    one\n", text)
    assert not logging.getLogger("ssbsim").handlers


def test_provenance_tells_no_more_of_the_machine_than_it_should(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["/opt/secret/bin/ssbsim", "run", "case.yaml", "--output=/home/me/runs/1", "--output", "/scratch/x"]
    monkeypatch.setattr(sys, "argv", command)
    monkeypatch.chdir(tmp_path)
    found = provenance(
        versions={"dolfinx": "0.9.0"},
        case_file="case.yaml",
        options={"ksp_rtol": 1e-9, "dir": Path("/var/me")},
        ranks=2,
    )
    assert found["command"] == ["ssbsim", "run", "case.yaml", "--output=1", "--output", "x"]
    assert found["case_file"] == str(tmp_path / "case.yaml")
    assert found["options"] == {"ksp_rtol": 1e-9, "dir": "me"}
    assert {"dolfinx", "numpy", "python", "ssbsim"} <= set(found["versions"])
    text = json.dumps({**found, "case_file": None})
    assert platform.node() not in text
    assert not re.search(r'"/', text)
