r"""Every integral of the package: over which part of the mesh, by which rule, with which weight.

Rules
-----

============  ==================================  ===================================================================
rule          order 1                             order 2 (1D, planar)
============  ==================================  ===================================================================
``storage``   at the corners of the cells         at the Gauss-Lobatto points: both ends and the middle
``gradient``  at the midpoint                     at two Gauss points
``exact``     at Gauss points, up to degree 8     the same: for sources and errors that are known as formulas
facets        at their corners                    (a point)
============  ==================================  ===================================================================

Storage at the corners makes storage matrices diagonal, and the laws of a plane local; a mobility at the midpoint is one number
per cell, so that couplings have the right sign whatever the mobility.

Weight
------

Integrals are those over the body for which the mesh stands, see :mod:`~ssbsim.geometry.coordinates`. With the weight w(r) and
a rule of points x_q and volumes v_q, what is summed is::

    storage      sum_i f(x_i) v_i w_i,   w_i = mean of (d + 1) lambda_i w over the cell: exact for a uniform f
    gradient     f(x_m) v  w_m,          w_m = mean of w over the cell: exact for a uniform gradient
    facets       as storage, over the facet
    exact        sum_q f(x_q) v_q w(r_q)

so that volumes and areas are exact, and a node on the axis or in the centre stores something. (Hat functions of order 2 have
no weight there, or a negative one.) The weights of storage and of gradients are two coefficients, each in the integrals of its
own rule: FFCx (0.9 to 0.11) reuses the value that a coefficient has at the point of a one-point rule at the points of every
other rule of the kernel.

With r in units of the length scale the sums are in units of ``length^n`` (volume) and ``length^(n-1)`` (area), where n is the
power of the metre in a volume: :attr:`~ssbsim.discretization.DistributedMesh.volume_unit` and ``area_unit``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal

import dolfinx
import numpy as np
import numpy.typing as npt
import ufl

from ssbsim import _compat
from ssbsim.discretization.distributed_mesh import DistributedMesh
from ssbsim.discretization.numbered_facets import FacetNumbers

Ints = npt.NDArray[np.int32]
Rule = Literal["storage", "gradient", "exact"]

_LUMPED = {"quadrature_rule": "vertex", "quadrature_degree": 1}
_EXACT = {"quadrature_degree": 8}
_RULES: dict[int, dict[Rule, dict[str, Any]]] = {
    1: {"storage": _LUMPED, "gradient": {"quadrature_degree": 0}, "exact": _EXACT},
    2: {
        "storage": {"quadrature_rule": "GLL", "quadrature_degree": 3},
        "gradient": {"quadrature_degree": 3},
        "exact": _EXACT,
    },
}


class WeightedMeasure:
    """A measure of UFL with a weight: ``integrand * measure`` is a form.

    Args:
        measure: The measure.
        weight: What every integrand is multiplied by; ``None`` for 1.
    """

    def __init__(self, measure: Any, weight: Any | None) -> None:
        self._measure = measure
        self._weight = weight

    def __rmul__(self, integrand: Any) -> Any:
        """The integral of an integrand."""
        return integrand * self._measure if self._weight is None else integrand * self._weight * self._measure


class Measures:
    """The measures of a mesh and of named parts of it.

    All integrals of a form that is to be compiled must come from one object, and all ranks name the same parts.

    Args:
        mesh: The distributed mesh.
        order: Order of the elements, 1 or 2; 2 in planar coordinates only.
        cells: Owned cells by the name of the part, such as a phase.
        interior: (cell_a, facet_a, cell_b, facet_b) of facets owned here by the name of the part, such as an interface;
            ``'+'`` is side a.
        exterior: (cell, facet) of facets of the surface by the name of the part, such as a terminal.
    """

    def __init__(
        self,
        mesh: DistributedMesh,
        *,
        order: int = 1,
        cells: Mapping[str, Ints] | None = None,
        interior: Mapping[str, Ints] | None = None,
        exterior: Mapping[str, Ints] | None = None,
    ) -> None:
        self.mesh = mesh
        self._rules = _RULES[order]
        self._on_facets = _LUMPED if mesh.dim > 1 else {"quadrature_degree": 0}
        self._parts = {"dx": _numbered(cells), "dS": _numbered(interior), "ds": _numbered(exterior)}
        self._weights: _Weights | None = None if mesh.coordinates.is_planar else _Weights(mesh)

    def cells(self, part: str, rule: Rule) -> WeightedMeasure:
        """Over the cells of a part."""
        return WeightedMeasure(self._over("dx", part, self._rules[rule]), self._cell_weight(rule))

    def interior(self, part: str) -> WeightedMeasure:
        """Over the facets of a part between cells."""
        weight = None if self._weights is None else self._weights.interior
        return WeightedMeasure(self._over("dS", part, self._on_facets), weight)

    def exterior(self, part: str) -> WeightedMeasure:
        """Over the facets of a part of the surface."""
        weight = None if self._weights is None else self._weights.exterior
        return WeightedMeasure(self._over("ds", part, self._on_facets), weight)

    def volume(self, rule: Rule) -> WeightedMeasure:
        """Over the whole body; not in one form with parts of it."""
        measure = ufl.Measure("dx", domain=self.mesh.mesh, metadata=self._rules[rule])
        return WeightedMeasure(measure, self._cell_weight(rule))

    def surface(self) -> WeightedMeasure:
        """Over its whole surface; not in one form with parts of it."""
        measure = ufl.Measure("ds", domain=self.mesh.mesh, metadata=self._on_facets)
        return WeightedMeasure(measure, None if self._weights is None else self._weights.exterior)

    def is_gradient(self, integral: Any) -> bool:
        """Whether an integral of a form is over cells by the rule of gradients."""
        return bool(integral.integral_type() == "cell" and integral.metadata() == self._rules["gradient"])

    def _over(self, kind: str, part: str, rule: dict[str, Any]) -> Any:
        names, data = self._parts[kind]
        return ufl.Measure(kind, domain=self.mesh.mesh, subdomain_data=data, metadata=rule)(names[part])

    def _cell_weight(self, rule: Rule) -> Any | None:
        weights = self._weights
        if weights is None:
            return None
        return {"storage": weights.storage, "gradient": weights.gradient, "exact": weights.pointwise}[rule]


class _Weights:
    """The weight of curved coordinates, for every rule."""

    def __init__(self, mesh: DistributedMesh) -> None:
        self._mesh = mesh
        self._frame = mesh.coordinates
        #: Radius of every corner of every cell, ghosts included, in the order of the cell.
        self._radii = mesh.mesh.geometry.x[_compat.cell_nodes(mesh.mesh), 0]
        radius = ufl.SpatialCoordinate(mesh.mesh)[0]
        self.pointwise = self._frame.factor * radius**self._frame.exponent

    @cached_property
    def storage(self) -> Any:
        """Weight at the corners of cells."""
        return self._function(("Discontinuous Lagrange", 1), self._frame.corner_weights(self._radii))

    @cached_property
    def gradient(self) -> Any:
        """Mean weight of cells."""
        return self._function(("Discontinuous Lagrange", 0), self._frame.means(self._radii)[:, None])

    @cached_property
    def interior(self) -> Any:
        """Weight at the corners of facets between cells."""
        here = self.pointwise("+")
        return here if self._mesh.dim == 1 else (here + 2.0 * self._mean_of_facets.interior()) / 3.0

    @cached_property
    def exterior(self) -> Any:
        """Weight at the corners of facets of the surface."""
        here = self.pointwise
        return here if self._mesh.dim == 1 else (here + 2.0 * self._mean_of_facets.exterior()) / 3.0

    @cached_property
    def _mean_of_facets(self) -> FacetNumbers:
        """Mean weight of edges; with it the weight at a corner is a third of what is there and two of the mean."""
        numbers = FacetNumbers(self._mesh)
        every = np.arange(len(self._radii), dtype=np.int32)
        for facet, corners in enumerate(self._mesh.facet_corners):
            numbers.set(every, np.full(len(every), facet), self._frame.means(self._radii[:, corners]))
        return numbers

    def _function(self, element: tuple[str, int], values: npt.NDArray[np.float64]) -> Any:
        function = dolfinx.fem.Function(dolfinx.fem.functionspace(self._mesh.mesh, element), name="weight")
        function.x.array[function.function_space.dofmap.list] = values
        return function


def _numbered(parts: Mapping[str, Ints] | None) -> tuple[dict[str, int], list[tuple[int, Ints]]]:
    """Numbers of parts, and their entities as DOLFINx wants them."""
    named = dict(parts or {})
    return {name: i for i, name in enumerate(named)}, [(i, one.reshape(-1)) for i, one in enumerate(named.values())]
