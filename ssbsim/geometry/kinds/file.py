"""The user's own mesh with named groups."""

from __future__ import annotations

from pathlib import Path

from ssbsim.case import FileGeometry
from ssbsim.geometry.files.mesh_files import read_mesh
from ssbsim.geometry.mesh_data import MeshData
from ssbsim.geometry.registry import register_geometry


@register_geometry(FileGeometry)
def build_from_file(geometry: FileGeometry, folder: Path) -> MeshData:
    """Mesh of a FileGeometry."""
    return read_mesh(folder / geometry.path, grains=geometry.grains, boundaries=geometry.boundaries, unit=geometry.unit)
