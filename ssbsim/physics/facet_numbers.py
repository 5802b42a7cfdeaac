"""A number for every facet, as a coefficient of interior-facet integrals.

UFL has coefficients on cells. The normal component of the lowest-order Raviart-Thomas space is one constant per facet,
``v.n |F| = +-dof`` (Raviart, Thomas 1977, doi 10.1007/BFb0064470), so the ratio of two such fields, one with the
numbers as its degrees of freedom and one with ones, is the number itself, whatever orientation and area. In one
dimension, where facets are vertices, a continuous linear function does the same.
"""

from __future__ import annotations

from typing import Any

import dolfinx
import numpy as np
import numpy.typing as npt
import ufl

from ssbsim.discretization import DistributedMesh


def facet_numbers(
    mesh: DistributedMesh, entities: npt.NDArray[np.int32], values: npt.NDArray[np.float64]
) -> tuple[Any, Any]:
    """A UFL expression for ``dS`` that has a value of its own on every facet, and the function behind it.

    Args:
        mesh: The distributed mesh.
        entities: (cell_a, facet_a, cell_b, facet_b) of facets owned here, shape (n, 4).
        values: One per facet, shape (n,).
    """
    family = ("RT", 1) if mesh.dim > 1 else ("Lagrange", 1)
    space = dolfinx.fem.functionspace(mesh.mesh, family)
    number, one = dolfinx.fem.Function(space), dolfinx.fem.Function(space)
    one.x.array[:] = 1.0
    number.x.array[:] = 1.0
    layout = space.dofmap.dof_layout
    of_facet = np.array([layout.entity_dofs(mesh.dim - 1, f)[0] for f in range(mesh.facets_per_cell)])
    number.x.array[space.dofmap.list[entities[:, 0], of_facet[entities[:, 1]]]] = values
    if mesh.dim == 1:
        return number("+"), number
    n = ufl.FacetNormal(mesh.mesh)("+")
    return ufl.dot(number("+"), n) / ufl.dot(one("+"), n), number
