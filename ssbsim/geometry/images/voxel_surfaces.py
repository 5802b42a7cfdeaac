"""Smooth interfaces and walls of a 3D image as triangles that can be handed to the mesher.

The corners of voxels lie where `voxels.mesh_smooth_voxels` has put them: there the tetrahedra between interfaces and
the centres of voxels are sound, so that no interface passes through another one. Each square is cut along the diagonal
that gives the better triangles; walls, which are flat, get larger ones (`voxel_walls`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ssbsim.geometry.arrays import Float, Int
from ssbsim.geometry.images.voxel_walls import grade_walls
from ssbsim.geometry.images.voxels import cut_quads, interface_quads, wall_quads
from ssbsim.geometry.partition import OUTSIDE
from ssbsim.geometry.refine import divide_triangles


def triangulate_voxels(
    points: Float, index: NDArray[np.int32], *, parts: int, size: float, bulk: float, growth: float
) -> tuple[Float, Int, NDArray[np.int32], NDArray[np.int32]]:
    """Triangles of all faces of voxels between two grains, and larger ones on walls.

    Args:
        points: Corners of the voxels, in the order of their numbers, then others, shape (n, 3).
        index: Grain of every voxel.
        parts: Number of parts into which edges are divided.
        size: Largest edge of a voxel over `parts`.
        bulk: Largest size on walls.
        growth: Largest ratio of the sizes of neighbouring triangles there.

    Returns:
        `points`, `facets`, `sides` and `wall` of a `Partition` with the six walls of a box.
    """
    inner, pairs = interface_quads(index)
    outer, grains, walls = wall_quads(index)
    points, triangles = divide_triangles(points, _cut(points, np.vstack([inner, outer])), parts)
    per_square = 2 * parts**2
    between = per_square * len(inner)
    points, on_walls, wall_grain, wall_name = grade_walls(
        points,
        triangles[between:],
        np.repeat(grains, per_square),
        np.repeat(walls, per_square).astype(np.int64),
        size=size,
        bulk=bulk,
        growth=growth,
    )
    used, facets = np.unique(np.vstack([triangles[:between], on_walls]), return_inverse=True)
    sides = np.vstack(
        [
            np.repeat(pairs[:, ::-1], per_square, axis=0),
            np.column_stack([wall_grain, np.full(len(wall_grain), OUTSIDE)]),
        ]
    )
    wall = np.concatenate([np.full(between, -1), wall_name])
    return points[used], facets.reshape(-1, 3), sides.astype(np.int32), wall.astype(np.int32)


def _cut(points: Float, squares: Int) -> Int:
    """Two triangles of every square: of both ways that whose worse triangle is better; the first way among equals."""
    turned = np.roll(squares, -1, axis=1)
    is_better = _worse_shape(points, turned) > (1.0 + 1e-9) * _worse_shape(points, squares)
    return cut_quads(np.where(is_better[:, None], turned, squares))


def _worse_shape(points: Float, squares: Int) -> Float:
    """Smaller height over base of both triangles of each square, negative where one is turned over."""
    corners = points[cut_quads(squares)]
    areas = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    whole = areas.reshape(-1, 2, 3).sum(axis=1)
    normals = np.repeat(whole / np.linalg.norm(whole, axis=1)[:, None], 2, axis=0)
    bases = (np.diff(corners[:, [0, 1, 2, 0]], axis=1) ** 2).sum(axis=2).max(axis=1)
    shapes = (areas * normals).sum(axis=1) / bases
    return np.asarray(shapes.reshape(-1, 2).min(axis=1))
