"""From named groups of a mesh to grains and boundaries, with every mismatch found out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from ssbsim.errors import MeshError
from ssbsim.geometry import _check, _simplex
from ssbsim.geometry._facets import contains_facets
from ssbsim.geometry.arrays import Float, Int
from ssbsim.geometry.files._named_mesh import Group, NamedMesh
from ssbsim.geometry.mesh_data import CELL_DIMENSION, Grain, MeshData

_GROUP_COMMAND = {1: "Physical Curve", 2: "Physical Surface", 3: "Physical Volume"}


def map_groups(
    named: NamedMesh, *, grains: Mapping[str, str], boundaries: Mapping[str, str], unit: float, where: str
) -> MeshData:
    """Make grains of groups of cells and boundaries of groups of outer facets.

    Args:
        named: The mesh as read.
        grains: Phase of every group of cells; the group names the grain.
        boundaries: Boundary of every group of facets; several groups may make one boundary.
        unit: Length of one unit of the mesh, in m.
        where: The file, for messages.

    Raises:
        MeshError: for anything that does not fit, see the messages below.
    """
    dimension = _check_elements(named, where)
    cell_groups = {group.name: group for group in named.groups if group.dimension == dimension}
    facet_groups = {group.name: group for group in named.groups if group.dimension == dimension - 1}
    if not cell_groups:
        raise MeshError(
            f"The mesh has no named groups of cells ({dimension}D).",
            where=where,
            hint=f'name every grain before saving, in Gmsh with {_GROUP_COMMAND[dimension]}("name") = {{...}}; formats '
            "that keep names are .msh, .inp and .med",
        )
    _check_names(grains, cell_groups, facet_groups, key="geometry.grains", part="cells", where=where)
    _check_names(boundaries, facet_groups, cell_groups, key="geometry.boundaries", part="facets", where=where)

    notes: list[str] = []
    cell_grain = _assign_cells(named, dimension, grains, cell_groups, where, notes)
    names = tuple(dict.fromkeys(boundaries.values()))
    members = [named.members(facet_groups[group]) for group in boundaries]
    owners = [np.full(len(m), names.index(boundaries[g]), np.int32) for g, m in zip(boundaries, members, strict=True)]
    facets = named.elements(dimension - 1)[np.concatenate([np.empty(0, np.int64), *members])]
    ignored = sorted(set(facet_groups) - set(boundaries))
    if ignored:
        notes.append(f"groups of facets not named in geometry.boundaries, ignored: {', '.join(ignored)}")

    cells, facets, points = _used_points(named, dimension, facets, notes)
    points = _reduce_coordinates(points, dimension, where) * unit
    cells = _orient_cells(points, cells, where, notes)
    mesh = MeshData(
        points=points,
        cell_type=next(name for name, d in CELL_DIMENSION.items() if d == dimension),
        cells=cells,
        cell_grain=cell_grain,
        grains=tuple(Grain(name, phase) for name, phase in grains.items()),
        boundary_facets=facets,
        facet_boundary=np.concatenate([np.empty(0, np.int32), *owners]),
        boundaries=names,
    )
    bare = np.count_nonzero(~contains_facets(mesh.exterior_facets(), mesh.boundary_facets, len(points)))
    if bare:
        notes.append(f"{bare} outer facets have no name in geometry.boundaries: nothing passes through them")
    # Not dataclasses.replace: that would sort all facets a second time.
    object.__setattr__(mesh, "notes", tuple(notes))
    return mesh


def _check_elements(named: NamedMesh, where: str) -> int:
    dimension = named.dimension
    if dimension < 1:
        raise MeshError("The mesh has no cells.", where=where, hint="mesh the geometry before saving it")
    relevant = [block for block in named.blocks if block.dimension >= dimension - 1 and len(block.nodes)]
    unfit = [block for block in relevant if not block.is_linear_simplex]
    if unfit:
        counts: Counter[str] = Counter()
        for block in unfit:
            counts[block.label] += len(block.nodes)
        listed = ", ".join(f"{counts[label]} of kind '{label}'" for label in sorted(counts))
        is_curved = any(block.order > 1 for block in unfit)
        raise MeshError(
            f"The mesh has elements that are not supported: {listed}.",
            where=where,
            hint="save a mesh of first order (Gmsh: Mesh.ElementOrder = 1) of intervals, triangles or tetrahedra"
            if is_curved
            else "use triangles (2D) or tetrahedra (3D) only; in Gmsh remove Recombine",
        )
    return dimension


def _check_names(
    wanted: Mapping[str, str],
    present: Mapping[str, Group],
    other: Mapping[str, Group],
    *,
    key: str,
    part: str,
    where: str,
) -> None:
    for name in wanted:
        if name in present:
            continue
        near = get_close_matches(name, present, n=1, cutoff=0.5)
        if name in other:
            what = f"The group '{name}' of the mesh is not one of {part}."
            hint = "grains are groups of cells, boundaries groups of facets; "
        else:
            what = f"The mesh has no group named '{name}'."
            hint = ""
        hint += f"did you mean '{near[0]}'?" if near else f"groups of {part}: {', '.join(sorted(present)) or 'none'}"
        raise MeshError(what, where=f"{key}.{name}, {where}", hint=hint)


def _assign_cells(
    named: NamedMesh,
    dimension: int,
    grains: Mapping[str, str],
    groups: Mapping[str, Group],
    where: str,
    notes: list[str],
) -> NDArray[np.int32]:
    count = len(named.elements(dimension))
    owner = np.full(count, -1, dtype=np.int32)
    names = list(grains)
    for index, name in enumerate(names):
        members = named.members(groups[name])
        taken = owner[members] >= 0
        if taken.any():
            first = names[owner[members[np.argmax(taken)]]]
            raise MeshError(
                f"{np.count_nonzero(taken)} cells are in the two groups '{first}' and '{name}'.",
                where=f"geometry.grains, {where}",
                hint="map only groups that do not overlap: a cell is in one grain",
            )
        owner[members] = index
    left = owner < 0
    others = {name: group for name, group in groups.items() if name not in grains}
    if left.any():
        missing = [name for name, group in others.items() if left[named.members(group)].any()]
        raise MeshError(
            f"{np.count_nonzero(left)} of {count} cells are in no grain.",
            where=f"geometry.grains, {where}",
            hint=f"add the phase of: {', '.join(sorted(missing))}"
            if missing
            else "put these cells into a named group of the mesh",
        )
    if others:
        notes.append(f"groups of cells not named in geometry.grains, ignored: {', '.join(sorted(others))}")
    return owner


def _used_points(named: NamedMesh, dimension: int, facets: Int, notes: list[str]) -> tuple[Int, Int, Float]:
    cells = named.elements(dimension)
    is_used = np.zeros(len(named.points), dtype=bool)
    is_used[cells] = True
    # A facet away from all cells keeps its points, so that the check of the boundaries can name it.
    is_used[facets] = True
    unused = len(is_used) - np.count_nonzero(is_used)
    if unused:
        notes.append(f"{unused} points that no cell uses were dropped")
    new = np.cumsum(is_used) - 1
    return new[cells], new[facets], named.points[is_used]


def _reduce_coordinates(points: Float, dimension: int, where: str) -> Float:
    extents = np.ptp(points, axis=0)
    varying = np.flatnonzero(extents > 1e-12 * extents.max())
    if len(varying) != dimension:
        raise MeshError(
            f"The cells are {dimension}D but the points extend in {len(varying)} directions.",
            where=where,
            hint="save the volume elements too, or lay a plane mesh parallel to two axes and a line along one",
        )
    return np.ascontiguousarray(points[:, varying])


def _orient_cells(points: Float, cells: Int, where: str, notes: list[str]) -> Int:
    flat = _check.flat_cells(points, cells)
    if flat.size:
        centre = ", ".join(f"{value:.6g}" for value in points[cells[flat[0]]].mean(axis=0))
        raise MeshError(
            f"{flat.size} cells have no thickness.",
            where=f"the cell at ({centre}) m, {where}",
            hint="remove duplicate points and slivers in the mesher (Gmsh: Coherence, Mesh.Optimize), and mesh again",
        )
    inverted = _simplex.signed_measures(points, cells) < 0.0
    if inverted.any():
        notes.append(f"{np.count_nonzero(inverted)} cells were inverted and have been turned round")
        cells = cells.copy()
        cells[inverted, -2:] = cells[inverted, -1:-3:-1]
    return cells
