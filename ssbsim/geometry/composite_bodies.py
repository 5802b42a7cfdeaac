"""Particles and voids of a composite electrode: sizes, places and outlines.

Lengths are in units of the longest side of the box.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssbsim.case import CompositeGeometry
from ssbsim.geometry.faces import triangulate_faces
from ssbsim.geometry.healing import heal
from ssbsim.geometry.inclusions import (
    Inclusion,
    check_gaps,
    closed_loop,
    disc_places,
    divide,
    largest_side,
    make_disc,
    make_sphere,
    reach,
    side_places,
    wanted_sizes,
)
from ssbsim.geometry.packing import ball_measure, draw_diameters, pack_balls
from ssbsim.geometry.power_diagram import relax
from ssbsim.geometry.tessellation import Tessellation, loop_edges, tessellate

Floats = NDArray[np.float64]

WHERE = "geometry.particles"

_SIDES_OVER_NECK, _FINEST = 1.5, 4.0
"""Triangles of a sphere are at most so many times as wide as the neck beside it, and no finer than this part of the size."""

_SEED_FRACTION = 0.3
"""Seeds of polygons are the centres of balls in the ratio of the polygons that fill this part of the composite."""

_LLOYD_STEPS = 3
_SHORTEST_EDGE = 0.2
"""Edges of polygons shorter than this part of their diameter are removed."""


@dataclass(frozen=True, eq=False)
class Bodies:
    """Everything in the matrix.

    Attributes:
        inclusions: Particles, the largest first, then voids.
        outlines: Their corners, in 2D (for the distance to them).
        particles: Number of particles.
        radii: Radius of the disc or sphere of the same measure.
    """

    inclusions: tuple[Inclusion, ...]
    outlines: tuple[Floats, ...]
    particles: int
    radii: Floats


def make_bodies(
    geometry: CompositeGeometry, unit: float, side: float, generator: np.random.Generator, *, film: float
) -> Bodies:
    """Draw, place and outline the particles and voids of a composite.

    Args:
        geometry: The section of the case.
        unit: Length of the unit (m).
        side: Largest side of outlines on account of the matrix.
        generator: Source of everything random.
        film: Thickness of the coating.

    Raises:
        MeshError: where there is no room for them.
    """
    d, particles, voids = geometry.dimension, geometry.particles, geometry.voids
    whole = geometry.composite_measure / unit**d
    radii = draw_diameters(particles.volume_fraction * whole, particles.size / unit, particles.spread, d, generator) / 2
    count = len(radii)
    if voids is not None:
        drawn = draw_diameters(voids.volume_fraction * whole, voids.size / unit, voids.spread, d, generator)
        radii = np.concatenate([radii, drawn / 2])
    sides = np.full(len(radii), side)
    if particles.grains > 1:
        # At least four cells across a grain.
        sides[:count] = np.minimum(sides[:count], 2.0 * radii[:count] / particles.grains ** (1.0 / d) / 4.0)
    lower = np.zeros(d)
    lower[0] = geometry.composite_start / unit
    box = np.array(geometry.composite_extent) / unit
    walls = np.stack([lower, lower + box])
    gap = particles.gap / unit
    make = _polygons if particles.shape == "polygon" else _balls
    inclusions, outlines = make(radii, sides, box, walls, gap, generator, film=film, growth=geometry.spacing.growth)
    return Bodies(tuple(inclusions), tuple(outlines), count, radii)


def _balls(
    radii: Floats,
    sides: Floats,
    box: Floats,
    walls: Floats,
    gap: float,
    generator: np.random.Generator,
    *,
    film: float,
    growth: float,
) -> tuple[list[Inclusion], list[Floats]]:
    d = len(box)
    around = np.array([reach(r, s, d) for r, s in zip(radii, sides, strict=True)])
    centres = walls[0] + pack_balls(around, list(box), gap, generator, where=WHERE)
    if d == 3:
        # Triangles much wider than the neck to the next surface would leave cells without height in it.
        necks = _nearest_surfaces(centres, around, walls) - 2.0 * film
        fine = np.clip(_SIDES_OVER_NECK * necks, sides / _FINEST, sides)
        return [make_sphere(c, r, s) for c, r, s in zip(centres, radii, fine, strict=True)], []
    outlines = [disc_places(c, r)[:-1] for c, r in zip(centres, radii, strict=True)]
    discs = []
    for i, (centre, radius) in enumerate(zip(centres, radii, strict=True)):
        side = largest_side(radius, sides[i], d)
        sizes = wanted_sizes(disc_places(centre, radius), i, outlines, walls, side, film)
        discs.append(make_disc(centre, radius, sizes, growth))
    return discs, outlines


def _nearest_surfaces(centres: Floats, radii: Floats, walls: Floats) -> Floats:
    """Distance of every ball to the next ball or wall."""
    apart = np.linalg.norm(centres[:, None] - centres[None], axis=2) - radii[:, None] - radii[None]
    np.fill_diagonal(apart, np.inf)
    to_walls = np.minimum(centres - walls[0], walls[1] - centres).min(axis=1) - radii
    return np.asarray(np.minimum(apart.min(axis=1, initial=np.inf), to_walls))


def _polygons(
    radii: Floats,
    sides: Floats,
    box: Floats,
    walls: Floats,
    gap: float,
    generator: np.random.Generator,
    *,
    film: float,
    growth: float,
) -> tuple[list[Inclusion], list[Floats]]:
    d = len(box)
    measures = np.array([ball_measure(r, d) for r in radii])
    whole = float(np.prod(box))
    smaller = radii * (_SEED_FRACTION * whole / measures.sum()) ** (1.0 / d)
    seeds = pack_balls(smaller, list(box), 0.0, generator, where=WHERE)
    # Tolerances of tessellations are for cells of a size about 1.
    scale = (whole / len(radii)) ** (1.0 / d)
    targets = measures * (whole / measures.sum()) / scale**d
    diagram = relax(seeds / scale, targets, box / scale, steps=_LLOYD_STEPS)
    cells = heal(tessellate(diagram), _SHORTEST_EDGE)
    bodies = []
    for cell, measure in enumerate(measures):
        corners, loops = _cell(cells, cell)
        corners = walls[0] + scale * corners
        side = float(sides[cell])
        if d == 2:
            body = Inclusion(corners, closed_loop(len(corners)))
        else:
            filled = triangulate_faces(corners, [[loop] for loop in loops], side, growth=growth, where=WHERE)
            body = Inclusion(filled.points, filled.triangles)
        bodies.append(body.scaled_to(float(measure), body.points.mean(axis=0)))
    check_gaps([body.points for body in bodies], diagram.seeds * scale, walls, gap, where=WHERE)
    if d == 3:
        return bodies, []
    outlines = [body.points for body in bodies]
    divided = []
    for i, corners in enumerate(outlines):
        points = []
        following = np.roll(corners, -1, axis=0)
        for k in range(len(corners)):
            start, end = corners[k : k + 1], following[k : k + 1]
            length = float(np.linalg.norm(end - start))
            sizes = wanted_sizes(side_places(start[0], end[0]), i, outlines, walls, float(sides[i]), film)
            points.append(start + divide(sizes, length, growth)[:-1, None] * (end - start))
        divided.append(Inclusion(np.vstack(points), closed_loop(sum(map(len, points)))))
    return divided, outlines


def _cell(cells: Tessellation, cell: int) -> tuple[Floats, list[list[int]]]:
    """Corners of a cell, in 2D in the order of the outline, and its faces; normals outwards."""
    loops = []
    for face in np.flatnonzero((cells.sides == cell).any(axis=1)):
        loop = list(cells.loops[face])
        loops.append(loop if cells.sides[face, 0] != cell else loop[::-1])
    if cells.dimension == 2:
        after = dict(edge for loop in loops for edge in loop_edges(loop))
        around = [min(after)]
        while after[around[-1]] != around[0]:
            around.append(after[around[-1]])
        return cells.points[around], []
    used = sorted({v for loop in loops for v in loop})
    number = {v: n for n, v in enumerate(used)}
    return cells.points[used], [[number[v] for v in loop] for loop in loops]


__all__ = ["WHERE", "Bodies", "make_bodies"]
