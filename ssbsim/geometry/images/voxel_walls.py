"""Walls of a 3D image with triangles as large as the distance from the interfaces allows.

On a wall the part of each grain is a polygon. Its sides on interfaces stay as they are; of the points on the edges of the
box so many are left out that neighbours are about

    s(x) = min(h + (growth - 1) d(x), bulk)

apart, d being the distance to the nearest interface on a wall and h the size there, and the polygon is filled again
(`polygons`). Parts that touch themselves in a point keep their triangles. Any unit of length.
"""

from __future__ import annotations

import numpy as np

from ssbsim.errors import MeshError
from ssbsim.geometry.arrays import Bool, Float, Int
from ssbsim.geometry.connectivity import connected_parts
from ssbsim.geometry.plane.polygons import Polygon, fill_polygons, loop_area
from ssbsim.geometry.solid.faces import fit_plane
from ssbsim.geometry.solid.shells import pair_across_edges
from ssbsim.geometry.solid.walls import trace_loops


def grade_walls(
    points: Float, triangles: Int, grain: Int, wall: Int, *, size: float, bulk: float, growth: float
) -> tuple[Float, Int, Int, Int]:
    """Larger triangles on the walls of a box, away from interfaces.

    Args:
        points: Coordinates, shape (n, 3).
        triangles: All triangles on the walls, turned inwards, shape (k, 3).
        grain: Grain of each.
        wall: Wall of each.
        size: Size h of the triangles at interfaces.
        bulk: Largest size.
        growth: Largest ratio of neighbouring sizes.

    Returns:
        Points, the given ones first, and the new triangles with grain and wall of each; the old ones where Gmsh fails.
    """
    partner = pair_across_edges(points, triangles, where="the walls of the image")
    side = np.arange(len(partner))
    here, there = side // 3, partner // 3
    joined = (grain[here] == grain[there]) & (wall[here] == wall[there])
    region = connected_parts((here[joined], there[joined]), len(triangles))
    first = triangles.ravel()
    is_rim, is_edge = grain[here] != grain[there], wall[here] != wall[there]
    loops = [trace_loops(partner, region, np.flatnonzero(region == r)) for r in range(int(region.max()) + 1)]
    corners = [first[np.concatenate(sides)] for sides in loops]
    whole = [len(np.unique(vertices)) < len(vertices) for vertices in corners]
    is_needed = np.ones(len(points), dtype=bool)
    is_needed[_spare(points, triangles, is_rim, is_edge, partner, size, bulk, growth)] = False
    is_needed[np.concatenate([np.empty(0, dtype=np.int64), *(c for c, w in zip(corners, whole, strict=True) if w)])] = (
        True
    )
    return _fill(points, triangles, grain, wall, region, loops, is_needed, np.array(whole), bulk, growth)


def _spare(
    points: Float, triangles: Int, is_rim: Bool, is_edge: Bool, partner: Int, size: float, bulk: float, growth: float
) -> Int:
    """Points on edges of the box that are not needed."""
    from scipy.spatial import cKDTree

    following = np.roll(triangles, -1, axis=1).ravel()
    rim = np.unique(triangles.ravel()[is_rim])
    sides = np.flatnonzero(is_edge & (np.arange(len(partner)) < partner))
    ends = np.column_stack([triangles.ravel()[sides], following[sides]])
    on_edges = np.unique(ends)
    distance = cKDTree(points[rim]).query(points)[0] if len(rim) else np.full(len(points), np.inf)
    sizes = np.minimum(size + (growth - 1.0) * distance, bulk)
    low, high = points.min(axis=0), points.max(axis=0)
    spare: list[Int] = []
    for axis in range(3):
        others = [a for a in range(3) if a != axis]
        for corner in np.ndindex(2, 2):
            place = np.where(corner, high[others], low[others])
            line = on_edges[(points[on_edges][:, others] == place).all(axis=1)]
            line = line[np.argsort(points[line, axis])]
            fixed = np.flatnonzero(np.isin(line, rim))
            stops = np.unique([0, *fixed, len(line) - 1])
            for start, stop in zip(stops[:-1], stops[1:], strict=True):
                stretch = line[start : stop + 1]
                steps = np.diff(points[stretch, axis])
                # Number of cells from the first point on, were all of them as large as wanted.
                count = np.concatenate([[0.0], np.cumsum(steps / (0.5 * (sizes[stretch[1:]] + sizes[stretch[:-1]])))])
                wanted = count[-1] * np.linspace(0.0, 1.0, int(np.ceil(count[-1] * (1.0 - 1e-9))) + 1)
                spare.append(np.delete(stretch, np.abs(count[:, None] - wanted).argmin(axis=0)))
    return np.concatenate(spare)


def _fill(
    points: Float,
    triangles: Int,
    grain: Int,
    wall: Int,
    region: Int,
    loops: list[list[Int]],
    is_needed: Bool,
    whole: Bool,
    bulk: float,
    growth: float,
) -> tuple[Float, Int, Int, Int]:
    """The walls with all regions but the `whole` ones filled anew, see `grade_walls`."""
    planes, polygons = [], []
    scale = float(np.ptp(points, axis=0).max())
    for sides in (sides for sides, keep in zip(loops, whole, strict=True) if not keep):
        around = [vertices[is_needed[vertices]] for vertices in (triangles.ravel()[loop] for loop in sides)]
        plane = fit_plane(points, around, scale=scale)
        around.sort(key=lambda loop: -loop_area(plane.flatten(points[loop])))
        places = plane.flatten(points[np.concatenate(around)])
        polygons.append(Polygon.with_sizes_of_sides(places, around, "a wall of the image"))
        planes.append(plane)
    try:
        filled = fill_polygons(polygons, size=bulk / scale, growth=growth)
    except MeshError:
        return points, triangles, grain, wall
    unchanged = whole[region]
    parts, count = [points], len(points)
    found, source = [triangles[unchanged]], [np.flatnonzero(unchanged)]
    for number, polygon, plane, (inner, new) in zip(np.flatnonzero(~whole), polygons, planes, filled, strict=True):
        parts.append(plane.lift(inner))
        found.append(polygon.in_whole(new, count))
        source.append(np.full(len(new), np.argmax(region == number)))
        count += len(inner)
    origins = np.concatenate(source)
    return np.vstack(parts), np.vstack(found), grain[origins], wall[origins]
