"""What every statistics of sites computes."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from ssbsim.case import StatisticsModel
from ssbsim.physics.operations import Operations


class SiteStatistics(ABC):
    """What a statistics of sites has to give; a class that derives from it computes what one class of the case names."""

    #: The statistics as it stands in a case, with its facts.
    schema: ClassVar[type[StatisticsModel]]

    @property
    def is_limited(self) -> bool:
        """Whether the sites can be full."""
        return math.isfinite(self.schema.capacity)

    @abstractmethod
    def pressure(self, a: Sequence[Any], op: Operations) -> Any:
        """Pressure over ``w N R T``."""

    @abstractmethod
    def occupancies(self, a: Sequence[Any], op: Operations) -> list[Any]:
        """Occupancy of every species."""

    @abstractmethod
    def movable(self, occupancies: Sequence[Any]) -> list[Any]:
        """The part of the occupancy that can move, of every species."""


def largest(a: Sequence[Any], op: Operations) -> Any:
    """``max(0, a)``, held constant, to take out of exponentials before they overflow."""
    m = op.maximum(op.frozen(a[0]), 0.0)
    for ak in a[1:]:
        m = op.maximum(m, op.frozen(ak))
    return m
