"""What every terminal gives: the fields that it fixes, and the energy that it stores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

from ssbsim.case import TerminalModel
from ssbsim.discretization.scaling import Scales
from ssbsim.physics.phases import PhaseModel


@dataclass
class Applied:
    """A number that the outside sets, scaled: ``origin + shift``, of which it sets the shift.

    A small shift keeps its digits beside a large origin.

    Args:
        shift: By how much the number differs from the origin.
        constant: Mirrors the number in the forms when it appears there.
        origin: Never changes.
    """

    shift: float
    constant: Any | None = None
    origin: float = 0.0

    @property
    def value(self) -> float:
        """The number, rounded."""
        return self.origin + self.shift

    @property
    def rest(self) -> float:
        """What rounding took from it."""
        value = self.value
        part = value - self.origin
        return (self.origin - (value - part)) + (self.shift - part)

    def set(self, shift: float) -> None:
        """Change the number here and in the forms."""
        self.shift = shift
        if self.constant is not None:
            self.constant.value = self.value


class TerminalLaw:
    """What a terminal of the case does to the cell; one that says nothing else fixes nothing and stores nothing."""

    #: The terminal as it stands in a case.
    schema: ClassVar[type[TerminalModel]]

    #: Fields fixed on the facets.
    fixed: dict[str, Applied]
    #: Quantities that enter a storage.
    applied: dict[str, Applied]
    #: Values that belong to a cell at rest, where they are not zero.
    reference: Mapping[str, float] = MappingProxyType({})
    #: The current that it is given, of the whole terminal and into the cell; what it fixes then moves with its unknown potential.
    current: Applied | None = None

    def __init__(self, terminal: Any, scales: Scales, phase: PhaseModel) -> None:
        self.fixed = {}
        self.applied = {}

    def targets(self, terminal: Any) -> dict[str, float]:
        """Scaled shifts that the terminal asks for now, by the name of the quantity."""
        return {}

    def bind(self, constant: Callable[[float], Any]) -> None:
        """Mirror every number that enters a form in a constant."""
        for applied in self.applied.values():
            applied.constant = constant(applied.value)

    def storage(self, phi: Any) -> Any:
        """Stored energy per area, or ``None``."""
        return None
