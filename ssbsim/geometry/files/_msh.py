"""MSH files of format 4 through Gmsh: any Gmsh model as a NamedMesh, and a MeshData as a file.

Physical groups carry the names. What a group cannot say (the phase of a grain, the length of a unit) is kept in a
section of our own after the mesh, `$SsbsimMesh`, which other readers skip as the format tells them to.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ssbsim.geometry.files._named_mesh import Block, Group, NamedMesh
from ssbsim.geometry.gmsh_session import gmsh_session
from ssbsim.geometry.mesh_data import MeshData

_SECTION = "SsbsimMesh"
_ELEMENT_CODES = {"interval": 1, "triangle": 2, "tetrahedron": 4}
_FACET_CODES = {"interval": 15, "triangle": 1, "tetrahedron": 2}


def read_msh(path: Path) -> NamedMesh:
    """Read an MSH file of format 4."""
    with gmsh_session(f"reading {path}") as gmsh:
        gmsh.merge(str(path))
        return extract_model(gmsh, read_physical_names(path))


def extract_model(gmsh: Any, names: Mapping[tuple[int, int], str] | None = None) -> NamedMesh:
    """The mesh and the named physical groups of the current Gmsh model, without the ghost copies of a partitioned one.

    Args:
        gmsh: The module, in a session.
        names: Of physical groups by dimension and tag, where Gmsh does not know them.
    """
    tags, coordinates, _ = gmsh.model.mesh.getNodes()
    index = np.zeros(int(tags.max()) + 1 if len(tags) else 1, dtype=np.int64)
    index[tags.astype(np.int64)] = np.arange(len(tags))
    blocks: list[Block] = []
    blocks_of: dict[tuple[int, int], list[int]] = {}
    for dimension, entity in gmsh.model.getEntities():
        if gmsh.model.getType(dimension, entity).startswith("Ghost"):
            continue
        codes, _, nodes = gmsh.model.mesh.getElements(dimension, entity)
        for code, flat in zip(codes, nodes, strict=True):
            name, _, order, per_element, _, _ = gmsh.model.mesh.getElementProperties(code)
            of_elements = index[flat.astype(np.int64)].reshape(-1, per_element)
            blocks_of.setdefault((dimension, entity), []).append(len(blocks))
            blocks.append(Block(str(name).lower(), int(dimension), int(order), of_elements))
    groups = []
    for dimension, tag in gmsh.model.getPhysicalGroups():
        name = (names or {}).get((dimension, tag)) or gmsh.model.getPhysicalName(dimension, tag)
        entities = gmsh.model.getEntitiesForPhysicalGroup(dimension, tag)
        positions = [position for entity in entities for position in blocks_of.get((dimension, int(entity)), [])]
        if name and positions:
            members = {position: np.arange(len(blocks[position].nodes), dtype=np.int64) for position in positions}
            groups.append(Group(str(name), int(dimension), members))
    return NamedMesh(points=np.asarray(coordinates).reshape(-1, 3), blocks=tuple(blocks), groups=tuple(groups))


def write_msh(mesh: MeshData, path: Path, *, unit: float) -> None:
    """Write MSH 4.1, binary (exact), with one physical group per grain and per boundary."""
    points = np.zeros((len(mesh.points), 3))
    points[:, : mesh.dimension] = mesh.points / unit
    with gmsh_session(f"writing {path}") as gmsh:
        gmsh.option.setNumber("Mesh.MshFileVersion", 4.1)
        gmsh.option.setNumber("Mesh.Binary", 1)
        gmsh.option.setNumber("Mesh.SaveAll", 0)
        parts = (
            (mesh.dimension, mesh.cells, mesh.cell_grain, [grain.name for grain in mesh.grains], _ELEMENT_CODES),
            (mesh.dimension - 1, mesh.boundary_facets, mesh.facet_boundary, list(mesh.boundaries), _FACET_CODES),
        )
        next_element = 1
        for dimension, elements, owner, names, codes in parts:
            for part, name in enumerate(names):
                entity = gmsh.model.addDiscreteEntity(dimension, part + 1)
                gmsh.model.addPhysicalGroup(dimension, [entity], part + 1, name)
                if next_element == 1:
                    gmsh.model.mesh.addNodes(dimension, entity, np.arange(1, len(points) + 1), points.ravel())
                nodes = elements[owner == part] + 1
                numbers = np.arange(next_element, next_element + len(nodes))
                gmsh.model.mesh.addElementsByType(entity, codes[mesh.cell_type], numbers, nodes.ravel())
                next_element += len(nodes)
        gmsh.write(str(path))
    turned = {grain.name: grain.orientation for grain in mesh.grains if grain.orientation is not None}
    phases = {grain.name: grain.phase for grain in mesh.grains}
    content = {"format": 1, "unit": unit, "phases": phases, "orientations": turned}
    with path.open("ab") as stream:
        stream.write(f"${_SECTION}\n{json.dumps(content, ensure_ascii=True)}\n$End{_SECTION}\n".encode())


def read_section(path: Path) -> dict[str, Any] | None:
    """What `write_msh` kept beside the mesh; None for a file of another origin."""
    start = f"\n${_SECTION}\n".encode()
    raw = path.read_bytes()
    begin = raw.rfind(start)
    if begin < 0:
        return None
    body = raw[begin + len(start) :].split(f"\n$End{_SECTION}".encode())[0]
    try:
        content = json.loads(body)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def file_version(path: Path) -> float:
    """Version of an MSH file, 0 if it does not start like one."""
    with path.open("rb") as stream:
        words = stream.read(256).split()
    try:
        return float(words[1]) if words and words[0] == b"$MeshFormat" else 0.0
    except (IndexError, ValueError):
        return 0.0


def read_physical_names(path: Path) -> dict[tuple[int, int], str]:
    """Names of the physical groups of an MSH file by dimension and tag, so that one name may serve two dimensions.

    The section may stand anywhere (Gmsh writes it first, Neper last), with names in quotation marks or without.
    """
    names: dict[tuple[int, int], str] = {}
    is_inside = False
    with path.open("rb") as stream:
        for line in stream:
            if line.startswith(b"$"):
                is_inside = line.startswith(b"$PhysicalNames")
            elif is_inside and len(words := line.split(None, 2)) == 3:
                dimension, tag, name = words
                name = name.strip()
                if name[:1] == name[-1:] == b'"':
                    name = name[1:-1]
                names[int(dimension), int(tag)] = name.decode(errors="replace")
    return names
