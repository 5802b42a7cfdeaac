"""Run a case from its file to its run folder."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from mpi4py import MPI

from ssbsim._parallel import on_root
from ssbsim.analysis.audit import Audit
from ssbsim.analysis.headline import charge_magnitude, headline
from ssbsim.case import Case, dump_resolved, load_case
from ssbsim.checking import CheckReport, report_on
from ssbsim.errors import CaseError
from ssbsim.geometry import build_geometry
from ssbsim.materials import case_provenance, resolve_case
from ssbsim.results import Grid, Progress, Results, RunFolder, open_log, open_results, provenance, write_report
from ssbsim.studies import STUDIES, Flows, Simulation, Snapshots, StepRecord

_log = logging.getLogger("ssbsim")

#: Seconds of wall time between checkpoints inside a study.
_CHECKPOINT_EVERY = 60.0


def run(
    case: Case | str | Path,
    output: str | Path | None = None,
    *,
    overwrite: bool = False,
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
        comm: Communicator (default: the world); the call is collective, and the numbers do not depend on its size.
        show_progress: Show progress on stderr of rank 0.
        report: Draw the pictures and write ``report.html``.
        tell: Receives the report of the check and the headline numbers as text, on rank 0.

    Returns:
        The results, on every rank.

    Raises:
        SsbsimError: With what, where and what to try; the same on every rank.
    """
    comm = MPI.COMM_WORLD if comm is None else comm
    started = time.perf_counter()
    given = case

    def prepare() -> tuple[Case, CheckReport, dict[str, Any]]:
        loaded = given if isinstance(given, Case) else load_case(given)
        resolved = resolve_case(loaded)
        mesh = build_geometry(resolved)
        mesh.validate()
        sources = {name: [asdict(row) for row in rows] for name, rows in case_provenance(loaded).items()}
        return resolved, report_on(resolved, mesh), sources

    prepared = on_root(comm, prepare, share=False)
    checked = prepared[1] if prepared is not None else None
    resolved: Case = comm.bcast(prepared[0] if prepared is not None else None, root=0)
    on_root(comm, lambda: checked.raise_for_problems() if checked is not None else None)
    if checked is not None and tell is not None:
        tell(str(checked))
    folder = on_root(comm, lambda: _make_folder(resolved, output, overwrite), share=False)
    path = Path(comm.bcast(str(folder.path) if folder is not None else "", root=0))
    with ExitStack() as stack:
        if folder is not None:
            stack.enter_context(open_log(folder.path))
        simulation = Simulation(resolved, checked.mesh if checked is not None else None, comm)
        stack.callback(simulation.close)
        sources = prepared[2] if prepared is not None else {}
        recorder = _Recorder(simulation, folder, checked, sources, show_progress=show_progress)
        on_root(comm, recorder.begin, share=False)
        setup = time.perf_counter() - started
        stack.callback(recorder.stop_progress)
        for index, study in enumerate(resolved.study):
            recorder.enter(index)
            before = time.perf_counter()
            extra: dict[str, Any] = {"every": resolved.output.every or 0} if study.kind == "transient" else {}
            STUDIES[study.kind](simulation, study, index, recorder.observe, **extra)
            recorder.leave(index, time.perf_counter() - before)
        quantities = recorder.finish(setup)
        unused = simulation.options.unused()
    if unused:
        raise CaseError(
            "PETSc did not use these options: " + ", ".join(sorted(unused)) + ".",
            where="solver.petsc_options",
            hint="Correct or remove them; the run itself is complete and kept in its folder.",
        )
    if report:
        on_root(comm, lambda: write_report(path), share=False)
    if comm.rank == 0 and tell is not None:
        tell(headline_text(quantities))
        tell(f"Run folder: {path}")
    comm.barrier()
    return open_results(path)


def headline_text(quantities: Mapping[str, Mapping[str, Any]]) -> str:
    """The headline numbers as lines."""
    width = max((len(name) for name in quantities), default=0)
    lines = [f"  {name.ljust(width)}  {entry['value']:.6g} {entry['unit']}" for name, entry in quantities.items()]
    return "\n".join(["Results", *lines])


