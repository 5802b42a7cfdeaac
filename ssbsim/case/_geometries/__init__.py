"""Where the phases are: one file per kind of geometry."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

from .bricks import BricksGeometry
from .composite import VOID_BOUNDARY, CompositeGeometry
from .image import ImageGeometry, ImagePart
from .mesh_file import FileGeometry
from .polycrystal import PolycrystalGeometry, Texture
from .section import BOX_SIDES, GeometrySection
from .spacing import Spacing
from .stacks import BicrystalGeometry, Layer, LayersGeometry

Geometry: TypeAlias = Annotated[
    LayersGeometry
    | BicrystalGeometry
    | BricksGeometry
    | CompositeGeometry
    | FileGeometry
    | ImageGeometry
    | PolycrystalGeometry,
    Field(discriminator="kind"),
]

__all__ = [
    "BOX_SIDES",
    "VOID_BOUNDARY",
    "BicrystalGeometry",
    "BricksGeometry",
    "CompositeGeometry",
    "FileGeometry",
    "Geometry",
    "GeometrySection",
    "ImageGeometry",
    "ImagePart",
    "Layer",
    "LayersGeometry",
    "PolycrystalGeometry",
    "Spacing",
    "Texture",
]
