"""What makes a mesh fit for a calculation, checked in the order in which one fault would hide the next."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ssbsim.errors import MeshError
from ssbsim.geometry import _simplex
from ssbsim.geometry._coherence import NEARLY
from ssbsim.geometry._facets import contains_facets, facet_keys

if TYPE_CHECKING:
    from ssbsim.geometry.mesh_data import MeshData

# Smallest height over longest edge. A layer of 0.05 nm with cells 100 um along it has 5e-7; below 1e-10 the height
# is lost in the rounding of the coordinates.
FLATTEST = 1e-10

CELL_DIMENSION = {"interval": 1, "triangle": 2, "tetrahedron": 3}
"""Topological dimension of every supported cell type."""


def check_mesh(mesh: MeshData) -> None:
    """Raise a MeshError at the first fault."""
    _check_names(mesh)
    _check_arrays(mesh)
    _check_cells(mesh)
    _check_facets(mesh)


def describe_place(mesh: MeshData, cell: int) -> str:
    """Grain and centre of a cell, for a message."""
    centre = ", ".join(f"{value:.6g}" for value in mesh.points[mesh.cells[cell]].mean(axis=0))
    return f"cell {cell} of grain '{mesh.grains[mesh.cell_grain[cell]].name}', at ({centre}) m"


def flat_cells(points: NDArray[np.float64], cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Indices of cells without thickness."""
    heights = _simplex.smallest_heights(points, cells)
    return np.flatnonzero(heights <= FLATTEST * _simplex.longest_edges(points, cells))


def _check_names(mesh: MeshData) -> None:
    if mesh.cell_type not in CELL_DIMENSION:
        raise MeshError(
            f"Cells of type '{mesh.cell_type}' are not supported.",
            hint="use a mesh of " + ", ".join(f"'{name}'" for name in CELL_DIMENSION),
        )
    grain_names = [grain.name for grain in mesh.grains]
    for kind, names in (("grain", grain_names), ("boundary", list(mesh.boundaries))):
        repeated = [name for name, count in Counter(names).items() if count > 1]
        if repeated:
            raise MeshError(f"The {kind} name '{repeated[0]}' is used twice.", hint=f"give every {kind} its own name")
        bad = [name for name in names if not name or "|" in name]
        if bad:
            raise MeshError(
                f"'{bad[0]}' cannot be the name of a {kind}.",
                hint="names are not empty and have no '|', which is kept for interfaces",
            )


def _check_arrays(mesh: MeshData) -> None:
    dimension = CELL_DIMENSION[mesh.cell_type]
    expected = {
        "points": (mesh.points.shape, (len(mesh.points), dimension)),
        "cells": (mesh.cells.shape, (len(mesh.cells), dimension + 1)),
        "cell_grain": (mesh.cell_grain.shape, (len(mesh.cells),)),
        "boundary_facets": (mesh.boundary_facets.shape, (len(mesh.boundary_facets), dimension)),
        "facet_boundary": (mesh.facet_boundary.shape, (len(mesh.boundary_facets),)),
    }
    for name, (found, wanted) in expected.items():
        if found != wanted:
            raise MeshError(
                f"The array '{name}' has shape {found}, expected {wanted}.",
                where=f"a mesh of cells of type '{mesh.cell_type}'",
                hint="points have as many coordinates as the cells have dimensions",
            )
    if len(mesh.cells) == 0:
        raise MeshError("The mesh has no cells.", hint="check that the geometry is not empty")
    if not np.isfinite(mesh.points).all():
        raise MeshError("Some points have coordinates that are not finite numbers.", hint="mesh the geometry again")
    ranges = (
        ("cells", mesh.cells, len(mesh.points)),
        ("cell_grain", mesh.cell_grain, len(mesh.grains)),
        ("boundary_facets", mesh.boundary_facets, len(mesh.points)),
        ("facet_boundary", mesh.facet_boundary, len(mesh.boundaries)),
    )
    for name, array, size in ranges:
        if array.size and (array.min() < 0 or array.max() >= size):
            raise MeshError(
                f"The array '{name}' has entries from {array.min()} to {array.max()}, allowed are 0 to {size - 1}.",
                hint="the mesh is inconsistent: make it again",
            )
    unused = len(mesh.points) - np.count_nonzero(np.bincount(mesh.cells.ravel(), minlength=len(mesh.points)))
    if unused:
        raise MeshError(f"{unused} points belong to no cell.", hint="drop the points that no cell uses")
    for kind, names, used in (
        ("grain", [grain.name for grain in mesh.grains], mesh.cell_grain),
        ("boundary", list(mesh.boundaries), mesh.facet_boundary),
    ):
        empty = np.flatnonzero(np.bincount(used, minlength=len(names)) == 0)
        if empty.size:
            part = "cells" if kind == "grain" else "facets"
            raise MeshError(
                f"The {kind} '{names[empty[0]]}' has no {part}.",
                hint=f"remove the name or give it {part} in the mesh",
            )


