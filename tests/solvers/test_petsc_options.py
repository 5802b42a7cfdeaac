"""PETSc options of a case."""

from __future__ import annotations

import pytest
from samples import make_case, simulation

from ssbsim import CaseError


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
