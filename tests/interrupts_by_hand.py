"""Interrupts at random instants of runs in 1D, 2D and 3D, on 1 and 2 ranks, from the command line and from a script.

    ./with-env python3 tests/interrupts_by_hand.py [COUNT]

Each run must end within 5 s after the signal, with 130 or 143. Its folder must continue: the continued run is interrupted in
the same way and must have got no less far, or it ends by itself. Prints one line a run and the counts.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from mpi_runner import environment

HEAD = "title: interrupted\ntemperature: 300 K\nphases:\n  e: {material: reference-binary}\n"
TERMINALS = "terminals:\n  left: {kind: electrode, potential: 0 V}\n  right: {kind: electrode, potential: 0 V}\n"
STUDY = (
    "study:\n  - {kind: equilibrium}\n  - {kind: transient, duration: 1 ms, tolerance: 1e-7, "
    "terminals: {left: {potential: 50 mV}}, output_times: {count: 4}}\n"
)
GEOMETRIES = {
    1: "{kind: layers, layers: [{phase: e, thickness: 20 nm}], spacing: {interface: 0.02 nm, bulk: 0.02 nm, terminal: 0.01 nm}}",
    2: "{kind: layers, layers: [{phase: e, thickness: 20 nm}], dimension: 2, width: 10 nm, "
    "spacing: {interface: 0.5 nm, bulk: 0.5 nm, terminal: 0.2 nm}}",
    3: "{kind: layers, layers: [{phase: e, thickness: 20 nm}], dimension: 3, width: 5 nm, depth: 5 nm, "
    "spacing: {interface: 1 nm, bulk: 1 nm, terminal: 0.3 nm}}",
}
SCRIPT = """
import sys, ssbsim
old = sys.argv[3] if len(sys.argv) > 3 else None
try:
    ssbsim.run(sys.argv[1], sys.argv[2], report=False, continue_from=old)
except KeyboardInterrupt as stop:
    sys.exit(stop.exit_code)
"""


def start(folder: Path, ranks: int, is_script: bool, output: Path, old: Path | None) -> subprocess.Popen[bytes]:
    words = [str(folder / "case.yaml")]
    if is_script:
        words = [sys.executable, str(folder / "script.py"), *words, str(output), *([str(old)] if old else [])]
    else:
        words = ["ssbsim", "run", *words, "--no-report", "-o", str(output), *(["--continue", str(old)] if old else [])]
    if ranks > 1:
        words = ["mpirun", "--oversubscribe", "-n", str(ranks), *words]
    log = (folder / f"{output.name}.log").open("wb")
    return subprocess.Popen(words, stdout=log, stderr=log, env=environment(), start_new_session=True)


def ranks_of(process: subprocess.Popen[bytes], ranks: int) -> list[int]:
    """Process numbers of the ranks."""
    if ranks == 1:
        return [process.pid]
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(child) for child in children if b"case.yaml" in Path(f"/proc/{child}/cmdline").read_bytes()]


def wait_for(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Until the folder holds its first checkpoint."""
    end = time.monotonic() + 120.0
    while not any((folder / "checkpoint").glob("*.json")) and process.poll() is None and time.monotonic() < end:
        time.sleep(0.05)


def interrupt(process: subprocess.Popen[bytes], ranks: int, number: int) -> float:
    """Seconds from the signal, to a rank by chance, to the end."""
    before = time.monotonic()
    os.kill(random.choice(ranks_of(process, ranks)), number)
    try:
        process.wait(60.0)
    except subprocess.TimeoutExpired:
        process.kill()
    return time.monotonic() - before


def newest(folder: Path) -> Any:
    return json.loads(max((folder / "checkpoint").glob("*.json")).read_text())["meta"]


def one(dimension: int, ranks: int, is_script: bool, number: signal.Signals) -> tuple[bool, str]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = HEAD + f"geometry: {GEOMETRIES[dimension]}\n" + TERMINALS + STUDY
        (folder / "case.yaml").write_text(text)
        (folder / "script.py").write_text(SCRIPT)
        steps, text, good, old = [], "", True, None
        for run in ("first", "second"):
            output = folder / run
            process = start(folder, ranks, is_script, output, old)
            wait_for(process, output)
            time.sleep(random.uniform(0.0, 4.0))
            if process.poll() is not None:
                text += f"{run} ended by itself with {process.returncode}; "
                good &= process.returncode == 0
                break
            seconds = interrupt(process, ranks, number)
            good &= process.returncode == 128 + number and seconds < 5.0
            text += f"{run}: status {process.returncode} after {seconds:.2f} s, step {newest(output)['step']}; "
            steps.append(newest(output)["step"])
            old = output
        good &= steps == sorted(steps)
        log = "" if good else (folder / "first.log").read_text()[-800:]
    return good, text + log


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    random.seed(1)
    good = 0
    for index in range(count):
        dimension, ranks = 1 + index % 3, 1 + index // 3 % 2
        is_script, number = bool(index // 6 % 2), random.choice([signal.SIGINT, signal.SIGTERM])
        is_good, text = one(dimension, ranks, is_script, number)
        good += is_good
        how = "script" if is_script else "command"
        print(f"{'ok ' if is_good else 'BAD'} {dimension}D, {ranks} ranks, {how}, {number.name}: {text}", flush=True)
    print(f"{good} of {count}")
    sys.exit(good != count)


if __name__ == "__main__":
    main()
