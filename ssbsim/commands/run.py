"""Run a case from its file to its run folder."""

from __future__ import annotations

import logging
import shlex
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from mpi4py import MPI

from ssbsim import interrupts
from ssbsim._parallel import on_root
from ssbsim.case import Case
from ssbsim.commands.prepare import prepare_to_solve
from ssbsim.commands.recording import Recorder
from ssbsim.errors import CaseError, CheckpointError, SsbsimError
from ssbsim.interrupts import Interrupted
from ssbsim.results import (
    Results,
    RunFolder,
    is_without_checkpoint,
    open_log,
    open_results,
    read_checkpoint,
    write_report,
)
from ssbsim.studies import STUDIES, Simulation, differences, restore_state

_log = logging.getLogger("ssbsim")


def run(
    case: Case | str | Path,
    output: str | Path | None = None,
    *,
    overwrite: bool = False,
    continue_from: str | Path | None = None,
    comm: MPI.Comm | None = None,
    show_progress: bool = True,
    report: bool = True,
    tell: Callable[[str], None] | None = None,
) -> Results:
    """Run every study of a case and write the run folder.

    Args:
        case: A case, or the path of its file.
        output: Run folder; by default ``runs/NAME`` below the working directory, with a number when that is taken.
        overwrite: Replace the run that the folder holds.
        continue_from: Run folder of the same case that was cut short: go on from its last checkpoint, as if nothing had been; in
            that folder, or into ``output``, which then gets what the run had. Without a checkpoint start anew.
        comm: Communicator (default: the world); the call is collective, and the numbers do not depend on its size.
        show_progress: Show progress on stderr of rank 0.
        report: Draw the pictures and write ``report.html``.
        tell: Receives the report of the check and the headline numbers as text, on rank 0.

    Returns:
        The results, on every rank.

    Raises:
        SsbsimError: With what, where and what to try; the same on every rank.
        Interrupted: A ``KeyboardInterrupt``, after Ctrl-C, SIGTERM or SIGHUP, on every rank; the folder is complete up to the
            last step that was kept, and the handlers of before are back.
    """
    comm = MPI.COMM_WORLD if comm is None else comm
    with interrupts.deferred():
        path, quantities = _solve(
            comm,
            case,
            output,
            overwrite=overwrite,
            continue_from=continue_from,
            report=report,
            show_progress=show_progress,
            tell=tell,
        )
        try:
            if report:
                failure = on_root(comm, lambda: _draw(path))
                if failure and comm.rank == 0 and tell is not None:
                    tell(failure)
            interrupts.stop_if_asked(comm)
        except Interrupted as stop:
            advice = f"The run is complete; its pictures are not: ssbsim report {shlex.quote(str(path))}"
            raise Interrupted(stop.number, advice, is_agreed=True) from None
        if comm.rank == 0 and tell is not None:
            tell(headline_text(quantities))
            tell(f"Run folder: {path}")
        comm.barrier()
        return open_results(path)


def _draw(folder: Path) -> str:
    """Write the report; what went wrong, if anything. A complete run is not lost to its pictures."""
    try:
        with interrupts.immediate():
            write_report(folder)
    except Exception as error:  # of a drawing library, or a full disk
        reason = error.what if isinstance(error, SsbsimError) else f"{type(error).__name__}: {error}"
        return f"warning: report.html could not be written ({reason}). The run is complete; try: ssbsim report {folder}"
    return ""


def _solve(
    comm: MPI.Comm,
    case: Case | str | Path,
    output: str | Path | None,
    *,
    overwrite: bool,
    continue_from: str | Path | None,
    report: bool,
    show_progress: bool,
    tell: Callable[[str], None] | None,
) -> tuple[Path, Mapping[str, Mapping[str, Any]]]:
    """All studies, into the run folder; returns its path and, on rank 0, the headline numbers."""
    started = time.perf_counter()
    resolved, mesh, prepared = prepare_to_solve(comm, case, show_progress=show_progress)
    with ExitStack() as stack:
        # Everything that can fail comes before the folder is claimed: an old run must not go for one that cannot start.
        interrupts.stop_if_asked(comm)
        simulation = Simulation(resolved, mesh, comm)
        interrupts.stop_if_asked(comm)
        stack.callback(simulation.close)
        first, meta = _continue(simulation, continue_from, report) if continue_from is not None else (0, None)
        folder = on_root(comm, lambda: _make_folder(resolved, output, overwrite, continue_from, meta), share=False)
        if folder is not None:
            stack.callback(folder.close)
        path = Path(comm.bcast(str(folder.path) if folder is not None else "", root=0))
        if folder is not None:
            stack.enter_context(open_log(folder.path))
        if prepared is not None and tell is not None:
            tell(str(prepared.checked))
        recorder = Recorder(simulation, folder, prepared, show_progress=show_progress)
        if meta is not None and continue_from is not None:
            recorder.recall(meta, continue_from)
        recorder.begin(first)
        setup = time.perf_counter() - started
        stack.push(recorder.stop_progress)
        try:
            for index, study in enumerate(resolved.study):
                if index < first:
                    continue
                interrupts.stop_if_asked(comm)
                recorder.enter(index)
                result = STUDIES[study.kind](simulation, study, index, recorder.observe)
                if result is not None:
                    recorder.keep(result)
                recorder.leave(index)
        except Interrupted as stop:
            recorder.save()
            name = "CASE" if resolved.source is None else shlex.quote(str(resolved.source))
            advice = (
                f"  where: {path}; it is complete up to {simulation.time:.6g} s, step {simulation.step}\n"
                f"  to go on: ssbsim run {name} --continue {shlex.quote(str(path))}"
            )
            raise Interrupted(stop.number, advice, is_agreed=True) from None
        quantities = recorder.finish(setup)
        unused = simulation.options.unused()
    if unused:
        raise CaseError(
            "PETSc did not use these options: " + ", ".join(sorted(unused)) + ".",
            where="solver.petsc_options",
            hint="Correct or remove them; the run itself is complete and kept in its folder.",
        )
    return path, quantities


