"""Ctrl-C and SIGTERM: the run keeps what it has, says how to go on, and ends as shells expect; scripts get KeyboardInterrupt."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from mpi4py import MPI
from mpi_runner import environment, mpirun

import ssbsim
from ssbsim import interrupts
from ssbsim.case import parse_case
from ssbsim.commands.recording import Recorder
from ssbsim.interrupts import Interrupted
from ssbsim.solvers import ImplicitSolver

CASE = """
title: step charging of a blocking cell
temperature: 300 K
geometry: {kind: layers, layers: [{phase: e, thickness: 20 nm}], spacing: {interface: 1 nm, bulk: 1 nm, terminal: 0.1 nm}}
phases:
  e: {material: reference-binary}
terminals:
  left: {kind: electrode, potential: 0 V}
  right: {kind: electrode, potential: 0 V}
study:
  - {kind: equilibrium}
  - {kind: transient, duration: 1 ms, tolerance: 1e-2, terminals: {left: {potential: 50 mV}}, output_times: {count: 4}}
"""
#: A script that runs a case and interrupts itself: on one rank, inside PETSc, at the given call of the residual.
SCRIPT = """
import os, signal, sys
import ssbsim.cli
from mpi4py import MPI
from ssbsim.solvers import ImplicitSolver

number, call, rank = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
unbalanced, calls = ImplicitSolver.unbalanced, 0

def ask(self, target):
    global calls
    calls += 1
    if calls == call and MPI.COMM_WORLD.rank == rank:
        os.kill(os.getpid(), number)
    return unbalanced(self, target)

ImplicitSolver.unbalanced = ask
ssbsim.cli.main(["run", *sys.argv[4:]])
"""


def history(folder: Path) -> np.ndarray:
    return ssbsim.open_results(folder).history["time [s]"].to_numpy()


@pytest.fixture(autouse=True)
def signals_are_heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever ran before in this process; workers of pytest-xdist may ignore SIGINT, and what is ignored is left alone."""
    monkeypatch.setattr(interrupts, "_watch", interrupts._Watch())
    before = {one: signal.signal(one, signal.SIG_DFL) for one in interrupts.SIGNALS}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for one, handler in before.items():
        signal.signal(one, signal.SIG_DFL if handler is None else handler)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    ssbsim.run(parse_case(CASE, name="c", folder=folder), folder / "run", report=False, show_progress=False)
    return folder / "run"


def interrupt_at(monkeypatch: pytest.MonkeyPatch, call: int, number: int) -> None:
    """Send a signal to this process at a call of the residual, which PETSc makes."""
    unbalanced, calls = ImplicitSolver.unbalanced, [0]

    def ask(self: ImplicitSolver, target: np.ndarray) -> np.ndarray:
        calls[0] += 1
        if calls[0] == call:
            os.kill(os.getpid(), number)
        return unbalanced(self, target)

    monkeypatch.setattr(ImplicitSolver, "unbalanced", ask)


@pytest.mark.parametrize(("number", "call"), [(signal.SIGINT, 2), (signal.SIGHUP, 40)])
def test_a_script_gets_keyboard_interrupt_and_goes_on_from_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: Path, number: int, call: int
) -> None:
    case = parse_case(CASE, name="c", folder=tmp_path)
    handlers = [signal.getsignal(one) for one in interrupts.SIGNALS]
    with monkeypatch.context() as patch:
        interrupt_at(patch, call, number)
        with pytest.raises(KeyboardInterrupt, match="--continue") as caught:
            ssbsim.run(case, tmp_path / "cut", report=False, show_progress=False)
    assert isinstance(caught.value, Interrupted)
    assert caught.value.exit_code == 128 + number
    assert [signal.getsignal(one) for one in interrupts.SIGNALS] == handlers
    ssbsim.run(case, tmp_path / "rest", continue_from=tmp_path / "cut", report=False, show_progress=False)
    assert history(tmp_path / "rest")[-1] == history(whole)[-1]


def test_an_exception_inside_petsc_reaches_the_caller_as_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class OursError(Exception):
        pass

    def fail(self: ImplicitSolver, target: np.ndarray) -> np.ndarray:
        raise OursError

    case = parse_case(CASE, name="c", folder=tmp_path)
    monkeypatch.setattr(ImplicitSolver, "unbalanced", fail)
    with pytest.raises(OursError):
        ssbsim.run(case, tmp_path / "run", report=False, show_progress=False)


