"""Polygons (polyhedra in 3D) of exact measure, a gap apart: cells of a Laguerre tessellation made smaller.

The cells fill the composite but for half a gap at its walls. Each becomes smaller around the centre of its largest ball:
with the factor s, the distance h of the centre from the plane of a face leaves (1 - s) h there, so that the ball of
radius r, which is the largest least h, leaves a gap of at least

    g = 2 (1 - s) r,    s = (m / V)^(1/d),

m being the measure of the body and V that of its cell. A flat cell leaves less than a round one. So measures of the
cells are not in the ratio of those of the bodies, but such that all gaps get equal: with the roundness rho = r / V^(1/d),

    V^(1/d) = m^(1/d) + g / (2 rho),    sum V = measure of the box,

which gives g. Cells, seeds (moved to the centroids) and roundness follow one another, step by step, until the gaps
between the bodies themselves are wide enough.

Short edges are removed from each cell for itself. Its corners stay inside it, so that the gap remains, but faces may end
up slightly bent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from ssbsim.errors import MeshError
from ssbsim.geometry.arrays import Float
from ssbsim.geometry.connectivity import closed_loops
from ssbsim.geometry.grains.healing import heal
from ssbsim.geometry.grains.power_diagram import PowerDiagram, fit_measures
from ssbsim.geometry.grains.tessellation import Tessellation, compact, tessellate
from ssbsim.geometry.particles.inclusions import (
    WHERE,
    Container,
    Inclusion,
    closed_loop,
    divide,
    side_places,
    wanted_sizes,
)
from ssbsim.geometry.particles.inscribed import hull_distance, inscribed_balls
from ssbsim.geometry.particles.packing import ball_measure, pack_balls
from ssbsim.geometry.partition import OUTSIDE
from ssbsim.geometry.solid.faces import triangulate_faces

_SEED_FRACTIONS = (0.3, 0.2, 0.1)
"""Seeds are the centres of balls in the ratio of the polygons that fill this part of the composite, the first that fits."""

_STEPS = (4, 12)
"""Steps of the cells before the gaps are looked at, and before giving up; gaps hardly grow after these."""

_TOLERANCE = 1e-2
"""Of the measures of the cells; those of the bodies are exact all the same."""

_SHORTEST_EDGE = 0.2
"""Edges of polygons shorter than this part of their diameter are removed."""

_SIDES_OVER_NECK, _FINEST = 2.5, 4.0
"""Triangles are at most so many times as wide as the neck beside their body, and no finer than this part of the size.

