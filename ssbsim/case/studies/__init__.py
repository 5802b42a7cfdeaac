"""The studies as they stand in a case: one class in one file each, with its keys and its facts.

Every module here but ``base`` is a study; nothing else lists them. What a study does is the recipe that
:mod:`ssbsim.studies` has for its class.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, TypeAlias, Union

from pydantic import Field

from ssbsim._discovery import classes_in
from ssbsim.case.studies.base import StateStudy, StudyModel, TerminalUpdate

#: Every study that a case may name, by its word.
STUDY_MODELS: Mapping[str, type[StudyModel]] = {one.name(): one for one in classes_in(__name__, __path__, StudyModel)}

if TYPE_CHECKING:
    Study: TypeAlias = StudyModel
else:
    Study = Annotated[Union[tuple(STUDY_MODELS.values())], Field(discriminator="kind")]  # noqa: UP007

__all__ = ["STUDY_MODELS", "StateStudy", "Study", "StudyModel", "TerminalUpdate"]
