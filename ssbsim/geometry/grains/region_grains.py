"""Regions of a box, between closed surfaces, divided into grains without changing the surfaces."""

from __future__ import annotations

import numpy as np

from ssbsim.geometry._facets import cells_of_facets
from ssbsim.geometry.arrays import Float, Int
from ssbsim.geometry.connectivity import closed_loops, connected_parts
from ssbsim.geometry.grains.subdivision import divide_body, facets_between
from ssbsim.geometry.plane.polygons import Polygon, fill_polygons
from ssbsim.geometry.solid.tetrahedra import fill_bodies


def divide_regions(
    points: Float,
    facets: Int,
    regions: Int,
    counts: dict[int, int],
    growth: float,
    generator: np.random.Generator,
) -> tuple[Float, Int, Int, Int]:
    """Divide regions into grains.

    Args:
        points: Vertices, shape (n, d).
        facets: Surfaces of the regions, sides short enough for the cells of a mesh, shape (k, d).
        regions: Region that the normal of each facet points into, then the other one; -1 outside, shape (k, 2).
        counts: Number of grains wanted, by region.
        growth: Largest ratio of the sizes of neighbouring cells.
        generator: Source of the seeds.

    Returns:
        Points and facets, first those given; the regions on both sides of every facet; and the pieces, where the grain n
        of region r is the piece r + n * (number of regions).
    """
    step = int(regions.max()) + 1
    surface = len(points)
    points, filled = _fill(points, facets, regions, list(counts), growth)
    all_facets, all_regions, pieces = [facets], [regions], regions.copy()
    inner: list[Int] = []
    for (region, count), cells in zip(counts.items(), filled, strict=True):
        fixed = np.arange(len(points)) < surface
        points, label = divide_body(points, cells, fixed, count, generator)
        cut, labels = facets_between(cells, label)
        all_facets.append(cut)
        all_regions.append(np.full((len(cut), 2), region))
        inner.append(region + step * labels)
        for column in (0, 1):
            there = np.flatnonzero(regions[:, column] == region)
            which, cell = cells_of_facets(cells, facets[there], len(points)).T
            pieces[there[which], column] = region + step * label[cell]
    return points, np.vstack(all_facets), np.vstack(all_regions), np.vstack([pieces, *inner])


def _fill(points: Float, facets: Int, regions: Int, wanted: list[int], growth: float) -> tuple[Float, list[Int]]:
    """Cells of some regions, sizes growing from their surfaces."""
    inward = [np.vstack([facets[regions[:, 0] == r], facets[regions[:, 1] == r][:, ::-1]]) for r in wanted]
    if points.shape[1] == 3:
        bodies = [_shells(points, surface) for surface in inward]
        names = [f"region {region}" for region in wanted]
        bulk = float(np.max(np.linalg.norm(points[facets[:, 0]] - points[facets[:, 1]], axis=1)))
        return fill_bodies(points, bodies, bulk=bulk, growth=growth, names=names)
    polygons = []
    for region, surface in zip(wanted, inward, strict=True):
        loops = _loops(points, surface)
        polygons.append(Polygon.with_sizes_of_sides(points[np.concatenate(loops)], loops, f"region {region}"))
    size = float(max(polygon.sizes.max() for polygon in polygons))
    parts, cells, count = [points], [], len(points)
    for polygon, (new, triangles) in zip(polygons, fill_polygons(polygons, size=size, growth=growth), strict=True):
        cells.append(polygon.in_whole(triangles, count))
        parts.append(new)
        count += len(new)
    return np.vstack(parts), cells


def _loops(points: Float, segments: Int) -> list[Int]:
    """Closed chains of segments, the outer one first."""
    loops = [np.array(loop) for loop in closed_loops({int(a): int(b) for a, b in segments})]
    return sorted(loops, key=lambda loop: -float(np.ptp(points[loop], axis=0).max()))


def _shells(points: Float, triangles: Int) -> list[Int]:
    """Closed surfaces that share no vertex, the outer one first."""
    a, b = triangles[:, :2].T, triangles[:, 1:].T
    label = connected_parts((a.ravel(), b.ravel()), len(points))[triangles[:, 0]]
    shells = [triangles[label == number] for number in np.unique(label)]
    return sorted(shells, key=lambda shell: -float(np.ptp(points[shell].reshape(-1, 3), axis=0).max()))
