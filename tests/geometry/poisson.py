"""Poisson's equation with a permittivity of each grain, on any mesh: exact solutions, and how far off the found ones are.

The mesh is scaled by its extent along x, so that all is of order 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any

import basix
import dolfinx
import numpy as np
import ufl
from dolfinx.fem.petsc import LinearProblem
from mpi4py import MPI

from ssbsim.discretization.distributed_mesh import DistributedMesh
from ssbsim.geometry import MeshData

DEGREE = 5

# DOLFINx 0.10 asks for it, 0.9 does not know it.
_PREFIX = {"petsc_options_prefix": "poisson_"} if "petsc_options_prefix" in signature(LinearProblem).parameters else {}


@dataclass(frozen=True)
class Errors:
    """Errors of the potential in L2 and in H1 (seminorm), and relative one of the field energy."""

    potential: float
    field: float
    energy: float


class Body:
    """A mesh with a permittivity of each grain.

    Args:
        data: The mesh.
        permittivities: One for each grain, and again from the beginning when there are more grains.
    """

    def __init__(self, data: MeshData, permittivities: Sequence[float]) -> None:
        self.length = float(np.ptp(data.points[:, 0]))
        self.distributed = DistributedMesh(MPI.COMM_SELF, data, self.length)
        self.domain = self.distributed.mesh
        self.x = ufl.SpatialCoordinate(self.domain)
        self.permittivity = self.by_grain([permittivities[g % len(permittivities)] for g in range(len(data.grains))])

    def vector(self, values: Sequence[float]) -> Any:
        """A constant vector, whose values do not count as code."""
        return dolfinx.fem.Constant(self.domain, np.asarray(values, dtype=float))

    def by_grain(self, values: Sequence[float]) -> Any:
        """A function that is constant in each grain."""
        function = dolfinx.fem.Function(dolfinx.fem.functionspace(self.domain, ("DG", 0)))
        function.x.array[:] = np.asarray(values, dtype=float)[self.distributed.cell_grain]
        return function


def solve(body: Body, exact: Any, *, energy: float | None = None, is_smooth: bool = False) -> Errors:
    """Find the potential with the exact one on the outside.

    Args:
        body: Mesh and permittivities.
        exact: The exact potential as a form of the coordinate.
        energy: Exact field energy; by quadrature of the exact potential when not given.
        is_smooth: The exact potential does not know the interfaces: its charge is in the grains and, where the
            permittivity jumps, on the interfaces. Otherwise there is none.
    """
    domain, permittivity = body.domain, body.permittivity
    space = dolfinx.fem.functionspace(domain, ("Lagrange", 1))
    dx = ufl.Measure("dx", domain=domain, metadata={"quadrature_degree": DEGREE})
    trial, test = ufl.TrialFunction(space), ufl.TestFunction(space)
    form = permittivity * ufl.inner(ufl.grad(trial), ufl.grad(test)) * dx
    load = dolfinx.fem.Constant(domain, 0.0) * test * dx
    if is_smooth:
        entities = body.distributed.interior.entities
        dS = ufl.Measure(
            "dS",
            domain=domain,
            subdomain_data=[(1, np.ascontiguousarray(entities).reshape(-1))],
            metadata={"quadrature_degree": DEGREE},
        )(1)
        normal = ufl.FacetNormal(domain)
        leaving = sum(permittivity(s) * ufl.inner(ufl.grad(exact)(s), normal(s)) for s in "+-")
        load += -permittivity * ufl.div(ufl.grad(exact)) * test * dx + leaving * test("+") * dS
    boundary = dolfinx.fem.Function(space)
    corners = basix.geometry(basix.CellType[body.distributed.cell_type])
    boundary.interpolate(dolfinx.fem.Expression(exact, corners))
    facets = dolfinx.mesh.exterior_facet_indices(domain.topology)
    dofs = dolfinx.fem.locate_dofs_topological(space, domain.topology.dim - 1, facets)
    direct = {"ksp_type": "preonly", "pc_type": "lu", "pc_factor_mat_solver_type": "mumps"}
    multigrid = {"ksp_type": "cg", "ksp_rtol": 1e-10, "pc_type": "hypre"}
    found = LinearProblem(
        form,
        load,
        bcs=[dolfinx.fem.dirichletbc(boundary, dofs)],
        petsc_options=direct if domain.topology.dim < 3 else multigrid,
        **_PREFIX,
    ).solve()

    def total(integrand: Any) -> float:
        return float(dolfinx.fem.assemble_scalar(dolfinx.fem.form(integrand * dx)))

    difference = found - exact
    slope = ufl.grad(difference)
    of_found = total(0.5 * permittivity * ufl.inner(ufl.grad(found), ufl.grad(found)))
    if energy is None:
        energy = total(0.5 * permittivity * ufl.inner(ufl.grad(exact), ufl.grad(exact)))
    return Errors(
        potential=total(difference**2) ** 0.5,
        field=total(ufl.inner(slope, slope)) ** 0.5,
        energy=abs(of_found / energy - 1.0),
    )
