"""The multigrid of coupled fields: few iterations at every step size, and never a silent failure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from samples import apply, electrode, lattice_gas, layers, make_case, reservoir, run_studies, salt, simulation

from ssbsim.errors import ConvergenceError

#: Two isotopes on nearly full sites: their storage couples them strongly.
ISOTOPES = lattice_gas(
    species={"6Li+": {"diffusivity": 1e-12}, "7Li+": {"diffusivity": 1e-12}},
    sites=[{"name": "A", "density": 1e4, "standard_potential": {"6Li+": 0.0, "7Li+": 0.0}}],
    concentration={"6Li+": 4.5e3, "7Li+": 5e3},
)
CELLS: dict[str, dict[str, Any]] = {
    "lattice gas": {
        "phases": {"e": lattice_gas(0.9)},
        "terminals": {"left": electrode(0.3), "right": reservoir()},
    },
    "salt": {
        "phases": {"e": salt()},
        "terminals": {"left": electrode(0.1), "right": reservoir("A+", "B-")},
    },
    "isotopes": {
        "phases": {"e": ISOTOPES},
        "terminals": {"left": electrode(-0.2), "right": reservoir("6Li+", "7Li+")},
    },
}
GEOMETRY = layers(("e", 20.0), dimension=2, interface=0.2, terminal=0.2, bulk=1.0)


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("size", [1e-8, 1e-6, 1e-4, 1e-2, 1.0, 1e4])
def test_few_iterations_at_every_step_size(name: str, size: float) -> None:
    states = {}
    for linear in ("direct", "multigrid"):
        with simulation(make_case(geometry=GEOMETRY, solver={"linear": linear}, **CELLS[name])) as made:
            run_studies(made)
            apply(made, {key: value + 0.5 for key, value in made.outside.now().terminals.items()})
            report = made.integrator.euler(made.point, size)
            assert report.accepted is not None
            solve = report.newton[0]
            states[linear] = report.accepted.y
    assert solve.linear_iterations / solve.iterations < 15
    np.testing.assert_allclose(states["multigrid"], states["direct"], atol=1e-8)


def test_a_linear_solve_that_does_not_converge_is_an_error() -> None:
    options = {"linear": "multigrid", "petsc_options": {"ksp_max_it": 1}}
    with (
        simulation(make_case(geometry=GEOMETRY, solver=options, study=[{"kind": "steady"}], **CELLS["salt"])) as made,
        pytest.raises(ConvergenceError, match="linear solver stopped"),
    ):
        run_studies(made)


def test_an_estimate_of_the_error_that_does_not_converge_is_an_error() -> None:
    with simulation(make_case(geometry=GEOMETRY, solver={"linear": "multigrid"}, **CELLS["salt"])) as made:
        made.solver.linearise(1.0)
        made.solver._snes.getKSP().setTolerances(max_it=1)
        noise = np.random.default_rng(1).normal(size=made.functional.placement.n_owned_rows)
        with pytest.raises(ConvergenceError, match="could not be estimated"):
            made.solver.solve_linear(noise)
