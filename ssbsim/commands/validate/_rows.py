"""One line of the validation table, and the curves and points of an overlay plot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from numpy.typing import ArrayLike

Kind = Literal["relative", "absolute", "at least"]


@dataclass(frozen=True)
class Row:
    """A number that is expected, and the one that was found.

    Args:
        quantity: What it is, in words.
        expected: From the formula or the source.
        found: From the simulation.
        tolerance: Largest error allowed.
        unit: Unit of both numbers; "1" for a pure number.
        kind: How the error is counted: ``relative``, ``absolute``, or ``at least`` (the error is what is missing).
    """

    quantity: str
    expected: float
    found: float
    tolerance: float
    unit: str = "1"
    kind: Kind = "relative"

    @property
    def error(self) -> float:
        """The error in the sense of ``kind``; never negative."""
        difference = float(self.found) - float(self.expected)
        if self.kind == "at least":
            return max(0.0, -difference) if math.isfinite(difference) else math.inf
        if self.kind == "absolute" or self.expected == 0.0:
            return abs(difference)
        return abs(difference / float(self.expected))

    @property
    def passed(self) -> bool:
        """Whether the error is within the tolerance; never for a number that is not one."""
        return bool(math.isfinite(self.found) and self.error <= self.tolerance)


@dataclass(frozen=True)
class Curve:
    """Points that belong together.

    Args:
        label: Name in the legend; empty for none.
        x: Abscissae.
        y: Ordinates.
        colour: Index of the colour, so that the points of a curve share it.
    """

    label: str
    x: ArrayLike
    y: ArrayLike
    colour: int = 0


@dataclass(frozen=True)
class Panel:
    """One diagram of an overlay: lines are exact, points are simulated, dashes are an approximation to compare with.

    Args:
        x_label: Name and unit.
        y_label: Name and unit.
        exact: Drawn as lines.
        simulated: Drawn as open points.
        approximate: Drawn as thin dashed lines.
        title: A few words above the diagram.
        log_x: Logarithmic abscissa.
        log_y: Logarithmic ordinate.
        x_range: Limits of the abscissa.
        y_range: Limits of the ordinate.
    """

    x_label: str
    y_label: str
    exact: Sequence[Curve] = ()
    simulated: Sequence[Curve] = ()
    approximate: Sequence[Curve] = ()
    title: str = ""
    log_x: bool = False
    log_y: bool = False
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
