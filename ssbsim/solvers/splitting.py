r"""Multigrid for the coupled fields, one scalar field at a time.

The Jacobian of an implicit step couples a species and the potential at every node through the storage ``C = dc/da``, in
which ``a = mu - z phi`` is what decides the concentration::

    [ C + tau K_mu    -z C          ]
    [   -z C         z^2 C + K_phi  ]

Where the step is long against diffusion over a cell, ``tau K_mu`` outweighs C and relaxing mu and phi in turn converges.
Where it is short, C outweighs both K over all lengths above the Debye length; then mu and phi only move together, along
``d = (z_1, .., z_n, 1)``, which changes no concentration. So three kinds of corrections are made one after the other, each by
one cycle of algebraic multigrid for a scalar elliptic problem: along d, in every mu, in phi (a multiplicative subspace
correction, Xu, SIAM Rev. 34 (1992) 581, doi 10.1137/1034116). A mode that one of them leaves another removes, at every step
size; measured in ``bench/linear.py``. Species that share sites are also coupled to one another by C, at the node alone: where
there are several, the fields of every node are solved together first (point-block Jacobi). Rows that a terminal fixes take no
part in the correction along d.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from petsc4py import PETSc

from ssbsim.physics import POTENTIAL, Unknowns
from ssbsim.solvers.linear import SolverOptions


class FieldSplitting:
    """A preconditioner that PETSc calls (``pc_type python``).

    Args:
        unknowns: The unknowns of a node; their charge numbers are d.
        fixed_rows: Owned local rows that are fixed.
        prefix: Prefix of the options of the multigrid cycles.
    """

    def __init__(self, unknowns: Unknowns, fixed_rows: npt.NDArray[np.int32], prefix: str) -> None:
        self._unknowns = unknowns
        self._fixed = fixed_rows
        self._prefix = prefix
        self._fields: list[Any] = []
        self._blocks: list[Any] = []
        self._cycles: list[Any] = []
        self._nodes: Any = None

    def setUp(self, pc: PETSc.PC) -> None:  # noqa: N802 (PETSc's name)
        """Take the blocks out of the matrix and build the multigrid levels; PETSc calls it when the matrix has changed."""
        matrix = pc.getOperators()[0]
        if not self._cycles:
            self._allocate(matrix)
        else:
            for block, rows in zip(self._blocks, self._fields, strict=False):
                matrix.createSubMatrix(rows, rows, block)
            matrix.PtAP(self._along, self._blocks[-1])
        for cycle, block in zip(self._cycles, self._blocks, strict=True):
            cycle.setOperators(block)
            cycle.setUp()
        if self._nodes is not None:
            self._nodes.setOperators(matrix)
            self._nodes.setUp()
        self._matrix = matrix

    def apply(self, pc: PETSc.PC, b: PETSc.Vec, x: PETSc.Vec) -> None:
        """``x``: what the corrections make of ``b``."""
        residual, part, change = self._residual, self._part, self._change
        if self._nodes is None:
            x.zeroEntries()
            b.copy(residual)
        else:
            self._nodes.apply(b, x)
            self._matrix.mult(x, residual)
            residual.aypx(-1.0, b)
        self._along.multTranspose(residual, part)
        self._cycles[-1].apply(part, change)
        self._along.multAdd(change, x, x)
        n = len(self._unknowns)
        for k, cycle in enumerate(self._cycles[:-1]):
            self._matrix.mult(x, residual)
            part.array[:] = b.array_r[k::n] - residual.array_r[k::n]
            cycle.apply(part, change)
            x.array[k::n] += change.array_r

    def destroy(self, pc: PETSc.PC) -> None:
        """Free PETSc's objects."""
        objects = [*self._cycles, *self._blocks, *self._fields]
        if self._cycles:
            objects += [self._along, self._residual, self._part, self._change]
        if self._nodes is not None:
            objects.append(self._nodes)
        for one in objects:
            one.destroy()
        self._cycles, self._blocks, self._fields, self._nodes = [], [], [], None

    def _allocate(self, matrix: PETSc.Mat) -> None:
        comm, n = matrix.comm, len(self._unknowns)
        first, last = matrix.getOwnershipRange()
        nodes = (last - first) // n
        self._fields = [PETSc.IS().createStride(nodes, first + k, n, comm=comm) for k in range(n)]
        along = np.tile(self._unknowns.charge_numbers, nodes)
        along[self._fixed] = 0.0
        # A node at which everything is fixed keeps its row of phi, lest the block along d be singular there.
        nowhere = ~along.reshape(nodes, n).any(axis=1)
        self._unknowns.column(along, POTENTIAL)[nowhere] = 1.0
        self._along = PETSc.Mat().createAIJ(((last - first, None), (nodes, None)), nnz=(1, 0), comm=comm)
        columns = np.arange(first, last) // n
        self._along.setValuesCSR(np.arange(last - first + 1, dtype=PETSc.IntType), columns.astype(PETSc.IntType), along)
        self._along.assemble()
        self._blocks = [matrix.createSubMatrix(rows, rows) for rows in self._fields]
        self._blocks.append(matrix.PtAP(self._along))
        for _ in self._blocks:
            cycle = PETSc.PC().create(comm)
            cycle.setOptionsPrefix(self._prefix)
            cycle.setFromOptions()
            self._cycles.append(cycle)
        if n > 2:
            # Not pbjacobi: in PETSc 3.25 it keeps the inverses of the first matrix when the values change.
            matrix.setVariableBlockSizes([n] * nodes)
            self._nodes = PETSc.PC().create(comm)
            self._nodes.setType("vpbjacobi")
        self._residual = matrix.createVecRight()
        self._part = self._blocks[-1].createVecRight()
        self._change = self._blocks[-1].createVecRight()


def split_fields(
    preconditioner: PETSc.PC, options: SolverOptions, unknowns: Unknowns, fixed_rows: npt.NDArray[np.int32]
) -> None:
    """Give a preconditioner that is to be of Python by the preset its context; others are left as they are."""
    if preconditioner.getType() == "python" and not options.user.get("pc_python_type"):
        preconditioner.setPythonContext(FieldSplitting(unknowns, fixed_rows, f"{options.prefix}field_"))
