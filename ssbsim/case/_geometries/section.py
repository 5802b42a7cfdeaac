"""What the rest of a case asks of its geometry, whatever its kind.

A kind is one class in one file of this folder, derived from `GeometrySection`, entered in the union in `__init__`.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import Literal, TypeAlias

from ssbsim.document.model import Model
from ssbsim.document.problems import KeyPath

Dimensions: TypeAlias = Literal[1, 2, 3]

BOX_SIDES = ("left", "right", "bottom", "top", "front", "back")
"""Sides of a box: both ends of x, then of y, then of z."""


class GeometrySection(Model):
    """Base of the kinds of geometry."""

    @abstractmethod
    def named_phases(self) -> tuple[tuple[KeyPath, str], ...]:
        """Every place in this section that names a phase: path below ``geometry``, name of the phase."""

    @abstractmethod
    def boundary_names(self) -> tuple[str, ...]:
        """Names of the outer boundaries, where terminals may sit; empty where only the mesh knows."""

    @abstractmethod
    def space_dimension(self) -> int | None:
        """1, 2 or 3; None where only the mesh knows."""

    def grain_phases(self) -> dict[str, str] | None:
        """Phase of each grain, by the name of the grain; None where only the mesh knows which grains there are."""
        return None

    def contacts(self) -> tuple[tuple[str, str], ...] | None:
        """Pairs of grains that touch; None where only the mesh knows."""
        return None

    def phases_at(self, boundary: str) -> tuple[str, ...]:
        """Phases that may lie at a boundary."""
        return tuple(dict.fromkeys(name for _, name in self.named_phases()))

    def film_phases(self) -> tuple[str, ...] | None:
        """Phases of cores and coatings; None where the shape of a grain says whether it is a layer."""
        return None

    def phase_of_grain(self, name: str) -> str | None:
        """Phase of the grain of this name; None where there can be none.

        Where only the mesh knows the grains, every name of the form ``phase.1`` or ``phase.1.2`` may be one.
        """
        grains = self.grain_phases()
        if grains is not None:
            return grains.get(name)
        phase = re.sub(r"(\.\d+[a-z]*)+$", "", name)
        return phase if phase != name and phase in {used for _, used in self.named_phases()} else None
