"""What can go wrong, as a small tree of exceptions.

Every message has three parts: what happened, where, and what to try. The parts are kept as fields so that a script
can read them; ``str(error)`` joins them for a person. On several ranks the same error is raised on all of them.
"""

from __future__ import annotations

from typing import Any


class SsbsimError(Exception):
    """Base of every error that ssbsim raises on purpose.

    Args:
        what: One sentence that says what happened.
        where: The place: a file and line, a key, a phase, an interface, a time.
        hint: What to try next.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        self.what = what
        self.where = where
        self.hint = hint
        super().__init__(what, where, hint)

    def __reduce__(self) -> tuple[Any, ...]:
        # Errors travel between ranks; the default would call __init__ without its keywords.
        return _rebuild, (type(self), self.args, self.__dict__)

    def __str__(self) -> str:
        lines = [self.what]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.hint:
            lines.append(f"  try:   {self.hint}")
        return "\n".join(lines)


def _rebuild(kind: type[SsbsimError], args: tuple[Any, ...], fields: dict[str, Any]) -> SsbsimError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(fields)
    return error


class CaseError(SsbsimError):
    """The input file cannot be used as it is."""

    exit_code = 2


class MaterialError(CaseError):
    """An entry of the materials library is missing or incomplete."""


class MeshError(SsbsimError):
    """The geometry cannot be meshed, or a mesh does not fit the case."""

    exit_code = 3


class ConvergenceError(SsbsimError):
    """A solve did not converge; nothing of it was kept."""

    exit_code = 4


class CheckpointError(SsbsimError):
    """A checkpoint is missing, incomplete or of an unknown format."""

    exit_code = 5


class ResultsError(SsbsimError):
    """A run folder cannot be written or read."""

    exit_code = 6