def test_interrupted_pictures_leave_a_complete_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(path: Path) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        signal.pause()

    case = parse_case(CASE, name="c", folder=tmp_path)
    monkeypatch.setattr("ssbsim.commands.run.write_report", draw)
    with pytest.raises(Interrupted, match="ssbsim report"):
        ssbsim.run(case, tmp_path / "run", show_progress=False)
    assert ssbsim.open_results(tmp_path / "run").summary["quantities"]


def test_handlers_of_others_and_ignored_signals_are_left_alone() -> None:
    before = [signal.signal(signal.SIGHUP, signal.SIG_IGN), signal.signal(signal.SIGTERM, lambda *_: None)]
    try:
        own = signal.getsignal(signal.SIGTERM)
        with interrupts.deferred():
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) is own
            assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    finally:
        signal.signal(signal.SIGHUP, before[0])
        signal.signal(signal.SIGTERM, before[1])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_other_threads_set_no_handler() -> None:
    seen = []

    def work() -> None:
        with interrupts.deferred():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]


def test_what_a_signal_breaks_is_an_interrupt() -> None:
    def compile_forms() -> None:
        with interrupts.deferred():
            os.kill(os.getpid(), signal.SIGINT)
            raise RuntimeError("the compiler was ended by the same Ctrl-C")

    with pytest.raises(Interrupted):
        compile_forms()


def test_a_signal_sent_twice_at_once_is_one_and_later_it_ends_the_process() -> None:
    text = """
import os, signal, time
from ssbsim import interrupts
with interrupts.deferred():
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGTERM)
    print("alive", flush=True)
    time.sleep(0.6)
    os.kill(os.getpid(), signal.SIGINT)
    print("never", flush=True)
"""
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, env=environment())
    assert (done.returncode, done.stdout) == (-signal.SIGINT, "alive\n")


def test_the_first_step_is_not_needed_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: Path) -> None:
    case = parse_case(CASE, name="c", folder=tmp_path)
    begin = Recorder.begin

    def ask(self: Recorder, first: int) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        begin(self, first)

    with monkeypatch.context() as patch:
        patch.setattr(Recorder, "begin", ask)
        with pytest.raises(Interrupted):
            ssbsim.run(case, tmp_path / "cut", report=False, show_progress=False)
    ssbsim.run(case, tmp_path / "rest", continue_from=tmp_path / "cut", report=False, show_progress=False)
    assert np.array_equal(history(tmp_path / "rest"), history(whole))


@pytest.mark.parametrize(
    ("ranks", "rank", "number"), [(0, 0, signal.SIGINT), (2, 1, signal.SIGTERM)], ids=["serial", "one rank of two"]
)
def test_the_command_ends_as_shells_expect(
    tmp_path: Path, whole: Path, ranks: int, rank: int, number: signal.Signals
) -> None:
    (tmp_path / "case.yaml").write_text(CASE)
    (tmp_path / "script.py").write_text(SCRIPT)
    arguments = [
        tmp_path / "script.py",
        int(number),
        60,
        rank,
        tmp_path / "case.yaml",
        "--no-report",
        "-o",
        tmp_path / "cut",
    ]
    done = mpirun(ranks, *map(str, arguments))
    assert done.returncode == 128 + number, done.stderr
    assert f"interrupted by {number.name}" in done.stderr
    assert "Traceback" not in done.stderr
    case = parse_case(CASE, name="c", folder=tmp_path)
    ssbsim.run(case, tmp_path / "rest", continue_from=tmp_path / "cut", report=False, show_progress=False)
    assert history(tmp_path / "rest")[-1] == history(whole)[-1]


def test_a_command_that_only_reads_ends_as_shells_expect(tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text(CASE)
    text = """
import os, signal, sys, ssbsim, ssbsim.cli
ssbsim.check = lambda *some, **more: os.kill(os.getpid(), signal.SIGTERM)
ssbsim.cli.main(["check", sys.argv[1]])
"""
    done = subprocess.run(
        [sys.executable, "-c", text, tmp_path / "case.yaml"], capture_output=True, text=True, env=environment()
    )
    assert (done.returncode, done.stderr) == (143, "interrupted by SIGTERM\n")


def test_agreement_costs_nothing_without_a_signal() -> None:
    assert interrupts.asked(MPI.COMM_WORLD) == 0
    interrupts.stop_if_asked(MPI.COMM_WORLD)


def test_no_half_file(tmp_path: Path) -> None:
    from ssbsim.results import whole_files

    def write(temporary: Path) -> None:
        temporary.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        whole_files.replace_file(tmp_path / "file", write)
    assert list(tmp_path.iterdir()) == []
