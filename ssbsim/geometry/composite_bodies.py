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
from ssbsim.geometry.packing import ball_measure, draw_diameters, filled_fraction, pack_balls
from ssbsim.geometry.power_diagram import relax
from ssbsim.geometry.tessellation import Tessellation, loop_edges, tessellate

Floats = NDArray[np.float64]

WHERE = "geometry.particles"

_SIDES_OVER_NECK, _FINEST = 4.0, 4
"""Triangles of a sphere are at most so many times as wide as the neck beside them, and no finer than this part of the size."""

_WIDENING = 0.35
"""Growth of the triangles of a sphere per length along it, away from the nearest points."""

_FINER = (1.0, 1.5, 2.0, 3.0)
"""By what the sides of spheres are divided where their polyhedra would not fit otherwise."""

_EASILY_FILLED = {2: 0.7, 3: 0.56}
"""Fraction up to which a packing is quickly found, by dimension."""

_TAKEN = 0.015
"""Part by which polyhedra may fill more than their spheres in denser packings."""

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
    sides = np.array([largest_side(r, s, d) for r, s in zip(radii, sides, strict=True)])
    coarsest, around = _sides_that_fit(radii, sides, box, gap)
    centres = walls[0] + pack_balls(around, list(box), gap, generator, where=WHERE)
    if d == 3:
        return [_sphere(i, centres, radii, coarsest[i], walls, film) for i in range(len(radii))], []
    outlines = [disc_places(c, r)[:-1] for c, r in zip(centres, radii, strict=True)]
    discs = []
    for i, (centre, radius) in enumerate(zip(centres, radii, strict=True)):
        sizes = wanted_sizes(disc_places(centre, radius), i, outlines, walls, float(sides[i]), film)
        discs.append(make_disc(centre, radius, sizes, growth))
    return discs, outlines


def _sides_that_fit(radii: Floats, sides: Floats, box: Floats, gap: float) -> tuple[Floats, Floats]:
    """Largest sides with which the balls are easily packed, or the finest, and the reach of the balls with them.

    A polyhedron of few triangles reaches further out than the sphere of its volume, which takes room in dense packings.
    """
    d = len(box)
    most = max(_EASILY_FILLED[d], (1.0 + _TAKEN) * filled_fraction(radii, box, gap))
    for factor in _FINER:
        finer = sides / factor
        around = np.array([reach(r, s, d) for r, s in zip(radii, finer, strict=True)])
        if filled_fraction(around, box, gap) < most:
            break
    return finer, around


def _sphere(own: int, centres: Floats, radii: Floats, side: float, walls: Floats, film: float) -> Inclusion:
    """A sphere whose triangles are smaller where it comes near another or a wall.

    Triangles much wider than the neck there would leave cells without height in it.
    """
    centre, radius = centres[own], float(radii[own])
    away = np.delete(centres, own, axis=0) - centre
    distance = np.linalg.norm(away, axis=1)
    axes = np.eye(3)
    towards = np.vstack([away / distance[:, None], -axes, axes])
    to_others = distance - radius - np.delete(radii, own) - 2.0 * film
    necks = np.concatenate([to_others, centre - walls[0] - radius - film, walls[1] - centre - radius - film])
    near = _SIDES_OVER_NECK * necks < side
    nearest, sides = radius * towards[near], _SIDES_OVER_NECK * necks[near]

    def wanted(places: Floats) -> Floats:
        along = np.linalg.norm(places[:, None] - nearest, axis=2)
        return np.asarray((sides + _WIDENING * along).min(axis=1, initial=np.inf))

    return make_sphere(centre, radius, side, wanted, finest=_FINEST)


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
