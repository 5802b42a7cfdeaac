"""The nearest point of a set of triangles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ssbsim.geometry.arrays import Float


def nearest_on_triangles(
    points: Float, triangles: Float, *, candidates: int = 24
) -> tuple[Float, Float, NDArray[np.int64]]:
    """Distance to the nearest of the triangles, the nearest point on it, and its index.

    Among the triangles with the nearest centroids: exact where triangles are not much smaller than their neighbours.

    Args:
        points: Shape (n, 3).
        triangles: Corners, shape (k, 3, 3), k at least 1.
        candidates: Triangles to look at for each point.

    Returns:
        Shapes (n,), (n, 3) and (n,).
    """
    from scipy.spatial import cKDTree

    count = min(candidates, len(triangles))
    _, near = cKDTree(triangles.mean(axis=1)).query(points, k=count)
    near = np.asarray(near, dtype=np.int64).reshape(len(points), count)
    best = np.full(len(points), np.inf)
    feet = np.zeros_like(points)
    index = np.zeros(len(points), dtype=np.int64)
    for column in near.T:
        foot = _foot(points, triangles[column])
        distance = np.linalg.norm(points - foot, axis=1)
        # Lower index first among equals, so that the answer depends on nothing else.
        closer = (distance < best) | ((distance == best) & (column < index))
        best[closer], feet[closer], index[closer] = distance[closer], foot[closer], column[closer]
    return best, feet, index


def _foot(points: Float, triangles: Float) -> Float:
    """The point of one triangle nearest to each point: inside it, or else on one of its edges."""
    a, b, c = triangles[:, 0], triangles[:, 1], triangles[:, 2]
    u, v, w = b - a, c - a, points - a
    uu, uv, vv = (np.einsum("ij,ij->i", p, q) for p, q in ((u, u), (u, v), (v, v)))
    uw, vw = np.einsum("ij,ij->i", u, w), np.einsum("ij,ij->i", v, w)
    determinant = uu * vv - uv * uv
    s, t = (vv * uw - uv * vw) / determinant, (uu * vw - uv * uw) / determinant
    foot: Float = a + s[:, None] * u + t[:, None] * v
    outside = (s < 0.0) | (t < 0.0) | (s + t > 1.0)
    best = np.full(len(points), np.inf)
    for start, end in ((a, b), (b, c), (c, a)):
        edge = end - start
        share = np.clip(np.einsum("ij,ij->i", points - start, edge) / np.einsum("ij,ij->i", edge, edge), 0.0, 1.0)
        on_edge = start + share[:, None] * edge
        distance = np.linalg.norm(points - on_edge, axis=1)
        closer = outside & (distance < best)
        foot[closer], best[closer] = on_edge[closer], distance[closer]
    return foot
