"""A boundary whose current is a sinh of the drop, and one whose capacitance is given."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from samples import lattice_gas, layers, make_case, reservoir, run_studies, simulation

from ssbsim.case.laws.grain_boundary import GrainBoundaryLaw
from ssbsim.constants import FARADAY, GAS_CONSTANT, VACUUM_PERMITTIVITY
from ssbsim.discretization import Scales
from ssbsim.physics import INTERFACE_LAWS, NUMPY, Contact, State, phase_model

T, C = 298.15, 5e3
SCALES = Scales(T, 1e-9, 1e3, 1e-12)
R, V0 = 2e-3, 0.08


def law(**given: Any) -> Any:
    data = GrainBoundaryLaw.model_validate({"species": "Li+", "resistance": R} | given)
    model = phase_model("e", make_case().phases["e"], SCALES)
    return INTERFACE_LAWS["grain_boundary"](data, Contact(SCALES, (model, model)))


def current(placed: Any, volts: float) -> float:
    """Derivative of the dissipation in the drop, as a current (A/m2), by central differences of fourth order."""
    unit, step = SCALES.potential, 1e-3

    def spent(jump: float) -> float:
        one, other = State({"Li+": jump}, 0.0), State({"Li+": 0.0}, 0.0)
        return float(placed.dissipation(one, other, NUMPY))

    u = volts / unit
    slope = (8 * (spent(u + step) - spent(u - step)) - spent(u + 2 * step) + spent(u - 2 * step)) / (12 * step)
    return slope * SCALES.current


@pytest.mark.parametrize("volts", [-0.3, -0.05, 0.01, 0.1, 0.5])
def test_the_current_is_the_sinh_of_its_definition(volts: float) -> None:
    expected = V0 / R * math.sinh(volts / V0)
    assert current(law(sinh_potential=V0), volts) == pytest.approx(expected, rel=1e-8)


def test_small_drops_and_large_sinh_potentials_are_ohmic() -> None:
    assert current(law(sinh_potential=V0), 1e-3) == pytest.approx(1e-3 / R, rel=1e-4)
    assert current(law(sinh_potential=50.0), 0.3) == pytest.approx(current(law(), 0.3), rel=1e-5)
    assert law(sinh_potential=V0).conductances("Li+") == law().conductances("Li+")


def test_nothing_flows_or_is_spent_without_a_drop_and_some_is_with_any() -> None:
    placed = law(sinh_potential=V0)
    assert current(placed, 0.0) == pytest.approx(0.0, abs=1e-9 * V0 / R)
    for jump in np.linspace(-10.0, 10.0, 11):
        sides = State({"Li+": jump}, 0.3), State({"Li+": 0.0}, -0.2)
        assert float(placed.dissipation(*sides, NUMPY)) >= 0.0


def test_two_grains_and_a_sinh_in_series() -> None:
    """The steady current solves ``V = i R_bulk + V0 asinh(i R/V0)``."""
    boundary = {"law": "grain_boundary", "species": "Li+", "resistance": 1e-6, "sinh_potential": V0}
    case = make_case(
        geometry=layers(("e", 4.0), ("e", 4.0), bulk=2.0, interface=2.0),
        phases={"e": lattice_gas(0.5)},
        interfaces={"e|e": {"contact": "broken", "laws": [boundary]}},
        terminals={"left": reservoir(), "right": reservoir(potential=0.4)},
        study=[{"kind": "steady"}],
    )
    with simulation(case) as run:
        run_studies(run)
        i = run.ionic_current(run.flows(), "right")
    bulk = 8e-9 * GAS_CONSTANT * T / (FARADAY**2 * C * 1e-12)
    assert i * bulk + V0 * math.asinh(i * 1e-6 / V0) == pytest.approx(0.4, rel=2e-5)
    assert i * (bulk + 1e-6) > 1.5 * 0.4


def test_a_capacitance_is_one_however_it_is_given() -> None:
    eps = 20.0
    given = law(permittivity=eps, width=1e-9).capacitance
    assert law(capacitance=eps * VACUUM_PERMITTIVITY / 1e-9).capacitance == pytest.approx(given, rel=1e-12)
    assert law().capacitance is None


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"capacitance": 0.1, "permittivity": 20.0, "width": 1e-9}, "twice"),
        ({"sinh_potential": V0, "exchange": "proportional"}, "proportion"),
        ({"sinh_potential": 0.0}, "above 0"),
    ],
)
def test_laws_that_contradict_themselves_are_refused(given: dict[str, Any], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        law(**given)
