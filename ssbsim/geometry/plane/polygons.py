"""Polygons in the plane, filled with triangles whose sides on the boundary are given.

Gmsh places the inner points (frontal Delaunay; Rebay 1993, doi:10.1006/jcph.1993.1097); sizes grow from the boundary
inwards as min(size, s_b + (growth - 1) d), with s_b the size at the nearest boundary point and d the distance to it; a
polygon may set a limit of its own from place to place.
Lengths are of order 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssbsim.errors import MeshError
from ssbsim.geometry._simplex import signed_measures
from ssbsim.geometry.gmsh_session import gmsh_session

Float = NDArray[np.float64]
Int = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Polygon:
    """A polygon, possibly with holes.

    Attributes:
        points: Coordinates of its vertices, shape (n, 2).
        loops: Vertices of the outer loop (to the left), then of each hole (to the right); every vertex occurs.
        sizes: Wanted size at every vertex, shape (n,).
        name: What it is, for messages.
        limit: Largest size at a place, from its two coordinates.
    """

    points: Float
    loops: tuple[Int, ...]
    sizes: Float
    name: str
    limit: Callable[[float, float], float] | None = None


def fill_polygons(polygons: Sequence[Polygon], *, size: float, growth: float) -> list[tuple[Float, Int]]:
    """Triangulate polygons, each for itself, without dividing their sides.

    Returns:
        Of each polygon the points, shape (n + m, 2), its own first; and the triangles, turning to the left.

    Raises:
        MeshError: where a polygon crosses itself or Gmsh cannot fill it.
    """
    from scipy.spatial import cKDTree

    for polygon in polygons:
        _check_outline(polygon)
    trees = [cKDTree(polygon.points) for polygon in polygons]
    filled: list[tuple[Float, Int]] = []
    with gmsh_session("filling a face with triangles") as gmsh:
        for name, value in _OPTIONS.items():
            gmsh.option.setNumber(name, value)
        geo = gmsh.model.geo
        for number, polygon in enumerate(polygons, start=1):
            tags = [geo.addPoint(x, y, 0.0) for x, y in polygon.points]
            curves = []
            for loop in polygon.loops:
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
            points = np.vstack([polygon.points, coordinates.reshape(-1, 3)[:, :2]])
            filled.append((points, triangles))
    for polygon, (points, triangles) in zip(polygons, filled, strict=True):
        _check_filling(polygon, points, triangles)
    return filled


def _check_outline(polygon: Polygon) -> None:
    """Gmsh may run for ever on an outline that crosses itself."""
    import shapely

    outer, *holes = (polygon.points[loop] for loop in polygon.loops)
    if len(outer) < 3 or not shapely.Polygon(outer, holes).is_valid:
        raise _cannot_be_filled(polygon)


def _check_filling(polygon: Polygon, points: Float, triangles: Int) -> None:
    """Each side belongs to one triangle, and the areas add up."""
    area = 0.0
    for loop in polygon.loops:
        x, y = polygon.points[loop].T
        area += 0.5 * float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum())
    areas = signed_measures(points, triangles)
    if len(triangles) and not (areas > 0.0).all() and (areas < 0.0).all():
        triangles[:, [1, 2]] = triangles[:, [2, 1]]
        areas = -areas
    if not len(triangles) or not (areas > 0.0).all() or abs(areas.sum() - area) > 1e-9 * abs(area):
        raise _cannot_be_filled(polygon)


def _cannot_be_filled(polygon: Polygon) -> MeshError:
    return MeshError(
        "A face cannot be filled with triangles: its outline crosses itself, or is too narrow.",
        where=polygon.name,
        hint="use a size closer to that of the smallest part, or another seed",
    )


_OPTIONS = {
    "General.NumThreads": 1,
    "Mesh.Algorithm": 6,
    "Mesh.MeshSizeFromPoints": 0,
    "Mesh.MeshSizeFromCurvature": 0,
    "Mesh.MeshSizeExtendFromBoundary": 0,
    "Mesh.RandomSeed": 1,
}

__all__ = ["Polygon", "fill_polygons"]
