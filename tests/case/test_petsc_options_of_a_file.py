"""A case file sets numerics through PETSc's options and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ssbsim.case import load_case, parse_case
from ssbsim.document.problems import InvalidCaseError

#: Each of them runs code, writes to a path, reads another file or ends the process.
HOSTILE = {
    "pc_type": "python",
    "pc_python_type": "evil.Preconditioner",
    "field_pc_type": "python",
    "sub_pc_python_type": "evil.Preconditioner",
    "ksp_type": "python",
    "snes_type": "python",
    "snes_monitor_python": "evil.monitor",
    "ksp_view": ":/tmp/written",
    "ksp_view_mat": "binary:/tmp/written",
    "ksp_monitor": "ascii:/tmp/written",
    "ksp_converged_reason": ":/tmp/written",
    "snes_view_solution": "hdf5:/tmp/written",
    "mat_view": "binary:/tmp/written",
    "log_view": ":/tmp/written",
    "info": "/tmp/written",
    "malloc_dump": "/tmp/written",
    "mat_mumps_icntl_3": 10,
    "mat_mumps_icntl_22": 1,
    "mat_mumps_ooc_tmpdir": "/tmp",
    "options_file": "/tmp/options",
    "dll_append": "/tmp/library.so",
    "pc_factor_mat_solver_type": "/tmp/library.so:solver",
    "pc_hypre_type": "euclid",
    "on_error_abort": True,
    "fp_trap": True,
    "ksp_max_it": 10**12,
    "ksp_rtol": "1e-8 -pc_type python",
    "ksp_rtol\n-pc_type": "python",
}


def with_options(case_text: str, options: str) -> str:
    return f"{case_text}solver:\n  petsc_options: {options}\n"


@pytest.mark.parametrize(("name", "value"), HOSTILE.items())
def test_what_is_not_numerics_is_refused_with_its_line_and_the_flag(
    case_text: str, name: str, value: str | int | bool
) -> None:
    text = with_options(case_text, f"\n    {json.dumps(name)}: {json.dumps(value)}")
    with pytest.raises(InvalidCaseError) as caught:
        parse_case(text)
    (problem,) = caught.value.problems
    assert problem.place == f"case:{case_text.count(chr(10)) + 3}"
    assert problem.path == ("solver", "petsc_options", name)
    assert "--trust-petsc-options" in problem.hint


def test_methods_tolerances_and_limits_pass_with_any_inner_prefix(case_text: str) -> None:
    options = (
        "{ksp_type: gmres, ksp_rtol: 1e-8, ksp_atol: 0, ksp_max_it: 50, pc_type: bjacobi, sub_pc_type: ilu, "
        "sub_pc_factor_levels: 1, field_pc_hypre_boomeramg_strong_threshold: 0.5, mg_levels_2_ksp_type: richardson, "
        "mg_coarse_sub_pc_type: lu, ksp_monitor: true, -snes_max_it: 9, mat_mumps_icntl_14: 200, ksp_norm_type: NATURAL}"
    )
    assert len(parse_case(with_options(case_text, options)).solver.petsc_options) == 14


def test_a_misspelt_option_finds_the_right_one(case_text: str) -> None:
    with pytest.raises(InvalidCaseError, match="did you mean 'ksp_rtol'"):
        parse_case(with_options(case_text, "{ksp_rtoll: 1e-8}"))


def test_a_file_that_is_trusted_sets_any_option(case_text: str, tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(with_options(case_text, "{ksp_view_mat: true}"))
    with pytest.raises(InvalidCaseError):
        load_case(path)
    assert load_case(path, trust_petsc_options=True).solver.petsc_options == {"ksp_view_mat": True}
