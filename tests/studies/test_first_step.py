"""The first step of a transient."""

from __future__ import annotations

from pathlib import Path

import pytest

import ssbsim


def test_first_step_stays_short_whatever_was_asked_for(tmp_path: Path) -> None:
    case = ssbsim.load_case(Path(__file__).parents[2] / "configs" / "step_charging.yaml")
    study = case.study[-1]
    coarse = study.model_copy(update={"initial_step": study.duration})
    found = []
    for number, last in enumerate((study, coarse)):
        point = case.model_copy(update={"study": (*case.study[:-1], last)})
        results = ssbsim.run(point, tmp_path / str(number), report=False, show_progress=False)
        found.append(results.history["charge left [C/m^2]"].iloc[-1])
    assert found[1] == pytest.approx(found[0], rel=2e-3)