def _make_folder(case: Case, output: str | Path | None, overwrite: bool) -> RunFolder:
    if output is not None:
        return RunFolder(output, overwrite=overwrite)
    name = case.source.stem if case.source is not None else "case"
    for number in range(1, 10_000):
        path = Path("runs") / (name if number == 1 else f"{name}-{number}")
        if not path.exists():
            break
    return RunFolder(path)


class _Recorder:
    """Turns steps into rows, fields, checkpoints and progress. All methods but ``begin`` are collective."""

    def __init__(
        self,
        simulation: Simulation,
        folder: RunFolder | None,
        checked: CheckReport | None,
        sources: dict[str, Any],
        *,
        show_progress: bool,
    ) -> None:
        self._sources = sources
        self._simulation = simulation
        self._folder = folder
        self._checked = checked
        self._show = show_progress
        self._comm = simulation.comm
        self._snapshots = Snapshots(simulation, flux="flux" in simulation.case.output.fields)
        self._audit = Audit()
        self._states: list[dict[str, Any]] = []
        self._flows: Flows | None = None
        self._progress: Progress | None = None
        self._timings: dict[str, float] = {}
        self._last_checkpoint = time.perf_counter()
        held = {fixed.field for fixed in simulation.functional.fixed}
        self._audit.begin(simulation.amounts(), held & set(simulation.functional.species))
        self._solves = {"Newton iterations": 0, "linear iterations": 0, "steps": 0}

    def begin(self) -> None:
        """Write what is known before the first step (rank 0)."""
        folder, checked, layout = self._folder, self._checked, self._snapshots.layout
        if folder is None or checked is None or layout is None:
            return
        folder.write_text("resolved.yaml", dump_resolved(checked.case))
        folder.write_text("check.txt", str(checked) + "\n")
        _log.info("%s", checked)
        grid = Grid(
            layout.points,
            layout.cells,
            layout.cell_type,
            layout.phase,
            layout.grain,
            layout.phase_names,
            layout.grain_names,
        )
        folder.open_fields(grid, checked.case.output.length_unit)

    def enter(self, index: int) -> None:
        """A study begins."""
        kind = self._simulation.case.study[index].kind
        if self._show:
            self._progress = Progress(f"{index + 1} {kind}", total=1.0, rank=self._comm.rank)
            self._progress.__enter__()

    def leave(self, index: int, seconds: float) -> None:
        """A study has ended."""
        kind = self._simulation.case.study[index].kind
        self._timings[f"study {index + 1} ({kind})"] = seconds
        self.stop_progress()

    def stop_progress(self) -> None:
        """Take the progress display down; after an error too."""
        if self._progress is not None:
            self._progress.__exit__(None, None, None)
            self._progress = None

    def observe(self, record: StepRecord) -> None:
        """Take in one step."""
        simulation = self._simulation
        row = self._row(record)
        fields = self._snapshots.take() if record.fields else None
        layout = self._snapshots.layout
        if record.end:
            cuts = simulation.currents_through_cuts() if record.kind == "steady" else None
            magnitude = charge_magnitude(layout, fields) if fields and layout is not None else 0.0
            charge = (simulation.unbalanced_charge(), magnitude)
            sites = simulation.occupancy_ranges()
            self._audit.end_study(record.kind, row, charge=charge, sites=sites, cuts=cuts)
        now = time.perf_counter()
        due = record.end or bool(self._comm.bcast(now - self._last_checkpoint > _CHECKPOINT_EVERY, root=0))
        arrays = self._checkpoint_arrays() if due else None

        def write() -> None:
            folder = self._folder
            if folder is None:
                return
            folder.append_history(row)
            if fields is not None and layout is not None:
                name = f"{record.study + 1} {record.kind}"
                folder.append_fields(simulation.time, name, simulation.step, self._chosen(fields))
            if arrays is not None:
                meta = {"study": record.study, "time": simulation.time, "step": simulation.step, "end": record.end}
                folder.write_checkpoint(arrays, meta)
            if self._progress is not None:
                text = f"t = {simulation.time:.3g} s, {row['Newton iterations']} Newton iterations"
                self._progress.update(record.progress, text)

        on_root(self._comm, write, share=False)
        if due:
            self._last_checkpoint = now
        if record.end and fields is not None and layout is not None:
            self._states.append({"kind": record.kind, "fields": fields, "row": row, "layout": layout})
        _log.info(
            "step %d (%s): time %.6g s, size %.3g s, %d Newton iterations",
            simulation.step,
            record.kind,
            simulation.time,
            record.size,
            row["Newton iterations"],
        )

    def finish(self, setup: float) -> dict[str, dict[str, Any]]:
        """Write summary, audit and provenance; returns the headline numbers on rank 0."""
        simulation = self._simulation
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0
        memory = float(self._comm.allreduce(peak, op=MPI.SUM))
        unused = simulation.options.unused()

        def write() -> dict[str, dict[str, Any]]:
            folder, checked = self._folder, self._checked
            if folder is None or checked is None:
                return {}
            from ssbsim._compat import versions

            quantities = headline(checked.case, simulation.scales, simulation.functional.phases, self._states)
            folder.write_json("summary.json", {"format": 1, "title": checked.case.title, "quantities": quantities})
            folder.write_json("audit.json", self._audit.result())
            made = provenance(
                versions=versions(),
                case_file=checked.case.source,
                options=simulation.options.user,
                ranks=self._comm.size,
            )
            made |= {
                "petsc": {
                    "preset": simulation.options.preset,
                    "options": simulation.options.values,
                    "unused": unused,
                },
                "mesh": {"hash": checked.mesh.content_hash(), "cells": len(checked.mesh.cells)},
                "unknowns": simulation.n_unknowns,
                "peak memory [B]": memory,
                "memory per unknown [B]": memory / simulation.n_unknowns,
                "timings [s]": {"set-up": setup, **self._timings},
                "counts": self._solves,
                "materials": self._sources,
            }
            folder.write_json("provenance.json", made)
            return quantities

        return on_root(self._comm, write, share=False) or {}

    def _row(self, record: StepRecord) -> dict[str, float | int | str]:
        simulation = self._simulation
        flows = simulation.flows()
        reports = record.report.newton
        row: dict[str, float | int | str] = {
            "step": simulation.step,
            "study": f"{record.study + 1} {record.kind}",
            "time [s]": simulation.time,
            "step size [s]": record.size if math.isfinite(record.size) else 0.0,
            "Newton iterations": sum(r.iterations for r in reports),
            "linear iterations": sum(r.linear_iterations for r in reports),
            "local error [kT]": record.report.error if math.isfinite(record.report.error) else 0.0,
        }
        self._solves["steps"] += 1
        for key in ("Newton iterations", "linear iterations"):
            self._solves[key] += int(row[key])
        supplied = simulation.supplied(record.report.supplied) if math.isfinite(record.size) else None
        for name in simulation.functional.terminals:
            area = simulation.boundary_measures[name]
            current = simulation.current(name, flows, self._flows, record.report.supplied, record.size)
            row[f"current {name} [A/m^2]"] = current / area
            if name in flows.charge:
                row[f"charge {name} [C/m^2]"] = flows.charge[name] / area
            applied = simulation.applied_potential(name)
            if applied is not None:
                row[f"applied {name} [V]"] = applied
        self._flows = flows
        unit = {1: "mol/m^2", 2: "mol/m", 3: "mol"}[simulation.mesh.dim]
        for k, amount in simulation.amounts().items():
            row[f"amount {k} [{unit}]"] = amount
        self._audit.step(simulation.amounts(), supplied)
        return row

    def _chosen(self, fields: dict[str, npt.NDArray[np.float64]]) -> dict[str, npt.NDArray[np.float64]]:
        """The fields that the case asks for."""
        wanted = {f.replace("_", " ") for f in self._simulation.case.output.fields}
        return {n: v for n, v in fields.items() if any(n.startswith(w + " ") for w in wanted)}

    def _checkpoint_arrays(self) -> dict[str, npt.NDArray[np.float64]] | None:
        return self._snapshots.gather_state()


__all__ = ["headline_text", "run"]
