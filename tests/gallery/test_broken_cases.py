"""Broken cases and what a user reads: each `cases/NAME.yaml` has its exact message in `cases/NAME.txt` beside it.

The first line of a .txt is the exit code. `{folder}` stands for the folder of the cases and `{output}` for the run folder.
After a message has been changed on purpose, read what it says now and write that there.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mpi_runner import mpirun

from ssbsim.cli import main

CASES = Path(__file__).parent / "cases"
NAMES = sorted(path.stem for path in CASES.glob("*.yaml"))
#: Seconds after which a process that should have ended at once counts as hanging.
PROMPT = 60.0


def expected_of(name: str, output: Path) -> tuple[int, str]:
    code, _, message = (CASES / f"{name}.txt").read_text(encoding="utf-8").partition("\n")
    return int(code), message.replace("{folder}", str(CASES)).replace("{output}", str(output)).strip()


def run(ranks: int, name: str, output: Path, *options: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a process (0 ranks: without mpirun)."""
    words = ["-m", "ssbsim.cli", *options, "run", f"{name}.yaml", "-o", output, "--no-report"]
    done = mpirun(ranks, *words, cwd=CASES, timeout=PROMPT)
    return done.returncode, done.stdout, without_progress(done.stderr)


def without_progress(text: str) -> str:
    """Progress lines are not part of a message."""
    return re.sub(r"^(\d+ (equilibrium|steady|transient)|mesh): .*\n", "", text, flags=re.M)


@pytest.fixture
def output(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    folder = tmp_path / "run"
    if "existing_output" in request.node.name:
        folder.mkdir()
        (folder / "notes.txt").write_text("precious")
    return folder


def test_there_is_a_message_for_every_case() -> None:
    assert len(NAMES) >= 20
    assert {p.stem for p in CASES.glob("*.txt")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_message_on_one_rank(
    name: str, output: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, message = expected_of(name, output)
    monkeypatch.chdir(CASES)
    with pytest.raises(SystemExit) as ended:
        main(["run", f"{name}.yaml", "-o", str(output), "--no-report"])
    out, err = capsys.readouterr()
    assert without_progress(err).strip() == message
    assert ended.value.code == code != 0
    assert "Results" not in out
    if name == "existing_output":
        assert (output / "notes.txt").read_text() == "precious"


@pytest.mark.parallel
@pytest.mark.parametrize("name", NAMES)
def test_the_message_on_two_ranks_comes_once(name: str, output: Path) -> None:
    code, message = expected_of(name, output)
    found, out, err = run(2, name, output)
    # mpirun adds a note of its own about the exit code.
    assert err.count(message) == 1, err
    assert (out + err).count("error: ") == 1, err
    assert "Traceback" not in out + err
    assert found == code != 0


def test_debug_shows_where_in_the_program() -> None:
    code, _, err = run(0, "misspelt_key", Path("unused"), "--debug")
    assert code == 2
    assert "Traceback" in err
    assert "error: unknown key 'permitivity'" in err


def test_a_case_file_that_is_not_there() -> None:
    code, _, err = run(0, "no_such_case", Path("unused"))
    assert code == 2
    assert err == "error: there is no file 'no_such_case.yaml'\n  try:   check the path\n"
