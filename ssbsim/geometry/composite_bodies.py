"""Particles and voids of a composite electrode: sizes, places and outlines.

Lengths are in units of the longest side of the box.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssbsim.case import CompositeGeometry
from ssbsim.geometry.inclusions import (
    Inclusion,
    disc_places,
    largest_side,
    make_disc,
    make_sphere,
    reach,
    wanted_sizes,
)
from ssbsim.geometry.packing import draw_diameters, pack_balls
from ssbsim.geometry.polygon_bodies import make_polygons

Floats = NDArray[np.float64]

WHERE = "geometry.particles"

_SIDES_OVER_NECK, _FINEST = 1.5, 4.0
"""Triangles of a sphere are at most so many times as wide as the neck beside it, and no finer than this part of the size."""


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
    make = make_polygons if particles.shape == "polygon" else _balls
    inclusions, outlines = make(
        radii, sides, box, walls, gap, generator, film=film, growth=geometry.spacing.growth, where=WHERE
    )
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
    where: str,
) -> tuple[list[Inclusion], list[Floats]]:
    d = len(box)
    around = np.array([reach(r, s, d) for r, s in zip(radii, sides, strict=True)])
    centres = walls[0] + pack_balls(around, list(box), gap, generator, where=where)
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


__all__ = ["WHERE", "Bodies", "make_bodies"]
