"""Run under mpirun by test_bordered.py: bordered systems of a convection-diffusion matrix, as JSON."""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
from mpi4py import MPI
from mpi_runner import abort_on_error
from petsc4py import PETSc

from ssbsim.solvers.bordered import BorderedSystem

COMM = MPI.COMM_WORLD
SIZE = 40
OPTIONS: dict[str, dict[str, Any]] = {
    "direct": {"ksp_type": "preonly", "pc_type": "lu", "pc_factor_mat_solver_type": "mumps"},
    "multigrid": {"ksp_type": "gmres", "ksp_rtol": 1e-10, "pc_type": "hypre"},
}


def matrix(drift: float) -> PETSc.Mat:
    """Five-point Laplacian of a square with a drift along one side."""
    a = PETSc.Mat().createAIJ((SIZE * SIZE, SIZE * SIZE), nnz=5, comm=COMM)
    for row in range(*a.getOwnershipRange()):
        i, j = divmod(row, SIZE)
        a[row, row] = 4.001
        for di, dj in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            if 0 <= i + di < SIZE and 0 <= j + dj < SIZE:
                a[row, (i + di) * SIZE + j + dj] = -1.0 + drift * dj
    a.assemble()
    return a


def solve(linear: str, count: int) -> dict[str, Any]:
    """Two systems one after the other, whose values change under the same solver."""
    rng = np.random.default_rng(7)
    rows = SIZE * SIZE
    columns, below = rng.normal(size=(count, rows)), rng.normal(size=(count, rows))
    corner, right = float(rows) * np.eye(count), rng.normal(size=rows)
    a, other = matrix(0.1), matrix(0.3)
    here = slice(*a.getOwnershipRange())
    prefix = f"bordered_{linear}_{count}_"
    for key, value in OPTIONS[linear].items():
        PETSc.Options()[prefix + key] = value
    system = BorderedSystem(a, count)
    ksp = PETSc.KSP().create(COMM)
    ksp.setOptionsPrefix(prefix)
    system.precondition(ksp.getPC(), prefix)
    ksp.setFromOptions()
    b, x = system.operator.createVecs()
    found, iterations, left = [], [], []
    for values in (a, other):
        values.copy(a, PETSc.Mat.Structure.SAME_NONZERO_PATTERN)
        system.set_border(columns[:, here], below[:, here], corner)
        ksp.setOperators(system.operator)
        system.join(b, right[here], np.arange(1.0, count + 1.0))
        ksp.solve(b, x)
        answer, scalars = system.split(x)
        found.append([system.dot(answer, answer).tolist() if count else 0.0, *scalars.tolist()])
        iterations.append(ksp.getIterationNumber())
        # The residual from A itself, not from the operator under test.
        rest = np.concatenate(
            [
                system.times(answer) + scalars @ columns[:, here] - right[here],
                (system.dot(below[:, here], answer) + corner @ scalars - np.arange(1.0, count + 1.0)),
            ]
        )
        left.append(COMM.allreduce(float(np.abs(rest).max()), op=MPI.MAX))
    ksp.destroy()
    system.destroy()
    return {"found": found, "iterations": iterations, "left": left}


if __name__ == "__main__":
    abort_on_error()
    answers = {f"{linear} {count}": solve(linear, count) for linear in OPTIONS for count in (0, 1, 3)}
    if COMM.rank == 0:
        sys.stdout.write(json.dumps(answers) + "\n")
