"""Scalars beside a sparse matrix: solved on any number of ranks, by factors or multigrid, for no more than two iterations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mpi_runner import mpi_json

SCRIPT = Path(__file__).parent / "bordered_on_ranks.py"


@pytest.fixture(scope="module", params=[pytest.param(n, marks=pytest.mark.parallel) for n in (1, 2, 3)])
def answers(request: pytest.FixtureRequest) -> Any:
    return mpi_json(request.param, SCRIPT)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_factors_solve_it_in_one_application(answers: Any, count: int) -> None:
    done = answers[f"direct {count}"]
    assert done["iterations"] == [1, 1]
    assert max(done["left"]) < 1e-11


@pytest.mark.parametrize("count", [1, 3])
def test_multigrid_needs_at_most_two_iterations_more_than_without_scalars(answers: Any, count: int) -> None:
    plain, bordered = answers["multigrid 0"], answers[f"multigrid {count}"]
    assert max(bordered["left"]) < 1e-6
    for without, with_border in zip(plain["iterations"], bordered["iterations"], strict=True):
        assert with_border <= without + 2
    for direct, multigrid in zip(answers[f"direct {count}"]["found"], bordered["found"], strict=True):
        assert multigrid == pytest.approx(direct, rel=1e-7)
