"""Closed bodies apart from one another in a box: discs, spheres, polygons and polyhedra of exact measure.

Discs and spheres become polygons and polyhedra with all vertices at one distance from the centre, a little more than
the radius, so that the measure is that of the disc or sphere. A disc of radius r whose chords span angles up to a
reaches out to at most r sqrt(a / sin a), which is what is packed: the gap holds between the polygons themselves.

Outlines in 2D have a local size, at most `size` and where another outline or a wall is near the distance d to it,

    s = max(size / 6, min(size, d)),    |ds/dl| <= growth - 1    along the outline,

so that cells in a narrow gap keep their shape. Triangles of spheres are divided likewise, by powers of two.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ssbsim.geometry.arrays import Float, Int
from ssbsim.geometry.particles.packing import ball_measure
from ssbsim.geometry.particles.spheres import triangulate_sphere

CHORDS = 24
"""Least number of chords of a disc."""

_CHORDS_OF_SPHERE = 16
_FINEST = 6.0
_SAMPLES = 192


WHERE = "geometry.particles"
"""Place of the bodies in the case, for messages."""


@dataclass(frozen=True, eq=False)
class Container:
    """The box that bodies are put into, and what is asked for between them.

    Attributes:
        corner: Lower corner of the box, shape (d,).
        extent: Its edges, shape (d,).
        gap: Smallest distance between two bodies and to the walls.
        film: Thickness of the film around every body, which takes from the distance between them.
        growth: Sizes grow by at most this ratio from facet to facet.
    """

    corner: Float
    extent: Float
    gap: float
    film: float
    growth: float

    @property
    def walls(self) -> Float:
        """Lower and upper corner of the box, shape (2, d)."""
        return np.stack([self.corner, self.corner + self.extent])


@dataclass(frozen=True, eq=False)
class Inclusion:
    """A closed body.

    Attributes:
        points: Vertices, shape (n, d).
        facets: Segments or triangles, normals outwards, shape (k, d).
    """

    points: Float
    facets: Int

    @property
    def measure(self) -> float:
        """Area or volume."""
        corners = self.points[self.facets] - self.points.mean(axis=0)
        dimension = self.points.shape[1]
        # The normal of a segment is to its left, so that an outline with normals outwards turns to the right.
        sign = -1.0 if dimension == 2 else 1.0
        return sign * float(np.linalg.det(corners).sum()) / math.factorial(dimension)

    def scaled_to(self, measure: float, centre: Float) -> Inclusion:
        """The same body, larger or smaller around a centre, with another measure."""
        factor = (measure / self.measure) ** (1.0 / self.points.shape[1])
        return Inclusion(centre + factor * (self.points - centre), self.facets)


def largest_side(radius: float, size: float, dimension: int) -> float:
    """Largest side of the polygon or polyhedron that stands for a disc or sphere."""
    return min(size, 2.0 * math.pi * radius / (CHORDS if dimension == 2 else _CHORDS_OF_SPHERE))


def reach(radius: float, size: float, dimension: int) -> float:
    """Furthest point of the polygon or polyhedron of the same measure as a disc or sphere, from its centre."""
    side = largest_side(radius, size, dimension)
    if dimension == 2:
        angle = side / radius
        return radius * math.sqrt(angle / math.sin(angle))
    return float(np.linalg.norm(make_sphere(np.zeros(3), radius, size).points[0]))


def make_sphere(
    centre: Float, radius: float, size: float, wanted: Callable[[Float], Float] | None = None, *, finest: int = 1
) -> Inclusion:
    """A sphere with triangles of one size, or smaller ones where sides wanted at points around the origin are."""
    points, triangles = triangulate_sphere(radius, largest_side(radius, size, 3), wanted, finest=finest)
    return Inclusion(centre + points, triangles).scaled_to(ball_measure(radius, 3), centre)


def make_disc(centre: Float, radius: float, sizes: Float, growth: float) -> Inclusion:
    """A disc whose chords have sizes given at equally spaced places around it, counted from the x axis."""
    angles = 2.0 * math.pi * divide(sizes, 2.0 * math.pi * radius, growth, is_closed=True)[:-1]
    points = centre + radius * np.column_stack([np.cos(angles), -np.sin(angles)])
    return Inclusion(points, closed_loop(len(points))).scaled_to(ball_measure(radius, 2), centre)


def disc_places(centre: Float, radius: float) -> Float:
    """The places around a disc where `make_disc` wants sizes; the last is the first again."""
    angles = 2.0 * math.pi * np.arange(_SAMPLES + 1) / _SAMPLES
    return centre + radius * np.column_stack([np.cos(angles), -np.sin(angles)])


def side_places(start: Float, end: Float) -> Float:
    """Places along a straight side where `divide` wants sizes."""
    return start + np.linspace(0.0, 1.0, _SAMPLES + 1)[:, None] * (end - start)


def divide(sizes: Float, length: float, growth: float, *, is_closed: bool = False) -> Float:
    """Divide a curve into pieces no longer than the size wanted there.

    Args:
        sizes: Wanted sizes at equally spaced places from start to end of the curve.
        length: Of the curve.
        growth: Sizes grow by at most `growth` - 1 per unit of length.
        is_closed: Whether the end is the start.

    Returns:
        Ends of the pieces as fractions of the length, from 0 to 1.
    """
    places = np.linspace(0.0, length, len(sizes))
    apart = np.abs(places[:, None] - places)
    if is_closed:
        apart = np.minimum(apart, length - apart)
    limited = np.min(sizes + (growth - 1.0) * apart, axis=1)
    density = 0.5 * (1.0 / limited[1:] + 1.0 / limited[:-1]) * np.diff(places)
    passed = np.concatenate([[0.0], np.cumsum(density)])
    count = max(1, math.ceil(passed[-1] * (1.0 - 1e-9)))
    fractions: Float = np.interp(np.linspace(0.0, passed[-1], count + 1), passed, places / length)
    fractions[[0, -1]] = 0.0, 1.0
    return fractions


def closed_loop(count: int) -> Int:
    """Segments (0, 1), (1, 2), ... and back to 0."""
    vertices = np.arange(count)
    return np.column_stack([vertices, np.roll(vertices, -1)])


def wanted_sizes(places: Float, own: int, outlines: Sequence[Float], walls: Float, size: float, film: float) -> Float:
    """Sizes at places on an outline from the distances to the others and to the walls.

    Args:
        places: Shape (n, 2).
        own: Index of the outline they are on, -1 for a wall.
        outlines: Corners of every outline.
        walls: Lower and upper corner of the box, shape (2, 2).
        size: Largest size.
        film: Thickness of the film on every outline: it takes from the distance.
    """
    distance = np.full(len(places), np.inf)
    if own >= 0:
        distance = np.minimum(places - walls[0], walls[1] - places).min(axis=1) - film
    low, high = places.min(axis=0) - size - 2.0 * film, places.max(axis=0) + size + 2.0 * film
    for other, outline in enumerate(outlines):
        if other == own or np.any(outline.max(axis=0) < low) or np.any(outline.min(axis=0) > high):
            continue
        between = _distances(places, outline) - (2.0 if own >= 0 else 1.0) * film
        distance = np.minimum(distance, between)
    return np.clip(distance, size / _FINEST, size)


def _distances(places: Float, outline: Float) -> Float:
    """Distances of places outside a polygon from it."""
    along = np.roll(outline, -1, axis=0) - outline
    offset = places[:, None] - outline
    fraction = np.clip(np.sum(offset * along, axis=2) / np.sum(along**2, axis=1), 0.0, 1.0)
    return np.asarray(np.linalg.norm(offset - fraction[..., None] * along, axis=2).min(axis=1))
