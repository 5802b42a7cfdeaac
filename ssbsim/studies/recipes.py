"""The studies steady and transient. Each is a short recipe over the solver, from the state the last one left.

A study calls ``observe(record)`` after every step it keeps, and asks for output of the fields through the record.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from ssbsim.case import SteadyStudy, TransientStudy
from ssbsim.errors import ConvergenceError
from ssbsim.solvers import (
    Attempt,
    Event,
    Outcome,
    StepControl,
    StepMemory,
    StepReport,
    TimePoint,
    jumped,
    march,
)
from ssbsim.studies.balances import refine_steady
from ssbsim.studies.records import Observer, StepRecord
from ssbsim.studies.registry import register_study
from ssbsim.studies.simulation import Simulation, UnderWay
from ssbsim.studies.solve import failure, move_terminals

_log = logging.getLogger("ssbsim")

#: First step of a transient, the longest that may be asked for, and one so short that it is a failure, over its duration.
_FIRST_STEP = 1e-7
_SHORTEST_STEP = 1e-14
_LONGEST_FIRST_STEP = 1e-4
#: Share of a closed species that rounding may lose on the way to a steady state.
_LOST = 1e-8
#: Rate of change over through-flow at which a state counts as steady.
_STEADY_RATE = 1e-10
#: Longest step towards a steady state, in diffusion times of the cell, and the change (kT) allowed over the last one.
_LONGEST_STEP = 1e12
_SMALL_CHANGE = 1e-6
#: Change of a long step, in kT, that counts as none.
_NO_CHANGE = 1e-10


@register_study(SteadyStudy)
def run_steady(simulation: Simulation, study: SteadyStudy, index: int, observe: Observer) -> None:
    """The state that no longer changes.

    Implicit Euler steps that grow tenfold, from one diffusion time of the cell, until the state hardly changes; then
    its flows are refined until they add up (:mod:`~ssbsim.studies.balances`). Time does not advance.

    Raises:
        ConvergenceError: A solve failed, or the state keeps changing.
    """
    integrator = simulation.integrator
    name = f"study {index + 1} (steady)"
    start, end = simulation.outside.at_start(simulation.step), simulation.outside.after(study.terminals)
    time, size = simulation.point.time, 1.0

    def step(point: TimePoint) -> StepReport:
        return integrator.euler(point, size)

    # What hardly moves shows no rate either: the steps must be long for the slowest species and interface.
    enough = 10.0 * simulation.slowest_time()
    longest = max(enough, _LONGEST_STEP)
    report = move_terminals(simulation, simulation.point, start, end, step, name)
    total = report
    for count in range(40):
        size = min(10.0 * size, longest)
        before = _accepted(report)
        report = move_terminals(simulation, before, end, end, step, name)
        total = replace(report, newton=total.newton + report.newton)
        point = _accepted(report)
        rate = simulation.sum(np.abs(simulation.rates(point)))
        through = simulation.sum(np.abs(simulation.mu_supply(point)))
        _log.debug("steady: step %d, size %.1e, rate %.2e, through-flow %.2e", count, size, rate, through)
        # As far as the digits of y go; what flows has more, and is looked at below.
        change = simulation.largest(point.y - before.y)
        settled = rate <= _STEADY_RATE * through or change <= _NO_CHANGE
        if settled and size >= enough and change <= _SMALL_CHANGE:
            break
    else:
        raise ConvergenceError(
            "The state did not become steady.",
            where=f"{name}; the last step still changed it by {change:.2g} kT",
            hint="If a species piles up at a blocking contact, use a transient study or let it out; if the terminals have "
            "moved far, approach the value in several studies.",
        )
    lost = simulation.lost_amount()
    if lost > _LOST:
        raise ConvergenceError(
            "The amount of a species that no terminal supplies was not kept on the way to the steady state.",
            where=f"{name}; it changed by {lost:.2g} of itself",
            hint="Its diffusivity is so much smaller than the others that a steady state is out of reach; use a transient.",
        )
    simulation.point = replace(_accepted(report), time=time, rate=None, slope=None)
    flows = refine_steady(simulation, longest, name)
    point = simulation.point
    simulation.accept(point)
    observe(StepRecord(index, "steady", replace(total, accepted=point), math.inf, True, True, 1.0, flows))


@register_study(TransientStudy)
def run_transient(simulation: Simulation, study: TransientStudy, index: int, observe: Observer) -> None:
    """Time stepping with error control (TR-BDF2), output times hit exactly; fields at these and as ``output.every`` says.

    Raises:
        ConvergenceError: A step failed even when it was made very small, or there were too many steps.
    """
    step_in_time(simulation, study, index, observe)


def step_in_time(
    simulation: Simulation,
    study: TransientStudy,
    index: int,
    observe: Observer,
    *,
    events: Sequence[Event[TimePoint]] = (),
) -> tuple[str, ...]:
    """A transient that ends at the first of some events, or after its duration; as :func:`run_transient`.

    Returns:
        The names of the events that ended it.
    """
    integrator, unit = simulation.integrator, simulation.scales.time
    name = f"study {index + 1} (transient)"
    start, end = simulation.outside.at_start(simulation.step), simulation.outside.after(study.terminals)
    # A run that is taken up again is in the middle of its study.
    before = None if simulation.under_way is None else simulation.under_way.numbers
    begin = simulation.point.time if before is None else before["begin"]
    taken, rejected = (0, 0) if before is None else (before["taken"], before["rejected"])
    duration = study.duration / unit
    outputs = [begin + t / unit for t in study.output_times.until(study.duration)]
    simulation.outside.write(end)
    jumps = start != end or simulation.point.rate is None
    first = _FIRST_STEP * duration if study.initial_step is None else study.initial_step / unit
    memory = StepMemory(first, jumped=jumps) if before is None else StepMemory(**before["memory"])

    def step(point: TimePoint, size: float, time: float) -> Attempt[TimePoint, StepReport]:
        report = integrator.trbdf2(point, size)
        new = None if report.accepted is None else replace(report.accepted, time=time)
        error = None if math.isnan(report.error) else report.error / study.tolerance
        return Attempt(new, error, replace(report, accepted=new))

    every = simulation.case.output.every
    steps = march(
        step,
        jumped(simulation.point) if jumps else simulation.point,
        [t for t in outputs if t > simulation.point.time],
        control=StepControl(
            smallest=_SHORTEST_STEP * duration,
            largest=duration if study.maximum_step is None else study.maximum_step / unit,
            # Whatever was asked for: the step after a jump is implicit Euler and has no error estimate.
            largest_after_jump=_LONGEST_FIRST_STEP * duration,
        ),
        memory=memory,
        begin=simulation.point.time,
        maximum_steps=study.maximum_steps - taken,
        events=events,
    )
    for now in steps:
        if now.outcome is Outcome.TOO_MANY:
            raise ConvergenceError(
                f"The transient study needs more than {study.maximum_steps} steps.",
                where=f"{name}, time {now.time * unit:.6g} s",
                hint="Raise maximum_steps or tolerance, or check the mesh where the fields change fastest.",
            )
        if now.attempt is None:
            continue
        report = now.attempt.report
        if now.outcome is Outcome.TOO_SHORT:
            raise failure(simulation, report.newton[-1], name, [f"steps down to {now.memory.size * unit:.2g} s"])
        if now.events:
            # The last trial was not always the one that is kept.
            integrator.restore(now.point)
        ends = now.outcome is not Outcome.UNDER_WAY
        numbers: dict[str, Any] = {
            "begin": begin,
            "taken": taken + now.taken,
            "rejected": rejected + now.rejected,
            "memory": asdict(now.memory),
        }
        simulation.accept(now.point, None if ends else UnderWay(numbers))
        fields = now.at_target or ends or (every is not None and numbers["taken"] % every == 0)
        progress = (now.time - begin) / duration
        observe(StepRecord(index, "transient", report, now.size * unit, fields, ends, progress))
    _log.info("transient: %d steps, %d rejected", taken + now.taken, rejected + now.rejected)
    return now.events


def _accepted(report: StepReport) -> TimePoint:
    if report.accepted is None:
        raise ConvergenceError("The step did not converge.", where="", hint="")
    return report.accepted
