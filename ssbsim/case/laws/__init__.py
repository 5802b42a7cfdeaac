"""The laws of an interface as they stand in a case: one class in one file each, with its keys and its facts.

Every module here but ``base`` is a law; nothing else lists them. What a law computes is in the module of the same name in
:mod:`ssbsim.physics.laws`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, TypeAlias, Union

from pydantic import Field

from ssbsim._discovery import classes_in
from ssbsim.case.laws.base import LawModel, NamedSpecies

#: Every law that a case may name, by its word.
LAWS: Mapping[str, type[LawModel]] = {law.name(): law for law in classes_in(__name__, __path__, LawModel)}

if TYPE_CHECKING:
    Law: TypeAlias = LawModel
else:
    Law = Annotated[Union[tuple(LAWS.values())], Field(discriminator="law")]  # noqa: UP007


def laws_that(have: Callable[[type[LawModel]], bool]) -> str:
    """The laws with a fact, as words for a message."""
    return ", ".join(name for name, law in LAWS.items() if have(law))


__all__ = ["LAWS", "Law", "LawModel", "NamedSpecies", "laws_that"]
