"""The impedance study: at which frequencies, driven from where, by which method."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from ssbsim.case._sources import AXELSSON_2014, DRUSKIN_2011
from ssbsim.case.studies.base import StudyModel
from ssbsim.document.citations import Citation
from ssbsim.document.model import Model
from ssbsim.document.problems import KeyPath, Problem
from ssbsim.document.quantities import Count, Frequency, Number, problem
from ssbsim.document.suggestions import did_you_mean

if TYPE_CHECKING:
    from ssbsim.case._case import Case

#: Frequencies of one study.
MAXIMUM_FREQUENCIES = 10_000


class Frequencies(Model):
    """Frequencies of a sweep.

    Attributes:
        values: A list (Hz), rising; the short form is the list itself.
        start: Lowest (Hz); ``from`` in the file.
        stop: Highest (Hz); ``to`` in the file.
        per_decade: How many for each factor of ten, evenly in the logarithm.
    """

    values: tuple[Frequency, ...] | None = None
    start: Annotated[Frequency | None, Field(alias="from")] = None
    stop: Annotated[Frequency | None, Field(alias="to")] = None
    per_decade: Annotated[Count, Field(ge=1, le=1000)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_list(cls, data: Any) -> Any:
        return {"values": data} if isinstance(data, (list, tuple)) else data

    @model_validator(mode="after")
    def _check_one_way(self) -> Frequencies:
        given = [part is not None for part in (self.start, self.stop, self.per_decade)]
        if any(given) if self.values is not None else not all(given):
            raise problem(
                "frequencies are given in more than one way, or not completely",
                "give a list, or {from: 1 mHz, to: 1 GHz, per_decade: 5}",
            )
        if self.values is not None and not self.values:
            raise problem("the list of frequencies is empty", "write at least one")
        if self.values is not None and any(b <= a for a, b in zip(self.values, self.values[1:], strict=False)):
            raise problem("the list of frequencies does not rise", "write each frequency once, in rising order")
        if self.start is not None and self.stop is not None and self.stop <= self.start:
            raise problem("the frequencies end before they begin", "make 'to' larger than 'from'")
        if len(self.all()) > MAXIMUM_FREQUENCIES:
            raise problem(f"there are more than {MAXIMUM_FREQUENCIES:,} frequencies", "make per_decade smaller")
        return self

    def all(self) -> tuple[float, ...]:
        """All frequencies (Hz), rising."""
        if self.values is not None:
            return self.values
        start, stop, per_decade = self.start or 1.0, self.stop or 1.0, self.per_decade or 1
        intervals = max(1, round(math.log10(stop / start) * per_decade))
        return (*(start * (stop / start) ** (i / intervals) for i in range(intervals)), stop)


class ImpedanceStudy(StudyModel):
    """Linear response to a small alternating potential at one terminal, the others held, at the state reached before.

    Attributes:
        frequencies: A list, or {from, to, per_decade}.
        terminal: Where the potential is applied; may be left out where two terminals hold a potential, then the second.
        method: ``reduced`` (a small model that is exact to the tolerance at all frequencies) or ``direct`` (a solve for
            each frequency).
        tolerance: Relative error of the impedance allowed at every frequency.
    """

    kind: Literal["impedance"] = "impedance"
    frequencies: Frequencies = Frequencies.model_validate({"from": 1e-3, "to": 1e9, "per_decade": 5})
    terminal: str | None = None
    method: Literal["reduced", "direct"] = "reduced"
    tolerance: Annotated[Number, Field(gt=0.0, le=0.01)] = 1e-6

    def cited(self) -> tuple[Citation, ...]:
        """What the method rests on."""
        return (DRUSKIN_2011,) if self.method == "reduced" else (AXELSSON_2014,)

    def problems(self, case: Case, index: int) -> Iterator[Problem]:
        """It needs a state that does not change by itself, and a terminal that holds a potential."""
        path: KeyPath = ("study", index)
        before = [one for study in case.study[:index] if (one := study.ends_at_rest) is not None]
        if not before or not before[-1]:
            yield Problem(
                "impedance is the response of a state that does not change by itself, and none was reached",
                path,
                "put {kind: equilibrium} or {kind: steady} before it",
            )
        driven = [name for name, terminal in case.terminals.items() if terminal.holds_potential]
        if self.terminal is None and len(driven) != 2:
            yield Problem(
                f"it is not clear which of the {len(driven)} terminals that hold a potential gets the alternating one",
                path,
                f"add for example 'terminal: {driven[-1]}'" if driven else "",
            )
        elif self.terminal is not None and self.terminal not in driven:
            hint = did_you_mean(self.terminal, driven)
            yield Problem(f"'{self.terminal}' is not a terminal that holds a potential", (*path, "terminal"), hint)
