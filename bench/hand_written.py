"""The bicrystal by hand: the shortest straightforward DOLFINx + petsc4py script of the discretisation that ssbsim uses.

Li+ on one class of sites in two phases joined by perfect contacts; unknowns mu and phi on P1, storage lumped at the
vertices, mobility at the midpoint of the cell, implicit Euler steps solved by SNES. Reservoirs at both ends. Everything
is scaled; nothing is general. ``bench/spine.py`` runs it beside ssbsim on the same mesh, steps and linear solver.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import basix.ufl
import dolfinx
import dolfinx.fem.petsc
import numpy as np
import ufl
from mpi4py import MPI
from petsc4py import PETSc


@dataclass(frozen=True)
class Phase:
    """Scaled numbers of one phase: sites, standard potential, mobility prefactor, fixed charge, lambda squared."""

    density: float
    standard: float
    mobility: float
    fixed_charge: float
    permittivity: float


@dataclass(frozen=True)
class Step:
    """One implicit Euler step: size, mu at both ends, Newton iterations."""

    tau: float
    left: float
    right: float
    iterations: int


def run(
    points: np.ndarray,
    cells: np.ndarray,
    cell_phase: np.ndarray,
    phases: list[Phase],
    mu_start: float,
    steps: list[Step],
    options: dict[str, object],
    preconditioner: Callable[[np.ndarray], object] | None = None,
) -> tuple[np.ndarray, dict[str, float]]:
    """Solve the steps one after the other; returns the last (mu, phi) per node and the seconds of set-up and solving.

    ``preconditioner`` makes a PETSc Python preconditioner from the fixed rows, where the options ask for one.
    """
    began = time.perf_counter()
    kind = {2: "interval", 3: "triangle", 4: "tetrahedron"}[cells.shape[1]]
    element = basix.ufl.element("Lagrange", kind, 1, shape=(points.shape[1],))
    mesh = dolfinx.mesh.create_mesh(MPI.COMM_SELF, cells=cells, x=points, e=element)
    dim = mesh.topology.dim
    phase = cell_phase[mesh.topology.original_cell_index]
    tags = dolfinx.mesh.meshtags(mesh, dim, np.arange(len(phase), dtype=np.int32), phase)
    lumped = {"quadrature_rule": "vertex", "quadrature_degree": 1}
    dx = ufl.Measure("dx", domain=mesh, subdomain_data=tags)
    space = dolfinx.fem.functionspace(mesh, ("Lagrange", 1, (2,)))
    y, old = dolfinx.fem.Function(space), dolfinx.fem.Function(space)
    # y under another name for the midpoint rule: FFCx would reuse its values at the midpoint for the vertex rule too.
    middle = dolfinx.fem.Function(space, y.x)
    test = ufl.TestFunction(space)
    tau = dolfinx.fem.Constant(mesh, 1.0)

    residual = 0
    for i, p in enumerate(phases):
        n, standard, mobility, fixed_charge, permittivity = (
            dolfinx.fem.Constant(mesh, v) for v in (p.density, p.standard, p.mobility, p.fixed_charge, p.permittivity)
        )

        def occupancy(f, standard=standard):
            return 1 / (1 + ufl.exp(-(f[0] - f[1] - standard)))

        x, x_middle = occupancy(y), occupancy(middle)
        moving = mobility * n * x_middle * (1 - x_middle)
        residual += n * (x - occupancy(old)) * test[0] * dx(i, metadata=lumped)
        residual -= (n * x + fixed_charge) * test[1] * dx(i, metadata=lumped)
        residual += (
            permittivity * ufl.inner(ufl.grad(y[1]), ufl.grad(test[1])) * dx(i, metadata={"quadrature_degree": 0})
        )
        residual += (
            tau * moving * ufl.inner(ufl.grad(y[0]), ufl.grad(test[0])) * dx(i, metadata={"quadrature_degree": 0})
        )
    form = dolfinx.fem.form(residual)
    trial = ufl.TrialFunction(space)
    jacobian = dolfinx.fem.form(ufl.derivative(residual, y, trial) + ufl.derivative(residual, middle, trial))

    facets = [
        dolfinx.mesh.locate_entities_boundary(mesh, dim - 1, lambda x, end=end: np.isclose(x[0], end))
        for end in (points[:, 0].min(), points[:, 0].max())
    ]
    mesh.topology.create_connectivity(dim - 1, dim)
    values = [dolfinx.fem.Constant(mesh, mu_start) for _ in facets]
    conditions = [
        dolfinx.fem.dirichletbc(v, dolfinx.fem.locate_dofs_topological(space.sub(0), dim - 1, f), space.sub(0))
        for v, f in zip(values, facets, strict=True)
    ]

    matrix = dolfinx.fem.petsc.create_matrix(jacobian)
    vector, solution = matrix.createVecRight(), matrix.createVecRight()
    y.x.array[:] = 0.0
    y.x.array[0::2] = mu_start

    def evaluate_residual(snes, x, f):
        y.x.array[:] = x.array_r
        f.array[:] = 0.0
        dolfinx.fem.petsc.assemble_vector(f, form)
        dolfinx.fem.petsc.apply_lifting(f, [jacobian], [conditions], [x], -1.0)
        dolfinx.fem.petsc.set_bc(f, conditions, x, -1.0)

    def evaluate_jacobian(snes, x, a, p):
        a.zeroEntries()
        dolfinx.fem.petsc.assemble_matrix(a, jacobian, conditions)
        a.assemble()

    snes = PETSc.SNES().create(MPI.COMM_SELF)
    snes.setOptionsPrefix("hand_")
    snes.setFunction(evaluate_residual, vector)
    snes.setJacobian(evaluate_jacobian, matrix)
    for key, value in options.items():
        PETSc.Options().setValue(f"hand_{key}", None if value is True else value)
    snes.setConvergenceTest(lambda snes, count, norms: 2 if count >= current.iterations else None)
    snes.setFromOptions()
    if preconditioner is not None:
        fixed = np.concatenate([c.dof_indices()[0] for c in conditions])
        snes.getKSP().getPC().setPythonContext(preconditioner(fixed))
    ready = time.perf_counter()
    for current in steps:
        old.x.array[:] = y.x.array
        tau.value = current.tau
        values[0].value, values[1].value = current.left, current.right
        solution.array[:] = y.x.array
        snes.solve(None, solution)
        if snes.getConvergedReason() < 0 or snes.getKSP().getConvergedReason() < 0:
            raise RuntimeError(f"the hand-written solve failed ({snes.getConvergedReason()})")
        y.x.array[:] = solution.array_r
    done = time.perf_counter()
    result = y.x.array.reshape(-1, 2).copy()
    for thing in (snes, matrix, vector, solution):
        thing.destroy()
    for key in options:
        PETSc.Options().delValue(f"hand_{key}")
    return result, {"set-up": ready - began, "solve": done - ready}
