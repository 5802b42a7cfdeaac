"""A run that was cut short goes on from its last checkpoint."""

from __future__ import annotations

from pathlib import Path

import pytest
from same_runs import differences_of_runs

import ssbsim
from ssbsim.case import Case, parse_case
from ssbsim.commands import recording
from ssbsim.results import RunFolder
from ssbsim.studies import StepRecord

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
  - {kind: transient, duration: 1 ms, terminals: {left: {potential: 50 mV}}, output_times: {count: 4}}
"""


class CutShortError(Exception):
    """Stands for a kill."""


def cut_short(case: Case, folder: Path, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a case with a checkpoint at every step, and stop it after the checkpoint of one."""
    observe = recording.Recorder.observe

    def cut(self: recording.Recorder, record: StepRecord) -> None:
        observe(self, record)
        if self._simulation.step == at:
            raise CutShortError

    with monkeypatch.context() as patch:
        patch.setattr(recording, "_CHECKPOINT_EVERY", 0.0)
        patch.setattr(recording.Recorder, "observe", cut)
        with pytest.raises(CutShortError):
            ssbsim.run(case, folder, report=False, show_progress=False)


@pytest.mark.parametrize("output", ["rest", None])
@pytest.mark.parametrize("at", [1, 20])
def test_continued_run_is_the_uninterrupted_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str | None, at: int
) -> None:
    case = parse_case(CASE, name="continue", folder=tmp_path)
    whole = ssbsim.run(case, tmp_path / "whole", report=False, show_progress=False)
    cut_short(case, tmp_path / "cut", at, monkeypatch)
    place = tmp_path / output if output else None
    rest = ssbsim.run(case, place, continue_from=tmp_path / "cut", report=False, show_progress=False)
    assert rest.path == (place or tmp_path / "cut")
    assert differences_of_runs(rest, whole) == []
    (entry,) = rest.provenance["continued"]
    assert (entry["from"], entry["step"]) == ("cut", at)
    assert entry["time [s]"] == whole.history["time [s]"][at - 1]
    assert whole.provenance["continued"] == []


def test_a_run_that_ended_but_for_its_last_files_gets_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = parse_case(CASE, name="continue", folder=tmp_path)
    whole = ssbsim.run(case, tmp_path / "whole", report=False, show_progress=False)
    cut_short(case, tmp_path / "cut", int(whole.history["step"].iloc[-1]), monkeypatch)
    rest = ssbsim.run(case, continue_from=tmp_path / "cut", report=False, show_progress=False)
    assert differences_of_runs(rest, whole) == []


def test_a_run_that_died_before_its_first_checkpoint_starts_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = parse_case(CASE, name="continue", folder=tmp_path)
    whole = ssbsim.run(case, tmp_path / "whole", report=False, show_progress=False)
    folder = RunFolder(tmp_path / "dead")
    (folder.path / "checkpoint").mkdir()
    (folder.path / "checkpoint" / ".000001.npz.tmp").write_bytes(b"PK")
    folder.close()
    rest = ssbsim.run(case, continue_from=folder.path, report=False, show_progress=False)
    assert differences_of_runs(rest, whole) == []


def test_complete_run_and_other_case_are_refused(tmp_path: Path) -> None:
    case = parse_case(CASE, name="continue", folder=tmp_path)
    ssbsim.run(case, tmp_path / "whole", report=False, show_progress=False)
    with pytest.raises(ssbsim.CheckpointError, match="The run is complete"):
        ssbsim.run(case, tmp_path / "again", continue_from=tmp_path / "whole", report=False, show_progress=False)
    other = parse_case(CASE.replace("20 nm", "30 nm"), name="other", folder=tmp_path)
    with pytest.raises(ssbsim.CheckpointError, match="belongs to another case: geometry differ"):
        ssbsim.run(other, tmp_path / "other", continue_from=tmp_path / "whole", report=False, show_progress=False)


def test_a_run_that_cannot_start_leaves_the_old_folder_alone(tmp_path: Path) -> None:
    case = parse_case(CASE, name="continue", folder=tmp_path)
    old = ssbsim.run(case, tmp_path / "old", report=False, show_progress=False)
    charge = old.history["charge left [C/m^2]"].iloc[-1]
    with pytest.raises(ssbsim.CheckpointError):
        ssbsim.run(case, tmp_path / "old", overwrite=True, continue_from=tmp_path / "none", report=False)
    assert ssbsim.open_results(tmp_path / "old").history["charge left [C/m^2]"].iloc[-1] == charge


def test_current_of_every_step_adds_up_to_the_charge(tmp_path: Path) -> None:
    case = parse_case(CASE, name="continue", folder=tmp_path)
    whole = ssbsim.run(case, tmp_path / "whole", report=False, show_progress=False)
    steps = whole.history["step size [s]"] * whole.history["mean current left [A/m^2]"]
    assert steps.sum() == pytest.approx(whole.history["charge left [C/m^2]"].iloc[-1], rel=1e-9)
