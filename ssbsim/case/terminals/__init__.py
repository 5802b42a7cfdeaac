"""The terminals as they stand in a case: one class in one file each, with its keys and its facts.

Every module here but ``base`` is a terminal; nothing else lists them. What a terminal does to the cell is in the module of the
same name in :mod:`ssbsim.physics.terminals`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, TypeAlias, Union

from pydantic import Field

from ssbsim._discovery import classes_in
from ssbsim.case.terminals.base import TerminalModel

#: Every terminal that a case may name, by its word.
TERMINAL_MODELS: Mapping[str, type[TerminalModel]] = {
    one.name(): one for one in classes_in(__name__, __path__, TerminalModel)
}

if TYPE_CHECKING:
    Terminal: TypeAlias = TerminalModel
else:
    Terminal = Annotated[Union[tuple(TERMINAL_MODELS.values())], Field(discriminator="kind")]  # noqa: UP007

__all__ = ["TERMINAL_MODELS", "Terminal", "TerminalModel"]
