"""Spheres made of triangles, nearly equal or smaller where they must be.

The 20 faces of an icosahedron are divided into n^2 triangles each along great circles of equal angle, and the points
put on the sphere (Kenner 1976, Geodesic Math and How to Use It). Sides are between 0.85 and 1.2 of their mean; the
volume enclosed falls short of the ball by a part that is quadratic in the size.

The points of n are among those of 2 n. Where triangles are to be smaller, points of 2 n, 4 n, .. are added, and the convex
hull of all of them is the surface: it is the Delaunay triangulation of the points on the sphere, and encloses the hull
of fewer points.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from ssbsim.geometry.arrays import Float, Int


def triangulate_sphere(
    radius: float, size: float, wanted: Callable[[Float], Float] | None = None, *, finest: int = 1
) -> tuple[Float, Int]:
    """Triangles of a sphere around the origin, normals outwards.

    Args:
        radius: Of the sphere, in any unit of length.
        size: Largest mean side of the triangles, in the same unit.
        wanted: Sides wanted at points on the sphere, shape (n, 3) to (n,); no larger than `size` when not given.
        finest: Sides are divided by at most this power of two.

    Returns:
        Points on the sphere, shape (n, 3), and triangles, shape (2 n - 4, 3).
    """
    from scipy.spatial import ConvexHull

    count = max(2, math.ceil(_EDGE_ANGLE * radius / size * (1.0 - 1e-12)))
    points, triangles = _divided_icosahedron(count)
    if wanted is None or finest == 1:
        return radius * points, triangles.copy()
    side, divided = _EDGE_ANGLE * radius / count, 1
    known = {_key(point) for point in points}
    chosen = [points]
    while divided < finest:
        divided *= 2
        candidates = _divided_icosahedron(divided * count)[0]
        # Half way between the sides of this division and of the one before.
        near = candidates[wanted(radius * candidates) < 1.5 * side / divided]
        new = [point for point in near if _key(point) not in known]
        if not new:
            break
        known.update(map(_key, new))
        chosen.append(np.array(new))
    everything = np.vstack(chosen)
    return radius * everything, _outward(everything, ConvexHull(everything).simplices.astype(np.int64))


def _key(point: Float) -> tuple[int, ...]:
    return tuple(round(1e9 * float(value)) for value in point)


@lru_cache(maxsize=16)
def _divided_icosahedron(count: int) -> tuple[Float, Int]:
    """Points on the unit sphere, shape (10 n^2 + 2, 3), and triangles, shape (20 n^2, 3)."""
    from scipy.spatial import ConvexHull

    golden = 0.5 * (1.0 + math.sqrt(5.0))
    corners = np.array([(0.0, a, b * golden) for a in (-1, 1) for b in (-1, 1)])
    corners = np.vstack([np.roll(corners, turn, axis=1) for turn in range(3)]) / math.hypot(1.0, golden)
    points: dict[tuple[tuple[int, int], ...], int] = {}
    coordinates: list[Float] = []
    triangles: list[tuple[int, int, int]] = []
    for face in _outward(corners, np.sort(ConvexHull(corners).simplices, axis=1)):

        def number(i: int, j: int, face: Int = face) -> int:
            weights = (count - i - j, i, j)
            key = tuple(sorted((int(v), w) for v, w in zip(face, weights, strict=True) if w))
            if key not in points:
                points[key] = len(coordinates)
                # Summing in the order of the corners makes shared points equal bit by bit.
                place = sum(math.sin(_EDGE_ANGLE * w / count) * corners[v] for v, w in key)
                coordinates.append(np.asarray(place / np.linalg.norm(place)))
            return points[key]

        for i in range(count):
            for j in range(count - i):
                triangles.append((number(i, j), number(i + 1, j), number(i, j + 1)))
                if i + j < count - 1:
                    triangles.append((number(i + 1, j), number(i + 1, j + 1), number(i, j + 1)))
    unit = np.array(coordinates)
    return unit / np.linalg.norm(unit, axis=1)[:, None], np.array(triangles, dtype=np.int64)


def _outward(points: Float, triangles: Int) -> Int:
    a, b, c = points[triangles].swapaxes(0, 1)
    inward = np.einsum("ij,ij->i", np.cross(b - a, c - a), a) < 0.0
    turned = np.where(inward[:, None], triangles[:, [0, 2, 1]], triangles).astype(np.int64)
    return np.asarray(turned[np.lexsort(turned.T[::-1])])


# Between neighbouring corners of the icosahedron.
_EDGE_ANGLE = math.atan(2.0)
