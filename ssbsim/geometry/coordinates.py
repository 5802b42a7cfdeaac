r"""What a mesh stands for: a slab, a wire, a ball or a body of revolution, and the weight that its integrals carry.

The first coordinate of a mesh is x, or the radius r; a body of revolution turns about the axis r = 0, along which the
second coordinate runs. Integrals over the mesh are weighed so that they are those over the body::

    integral over the body = integral over the mesh of (factor r^exponent) ...

============  ====  =================  ========================================  ===================================
coordinates   mesh  weight             volume, amount, current of                area of a facet
============  ====  =================  ========================================  ===================================
planar        1D    1                  a cross-section of 1 m2: m, mol/m2, A/m2  1
planar        2D    1                  1 m of depth: m2, mol/m, A/m              its length, m
planar        3D    1                  the body: m3, mol, A                      its area, m2
cylindrical   1D    :math:`2 \pi r`    1 m of the wire: m2, mol/m, A/m           m2 of the wall per m of wire: m
spherical     1D    :math:`4 \pi r^2`  the whole sphere: m3, mol, A              the whole sphere: m2
axisymmetric  2D    :math:`2 \pi r`    the whole body: m3, mol, A                the whole surface: m2
============  ====  =================  ========================================  ===================================

Densities are per real area everywhere: a current density is that through the wall where it passes.

Means over a simplex of d dimensions with corners r_i, by the integral of products of its hat functions lambda_i
(A. H. Stroud, Approximate Calculation of Multiple Integrals, 1971), h_m being the sum of all products of m factors from the
values named (h_1 = a + b + .., h_2 = a^2 + a b + b^2 + ..)::

    mean of r^m                       = d! m! / (d + m)!           h_m(r_0 .. r_d)
    mean of (d + 1) lambda_i r^m      = (d + 1)! m! / (d + m + 1)! h_m(r_0 .. r_d, r_i)

The second is the weight at corner i of a rule that takes its values at the corners: amounts of a uniform state are exact, and
a node on the axis or in the centre has a weight, where r^m itself has none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssbsim.errors import CaseError, MeshError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Units:
    """Units of what is summed over a body.

    Args:
        volume: Of a part of the body.
        area: Of a part of its surface.
        amount: Of a substance in it.
        resistance: Of the whole of it.
    """

    volume: str
    area: str
    amount: str
    resistance: str


#: By the power of the metre in a volume: per m2 of cross-section, per m of depth or wire, of the whole body.
UNITS = {
    1: Units("m", "1", "mol/m^2", "ohm m^2"),
    2: Units("m^2", "m", "mol/m", "ohm m"),
    3: Units("m^3", "m^2", "mol", "ohm"),
}


@dataclass(frozen=True)
class Coordinates:
    """A coordinate system and its weight ``factor r^exponent``.

    Args:
        name: As in the case file.
        dimensions: Dimensions of the meshes that it is for.
        exponent: Power of r in the weight.
        factor: Its factor.
        turns: Dimensions that a volume has beside those of the mesh.
    """

    name: str
    dimensions: tuple[int, ...]
    exponent: int
    factor: float
    turns: int

    @property
    def is_planar(self) -> bool:
        """Whether nothing is weighed."""
        return self.exponent == 0

    def volume_dimension(self, mesh_dimension: int) -> int:
        """Power of the metre in a volume."""
        return mesh_dimension + self.turns

    def units(self, mesh_dimension: int) -> Units:
        """Units of what is summed over a body."""
        return UNITS[self.volume_dimension(mesh_dimension)]

    def means(self, r: Floats) -> Floats:
        """Mean weight over simplices.

        Args:
            r: First coordinate of their corners, shape (simplices, corners).

        Returns:
            Shape (simplices,).
        """
        m, d = self.exponent, r.shape[1] - 1
        share = math.factorial(d) * math.factorial(m) / math.factorial(d + m)
        return np.asarray(self.factor * share * _sum_of_products(r.sum(axis=1), (r * r).sum(axis=1), m))

    def corner_weights(self, r: Floats) -> Floats:
        """Weight at every corner of simplices, for a rule that takes its values there.

        Args:
            r: First coordinate of their corners, shape (simplices, corners).

        Returns:
            Shape (simplices, corners); the mean of them is that of :meth:`means`.
        """
        m, d = self.exponent, r.shape[1] - 1
        share = math.factorial(d + 1) * math.factorial(m) / math.factorial(d + m + 1)
        first, second = r.sum(axis=1, keepdims=True) + r, (r * r).sum(axis=1, keepdims=True) + r * r
        return np.asarray(self.factor * share * _sum_of_products(first, second, m))

    def corner_volumes(self, corners: Floats) -> Floats:
        """Part of the volume of the body that belongs to every corner of simplices.

        Args:
            corners: Shape (simplices, d + 1, d).

        Returns:
            Shape (simplices, d + 1).
        """
        edges = corners[:, 1:] - corners[:, :1]
        shares = np.abs(np.linalg.det(edges)) / math.factorial(corners.shape[1])
        return np.asarray(shares[:, None] * self.corner_weights(corners[:, :, 0]))

    def check(self, points: Floats, *, where: str = "geometry.coordinates") -> None:
        """Make sure that a mesh can stand for a body in these coordinates.

        Args:
            points: Its points, shape (n, d).
            where: The place in the case, for messages.

        Raises:
            MeshError: It has another dimension, or lies on both sides of the axis.
        """
        dimension = points.shape[1]
        if dimension not in self.dimensions:
            able = " or ".join(name for name, one in COORDINATES.items() if dimension in one.dimensions)
            raise MeshError(
                f"'{self.name}' coordinates are for meshes in {self.dimensions[0]}D, and this one has {dimension} dimensions.",
                where=where,
                hint=f"use {able}",
            )
        lowest = float(points[:, 0].min(initial=0.0))
        if not self.is_planar and lowest < -_ROUNDING * float(np.ptp(points, axis=0).max(initial=0.0)):
            at = ", ".join(f"{value:.6g}" for value in points[points[:, 0].argmin()])
            raise MeshError(
                f"In {self.name} coordinates x is the radius, and the mesh has points of negative radius, as at ({at}) m.",
                where=where,
                hint="move the mesh so that its axis, or its centre, lies at x = 0 and all of it at x >= 0",
            )


def _sum_of_products(first: Any, second: Any, degree: int) -> Any:
    """h_m, from the sum of the values and the sum of their squares."""
    return (np.ones_like(first), first, 0.5 * (first * first + second))[degree]


#: Radius below zero, over the extent of the mesh, that is rounding.
_ROUNDING = 1e-12

PLANAR = Coordinates("planar", (1, 2, 3), exponent=0, factor=1.0, turns=0)

COORDINATES = {
    one.name: one
    for one in (
        PLANAR,
        Coordinates("cylindrical", (1,), exponent=1, factor=2.0 * math.pi, turns=1),
        Coordinates("spherical", (1,), exponent=2, factor=4.0 * math.pi, turns=2),
        Coordinates("axisymmetric", (2,), exponent=1, factor=2.0 * math.pi, turns=1),
    )
}
"""By their names in the case file."""


def check_terminal_area(name: str, area: float) -> None:
    """Make sure that a terminal touches the body.

    Raises:
        CaseError: It lies on the axis or in the centre.
    """
    if area == 0.0:
        raise CaseError(
            f"Terminal '{name}' lies at radius 0, on the axis or in the centre of the body: it has no area.",
            where=f"terminals.{name}",
            hint="Remove it (nothing passes there, by symmetry), or give the geometry an inner_radius.",
        )
