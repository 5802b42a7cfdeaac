"""Equal bricks with boundary cores between them: the brick-layer model of a polycrystal."""

from __future__ import annotations

import math
from itertools import product
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from ssbsim.case._sources import GEUZAINE_2009
from ssbsim.case.geometries.base import BOX_SIDES, GeometrySection
from ssbsim.case.geometries.cores import WithCores
from ssbsim.case.geometries.spacing import Spacing
from ssbsim.document.citations import Citation
from ssbsim.document.quantities import Count, Length, NonNegativeLength, problem

_MOST_BRICKS = 1_000_000


class BricksGeometry(WithCores, GeometrySection):
    """Rectangular grains in rows, in 2D or 3D, with boundary cores between them.

    Attributes:
        bricks: Number of bricks along x and y, and along z in 3D.
        size: Edge of a brick (m), without cores; one length, or one for each direction.
        core_width: Width of the cores (m); 0 for boundaries of zero thickness. The walls bottom, top, front and back
            run through the middle of a core, as mirror planes; left and right end with bricks.
        grain: Name of the phase of all bricks.
        core: Name of the phase of the cores.
        spacing: Cell sizes.
        coordinates: What the mesh stands for. ``planar``: a body with straight walls; ``axisymmetric``, in 2D: a body that
            turns about x = 0, x is the radius.
    """

    sources: ClassVar[tuple[Citation, ...]] = (GEUZAINE_2009,)

    kind: Literal["bricks"] = "bricks"
    bricks: tuple[Annotated[Count, Field(ge=1)], ...]
    size: tuple[Length, ...]
    core_width: NonNegativeLength
    grain: str = "grain"
    core: str = "core"
    spacing: Spacing

    @field_validator("size", mode="before")
    @classmethod
    def _one_size(cls, given: Any) -> Any:
        return given if isinstance(given, (list, tuple)) else (given,)

    @model_validator(mode="after")
    def _check_bricks(self) -> BricksGeometry:
        if len(self.bricks) not in (2, 3):
            raise problem(
                f"expected two or three numbers of bricks, found {len(self.bricks)}", "write 'bricks: [4, 4]'"
            )
        if math.prod(self.bricks) > _MOST_BRICKS:
            raise problem(
                f"there are {math.prod(self.bricks)} bricks, more than a mesh can have ({_MOST_BRICKS})",
                "lower the numbers in bricks",
            )
        if len(self.size) not in (1, len(self.bricks)):
            raise problem(
                f"there are {len(self.bricks)} numbers of bricks but {len(self.size)} sizes",
                "give one size for all directions, or one for each",
            )
        if self.core_width > 0.0 and self.grain == self.core:
            raise problem(
                "bricks and cores are of the same phase", "name another phase as core, or set core_width: 0 nm"
            )
        for name in ("transverse", "junction"):
            if getattr(self.spacing, name) is not None:
                raise problem(
                    f"bricks have no {name} spacing: cells are graded in every direction", f"remove spacing.{name}"
                )
        if self.spacing.remesher != "none":
            raise problem("bricks have rows of thin cells at all interfaces", "remove spacing.remesher")
        return self

    @property
    def edges(self) -> tuple[float, ...]:
        """Edges of a brick (m) along x, y, and z in 3D."""
        return self.size if len(self.size) == len(self.bricks) else self.size * len(self.bricks)

    @property
    def places(self) -> tuple[tuple[int, ...], ...]:
        """Position of every brick among the others, counted from 0, in the order of the grains: x runs fastest."""
        return tuple(place[::-1] for place in product(*(range(count) for count in reversed(self.bricks))))

    def boundary_names(self) -> tuple[str, ...]:
        """Names of the outer boundaries, where terminals may sit."""
        return BOX_SIDES[: 2 * len(self.bricks)]

    def space_dimension(self) -> int:
        """2 or 3."""
        return len(self.bricks)

    def phases_at(self, boundary: str) -> tuple[str, ...]:
        """Phases that lie at a boundary: the walls along x run inside a core."""
        named = tuple(name for _, name in self.named_phases())
        return named if boundary in BOX_SIDES[:2] else named[-1:]

    def grain_phases(self) -> dict[str, str]:
        """Phase of each grain, by the name of the grain: the bricks, x fastest, then the cores, which are one grain."""
        count = len(self.places)
        names = [f"{self.grain}.{n + 1}" for n in range(count)] if count > 1 else [self.grain]
        cores = {self.core: self.core} if self.core_width > 0.0 else {}
        return {**dict.fromkeys(names, self.grain), **cores}

    def contacts(self) -> tuple[tuple[str, str], ...]:
        """Pairs of grains that touch: every brick and the cores, or neighbouring bricks where there are none."""
        names = list(self.grain_phases())
        if self.core_width > 0.0:
            return tuple((name, self.core) for name in names[:-1])
        number = {place: n for n, place in enumerate(self.places)}
        pairs = []
        for place, n in number.items():
            for axis in range(len(place)):
                following = number.get((*place[:axis], place[axis] + 1, *place[axis + 1 :]))
                if following is not None:
                    pairs.append((names[n], names[following]))
        return tuple(pairs)
