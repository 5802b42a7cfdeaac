"""The user's own mesh."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from ssbsim.case._names import Name
from ssbsim.case.geometries.base import GeometrySection
from ssbsim.document.problems import KeyPath
from ssbsim.document.quantities import Length


class FileGeometry(GeometrySection):
    """A mesh that the user made, with named groups.

    Attributes:
        path: Mesh file; relative to the case file.
        unit: Length of one unit of the mesh (m).
        grains: Phase of each named group of cells; the group is the grain.
        boundaries: Name of the boundary for each named group of outer facets.
        coordinates: What the mesh stands for. ``planar``: a body with straight walls; ``cylindrical`` and ``spherical``, in 1D: a
            wire and a ball, x is the radius; ``axisymmetric``, in 2D: a body that turns about x = 0, x is the radius.
    """

    has_spacing = False

    kind: Literal["file"] = "file"
    path: Path
    unit: Length
    grains: Annotated[dict[Name, str], Field(min_length=1)]
    boundaries: dict[str, Name] = {}

    @field_validator("path", mode="after")
    @classmethod
    def _beside_the_case(cls, path: Path, info: ValidationInfo) -> Path:
        folder = info.context.get("folder") if info.context else None
        return path if folder is None else (Path(folder) / path).resolve()

    def named_phases(self) -> tuple[tuple[KeyPath, str], ...]:
        """Every place in this section that names a phase."""
        return tuple((("grains", group), phase) for group, phase in self.grains.items())

    def space_dimension(self) -> None:
        """Known only after the mesh is read."""
        return None

    def boundary_names(self) -> tuple[str, ...]:
        """Names of the outer boundaries, where terminals may sit."""
        return tuple(dict.fromkeys(self.boundaries.values()))

    def grain_phases(self) -> dict[str, str]:
        """Phase of each grain, by the name of the grain."""
        return dict(self.grains)
