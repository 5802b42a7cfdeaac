"""What the outside applies: at rest, after the updates of studies, on the way between, and in checkpoints of old."""

from __future__ import annotations

from typing import Any

import pytest
from samples import electrode, layers, make_case, reservoir, run_studies, salt, simulation

from ssbsim.solvers import Event, Outcome, TimePoint
from ssbsim.studies.outside import AppliedValues
from ssbsim.studies.recipes import run_transient, step_in_time

CELL: dict[str, Any] = {
    "geometry": layers(("e", 10.0), bulk=0.5, interface=0.5),
    "phases": {"e": salt()},
    "terminals": {"left": electrode(0.1, stern_capacitance=0.5), "right": reservoir("A+", "B-", potential=0.2)},
}


def test_rest_target_and_what_is_written() -> None:
    case = make_case(**CELL, study=[{"kind": "equilibrium", "terminals": {"left": {"potential": -0.3}}}])
    with simulation(case) as made:
        outside, unit = made.outside, made.scales.potential
        rest = outside.at_rest()
        assert rest.terminals == {("left", "phi"): 0.0, ("right", "A+"): 0.0, ("right", "B-"): 0.0}
        assert rest.planes == 0.0
        assert outside.at_start(0) == rest
        assert outside.at_start(1) == outside.now()
        target = outside.after(case.study[0].terminals)
        assert target.terminals["left", "phi"] == pytest.approx(-0.3 / unit)
        assert target.terminals["right", "A+"] == outside.now().terminals["right", "A+"]
        # Nothing is applied until it is written, and then in the forms too.
        assert outside.potential("left") == pytest.approx(0.1)
        outside.write(target)
        assert outside.now() == target
        assert outside.potential("left") == pytest.approx(-0.3)
        assert outside.potential("right") == pytest.approx(0.2)
        assert float(made.functional.placement.terminals["left"].applied["phi"].constant.value) == pytest.approx(
            -0.3 / unit
        )


def test_the_way_between_is_straight_and_ends_exactly() -> None:
    start, end = AppliedValues({("a", "phi"): 0.1}, 0.0), AppliedValues({("a", "phi"): 0.3}, 1.0)
    middle = start.toward(end, 0.25)
    assert middle.terminals["a", "phi"] == pytest.approx(0.15)
    assert middle.planes == 0.25
    far = AppliedValues({("a", "phi"): 1e3}, 0.0)
    assert far.toward(start, 1.0) == start


def test_a_checkpoint_of_old_is_read() -> None:
    rows = [["left", "phi", 1.5], ["right", "Li+", -2.0], ["planes", "load", 1.0]]
    values = AppliedValues.from_rows(rows)
    assert values == AppliedValues({("left", "phi"): 1.5, ("right", "Li+"): -2.0}, 1.0)
    assert values.rows() == rows


def test_a_transient_ends_at_an_event_and_the_next_study_goes_on_from_there() -> None:
    """A charging double layer: the charge of the electrode reaches a value on the way to its final one."""
    us = 1e-6
    study = {"kind": "transient", "duration": 5 * us, "terminals": {"left": {"potential": 0.1}}, "tolerance": 1e-4}
    parts = CELL | {"terminals": {"left": electrode(0.0), "right": electrode(0.0)}}
    with simulation(make_case(**parts, study=[study, {"kind": "transient", "duration": us}])) as made:
        rows = made.functional.placement.rows.fixed[0].rows
        wanted = 0.02

        def charge(point: TimePoint) -> float:
            return made.sum(point.supply[rows]) * made.scales.surface_charge - wanted

        sizes: list[float] = []
        event = Event("charged", charge)
        ended = step_in_time(made, made.case.study[0], 0, lambda r: sizes.append(r.size), events=[event])
        assert ended == ("charged",)
        assert made.flows().charge["left"] == pytest.approx(wanted, rel=1e-5)
        assert made.time == pytest.approx(sum(sizes), rel=1e-12)
        assert made.time < 5 * us
        assert made.functional.y.x.array[: len(made.point.y)] == pytest.approx(made.point.y, rel=1e-15)
        begin = made.time
        run_transient(made, made.case.study[1], 1, lambda record: None)
        assert made.time == pytest.approx(begin + us, rel=1e-12)
        assert made.flows().charge["left"] > wanted


def test_outcomes_are_sentences() -> None:
    assert all(outcome.value.endswith(".") for outcome in Outcome)


def test_studies_that_follow_one_another_remember_what_is_applied() -> None:
    studies = [{"kind": "equilibrium", "terminals": {"left": {"potential": 0.05}}}, {"kind": "equilibrium"}]
    with simulation(
        make_case(**CELL | {"terminals": {"left": electrode(0.0), "right": reservoir("A+", "B-")}}, study=studies)
    ) as made:
        run_studies(made)
        assert made.outside.potential("left") == pytest.approx(0.05, rel=1e-14)
