"""A grain boundary of zero thickness: its resistance however it is given, and one of its own for every pair of grains."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from samples import lattice_gas, layers, make_case, reservoir, run_studies, simulation

from ssbsim.case.laws.grain_boundary import GrainBoundaryLaw
from ssbsim.constants import BOLTZMANN, FARADAY, GAS_CONSTANT
from ssbsim.geometry import Grain
from ssbsim.physics.laws.grain_boundary import pair_factors

T, C = 298.15, 5e3


def law(**given: Any) -> GrainBoundaryLaw:
    return GrainBoundaryLaw.model_validate({"species": "Li+"} | given)


def test_permeability_gives_the_resistance_of_its_definition() -> None:
    # R = R_gas T H / (z^2 F^2 c P), by hand.
    expected = GAS_CONSTANT * T * 0.5 / (FARADAY**2 * C * 1.4e-8)
    assert law(permeability=1.4e-8, haven_ratio=0.5).area_resistance(T, 1, C) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    "given",
    [
        {"diffusivity": 1.4e-17, "width": 1e-9},
        {"conductivity": FARADAY**2 * C * 1.4e-17 / (0.5 * GAS_CONSTANT * T), "width": 1e-9},
        {"resistance": GAS_CONSTANT * T * 0.5 / (FARADAY**2 * C * 1.4e-8)},
    ],
)
def test_the_four_ways_to_give_it_are_one(given: dict[str, Any]) -> None:
    same = law(permeability=1.4e-8, haven_ratio=0.5, at=T, activation_energy=0.4)
    other = law(**given, haven_ratio=0.5, at=T, activation_energy=0.4)
    for temperature in (250.0, T, 400.0):
        assert other.area_resistance(temperature, 1, C) == pytest.approx(same.area_resistance(temperature, 1, C), 1e-9)
        assert other.tracer_permeability(temperature, 1, C) == pytest.approx(
            same.tracer_permeability(temperature, 1, C), 1e-9
        )


def test_activation_energy_is_that_of_the_permeability() -> None:
    one = law(permeability=1e-8, at=300.0, activation_energy=0.4)
    ratio = one.tracer_permeability(400.0, 1, C) / one.tracer_permeability(300.0, 1, C)
    ev = 1.602176634e-19
    assert ratio == pytest.approx(math.exp(-0.4 * ev / BOLTZMANN * (1 / 400 - 1 / 300)), rel=1e-10)


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({}, "found none"),
        ({"permeability": 1e-8, "resistance": 1.0}, "permeability and resistance"),
        ({"diffusivity": 1e-17}, "width"),
        ({"permeability": 1e-8, "permittivity": 50.0}, "width"),
        ({"permeability": 1e-8, "activation_energy": 0.3}, "temperature"),
        ({"permeability": 1e-8, "classes": [{"up_to": 20.0, "factor": 2.0}, {"up_to": 10.0, "factor": 1.0}]}, "rise"),
    ],
)
def test_incomplete_laws_say_what_is_missing(given: dict[str, Any], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        law(**given)


def test_scatter_is_log_normal_and_belongs_to_the_pair() -> None:
    scattered = law(resistance=1.0, spread=0.7, seed=3)
    pairs = [(Grain(f"g.{i}", "e"), Grain(f"g.{i + 1}", "e")) for i in range(4000)]
    factors = pair_factors(scattered, pairs)
    logs = np.log(factors)
    assert abs(logs.mean()) < 4 * 0.7 / math.sqrt(len(pairs))
    assert logs.std() == pytest.approx(0.7, rel=4 / math.sqrt(2 * len(pairs)))
    swapped = pair_factors(scattered, [(b, a) for a, b in pairs[::-1]])
    assert np.array_equal(factors, swapped[::-1])


def test_misorientation_classes_choose_the_factor() -> None:
    classes = [{"up_to": 10.0, "factor": 0.1}, {"up_to": 30.0, "factor": 5.0}]
    by_class = law(resistance=1.0, classes=classes)

    def turned(degrees: float) -> Grain:
        half = math.radians(degrees) / 2
        return Grain(f"at {degrees}", "e", (math.cos(half), 0.0, 0.0, math.sin(half)))

    factors = pair_factors(by_class, [(turned(0.0), turned(angle)) for angle in (5.0, 20.0, 40.0, 85.0)])
    # 85 degrees about a cube axis is a misorientation of 5 degrees.
    assert factors.tolist() == [0.1, 5.0, 1.0, 0.1]


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_every_boundary_of_a_row_has_its_own_resistance(dimension: int) -> None:
    """Steady current through five grains: bulk and four different boundaries in series, exactly."""
    boundary = {
        "law": "grain_boundary",
        "species": "Li+",
        "resistance": 2e-3,
        "spread": 1.0,
        "permittivity": 20.0,
        "width": 1e-9,
    }
    case = make_case(
        geometry=layers(*[("e", 4.0)] * 5, bulk=4.0, interface=4.0, dimension=dimension),
        phases={"e": lattice_gas(0.5)},
        interfaces={"e|e": {"contact": "broken", "laws": [boundary]}},
        terminals={"left": reservoir(), "right": reservoir(potential=1e-6)},
        study=[{"kind": "steady"}],
    )
    with simulation(case) as run:
        run_studies(run)
        area = (20e-9) ** (dimension - 1)
        current = run.ionic_current(run.flows(), "right") / area
        names = [f"e.{i}" for i in range(1, 6)]
        pairs = [(Grain(a, "e"), Grain(b, "e")) for a, b in zip(names, names[1:], strict=False)]
        factors = pair_factors(GrainBoundaryLaw.model_validate(boundary), pairs)
        bulk = 20e-9 * GAS_CONSTANT * T / (FARADAY**2 * C * 1e-12)
        assert factors.max() / factors.min() > 2.0
        assert 1e-6 / current == pytest.approx(bulk + 2e-3 * factors.sum(), rel=1e-6)
