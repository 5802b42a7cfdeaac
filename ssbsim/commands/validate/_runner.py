"""Finds the validation cases, runs them, and writes the table and the plots."""

from __future__ import annotations

import csv
import difflib
import importlib.util
import io
import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from mpi4py import MPI

import ssbsim
from ssbsim._parallel import on_root
from ssbsim.commands.validate._overlay import draw_overlay
from ssbsim.commands.validate._rows import Panel, Row
from ssbsim.commands.validate._trial import Trial
from ssbsim.errors import CaseError, SsbsimError

_COLUMNS = ("case", "quantity", "unit", "expected", "found", "error", "kind", "tolerance", "pass")


@dataclass
class Bench:
    """What a validation case works with.

    Args:
        comm: Communicator; everything is collective.
        overlays: Plots asked for, by name.
    """

    comm: MPI.Comm
    overlays: dict[str, tuple[str, Sequence[Panel]]] = field(default_factory=dict)

    def trial(self, text: str) -> Trial:
        """A case, given as YAML, ready to run in memory."""
        return Trial(text, comm=self.comm)

    def overlay(self, name: str, title: str, panels: Sequence[Panel]) -> None:
        """Ask for an overlay plot."""
        self.overlays[name] = (title, panels)


@dataclass(frozen=True)
class Outcome:
    """Result of one validation case.

    Args:
        case: Its name.
        title: First line of its description.
        rows: Its lines of the table.
        overlays: Its plots.
        failure: Message of the error that ended it, or empty.
    """

    case: str
    title: str
    rows: tuple[Row, ...]
    overlays: dict[str, tuple[str, Sequence[Panel]]]
    failure: str = ""

    @property
    def passed(self) -> bool:
        """Whether it came to its end with every row in tolerance, and had at least one."""
        return not self.failure and bool(self.rows) and all(row.passed for row in self.rows)


def case_folder(folder: Path | None = None) -> Path:
    """Folder of the validation cases: the one given, or ``validation/`` beside the package.

    Raises:
        CaseError: There is none.
    """
    found = Path(ssbsim.__file__).resolve().parents[1] / "validation" if folder is None else Path(folder)
    if not found.is_dir():
        raise CaseError(
            "The folder of the validation cases is missing.",
            where=str(found),
            hint="Run from a checkout of the repository, or name the folder with --cases.",
        )
    return found


def find_cases(names: Iterable[str] = (), *, folder: Path | None = None) -> dict[str, Path]:
    """Files of the validation cases by name, in the order asked for; all of them when none is named.

    Raises:
        CaseError: A name is unknown.
    """
    place = case_folder(folder)
    known = {path.stem: path for path in sorted(place.glob("*.py")) if not path.name.startswith("_")}
    wanted = list(dict.fromkeys(names)) or list(known)
    for name in wanted:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
            nearest = f"Did you mean '{close[0]}'? " if close else ""
            raise CaseError(
                f"There is no validation case '{name}'.",
                where=str(place),
                hint=f"{nearest}Known: {', '.join(known)}.",
            )
    return {name: known[name] for name in wanted}


def run_case(path: Path, *, comm: MPI.Comm | None = None) -> Outcome:
    """Run one validation case; an error of ssbsim in it becomes part of the outcome.

    Raises:
        CaseError: The file is not a validation case.
    """
    module = load_case_file(path)
    title = (module.__doc__ or "").strip().partition("\n")[0]
    rows_of: Callable[[Bench], Iterator[Row]] | None = getattr(module, "rows", None)
    if rows_of is None or not title:
        raise CaseError(
            f"'{path.name}' is not a validation case.",
            where=str(path),
            hint="Give it a docstring and a function rows(bench) that yields Row objects; see validation/README.md.",
        )
    bench = Bench(MPI.COMM_WORLD if comm is None else comm)
    rows: list[Row] = []
    failure = ""
    try:
        rows.extend(rows_of(bench))
    except SsbsimError as error:
        failure = str(error)
    return Outcome(path.stem, title, tuple(rows), bench.overlays, failure)


