"""Terminals that are given a current find the potential that would have drawn it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from floating_on_ranks import ASKED, CELLS, SIZES, cell, floating_terminals
from mpi_runner import mpi_json
from samples import simulation

SCRIPT = Path(__file__).parent / "floating_on_ranks.py"


@pytest.fixture(scope="module", params=[pytest.param(n, marks=pytest.mark.parallel) for n in (1, 2, 3)])
def answers(request: pytest.FixtureRequest) -> Any:
    return mpi_json(request.param, SCRIPT, timeout=400.0)


def test_the_potential_is_that_which_draws_the_current(answers: Any) -> None:
    """In 1D by factors, in 2D and 3D by multigrid; charging and conducting, one terminal and two."""
    assert len(answers) == 3 * (len(CELLS) - 1) + 1
    for name, answer in answers.items():
        for found in answer["found"]:
            assert found == pytest.approx(list(ASKED[: len(found)]), abs=1e-8), name
        assert answer["worst"] < 1e-8, name


def test_it_costs_at_most_two_krylov_iterations_for_every_newton_iteration(answers: Any) -> None:
    for name, answer in answers.items():
        for (plain, newton), (bordered, with_border) in zip(answer["plain"], answer["bordered"], strict=True):
            assert bordered / with_border <= plain / newton + 2.0, name


def test_over_a_step_exactly_the_given_charge_passes_and_a_rejected_step_leaves_no_trace() -> None:
    """TR-BDF2 from Euler's first step: electrode and ions take up the current to rounding."""
    for name in ("double layer", "ions", "electrons"):
        with floating_terminals(), simulation(cell(name, 1, "direct", (0.0, 0.0))) as made:
            terminal = made.functional.placement.rows.floating[0]
            terminal.current.set(0.03)
            point = made.integrator.euler(made.point, 1e-3).accepted
            assert point is not None
            assert made.integrator.trbdf2(point, 0.05).accepted is not None
            first = made.integrator.trbdf2(point, SIZES[0])
            again = made.integrator.trbdf2(point, SIZES[0])
            assert first.accepted is not None
            assert again.accepted is not None
            assert again.accepted.y == pytest.approx(first.accepted.y, abs=1e-9)
            before, after = made.flows(point), made.flows(first.accepted)
            unit = made.scales.current * made.scales.time
            seconds = SIZES[0] * made.scales.time
            passed = made.mean_current("left", after, before, first.supplied, seconds) * seconds
            assert passed == pytest.approx(0.03 * SIZES[0] * unit, rel=1e-8), name


def test_a_cell_in_which_every_potential_floats_is_refused() -> None:
    from ssbsim import CaseError

    case = cell("double layer", 1, "direct", (0.0, 0.0))
    both = case.model_copy(update={"terminals": {k: case.terminals["left"] for k in ("left", "right")}})
    with (
        floating_terminals(),
        pytest.raises(CaseError, match="Nothing fixes the electrostatic potential"),
        simulation(both),
    ):
        pass
