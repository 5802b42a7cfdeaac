"""Where the phases are: one file per kind of geometry."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

from ssbsim.case._geometries.bricks import BricksGeometry
from ssbsim.case._geometries.composite import VOID_BOUNDARY, CompositeGeometry
from ssbsim.case._geometries.image import ImageGeometry, ImagePart
from ssbsim.case._geometries.mesh_file import FileGeometry
from ssbsim.case._geometries.polycrystal import PolycrystalGeometry, Texture
from ssbsim.case._geometries.section import BOX_SIDES, GeometrySection
from ssbsim.case._geometries.spacing import Spacing
from ssbsim.case._geometries.stacks import BicrystalGeometry, Layer, LayersGeometry

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
