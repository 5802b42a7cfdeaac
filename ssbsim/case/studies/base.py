"""What every study says about itself: its keys, and what all who deal with studies ask of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from pydantic import model_validator

from ssbsim.document.model import Model
from ssbsim.document.problems import Problem
from ssbsim.document.quantities import EnergyEv, Potential, problem

if TYPE_CHECKING:
    from ssbsim.case._case import Case


class TerminalUpdate(Model):
    """A new value at a terminal from this study on.

    Attributes:
        potential: In V.
        electrochemical_potential: In eV, for a reservoir.
    """

    potential: Potential | None = None
    electrochemical_potential: EnergyEv | None = None

    @model_validator(mode="after")
    def _check_one(self) -> TerminalUpdate:
        if (self.potential is None) == (self.electrochemical_potential is None):
            raise problem("a new terminal value is a potential or an electrochemical_potential", "give exactly one")
        return self


class StudyModel(Model):
    """A study in a case. A class that derives from it has a field ``kind`` whose default is its name."""

    kind: str

    #: Whether the state that it leaves no longer changes by itself; None where it leaves the one that it found.
    ends_at_rest: ClassVar[bool | None] = None

    @classmethod
    def name(cls) -> str:
        """The word in the case file."""
        return str(cls.model_fields["kind"].default)

    def updates(self) -> Mapping[str, TerminalUpdate]:
        """New values at terminals from this study on."""
        return {}

    def saved_steps(self) -> int:
        """About how many times it writes the fields."""
        return 0 if self.ends_at_rest is None else 1

    def problems(self, case: Case, index: int) -> Iterator[Problem]:
        """What is impossible about it at its place among the studies of a case."""
        yield from ()


class StateStudy(StudyModel):
    """A study that changes the state of the cell."""

    terminals: dict[str, TerminalUpdate] = {}

    def updates(self) -> Mapping[str, TerminalUpdate]:
        """New values at terminals from this study on."""
        return self.terminals
