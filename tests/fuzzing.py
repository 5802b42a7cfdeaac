"""Broken and odd cases, made from the configs by a seed, and what must hold for every one of them.

By hand, for as long as one likes (2,000 cases take about an hour)::

    ./with-env python3 tests/fuzzing.py 2000 [first seed]

Two kinds: edits of the text, which go through ``ssbsim check``; and edits of values only, which are also run where the mesh has
fewer than 20,000 cells. Each must end with a status of ssbsim's own and a message with file and line, within ten seconds of
checking; it must write nothing outside its output folder and execute nothing; and a run with status 0 has its balances.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from ssbsim.cli import main

CONFIGS = Path(__file__).parents[1] / "configs"
#: Those whose meshes take a second or less.
SMALL = [
    "charged_ball",
    "contact_of_two_electrolytes",
    "electrode_butler_volmer",
    "gouy_chapman_stern",
    "llto_bicrystal",
    "llto_bicrystal_li_poor",
    "llto_impedance",
    "resistive_grain_boundary",
    "step_charging",
    "bicrystal_2d",
]
CANARY = "executed-by-a-case"
LARGEST_RUN = 20_000
LONGEST_CHECK = 10.0

HOSTILE = [
    *(
        "0",
        "-1",
        "1e400",
        "-1e-400",
        ".nan",
        ".inf",
        "1e308 m",
        "9" * 400,
        "0x10",
        "~",
        "''",
        "[]",
        "{}",
        "true",
        "yes",
        "on",
        "=",
        "<<",
    ),
    *(
        "!!python/object/apply:os.system ['touch " + CANARY + "']",
        "!!binary aGVsbG8=",
        "*none",
        "&a [*a]",
        "[[[[[[",
        "}" * 9,
        "'",
        '"',
    ),
    *(
        "$\\frac$",
        "<b>&amp;",
        "a|b",
        "../../../etc/passwd",
        "/dev/zero",
        "/dev/stdin",
        "\\0",
        '"\\0"',
        '"\\ud800"',
        "\u2028",
        "\ufeff",
    ),
    *(
        "298.15",
        "1 furlong",
        "1 m^99",
        "1 m**9**9",
        "__import__('os').system('touch " + CANARY + "')",
        "{{7*7}}",
        "%s%n",
        "a" * 5000,
    ),
    *(
        "1 K",
        "3000 K",
        "1e-30 m",
        "1e30 m",
        "1e-30 mol/m^3",
        "1e30 mol/m^3",
        "1 e",
        "LLTO",
        "nothing.yaml",
        "1 1 1",
        "٣ m",
        "1e5",
    ),
]
OPTIONS = [
    *(
        "pc_type: python",
        "pc_python_type: os.system",
        f"ksp_view: ':{CANARY}'",
        f"log_view: ':{CANARY}'",
        "ksp_type: 5",
        "ksp_max_it: -1",
    ),
    *(
        "ksp_rtol: 1e-3",
        "pc_type: gamg",
        "ksp_type: gmres",
        "mat_mumps_icntl_14: 100000",
        "snes_linesearch_type: bt",
        "pc_type: icc",
    ),
]
_VALUE = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?= [a-zA-Z1])")


@dataclass
class Outcome:
    """What one case did."""

    seed: int
    source: str
    status: int | None = None
    seconds: float = 0.0
    has_run: bool = False
    complaints: list[str] = field(default_factory=list)


def edited_text(text: str, dice: random.Random) -> str:
    """A case with one to three edits of any kind."""
    for _ in range(dice.randint(1, 3)):
        lines = text.split("\n")
        at = dice.randrange(len(lines))
        match dice.randrange(10):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, lines[dice.randrange(len(lines))])
            case 2 | 3 | 4:
                lines[at] = re.sub(r"(:\s+|-\s+).*$", lambda m: m[1] + dice.choice(HOSTILE), lines[at], count=1)
            case 5:
                lines[at] = re.sub(r"[\w|]+:", lambda m: dice.choice(HOSTILE) + ":", lines[at], count=1)
            case 6:
                lines[at] = (
                    lines[at].replace(" ", "\t", 1) if dice.random() < 0.5 else " " * dice.randint(0, 9) + lines[at]
                )
            case 7:
                lines += ["solver:", f"  petsc_options: {{{dice.choice(OPTIONS)}, {dice.choice(OPTIONS)}}}"]
            case 8:
                place = dice.randrange(len(lines[at]) + 1)
                lines[at] = (
                    lines[at][:place]
                    + chr(dice.choice([0, 7, 27, 127, 0x85, 0x202E, 0x1F600, 58, 123]))
                    + lines[at][place:]
                )
            case _:
                place = dice.randrange(len(lines[at]) + 1)
                lines[at] = lines[at][:place] + lines[at][place + dice.randint(1, 8) :]
        text = "\n".join(lines)
    return text


def edited_values(text: str, dice: random.Random) -> str:
    """A case with one to three other numbers, over many decades."""
    for _ in range(dice.randint(1, 3)):
        found = list(_VALUE.finditer(text))
        one = dice.choice(found)
        factor = 10.0 ** (dice.choice([0.3, 1.0, 3.0, 10.0]) * dice.uniform(-1.0, 1.0))
        text = text[: one.start()] + f"{float(one[1]) * factor:.6g}" + text[one.end() :]
    return text


def command(*words: str) -> tuple[int, str, float]:
    """Status, output and seconds of a command."""
    said = io.StringIO()
    started, status = time.perf_counter(), 0
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            main(list(words))
        except SystemExit as ended:
            status = int(ended.code or 0)
    return status, said.getvalue(), time.perf_counter() - started


def one(seed: int, folder: Path) -> Outcome:
    """Make a case from its seed, check it, run it where it is one for that, and judge."""
    dice = random.Random(seed)
    values_only = seed % 4 == 0
    name = (
        dice.choice(SMALL)
        if values_only
        else dice.choice(sorted(p.stem for p in CONFIGS.glob("*.yaml") if p.stem != "expected"))
    )
    text = (CONFIGS / f"{name}.yaml").read_text(encoding="utf-8")
    text = re.sub(r"(path: )(\.\./)", rf"\1{CONFIGS.parent}/", text)
    text = (edited_values if values_only else edited_text)(text, dice)
    path = folder / "case.yaml"
    path.write_text(text, encoding="utf-8")
    outcome = Outcome(seed, name)
    outcome.status, said, outcome.seconds = command("check", "case.yaml")
    _judge(outcome, said, path)
    if outcome.seconds > LONGEST_CHECK:
        outcome.complaints.append(f"the check took {outcome.seconds:.0f} s")
    cells = re.search(r"^ *\d+ +(\d[\d,]*) ", said, flags=re.M)
    if values_only and outcome.status == 0 and cells and int(cells[1].replace(",", "")) < LARGEST_RUN:
        outcome.has_run = True
        outcome.status, said, _ = command("run", "case.yaml", "--output", "out", "--no-report")
        _judge(outcome, said, path)
        if outcome.status == 0:
            outcome.complaints += _unbalanced(folder / "out" / "audit.json")
    left = {entry.name for entry in folder.iterdir()} - {"case.yaml", "out"}
    if left:
        outcome.complaints.append(f"written outside: {', '.join(sorted(left))}")
    return outcome


def _judge(outcome: Outcome, said: str, path: Path) -> None:
    if outcome.status not in (0, 2, 3, 4, 5, 6):
        outcome.complaints.append(f"status {outcome.status}: {said[-300:]}")
    if "Traceback" in said:
        outcome.complaints.append(f"a traceback: {said[-300:]}")
    if outcome.status == 2 and not re.search(r"\.yaml:\d+", said):
        outcome.complaints.append(f"no line: {said[-300:]}")


def _unbalanced(path: Path) -> list[str]:
    """Relative differences of the audit that are out of tolerance."""
    found: list[str] = []

    def visit(node: object, where: str) -> None:
        if isinstance(node, dict):
            for key, item in node.items():
                visit(item, f"{where}/{key}")
        elif isinstance(node, (int, float)) and "relative" in where.rsplit("/", 1)[-1] and abs(node) > 1e-6:
            found.append(f"out of balance: {where} = {node:g}")

    visit(json.loads(path.read_text(encoding="utf-8")), "")
    return found


def fuzz(first: int, count: int) -> list[Outcome]:
    """The outcomes of a row of seeds."""
    outcomes = []
    logging.disable(logging.CRITICAL)
    here = Path.cwd()
    for seed in range(first, first + count):
        folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
        try:
            os.chdir(folder)
            outcomes.append(one(seed, folder))
        finally:
            os.chdir(here)
            shutil.rmtree(folder, ignore_errors=True)
        for complaint in outcomes[-1].complaints:
            sys.__stderr__.write(f"{seed} {outcomes[-1].source}: {complaint}\n") if __name__ == "__main__" else None
    logging.disable(logging.NOTSET)
    return outcomes


if __name__ == "__main__":
    done = fuzz(int(sys.argv[2]) if len(sys.argv) > 2 else 0, int(sys.argv[1]))
    bad = [outcome for outcome in done if outcome.complaints]
    print(f"{len(done)} cases, {sum(o.has_run for o in done)} of them run, {len(bad)} with complaints; by status:")
    print(Counter(outcome.status for outcome in done), f"longest check {max(o.seconds for o in done):.1f} s")
    sys.exit(bool(bad))
