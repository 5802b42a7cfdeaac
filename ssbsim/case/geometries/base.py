"""What the rest of a case asks of its geometry, whatever its kind.

A kind is one class in a file of this folder, derived from `GeometrySection`; what several share is in private classes.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import ClassVar, Literal, TypeAlias

from pydantic import model_validator

from ssbsim.document.model import Model
from ssbsim.document.problems import KeyPath
from ssbsim.document.quantities import problem

Dimensions: TypeAlias = Literal[1, 2, 3]

Frame: TypeAlias = Literal["planar", "cylindrical", "spherical", "axisymmetric"]

#: Coordinates that a mesh of a dimension may have; with a dimension that only the mesh knows, those of all.
_FRAMES: dict[int | None, tuple[Frame, ...]] = {
    1: ("planar", "cylindrical", "spherical"),
    2: ("planar", "axisymmetric"),
    3: ("planar",),
    None: ("planar", "cylindrical", "spherical", "axisymmetric"),
}

BOX_SIDES = ("left", "right", "bottom", "top", "front", "back")
"""Sides of a box: both ends of x, then of y, then of z."""


class GeometrySection(Model):
    """Base of the kinds of geometry. A class that derives from it has a field ``kind`` whose default is its name.

    Attributes:
        coordinates: What the mesh stands for. ``planar``: a body with straight walls; ``cylindrical`` and ``spherical``, in
            1D: a wire and a ball, x is the radius; ``axisymmetric``, in 2D: a body that turns about x = 0, x is the radius.
    """

    kind: str
    coordinates: Frame = "planar"

    #: Whether the cells are made here, of the sizes that a key ``spacing`` says.
    has_spacing: ClassVar[bool] = True

    @classmethod
    def name(cls) -> str:
        """The word in the case file."""
        return str(cls.model_fields["kind"].default)

    @model_validator(mode="after")
    def _check_coordinates(self) -> GeometrySection:
        dimension = self.space_dimension()
        if self.coordinates not in _FRAMES[dimension]:
            raise problem(
                f"'{self.coordinates}' coordinates are not for a geometry in {dimension}D",
                f"write 'coordinates: {' or '.join(_FRAMES[dimension])}'",
            )
        return self

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

    def along_x(self, **sizes: float) -> GeometrySection | None:
        """The same along x alone, with some cell sizes (m) changed, where it is a stack of layers; else None."""
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
