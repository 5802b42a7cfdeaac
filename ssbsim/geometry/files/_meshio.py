"""Other mesh files, and MSH before format 4, through meshio."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np

from ssbsim.errors import MeshError
from ssbsim.geometry.files import _abaqus, _msh
from ssbsim.geometry.files._named_mesh import Block, Group, NamedMesh

# An array with more values numbers the cells and names nothing.
_MOST_VALUES = 1000
_FIRST_ORDER = ("vertex", "line", "triangle", "quad", "tetra", "pyramid", "wedge", "hexahedron")


def read_with_meshio(path: Path) -> NamedMesh:
    """Read any file that meshio knows by its extension.

    Names come from physical groups (MSH 2), cell sets (Abaqus, ...) or families (MED). Where there are none (VTU, ...),
    each value of an array of whole numbers on the cells is a group: those with 3 in the array `material` are `material 3`.

    Raises:
        MeshError: where meshio is missing or cannot read the file.
    """
    try:
        import meshio
    except ImportError as error:
        raise MeshError(
            "meshio cannot be loaded.",
            where=str(path),
            hint="install meshio, or save the mesh as MSH 4.1, which Gmsh reads",
        ) from error
    output = io.StringIO()
    is_abaqus = path.suffix.lower() == ".inp"
    text: Any = _abaqus.readable_text(path) if is_abaqus else None
    try:
        # meshio prints its complaints, and leaves the program when no reader accepts the file.
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            mesh = meshio.read(text, file_format="abaqus") if is_abaqus else meshio.read(path)
    except (Exception, SystemExit) as error:
        known = sorted(meshio.extension_to_filetypes)
        advice = "check that the file is complete and is what its extension says"
        if path.suffix.lower() not in known:
            advice = f"use a file with one of the extensions {', '.join(known)}"
        elif isinstance(error, (ImportError, AttributeError)):
            advice = "install h5py, which meshio needs for some formats (.med, .xdmf, ...), or save the mesh as MSH 4.1"
        raise MeshError(
            "The mesh file cannot be read.",
            where=str(path),
            hint=advice,
        ) from error
    blocks = tuple(
        Block(
            label=block.type,
            dimension=int(block.dim),
            order=1 if block.type in _FIRST_ORDER else 2,
            nodes=np.asarray(block.data, dtype=np.int64),
        )
        for block in mesh.cells
    )
    points = np.zeros((len(mesh.points), 3))
    points[:, : mesh.points.shape[1]] = mesh.points
    return NamedMesh(points=points, blocks=blocks, groups=tuple(_find_groups(mesh, blocks, path)))


def _find_groups(mesh: Any, blocks: tuple[Block, ...], path: Path) -> list[Group]:
    members: dict[tuple[str, int], dict[int, Any]] = {}

    def add(name: str, position: int, indices: Any) -> None:
        found = np.asarray(indices, dtype=np.int64)
        if found.size:
            of_group = members.setdefault((name, blocks[position].dimension), {})
            of_group[position] = np.union1d(of_group[position], found) if position in of_group else found

    by_tag: dict[tuple[int, int], list[str]] = {}
    tags = mesh.cell_data.get("gmsh:physical", [])
    if tags:
        by_tag = {key: [name] for key, name in _msh.read_physical_names(path).items()}
    elif "cell_tags" in mesh.cell_data and getattr(mesh, "cell_tags", None):
        tags = mesh.cell_data["cell_tags"]
        by_tag = {(d, int(tag)): list(names) for tag, names in mesh.cell_tags.items() for d in range(4)}
    for position, values in enumerate(tags):
        for tag in np.unique(values):
            for name in by_tag.get((blocks[position].dimension, int(tag)), []):
                add(name, position, np.flatnonzero(np.asarray(values) == tag))
    if not members:
        for name, per_block in mesh.cell_sets.items():
            for position, indices in enumerate(per_block):
                if not name.startswith("gmsh:") and indices is not None:
                    add(name, position, indices)
    if not members and path.suffix != ".msh":
        for name, per_block in mesh.cell_data.items():
            for position, values in enumerate(per_block):
                numbers = np.asarray(values)
                if numbers.ndim == 1 and numbers.dtype.kind in "iu":
                    for number in np.unique(numbers)[:_MOST_VALUES]:
                        add(f"{name} {number}", position, np.flatnonzero(numbers == number))
    return [Group(name, dimension, found) for (name, dimension), found in members.items()]
