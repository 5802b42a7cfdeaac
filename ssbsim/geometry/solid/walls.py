"""Walls of a grain whose rows have moved the outline of its walls: strips of triangles and a new filling.

On a wall every edge of a face with rows is the foot of a strip of as many quadrilaterals as there are rows, cut like
the sides of the prisms there (`rows`). Where two walls meet, the line between the moved vertices is divided anew, the
same for both. What the strips and lines enclose is a polygon in the plane of the wall, filled again with triangles.
Walls that nothing has moved keep their triangles. Any unit of length.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ssbsim.errors import MeshError
from ssbsim.geometry.arrays import Float, Int
from ssbsim.geometry.connectivity import closed_loops, connected_parts
from ssbsim.geometry.grading import graded_sizes
from ssbsim.geometry.plane.polygons import Polygon, fill_polygons, loop_area
from ssbsim.geometry.rows import extrude_facets
from ssbsim.geometry.solid.faces import fit_plane
from ssbsim.geometry.solid.inset import GrainSurface, InsetDirections
from ssbsim.geometry.solid.shells import next_side


@dataclass(frozen=True, eq=False)
class Walls:
    """Walls of a grain after its rows are in.

    Attributes:
        points: New points, shape (n, 3), numbered after the given ones.
        inner: Triangles where the walls bound what is inside the rows, normals inwards, shape (k, 3).
        strips: Triangles at the ends of rows, shape (m, 3).
        inner_wall, strip_wall: The wall of each.
    """

    points: Float
    inner: Int
    strips: Int
    inner_wall: Int
    strip_wall: Int


class OutlineError(Exception):
    """The moved outline of a wall crosses itself: the rows must be squeezed."""


def remesh_walls(
    surface: GrainSurface,
    directions: InsetDirections,
    levels: Int,
    points: Float,
    *,
    bulk: float,
    growth: float,
    where: str,
) -> Walls:
    """Walls around what the rows leave free.

    Args:
        surface: The surface of the grain.
        directions: Its vertices.
        levels: Point of every vertex at every level, shape (f, rows + 1).
        points: All points, the moved ones included.
        bulk: Largest size.
        growth: Largest ratio of the sizes of neighbouring triangles.
        where: The grain, for messages.

    Raises:
        OutlineError: where the moved outline crosses itself.
    """
    fan, kind = directions.fan.ravel(), surface.kind
    plain = kind < 0
    regions = _regions(surface)
    lines = _Lines(surface, directions, levels, points, bulk, growth)
    inner, inner_wall, strips, strip_wall, polygons, planes, walls = [], [], [], [], [], [], []
    for region in range(int(regions.max()) + 1):
        members = np.flatnonzero(regions == region)
        wall = int(surface.wall[members[0]])
        if not directions.moves[directions.fan[members]].any():
            inner.append(surface.triangles[members])
            inner_wall.append(np.full(len(members), wall))
            continue
        loops = []
        for loop in trace_loops(surface.partner, regions, members):
            feet = loop[~plain[surface.partner[loop] // 3]]
            loops.append(lines.follow(loop))
            if len(feet):
                cut, _ = extrude_facets(np.stack([fan[feet], fan[next_side(feet)]], axis=1), levels)
                strips.append(cut)
                strip_wall.append(np.full(len(cut), wall))
        everything = lines.all_points()
        plane = fit_plane(everything, loops)
        areas = [loop_area(plane.flatten(everything[loop])) for loop in loops]
        loops = [loops[i] for i in np.argsort([-area for area in areas], kind="stable")]
        if max(areas) <= 0.0 or sum(area > 0.0 for area in areas) > 1:
            raise OutlineError
        places = plane.flatten(everything[np.concatenate(loops)])
        polygons.append(Polygon.with_sizes_of_sides(places, loops, where))
        planes.append(plane)
        walls.append(wall)
    parts, count = [*lines.parts], len(points) + sum(len(part) for part in lines.parts)
    try:
        filled = fill_polygons(polygons, size=bulk, growth=growth) if polygons else []
    except MeshError as error:
        raise OutlineError from error
    for polygon, plane, (new, triangles), wall in zip(polygons, planes, filled, walls, strict=True):
        parts.append(plane.lift(new))
        inner.append(polygon.in_whole(triangles, count))
        count += len(new)
        inner_wall.append(np.full(len(triangles), wall))
    return Walls(
        points=np.vstack([np.empty((0, 3)), *parts]),
        inner=np.vstack([np.empty((0, 3), dtype=np.int64), *inner]),
        strips=np.vstack([np.empty((0, 3), dtype=np.int64), *strips]),
        inner_wall=np.concatenate([np.empty(0, dtype=np.int64), *inner_wall]),
        strip_wall=np.concatenate([np.empty(0, dtype=np.int64), *strip_wall]),
    )


class _Lines:
    """Lines along which two walls meet, divided anew where an end has moved."""

    def __init__(
        self,
        surface: GrainSurface,
        directions: InsetDirections,
        levels: Int,
        points: Float,
        bulk: float,
        growth: float,
    ) -> None:
        self._surface, self._directions, self._levels = surface, directions, levels
        self._points, self._bulk, self._growth = points, bulk, growth
        self._known: dict[tuple[int, int, int], Int] = {}
        self._count = len(points)
        self.parts: list[Float] = []
        fan = directions.fan.ravel()
        side = np.arange(len(fan))
        here, there = surface.wall[side // 3], surface.wall[surface.partner // 3]
        free = (surface.kind[side // 3] < 0) & (surface.kind[surface.partner // 3] < 0)
        self._is_line = free & (here != there)
        ends = np.bincount(fan[self._is_line], minlength=len(directions.vertex))
        # A line ends where something has moved and where three walls meet.
        self._is_end = directions.moves | (ends != 2)

    def all_points(self) -> Float:
        return np.vstack([self._points, *self.parts])

    def follow(self, loop: Int) -> Int:
        """Points of a moved outline, from its sides in order."""
        fan = self._directions.fan.ravel()
        breaks = np.flatnonzero(~self._is_line[loop] | self._is_end[fan[loop]])
        if not len(breaks):
            return np.asarray(self._levels[fan[loop], 0])
        loop = np.roll(loop, -int(breaks[0]))
        path: list[Int] = []
        start = 0
        while start < len(loop):
            if not self._is_line[loop[start]]:
                path.append(self._levels[fan[loop[start]], -1:])
                start += 1
                continue
            stop = start + 1
            while stop < len(loop) and self._is_line[loop[stop]] and not self._is_end[fan[loop[stop]]]:
                stop += 1
            path.append(self._divide(np.append(fan[loop[start:stop]], fan[loop[stop % len(loop)]]))[:-1])
            start = stop
        return np.concatenate(path)

    def _divide(self, line: Int) -> Int:
        if not self._directions.moves[line[[0, -1]]].any():
            return np.asarray(self._levels[line, 0])
        if line[0] > line[-1]:
            return self._divide(line[::-1])[::-1]
        # Three numbers, because two lines may join the same vertices.
        key = (int(line[0]), int(line[1]), int(line[-1]))
        if key not in self._known:
            old = self._points[self._levels[line, 0]]
            a, b = self._levels[line[0], -1], self._levels[line[-1], -1]
            along = self._points[b] - self._points[a]
            if along @ (old[-1] - old[0]) <= 0.0:
                raise OutlineError
            length = float(np.linalg.norm(along))
            steps = np.linalg.norm(np.diff(old, axis=0), axis=1)
            sizes = graded_sizes(
                length,
                start=min(float(steps[0]), self._bulk),
                end=min(float(steps[-1]), self._bulk),
                bulk=max(self._bulk, float(steps.max())),
                growth=self._growth,
            )
            fractions = np.cumsum(sizes)[:-1, None] / length
            self.parts.append(self._points[a] + fractions * along)
            self._known[key] = np.concatenate([[a], self._count + np.arange(len(fractions)), [b]])
            self._count += len(fractions)
        return self._known[key]


def _regions(surface: GrainSurface) -> Int:
    """Number of the connected part of a wall that each triangle belongs to, -1 off the walls, shape (k,)."""
    plain = surface.kind < 0
    here, there = np.repeat(np.arange(len(plain)), 3), surface.partner // 3
    joined = plain[here] & plain[there] & (surface.wall[here] == surface.wall[there])
    labels = connected_parts((here[joined], there[joined]), len(plain))
    numbers = np.full(len(plain), -1)
    numbers[plain] = np.unique(labels[plain], return_inverse=True)[1]
    return numbers


def trace_loops(partner: Int, regions: Int, members: Int) -> list[Int]:
    """Loops of the sides around a region, each loop in order, the region to its left."""
    region = regions[members[0]]
    sides = (3 * members[:, None] + np.arange(3)).ravel()
    rim = sides[regions[partner[sides] // 3] != region]
    following: dict[int, int] = {}
    for side in rim.tolist():
        turn = next_side(side)
        while regions[partner[turn] // 3] == region:
            turn = next_side(int(partner[turn]))
        following[side] = turn
    return [np.array(loop) for loop in closed_loops(dict(sorted(following.items())))]
