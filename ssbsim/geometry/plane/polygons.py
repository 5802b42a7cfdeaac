"""Polygons in the plane, filled with triangles whose sides on the boundary are given.

Gmsh places the inner points (frontal Delaunay; Rebay 1993, doi:10.1006/jcph.1993.1097); sizes grow from the boundary
inwards as min(size, s_b + (growth - 1) d), with s_b the size at the nearest boundary point and d the distance to it; a
polygon may set a limit of its own from place to place.
Lengths are of order 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssbsim.errors import MeshError
from ssbsim.geometry._simplex import signed_measures
from ssbsim.geometry.arrays import Float, Int
from ssbsim.geometry.gmsh_session import OWN_SIZES, gmsh_session


@dataclass(frozen=True, eq=False)
class Polygon:
    """A polygon, possibly with holes, between points of a larger whole.

    Attributes:
        points: Coordinates of its vertices, one loop after the other, shape (n, 2).
        loops: Numbers in the whole of the vertices of the outer loop (to the left), then of each hole (to the right).
        sizes: Wanted size at every vertex, shape (n,).
        name: What it is, for messages.
        limit: Largest size at a place, from its two coordinates.
    """

    points: Float
    loops: tuple[Int, ...]
    sizes: Float
    name: str
    limit: Callable[[float, float], float] | None = None

    @classmethod
    def with_sizes_of_sides(cls, points: Float, loops: Sequence[Int], name: str) -> Polygon:
        """The polygon that wants at every vertex the mean length of the two sides there."""
        sizes = []
        for part in _split(points, loops):
            sides = np.linalg.norm(np.roll(part, -1, axis=0) - part, axis=1)
            sizes.append(0.5 * (sides + np.roll(sides, 1)))
        return cls(points, tuple(loops), np.concatenate(sizes), name)

    @property
    def outlines(self) -> list[Float]:
        """Coordinates of each loop."""
        return _split(self.points, self.loops)

    def in_whole(self, triangles: Int, first: int) -> Int:
        """Triangles of its filling by the numbers of the whole, where its new points are counted from `first`."""
        new = int(triangles.max()) + 1 - len(self.points)
        numbers: Int = np.concatenate([*self.loops, first + np.arange(new)])
        return numbers[triangles]


def fill_polygons(polygons: Sequence[Polygon], *, size: float, growth: float) -> list[tuple[Float, Int]]:
    """Triangulate polygons, each for itself, without dividing their sides.

    Returns:
        Of each polygon the new points, shape (m, 2); and the triangles, turning to the left, by numbers that count its
        own vertices first, then the new points.

    Raises:
        MeshError: where a polygon crosses itself or Gmsh cannot fill it.
    """
    from scipy.spatial import cKDTree

    for polygon in polygons:
        _check_outline(polygon)
    trees = [cKDTree(polygon.points) for polygon in polygons]
    filled: list[tuple[Float, Int]] = []
    with gmsh_session("filling a face with triangles") as gmsh:
        for name, value in FRONTAL_DELAUNAY.items():
            gmsh.option.setNumber(name, value)
        geo = gmsh.model.geo
        for number, polygon in enumerate(polygons, start=1):
            tags = [geo.addPoint(x, y, 0.0) for x, y in polygon.points]
            curves = []
            for loop in _split(np.arange(len(polygon.points)), polygon.loops):
                ends = zip(loop, np.roll(loop, -1), strict=True)
                curves.append(geo.addCurveLoop([geo.addLine(tags[a], tags[b]) for a, b in ends]))
            geo.addPlaneSurface(curves, number)
        geo.synchronize()
        for _, line in gmsh.model.getEntities(1):
            gmsh.model.mesh.setTransfiniteCurve(line, 2)

        def wanted_size(dimension: int, tag: int, x: float, y: float, z: float, default: float) -> float:
            if dimension < 2:
                return size
            polygon = polygons[tag - 1]
            distance, nearest = trees[tag - 1].query((x, y))
            most = size if polygon.limit is None else min(size, polygon.limit(x, y))
            return min(most, float(polygon.sizes[nearest]) + (growth - 1.0) * float(distance))

        gmsh.model.mesh.setSizeCallback(wanted_size)
        gmsh.model.mesh.generate(2)
        gmsh.model.mesh.removeSizeCallback()
        corner_tags = gmsh.model.mesh.getNodes(0)[0]
        start = 0
        for number, polygon in enumerate(polygons, start=1):
            inner_tags, coordinates, _ = gmsh.model.mesh.getNodes(2, number)
            own = corner_tags[start : start + len(polygon.points)]
            start += len(polygon.points)
            tags = np.concatenate([own, inner_tags])
            _, nodes = gmsh.model.mesh.getElementsByType(2, number)
            order = np.argsort(tags)
            triangles = order[np.searchsorted(tags[order], nodes)].reshape(-1, 3).astype(np.int64)
            filled.append((coordinates.reshape(-1, 3)[:, :2], triangles))
    return [
        (new, _checked(polygon, np.vstack([polygon.points, new]), triangles))
        for polygon, (new, triangles) in zip(polygons, filled, strict=True)
    ]


def _split(values: NDArray[Any], loops: Sequence[Int]) -> list[NDArray[Any]]:
    """What belongs to each loop, of values for one loop after the other."""
    return np.split(values, np.cumsum([len(loop) for loop in loops])[:-1])


def _check_outline(polygon: Polygon) -> None:
    """Gmsh may run for ever on an outline that crosses itself."""
    import shapely

    outer, *holes = polygon.outlines
    if len(outer) < 3 or not shapely.Polygon(outer, holes).is_valid:
        raise _cannot_be_filled(polygon)


def _checked(polygon: Polygon, points: Float, triangles: Int) -> Int:
    turned = turn_left(points, triangles, sum(loop_area(outline) for outline in polygon.outlines))
    if turned is None:
        raise _cannot_be_filled(polygon)
    return turned


def turn_left(points: Float, triangles: Int, area: float) -> Int | None:
    """The triangles, turning to the left; nothing where they do not fill this area, each with a part of its own."""
    areas = signed_measures(points, triangles)
    if areas.sum() < 0.0:
        triangles, areas = triangles[:, ::-1], -areas
    is_filled = len(triangles) and (areas > 0.0).all() and abs(areas.sum() - area) <= 1e-9 * abs(area)
    return np.ascontiguousarray(triangles) if is_filled else None


def loop_area(outline: Float) -> float:
    """Area inside a closed polygon, negative where it turns to the right, outline of shape (n, 2)."""
    x, y = (outline - outline[0]).T
    return 0.5 * float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum())


def _cannot_be_filled(polygon: Polygon) -> MeshError:
    return MeshError(
        "A face cannot be filled with triangles: its outline crosses itself, or is too narrow.",
        where=polygon.name,
        hint="use a size closer to that of the smallest part, or another seed",
    )


FRONTAL_DELAUNAY = {**OWN_SIZES, "Mesh.Algorithm": 6}
