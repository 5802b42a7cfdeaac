"""Where the phases are: a stack of layers, a bicrystal, or the user's own mesh."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, ValidationInfo, field_validator, model_validator

from ._base import Model
from ._quantities import Count, Length, NonNegativeLength, Number, problem

Dimensions: TypeAlias = Literal[1, 2, 3]

_BOUNDARIES = ("left", "right", "bottom", "top", "front", "back")


class Spacing(Model):
    """Cell sizes: fine at interfaces, coarse in the bulk, geometric growth between.

    Attributes:
        interface: Size at every interface (m).
        bulk: Largest size (m).
        terminal: Size at the two outer ends (m); as ``bulk`` when not given.
        growth: Largest ratio of the sizes of neighbouring cells, above 1 and at most 2.
        transverse: Size across the plane of the layers in 2D and 3D (m); a quarter of the width when not given.
        refinement: Every cell size is divided by this; for convergence studies.
    """

    interface: Length
    bulk: Length
    terminal: Length = 0.0
    growth: Annotated[Number, Field(gt=1.0, le=2.0)] = 1.3
    transverse: Length | None = None
    refinement: Annotated[Count, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _complete(self) -> Spacing:
        self._fill(terminal=self.bulk)
        if self.interface > self.bulk:
            raise problem(
                f"spacing.interface ({self.interface:g} m) is larger than spacing.bulk ({self.bulk:g} m)",
                "the bulk size is the largest one",
            )
        return self


class Layer(Model):
    """One slab of a phase, a grain of its own.

    Attributes:
        phase: Name of a phase of the case.
        thickness: In m.
        name: Name of the grain; the phase, or phase.1, phase.2 when it occurs more than once.
    """

    phase: str
    thickness: Length
    name: str = ""


class _Stack(Model):
    """What layered geometries share: dimension, extent across the layers and cell sizes."""

    dimension: Dimensions = 1
    width: Length | None = None
    depth: Length | None = None
    spacing: Spacing

    @model_validator(mode="after")
    def _check_extent(self) -> _Stack:
        for name, least in (("width", 2), ("depth", 3)):
            given = getattr(self, name) is not None
            if self.dimension >= least and not given:
                raise problem(f"a {self.dimension}D geometry needs {name}", f"add {name}: 100 nm, or set dimension: 1")
            if self.dimension < least and given:
                raise problem(f"a {self.dimension}D geometry has no {name}", f"remove {name} or set dimension: {least}")
        if self.dimension == 1 and self.spacing.transverse is not None:
            raise problem("a 1D geometry has no transverse spacing", "remove spacing.transverse")
        if self.width is not None:
            self.spacing._fill(transverse=self.width / 4.0)
        return self

    def boundary_names(self) -> tuple[str, ...]:
        """Names of the outer boundaries, where terminals may sit."""
        return _BOUNDARIES[: 2 * self.dimension]


class LayersGeometry(_Stack):
    """Layers from left to right along x.

    Attributes:
        layers: From left to right.
        dimension: Number of space dimensions: 1, 2 or 3.
        width: Extent along y (m), in 2D and 3D.
        depth: Extent along z (m), in 3D.
        spacing: Cell sizes.
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
            layers=tuple(layers), dimension=self.dimension, width=self.width, depth=self.depth, spacing=self.spacing
        )

    def grain_phases(self) -> dict[str, str]:
        """Phase of each grain, by the name of the grain, from left to right."""
        return self.as_layers().grain_phases()

    def contacts(self) -> tuple[tuple[str, str], ...]:
        """Pairs of grains that touch, from left to right."""
        return self.as_layers().contacts()


class FileGeometry(Model):
    """A mesh that the user made, with named groups.

    Attributes:
        path: Mesh file; relative to the case file.
        unit: Length of one unit of the mesh (m).
        grains: Phase of each named group of cells; the group is the grain.
        boundaries: Name of the boundary for each named group of outer facets.
    """

    kind: Literal["file"] = "file"
    path: Path
    unit: Length
    grains: Annotated[dict[str, str], Field(min_length=1)]
    boundaries: dict[str, str] = {}

    @field_validator("path", mode="after")
    @classmethod
    def _beside_the_case(cls, path: Path, info: ValidationInfo) -> Path:
        folder = info.context.get("folder") if info.context else None
        return path if folder is None else (Path(folder) / path).resolve()

    def boundary_names(self) -> tuple[str, ...]:
        """Names of the outer boundaries, where terminals may sit."""
        return tuple(dict.fromkeys(self.boundaries.values()))

    def grain_phases(self) -> dict[str, str]:
        """Phase of each grain, by the name of the grain."""
        return dict(self.grains)

    def contacts(self) -> tuple[tuple[str, str], ...] | None:
        """Nothing: which grains touch is known only after the mesh is read."""
        return None


Geometry: TypeAlias = Annotated[LayersGeometry | BicrystalGeometry | FileGeometry, Field(discriminator="kind")]
