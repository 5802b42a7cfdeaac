"""The smooth interfaces of a 3D image as triangles: the faced voxels of `voxels.mesh_smooth_voxels` without their cells.

A square between two voxels is cut along the diagonal that gives the better triangles.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ssbsim.geometry.voxels import Labels, cut_quads, interface_quads, wall_quads
from ssbsim.geometry.partition import OUTSIDE

Float = NDArray[np.float64]
Int = NDArray[np.int64]


class Surfaces(NamedTuple):
    """Triangles of interfaces and walls, as in a `Partition`."""

    points: Float
    facets: Int
    sides: Int
    wall: NDArray[np.int32]


def triangulate_voxels(points: Float, index: Labels) -> Surfaces:
    quads, grains = interface_quads(index)
    wall_faces, wall_grains, walls = wall_quads(index)
    facets = _cut_well(points, np.vstack([quads, wall_faces]))
    sides = np.vstack([grains[:, ::-1], np.column_stack([wall_grains, np.full(len(wall_grains), OUTSIDE)])])
    wall = np.concatenate([np.full(len(quads), -1, dtype=np.int32), walls])
    used, facets = np.unique(facets, return_inverse=True)
    return Surfaces(points[used], facets.reshape(-1, 3), np.repeat(sides, 2, axis=0), np.repeat(wall, 2))


def _cut_well(points: Float, quads: Int) -> Int:
    choices = np.stack([quads, np.roll(quads, -1, axis=1)])
    quality = np.stack([_worst(points, q) for q in choices])
    return cut_quads(np.where((quality[1] > quality[0] * (1 + 1e-9))[:, None], choices[1], choices[0]))


def _worst(points: Float, quads: Int) -> Float:
    corners = points[cut_quads(quads)]
    area = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    whole = area.reshape(-1, 2, 3).sum(axis=1)
    normal = np.repeat(whole / np.linalg.norm(whole, axis=1)[:, None], 2, axis=0)
    longest = (np.diff(corners[:, [0, 1, 2, 0]], axis=1) ** 2).sum(axis=2).max(axis=1)
    return ((area * normal).sum(axis=1) / longest).reshape(-1, 2).min(axis=1)
