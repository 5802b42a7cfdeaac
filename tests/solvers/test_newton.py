"""Newton's method, its linear solvers and their options."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from petsc4py import PETSc
from samples import (
    electrode,
    lattice_gas,
    layers,
    make_case,
    newton_iterations,
    reservoir,
    run_studies,
    simulation,
)

from ssbsim.solvers import ERROR_LEFT, SolverOptions, choose_preset

#: Conduction through a lattice gas whose mobility varies in space, with its space charge.
CELL: dict[str, Any] = {
    "geometry": layers(("e", 10.0), bulk=0.5, interface=0.5),
    "phases": {"e": lattice_gas(0.1)},
    "terminals": {"left": reservoir(), "right": reservoir()},
    "study": [{"kind": "steady", "terminals": {"left": {"potential": 0.2}}}],
}


def solved(**changes: Any) -> tuple[np.ndarray, list[int]]:
    with simulation(make_case(**CELL | changes)) as made:
        records = run_studies(made)
        return made.point.y, newton_iterations(records)


def test_lagged_and_full_newton_end_in_the_same_state() -> None:
    full, few = solved()
    lagged, many = solved(solver={"newton": "lagged"})
    np.testing.assert_allclose(lagged, full, atol=1e-7)
    # The derivative of the mobility is there for something.
    assert sum(many) > sum(few)


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_direct_and_multigrid_find_the_same_state(dimension: int) -> None:
    geometry = layers(("e", 4.0), dimension=dimension, bulk=1.0, interface=1.0)
    direct, _ = solved(geometry=geometry, solver={"linear": "direct"})
    multigrid, _ = solved(geometry=geometry, solver={"linear": "multigrid"})
    np.testing.assert_allclose(multigrid, direct, atol=10 * ERROR_LEFT)


def test_a_solve_that_has_nothing_to_do_does_nothing() -> None:
    with simulation(make_case(**CELL | {"study": [{"kind": "equilibrium"}]})) as made:
        run_studies(made)
        before = made.point
        report = made.integrator.euler(before, 1.0)
        assert report.accepted is not None
        assert report.newton[0].iterations <= 1
        np.testing.assert_allclose(report.accepted.y, before.y, atol=ERROR_LEFT)


def test_the_error_left_is_what_it_promises() -> None:
    """Solving again from the result moves it by less than the error that is said to be left."""
    with simulation(make_case(**CELL)) as made:
        made.outside.write(made.outside.after(made.case.study[0].terminals))
        first = made.integrator.euler(made.point, 1.0)
        assert first.accepted is not None
        again = made.solver.solve(np.where(made.functional.placement.rows.instantaneous, 0.0, made.point.q), 1.0)
        assert again.converged
        assert np.abs(made.functional.y.x.array - first.accepted.y).max() < 2 * ERROR_LEFT


def test_a_singular_matrix_is_said_to_be_one() -> None:
    """A species that nothing stores, moves or holds makes its rows zero."""
    parts = CELL | {"terminals": {"left": electrode(0.0), "right": electrode(0.0)}, "study": [{"kind": "equilibrium"}]}
    with simulation(make_case(**parts)) as made:
        made.functional.y.x.array[:] = 0.0
        # Nothing left in the phase: exp(-800) is zero, and so is its derivative.
        made.functional.y.x.array.reshape(-1, 2)[:, 0] = -800.0
        report = made.solver.solve(np.zeros_like(made.point.q), 0.0)
        assert not report.converged
        assert "singular" in report.reason


def test_the_preset_follows_dimension_and_size() -> None:
    assert choose_preset("auto", 1, 10**7) == "direct"
    assert choose_preset("auto", 2, 10**4) == "direct"
    assert choose_preset("auto", 2, 10**6) == "multigrid"
    assert choose_preset("auto", 3, 10**6) == "multigrid"
    assert choose_preset("direct", 3, 10**6) == "direct"
    assert choose_preset("multigrid", 1, 10) == "multigrid"


def test_options_of_the_case_win_reach_petsc_and_go_again() -> None:
    with simulation(make_case(**CELL, solver={"petsc_options": {"ksp_type": "gmres", "snes_no_such_word": 3}})) as made:
        run_studies(made)
        prefix = made.options.prefix
        assert made.solver._snes.getKSP().getType() == "gmres"
        assert made.options.unused() == ["snes_no_such_word"]
        assert PETSc.Options().hasName(f"{prefix}snes_no_such_word")
    assert not PETSc.Options().hasName(f"{prefix}snes_no_such_word")
    assert not PETSc.Options().hasName(f"{prefix}ksp_type")


def test_a_dash_before_an_option_is_forgiven() -> None:
    options = SolverOptions("dash_", "direct", {"-ksp_rtol": 1e-6})
    try:
        assert PETSc.Options().getReal("dash_ksp_rtol") == 1e-6
    finally:
        options.clear()


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("potential", [1.0, 3.0])
def test_three_volts_over_a_tenth_of_a_nanometre_from_a_cold_start(potential: float) -> None:
    """With defaults, no study before, and no continuation."""
    sites = [{"name": "A", "density": 9.5e3}]
    phase = lattice_gas(permittivity=10.0, sites=sites, concentration={"Li+": 4.75e3})
    parts: dict[str, Any] = {
        "geometry": layers(("e", 20.0), bulk=1.0, interface=0.02, terminal=0.02, growth=1.2),
        "phases": {"e": phase},
        "terminals": {"left": electrode(potential), "right": reservoir()},
        "study": [{"kind": "equilibrium"}],
    }
    with simulation(make_case(**parts)) as made:
        assert made.debye_lengths["e"] == pytest.approx(1e-10, rel=0.05)
        records = run_studies(made)
        assert len(records) == 1
        assert max(newton_iterations(records)) <= 30
        assert np.isfinite(made.point.y).all()


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_ten_volts_with_site_limits_overflow_nothing(sign: float) -> None:
    parts: dict[str, Any] = {
        "geometry": layers(("e", 20.0), bulk=1.0, interface=0.02, terminal=0.02, growth=1.2),
        "phases": {"e": lattice_gas(0.5)},
        "terminals": {"left": electrode(sign * 10.0), "right": reservoir()},
        "study": [{"kind": "equilibrium"}],
    }
    with np.errstate(over="raise", invalid="raise"), simulation(make_case(**parts)) as made:
        run_studies(made)
        state = made.point.y.reshape(-1, 2)
        assert state[:, 1].max() - state[:, 1].min() == pytest.approx(10.0 / made.scales.potential, rel=1e-2)
        # With 10 V on it the layer is full, or empty, over many cells: the charge is that of a depletion layer or less.
        charge = made.flows().charge["left"]
        assert np.sign(charge) == sign
        assert np.isfinite(charge)
