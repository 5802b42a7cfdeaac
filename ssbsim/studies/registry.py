"""The recipes of the studies, by the word in the case file.

A study is a class of the case (:mod:`ssbsim.case.studies`) and a recipe for it, a function in any module of this folder marked
:func:`register_study`; nothing else lists them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from ssbsim.case import StudyModel
from ssbsim.studies.records import Observer, StudyResult
from ssbsim.studies.simulation import Simulation

Recipe: TypeAlias = Callable[[Simulation, Any, int, Observer], StudyResult | None]
"""Takes the simulation, the study, its place in the case and what observes the steps. Collective."""

#: Every study that a case may name, by its word.
STUDIES: dict[str, Recipe] = {}


def register_study(schema: type[StudyModel]) -> Callable[[Recipe], Recipe]:
    """Mark a function as the recipe of a study.

    Args:
        schema: The study as it stands in a case.
    """

    def register(recipe: Recipe) -> Recipe:
        STUDIES[schema.name()] = recipe
        return recipe

    return register
