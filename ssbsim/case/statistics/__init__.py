"""The statistics of sites that a case may name: one class in one file each, with its facts.

Every module here but ``base`` is a statistics; nothing else lists them. What it computes is in the module of the same name in
:mod:`ssbsim.physics.statistics`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, TypeAlias

from ssbsim._discovery import classes_in
from ssbsim.case.statistics.base import StatisticsModel

#: Every statistics that a case may name, by its word.
STATISTICS: Mapping[str, type[StatisticsModel]] = {
    one.word: one for one in classes_in(__name__, __path__, StatisticsModel)
}

if TYPE_CHECKING:
    Statistics: TypeAlias = str
else:
    Statistics = Literal[tuple(STATISTICS)]

__all__ = ["STATISTICS", "Statistics", "StatisticsModel"]
