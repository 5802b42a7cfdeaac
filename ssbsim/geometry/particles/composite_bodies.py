"""Particles and voids of a composite electrode: sizes, places and outlines.

Lengths are in units of the longest side of the box.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ssbsim.case import CompositeGeometry
from ssbsim.geometry.arrays import Float
from ssbsim.geometry.particles.inclusions import (
    WHERE,
    Container,
    Inclusion,
    disc_places,
    largest_side,
    make_disc,
    make_sphere,
    reach,
    wanted_sizes,
)
from ssbsim.geometry.particles.packing import draw_diameters, filled_fraction, pack_balls
from ssbsim.geometry.particles.polygon_bodies import make_polygons

_SIDES_OVER_NECK, _FINEST = 4.0, 4
"""Triangles of a sphere are at most so many times as wide as the neck beside them, and no finer than this part of the size."""

WIDENING = 0.35
"""Growth of triangles on spheres and walls per length, away from the nearest points."""

_FINER = (1.0, 1.5, 2.0, 2.5, 3.0)
"""By what the sides of spheres are divided where their polyhedra would not fit otherwise."""

_EASILY_FILLED = {2: 0.7, 3: 0.56}
"""Fraction up to which a packing is quickly found, by dimension."""

_TAKEN = 0.02
"""Part by which polyhedra may fill more than their spheres in denser packings."""


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
    outlines: tuple[Float, ...]
    particles: int
    radii: Float


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
    corner = np.zeros(d)
    corner[0] = geometry.composite_start / unit
    extent = np.array(geometry.composite_extent) / unit
    container = Container(corner, extent, gap=particles.gap / unit, film=film, growth=geometry.spacing.growth)
    make = make_polygons if particles.shape == "polygon" else _make_balls
    inclusions, outlines = make(radii, sides, container, generator)
    return Bodies(tuple(inclusions), tuple(outlines), count, radii)


def _make_balls(
    radii: Float, sides: Float, container: Container, generator: np.random.Generator
) -> tuple[list[Inclusion], list[Float]]:
    d, walls = len(container.extent), container.walls
    sides = np.array([largest_side(r, s, d) for r, s in zip(radii, sides, strict=True)])
    coarsest, around = _sides_that_fit(radii, sides, container)
    centres = walls[0] + pack_balls(around, list(container.extent), container.gap, generator, where=WHERE)
    if d == 3:
        return [_sphere(i, centres, radii, coarsest[i], container) for i in range(len(radii))], []
    outlines = [disc_places(c, r)[:-1] for c, r in zip(centres, radii, strict=True)]
    discs = []
    for i, (centre, radius) in enumerate(zip(centres, radii, strict=True)):
        sizes = wanted_sizes(disc_places(centre, radius), i, outlines, walls, float(coarsest[i]), container.film)
        discs.append(make_disc(centre, radius, sizes, container.growth))
    return discs, outlines


def _sides_that_fit(radii: Float, sides: Float, container: Container) -> tuple[Float, Float]:
    """Largest sides with which the balls are easily packed, or the finest, and the reach of the balls with them.

    A polyhedron of few triangles reaches further out than the sphere of its volume, which takes room in dense packings.
    """
    box, gap = container.extent, container.gap
    d = len(box)
    most = max(_EASILY_FILLED[d], (1.0 + _TAKEN) * filled_fraction(radii, box, gap))
    for factor in _FINER:
        finer = np.asarray(sides / factor, dtype=np.float64)
        around = np.array([reach(float(r), float(s), d) for r, s in zip(radii, finer, strict=True)])
        if filled_fraction(around, box, gap) < most:
            break
    return finer, around


def _sphere(own: int, centres: Float, radii: Float, side: float, container: Container) -> Inclusion:
    """A sphere whose triangles are smaller where it comes near another or a wall.

    Triangles much wider than the neck there would leave cells without height in it.
    """
    walls, film = container.walls, container.film
    centre, radius = centres[own], float(radii[own])
    away = np.delete(centres, own, axis=0) - centre
    distance = np.linalg.norm(away, axis=1)
    axes = np.eye(3)
    towards = np.vstack([away / distance[:, None], -axes, axes])
    to_others = distance - radius - np.delete(radii, own) - 2.0 * film
    necks = np.concatenate([to_others, centre - walls[0] - radius - film, walls[1] - centre - radius - film])
    near = _SIDES_OVER_NECK * necks < side
    nearest, sides = radius * towards[near], _SIDES_OVER_NECK * necks[near]

    def wanted(places: Float) -> Float:
        along = np.linalg.norm(places[:, None] - nearest, axis=2)
        return np.asarray((sides + WIDENING * along).min(axis=1, initial=np.inf))

    return make_sphere(centre, radius, side, wanted, finest=_FINEST)
