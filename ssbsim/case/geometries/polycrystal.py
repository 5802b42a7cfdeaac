"""A polycrystal in a box."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from ssbsim.case._sources import GEUZAINE_2009
from ssbsim.case.geometries.base import BOX_SIDES, GeometrySection
from ssbsim.case.geometries.cores import WithCores
from ssbsim.case.geometries.spacing import Spacing
from ssbsim.document.citations import Citation
from ssbsim.document.model import Model
from ssbsim.document.quantities import Count, Length, NonNegativeLength, Number, problem

_MOST_GRAINS = {2: 100_000, 3: 20_000}
_LARGEST_SPREAD = 1.0


class Texture(Model):
    """Shape and arrangement of the grains.

    Attributes:
        kind: ``equiaxed``: alike in all directions. ``columnar``: long along an axis. ``layered``: flat layers of
            equal thickness stacked along x; no grain crosses from one to the next.
        axis: Of columns: x, y or z.
        aspect: How many times longer than wide columns are. In 3D, when not given, they go through the whole box.
        layers: Number of layers.
    """

    sources: ClassVar[tuple[Citation, ...]] = (GEUZAINE_2009,)

    kind: Literal["equiaxed", "columnar", "layered"] = "equiaxed"
    axis: Literal["x", "y", "z"] | None = None
    aspect: Annotated[Number, Field(ge=1.0)] | None = None
    layers: Annotated[Count, Field(ge=2)] | None = None

    @model_validator(mode="after")
    def _check_kind(self) -> Texture:
        belongs = {"axis": "columnar", "aspect": "columnar", "layers": "layered"}
        for name, kind in belongs.items():
            if getattr(self, name) is not None and self.kind != kind:
                raise problem(f"an {self.kind} texture has no {name}".replace("an l", "a l").replace("an c", "a c"))
        if self.kind == "layered" and self.layers is None:
            raise problem("a layered texture needs the number of layers", "add layers: 4")
        if self.kind == "columnar":
            self._fill(axis="x")
        return self


class PolycrystalGeometry(WithCores, GeometrySection):
    """Grains of one phase that fill a box, with boundaries of zero thickness or with a core.

    Give the box and the number or size of the grains, or number and size of the grains in a square or cubic box.

    Attributes:
        dimension: Number of space dimensions: 2 or 3.
        length: Extent along x (m).
        width: Extent along y (m).
        depth: Extent along z (m), in 3D.
        grains: Number of grains.
        grain_size: Mean equivalent diameter of the grains (m): that of the circle or ball of equal measure; of columns
            through the whole box, in their cross-section. Voronoi cells have it for the mean measure.
        tessellation: ``voronoi``, cells of random points; or ``laguerre``, cells of chosen measures. When not given:
            laguerre with a spread, voronoi without.
        spread: Standard deviation of the logarithm of the grain diameter, which is log-normal. For laguerre.
        relaxation: How many times the points move to the centroids of their cells, which makes these rounder. When not
            given: 5 for laguerre, 0 for voronoi.
        seed: Of the random numbers. Equal seeds give equal grains.
        texture: Shape and arrangement of the grains.
        periodic: Whether grains that are cut off at a wall go on at the opposite one. Pieces get names of their own.
        grain: Name of the phase of the grains.
        core: Name of the phase of the grain-boundary core.
        core_width: Width of the core (m); 0 for boundaries of zero thickness.
        orientations: ``random``: each grain has one, uniform over all rotations; or ``none``.
        smallest_edge: Edges of grains shorter than this part of the equivalent diameter of the smallest grain at the
            edge (at most of the mean) are removed. 0 keeps all.
        spacing: Cell sizes.
        coordinates: What the mesh stands for. ``planar``: a body with straight walls; ``axisymmetric``, in 2D: a body that
            turns about x = 0, x is the radius.
    """

    kind: Literal["polycrystal"] = "polycrystal"
    dimension: Literal[2, 3]
    length: Length | None = None
    width: Length | None = None
    depth: Length | None = None
    grains: Annotated[Count, Field(ge=1)] | None = None
    grain_size: Length | None = None
    tessellation: Literal["voronoi", "laguerre"] = "voronoi"
    spread: Annotated[Number, Field(ge=0.0)] = 0.0
    relaxation: Annotated[Count, Field(ge=0, le=100)] = 0
    seed: Annotated[Count, Field(ge=0)] = 0
    texture: Texture = Texture()
    periodic: bool = False
    grain: str = "grain"
    core: str = "core"
    core_width: NonNegativeLength = 0.0
    orientations: Literal["random", "none"] = "random"
    smallest_edge: Annotated[Number, Field(ge=0.0, le=0.3)] = 0.1
    spacing: Spacing

    @model_validator(mode="after")
    def _complete(self) -> PolycrystalGeometry:
        self._check_box()
        if "spread" in self.model_fields_set:
            self._fill(tessellation="laguerre")
            if self.tessellation == "voronoi" and self.spread > 0.0:
                raise problem(
                    "the sizes of voronoi grains cannot be chosen", "remove spread, or set tessellation: laguerre"
                )
        if self.spread > _LARGEST_SPREAD:
            raise problem(f"spread ({self.spread:g}) is larger than {_LARGEST_SPREAD:g}", "grains have 0.2 to 0.6")
        self._fill(relaxation=5 if self.tessellation == "laguerre" else 0)
        self._check_texture()
        count, most = self.number_of_grains(), _MOST_GRAINS[self.dimension]
        if count > most:
            by = "grains" if self.grains is not None else "grain_size"
            raise problem(f"{by} asks for {count} grains, more than {most}", "use a smaller box or larger grains")
        if count < (self.texture.layers or 1):
            raise problem(
                f"{count} grains do not fill {self.texture.layers} layers", "set more grains or fewer texture.layers"
            )
        if self.core_width >= self.mean_grain_size():
            raise problem(
                f"core_width ({self.core_width:g} m) is not smaller than the grains ({self.mean_grain_size():g} m)",
                "make the grains larger or the core thinner",
            )
        self.spacing._fill(transverse=self.spacing.bulk)
        return self

    def _check_box(self) -> None:
        names = ("length", "width", "depth")[: self.dimension]
        given = [name for name in names if getattr(self, name) is not None]
        if self.dimension == 2 and self.depth is not None:
            raise problem("a 2D geometry has no depth", "remove depth or set dimension: 3")
        if given and len(given) < len(names):
            missing = next(name for name in names if name not in given)
            raise problem(f"the box has no {missing}", f"add {missing}, or give grains and grain_size without a box")
        amounts = [name for name in ("grains", "grain_size") if getattr(self, name) is not None]
        if given and len(amounts) == 2:
            raise problem("box, grains and grain_size are more than can be met", "remove grains or grain_size")
        if len(amounts) + bool(given) < 2:
            raise problem(
                "the number and size of the grains are not settled",
                f"give two of: the box ({', '.join(names)}), grains, grain_size",
            )

    def _check_texture(self) -> None:
        texture = self.texture
        if self.dimension == 2 and texture.axis == "z":
            raise problem("a 2D geometry has no axis z", "set texture.axis to x or y")
        if self.dimension == 2 and texture.kind == "columnar" and texture.aspect is None:
            raise problem("columns in 2D need an aspect", "add texture.aspect: 4")
        if texture.kind == "layered" and self.periodic:
            raise problem("layers are not periodic", "remove periodic or the layered texture")

    def goes_through(self) -> bool:
        """Whether grains are columns through the whole box."""
        return self.texture.kind == "columnar" and self.texture.aspect is None

    def extents(self) -> tuple[float, ...]:
        """Extents of the box (m)."""
        given = tuple(side for side in (self.length, self.width, self.depth) if side is not None)
        if given or self.grains is None or self.grain_size is None:
            return given
        return (
            self._share_of_a_grain(self.grain_size, self.grains) ** (1.0 / self._grain_dimension()),
        ) * self.dimension

    def number_of_grains(self) -> int:
        """Number of grains."""
        if self.grains is not None or self.grain_size is None:
            return self.grains or 0
        return max(round(self._measure() / self._share_of_a_grain(self.grain_size, 1)), 1)

    def mean_grain_size(self) -> float:
        """Mean equivalent diameter of the grains (m)."""
        if self.grain_size is not None:
            return self.grain_size
        one = self._measure() / self.number_of_grains()
        return float((one / self._share_of_a_grain(1.0, 1)) ** (1.0 / self._grain_dimension()))

    def _grain_dimension(self) -> int:
        return 2 if self.goes_through() else self.dimension

    def _measure(self) -> float:
        """Area or volume of the box; cross-section where the grains go through it."""
        along = "xyz".index(self.texture.axis) if self.goes_through() and self.texture.axis else None
        return math.prod(side for axis, side in enumerate(self.extents()) if axis != along)

    def _share_of_a_grain(self, diameter: float, count: int) -> float:
        """Mean measure of grains with a log-normal distribution of the diameter, times their number."""
        d = self._grain_dimension()
        ball = math.pi / 4.0 if d == 2 else math.pi / 6.0
        return count * ball * diameter**d * math.exp(0.5 * (d * d - d) * self.spread**2)

    def boundary_names(self) -> tuple[str, ...]:
        """Names of the outer boundaries, where terminals may sit."""
        return BOX_SIDES[: 2 * self.dimension]

    def space_dimension(self) -> int:
        """Number of space dimensions."""
        return self.dimension
