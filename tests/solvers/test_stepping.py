"""Implicit Euler and TR-BDF2: order, conservation and what they carry from step to step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from samples import apply, electrode, layers, make_case, reservoir, salt, simulation

from ssbsim.solvers import TimePoint, jumped
from ssbsim.studies import Simulation

CELL: dict[str, Any] = {
    "geometry": layers(("e", 10.0), bulk=0.5, interface=0.5),
    "phases": {"e": salt()},
    "terminals": {"left": electrode(0.0), "right": electrode(0.0)},
}


def started(made: Simulation, potential: float) -> TimePoint:
    """A point just after the left electrode has jumped, with its rates made by a tiny step."""
    apply(made, {("left", "phi"): potential / made.scales.potential})
    report = made.integrator.euler(made.point, 1e-9)
    assert report.accepted is not None
    return report.accepted


def march(made: Simulation, point: TimePoint, method: str, steps: int, duration: float) -> TimePoint:
    for _ in range(steps):
        report = getattr(made.integrator, method)(point, duration / steps)
        assert report.accepted is not None
        point = report.accepted
    return point


@pytest.mark.parametrize(("method", "order", "tolerance"), [("euler", 1.0, 0.15), ("trbdf2", 2.0, 0.15)])
def test_the_order_in_time_of_every_field(method: str, order: float, tolerance: float) -> None:
    with simulation(make_case(**CELL)) as made:
        # The first layer of fast decay is over when the measurement begins.
        begin = march(made, started(made, 0.1), "trbdf2", 40, 0.02)
        reference = march(made, begin, "trbdf2", 640, 0.1)
        counts = np.array([10, 20, 40])
        errors = []
        for count in counts:
            point = march(made, begin, method, int(count), 0.1)
            difference = (point.y - reference.y).reshape(-1, len(made.functional.placement.unknowns))
            errors.append(np.abs(difference).max(axis=0))
        slopes = -np.diff(np.log(errors), axis=0) / np.diff(np.log(counts))[:, None]
        np.testing.assert_allclose(slopes[-1], order, atol=tolerance)


def test_the_error_estimate_is_of_third_order_and_of_the_right_size() -> None:
    with simulation(make_case(**CELL)) as made:
        begin = march(made, started(made, 0.1), "trbdf2", 40, 0.02)
        estimates, true = [], []
        for size in (4e-3, 2e-3, 1e-3):
            estimates.append(made.integrator.trbdf2(begin, size).error)
            coarse, fine = march(made, begin, "trbdf2", 1, size), march(made, begin, "trbdf2", 16, size)
            true.append(np.abs(coarse.y - fine.y).max())
        ratios = np.log2(np.array(estimates[:-1]) / np.array(estimates[1:]))
        assert 2.5 < ratios[-1] < 3.3
        assert 0.2 < estimates[-1] / true[-1] < 5.0


@pytest.mark.parametrize("method", ["euler", "trbdf2"])
def test_a_step_changes_an_amount_only_by_what_is_supplied(method: str) -> None:
    parts = CELL | {"terminals": {"left": reservoir("A+", "B-"), "right": electrode(0.0)}}
    with simulation(make_case(**parts)) as made:
        apply(made, {("right", "phi"): 3.0})
        point = made.integrator.euler(made.point, 1e-6).accepted
        assert point is not None
        report = getattr(made.integrator, method)(point, 1e-2)
        assert report.accepted is not None
        fields = len(made.functional.placement.unknowns)
        gained = (report.accepted.q - point.q).reshape(-1, fields).sum(axis=0)
        supplied = report.supplied.reshape(-1, fields).sum(axis=0)
        np.testing.assert_allclose(gained[:2], supplied[:2], rtol=1e-10, atol=1e-14)
        assert np.abs(supplied[:2]).min() > 1e-6


def test_after_a_jump_the_rates_are_forgotten() -> None:
    with simulation(make_case(**CELL)) as made:
        point = started(made, 0.1)
        assert point.rate is not None
        assert point.slope is not None
        again = jumped(point)
        assert again.rate is None
        assert again.slope is None
        # Without rates the step is implicit Euler's, whatever is asked for.
        first, second = made.integrator.trbdf2(again, 1e-4), made.integrator.euler(replace(point, slope=None), 1e-4)
        assert first.accepted is not None
        assert second.accepted is not None
        np.testing.assert_allclose(first.accepted.y, second.accepted.y, atol=1e-9)
        assert np.isnan(first.error)


def test_a_failed_step_leaves_the_fields_as_they_were() -> None:
    with simulation(make_case(**CELL, solver={"newton_iterations": 1})) as made:
        apply(made, {("left", "phi"): 200.0})
        for method in ("euler", "trbdf2"):
            report = getattr(made.integrator, method)(made.point, 1e-2)
            assert report.accepted is None
            assert not report.newton[-1].converged
            np.testing.assert_array_equal(made.functional.y.x.array, made.point.y)


def test_a_step_that_failed_for_infinite_numbers_does_not_spoil_the_next() -> None:
    """After a factorisation of NaN, MUMPS refuses to factorise anything unless it is told to start afresh."""
    with simulation(make_case(**CELL)) as made:
        point = started(made, 0.1)
        expected = made.integrator.euler(point, 1e-3).accepted
        spoilt = replace(point, y=point.y + 1e5)
        assert made.integrator.euler(spoilt, 1e-3).accepted is None
        again = made.integrator.euler(point, 1e-3).accepted
        assert again is not None
        assert expected is not None
        np.testing.assert_allclose(again.y, expected.y, atol=1e-8)