def _continue(simulation: Simulation, folder: str | Path, report: bool) -> tuple[int, dict[str, Any] | None]:
    """Load the last checkpoint of a run; returns the index of the study to go on with, and what the checkpoint says.

    A run that died before its first checkpoint has nothing to go on from: that gives 0 and ``None``.
    """

    def read() -> Any:
        return None if is_without_checkpoint(folder) else read_checkpoint(folder)

    arrays, meta = on_root(simulation.comm, read, share=False) or ({}, None)
    meta = simulation.comm.bcast(meta, root=0)
    if meta is None:
        _log.warning("no checkpoint in %s: the run starts anew", folder)
        return 0, None
    try:
        return _take_up(simulation, folder, arrays, meta, report), meta
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise CheckpointError(
            f"The checkpoint does not hold what this ssbsim writes ({type(error).__name__}: {error}).",
            where=str(folder),
            hint="Its files were changed, or are of another version: restore them from a copy, or start the run anew.",
        ) from None


def _take_up(simulation: Simulation, folder: str | Path, arrays: Any, meta: Any, report: bool) -> int:
    if missing := [name for name in ("recorder", "folder") if not isinstance(meta[name], dict)]:
        raise ValueError(f"no {', '.join(missing)}")
    changed = differences(simulation.case, meta)
    if changed:
        raise CheckpointError(
            f"The run belongs to another case: {', '.join(changed)} differ.",
            where=str(folder),
            hint="Continue with the case as it was; only output.every, solver, title and later studies may change.",
        )
    restore_state(simulation, arrays, meta)
    index = int(meta["study"]) + bool(meta["study has ended"])
    if index >= len(simulation.case.study) and _is_complete(simulation.comm, folder, report):
        raise CheckpointError(
            "The run is complete: its last checkpoint is the end of the last study.",
            where=str(folder),
            hint="Add a study to the case to go on from there.",
        )
    return index


def _is_complete(comm: MPI.Comm, folder: str | Path, report: bool) -> bool:
    """Whether a run has written all that comes at its end."""
    last = ("provenance.json", "report.html") if report else ("provenance.json",)
    return bool(on_root(comm, lambda: all((Path(folder) / name).is_file() for name in last)))


def headline_text(quantities: Mapping[str, Mapping[str, Any]]) -> str:
    """The headline numbers as lines."""
    width = max((len(name) for name in quantities), default=0)
    lines = [f"  {name.ljust(width)}  {_with_unit(entry)}" for name, entry in quantities.items()]
    return "\n".join(["Results", *lines])


def _with_unit(entry: Mapping[str, Any]) -> str:
    mark = "  (mesh too coarse)" if "coarse mesh" in entry else ""
    unit = "" if entry["unit"] == "1" else f" {entry['unit']}"
    return f"{entry['value']:.6g}{unit}{mark}"


def _make_folder(
    case: Case,
    output: str | Path | None,
    overwrite: bool,
    continue_from: str | Path | None,
    meta: Mapping[str, Any] | None,
) -> RunFolder:
    if continue_from is not None:
        path = continue_from if output is None else output
        if meta is not None:
            return RunFolder.take_up(continue_from, path, meta["folder"], overwrite=overwrite)
        return RunFolder(path, overwrite=overwrite or Path(path).resolve() == Path(continue_from).resolve())
    if output is not None:
        return RunFolder(output, overwrite=overwrite)
    name = case.source.stem if case.source is not None else "case"
    for number in range(1, 10_000):
        path = Path("runs") / (name if number == 1 else f"{name}-{number}")
        if not path.exists():
            break
    return RunFolder(path)
