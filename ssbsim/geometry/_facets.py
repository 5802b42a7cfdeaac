"""Which facets two cells share, and which lie on the outside: whole-array operations only.

A facet is known by its sorted vertices, packed into one integer, so that finding the shared ones is one sort. Facet i
of a cell is the one opposite its vertex i.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ssbsim.geometry.arrays import Int
from ssbsim.geometry.connectivity import connected_parts

_LARGEST = np.iinfo(np.int64).max


@dataclass(frozen=True)
class FacetTable:
    """Outer facets and facets between grains of one mesh; the others are not kept.

    Attributes:
        exterior: Sorted vertices of the facets with one cell, shape (k, nfv).
        exterior_cell: The cell of each, shape (k,).
        interface: Sorted vertices of the facets between two grains, shape (i, nfv).
        interface_grains: The two grains of each, smaller index first, shape (i, 2).
        crowded: Sorted vertices of facets with more than two cells, shape (c, nfv); empty in a valid mesh.
        folded: Sorted vertices of facets with both cells on one side, shape (f, nfv); empty in a valid mesh.
    """

    exterior: Int
    exterior_cell: Int
    interface: Int
    interface_grains: Int
    crowded: Int
    folded: Int


def facet_keys(facets: Int, point_count: int) -> Int:
    """One integer per facet, equal for two facets of this array exactly when they have the same vertices."""
    ordered = np.sort(facets, axis=1)
    keys: Int = ordered[:, 0].copy()
    base = max(point_count, 1)
    for column in range(1, ordered.shape[1]):
        if keys.size and int(keys.max()) >= _LARGEST // base - 1:
            keys = np.unique(keys, return_inverse=True)[1].astype(np.int64)
        keys = keys * base + ordered[:, column]
    return keys


def unique_edges(triangles: Int) -> Int:
    """The edges of triangles, lower vertex first, each once and sorted, shape (e, 2)."""
    return np.unique(np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1), axis=0)


def build_facet_table(cells: Int, cell_grain: NDArray[np.int32], point_count: int) -> FacetTable:
    """Sort all facets of all cells once and keep the outer ones and those between grains."""
    facets, starts, order, counts = _group_facets(cells, point_count)
    vertices_per_cell = cells.shape[1]
    pair_start = starts[counts == 2]
    first, second = order[pair_start], order[pair_start + 1]
    grains = np.column_stack([cell_grain[first // vertices_per_cell], cell_grain[second // vertices_per_cell]]).astype(
        np.int64
    )
    between = grains[:, 0] != grains[:, 1]
    turns = _facets_turn(cells)
    alone = order[starts[counts == 1]]
    return FacetTable(
        exterior=facets[alone],
        exterior_cell=alone // vertices_per_cell,
        interface=facets[first[between]],
        interface_grains=np.sort(grains[between], axis=1),
        crowded=facets[order[starts[counts > 2]]],
        folded=facets[first[turns[first] == turns[second]]],
    )


def connected_pieces(cells: Int, cell_grain: NDArray[np.int32], point_count: int) -> Int:
    """Number of the piece that each cell belongs to: cells of one grain that are joined by facets, shape (m,)."""
    _, starts, order, counts = _group_facets(cells, point_count)
    pair_start = starts[counts == 2]
    first, second = order[pair_start] // cells.shape[1], order[pair_start + 1] // cells.shape[1]
    same = cell_grain[first] == cell_grain[second]
    return connected_parts((first[same], second[same]), len(cells))


def contains_facets(facets: Int, among: Int, point_count: int) -> NDArray[np.bool_]:
    """For each of `facets`, whether it is one of `among`, shape (k,)."""
    keys = facet_keys(np.vstack([facets, among]), point_count)
    return np.asarray(np.isin(keys[: len(facets)], keys[len(facets) :]))


def cells_of_facets(cells: Int, facets: Int, point_count: int) -> Int:
    """Pairs of a facet and a cell that has it, as indices, ordered by cell, shape (k, 2); facets occur once each."""
    is_corner = np.zeros(point_count, dtype=bool)
    is_corner[facets.reshape(-1)] = True
    # Few cells have enough of the corners; only theirs are compared facet by facet.
    near = np.flatnonzero(is_corner[cells].sum(axis=1) >= facets.shape[1])
    keys = facet_keys(np.vstack([facets, _facets_of(cells[near])]), point_count)
    wanted, of_cells = keys[: len(facets)], keys[len(facets) :]
    order = np.argsort(wanted)
    at = np.flatnonzero(np.isin(of_cells, wanted))
    which = order[np.searchsorted(wanted, of_cells[at], sorter=order)]
    return np.column_stack([which, near[at // cells.shape[1]]])


def _facets_of(cells: Int) -> Int:
    """Sorted vertices of the facets of every cell, those of a cell one after the other."""
    vertices_per_cell = cells.shape[1]
    opposite = [[j for j in range(vertices_per_cell) if j != i] for i in range(vertices_per_cell)]
    return np.sort(cells[:, opposite].reshape(-1, vertices_per_cell - 1), axis=1)


def _facets_turn(cells: Int) -> NDArray[np.bool_]:
    """Whether the vertices of each facet, sorted, turn against the boundary of its cell; cells turn positively.

    The two cells of a facet lie on its two sides where one answer is yes and the other no.
    """
    turns = np.zeros(cells.shape, dtype=bool)
    for i in range(cells.shape[1]):
        turns[:, i] = i % 2 == 1
        kept = [j for j in range(cells.shape[1]) if j != i]
        for a, b in combinations(kept, 2):
            turns[:, i] ^= cells[:, a] > cells[:, b]
    return turns.reshape(-1)


def _group_facets(cells: Int, point_count: int) -> tuple[Int, Int, Int, Int]:
    facets = _facets_of(cells)
    keys = facet_keys(facets, point_count)
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    is_start = np.ones(len(ordered), dtype=bool)
    is_start[1:] = ordered[1:] != ordered[:-1]
    starts = np.flatnonzero(is_start)
    counts = np.diff(np.append(starts, len(ordered)))
    return facets, starts, order, counts
