"""Conduction and tracer diffusion in a polycrystal by hand: the shortest straightforward DOLFINx + petsc4py script.

Every grain has vertices of its own, so that P1 is broken at the boundaries; what crosses them, ``g jump(u) jump(v)`` with the
vertex rule, is added to the matrix by hand. Nothing is general: one phase, one permeability, one process. ``bench/polycrystal.py``
runs it beside ssbsim on the same mesh, with the same linear solver and the time steps that ssbsim chose.
"""

from __future__ import annotations

import math

import basix.ufl
import dolfinx
import numpy as np
import ufl
from mpi4py import MPI
from petsc4py import PETSc
from scipy.sparse import csr_array

MULTIGRID = {
    "ksp_type": "cg",
    "ksp_norm_type": "natural",
    "pc_type": "hypre",
    "pc_hypre_type": "boomeramg",
    "pc_hypre_boomeramg_coarsen_type": "HMIS",
    "pc_hypre_boomeramg_interp_type": "ext+i",
    "pc_hypre_boomeramg_P_max": 4,
    "pc_hypre_boomeramg_relax_type_all": "symmetric-SOR/Jacobi",
}
DIRECT = {"ksp_type": "preonly", "pc_type": "cholesky", "pc_factor_mat_solver_type": "mumps"}


class Polycrystal:
    """Matrices in units of the diffusivity and of the length ``unit``.

    Args:
        points: m, shape (n, d).
        cells: Vertices, shape (m, d + 1).
        grain: Of every cell.
        facets: Vertices of the facets between grains, shape (k, d).
        sides: Their two grains, shape (k, 2).
        walls: Of the walls left and right, vertices of the facets, and their grains. (A grain that meets a wall in a corner
            only is not held there.)
        permeability: In units of diffusivity over ``unit``.
        unit: m.
        direct: MUMPS instead of multigrid.
    """

    def __init__(self, points, cells, grain, facets, sides, walls, permeability, unit, direct):
        count, dim = len(points), points.shape[1]
        keys, own = np.unique(grain[:, None].astype(np.int64) * count + cells, return_inverse=True)
        own = own.reshape(cells.shape)
        kind = {2: "triangle", 3: "tetrahedron"}[dim]
        element = basix.ufl.element("Lagrange", kind, 1, shape=(dim,))
        mesh = dolfinx.mesh.create_mesh(MPI.COMM_SELF, cells=own, x=points[keys % count] / unit, e=element)
        space = dolfinx.fem.functionspace(mesh, ("Lagrange", 1))
        node = np.empty(len(keys), dtype=np.int32)
        node[mesh.geometry.input_global_indices[mesh.geometry.dofmap]] = space.dofmap.list
        u, v = ufl.TrialFunction(space), ufl.TestFunction(space)
        within = dolfinx.fem.assemble_matrix(dolfinx.fem.form(ufl.inner(ufl.grad(u), ufl.grad(v)) * ufl.dx))
        lumped = ufl.dx(metadata={"quadrature_rule": "vertex", "quadrature_degree": 1})
        held = dolfinx.fem.assemble_vector(dolfinx.fem.form(v * lumped)).array
        edges = (points[facets[:, 1:]] - points[facets[:, :1]]) / unit
        measure = np.sqrt(np.linalg.det(edges @ edges.transpose(0, 2, 1))) / math.factorial(dim - 1)
        one, two = (node[np.searchsorted(keys, sides[:, [i]] * np.int64(count) + facets)].reshape(-1) for i in (0, 1))
        value = np.repeat(permeability * measure / dim, dim)
        rows, columns = np.concatenate([one, two, one, two]), np.concatenate([one, two, two, one])
        across = csr_array((np.concatenate([value, value, -value, -value]), (rows, columns)), shape=[len(keys)] * 2)
        both = within.to_scipy() + across
        self.conduction = PETSc.Mat().createAIJ(
            both.shape, csr=(both.indptr, both.indices, both.data), comm=MPI.COMM_SELF
        )
        self.storage = self.conduction.createVecRight()
        self.storage.array[:] = held
        self.walls = [
            np.unique(node[np.searchsorted(keys, grains[:, None] * np.int64(count) + wall)]) for wall, grains in walls
        ]
        self.x = space.tabulate_dof_coordinates()[: len(keys), 0]
        self.direct = direct

    def _solver(self, matrix, fixed):
        reduced = matrix.copy()
        reduced.zeroRowsColumns(fixed, diag=1.0)
        reduced.setOption(PETSc.Mat.Option.SPD, True)
        ksp = PETSc.KSP().create(MPI.COMM_SELF)
        ksp.setOptionsPrefix("hand_polycrystal_")
        for key, value in (DIRECT if self.direct else MULTIGRID).items():
            PETSc.Options().setValue(f"hand_polycrystal_{key}", value)
        ksp.setOperators(reduced)
        ksp.setTolerances(rtol=1e-8, atol=0.0, max_it=200)
        ksp.setFromOptions()
        return ksp

    def _correct(self, ksp, matrix, u, right, fixed):
        rest = -(matrix * u)
        if right is not None:
            rest.axpy(1.0, right)
        rest.array[fixed] = 0.0
        change = u.duplicate()
        ksp.solve(rest, change)
        if ksp.getConvergedReason() < 0:
            raise RuntimeError("the hand-written solve failed")
        u.axpy(1.0, change)

    def effective_diffusivity(self):
        """Along x, over that of a grain, with the unit of length the size of the box along x."""
        low, high = self.walls
        fixed = np.concatenate([low, high])
        u = self.storage.duplicate()
        u.array[:] = (self.x - self.x.min()) / np.ptp(self.x)
        u.array[low], u.array[high] = 0.0, 1.0
        ksp = self._solver(self.conduction, fixed)
        self._correct(ksp, self.conduction, u, None, fixed)
        flow = self.conduction * u
        inlet, outlet = flow.array[high].sum(), -flow.array[low].sum()
        if abs(inlet / outlet - 1.0) > 1e-6:
            raise RuntimeError("inlet and outlet differ")
        return float(u.dot(flow) * np.ptp(self.x) ** 2 / self.storage.sum())

    def exchange(self, sizes):
        """Mean fraction after steps of TR-BDF2, from 0, with 1 at the left."""
        fixed = self.walls[0]
        gamma = 2.0 - math.sqrt(2.0)
        u = self.storage.duplicate()
        u.set(0.0)
        u.array[fixed] = 1.0
        last, ksp, matrix = None, None, None
        for size in sizes:
            if size != last:
                if ksp is not None:
                    ksp.destroy()
                    matrix.destroy()
                matrix = self.conduction.copy()
                matrix.scale(0.5 * gamma * size)
                diagonal = matrix.getDiagonal()
                diagonal.axpy(1.0, self.storage)
                matrix.setDiagonal(diagonal)
                ksp, last = self._solver(matrix, fixed), size
            right = self.conduction * u
            right.scale(-0.5 * gamma * size)
            right.array[:] += self.storage.array * u.array
            middle = u.copy()
            self._correct(ksp, matrix, middle, right, fixed)
            right.array[:] = (
                self.storage.array * (middle.array - (1.0 - gamma) ** 2 * u.array) / (gamma * (2.0 - gamma))
            )
            u = middle
            self._correct(ksp, matrix, u, right, fixed)
        return float(self.storage.dot(u) / self.storage.sum())
