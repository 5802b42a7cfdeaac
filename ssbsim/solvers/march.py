r"""From one time to another in steps: the loop that every study in time shares.

A step is tried from the present point; the controller (:mod:`~ssbsim.solvers.step_control`) accepts it or asks for a
shorter one. Target times are hit exactly. An event is a function g of the state that is negative until it happens, for
example a voltage less its cut-off; the first event that happens ends the march. It happens within a step where g >= 0 at its
end, and the step is then repeated with other sizes until it ends on the event::

    find h' in (0, h] with G(h') = max_i g_i(y(h'))/|g_i(y(0))| = 0

by regula falsi with the Illinois rule (M. Dowell, P. Jarratt, BIT 11 (1971) 168, doi 10.1007/BF01934364), with bisection
where that does not halve the bracket in three trials. Of several events in one step the maximum finds the earliest. The
step that is kept ends on the far side of the event, less than 1e-6 of the step that first passed it behind it; a step that
ends as little before an event, by the secant, has reached it. A g that rises and falls again within one step is not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Generic, TypeVar

from ssbsim.solvers.step_control import StepControl, StepMemory

Point = TypeVar("Point")
Report = TypeVar("Report")

#: How closely a step lands on an event, over the step that passed it.
EVENT_TOLERANCE = 1e-6
#: Where in that tolerance the trials aim, beyond the root that the secant foretells, so that both ends of the bracket close in.
_BEYOND = 0.4
_TRIALS_TO_HALVE = 3


class Outcome(Enum):
    """How a march stands."""

    UNDER_WAY = "A step was taken."
    COMPLETE = "The last target was reached."
    EVENT = "An event happened."
    TOO_SHORT = "The steps became too short."
    TOO_MANY = "The steps became too many."


@dataclass(frozen=True)
class Attempt(Generic[Point, Report]):
    """A step that was tried.

    Args:
        point: Where it ends; ``None`` if it could not be solved.
        error: Local error over the tolerance; ``None`` without an estimate.
        report: Whatever the method has to say about it.
    """

    point: Point | None
    error: float | None
    report: Report

    @property
    def holds(self) -> bool:
        """Whether it was solved and its error is allowed."""
        return self.point is not None and (self.error is None or self.error <= 1.0)


@dataclass(frozen=True)
class Event(Generic[Point]):
    """Something that ends a march.

    Args:
        name: For the one who waits for it.
        value: g of a point: negative until it happens; the same on every rank.
    """

    name: str
    value: Callable[[Point], float]


@dataclass(frozen=True)
class Progress(Generic[Point, Report]):
    """The state of a march after a step.

    Args:
        outcome: How it stands.
        time: Time reached.
        point: State there.
        size: Step that led there; 0 if none did.
        attempt: That step, or the last that failed; ``None`` if there was none.
        memory: With it, and from here, a march goes on as this one would.
        at_target: Whether the time is a target.
        events: Names of the events that happened here.
        taken: Steps so far.
        rejected: Steps done again so far, those that look for an event not counted.
    """

    outcome: Outcome
    time: float
    point: Point
    size: float
    attempt: Attempt[Point, Report] | None
    memory: StepMemory
    at_target: bool
    events: tuple[str, ...]
    taken: int
    rejected: int


def march(
    step: Callable[[Point, float, float], Attempt[Point, Report]],
    point: Point,
    targets: Sequence[float],
    *,
    control: StepControl,
    memory: StepMemory,
    begin: float = 0.0,
    maximum_steps: int,
    events: Sequence[Event[Point]] = (),
) -> Iterator[Progress[Point, Report]]:
    """Carry a point through the target times; collective if the step is.

    Args:
        step: Tries a step: (point, size, time at its end). It leaves the point as it is.
        point: State at the start.
        targets: Rising times, each hit exactly; the last one ends the march.
        control: The rules for the size of steps.
        memory: The first step, or the memory of the march that this one continues.
        begin: Time at the start.
        maximum_steps: More are not taken.
        events: The first that happens ends the march; one that has happened already ends it before its first step.

    Yields:
        The state after every step that is kept. The last one has another outcome than ``UNDER_WAY``.
    """
    now: Progress[Point, Report] = Progress(Outcome.UNDER_WAY, begin, point, 0.0, None, memory, False, (), 0, 0)
    passed = tuple(event.name for event in events if event.value(point) >= 0.0)
    if passed:
        yield replace(now, outcome=Outcome.EVENT, events=passed)
        return
    ahead = list(targets)
    if not ahead:
        yield replace(now, outcome=Outcome.COMPLETE)
    while ahead:
        if now.taken >= maximum_steps:
            yield replace(now, outcome=Outcome.TOO_MANY, at_target=False)
            return
        left = ahead[0] - now.time
        size = control.cut(now.memory, left)
        at_target = size == left
        end = ahead[0] if at_target else now.time + size
        attempt = step(now.point, size, end)
        happened: tuple[str, ...] = ()
        if attempt.point is not None and attempt.holds and events:
            landing = _land(step, now.point, now.time, size, attempt, events)
            happened, attempt = landing.events, landing.attempt
            if landing.size != size:
                size, at_target, end = landing.size, False, now.time + landing.size
        if attempt.point is None or not attempt.holds:
            error = None if attempt.point is None else attempt.error
            memory = control.rejected(now.memory, size, error)
            now = replace(now, memory=memory, rejected=now.rejected + 1)
            if memory.size < control.smallest:
                yield replace(now, outcome=Outcome.TOO_SHORT, size=size, attempt=attempt, at_target=False)
                return
            continue
        if at_target:
            ahead.pop(0)
        outcome = Outcome.EVENT if happened else Outcome.UNDER_WAY if ahead else Outcome.COMPLETE
        memory = control.accepted(now.memory, size, attempt.error)
        now = Progress(
            outcome, end, attempt.point, size, attempt, memory, at_target, happened, now.taken + 1, now.rejected
        )
        yield now
        if happened:
            return


@dataclass(frozen=True)
class _Landing(Generic[Point, Report]):
    """A step with the events at its end, if any; or a trial that failed on the way."""

    size: float
    attempt: Attempt[Point, Report]
    events: tuple[str, ...]


def _land(
    step: Callable[[Point, float, float], Attempt[Point, Report]],
    point: Point,
    time: float,
    size: float,
    attempt: Attempt[Point, Report],
    events: Sequence[Event[Point]],
) -> _Landing[Point, Report]:
    """The step itself if no event happens in it, else the one that ends on the first event."""
    scales = [-event.value(point) for event in events]
    tolerance = EVENT_TOLERANCE * size

    def values(tried: Attempt[Point, Report]) -> list[float]:
        # Only attempts that hold come here.
        here = tried.point
        return [] if here is None else [event.value(here) / s for event, s in zip(events, scales, strict=True)]

    def landed(at: float, tried: Attempt[Point, Report], reached: Sequence[float]) -> _Landing[Point, Report]:
        names = tuple(event.name for event, value in zip(events, reached, strict=True) if value >= -EVENT_TOLERANCE)
        return _Landing(at, tried, names)

    reached = values(attempt)
    near, below, far, above = 0.0, -1.0, size, max(reached)
    if above < -EVENT_TOLERANCE:
        return _Landing(size, attempt, ())
    if above < 0.0:
        return landed(far, attempt, reached)
    trials, width, last = 0, size, 0
    while far - near > tolerance:
        trials += 1
        at = far - above * (far - near) / (above - below) + _BEYOND * tolerance
        if trials % _TRIALS_TO_HALVE == 0:
            at = 0.5 * (near + far) if far - near > 0.5 * width else at
            width = far - near
        at = min(max(at, near + 0.5 * tolerance), far - 0.5 * tolerance)
        tried = step(point, at, time + at)
        if not tried.holds:
            return _Landing(at, tried, ())
        found = values(tried)
        value = max(found)
        if value >= 0.0:
            far, above, attempt, reached = at, value, tried, found
            below *= 0.5 if last > 0 else 1.0
            last = 1
        else:
            near, below = at, value
            above *= 0.5 if last < 0 else 1.0
            last = -1
    return landed(far, attempt, reached)
