"""Composite electrodes."""

from __future__ import annotations

from pathlib import Path

from ssbsim.case import CompositeGeometry
from ssbsim.geometry.mesh_data import MeshData
from ssbsim.geometry.meshing import mesh_partition
from ssbsim.geometry.particles.composite import leave_out_holes, make_composite
from ssbsim.geometry.registry import register_geometry


@register_geometry("composite")
def build_composite(geometry: CompositeGeometry, folder: Path) -> MeshData:
    """Mesh of a CompositeGeometry."""
    return leave_out_holes(mesh_partition(make_composite(geometry), geometry.spacing, where="geometry.particles"))
