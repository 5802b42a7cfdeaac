"""A body cut into grains by polygonal curves (2D) or triangulated surfaces (3D): what generators hand to the mesher.

A generator (polycrystal, composite, image) knows where the grains are; `mesh_partition` knows how to fill them with
cells. Between them stands this: facets with a grain on each side. Lengths are in metres.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ssbsim.geometry.mesh_data import Grain

OUTSIDE = -1
"""Index of the grain beyond a wall."""


@dataclass(frozen=True, eq=False)
class Partition:
    """Facets between grains, and between grains and the outside.

    The normal of a segment (a, b) is b - a turned by +90 degrees (to its left); that of a triangle (a, b, c) is
    (b - a) x (c - a). Facets meet in whole vertices (2D) or whole edges (3D) only, and close every grain. The mesher
    divides segments further where they are longer than the size asked for; it never joins them, so that a generator
    gives curved interfaces with the chords it wants, and straight ones with their end points. Triangles are kept.

    Attributes:
        points: Coordinates (m), shape (n, d), d = 2 or 3.
        facets: Vertices of every segment or triangle, shape (k, d).
        sides: Grains of every facet, shape (k, 2): the one that the normal points into, then the other one;
            `OUTSIDE` beyond a wall.
        wall: Index into `boundaries` of facets on the outside, -1 for the others, shape (k,).
        grains: The grains.
        boundaries: Names of the walls. Every wall is flat.
        film: Thickness (m) of the film that covers the facet on each side (in the order of `sides`), shape (k, 2);
            0 for none. A film is cut out of the grain on that side: half a grain-boundary core on either side of a
            grain boundary, or a coating on the outer side of a particle.
        film_grain: Index into `grains` of each film, shape (k, 2); -1 where there is none.
        resolved: Whether cells are to be thin (`spacing.interface`) at this facet, shape (k,).
    """

    points: NDArray[np.float64]
    facets: NDArray[np.int64]
    sides: NDArray[np.int32]
    wall: NDArray[np.int32]
    grains: tuple[Grain, ...]
    boundaries: tuple[str, ...]
    film: NDArray[np.float64]
    film_grain: NDArray[np.int32]
    resolved: NDArray[np.bool_]
    notes: tuple[str, ...] = field(default=())

    @property
    def dimension(self) -> int:
        """Dimension of the space: 2 or 3."""
        return int(self.points.shape[1])
