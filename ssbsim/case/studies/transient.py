"""Time stepping, and the times at which it writes the fields."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from ssbsim.case._sources import BANK_1985, HOSEA_1996
from ssbsim.case.studies.base import StateStudy
from ssbsim.document.citations import Citation
from ssbsim.document.model import Model
from ssbsim.document.quantities import Count, Number, Time, problem

#: Output times of one study.
MAXIMUM_OUTPUT_TIMES = 1_000_000


class OutputTimes(Model):
    """Times at which fields are written, counted from the start of the study; its end is always one of them.

    Attributes:
        times: A list (s), rising; the short form is the list itself.
        every: A period (s).
        count: Number of equal intervals.
        start: First of logarithmic times (s); ``from`` in the file.
        stop: Last of logarithmic times (s); ``to`` in the file.
        per_decade: Logarithmic times per factor of ten.
    """

    times: tuple[Time, ...] | None = None
    every: Time | None = None
    count: Annotated[Count, Field(ge=1)] | None = None
    start: Annotated[Time | None, Field(alias="from")] = None
    stop: Annotated[Time | None, Field(alias="to")] = None
    per_decade: Annotated[Count, Field(ge=1)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_list(cls, data: Any) -> Any:
        return {"times": data} if isinstance(data, (list, tuple)) else data

    @model_validator(mode="after")
    def _check_one_way(self) -> OutputTimes:
        logarithmic = (self.start, self.stop, self.per_decade)
        ways = [
            self.times is not None,
            self.every is not None,
            self.count is not None,
            any(v is not None for v in logarithmic),
        ]
        if sum(ways) != 1 or (ways[3] and any(v is None for v in logarithmic)):
            raise problem(
                "output times are given in more than one way, or not completely",
                "give a list, {every: 1 s}, {count: 10}, or {from: 1 us, to: 1 s, per_decade: 5}",
            )
        if self.times is not None and not self.times:
            raise problem("the list of output times is empty", "write at least one time, or leave output_times out")
        if self.times is not None and any(b <= a for a, b in zip(self.times, self.times[1:], strict=False)):
            raise problem("the list of output times does not rise", "write each time once, in rising order")
        if self.start is not None and self.stop is not None and self.stop <= self.start:
            raise problem("output times end before they begin", "make 'to' larger than 'from'")
        return self

    def number(self, duration: float) -> float:
        """About how many times :meth:`until` gives."""
        if self.times is not None:
            return len(self.times)
        if self.every is not None:
            return duration / self.every
        if self.count is not None:
            return self.count
        start, stop = self.start or 0.0, self.stop or 0.0
        # The limit keeps an integer of hundreds of digits from overflowing.
        return (math.log10(stop) - math.log10(start)) * min(self.per_decade or 1, 10 * MAXIMUM_OUTPUT_TIMES)

    def until(self, duration: float) -> tuple[float, ...]:
        """All output times up to and including ``duration`` (s)."""
        if self.times is not None:
            times = list(self.times)
        elif self.every is not None:
            times = [self.every * i for i in range(1, math.ceil(duration / self.every * (1.0 - 1e-12)))]
        elif self.count is not None:
            times = [duration * i / self.count for i in range(1, self.count)]
        else:
            start, stop, per_decade = self.start or 0.0, self.stop or 0.0, self.per_decade or 1
            intervals = max(1, round(math.log10(stop / start) * per_decade))
            times = [start * (stop / start) ** (i / intervals) for i in range(intervals)] + [stop]
        return (*(time for time in times if time < duration), duration)


class TransientStudy(StateStudy):
    """Time stepping with error control.

    Attributes:
        terminals: New values at terminals from this study on.
        duration: In s.
        output_times: When fields are written.
        tolerance: Error of the potentials allowed per step, in units of kT and kT/e.
        initial_step: First step (s); chosen when not given.
        maximum_step: Largest step (s).
        maximum_steps: The study fails beyond this number.
    """

    sources: ClassVar[tuple[Citation, ...]] = (BANK_1985, HOSEA_1996)
    ends_at_rest = False

    kind: Literal["transient"] = "transient"
    duration: Time
    output_times: OutputTimes = OutputTimes(count=10)
    tolerance: Annotated[Number, Field(gt=0.0, le=0.1)] = 1e-3
    initial_step: Time | None = None
    maximum_step: Time | None = None
    maximum_steps: Annotated[Count, Field(ge=1)] = 100_000

    @model_validator(mode="after")
    def _check_times(self) -> TransientStudy:
        last = self.output_times.stop or (self.output_times.times or (0.0,))[-1] or self.output_times.every or 0.0
        if last > self.duration * (1.0 + 1e-12):
            raise problem(
                f"an output time ({last:g} s) lies after the end of the study ({self.duration:g} s)",
                "make duration longer, or remove the time",
            )
        if self.output_times.number(self.duration) > MAXIMUM_OUTPUT_TIMES:
            raise problem(
                f"there are more than {MAXIMUM_OUTPUT_TIMES:,} output times",
                "fields are written at each of them: make the period longer or the count smaller",
            )
        if self.initial_step is not None and self.initial_step > self.duration:
            raise problem(
                f"initial_step ({self.initial_step:g} s) is larger than duration ({self.duration:g} s)",
                "make it smaller, or remove it",
            )
        return self

    def saved_steps(self) -> int:
        """Output times, its end among them."""
        return len(self.output_times.until(self.duration))
