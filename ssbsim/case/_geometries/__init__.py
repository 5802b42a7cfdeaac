"""Where the phases are: one file per kind of geometry."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

from .mesh_file import FileGeometry
from .section import BOX_SIDES, GeometrySection
from .spacing import Spacing
from .stacks import BicrystalGeometry, Layer, LayersGeometry

Geometry: TypeAlias = Annotated[LayersGeometry | BicrystalGeometry | FileGeometry, Field(discriminator="kind")]

__all__ = [
    "BOX_SIDES",
    "BicrystalGeometry",
    "FileGeometry",
    "Geometry",
    "GeometrySection",
    "Layer",
    "LayersGeometry",
    "Spacing",
]
