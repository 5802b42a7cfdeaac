"""What a study reports: a record of every step, and tables, arrays and numbers at its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ssbsim.solvers import StepReport
from ssbsim.studies.balances import Flow


@dataclass(frozen=True)
class StepRecord:
    """What an observer sees of a step.

    Args:
        study: Index of the study in the case.
        kind: Its kind.
        report: The step.
        size: Step (s); infinite for equilibrium.
        fields: Whether the fields are to be written.
        end: Whether the study ends here.
        progress: Fraction of the study done.
        flows: At the end of a steady study, what flows of every field and how well it adds up.
    """

    study: int
    kind: str
    report: StepReport
    size: float
    fields: bool
    end: bool
    progress: float
    flows: Mapping[str, Flow] = field(default_factory=dict)


@dataclass(frozen=True)
class StudyResult:
    """What a study gives beside steps; a recipe that has it returns it, the same on every rank.

    Args:
        study: Index of the study in the case.
        kind: Its kind.
        tables: By the name of the csv file (without extension): columns by name with unit, equally long.
        quantities: Headline numbers: name to ``{"value", "unit", "how"}``.
        arrays: By the name of the npy file (without extension).
        maps: By the name of the vtu file (without extension), on rank 0: fields at the corners of cells, by name with unit.
    """

    study: int
    kind: str
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    quantities: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    arrays: Mapping[str, Any] = field(default_factory=dict)
    maps: Mapping[str, tuple[Any, Mapping[str, Any]]] = field(default_factory=dict)


Observer = Callable[[StepRecord], None]