In a gap between faces cells may be wider than where spheres nearly touch: measured, finer ones are no better.
"""


def make_polygons(
    radii: Float, sides: Float, container: Container, generator: np.random.Generator
) -> tuple[list[Inclusion], list[Float]]:
    """Polygons of the measure of given discs or spheres.

    Args:
        radii: Of the discs or spheres, shape (n,).
        sides: Largest side of the facets of each, shape (n,).
        container: Where they are put.
        generator: Source of everything random.

    Returns:
        The bodies, and in 2D their corners.

    Raises:
        MeshError: where the gap is too wide.
    """
    walls, gap, film, growth = container.walls, container.gap, container.film, container.growth
    d, inner = len(container.extent), container.extent - gap
    measures = np.array([ball_measure(r, d) for r in radii])
    whole = float(np.prod(inner))
    if measures.sum() >= whole:
        raise _gap_too_wide(0.0)
    seeds = _seeds(radii * (whole / measures.sum()) ** (1.0 / d), inner, generator)
    # Tolerances of tessellations are for cells of a size about 1.
    scale = (whole / len(radii)) ** (1.0 / d)
    widest = 0.0
    for step, diagram in enumerate(_relaxed(seeds / scale, measures / scale**d, inner / scale)):
        if step < _STEPS[0]:
            continue
        shapes, centres = _shapes(diagram, measures / scale**d)
        outlines = [walls[0] + 0.5 * gap + scale * corners for corners, _ in shapes]
        necks = _necks(outlines, walls, gap + 2.0 * film + float(sides.max()))
        if d == 2 and necks.min() >= gap:
            return _divided(outlines, sides, container), outlines
        if d == 3 and necks.min() >= gap:
            bodies = []
            fine = np.clip(_SIDES_OVER_NECK * (necks - 2.0 * film), sides / _FINEST, sides)
            for number, corners in enumerate(outlines):
                faces = [[loop] for loop in shapes[number][1]]
                filled = triangulate_faces(corners, faces, float(fine[number]), growth=growth, where=WHERE)
                centre = walls[0] + 0.5 * gap + scale * centres[number]
                bodies.append(Inclusion(filled.points, filled.triangles).scaled_to(float(measures[number]), centre))
            # Inside, bent faces may stand out a little beyond their corners.
            necks = _necks([body.points for body in bodies], walls, gap)
            if necks.min() >= gap:
                return bodies, []
        widest = max(widest, float(necks.min()))
        if step == _STEPS[1]:
            break
    raise _gap_too_wide(widest / gap)


def _gap_too_wide(share: float) -> MeshError:
    return MeshError(
        f"Polygons that fill so much of the composite leave gaps down to {100.0 * share:.3g} % of the gap asked for.",
        where=WHERE,
        hint="make volume_fraction, gap or spread smaller, or try another seed",
    )


def _seeds(radii: Float, box: Float, generator: np.random.Generator) -> Float:
    """Centres of balls that would fill the box, made smaller."""
    *larger, smallest = (fraction ** (1.0 / len(box)) for fraction in _SEED_FRACTIONS)
    for factor in larger:
        try:
            return pack_balls(factor * radii, list(box), 0.0, generator, where=WHERE)
        except MeshError:
            # A few large ones among small ones may not fit between the walls.
            continue
    return pack_balls(smallest * radii, list(box), 0.0, generator, where=WHERE)


def _relaxed(seeds: Float, measures: Float, box: Float) -> Iterator[PowerDiagram]:
    """Tessellations with more and more equal gaps between bodies of given measures in their cells, without end."""
    from scipy.optimize import brentq

    d = len(box)
    whole = float(np.prod(box))
    targets = measures * (whole / measures.sum())
    weights: Float | None = None
    while True:
        diagram = fit_measures(seeds, targets, box, weights=weights, tolerance=_TOLERANCE)
        yield diagram
        found, seeds = diagram.measures_and_centroids()
        weights = diagram.weights
        roundness = inscribed_balls(*diagram.planes())[1] / found ** (1.0 / d)

        def needed(gap: float, roundness: Float = roundness) -> Float:
            return np.asarray((measures ** (1.0 / d) + gap / (2.0 * roundness)) ** d)

        most = 2.0 * float(roundness.max()) * whole ** (1.0 / d)
        targets = needed(brentq(lambda gap, need=needed: float(need(gap).sum()) - whole, 0.0, most))
        targets *= whole / targets.sum()


def _shapes(diagram: PowerDiagram, measures: Float) -> tuple[list[tuple[Float, list[list[int]]]], Float]:
    """Corners and faces of bodies of given measures in the cells, and the centres around which they are smaller."""
    cells = tessellate(diagram)
    centres = inscribed_balls(*diagram.planes())[0]
    shapes = []
    for number, (measure, centre) in enumerate(zip(measures, centres, strict=True)):
        cell = _without_short_edges(cells, number)
        factor = (measure / cell.cell_measures()[0]) ** (1.0 / cells.dimension)
        corners, loops = _outline(cell)
        shapes.append((centre + factor * (corners - centre), loops))
    return shapes, centres


def _without_short_edges(cells: Tessellation, number: int) -> Tessellation:
    """One of the cells, alone."""
    faces = np.flatnonzero((cells.sides == number).any(axis=1))
    alone = replace(
        cells,
        loops=tuple(cells.loops[face] for face in faces),
        sides=np.where(cells.sides[faces] == number, number, OUTSIDE),
        wall=cells.wall[faces],
    )
    return heal(compact(alone), _SHORTEST_EDGE)


def _outline(cell: Tessellation) -> tuple[Float, list[list[int]]]:
    """Corners of a cell, in 2D in the order around it, and its faces; normals outwards."""
    sides = cell.sides[:, 0]
    loops = [list(loop) if side == OUTSIDE else list(loop[::-1]) for loop, side in zip(cell.loops, sides, strict=True)]
    if cell.dimension == 3:
        return cell.points, loops
    around = closed_loops({start: end for start, end in sorted(loops)})[0]
    return cell.points[around], [[start, (start + 1) % len(around)] for start in range(len(around))]


def _necks(bodies: Sequence[Float], walls: Float, furthest: float) -> Float:
    """Distance of the hull of each body from the next one or a wall; other bodies count when nearer than `furthest`."""
    from scipy.spatial import ConvexHull

    hulls = [points[ConvexHull(points).vertices] for points in bodies]
    necks = np.array([min(float(np.min(hull - walls[0])), float(np.min(walls[1] - hull))) for hull in hulls])
    for i, j in combinations(range(len(hulls)), 2):
        one, other = hulls[i], hulls[j]
        between = np.maximum(one.min(axis=0) - other.max(axis=0), other.min(axis=0) - one.max(axis=0))
        if between.max() < furthest:
            necks[[i, j]] = np.minimum(necks[[i, j]], hull_distance(one, other))
    return necks


def _divided(outlines: Sequence[Float], sides: Float, container: Container) -> list[Inclusion]:
    """Outlines with segments as short as the distance to the next one demands."""
    divided = []
    for i, corners in enumerate(outlines):
        points = []
        following = np.roll(corners, -1, axis=0)
        for k in range(len(corners)):
            start, end = corners[k], following[k]
            length = float(np.linalg.norm(end - start))
            sizes = wanted_sizes(side_places(start, end), i, outlines, container.walls, float(sides[i]), container.film)
            points.append(start + divide(sizes, length, container.growth)[:-1, None] * (end - start))
        divided.append(Inclusion(np.vstack(points), closed_loop(sum(map(len, points)))))
    return divided
