"""A run that is killed at any instant and continued on any number of ranks ends like the uninterrupted one.

The selection here is small. All of it (20 and 20, half an hour):
``./with-env env PYTHONPATH=tests:. python3 tests/parallel/test_killed_runs.py [RANDOM AIMED]``
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from mpi_runner import environment, mpirun
from same_runs import differences_of_runs

pytestmark = pytest.mark.parallel

SCRIPT = Path(__file__).parent / "killed_cases.py"
#: Case, place of the kill, number of its call there.
AIMED = [
    ("line in time", "file", 4),
    ("line in time", "row", 30),
    ("line in time", "checkpoint", 40),
    ("line in time", "step", 61),
    ("line in time", "state", 4),
    ("polycrystal", "file", 2),
    ("polycrystal", "file", 20),
    ("polycrystal", "checkpoint", 3),
    ("polycrystal", "checkpoint", 4),
    ("polycrystal", "finish", 1),
    ("cube", "file", 5),
    ("cube", "row", 9),
    ("cube", "state", 2),
    ("cube", "step", 15),
    ("cube", "checkpoint", 12),
    ("steady in parts", "euler", 40),
    ("steady in parts", "row", 3),
    ("steady in parts", "checkpoint", 5),
    ("steady in parts", "file", 33),
    ("steady in parts", "finish", 1),
]
CASES = ("line in time", "polycrystal", "cube", "steady in parts")


def run_whole(case: str, folder: Path) -> float:
    """Run a case to its end; returns the seconds that it took."""
    begin = time.perf_counter()
    done = mpirun(0, SCRIPT, case, folder, timeout=300.0)
    assert done.returncode == 0, done.stderr[-3000:]
    return time.perf_counter() - begin


def go_on(case: str, old: Path, new: Path, ranks: int) -> None:
    done = mpirun(ranks, SCRIPT, case, new, "--continue", old, timeout=300.0)
    assert done.returncode == 0, done.stderr[-3000:]


def kill_aimed(case: str, place: str, count: int, folder: Path) -> bool:
    """Run until the kill; whether it came before the end."""
    done = mpirun(0, SCRIPT, case, folder, "--kill-at", place, str(count), timeout=300.0)
    return bool(done.returncode == -signal.SIGKILL)


def kill_after(case: str, seconds: float, folder: Path) -> bool:
    """Run and kill after some seconds; whether that was before the end."""
    command = [sys.executable, str(SCRIPT), case, str(folder)]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            return True
    return False


@pytest.mark.parametrize(
    ("case", "place", "count", "ranks"),
    [("line in time", "row", 30, 2), ("polycrystal", "checkpoint", 4, 3), ("line in time", "file", 4, 1)],
)
def test_killed_and_continued(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, case: str, place: str, count: int, ranks: int
) -> None:
    whole = tmp_path_factory.getbasetemp() / f"whole {case}"
    if not whole.exists():
        run_whole(case, whole)
    assert kill_aimed(case, place, count, tmp_path / "killed")
    go_on(case, tmp_path / "killed", tmp_path / "rest", ranks)
    assert differences_of_runs(tmp_path / "rest", whole) == []


def main(n_random: int, n_aimed: int) -> int:
    """Kill and continue; prints a line each and the counts."""
    generator = random.Random(10)
    good, missed = 0, 0
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        seconds = {case: run_whole(case, base / f"whole {case}") for case in CASES}
        plans: list[tuple[str, str, float]] = []
        for i in range(n_random):
            case = CASES[i % len(CASES)]
            plans.append((case, "", generator.uniform(0.25, 1.0) * seconds[case]))
        plans += [(case, place, float(count)) for case, place, count in AIMED[:n_aimed]]
        generator.shuffle(plans)
        for i, (case, place, number) in enumerate(plans):
            old, ranks = base / f"killed {i}", i % 3 + 1
            died = kill_aimed(case, place, int(number), old) if place else kill_after(case, number, old)
            missed += not died
            what = f"{place} {number:g}" if place else f"after {number:.2f} s"
            found = ["no kill"] if not died else []
            if died and not old.exists():
                run_whole(case, base / f"rest {i}")
                what += ", nothing written yet"
            elif died:
                # In turn into a new folder and in place.
                new = old if i % 2 else base / f"rest {i}"
                try:
                    go_on(case, old, new, ranks)
                    found = differences_of_runs(new, base / f"whole {case}")
                except AssertionError as error:
                    found = [str(error)[-1500:]]
            good += not found
            sys.stdout.write(f"{i + 1:3} {case}, {what}, {ranks} ranks: {found or 'same'}\n")
            sys.stdout.flush()
        sys.stdout.write(f"{good} of {len(plans)} like the uninterrupted run, {missed} not killed\n")
    return int(good != len(plans))


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]] or [20, 20]
    sys.exit(main(*numbers))