def validate(
    names: Iterable[str],
    output: str | Path,
    *,
    tell: Callable[[str], None] | None = None,
    folder: Path | None = None,
    comm: MPI.Comm | None = None,
) -> bool:
    """Run validation cases and write ``table.md``, ``table.csv``, ``table.json`` and the overlay plots.

    Args:
        names: Names of cases; all when empty.
        output: Folder of the results; made if missing.
        tell: Receives the table as text.
        folder: Folder of the cases; by default the one beside the package.
        comm: Communicator (default: the world); the call is collective.

    Returns:
        Whether every row of every case is in tolerance; the same on every rank.

    Raises:
        CaseError: A name is unknown, or there is nothing to run.
    """
    comm = MPI.COMM_WORLD if comm is None else comm
    place = Path(output)
    paths = find_cases(names, folder=folder)
    if not paths:
        raise CaseError("There is no validation case to run.", where=str(case_folder(folder)), hint="Add one.")
    say = tell if tell is not None else _say_nothing
    outcomes = []
    for name, path in paths.items():
        outcome = run_case(path, comm=comm)
        outcomes.append(outcome)
        say(_text(outcome))

        def save(outcome: Outcome = outcome, name: str = name) -> None:
            place.mkdir(parents=True, exist_ok=True)
            for plot, (title, panels) in outcome.overlays.items():
                draw_overlay(panels, place / (name if plot == name else f"{name}_{plot}"), title=title)
            _write_tables(place, outcomes)

        on_root(comm, save, share=False)
    passed = bool(comm.bcast(all(outcome.passed for outcome in outcomes), root=0))
    failed = [outcome.case for outcome in outcomes if not outcome.passed]
    count = sum(len(outcome.rows) for outcome in outcomes)
    say(
        f"{count} rows in {len(outcomes)} cases; "
        + (f"out of tolerance: {', '.join(failed)}" if failed else "all pass")
    )
    say(f"Table and plots: {place}")
    return passed


def _say_nothing(text: str) -> None:
    pass


def load_case_file(path: Path) -> ModuleType:
    """The file as a module of its own, outside the table of modules."""
    spec = importlib.util.spec_from_file_location(f"ssbsim_validation_case_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise CaseError(f"'{path.name}' cannot be loaded.", where=str(path), hint="It must be a Python file.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _cells(case: str, row: Row) -> dict[str, str | float | bool]:
    values = (
        case,
        row.quantity,
        row.unit,
        float(row.expected),
        float(row.found),
        row.error,
        row.kind,
        row.tolerance,
        row.passed,
    )
    return dict(zip(_COLUMNS, values, strict=True))


def _percent(row: Row, value: float) -> str:
    """An error or a tolerance for a reader."""
    if not math.isfinite(value):
        return str(value)
    if row.kind == "relative" and row.expected != 0.0:
        return f"{100.0 * value:.2g} %"
    return f"{value:.2g}" + ("" if row.unit == "1" else f" {row.unit}")


def _line(row: Row) -> tuple[str, str, str, str, str, str]:
    unit = "" if row.unit == "1" else f" {row.unit}"
    least = "≥ " if row.kind == "at least" else ""
    return (
        row.quantity,
        f"{least}{row.expected:.7g}{unit}",
        f"{row.found:.7g}{unit}",
        _percent(row, row.error),
        _percent(row, row.tolerance),
        "yes" if row.passed else "NO",
    )


def _text(outcome: Outcome) -> str:
    """One case as lines for a terminal."""
    lines = [_line(row) for row in outcome.rows]
    head = ("quantity", "expected", "found", "error", "tolerance", "pass")
    widths = [max(len(line[i]) for line in (head, *lines)) for i in range(len(head))]
    body = [
        "  " + "  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip()
        for line in (head, *lines)
    ]
    failure = [f"  did not finish: {outcome.failure}"] if outcome.failure else []
    return "\n".join([f"{outcome.case}: {outcome.title}", *body, *failure, ""])


def _write_tables(folder: Path, outcomes: Sequence[Outcome]) -> None:
    records = [_cells(outcome.case, row) for outcome in outcomes for row in outcome.rows]
    content = {
        "format": 1,
        "ssbsim": ssbsim.__version__,
        "passed": all(outcome.passed for outcome in outcomes),
        "failures": {outcome.case: outcome.failure for outcome in outcomes if outcome.failure},
        "rows": records,
    }
    (folder / "table.json").write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    stream = io.StringIO()
    writer = csv.DictWriter(stream, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    (folder / "table.csv").write_text(stream.getvalue(), encoding="utf-8")
    parts = ["# Validation", "", f"ssbsim {ssbsim.__version__}. Errors are relative unless they carry a unit.", ""]
    for outcome in outcomes:
        parts += [f"## {outcome.case}", "", outcome.title, ""]
        parts += ["| quantity | expected | found | error | tolerance | pass |", "| --- | --- | --- | --- | --- | --- |"]
        parts += ["| " + " | ".join(cell.replace("|", "\\|") for cell in _line(row)) + " |" for row in outcome.rows]
        parts += ["", f"Did not finish: {outcome.failure}"] if outcome.failure else []
        for plot, (title, _) in outcome.overlays.items():
            name = outcome.case if plot == outcome.case else f"{outcome.case}_{plot}"
            parts += ["", f"![{title}]({name}.png)"]
        parts.append("")
    (folder / "table.md").write_text("\n".join(parts), encoding="utf-8")
