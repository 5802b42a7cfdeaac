"""The loop over steps: targets, the size of steps, what it remembers, and events against exact answers."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from petsc4py import PETSc

from ssbsim.solvers import Attempt, Event, Outcome, Progress, StepControl, StepMemory, march
from ssbsim.solvers.diffusion import DiffusionPoint, LinearDiffusion
from ssbsim.solvers.step_control import rounded

#: The voltage of a capacity charged through a resistance, 1 - exp(-t), and any function of time: the state is the time.
CHARGING: Callable[[float], float] = lambda t: 1.0 - math.exp(-t)  # noqa: E731


class Clock:
    """A state that is the time itself, with a given local error per step of third order; counts the trials."""

    def __init__(self, constant: float = 1.0, *, fails_above: float = math.inf) -> None:
        self.trials: list[float] = []
        self._constant = constant
        self._fails_above = fails_above

    def step(self, point: float, size: float, end: float) -> Attempt[float, None]:
        self.trials.append(size)
        if size > self._fails_above:
            return Attempt(None, None, None)
        return Attempt(point + size, self._constant * size**3, None)


def run(
    clock: Clock, targets: list[float], size: float = 0.01, events: tuple[Event[float], ...] = (), **more: Any
) -> list[Progress[float, None]]:
    control = StepControl(**({"smallest": 1e-12} | more.pop("control", {})))
    memory = more.pop("memory", StepMemory(size))
    options = {"maximum_steps": 10_000} | more
    return list(march(clock.step, 0.0, targets, control=control, memory=memory, events=events, **options))


def test_targets_are_hit_exactly_and_the_last_one_ends_it() -> None:
    targets = [0.1, 0.3333, 0.7]
    steps = run(Clock(), targets)
    assert [s.time for s in steps if s.at_target] == targets
    assert [s.outcome for s in steps] == [Outcome.UNDER_WAY] * (len(steps) - 1) + [Outcome.COMPLETE]
    assert steps[-1].taken == len(steps)
    assert run(Clock(), [])[0].outcome is Outcome.COMPLETE


def test_steps_settle_where_their_error_is_just_allowed_and_are_powers_of_the_root_of_two() -> None:
    steps = run(Clock(constant=1e3), [20.0], size=1e-4)
    sizes = [s.size for s in steps[20:-2]]
    assert max(sizes) <= 0.1
    assert min(sizes) > 0.03
    for size in sizes:
        assert 2.0 * math.log2(size) == pytest.approx(round(2.0 * math.log2(size)), abs=1e-9)


@pytest.mark.parametrize("factor", [1.0 - 1e-13, 1.0, 1.0 + 1e-13])
def test_sizes_that_differ_in_their_last_digits_are_rounded_to_the_same(factor: float) -> None:
    assert rounded(0.3 * factor) == 0.25
    assert rounded(0.4 * factor) == pytest.approx(0.25 * math.sqrt(2.0), rel=1e-15)


def test_rejected_steps_are_done_again_shorter() -> None:
    clock = Clock(constant=1e3)
    steps = run(clock, [1.0], size=0.5)
    assert steps[0].rejected >= 1
    assert all(1e3 * s.size**3 <= 1.0 for s in steps)
    assert len(clock.trials) == len(steps) + steps[-1].rejected


def test_a_step_that_cannot_be_solved_is_quartered_until_it_is_too_short() -> None:
    steps = run(Clock(fails_above=0.03), [0.1], size=0.1)
    assert steps[0].size == pytest.approx(rounded(0.025))
    steps = run(Clock(fails_above=0.0), [0.1], size=0.1, control={"smallest": 1e-3})
    assert [s.outcome for s in steps] == [Outcome.TOO_SHORT]
    assert steps[0].time == 0.0
    assert steps[0].attempt is not None
    assert not steps[0].attempt.holds


def test_too_many_steps_are_said_to_be() -> None:
    steps = run(Clock(), [100.0], maximum_steps=3)
    assert [s.outcome for s in steps] == [Outcome.UNDER_WAY] * 3 + [Outcome.TOO_MANY]
    assert steps[-1].taken == 3


def test_after_a_jump_the_first_step_stays_short() -> None:
    steps = run(Clock(), [1.0], memory=StepMemory(0.5, jumped=True), control={"largest_after_jump": 1e-3})
    assert steps[0].size == 1e-3
    assert not steps[0].memory.jumped
    assert steps[1].size > 1e-3


def test_a_march_goes_on_with_the_steps_that_it_would_have_taken() -> None:
    """The memory is plain numbers and survives JSON."""
    whole = run(Clock(constant=1e3), [1.0, 2.0])
    middle = whole[len(whole) // 3]
    memory = StepMemory(**json.loads(json.dumps(dataclasses.asdict(middle.memory))))
    control = StepControl(1e-12)
    clock = Clock(constant=1e3)
    targets = [t for t in (1.0, 2.0) if t > middle.time]
    rest = march(
        clock.step, middle.point, targets, control=control, memory=memory, begin=middle.time, maximum_steps=10_000
    )
    assert [(s.time, s.size) for s in rest] == [(s.time, s.size) for s in whole[middle.taken :]]


@pytest.mark.parametrize("cutoff", [1e-3, 0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("size", [1e-3, 0.1, 8.0])
def test_a_charging_capacity_stops_at_its_cut_off_voltage(cutoff: float, size: float) -> None:
    clock = Clock(constant=0.0)
    event = Event("full", lambda t: CHARGING(t) - cutoff)
    steps = run(clock, [8.0], size=size, events=(event,), control={"largest": size})
    exact = -math.log1p(-cutoff)
    last = steps[-1]
    assert last.outcome is Outcome.EVENT
    assert last.events == ("full",)
    assert 0.0 <= last.time - exact <= 1e-6 * size
    assert all(s.outcome is Outcome.UNDER_WAY for s in steps[:-1])
    # Of the trials all but those of the steps before went into the landing.
    assert len(clock.trials) - len(steps) < 20


def test_a_steep_event_is_found_by_bisection() -> None:
    clock = Clock(constant=0.0)
    steps = run(clock, [1.0], size=1.0, events=(Event("wall", lambda t: math.expm1(200.0 * (t - 0.123))),))
    assert 0.0 <= steps[-1].time - 0.123 <= 1e-6
    assert len(clock.trials) < 45


def test_an_event_that_happened_before_the_start_takes_no_step() -> None:
    clock = Clock()
    for value in (0.0, 1.0):
        steps = run(clock, [1.0], events=(Event("full", lambda t, v=value: v + t),))  # type: ignore[misc]
        assert [(s.outcome, s.events, s.time, s.taken) for s in steps] == [(Outcome.EVENT, ("full",), 0.0, 0)]
    assert not clock.trials


@pytest.mark.parametrize("first", [0.2, 0.3])
def test_of_two_events_in_one_step_the_earlier_is_met(first: float) -> None:
    """In units that differ by many powers of ten."""
    events = (Event("volts", lambda t: 1e9 * (t - 0.25)), Event("amperes", lambda t: 1e-9 * (t - first)))
    steps = run(Clock(constant=0.0), [1.0], size=1.0, events=events)
    assert steps[-1].events == (("amperes",) if first < 0.25 else ("volts",))
    assert steps[-1].time == pytest.approx(min(first, 0.25), abs=1e-6)


def test_two_events_at_once_are_both_named() -> None:
    events = (Event("a", lambda t: t - 0.25), Event("b", lambda t: t**2 - 0.0625), Event("c", lambda t: t - 2.0))
    assert run(Clock(constant=0.0), [1.0], size=1.0, events=events)[-1].events == ("a", "b")


@pytest.mark.parametrize("late", [-1e-9, -1e-17, 0.0, 1e-17, 1e-9])
def test_an_event_at_an_output_time_is_both(late: float) -> None:
    steps = run(Clock(constant=0.0), [0.5, 1.0], size=0.1, events=(Event("full", lambda t: t - 0.5 - late),))
    last = steps[-1]
    assert (last.time, last.at_target, last.events, last.outcome) == (0.5, True, ("full",), Outcome.EVENT)


def test_a_trial_for_an_event_that_cannot_be_solved_is_a_rejected_step() -> None:
    class Hole(Clock):
        def step(self, point: float, size: float, end: float) -> Attempt[float, None]:
            attempt = super().step(point, size, end)
            return Attempt(None, None, None) if 0.4 < size < 0.7 else attempt

    steps = run(Hole(constant=0.0), [1.0], size=1.0, events=(Event("full", lambda t: t - 0.5),))
    assert steps[-1].rejected >= 1
    assert steps[-1].time == pytest.approx(0.5, abs=1e-6)


def test_a_diffusion_front_stops_where_it_arrives() -> None:
    """u(x, t) = erfc(x / (2 sqrt(t))) reaches 0.2 at x = 0.1 at the time x^2 / (4 erfcinv(0.2)^2)."""
    n, place, level, inverse = 400, 0.1, 0.2, 0.9061938024368232
    h = 1.0 / n
    storage, conduction = (PETSc.Mat().createAIJ((n + 1, n + 1), nnz=3, comm=PETSc.COMM_SELF) for _ in range(2))
    for i in range(n + 1):
        inner = 0 < i < n
        storage[i, i] = h if inner else 0.5 * h
        conduction[i, i] = (2.0 if inner else 1.0) / h
        for j in (i - 1, i + 1):
            if 0 <= j <= n:
                conduction[i, j] = -1.0 / h
    for matrix in (storage, conduction):
        matrix.assemble()
    start = np.zeros(n + 1)
    start[0] = 1.0
    front: Event[DiffusionPoint] = Event("arrived", lambda point: float(point.u[round(place * n)]) - level)
    ends = {}
    for tolerance in (1e-5, 1e-6):
        steps = LinearDiffusion(storage, conduction, np.array([0], dtype=np.int32), tolerance=tolerance)
        last = list(
            march(
                steps.step,
                steps.point(start),
                [1.0],
                control=StepControl(1e-15),
                memory=StepMemory(1e-9),
                maximum_steps=10_000,
                events=[front],
            )
        )[-1]
        steps.destroy()
        assert last.outcome is Outcome.EVENT
        assert last.point.u[round(place * n)] == pytest.approx(level, abs=1e-6)
        ends[tolerance] = last.time
    exact = (place / (2.0 * inverse)) ** 2
    assert ends[1e-6] == pytest.approx(exact, rel=2e-4)
    assert ends[1e-5] == pytest.approx(exact, rel=1e-3)
