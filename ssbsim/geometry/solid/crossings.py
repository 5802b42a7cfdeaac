"""Where a triangulated surface passes through itself.

Two triangles without a common vertex on the edge concerned cross where an edge (p, q) of one passes through the inside of
the other, (a, b, c): p and q lie on different sides of its plane, and the volumes (p, q, a, b), (p, q, b, c) and
(p, q, c, a) have one sign. Any unit of length.
"""

from __future__ import annotations

import numpy as np

from ssbsim.geometry._facets import unique_edges
from ssbsim.geometry.arrays import Float, Int


def find_crossings(points: Float, triangles: Int) -> Int:
    """Vertices of all edges and triangles that pass through each other, sorted.

    Args:
        points: Coordinates, shape (n, 3).
        triangles: Vertices, shape (k, 3).
    """
    import shapely

    edges = unique_edges(triangles)
    (edge_low, edge_high), (low, high) = (
        (points[part].min(axis=1), points[part].max(axis=1)) for part in (edges, triangles)
    )
    tree = shapely.STRtree(shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1]))
    edge, triangle = tree.query(shapely.box(edge_low[:, 0], edge_low[:, 1], edge_high[:, 0], edge_high[:, 1]))
    near = (edge_low[edge, 2] <= high[triangle, 2]) & (edge_high[edge, 2] >= low[triangle, 2])
    near &= (edges[edge][:, :, None] != triangles[triangle][:, None, :]).all(axis=(1, 2))
    edge, triangle = edges[edge[near]], triangles[triangle[near]]
    p, q = points[edge].swapaxes(0, 1)
    a, b, c = points[triangle].swapaxes(0, 1)
    parts = [np.sign(_volume(p, q, u, v)) for u, v in ((a, b), (b, c), (c, a))]
    crosses = (_volume(a, b, c, p) * _volume(a, b, c, q) < 0.0) & (np.abs(np.sum(parts, axis=0)) == 3)
    return np.asarray(np.unique(np.concatenate([edge[crosses].ravel(), triangle[crosses].ravel()])))


def _volume(a: Float, b: Float, c: Float, d: Float) -> Float:
    return np.asarray(np.einsum("ij,ij->i", np.cross(b - a, c - a), d - a))
