"""A number for every facet, as a coefficient of facet integrals.

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

from ssbsim.discretization.distributed_mesh import DistributedMesh


class FacetNumbers:
    """A number for every facet of a mesh.

    Args:
        mesh: The distributed mesh.

    Attributes:
        function: The function behind the numbers; 1 on every facet at first.
    """

    def __init__(self, mesh: DistributedMesh) -> None:
        self._mesh = mesh
        space = dolfinx.fem.functionspace(mesh.mesh, ("RT", 1) if mesh.dim > 1 else ("Lagrange", 1))
        self.function, self._one = dolfinx.fem.Function(space), dolfinx.fem.Function(space)
        self._one.x.array[:] = 1.0
        self.function.x.array[:] = 1.0
        layout = space.dofmap.dof_layout
        self._of_facet = np.array([layout.entity_dofs(mesh.dim - 1, f)[0] for f in range(mesh.facets_per_cell)])

    def set(self, cells: npt.NDArray[np.int32], facets: npt.NDArray[np.int32], values: npt.NDArray[np.float64]) -> None:
        """Give facets their numbers.

        Args:
            cells: A cell of each facet.
            facets: Index of the facet in it.
            values: The numbers.
        """
        self.function.x.array[self.function.function_space.dofmap.list[cells, self._of_facet[facets]]] = values

    def interior(self) -> Any:
        """The number of a facet between two cells, for ``dS``."""
        if self._mesh.dim == 1:
            return self.function("+")
        n = ufl.FacetNormal(self._mesh.mesh)("+")
        return ufl.dot(self.function("+"), n) / ufl.dot(self._one("+"), n)

    def exterior(self) -> Any:
        """The number of a facet of the surface, for ``ds``."""
        if self._mesh.dim == 1:
            return self.function
        n = ufl.FacetNormal(self._mesh.mesh)
        return ufl.dot(self.function, n) / ufl.dot(self._one, n)


def facet_numbers(mesh: DistributedMesh, entities: npt.NDArray[np.int32], values: npt.NDArray[np.float64]) -> Any:
    """A UFL expression for ``dS`` that has a value of its own on every facet.

    Args:
        mesh: The distributed mesh.
        entities: (cell_a, facet_a, cell_b, facet_b) of facets owned here, shape (n, 4).
        values: One per facet, shape (n,).
    """
    numbers = FacetNumbers(mesh)
    numbers.set(entities[:, 0], entities[:, 1], values)
    return numbers.interior()