def _check_cells(mesh: MeshData) -> None:
    flat = flat_cells(mesh.points, mesh.cells)
    if flat.size:
        raise MeshError(
            f"{flat.size} cells have no thickness.",
            where=describe_place(mesh, int(flat[0])),
            hint="remove duplicate points and slivers, or mesh with a smaller size there",
        )
    inverted = np.flatnonzero(mesh.cell_measures() < 0.0)
    if inverted.size:
        raise MeshError(
            f"{inverted.size} cells are inverted (negative measure).",
            where=describe_place(mesh, int(inverted[0])),
            hint="swap two vertices of these cells; if the cells overlap, mesh the geometry again",
        )


def _check_coherence(mesh: MeshData) -> None:
    buried, cell, other = mesh.buried_facets()
    if not len(buried):
        return
    centres = mesh.points[buried].mean(axis=1)
    first, last = (", ".join(f"{value:.6g}" for value in end(centres, axis=0)) for end in (np.min, np.max))
    sides = sorted({mesh.grains[mesh.cell_grain[c]].name for c in (cell[0], other[0])})
    raise MeshError(
        f"{len(buried)} outer facets lie inside the mesh or all but touch another part of it: "
        "the parts overlap, or are not joined.",
        where=f"grain {' and grain '.join(repr(name) for name in sides)}; these facets lie between ({first}) m and ({last}) m",
        hint="let both sides share their points and facets: join the parts before meshing (Gmsh: BooleanFragments, Coherence), "
        f"or merge the points afterwards. A gap that is meant is wider than {NEARLY:g} of the height of its cells",
    )


def _check_facets(mesh: MeshData) -> None:
    crowded = mesh.crowded_facets()
    if len(crowded):
        centre = ", ".join(f"{value:.6g}" for value in mesh.points[crowded[0]].mean(axis=0))
        raise MeshError(
            f"{len(crowded)} facets are shared by more than two cells.",
            where=f"the facet at ({centre}) m",
            hint="cells overlap or occur twice: remove the duplicates",
        )
    folded = mesh.folded_facets()
    if len(folded):
        centre = ", ".join(f"{value:.6g}" for value in mesh.points[folded[0]].mean(axis=0))
        raise MeshError(
            f"{len(folded)} facets have both their cells on one side: the cells overlap.",
            where=f"the facet at ({centre}) m",
            hint="a part was meshed twice, or folds over itself: keep one copy of it",
        )
    _check_coherence(mesh)
    outside = contains_facets(mesh.boundary_facets, mesh.exterior_facets(), len(mesh.points))
    if not outside.all():
        name = mesh.boundaries[mesh.facet_boundary[np.argmin(outside)]]
        among = mesh.facet_boundary == mesh.boundaries.index(name)
        raise MeshError(
            f"{np.count_nonzero(among & ~outside)} of the {np.count_nonzero(among)} facets of boundary '{name}' "
            "are not on the outside of the mesh.",
            where=f"boundary '{name}'",
            hint="a terminal lies on the outside; what lies between two grains is an interface and needs no name",
        )
    _, first, count = np.unique(
        facet_keys(mesh.boundary_facets, len(mesh.points)), return_index=True, return_counts=True
    )
    if (count > 1).any():
        name = mesh.boundaries[mesh.facet_boundary[first[np.argmax(count > 1)]]]
        raise MeshError(
            f"{np.count_nonzero(count > 1)} facets belong to a boundary twice, or to two boundaries.",
            where=f"boundary '{name}'",
            hint="let the groups of facets not overlap",
        )
