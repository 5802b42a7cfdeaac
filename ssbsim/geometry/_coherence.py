"""Whether the cells of a mesh cover their body once, and whether what nearly touches is joined.

The number of cells over a point of space changes only across outer facets, the ones with a single cell, as long as the two
cells of every other facet lie on its two sides (`FacetTable.folded`). Cells therefore overlap nowhere, and no outer facet
lies inside the body, exactly when a point just outside of every outer facet is in no cell and a point just inside in one only.

That is tested at the centroid of every facet and near its corners. "Just outside" is a share `NEARLY` of the size of the
facet and of its cell, nearer to a corner by as much as the point is: parts whose common boundary is meshed differently on its
two sides, whose points are not joined, or which overlap by any amount have a neighbour there. A gap that is meant is wider
than this share of the cells on one of its sides. All candidates come from one tree: O(n log n).
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from ssbsim.geometry import _simplex
from ssbsim.geometry.arrays import Float, Int

NEARLY = 0.05
"""A gap below this share of the height of the cells on both of its sides is taken for none."""

_NEAR_CORNER = 0.1
"""Distance of a point from a corner of its facet, over that of the centroid."""

_ON_FACE = -1e-9
"""Barycentric coordinates above count as inside, so that no point falls between two cells."""


def buried_facets(points: Float, cells: Int, facets: Int, owners: Int) -> tuple[NDArray[np.bool_], Int]:
    """Outer facets that lie inside another cell or nearly touch one.

    Args:
        points: Coordinates (m), shape (n, d).
        cells: Positively oriented simplices, shape (m, d + 1).
        facets: Vertices of the outer facets, shape (k, d).
        owners: The cell of each, shape (k,).

    Returns:
        Whether each facet is buried, shape (k,), and the other cell there, -1 where it is not.
    """
    dimension = points.shape[1]
    corners = points[facets]
    centroid = corners.mean(axis=1)
    apex = points[cells[owners].sum(axis=1) - facets.sum(axis=1)]
    outward = _outward_normals(corners, apex)
    height = np.abs(np.einsum("ij,ij->i", apex - centroid, outward))
    reach = NEARLY * np.minimum(height, _facet_sizes(corners))[:, None]
    start = [centroid, centroid]
    end = [centroid + reach * outward, centroid + NEARLY * (apex - centroid)]
    for corner in range(dimension if dimension > 1 else 0):
        start.append(corners[:, corner] + _NEAR_CORNER * (centroid - corners[:, corner]))
        end.append(start[-1] + _NEAR_CORNER * reach * outward)
    other = _cells_met(points, cells, np.concatenate(start), np.concatenate(end), np.tile(owners, len(start)))
    found = other.reshape(len(start), len(facets)).max(axis=0)
    return found >= 0, found


def _cells_met(points: Float, cells: Int, start: Float, end: Float, owners: Int) -> Int:
    """For each way from a facet to its end, a cell other than the owner that holds the end, -1 where there is none.

    Beyond a gap that its own height makes wide a cell does not count.
    """
    from scipy.spatial import cKDTree

    found = np.full(len(end), -1, dtype=np.int64)
    tree = cKDTree(end, compact_nodes=False, balanced_tree=False)  # many points share a coordinate
    centres = points[cells].mean(axis=1)
    radii = np.sqrt(((points[cells] - centres[:, None]) ** 2).sum(axis=2).max(axis=1)) * (1.0 + 1e-9)
    slack = 1e-6 * radii[:, None]
    low, high = points[cells].min(axis=1) - slack, points[cells].max(axis=1) + slack
    near = np.flatnonzero(_boxes_hold_some(low, high, end))
    for chosen in np.array_split(near, max(1, len(near) // _AT_ONCE)):
        lists = tree.query_ball_point(centres[chosen], radii[chosen])
        probe = np.concatenate([np.asarray(one, dtype=np.int64) for one in lists]) if len(lists) else near[:0]
        cell = np.repeat(chosen, [len(one) for one in lists])
        likely = (cell != owners[probe]) & ((end[probe] >= low[cell]) & (end[probe] <= high[cell])).all(axis=1)
        probe, cell = probe[likely], cell[likely]
        at_end = _barycentric(points, cells, cell, end[probe])
        inside = (at_end >= _ON_FACE).all(axis=1)
        probe, cell, at_end = probe[inside], cell[inside], at_end[inside]
        at_start = _barycentric(points, cells, cell, start[probe])
        # The share of the way after which it enters the cell, negative where it starts inside.
        rise = at_end - at_start
        enters = np.divide(-at_start, rise, out=np.zeros_like(rise), where=(at_start < 0.0) & (rise > 0.0)).max(axis=1)
        gap = enters * np.linalg.norm(end[probe] - start[probe], axis=1)
        close = gap <= NEARLY * _simplex.smallest_heights(points, cells[cell])
        found[probe[close]] = cell[close]
    return found


def _boxes_hold_some(low: Float, high: Float, at: Float) -> NDArray[np.bool_]:
    """Boxes that may hold one of the points, shape (m,): sums over bins tell it without a search."""
    dimension = at.shape[1]
    bins = _BINS[dimension]
    start = at.min(axis=0)
    width = np.maximum(np.ptp(at, axis=0), np.finfo(float).tiny) / bins

    def bin_of(x: Float) -> Int:
        return np.asarray(np.clip((x - start) / width, 0, bins - 1), dtype=np.int64)

    sums = np.zeros((bins + 1,) * dimension, dtype=np.int64)
    np.add.at(sums, tuple((bin_of(at) + 1).T), 1)
    for axis in range(dimension):
        np.cumsum(sums, axis=axis, out=sums)
    ends = bin_of(low), bin_of(high) + 1
    held = np.zeros(len(low), dtype=np.int64)
    for corner in product((0, 1), repeat=dimension):
        sign = (-1) ** (dimension - sum(corner))
        held += sign * sums[tuple(ends[side][:, axis] for axis, side in enumerate(corner))]
    return held > 0


_BINS = {1: 4096, 2: 512, 3: 64}
"""Bins along each axis."""

_AT_ONCE = 100_000
"""Cells that are compared with the points near them at once."""


def _barycentric(points: Float, cells: Int, which: Int, at: Float) -> Float:
    """Barycentric coordinates of points in cells, the first one last, shape (k, d + 1)."""
    corners = points[cells[which]]
    edges = corners[:, 1:] - corners[:, :1]
    share = np.linalg.solve(edges.swapaxes(1, 2), (at - corners[:, 0])[:, :, None])[:, :, 0]
    return np.column_stack([share, 1.0 - share.sum(axis=1)])


def _outward_normals(corners: Float, apex: Float) -> Float:
    """Unit normals of facets, away from their cells."""
    first = corners[:, 0]
    normals: Float
    if corners.shape[2] == 1:
        normals = np.ones_like(first)
    elif corners.shape[2] == 2:
        along = corners[:, 1] - first
        normals = np.column_stack([-along[:, 1], along[:, 0]])
    else:
        normals = np.asarray(np.cross(corners[:, 1] - first, corners[:, 2] - first), dtype=np.float64)
    turned = np.einsum("ij,ij->i", apex - first, normals) > 0.0
    lengths = np.linalg.norm(normals, axis=1)
    return np.asarray(normals / np.where(turned, -lengths, lengths)[:, None])


def _facet_sizes(corners: Float) -> Float:
    """Length of a segment, smallest height of a triangle, infinity for a point, shape (k,)."""
    dimension = corners.shape[2]
    if dimension == 1:
        return np.full(len(corners), np.inf)
    if dimension == 2:
        return np.asarray(np.linalg.norm(corners[:, 1] - corners[:, 0], axis=1))
    edges = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return np.asarray(np.linalg.norm(normal, axis=1) / edges.max(axis=1))
