"""The mobility as a matrix over pairs of species: what it spends, what flows, and what it must not be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from samples import layers, make_case, reservoir, run_studies, salt, simulation

from ssbsim import CaseError
from ssbsim.case import Phase
from ssbsim.constants import FARADAY, GAS_CONSTANT
from ssbsim.discretization import Scales
from ssbsim.physics import NUMPY, MobilityMatrix, phase_model, placement

COUPLED = MobilityMatrix({("A+", "A+"): 2.0, ("A+", "B-"): 0.5, ("B-", "A+"): 0.5, ("B-", "B-"): 1.0})
CHARGES = {"A+": 1, "B-": -1}


def test_what_is_spent_is_flux_times_force() -> None:
    op = replace(NUMPY, gradient_product=lambda f, g: f * g)
    gradients = {"A+": 0.3, "B-": -0.7}
    flux = {k: COUPLED.flux(k, gradients) for k in gradients}
    assert flux == pytest.approx({"A+": -(2.0 * 0.3 - 0.5 * 0.7), "B-": -(0.5 * 0.3 - 0.7)})
    assert COUPLED.dissipation(gradients, op) == pytest.approx(-0.5 * sum(flux[k] * gradients[k] for k in flux))


def test_conductivity_counts_the_coupling_with_the_signs_of_the_charges() -> None:
    assert COUPLED.conductivity(CHARGES) == pytest.approx(2.0 + 1.0 - 2 * 0.5)
    assert MobilityMatrix({}).conductivity(CHARGES) == 0.0


@pytest.mark.parametrize(
    ("entries", "fault"),
    [
        ({("A+", "A+"): 1.0, ("A+", "B-"): 2.0, ("B-", "A+"): 2.0, ("B-", "B-"): 1.0}, "win free energy"),
        ({("A+", "A+"): -1.0}, "win free energy"),
        ({("A+", "A+"): 1.0, ("A+", "B-"): 0.2, ("B-", "A+"): 0.1, ("B-", "B-"): 1.0}, "not symmetric"),
    ],
)
def test_a_matrix_that_wins_free_energy_is_refused_with_its_numbers(
    entries: dict[tuple[str, str], float], fault: str
) -> None:
    with pytest.raises(CaseError, match=fault) as caught:
        MobilityMatrix(entries).check("electrolyte")
    assert "'electrolyte'" in str(caught.value)
    for value in entries.values():
        assert f"{value:g}" in str(caught.value)


def test_a_matrix_at_the_limit_is_accepted() -> None:
    MobilityMatrix({}).check("p")
    MobilityMatrix({("A+", "A+"): 4.0, ("A+", "B-"): 2.0, ("B-", "A+"): 2.0, ("B-", "B-"): 1.0}).check("p")


def coupled_model(name: str, phase: Any, scales: Scales) -> Any:
    """The model of a salt whose ions drag each other along, 0.8 of what is possible."""
    model = phase_model(name, phase, scales)
    drag = 0.8 * np.sqrt(model.mobility["A+", "A+"] * model.mobility["B-", "B-"])
    return replace(model, mobility={**model.mobility, ("A+", "B-"): drag, ("B-", "A+"): drag})


def test_coupling_stays_positive_wherever_the_composition_goes() -> None:
    model = coupled_model("e", Phase.model_validate(salt()), Scales(298.15, 1e-8, 1e2, 1e-12))
    for phi in (-8.0, 0.0, 5.0):
        model.mobilities(replace(model.bulk, phi=phi), NUMPY).check("e")


@pytest.mark.parametrize("newton", ["full", "lagged"])
def test_a_steady_cell_carries_the_current_of_the_whole_matrix(newton: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under a small voltage every mu falls linearly, and ``i = sum_kl z_k z_l M_kl V / L``."""
    monkeypatch.setattr(placement, "phase_model", coupled_model)
    case = make_case(
        geometry=layers(("e", 10.0), bulk=2.0, interface=2.0),
        phases={"e": salt(100.0)},
        terminals={"left": reservoir("A+", "B-"), "right": reservoir("A+", "B-", potential=1e-6)},
        study=[{"kind": "steady"}],
        solver={"newton": newton},
    )
    with simulation(case) as run:
        run_studies(run)
        flows = run.flows()
        current = run.ionic_current(flows, "right")
    one, other = 1e-12 * 100.0, 2e-12 * 100.0
    drag = 0.8 * np.sqrt(one * other)
    unit = FARADAY / (GAS_CONSTANT * case.temperature) * 1e-6 / 10e-9
    assert flows.species["right"]["A+"] == pytest.approx((one - drag) * unit, rel=1e-5)
    assert flows.species["right"]["B-"] == pytest.approx((drag - other) * unit, rel=1e-5)
    assert current == pytest.approx(FARADAY * (one + other - 2 * drag) * unit, rel=1e-5)
