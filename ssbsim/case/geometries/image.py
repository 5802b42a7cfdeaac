"""A labelled image: the microstructure as it was seen, or made by another program."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from ssbsim.case._names import OptionalName
from ssbsim.case._sources import GEUZAINE_2009
from ssbsim.case.geometries.base import BOX_SIDES, GeometrySection
from ssbsim.case.geometries.spacing import Spacing
from ssbsim.document.citations import Citation
from ssbsim.document.model import Model
from ssbsim.document.problems import KeyPath
from ssbsim.document.quantities import Count, Length, NonNegativeLength, Number, problem

EXTENSIONS = (".npy", ".png", ".tif", ".tiff")


class ImagePart(Model):
    """What a label or a colour stands for.

    Attributes:
        phase: Name of a phase of the case.
        name: Name of the grain; the phase, or phase.1, phase.2 where it has several grains.
    """

    phase: str
    name: OptionalName = ""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, given: Any) -> Any:
        return {"phase": given} if isinstance(given, str) else given


class ImageGeometry(GeometrySection):
    """An image whose pixels or voxels carry labels (numbers) or exact colours.

    Attributes:
        path: Image file (.npy, .tif, .png); relative to the case file. The pages of a .tif are planes along z.
        pixel: Edge of a pixel (m), or one per axis: [x, y] or [x, y, z].
        labels: Phase of each label of an image of whole numbers.
        legend: Phase of each colour of a colour image: '#rrggbb' or the name of a colour.
        grains: connected: every connected part of a label is a grain; label: every label is one; none: every connected
            part of a phase is one, so that there is no boundary within a phase.
        smallest_part: Connected parts of fewer pixels are refused.
        merge_smaller_than: Connected parts of fewer pixels go to the neighbour with the longest common boundary.
        interfaces: smooth: the stairs of the pixels are faired; voxel: they are kept as they are.
        smoothing: Length over which smooth interfaces are faired, in pixels; 2 when not given.
        core: Name of the phase between two grains of one phase.
        core_width: Width of the core (m); 0 for grain boundaries of zero thickness.
        spacing: Cell sizes. In 3D smooth interfaces have triangles no larger than a voxel, whatever `transverse` says;
            meshes with voxel interfaces have one size, the smallest that is asked for.
        coordinates: What the mesh stands for. ``planar``: a body with straight walls; ``axisymmetric``, in 2D: a body that
            turns about x = 0, x is the radius.
    """

    sources: ClassVar[tuple[Citation, ...]] = (GEUZAINE_2009,)

    kind: Literal["image"] = "image"
    path: Path
    pixel: Annotated[tuple[Length, ...], Field(min_length=1, max_length=3)]
    labels: dict[int, ImagePart] = {}
    legend: dict[str, ImagePart] = {}
    grains: Literal["connected", "label", "none"] = "connected"
    smallest_part: Annotated[Count, Field(ge=1)] = 1
    merge_smaller_than: Annotated[Count, Field(ge=1)] = 1
    interfaces: Literal["smooth", "voxel"] = "smooth"
    smoothing: Annotated[Number, Field(ge=0.0, le=20.0)] | None = None
    core: str = "core"
    core_width: NonNegativeLength = 0.0
    spacing: Spacing

    @field_validator("pixel", mode="before")
    @classmethod
    def _one_for_all_axes(cls, given: Any) -> Any:
        return given if isinstance(given, (list, tuple)) else (given,)

    @field_validator("path", mode="after")
    @classmethod
    def _beside_the_case(cls, path: Path, info: ValidationInfo) -> Path:
        if path.suffix.lower() not in EXTENSIONS:
            raise problem(
                f"'{path.name}' is not an image that can be read", f"use a file with one of {', '.join(EXTENSIONS)}"
            )
        folder = info.context.get("folder") if info.context else None
        return path if folder is None else (Path(folder) / path).resolve()

    @model_validator(mode="after")
    def _check(self) -> ImageGeometry:
        if bool(self.labels) == bool(self.legend):
            raise problem(
                "an image needs either labels or a legend",
                "labels: {1: grain, 2: core} for whole numbers, legend: {'#ff0000': grain} for colours",
            )
        if self.grains == "none":
            named = [part.name for part in self.parts().values() if part.name]
            if named:
                raise problem(f"'{named[0]}' names a grain, but grains is none", "write 'grains: label'")
        if self.grains == "label":
            twice = [name for name, count in Counter(self.label_names()).items() if count > 1]
            if twice:
                raise problem(f"two labels have the name '{twice[0]}'", "give each label a name of its own")
        phase_of: dict[str, str] = {}
        for name, part in zip(self.label_names(), self.parts().values(), strict=True):
            if phase_of.setdefault(name, part.phase) != part.phase:
                raise problem(
                    f"the name '{name}' stands for grains of '{phase_of[name]}' and of '{part.phase}'",
                    "give each label a name of its own",
                )
        if self.core_width > 0.0 and self.core in phase_of:
            raise problem(
                f"'{self.core}' names the core and a label", f"name the label: {{phase: {self.core}, name: ..}}"
            )
        if self.core_width > 0.0 and self.interfaces == "voxel":
            raise problem("a core needs smooth interfaces", "write 'interfaces: smooth', or remove core_width")
        if self.spacing.remesher != "none" and self.interfaces == "voxel":
            raise problem("the cells of a mesh of voxels have one size and no rows", "remove spacing.remesher")
        if self.interfaces == "smooth":
            self._fill(smoothing=2.0)
        elif self.smoothing is not None:
            raise problem("voxel interfaces are not smoothed", "remove smoothing, or write 'interfaces: smooth'")
        return self

    def parts(self) -> Mapping[Any, ImagePart]:
        """What every label or colour stands for."""
        return self.labels or self.legend

    def label_names(self) -> tuple[str, ...]:
        """Name of every label or colour: as given, or the phase; where each is a grain, phase.1, phase.2 if need be."""
        parts = self.parts().values()
        total = Counter(part.phase for part in parts if not part.name)
        seen: Counter[str] = Counter()
        names = []
        for part in parts:
            seen[part.phase] += not part.name
            is_numbered = self.grains == "label" and total[part.phase] > 1
            names.append(part.name or (f"{part.phase}.{seen[part.phase]}" if is_numbered else part.phase))
        return tuple(names)

    def named_phases(self) -> tuple[tuple[KeyPath, str], ...]:
        """Every place in this section that names a phase."""
        where = "labels" if self.labels else "legend"
        found: tuple[tuple[KeyPath, str], ...] = tuple(((where, str(k)), p.phase) for k, p in self.parts().items())
        return (*found, (("core",), self.core)) if self.core_width > 0.0 else found

    def space_dimension(self) -> int | None:
        """2 for a .png; known from `pixel` where it is given per axis."""
        if len(self.pixel) > 1:
            return len(self.pixel)
        return 2 if self.path.suffix.lower() == ".png" else None

    def film_phases(self) -> tuple[str, ...]:
        """Phase of the core, where there is one."""
        return (self.core,) if self.core_width > 0.0 else ()

    def boundary_names(self) -> tuple[str, ...]:
        """Names of the outer boundaries, where terminals may sit."""
        dimension = self.space_dimension()
        return () if dimension is None else BOX_SIDES[: 2 * dimension]

    def grain_phases(self) -> dict[str, str] | None:
        """Phase of each grain, by the name of the grain; None where only the image knows them."""
        if self.grains != "label":
            return None
        phases = (part.phase for part in self.parts().values())
        core = {self.core: self.core} if self.core_width > 0.0 else {}
        return dict(zip(self.label_names(), phases, strict=True)) | core

    def phase_of_grain(self, name: str) -> str | None:
        """Phase of the grain of this name, with or without the number or letters of a part; None where there is none."""
        phases = (part.phase for part in self.parts().values())
        stems = dict(zip(self.label_names(), phases, strict=True))
        if name in stems:
            return stems[name]
        return stems.get(re.sub(r"[a-z]+$" if self.grains == "label" else r"\.\d+[a-z]*$", "", name))
