"""The transient study: error control, output times, jumps, what it conserves and what it costs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from samples import electrode, layers, make_case, reservoir, run_studies, run_study, salt, simulation

from ssbsim.case import Case
from ssbsim.solvers import convergence
from ssbsim.studies import STUDIES, Simulation, StepRecord

US = 1e-6
CELL: dict[str, Any] = {
    "geometry": layers(("e", 10.0), bulk=0.5, interface=0.5),
    "phases": {"e": salt()},
    "terminals": {"left": electrode(0.0), "right": electrode(0.0)},
}
JUMP = {"left": {"potential": 0.1}}


def transient(duration: float = 5 * US, **more: Any) -> dict[str, Any]:
    return {"kind": "transient", "duration": duration, "output_times": {"count": 1}} | more


def watch(case: Case) -> tuple[list[StepRecord], list[float], list[dict[str, float]], np.ndarray]:
    """Records, times and charges after every step, and the last state."""
    times: list[float] = []
    charges: list[dict[str, float]] = []
    with simulation(case) as made:

        def observe(record: StepRecord) -> None:
            times.append(made.time)
            charges.append(made.flows().charge)

        records = run_studies(made, observe)
        return records, times, charges, made.point.y


def test_a_smaller_tolerance_gives_a_proportionally_smaller_error() -> None:
    """Local errors are held at the tolerance, so the global one falls with its power 2/3 for a method of second order."""

    def final(tolerance: float) -> np.ndarray:
        return watch(make_case(**CELL, study=[transient(tolerance=tolerance, terminals=JUMP)]))[3]

    reference = final(1e-7)
    tolerances = np.array([1e-2, 1e-3, 1e-4])
    errors = np.array([np.abs(final(t) - reference).max() for t in tolerances])
    assert (errors < 10 * tolerances).all()
    power = -np.diff(np.log10(errors))
    assert power.min() > 0.3
    assert np.log10(errors[0] / errors[-1]) / 2 == pytest.approx(2 / 3, abs=0.35)


@pytest.mark.parametrize(
    "times",
    [[0.3 * US, 1.1 * US, 4.999 * US], {"every": 1.7 * US}, {"count": 7}, {"from": 1e-9, "to": 5e-6, "per_decade": 2}],
)
def test_output_times_are_hit_exactly(times: Any) -> None:
    case = make_case(**CELL, study=[transient(output_times=times, terminals=JUMP)])
    records, when, _, _ = watch(case)
    written = [t for record, t in zip(records, when, strict=True) if record.fields]
    asked = case.study[0].output_times.until(5 * US)
    np.testing.assert_allclose(written, asked, rtol=1e-15)
    assert [r.end for r in records] == [False] * (len(records) - 1) + [True]
    assert records[-1].progress == pytest.approx(1.0, rel=1e-12)


def test_output_times_do_not_change_the_result() -> None:
    few = watch(make_case(**CELL, study=[transient(tolerance=1e-5, terminals=JUMP)]))[3]
    many = watch(make_case(**CELL, study=[transient(tolerance=1e-5, terminals=JUMP, output_times={"count": 50})]))[3]
    np.testing.assert_allclose(many, few, atol=2e-4)


def test_fields_may_also_be_written_every_few_steps() -> None:
    case = make_case(**CELL, study=[transient(terminals=JUMP)], output={"every": 3})
    with simulation(case) as made:
        records: list[StepRecord] = []
        run_study(made, 0, records.append)
    assert [i + 1 for i, r in enumerate(records[:-1]) if r.fields] == list(range(3, len(records), 3))


def test_terminals_jump_when_the_study_starts() -> None:
    case = make_case(**CELL, study=[transient(1 * US), transient(1 * US, terminals=JUMP), transient(1 * US)])
    seen: list[tuple[int, float, float]] = []
    with simulation(case) as made:

        def observe(record: StepRecord) -> None:
            applied = made.outside.potential("left")
            assert applied is not None
            rows = made.functional.placement.rows.fixed[0].rows
            seen.append((record.study, applied, made.point.y[rows][0] * made.scales.potential))

        run_studies(made, observe)
    for study, applied, at_the_wall in seen:
        assert applied == pytest.approx(0.0 if study == 0 else 0.1, rel=1e-14)
        assert at_the_wall == pytest.approx(applied, abs=1e-14)
    # After the jump the first step is tiny again; without one the step goes on where it was allowed to.
    assert {s for s, _, _ in seen} == {0, 1, 2}


def test_a_sequence_of_studies_carries_the_state() -> None:
    whole = watch(make_case(**CELL, study=[transient(4 * US, tolerance=1e-6, terminals=JUMP)]))
    halves = watch(
        make_case(**CELL, study=[transient(1 * US, tolerance=1e-6, terminals=JUMP), transient(3 * US, tolerance=1e-6)])
    )
    assert halves[1][-1] == pytest.approx(4 * US, rel=1e-14)
    np.testing.assert_allclose(halves[3], whole[3], atol=1e-4)
    assert np.all(np.diff(halves[1]) > 0.0)


def test_time_stands_still_in_an_equilibrium_between_two_transients() -> None:
    studies = [transient(1 * US, terminals=JUMP), {"kind": "equilibrium"}, transient(1 * US)]
    records, times, charges, _ = watch(make_case(**CELL, study=studies))
    middle = [i for i, r in enumerate(records) if r.kind == "equilibrium"]
    assert len(middle) == 1
    assert times[middle[0]] == times[middle[0] - 1] == pytest.approx(1 * US, rel=1e-14)
    assert times[-1] == pytest.approx(2 * US, rel=1e-14)
    # From equilibrium nothing happens any more.
    rest = [c["left"] for c in charges[middle[0] :]]
    np.testing.assert_allclose(rest, rest[0], rtol=1e-9)


@pytest.mark.parametrize("stern", [None, 0.5])
@pytest.mark.parametrize("other", ["electrode", "reservoir"])
def test_the_current_integrates_to_the_charge(stern: float | None, other: str) -> None:
    right = electrode(0.0) if other == "electrode" else reservoir("A+", "B-")
    parts = CELL | {"terminals": {"left": electrode(0.0, stern_capacitance=stern), "right": right}}
    # Two studies: the jump of the second must be counted too.
    studies = [transient(1 * US, terminals=JUMP), transient(2 * US, terminals={"left": {"potential": -0.05}})]
    case = make_case(**parts, study=studies)
    passed = {"left": 0.0, "right": 0.0}
    with simulation(case) as made:
        before = made.flows()
        start = before.charge["left"]

        def observe(record: StepRecord) -> None:
            nonlocal before
            now = made.flows()
            for name in passed:
                current = made.mean_current(name, now, before, record.report.supplied, record.size)
                passed[name] += current * record.size
            before = now

        run_studies(made, observe)
        gained = made.flows().charge["left"] - start
        assert abs(gained) > 1e-5
    assert passed["left"] == pytest.approx(gained, rel=1e-10)
    # Whatever charge enters at one end leaves at the other: the cell as a whole is neutral.
    assert passed["right"] == pytest.approx(-gained, rel=1e-8)


@pytest.mark.parametrize("stern", [None, 0.5])
def test_the_current_at_a_time_is_the_rate_of_the_charge_at_that_time(stern: float | None) -> None:
    terminals = {"left": electrode(0.0, stern_capacitance=stern), "right": electrode(0.0)}
    times = [t * US for t in (0.198, 0.2, 0.202)]
    study = transient(times[-1], terminals=JUMP, tolerance=1e-6, output_times={"times": times})
    passed, at, steps = [], [], []
    with simulation(make_case(**CELL | {"terminals": terminals}, study=[study])) as made:

        def observe(record: StepRecord) -> None:
            now = made.flows()
            steps.append([made.current(name, now) for name in ("left", "right")])
            if record.fields:
                passed.append(now.charge["left"])
                at.append(steps[-1][0])

        run_studies(made, observe)
    assert at[1] == pytest.approx((passed[2] - passed[0]) / (times[2] - times[0]), rel=1e-4)
    left, right = np.array(steps).T
    # What goes in comes out, at every instant; after the jump, where there is no past, but for the time that stands for one.
    np.testing.assert_allclose(right[1:], -left[1:], rtol=1e-6)
    assert right[0] == pytest.approx(-left[0], rel=1e-3)
    # No charge of the jump is in the current after it: the cell relaxes slowly against the first step.
    assert left[0] == pytest.approx(left[1], rel=1e-2)


def test_too_many_steps_are_an_error() -> None:
    from ssbsim import ConvergenceError

    with (
        pytest.raises(ConvergenceError) as caught,
        simulation(make_case(**CELL, study=[transient(maximum_steps=5, terminals=JUMP)])) as made,
    ):
        run_studies(made)
    assert caught.value.what == "The transient study needs more than 5 steps."
    assert "study 1 (transient), time" in caught.value.where
    assert "maximum_steps" in caught.value.hint


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def count_steps(made: Simulation, observe: Any) -> int:
    taken = 0

    def counting(record: StepRecord) -> None:
        nonlocal taken
        taken += 1
        observe(taken)

    # Records are not kept: they would be what grows.
    for index in range(len(made.case.study)):
        run_study(made, index, counting)
    return taken


@pytest.mark.parametrize("tolerance", [1e-3])
def test_a_thousand_steps_lose_nothing_and_need_no_memory(tolerance: float) -> None:
    """Every closed species of a blocking cell keeps its amount to 1e-12, and the process its size to 2 MB."""
    studies = [
        transient(5 * US, maximum_step=10e-9, tolerance=tolerance, terminals=JUMP),
        transient(5 * US, maximum_step=10e-9, tolerance=tolerance, terminals={"left": {"potential": -0.3}}),
    ]
    memory: dict[int, int] = {}
    with simulation(make_case(**CELL, study=studies)) as made:
        start, worst = made.amounts(), 0.0

        def observe(taken: int) -> None:
            nonlocal worst
            worst = max(worst, *(abs(n / start[k] - 1.0) for k, n in made.amounts().items()))
            if taken in (200, 1000):
                memory[taken] = resident_bytes()

        assert count_steps(made, observe) >= 1000
        assert set(start) == {"A+", "B-"}
        assert worst < 1e-12
    assert memory[1000] - memory[200] < 2e6


def test_conservation_does_not_rest_on_the_accuracy_of_newton(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Newton leaves in one step is made good in the next, so it never adds up."""
    monkeypatch.setattr(convergence, "ERROR_LEFT", 1e3)
    study = transient(5 * US, maximum_step=100e-9, tolerance=0.1, terminals={"left": {"potential": 0.3}})
    with simulation(make_case(**CELL, study=[study])) as made:
        start = made.amounts()
        run_studies(made)
        assert made.amounts() == pytest.approx(start, rel=1e-12)
        # What the fields themselves hold differs by no more than the last step left.
        fields = len(made.functional.placement.unknowns)
        stored = made.solver.assemble(made.functional.forms.charges).reshape(-1, fields).sum(axis=0)
        carried = made.point.q.reshape(-1, fields).sum(axis=0)
        np.testing.assert_allclose(stored[:2], carried[:2], rtol=1e-4)


def test_the_recorder_does_not_grow_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same through ssbsim.run, with history, log and progress."""
    import ssbsim

    memory: dict[int, int] = {}
    original = STUDIES["transient"]

    def measured(made: Simulation, study: Any, index: int, observe: Any, **more: Any) -> None:
        taken = 0

        def watched(record: StepRecord) -> None:
            nonlocal taken
            observe(record)
            taken += 1
            if taken in (200, 1000):
                memory[taken] = resident_bytes()

        original(made, study, index, watched, **more)

    monkeypatch.setitem(STUDIES, "transient", measured)
    study = transient(10 * US, maximum_step=10e-9, terminals=JUMP)
    results = ssbsim.run(
        make_case(**CELL, study=[study], solver={"coarse_mesh": "warn"}),
        tmp_path / "run",
        report=False,
        show_progress=False,
    )
    assert len(results.history) >= 1000
    assert memory[1000] - memory[200] < 2e6
    species = results.audit["species"]
    assert max(species[k]["imbalance, relative"] for k in ("A+", "B-")) < 1e-12
