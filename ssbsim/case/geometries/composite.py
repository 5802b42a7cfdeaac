"""A composite electrode: particles of an active material in an electrolyte, behind a separator."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from ssbsim.case._sources import GEUZAINE_2009
from ssbsim.case.geometries.base import BOX_SIDES, GeometrySection
from ssbsim.case.geometries.spacing import Spacing
from ssbsim.document.citations import Citation
from ssbsim.document.model import Model
from ssbsim.document.problems import KeyPath
from ssbsim.document.quantities import Count, Length, Number, problem

VOID_BOUNDARY = "void"
"""Name of the boundary that empty voids leave."""

Spread = Annotated[Number, Field(ge=0.0, le=0.6)]
Fraction = Annotated[Number, Field(gt=0.0, le=0.6)]


class Separator(Model):
    """Electrolyte in front of the composite, on the left.

    Attributes:
        thickness: Extent along x (m).
        phase: Name of its phase. That of the electrolyte when not given: then nothing divides the two.
    """

    thickness: Length
    phase: str | None = None


class Coating(Model):
    """A film around every particle.

    Attributes:
        phase: Name of its phase.
        thickness: In m; it lies outside the particle.
    """

    phase: str
    thickness: Length


class Particles(Model):
    """Particles of the active material. They touch neither one another nor a wall.

    Attributes:
        phase: Name of their phase.
        shape: Spheres (discs in 2D), or convex polygons (polyhedra in 3D), which are cells of a Laguerre tessellation
            made smaller around the centres of their largest balls.
        size: Mean diameter (m); of polygons that of the disc or sphere of the same measure.
        spread: Standard deviation of the logarithm of the diameter.
        volume_fraction: Part of the composite (without the separator) that they fill, exactly.
        gap: Smallest distance (m) between two particles, and between a particle and a wall; with a coating, between
            the particles inside their coatings.
        coating: Film around each of them.
        grains: Number of grains inside each of them.
    """

    phase: str
    shape: Literal["sphere", "polygon"] = "sphere"
    size: Length
    spread: Spread = 0.2
    volume_fraction: Fraction
    gap: Length
    coating: Coating | None = None
    grains: Annotated[Count, Field(ge=1, le=100)] = 1

    @model_validator(mode="after")
    def _check_gap(self) -> Particles:
        if self.gap >= self.size:
            raise problem(
                f"gap ({self.gap:g} m) is not smaller than the particles (size: {self.size:g} m)", "make gap smaller"
            )
        if self.coating is not None:
            if self.coating.phase == self.phase:
                raise problem("particles and coating are of the same phase", "name another phase in coating.phase")
            if 2.5 * self.coating.thickness > self.gap:
                raise problem(
                    f"the coatings of two particles ({self.coating.thickness:g} m each) do not fit into the gap between "
                    f"them ({self.gap:g} m)",
                    "make gap at least 2.5 times coating.thickness",
                )
        return self


class Matrix(Model):
    """What is between the particles.

    Attributes:
        phase: Name of its phase.
        grain_size: Mean diameter (m) of its grains, of the disc or sphere of the same measure; one grain when not given.
    """

    phase: str
    grain_size: Length | None = None


class Voids(Model):
    """Pores in the composite, of the shape of the particles, as far from everything as these.

    Attributes:
        volume_fraction: Part of the composite that they fill, exactly.
        size: Mean diameter (m).
        spread: Standard deviation of the logarithm of the diameter.
        phase: Phase that fills them. Empty when not given: they are not meshed, and their surface is the boundary
            `void`, through which nothing passes.
    """

    volume_fraction: Fraction
    size: Length
    spread: Spread = 0.2
    phase: str | None = None


class CompositeGeometry(GeometrySection):
    """A composite electrode in a box: the separator at `left` (x = 0), the current collector at `right`.

    Attributes:
        dimension: 2 or 3.
        length: Extent along x (m), separator and composite.
        width: Extent along y (m).
        depth: Extent along z (m), in 3D.
        separator: Electrolyte in front of the composite.
        particles: The active material.
        electrolyte: Between the particles.
        voids: Pores in the composite.
        seed: Of all that is random; same seed, same mesh.
        spacing: Cell sizes.
        coordinates: What the mesh stands for. ``planar``: a body with straight walls; ``axisymmetric``, in 2D: a body that
            turns about x = 0, x is the radius.
    """

    sources: ClassVar[tuple[Citation, ...]] = (GEUZAINE_2009,)

    kind: Literal["composite"] = "composite"
    dimension: Literal[2, 3] = 2
    length: Length
    width: Length
    depth: Length | None = None
    separator: Separator | None = None
    particles: Particles
    electrolyte: Matrix
    voids: Voids | None = None
    seed: Annotated[Count, Field(ge=0)] = 0
    spacing: Spacing

    @model_validator(mode="after")
    def _check_box(self) -> CompositeGeometry:
        if (self.depth is None) == (self.dimension == 3):
            given = "needs depth" if self.depth is None else "has no depth"
            hint = "add depth: 1 um" if self.depth is None else "remove depth or set dimension: 3"
            raise problem(f"a {self.dimension}D geometry {given}", hint)
        if self.separator is not None and self.separator.thickness >= self.length:
            raise problem(
                f"the separator ({self.separator.thickness:g} m) is as long as the whole electrode ({self.length:g} m)",
                "make length larger than separator.thickness; it is the length of both",
            )
        self.spacing._fill(transverse=self.spacing.bulk)
        return self

    @model_validator(mode="after")
    def _check_phases(self) -> CompositeGeometry:
        names = [name for _, name in self.named_phases()]
        if self.particles.phase == self.electrolyte.phase:
            raise problem("particles and electrolyte are of the same phase", "name another phase in electrolyte.phase")
        coating = self.particles.coating
        if coating is not None and names.count(coating.phase) > 1:
            raise problem(
                f"the coating is of a phase that is found elsewhere too: '{coating.phase}'",
                "give the coating a phase of its own, with the same values if need be",
            )
        if VOID_BOUNDARY in names and self.voids is not None and self.voids.phase is None:
            raise problem("empty voids are of no phase, so that none can be named 'void'", "rename the phase 'void'")
        return self

    @model_validator(mode="after")
    def _check_room(self) -> CompositeGeometry:
        shortest = min(self.composite_extent)
        for name, size in self._sizes():
            if size + 2.0 * self.particles.gap > shortest:
                raise problem(
                    f"{name} ({size:g} m) with a gap on both sides does not fit into the composite, which is "
                    f"{shortest:g} m in its shortest direction",
                    f"make {name} or particles.gap smaller, or the box larger",
                )
        filled = self.particles.volume_fraction + (self.voids.volume_fraction if self.voids else 0.0)
        most = 0.8 if self.dimension == 2 else 0.64
        if filled > most:
            raise problem(
                f"particles and voids would fill {filled:g} of the composite, more than a random packing can ({most})",
                "make volume_fraction smaller",
            )
        return self

    def _sizes(self) -> Iterator[tuple[str, float]]:
        yield "particles.size", self.particles.size
        if self.voids is not None:
            yield "voids.size", self.voids.size

    @property
    def extent(self) -> tuple[float, ...]:
        """Sides of the box (m), along x, y, and z in 3D."""
        return tuple(side for side in (self.length, self.width, self.depth) if side is not None)

    @property
    def composite_start(self) -> float:
        """Position (m) along x where the separator ends and the composite begins."""
        return self.separator.thickness if self.separator is not None else 0.0

    @property
    def composite_extent(self) -> tuple[float, ...]:
        """Sides of the composite (m), without the separator."""
        return (self.length - self.composite_start, *self.extent[1:])

    @property
    def composite_measure(self) -> float:
        """Area (m^2) or volume (m^3) of the composite, without the separator."""
        return math.prod(self.composite_extent)

    @property
    def is_divided(self) -> bool:
        """Whether separator and composite are different phases, so that there is a plane between them."""
        return self.separator is not None and self.separator.phase not in (None, self.electrolyte.phase)

    @property
    def has_holes(self) -> bool:
        """Whether there are empty voids."""
        return self.voids is not None and self.voids.phase is None

    def named_phases(self) -> tuple[tuple[KeyPath, str], ...]:
        """Every place in this section that names a phase."""
        named: list[tuple[KeyPath, str | None]] = [
            (("particles", "phase"), self.particles.phase),
            (("electrolyte", "phase"), self.electrolyte.phase),
        ]
        if self.particles.coating is not None:
            named.append((("particles", "coating", "phase"), self.particles.coating.phase))
        if self.separator is not None:
            named.append((("separator", "phase"), self.separator.phase))
        if self.voids is not None:
            named.append((("voids", "phase"), self.voids.phase))
        return tuple((path, phase) for path, phase in named if phase is not None)

    def film_phases(self) -> tuple[str, ...]:
        """Phase of the coating, where there is one."""
        return (self.particles.coating.phase,) if self.particles.coating is not None else ()

    def boundary_names(self) -> tuple[str, ...]:
        """Names of the outer boundaries, where terminals may sit."""
        return (*BOX_SIDES[: 2 * self.dimension], *([VOID_BOUNDARY] if self.has_holes else []))

    def space_dimension(self) -> int:
        """2 or 3."""
        return self.dimension

    def phases_at(self, boundary: str) -> tuple[str, ...]:
        """Phases that lie at a boundary: particles keep their gap to the walls."""
        separator = self.separator.phase if self.separator is not None and self.separator.phase else None
        if boundary == "left":
            return (separator or self.electrolyte.phase,)
        if boundary in ("right", VOID_BOUNDARY) or not self.is_divided or separator is None:
            return (self.electrolyte.phase,)
        return (self.electrolyte.phase, separator)
