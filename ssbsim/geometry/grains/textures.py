"""Textures of a polycrystal: tessellations extruded to columns, and tessellations side by side as layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ssbsim.geometry.arrays import Float
from ssbsim.geometry.connectivity import closed_loops
from ssbsim.geometry.grains.tessellation import (
    SAME_PLACE,
    Loop,
    Tessellation,
    compact,
    loop_edges,
    order_loop,
    same_places,
)
from ssbsim.geometry.partition import OUTSIDE


def extrude(cells: Tessellation, height: float, axis: int) -> Tessellation:
    """Columns along an axis (0, 1, 2) over a plane tessellation, whose axes become the other two in order."""
    plane = [k for k in range(3) if k != axis]
    count = len(cells.points)
    points = np.zeros((2 * count, 3))
    points[:, plane] = np.vstack([cells.points, cells.points])
    points[count:, axis] = height
    box = np.zeros(3)
    box[plane], box[axis] = cells.box, height
    # The frame (plane axes, axis) is left-handed for y: loops turn the other way.
    turn = -1 if axis == 1 else 1
    loops: list[Loop] = [(a, b, b + count, a + count)[::-turn] for a, b in cells.loops]
    walls = np.append(2 * np.array(plane)[:, None] + [0, 1], -1)
    sides: list[tuple[int, int]] = [(int(a), int(b)) for a, b in cells.sides]
    wall = [int(number) for number in walls[cells.wall]]
    for cell, around in enumerate(_outlines(cells)):
        upward = around[::turn]
        loops += [upward, tuple(v + count for v in reversed(upward))]
        sides += [(cell, OUTSIDE)] * 2
        wall += [2 * axis, 2 * axis + 1]
    return Tessellation(points, tuple(loops), np.array(sides), np.array(wall), cells.grain, box)


def _outlines(cells: Tessellation) -> list[Loop]:
    """Corners of every plane cell, turning to the left."""
    following: list[dict[int, int]] = [{} for _ in cells.grain]
    for f, (a, b) in enumerate(cells.loops):
        left, right = int(cells.sides[f, 0]), int(cells.sides[f, 1])
        following[left][a] = b
        if right != OUTSIDE:
            following[right][b] = a
    return [tuple(closed_loops(after)[0]) for after in following]


def stack_layers(layers: Sequence[Tessellation]) -> Tessellation:
    """Put tessellations of equal cross-section behind one another along x; grains end at the planes between them.

    The faces of two layers on their common plane are overlaid: each pair of cells that touch there gets the convex
    polygon (in 2D the segment) in which they do.
    """
    whole = layers[0]
    for layer in layers[1:]:
        whole = _join(whole, layer)
    return whole


def _join(left: Tessellation, right: Tessellation) -> Tessellation:
    at = float(left.box[0])
    shift = np.zeros(left.dimension)
    shift[0] = at
    offset, cells = len(left.points), len(left.grain)
    points = np.vstack([left.points, right.points + shift])
    sides = np.concatenate([left.sides, np.where(right.sides == OUTSIDE, OUTSIDE, right.sides + cells)])
    wall = np.concatenate([left.wall, right.wall])
    loops = [*left.loops, *(tuple(v + offset for v in loop) for loop in right.loops)]
    touching = [np.flatnonzero(left.wall == 1), len(left.wall) + np.flatnonzero(right.wall == 0)]
    faces = [[loops[f] for f in part] for part in touching]
    on_plane = _plane_points(points, faces)
    points = np.vstack([points, on_plane[1]])
    number = same_places(points)
    on_plane_numbers = list(
        dict.fromkeys(int(number[v]) for v in [*on_plane[0], *range(len(points) - len(on_plane[1]), len(points))])
    )
    places = points[on_plane_numbers]
    loops = [tuple(int(number[v]) for v in loop) for loop in loops]
    normal = np.zeros(left.dimension)
    normal[0] = 1.0
    inside = [np.array([_contains(points, face, places) for face in part]) for part in faces]
    new_loops, new_sides = [], []
    for i, within_i in enumerate(inside[0]):
        for j in np.flatnonzero((inside[1] & within_i).sum(axis=1) >= left.dimension):
            corners = [on_plane_numbers[k] for k in np.flatnonzero(within_i & inside[1][j])]
            loop = order_loop(points, corners, normal)
            if _measure(points, loop) > SAME_PLACE:
                new_loops.append(loop)
                new_sides.append([sides[touching[1][j], 0], sides[touching[0][i], 0]])
    untouched = np.setdiff1d(np.arange(len(loops)), np.concatenate(touching))
    if left.dimension == 3:
        untouched_loops = [_with_points_on_edges(points, loops[f], on_plane_numbers, at) for f in untouched]
    else:
        untouched_loops = [loops[f] for f in untouched]
    box = left.box.copy()
    box[0] = right.box[0] + at
    return compact(
        Tessellation(
            points,
            (*untouched_loops, *new_loops),
            np.concatenate([sides[untouched], np.array(new_sides)]),
            np.concatenate([wall[untouched], np.full(len(new_loops), -1)]),
            np.concatenate([left.grain, right.grain + left.grain.max() + 1]),
            box,
            (*left.cuts, at),
        )
    )


def _plane_points(points: Float, faces: Sequence[Sequence[Loop]]) -> tuple[list[int], Float]:
    """Corners of the faces on the plane, and the points in which edges of one side cross those of the other."""
    corners = list(dict.fromkeys(v for part in faces for loop in part for v in loop))
    if points.shape[1] == 2:
        return corners, np.empty((0, 2))
    first, second = (
        points[np.array(sorted({(min(e), max(e)) for loop in part for e in loop_edges(loop)}))][:, :, 1:]
        for part in faces
    )
    a, along = first[:, None, 0], (first[:, 1] - first[:, 0])[:, None]
    c, across = second[None, :, 0], (second[:, 1] - second[:, 0])[None]
    turn = along[..., 0] * across[..., 1] - along[..., 1] * across[..., 0]
    parallel = np.abs(turn) < 1e-12
    turn = np.where(parallel, 1.0, turn)
    gap = c - a
    s = (gap[..., 0] * across[..., 1] - gap[..., 1] * across[..., 0]) / turn
    t = (gap[..., 0] * along[..., 1] - gap[..., 1] * along[..., 0]) / turn
    crosses = ~parallel & (s > 0.0) & (s < 1.0) & (t > 0.0) & (t < 1.0)
    crossing = (a + s[..., None] * along)[crosses]
    return corners, np.column_stack([np.full(len(crossing), points[corners[0], 0]), crossing])


def _contains(points: Float, face: Loop, places: Float) -> NDArray[np.bool_]:
    """Which places lie in a convex face on a plane of constant x, its edge included."""
    if points.shape[1] == 2:
        low, high = np.sort(points[list(face), 1])
        return np.asarray((places[:, 1] > low - SAME_PLACE) & (places[:, 1] < high + SAME_PLACE))
    corners = points[list(face)][:, 1:]
    along = np.roll(corners, -1, axis=0) - corners
    along /= np.linalg.norm(along, axis=1)[:, None]
    away = places[:, None, 1:] - corners
    distance = along[:, 0] * away[..., 1] - along[:, 1] * away[..., 0]
    area = np.sum(corners[:, 0] * np.roll(corners[:, 1], -1) - corners[:, 1] * np.roll(corners[:, 0], -1))
    return np.asarray((distance * np.sign(area) > -SAME_PLACE).all(axis=1))


def _measure(points: Float, loop: Loop) -> float:
    corners = points[list(loop)]
    if len(corners) < points.shape[1]:
        return 0.0
    if points.shape[1] == 2:
        return float(np.linalg.norm(corners[1] - corners[0]))
    away = corners - corners[0]
    return float(0.5 * np.linalg.norm(np.cross(away[:-1], away[1:]).sum(axis=0)))


def _with_points_on_edges(points: Float, loop: Loop, numbers: Sequence[int], at: float) -> Loop:
    """A polygon, with the points that lie on its edges in the plane x = at put into these."""
    around: list[int] = []
    others = np.array(numbers)
    for a, b in loop_edges(loop):
        around.append(a)
        if abs(points[a, 0] - at) > SAME_PLACE or abs(points[b, 0] - at) > SAME_PLACE:
            continue
        along = points[b] - points[a]
        fraction = (points[others] - points[a]) @ along / (along @ along)
        distance = np.linalg.norm(points[others] - points[a] - fraction[:, None] * along, axis=1)
        inside = (distance < SAME_PLACE) & (fraction > 0.0) & (fraction < 1.0) & (others != a) & (others != b)
        hits = np.flatnonzero(inside)
        around += [int(others[k]) for k in hits[np.argsort(fraction[hits], kind="stable")]]
    return tuple(around)


def stretch(cells: Tessellation, factors: Float) -> Tessellation:
    """The tessellation with every coordinate multiplied by a factor."""
    return replace(
        cells, points=cells.points * factors, box=cells.box * factors, cuts=tuple(x * factors[0] for x in cells.cuts)
    )
