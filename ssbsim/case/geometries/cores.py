"""Grains of one phase with a core of another between them, where it has a width."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssbsim.document.problems import KeyPath


class WithCores:
    """What follows from the keys `grain`, `core` and `core_width` of a section."""

    if TYPE_CHECKING:
        grain: str
        core: str
        core_width: float

    def named_phases(self) -> tuple[tuple[KeyPath, str], ...]:
        """Every place in this section that names a phase."""
        return ((("grain",), self.grain), *((("core",), core) for core in self.film_phases()))

    def film_phases(self) -> tuple[str, ...]:
        """Phase of the core, where there is one."""
        return (self.core,) if self.core_width > 0.0 else ()
