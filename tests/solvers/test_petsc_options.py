"""PETSc options of a case."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from samples import make_case, simulation

from ssbsim import CaseError
from ssbsim.case import forbidden_options


def test_an_option_that_petsc_does_not_know_is_an_error_of_the_case() -> None:
    case = make_case(solver={"petsc_options": {"ksp_type": "nonsense"}})
    with pytest.raises(CaseError, match="PETSc does not take") as caught, simulation(case):
        pass
    assert caught.value.where == "solver.petsc_options"


def test_iterations_set_by_an_option_are_the_ones_that_count() -> None:
    case = make_case(solver={"petsc_options": {"snes_max_it": 1}})
    with simulation(case) as made:
        made.functional.y.x.array[0] += 1.0
        report = made.solver.solve(made.point.q, 1.0)
        assert "did not converge in 1 iterations" in report.reason


#: PETSc prints every option of a solver that it sets up, with what it does.
HELP = """
import sys, petsc4py
petsc4py.init(["help", "-help", "-skip_petscrc"])
from petsc4py import PETSc
matrix = PETSc.Mat().createAIJ([8, 8], nnz=1)
for row in range(8):
    matrix[row, row] = 1.0
matrix.assemble()
for ksp, pc in (("gmres", "hypre"), ("chebyshev", "gamg"), ("lgmres", "asm"), ("cg", "lu")):
    options = PETSc.Options()
    options["ksp_type"], options["pc_type"], options["pc_factor_mat_solver_type"] = ksp, pc, "mumps"
    snes = PETSc.SNES().create()
    snes.setFunction(lambda snes, x, f: matrix.mult(x, f), matrix.createVecRight())
    snes.setJacobian(lambda snes, x, J, P: None, matrix)
    snes.setFromOptions()
    x, b = matrix.createVecs()
    b.set(1.0)
    snes.solve(b, x)
"""


def test_nothing_that_petsc_calls_a_viewer_a_function_or_a_file_may_be_set_by_a_case() -> None:
    done = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, timeout=120, check=True)
    lines = re.findall(r"^ *-(\w+):? (.*)$", done.stdout, flags=re.M)
    risky = re.compile(r"viewer|python function|file|directory|debugger|dump|stream for|printing|statistics|plot", re.I)
    hostile = {name for name, says in lines if risky.search(says)}
    assert len(hostile) > 50
    assert {"ksp_view", "ksp_monitor_python", "mat_mumps_icntl_3"} <= hostile
    for name in hostile:
        assert list(forbidden_options({name: ":/tmp/written"})), name
        assert list(forbidden_options({name: 1})), name


def test_a_petscrc_in_the_working_directory_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "petscrc").write_text("-ksp_rtol 1\n")
    code = "import ssbsim; ssbsim.run; from petsc4py import PETSc; print(PETSc.Options().hasName('ksp_rtol'))"
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "False"
