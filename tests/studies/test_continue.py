"""A run that was cut short goes on from its last checkpoint."""

from __future__ import annotations

from pathlib import Path

import pytest

import ssbsim
import ssbsim.commands.recording
from ssbsim.case import parse_case

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


def test_continued_run_ends_where_the_uninterrupted_one_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = parse_case(CASE, name="continue", folder=tmp_path)
    whole = ssbsim.run(case, tmp_path / "whole", report=False, show_progress=False)
    observe = ssbsim.commands.recording.Recorder.observe

    def cut(self: ssbsim.commands.recording.Recorder, record: object) -> None:
        observe(self, record)  # type: ignore[arg-type]
        if self._simulation.step == 20:
            raise CutShortError

    monkeypatch.setattr(ssbsim.commands.recording, "_CHECKPOINT_EVERY", 0.0)
    monkeypatch.setattr(ssbsim.commands.recording.Recorder, "observe", cut)
    with pytest.raises(CutShortError):
        ssbsim.run(case, tmp_path / "cut", report=False, show_progress=False)
    monkeypatch.setattr(ssbsim.commands.recording.Recorder, "observe", observe)
    rest = ssbsim.run(case, tmp_path / "rest", continue_from=tmp_path / "cut", report=False, show_progress=False)
    assert rest.history["time [s]"].iloc[0] > ssbsim.open_results(tmp_path / "cut").history["time [s]"].iloc[-1]
    assert rest.history["time [s]"].iloc[-1] == whole.history["time [s]"].iloc[-1]
    name = "charge left [C/m^2]"
    assert rest.history[name].iloc[-1] == pytest.approx(whole.history[name].iloc[-1], rel=1e-6)


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
    with pytest.raises(ssbsim.CaseError, match="into its own folder"):
        ssbsim.run(case, tmp_path / "old", overwrite=True, continue_from=tmp_path / "old", report=False)
    assert ssbsim.open_results(tmp_path / "old").history["charge left [C/m^2]"].iloc[-1] == charge


def test_current_of_every_step_adds_up_to_the_charge(tmp_path: Path) -> None:
    case = parse_case(CASE, name="continue", folder=tmp_path)
    whole = ssbsim.run(case, tmp_path / "whole", report=False, show_progress=False)
    steps = whole.history["step size [s]"] * whole.history["mean current left [A/m^2]"]
    assert steps.sum() == pytest.approx(whole.history["charge left [C/m^2]"].iloc[-1], rel=1e-9)
