"""Properties that every phase law must have, over all registered statistics and mobility laws."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
from samples import lattice_gas, salt

from ssbsim.case import STATISTICS, Phase
from ssbsim.discretization import Scales
from ssbsim.physics import NUMPY, SITE_STATISTICS, PhaseModel, SiteClass, State, debye_length, phase_model

MOBILITY_LAWS = get_args(Phase.model_fields["mobility"].annotation)
#: Statistics whose sites never fill up; every other is held to the particles that a site may hold.
UNLIMITED = {name for name, one in STATISTICS.items() if math.isinf(one.capacity)}
SCALES = Scales(298.15, 1e-8, 1e4, 1e-12)

#: (charges, site classes as (density, width, standard potentials)).
SHAPES: dict[str, tuple[dict[str, int], list[tuple[float, float, dict[str, float]]]]] = {
    "one species": ({"Li+": 1}, [(2.0, 1.0, {"Li+": 0.3})]),
    "two species in one class": ({"Li+": 1, "Mg2+": 2}, [(1.5, 1.0, {"Li+": -0.5, "Mg2+": 0.7})]),
    "three isotopes": ({"6Li+": 1, "7Li+": 1, "Mg2+": 2}, [(1.0, 1.0, {"6Li+": 0.0, "7Li+": 0.0, "Mg2+": 1.0})]),
    "width 0.6": ({"Li+": 1}, [(2.0, 0.6, {"Li+": 0.3})]),
    "width 2.5": ({"Li+": 1}, [(2.0, 2.5, {"Li+": 0.3})]),
    "two classes": ({"Li+": 1}, [(1.0, 1.0, {"Li+": -2.0}), (0.5, 1.0, {"Li+": 3.0})]),
    "anion": ({"O2-": -2}, [(3.0, 1.0, {"O2-": 0.2})]),
    "everything": (
        {"Li+": 1, "Mg2+": 2, "X-": -1},
        [(1.0, 0.7, {"Li+": -1.0, "Mg2+": 0.5}), (0.3, 1.8, {"Li+": 2.0}), (0.9, 1.0, {"X-": 0.4, "Li+": 0.0})],
    ),
}

statistics_and_shape = pytest.mark.parametrize(
    ("statistics", "shape"), [(s, shape) for s in SITE_STATISTICS for shape in SHAPES]
)


def build(statistics: str, shape: str, mobility_law: str = "exchange") -> PhaseModel:
    charges, classes = SHAPES[shape]
    return PhaseModel(
        name="p",
        charges=charges,
        sites=[SiteClass(SITE_STATISTICS[statistics], n, w, mu0) for n, w, mu0 in classes],
        mobility=dict.fromkeys([(k, k) for k in charges], 1.0),
        mobility_law=mobility_law,
        fixed_charge=0.0,
        permittivity=1.0,
        conductivity=None,
        bulk_concentration={},
        bulk_potential={},
    )


def state_of(model: PhaseModel, vector: np.ndarray) -> State:
    return State(dict(zip(model.charges, vector[:-1], strict=True)), vector[-1])


def pressure(model: PhaseModel, vector: np.ndarray) -> float:
    return float(model.pressure(state_of(model, vector), NUMPY))


def concentrations(model: PhaseModel, vector: np.ndarray) -> np.ndarray:
    c = model.concentrations(state_of(model, vector), NUMPY)
    return np.array([c[k] for k in model.charges])


def gradient(function: Any, at: np.ndarray, step: float = 2e-3) -> np.ndarray:
    """Derivative of fourth order; the last axis runs over the arguments."""
    columns = []
    for i in range(len(at)):
        e = np.zeros(len(at))
        e[i] = step
        far, near = function(at + 2 * e) - function(at - 2 * e), function(at + e) - function(at - e)
        columns.append((8 * near - far) / (12 * step))
    return np.stack(columns, axis=-1)


def random_states(model: PhaseModel, rng: np.random.Generator, count: int = 20, spread: float = 4.0) -> np.ndarray:
    return rng.uniform(-spread, spread, size=(count, len(model.charges) + 1))


@statistics_and_shape
def test_concentration_is_the_derivative_of_the_pressure(statistics: str, shape: str, rng: np.random.Generator) -> None:
    model = build(statistics, shape)
    for vector in random_states(model, rng):
        slope = gradient(lambda v: np.asarray(pressure(model, v)), vector)
        c = concentrations(model, vector)
        np.testing.assert_allclose(slope[:-1], c, rtol=1e-8, atol=1e-9 * (1 + c.max()))


@statistics_and_shape
def test_charge_is_minus_the_derivative_in_the_potential(statistics: str, shape: str, rng: np.random.Generator) -> None:
    model = build(statistics, shape)
    for vector in random_states(model, rng):
        slope = gradient(lambda v: np.asarray(pressure(model, v)), vector)[-1]
        state = state_of(model, vector)
        rho = model.charge_density(state, NUMPY)
        scale = sum(abs(z) * c for z, c in zip(model.charges.values(), concentrations(model, vector), strict=True))
        assert -slope == pytest.approx(rho, rel=1e-8, abs=1e-9 * (1 + scale))


@statistics_and_shape
def test_pressure_is_convex_and_its_hessian_symmetric(statistics: str, shape: str, rng: np.random.Generator) -> None:
    model = build(statistics, shape)
    for vector in random_states(model, rng):
        phi = vector[-1]
        hessian = gradient(lambda v, phi=phi: concentrations(model, np.append(v, phi)), vector[:-1])
        scale = np.abs(hessian).max()
        np.testing.assert_allclose(hessian, hessian.T, atol=1e-8 * scale)
        assert np.linalg.eigvalsh(hessian).min() > 0.0


@statistics_and_shape
def test_what_is_held_constant_does_not_change_a_value(statistics: str, shape: str, rng: np.random.Generator) -> None:
    model = build(statistics, shape)
    for vector, shift in zip(random_states(model, rng), rng.uniform(-4.0, 4.0, size=20), strict=True):
        here, held = state_of(model, vector), replace(NUMPY, frozen=lambda a, shift=shift: a + shift)
        assert model.pressure(here, held) == pytest.approx(pressure(model, vector), rel=1e-12)
        c = model.concentrations(here, held)
        np.testing.assert_allclose([c[k] for k in model.charges], concentrations(model, vector), rtol=1e-12)


@statistics_and_shape
def test_occupancies_stay_between_empty_and_full(statistics: str, shape: str, rng: np.random.Generator) -> None:
    model = build(statistics, shape)
    for vector in random_states(model, rng, spread=60.0):
        state = state_of(model, vector)
        for x in model.occupancies(state, NUMPY):
            assert all(v >= 0.0 for v in x.values())
            if statistics not in UNLIMITED:
                assert sum(x.values()) <= 1.0 + 1e-14


@statistics_and_shape
def test_empty_sites_are_dilute(statistics: str, shape: str) -> None:
    """x -> exp(a), what moves is all of x, and the pressure is that of an ideal gas."""
    model = build(statistics, shape)
    vector = np.append(np.full(len(model.charges), -80.0), 0.0)
    state = state_of(model, vector)
    for site, x in zip(model.sites, model.occupancies(state, NUMPY), strict=True):
        for k, mu0 in site.standard_potential.items():
            assert x[k] == pytest.approx(np.exp((-80.0 - mu0) / site.width), rel=1e-10)
        moving = site.statistics.movable(list(x.values()))
        np.testing.assert_allclose(moving, list(x.values()), rtol=1e-10)
    ideal = sum(
        s.width * s.density * sum(x.values()) for s, x in zip(model.sites, model.occupancies(state, NUMPY), strict=True)
    )
    # ln(1 + x) keeps x only to the rounding of 1.
    assert pressure(model, vector) == pytest.approx(ideal, rel=1e-10, abs=1e-15)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("statistics", sorted(set(SITE_STATISTICS) - UNLIMITED))
def test_full_sites_hold_no_more_and_let_nothing_move(statistics: str, shape: str) -> None:
    model = build(statistics, shape)
    vector = np.append(np.full(len(model.charges), 300.0), 0.0)
    state = state_of(model, vector)
    for site, x in zip(model.sites, model.occupancies(state, NUMPY), strict=True):
        assert sum(x.values()) == pytest.approx(STATISTICS[statistics].capacity, rel=1e-12)
        if len(x) == 1:
            assert site.statistics.movable(list(x.values()))[0] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("sign", [-1.0, 1.0])
@statistics_and_shape
def test_nothing_overflows_up_to_400_kt(statistics: str, shape: str, sign: float) -> None:
    model = build(statistics, shape)
    # Without a limit exp(400/w) has no double where w is small.
    most = min(1.0, *(site.width for site in model.sites)) if statistics in UNLIMITED else 1.0
    for mu in (0.0, 100.0, 400.0 * most):
        vector = np.append(np.full(len(model.charges), sign * mu), 0.0)
        state = state_of(model, vector)
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            numbers = [pressure(model, vector), *concentrations(model, vector)]
            for law in MOBILITY_LAWS:
                moving = build(statistics, shape, law).mobilities(state, NUMPY)
                numbers += list(moving.entries.values())
        assert np.isfinite(numbers).all()
        assert min(numbers[1:]) >= 0.0


@pytest.mark.parametrize("law", MOBILITY_LAWS)
@statistics_and_shape
def test_mobility_is_never_negative_and_vanishes_with_the_species(
    statistics: str, shape: str, law: str, rng: np.random.Generator
) -> None:
    model = build(statistics, shape, law)
    for vector in random_states(model, rng, spread=30.0):
        state = state_of(model, vector)
        assert min(model.mobilities(state, NUMPY).entries.values()) >= 0.0
    vector = np.append(np.full(len(model.charges), -300.0), 0.0)
    state = state_of(model, vector)
    assert max(model.mobilities(state, NUMPY).entries.values()) < 1e-30


def complete_phase(statistics: str, law: str) -> Phase:
    return Phase.model_validate(
        {
            "permittivity": 30.0,
            "mobility": law,
            "species": {
                "Li+": {"diffusivity": 3e-12, "haven_ratio": 0.5},
                "Mg2+": {"diffusivity": {"value": 1e-14, "at": 298.15, "activation_energy": 0.4}},
                "Na+": {},
            },
            "sites": [
                {
                    "name": "A",
                    "statistics": statistics,
                    "density": 1e4,
                    "standard_potential": {"Li+": 0.1, "Mg2+": 0.2},
                },
                {
                    "name": "B",
                    "statistics": statistics,
                    "density": 3e3,
                    "width": 1.4,
                    "standard_potential": {"Li+": 0.3},
                },
                {"name": "C", "statistics": statistics, "density": 2e3, "standard_potential": {"Na+": -0.2}},
            ],
            "concentration": {"Li+": 6e3, "Mg2+": 5e2, "Na+": 1.9e3},
        }
    )


@pytest.mark.parametrize("law", MOBILITY_LAWS)
@pytest.mark.parametrize("statistics", SITE_STATISTICS)
def test_the_bulk_has_the_composition_the_mobility_and_the_neutrality_it_was_given(statistics: str, law: str) -> None:
    model = phase_model("p", complete_phase(statistics, law), SCALES)
    state = model.bulk
    c = model.concentrations(state, NUMPY)
    assert {k: v * SCALES.concentration for k, v in c.items()} == pytest.approx({"Li+": 6e3, "Mg2+": 5e2, "Na+": 1.9e3})
    assert model.charge_density(state, NUMPY) == pytest.approx(0.0, abs=1e-9)
    moving = model.mobilities(state, NUMPY)
    unit = SCALES.diffusivity * SCALES.concentration
    # M = D c / (H R T); potentials are in units of RT here. Na+ has no diffusivity: it does not move.
    expected = {("Li+", "Li+"): 3e-12 / 0.5 * 6e3, ("Mg2+", "Mg2+"): 1e-14 * 5e2}
    assert {k: v * unit for k, v in moving.entries.items()} == pytest.approx(expected)


def test_debye_lengths_are_the_textbook_ones() -> None:
    eps0, kt_over_e, faraday = 8.8541878128e-12, 8.617333262e-5 * 298.15, 96485.33212
    dilute = phase_model("s", Phase.model_validate(salt(100.0)), SCALES)
    expected = np.sqrt(20.0 * eps0 * kt_over_e / (2 * faraday * 100.0))
    assert debye_length(dilute) * SCALES.length == pytest.approx(expected, rel=1e-8)
    lattice = phase_model("l", Phase.model_validate(lattice_gas(0.3)), SCALES)
    expected = np.sqrt(20.0 * eps0 * kt_over_e / (faraday * 1e4 * 0.3 * 0.7))
    assert debye_length(lattice) * SCALES.length == pytest.approx(expected, rel=1e-8)
