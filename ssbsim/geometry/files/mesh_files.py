"""Meshes as files: reading the user's own, and saving and loading those of ssbsim."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from ssbsim.errors import MeshError
from ssbsim.geometry.files import _mapping, _meshio, _msh
from ssbsim.geometry.files._named_mesh import NamedMesh
from ssbsim.geometry.mesh_data import MeshData


def read_mesh(path: Path, *, grains: Mapping[str, str], boundaries: Mapping[str, str], unit: float = 1.0) -> MeshData:
    """Read a mesh with named groups: .msh, or any format of meshio that keeps names.

    Args:
        path: The file.
        grains: Phase of every named group of cells; the group names the grain. Every cell must be in one.
        boundaries: Boundary of every named group of outer facets that is to be one. Others are ignored, with a note.
        unit: Length of one unit of the mesh, in m.

    Raises:
        MeshError: where the file cannot be read, its groups do not fit, or its cells are not fit for a calculation.
    """
    if not (math.isfinite(unit) and unit > 0.0):
        raise MeshError(f"The mesh unit {unit:g} m is not positive.", where=str(path), hint='for example "1 nm"')
    named = _read_named(Path(path))
    mesh = _mapping.map_groups(named, grains=grains, boundaries=boundaries, unit=unit, where=str(path))
    mesh.validate()
    return mesh


def save_mesh(mesh: MeshData, path: Path, *, unit: float = 1.0) -> None:
    """Write MSH 4.1 with a named physical group for every grain and boundary.

    Gmsh opens it, ssbsim reads it as the user's own mesh, and `load_mesh` gives the same MeshData back.

    Args:
        mesh: A valid mesh.
        path: File to write, with the extension .msh.
        unit: Length in m that becomes 1 in the file. With 1 the coordinates are kept bit by bit.

    Raises:
        MeshError: where the extension is another one or the file cannot be written.
    """
    path = Path(path)
    if path.suffix != ".msh":
        raise MeshError(f"'{path.name}' is not the name of an MSH file.", where=str(path), hint="end the name in .msh")
    mesh.validate()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError as error:
        raise MeshError(
            "The mesh file cannot be written.", where=str(path), hint=f"{error.strerror}: choose another folder"
        ) from error
    _msh.write_msh(mesh, path, unit=unit)


def load_mesh(path: Path) -> MeshData:
    """Read back what `save_mesh` wrote: the same names, numbering and, for unit 1, coordinates.

    Raises:
        MeshError: where the file is missing, damaged, or was not written by `save_mesh`.
    """
    path = Path(path)
    _check_exists(path)
    content = _msh.read_section(path)
    if content is None:
        raise MeshError(
            "The file was not written by save_mesh.",
            where=str(path),
            hint="read it with read_mesh, or with a geometry of kind 'file', which say the phase of every group",
        )
    if content.get("format") != 1:
        raise MeshError(
            f"The mesh file has format {content.get('format')}; known is 1.", where=str(path), hint="update ssbsim"
        )
    named = _msh.read_msh(path)
    names = {group.name: group.name for group in named.groups if group.dimension == named.dimension - 1}
    mesh = _mapping.map_groups(
        named, grains=content["phases"], boundaries=names, unit=float(content["unit"]), where=str(path)
    )
    turned = content.get("orientations", {})
    grains = tuple(replace(g, orientation=tuple(turned[g.name])) if g.name in turned else g for g in mesh.grains)
    mesh = replace(mesh, grains=grains)
    mesh.validate()
    return mesh


def _read_named(path: Path) -> NamedMesh:
    _check_exists(path)
    if path.suffix == ".msh" and _msh.file_version(path) >= 4.0:
        return _msh.read_msh(path)
    return _meshio.read_with_meshio(path)


def _check_exists(path: Path) -> None:
    if path.is_file():
        return
    folder = path.parent
    near = get_close_matches(path.name, [f.name for f in folder.iterdir()] if folder.is_dir() else [], n=1)
    raise MeshError(
        "There is no such mesh file.",
        where=str(path),
        hint=f"did you mean '{near[0]}'?" if near else "the path is relative to the folder of the case file",
    )


__all__ = ["load_mesh", "read_mesh", "save_mesh"]
