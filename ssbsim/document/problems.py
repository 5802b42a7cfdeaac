"""What is wrong with an input file: every problem with its place, joined into one error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic_core import PydanticCustomError

from ssbsim.errors import CaseError

KeyPath: TypeAlias = tuple[str | int, ...]

#: Signs of a value that a message repeats.
_LONGEST_SHOWN = 200


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        what: What was expected and what was found.
        path: Keys and list indices from the top of the file.
        hint: The nearest right name, or what to write.
        place: File and line, once known.
    """

    what: str
    path: KeyPath = ()
    hint: str = ""
    place: str = ""

    @property
    def where(self) -> str:
        """Place and key path, as in ``case.yaml:7, phases.grain.sites[0].density``."""
        return ", ".join(part for part in (self.place, format_path(self.path)) if part)


class InvalidCaseError(CaseError):
    """The input file has one or more problems, all of which are listed.

    Args:
        source: Name of the file, or what stands for it.
        problems: At least one, in the order of the file.
    """

    def __init__(self, source: str, problems: Sequence[Problem]) -> None:
        self.source = source
        self.problems = tuple(problems)
        if len(self.problems) == 1:
            only = self.problems[0]
            super().__init__(only.what, where=only.where, hint=only.hint)
            return
        lines = [f"{source} has {len(self.problems)} problems"]
        for number, one in enumerate(self.problems, start=1):
            lines += [f"  {number}. {one.what}", f"     where: {one.where}"]
            if one.hint:
                lines.append(f"     try:   {one.hint}")
        super().__init__("\n".join(lines))


def format_path(path: KeyPath) -> str:
    """Key path as text: ``phases.grain.sites[0].density``."""
    text = ""
    for item in path:
        text += f"[{item}]" if isinstance(item, int) else (f".{item}" if text else item)
    return text


def problems_error(problems: Sequence[Problem]) -> PydanticCustomError:
    """The problems of one model as an error that may be raised inside its validation."""
    text = "; ".join(f"{format_path(one.path)}: {one.what}" for one in problems)
    return PydanticCustomError("ssbsim_problems", "{what}", {"what": text, "problems": tuple(problems)})


def describe(value: Any) -> str:
    """What a value of the input is, in the words of someone who writes YAML."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, str):
        return f"'{value if len(value) <= _LONGEST_SHOWN else value[:_LONGEST_SHOWN] + '...'}'"
    text = str(value)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "..."
