"""From the steps of a simulation to the files of its run folder."""

from __future__ import annotations

import logging
import math
import resource
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from mpi4py import MPI

from ssbsim import interrupts
from ssbsim._compat import versions
from ssbsim._parallel import on_root
from ssbsim.analysis.audit import Audit
from ssbsim.analysis.headline import Headline, charge_magnitude
from ssbsim.case import dump_resolved
from ssbsim.commands.prepare import Prepared
from ssbsim.document.model import citations_in
from ssbsim.results import Grid, Progress, RunFolder, StepRow, TerminalRow, bibliography, provenance, references
from ssbsim.solvers import PRESET_SOURCES
from ssbsim.studies import Flows, Simulation, Snapshots, StepRecord, StudyResult, fingerprints, gather_state

_log = logging.getLogger("ssbsim")

#: Seconds of wall time between checkpoints inside a study.
_CHECKPOINT_EVERY = 60.0

#: Column of every table of a run on a mesh that is refused but for ``solver.coarse_mesh: warn``.
_COARSE = "mesh too coarse [1]"


class Recorder:
    """Turns steps into rows, fields, checkpoints and progress. All methods are collective."""

    def __init__(
        self,
        simulation: Simulation,
        folder: RunFolder | None,
        prepared: Prepared | None,
        *,
        show_progress: bool,
    ) -> None:
        self._simulation = simulation
        self._folder = folder
        self._prepared = prepared
        self._show = show_progress
        self._comm = simulation.comm
        self._snapshots = Snapshots(simulation, flux="flux" in simulation.case.output.fields)
        self._audit = Audit()
        self._headline = Headline(simulation.case, simulation.scales, simulation.functional.placement.phases)
        self._quantities: dict[str, dict[str, Any]] = {}
        self._flows: Flows = simulation.flows()
        self._progress: Progress | None = None
        self._timings: dict[str, float] = {}
        self._last_checkpoint = time.perf_counter()
        open_fields = {fixed.field for fixed in simulation.functional.placement.rows.fixed}
        self._audit.begin(simulation.amounts(), open_fields & set(simulation.functional.placement.unknowns.species))
        self._continued: list[dict[str, Any]] = []
        self._entered = time.perf_counter()
        self._solves = {"Newton iterations": 0, "linear iterations": 0, "steps": 0}
        #: Study of the present state and whether it has ended, where no checkpoint holds that state yet.
        self._unsaved: tuple[int, bool] | None = None

    def recall(self, meta: Mapping[str, Any], source: str | Path) -> None:
        """Go on as the recorder would whose run wrote a checkpoint.

        Args:
            meta: That of the checkpoint.
            source: The folder of the run.
        """
        memory = meta["recorder"]
        self._audit.recall(memory["audit"])
        self._headline.recall(memory["headline"])
        self._quantities, self._solves = dict(memory["quantities"]), dict(memory["counts"])
        self._timings = dict(memory["timings"])
        simulation = self._simulation
        now = datetime.now(UTC).isoformat(timespec="seconds")
        taken_up = {"from": Path(source).resolve().name, "at": now, "study": meta["study"] + 1}
        taken_up |= {"step": simulation.step, "time [s]": simulation.time, "ranks": self._comm.size}
        self._continued = [*memory["continued"], taken_up]

    def begin(self, first: int) -> None:
        """Write what is known before the first step, a checkpoint included: a run can be continued from its beginning.

        Args:
            first: The study to begin with, or to go on with.
        """
        is_within = self._simulation.under_way is not None
        self._unsaved = (first, False) if is_within else (first - 1, True)
        state = gather_state(self._simulation)
        on_root(self._comm, lambda: self._begin(state), share=False)
        self._unsaved = None

    def save(self) -> None:
        """Write a checkpoint of the last step that was kept, unless there is one."""
        if self._unsaved is None:
            return
        state = gather_state(self._simulation)
        on_root(self._comm, lambda: self._write_checkpoint(state), share=False)
        self._unsaved = None

    def _write_checkpoint(self, state: Any) -> None:
        if state is None or self._folder is None or self._unsaved is None:
            return
        simulation, (study, has_ended), (arrays, meta) = self._simulation, self._unsaved, state
        meta |= {"case": fingerprints(simulation.case, study + 1)}
        meta |= {"study": study, "study has ended": has_ended, "time [s]": simulation.time}
        timings = dict(self._timings)
        if not has_ended:
            timings[self._label(study)] = self._seconds()
        memory: dict[str, Any] = {"audit": self._audit.memory(), "headline": self._headline.memory()}
        memory |= {"quantities": self._quantities, "counts": self._solves}
        memory |= {"timings": timings, "continued": self._continued}
        self._folder.write_checkpoint(arrays, meta | {"recorder": memory, "folder": self._folder.held()})

    def _label(self, index: int) -> str:
        return f"study {index + 1} ({self._simulation.case.study[index].kind})"

    def _seconds(self) -> float:
        """Wall time of the study under way, with that of the runs before that had begun it."""
        return time.perf_counter() - self._entered

    def _begin(self, state: Any) -> None:
        folder, prepared, layout = self._folder, self._prepared, self._snapshots.layout
        if folder is None or prepared is None or layout is None:
            return
        checked = prepared.checked
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
        self._write_checkpoint(state)

    def enter(self, index: int) -> None:
        """A study begins, or goes on."""
        self._entered = time.perf_counter() - self._timings.get(self._label(index), 0.0)
        kind = self._simulation.case.study[index].kind
        if self._show:
            self._progress = Progress(f"{index + 1} {kind}", total=1.0, rank=self._comm.rank)
            self._progress.__enter__()

    def leave(self, index: int) -> None:
        """A study has ended."""
        self._timings[self._label(index)] = self._seconds()
        self.stop_progress()

    def stop_progress(self, *outcome: Any) -> None:
        """Take the progress bar down; ``outcome`` as for leaving a context, nothing for success."""
        outcome = outcome or (None, None, None)
        if self._progress is not None:
            self._progress.__exit__(*outcome)
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
        state = gather_state(simulation) if due else None
        self._unsaved = (record.study, record.end)

        def write() -> None:
            folder = self._folder
            if folder is None:
                return
            folder.append_history(row.columns() | {name: mark for name, (mark,) in self._marks(1).items()})
            if record.end and fields and layout is not None:
                self._headline.end_study(record.kind, row, layout, fields)
            if fields is not None and layout is not None:
                folder.append_fields(simulation.time, row.study, simulation.step, self._chosen(fields))
            self._write_checkpoint(state)
            if self._progress is not None:
                text = f"t = {simulation.time:.3g} s, {row.newton_iterations} Newton iterations"
                self._progress.update(record.progress, text)

        on_root(self._comm, write, share=False)
        if due:
            self._last_checkpoint, self._unsaved = now, None
        _log.info(
            "step %d (%s): time %.6g s, size %.3g s, %d Newton iterations",
            simulation.step,
            record.kind,
            simulation.time,
            record.size,
            row.newton_iterations,
        )
        interrupts.stop_if_asked(self._comm)

    def keep(self, result: StudyResult) -> None:
        """Write the tables and arrays of a study, and keep its headline numbers for the summary."""

        simulation = self._simulation

        def write() -> None:
            folder = self._folder
            if folder is None:
                return
            for name, columns in result.tables.items():
                rows = len(next(iter(columns.values()), ()))
                folder.write_table(f"{name}.csv", {**columns, **self._marks(rows)})
            for name, array in result.arrays.items():
                folder.write_array(f"{name}.npy", array)
            for name, (field, values) in result.maps.items():
                grains = simulation.mesh.grains
                phases = tuple(dict.fromkeys(grain.phase for grain in grains))
                count, corners, dim = field.points.shape
                points = np.zeros((count * corners, 3))
                points[:, :dim] = field.points.reshape(-1, dim)
                grid = Grid(
                    points,
                    np.arange(count * corners).reshape(count, corners),
                    simulation.mesh.cell_type,
                    np.array([phases.index(grain.phase) for grain in grains])[field.grain],
                    field.grain,
                    phases,
                    tuple(grain.name for grain in grains),
                )
                fields = {key: np.asarray(value, dtype=np.float64).reshape(-1) for key, value in values.items()}
                folder.write_map(f"{name}.vtu", grid, fields, simulation.case.output.length_unit)

        self._quantities |= {name: dict(entry) for name, entry in result.quantities.items()}
        on_root(self._comm, write, share=False)
        self._unsaved = (result.study, True)
        self.save()

    def finish(self, setup: float) -> dict[str, dict[str, Any]]:
        """Write summary, audit and provenance; returns the headline numbers on rank 0."""
        simulation = self._simulation
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0
        memory = float(self._comm.allreduce(peak, op=MPI.SUM))
        unused = simulation.options.unused()

        def write() -> dict[str, dict[str, Any]]:
            folder, prepared = self._folder, self._prepared
            if folder is None or prepared is None:
                return {}
            checked = prepared.checked
            quantities = self._headline.result() | self._quantities
            summary = {"format": 1, "title": checked.case.title, "quantities": quantities}
            if checked.coarse:
                mark = "MESH TOO COARSE (" + "; ".join(checked.coarse) + ")"
                for entry in quantities.values():
                    entry |= {"how": f"{mark}: {entry.get('how', '')}", "coarse mesh": checked.coarse}
                summary["coarse mesh"] = checked.coarse
            folder.write_json("summary.json", summary)
            folder.write_json("audit.json", self._audit.result())
            cited = (*citations_in(checked.case), *PRESET_SOURCES[simulation.options.preset])
            sources = references(cited, prepared.sources)
            folder.write_text("references.bib", bibliography(sources))
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
                "continued": self._continued,
                "materials": prepared.sources,
                "references": [{k: v for k, v in one.items() if k != "bibtex"} for one in sources],
            }
            folder.write_json("provenance.json", made)
            return quantities

        return on_root(self._comm, write, share=False) or {}

    def _row(self, record: StepRecord) -> StepRow:
        simulation, report = self._simulation, record.report
        flows, amounts, in_time = simulation.flows(), simulation.amounts(), math.isfinite(record.size)
        terminals = {}
        for name in simulation.functional.placement.terminals:
            area = simulation.boundary_measures[name]
            mean = simulation.mean_current(name, flows, self._flows, report.supplied, record.size)
            terminals[name] = TerminalRow(
                area,
                simulation.current(name, flows) / area,
                mean / area,
                flows.charge[name] / area if name in flows.charge else None,
                simulation.outside.potential(name),
                {k: rate / area for k, rate in flows.species[name].items()},
            )
        self._flows = flows
        row = StepRow(
            step=simulation.step,
            study=f"{record.study + 1} {record.kind}",
            time=simulation.time,
            size=record.size if in_time else 0.0,
            newton_iterations=sum(r.iterations for r in report.newton),
            linear_iterations=sum(r.linear_iterations for r in report.newton),
            error=report.error if math.isfinite(report.error) else 0.0,
            terminals=terminals,
            amounts=amounts,
            amount_unit=simulation.mesh.units.amount,
            lost={k: flow.share_lost for k, flow in record.flows.items() if flow.is_resolved},
            unresolved={k: flow.bound for k, flow in record.flows.items() if flow.is_nothing},
        )
        self._solves["steps"] += 1
        self._solves["Newton iterations"] += row.newton_iterations
        self._solves["linear iterations"] += row.linear_iterations
        self._audit.step(amounts, simulation.supplied(report.supplied) if in_time else None)
        return row

    def _marks(self, rows: int) -> dict[str, list[int]]:
        """A column more for a table, where planes of the mesh are too coarse for its numbers (rank 0)."""
        coarse = self._prepared is not None and bool(self._prepared.checked.coarse)
        return {_COARSE: [1] * rows} if coarse else {}

    def _chosen(self, fields: dict[str, npt.NDArray[np.float64]]) -> dict[str, npt.NDArray[np.float64]]:
        """The fields that the case asks for."""
        wanted = {f.replace("_", " ") for f in self._simulation.case.output.fields}
        return {n: v for n, v in fields.items() if any(n.startswith(w + " ") for w in wanted)}
