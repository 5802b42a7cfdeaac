"""A stack of layers, and a bicrystal: flat, around a wire or a ball, or as rings."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ssbsim.case._names import OptionalName
from ssbsim.case.geometries.base import BOX_SIDES, Dimensions, GeometrySection
from ssbsim.case.geometries.spacing import Spacing
from ssbsim.document.model import Model
from ssbsim.document.problems import KeyPath
from ssbsim.document.quantities import Length, NonNegativeLength, problem


class Layer(Model):
    """One slab of a phase, a grain of its own.

    Attributes:
        phase: Name of a phase of the case.
        thickness: In m.
        name: Name of the grain; the phase, or phase.1, phase.2 when it occurs more than once.
    """

    phase: str
    thickness: Length
    name: OptionalName = ""


class _Stack(GeometrySection):
    """What layered geometries share: dimension, extent across the layers and cell sizes."""

    dimension: Dimensions = 1
    width: Length | None = None
    depth: Length | None = None
    spacing: Spacing
    inner_radius: NonNegativeLength = 0.0

    @model_validator(mode="after")
    def _check_extent(self) -> _Stack:
        if self.coordinates == "planar" and self.inner_radius > 0.0:
            raise problem(
                "a planar geometry has no inner_radius", "remove inner_radius, or write 'coordinates: spherical'"
            )
        for name, least in (("width", 2), ("depth", 3)):
            given = getattr(self, name) is not None
            if self.dimension >= least and not given:
                raise problem(f"a {self.dimension}D geometry needs {name}", f"add {name}: 100 nm, or set dimension: 1")
            if self.dimension < least and given:
                raise problem(f"a {self.dimension}D geometry has no {name}", f"remove {name} or set dimension: {least}")
        if self.spacing.junction is not None:
            raise problem("layers have no junctions", "remove spacing.junction")
        if self.spacing.remesher != "none":
            raise problem("layers have rows of thin cells at all interfaces", "remove spacing.remesher")
        if self.dimension == 1 and self.spacing.transverse is not None:
            raise problem("a 1D geometry has no transverse spacing", "remove spacing.transverse")
        if self.width is not None:
            self.spacing._fill(transverse=self.width / 4.0)
        return self

    def boundary_names(self) -> tuple[str, ...]:
        """Names of the outer boundaries, where terminals may sit."""
        return BOX_SIDES[: 2 * self.dimension]

    def space_dimension(self) -> int:
        """Number of space dimensions."""
        return self.dimension

    def along_x(self, **sizes: float) -> GeometrySection:
        """The same in 1D, with some cell sizes (m) changed."""
        spacing = self.spacing.model_copy(update={"transverse": None, **sizes})
        return self.model_copy(update={"dimension": 1, "width": None, "depth": None, "spacing": spacing})


class LayersGeometry(_Stack):
    """Layers from left to right along x.

    Attributes:
        layers: From left to right.
        dimension: Number of space dimensions: 1, 2 or 3.
        width: Extent along y (m), in 2D and 3D.
        depth: Extent along z (m), in 3D.
        spacing: Cell sizes.
        coordinates: What the mesh stands for. ``planar``: a body with straight walls; ``cylindrical`` and ``spherical``, in 1D: a
            wire and a ball, x is the radius; ``axisymmetric``, in 2D: a body that turns about x = 0, x is the radius.
        inner_radius: Radius (m) of the left end, in coordinates other than planar: 0 for a full body, else a shell.
    """

    kind: Literal["layers"] = "layers"
    layers: Annotated[tuple[Layer, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _name_grains(self) -> LayersGeometry:
        total = Counter(layer.phase for layer in self.layers)
        seen: Counter[str] = Counter()
        for layer in self.layers:
            seen[layer.phase] += 1
            layer._fill(name=layer.phase if total[layer.phase] == 1 else f"{layer.phase}.{seen[layer.phase]}")
        twice = [name for name, count in Counter(layer.name for layer in self.layers).items() if count > 1]
        if twice:
            raise problem(f"two layers have the name '{twice[0]}'", "give each layer a name of its own")
        return self

    def named_phases(self) -> tuple[tuple[KeyPath, str], ...]:
        """Every place in this section that names a phase."""
        return tuple((("layers", i, "phase"), layer.phase) for i, layer in enumerate(self.layers))

    def phases_at(self, boundary: str) -> tuple[str, ...]:
        """Phases that lie at a boundary."""
        ends = {"left": self.layers[:1], "right": self.layers[-1:]}
        return tuple(layer.phase for layer in ends.get(boundary, self.layers))

    def grain_phases(self) -> dict[str, str]:
        """Phase of each grain, by the name of the grain, from left to right."""
        return {layer.name: layer.phase for layer in self.layers}

    def contacts(self) -> tuple[tuple[str, str], ...]:
        """Pairs of grains that touch, from left to right."""
        names = [layer.name for layer in self.layers]
        return tuple(zip(names[:-1], names[1:], strict=True))


class BicrystalGeometry(_Stack):
    """Two grains of equal length with a boundary core between them.

    Attributes:
        length: Total length along x (m).
        core_width: Width of the core (m); 0 for a boundary of zero thickness.
        grain: Name of the phase of both grains.
        core: Name of the phase of the core.
        dimension: Number of space dimensions: 1, 2 or 3.
        width: Extent along y (m), in 2D and 3D.
        depth: Extent along z (m), in 3D.
        spacing: Cell sizes.
        coordinates: What the mesh stands for. ``planar``: a body with straight walls; ``cylindrical`` and ``spherical``, in 1D: a
            wire and a ball, x is the radius; ``axisymmetric``, in 2D: a body that turns about x = 0, x is the radius.
        inner_radius: Radius (m) of the left end, in coordinates other than planar: 0 for a full body, else a shell.
    """

    kind: Literal["bicrystal"] = "bicrystal"
    length: Length
    core_width: NonNegativeLength
    grain: str = "grain"
    core: str = "core"

    @model_validator(mode="after")
    def _check_core(self) -> BicrystalGeometry:
        if self.core_width >= self.length:
            raise problem(
                f"the core ({self.core_width:g} m) is as wide as the whole bicrystal ({self.length:g} m)",
                "make length larger than core_width",
            )
        return self

    def as_layers(self) -> LayersGeometry:
        """The same geometry as layers grain.1, core, grain.2 (no core when its width is 0)."""
        side = (self.length - self.core_width) / 2.0
        layers = [Layer(phase=self.grain, thickness=side, name=f"{self.grain}.1")]
        if self.core_width > 0.0:
            layers.append(Layer(phase=self.core, thickness=self.core_width, name=self.core))
        layers.append(Layer(phase=self.grain, thickness=side, name=f"{self.grain}.2"))
        return LayersGeometry(
            layers=tuple(layers),
            dimension=self.dimension,
            width=self.width,
            depth=self.depth,
            spacing=self.spacing,
            coordinates=self.coordinates,
            inner_radius=self.inner_radius,
        )

    def named_phases(self) -> tuple[tuple[KeyPath, str], ...]:
        """Every place in this section that names a phase."""
        core: tuple[tuple[KeyPath, str], ...] = ((("core",), self.core),) if self.core_width > 0.0 else ()
        return ((("grain",), self.grain), *core)

    def phases_at(self, boundary: str) -> tuple[str, ...]:
        """Phases that lie at a boundary."""
        return self.as_layers().phases_at(boundary)

    def grain_phases(self) -> dict[str, str]:
        """Phase of each grain, by the name of the grain, from left to right."""
        return self.as_layers().grain_phases()

    def contacts(self) -> tuple[tuple[str, str], ...]:
        """Pairs of grains that touch, from left to right."""
        return self.as_layers().contacts()
