"""Boundary analysis on profiles with a known answer."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import dawsn, erf

from ssbsim.analysis import boundary, exact
from ssbsim.constants import BOLTZMANN, ELEMENTARY_CHARGE, FARADAY

UNIT = BOLTZMANN * 300.0 / ELEMENTARY_CHARGE
CONCENTRATION = 166.0
CONDUCTIVITY = 0.1
GRAIN = {"relative_permittivity": 10.0, "concentration": CONCENTRATION}
BARRIER = 8.0 * UNIT
WIDTH = float(exact.mott_schottky_width(BARRIER, **GRAIN))
CORE = 1e-9


def bicrystal(points: int, *, reach: float = 3.0, core: bool = True) -> dict[str, np.ndarray]:
    """Mott-Schottky layers on both sides of a flat core ten times as resistive as bulk, neutral as a whole."""
    # a point at the end of the depletion, where the charge density jumps: listed twice, as the trapezoid needs it
    inside = np.linspace(0.0, 1.0, points)
    distance = WIDTH * np.concatenate([inside, np.linspace(1.0 + 1e-12, reach, 5)])
    half = 0.5 * CORE if core else 0.0
    potential = exact.mott_schottky_potential(distance, BARRIER, **GRAIN)
    concentration = CONCENTRATION * np.exp(-potential / UNIT)
    charge = np.where(distance <= WIDTH, -FARADAY * CONCENTRATION, 0.0)
    columns = {
        "x": [-half - distance[::-1], half + distance],
        "potential": [potential[::-1], potential],
        "concentration": [concentration[::-1], concentration],
        "conductivity": [CONDUCTIVITY * c / CONCENTRATION for c in (concentration[::-1], concentration)],
        "charge_density": [charge[::-1], charge],
        "grain": [np.full(distance.shape, "grain.1"), np.full(distance.shape, "grain.2")],
    }
    if core:
        place = np.linspace(-half, half, 5)
        sheet = 2.0 * FARADAY * CONCENTRATION * WIDTH / CORE
        middle = [place, BARRIER, CONCENTRATION, CONDUCTIVITY / 10.0, sheet, "core"]
        for column, value in zip(columns.values(), middle, strict=True):
            column.insert(1, value if isinstance(value, np.ndarray) else np.full(place.shape, value))
    return {name: np.concatenate(parts) for name, parts in columns.items()}


def test_mott_schottky_bicrystal():
    result = boundary.analyse_boundary(**bicrystal(2001), left="grain.1", core="core", right="grain.2")
    u0 = BARRIER / UNIT
    excess = WIDTH / CONDUCTIVITY * (np.exp(u0) * dawsn(np.sqrt(u0)) / np.sqrt(u0) - 1.0)
    for layer in (result.left, result.right):
        assert layer.edge_potential == pytest.approx(BARRIER)
        assert layer.depletion_width == pytest.approx(
            WIDTH * (1.0 - 0.5 * np.sqrt(np.pi / u0) * erf(np.sqrt(u0))), rel=1e-6
        )
        assert layer.decay_distance == pytest.approx(WIDTH * (1.0 - np.exp(-0.5)), rel=1e-6)
        assert layer.charge == pytest.approx(-FARADAY * CONCENTRATION * WIDTH, rel=1e-9)
        assert layer.excess_resistance == pytest.approx(excess, rel=1e-6)
        assert layer.bulk_concentration == pytest.approx(CONCENTRATION)
        assert layer.residual == 0.0
    assert result.space_charge_potential == pytest.approx(BARRIER)
    assert result.core_width == pytest.approx(CORE)
    assert result.core_excess_resistance == pytest.approx(9.0 * CORE / CONDUCTIVITY)
    assert result.charge_imbalance == pytest.approx(0.0, abs=1e-9 * result.core_charge)
    assert result.excess_resistance == pytest.approx(2.0 * excess + 9.0 * CORE / CONDUCTIVITY, rel=1e-6)
    bulk_resistance = result.thickness / CONDUCTIVITY
    assert result.ratio == pytest.approx((result.excess_resistance + bulk_resistance) / bulk_resistance)
    # a boundary without thickness and of this permeability carries the same flux
    assert result.permeability(2e-12) == pytest.approx(2e-12 / (CONDUCTIVITY * result.excess_resistance))


def test_integrals_converge_with_second_order():
    u0 = BARRIER / UNIT
    exact_excess = WIDTH / CONDUCTIVITY * (np.exp(u0) * dawsn(np.sqrt(u0)) / np.sqrt(u0) - 1.0)
    exact_width = WIDTH * (1.0 - 0.5 * np.sqrt(np.pi / u0) * erf(np.sqrt(u0)))
    errors = []
    for points in (41, 81, 161):
        layer = boundary.analyse_boundary(**bicrystal(points), left="grain.1", core="core", right="grain.2").left
        errors.append([layer.excess_resistance / exact_excess - 1.0, layer.depletion_width / exact_width - 1.0])
    slopes = np.log2(np.abs(np.array(errors)[:-1] / np.array(errors)[1:]))
    np.testing.assert_allclose(slopes, 2.0, atol=0.1)
    assert abs(errors[0][0]) < 1e-2


def test_exact_layer_gives_the_exact_excess():
    length = float(exact.debye_length_one_ion(300.0, 10.0, concentration=CONCENTRATION))
    distance = 30.0 * length * np.linspace(0.0, 1.0, 4001) ** 2
    for sign in (1.0, -1.0):
        potential = exact.one_ion_profile(distance, sign * 0.1, temperature=300.0, **GRAIN)
        conductivity = CONDUCTIVITY * np.exp(-potential / UNIT)
        found = boundary.excess_resistance(distance, conductivity, bulk_conductivity=CONDUCTIVITY)
        wanted = float(exact.one_ion_excess_length(sign * 0.1 / UNIT)) * length / CONDUCTIVITY
        assert found == pytest.approx(wanted, rel=1e-5)
        width = boundary.equivalent_width(
            distance, CONCENTRATION * conductivity / CONDUCTIVITY, bulk_concentration=166.0
        )
        charge = float(exact.one_ion_charge(sign * 0.1, temperature=300.0, **GRAIN))
        assert FARADAY * CONCENTRATION * width == pytest.approx(charge, rel=1e-5)


def test_boundary_without_thickness_and_without_charge_density():
    profile = bicrystal(201, core=False)
    charged = boundary.analyse_boundary(**profile, left="grain.1", right="grain.2")
    assert charged.core_width == 0.0
    assert charged.core_excess_resistance == 0.0
    assert np.isnan(charged.core_charge)
    assert charged.layer_charge == pytest.approx(-2.0 * FARADAY * CONCENTRATION * WIDTH)
    del profile["charge_density"], profile["conductivity"]
    bare = boundary.analyse_boundary(**profile, left="grain.1", right="grain.2")
    assert np.isnan(bare.left.charge)
    assert np.isnan(bare.excess_resistance)
    assert bare.left.depletion_width == pytest.approx(charged.left.depletion_width)


def test_order_of_points_and_repeats_across_the_plane_do_not_matter():
    profile = bicrystal(101)
    reference = boundary.analyse_boundary(**profile, left="grain.1", core="core", right="grain.2")
    shuffle = np.random.default_rng(1).permutation(np.repeat(np.arange(profile["x"].size), 3))
    again = boundary.analyse_boundary(
        **{name: column[shuffle] for name, column in profile.items()}, left="grain.1", core="core", right="grain.2"
    )
    assert again.left.excess_resistance == pytest.approx(reference.left.excess_resistance, rel=1e-12)
    assert again.right.depletion_width == pytest.approx(reference.right.depletion_width, rel=1e-12)
    assert again.charge_imbalance == pytest.approx(reference.charge_imbalance, abs=1e-12)


def test_reach_leaves_a_terminal_layer_out():
    profile = bicrystal(101)
    reference = boundary.analyse_boundary(**profile, left="grain.1", core="core", right="grain.2")
    far = profile["x"] > 0.5 * CORE + 2.9 * WIDTH
    profile["potential"] = profile["potential"] - 0.3 * far
    profile["concentration"] = np.where(far, 5.0 * CONCENTRATION, profile["concentration"])
    profile["conductivity"] = np.where(far, 5.0 * CONDUCTIVITY, profile["conductivity"])
    spoiled = boundary.analyse_boundary(**profile, left="grain.1", core="core", right="grain.2")
    assert spoiled.right.residual > 0.1
    mended = boundary.analyse_boundary(**profile, left="grain.1", core="core", right="grain.2", reach=2.0 * WIDTH)
    assert mended.right.excess_resistance == pytest.approx(reference.right.excess_resistance, rel=1e-9)
    assert mended.right.edge_potential == pytest.approx(BARRIER)


def test_decay_distance_edge_cases():
    x = np.linspace(0.0, 10.0, 1001)
    assert boundary.decay_distance(x, 0.2 - 0.1 * np.exp(-x / 2.0), bulk_potential=0.2) == pytest.approx(2.0, rel=1e-5)
    assert np.isnan(boundary.decay_distance(x, np.full_like(x, 0.2), bulk_potential=0.2))
    assert np.isnan(boundary.decay_distance(x, np.full_like(x, 0.3), bulk_potential=0.2))


def test_small_formulas():
    x = np.linspace(0.0, 2.0, 3)
    assert boundary.excess_resistance(x, [1.0, 1.0, 1.0], bulk_conductivity=2.0) == pytest.approx(1.0)
    # exact for a resistivity that grows exponentially from point to point
    assert boundary.excess_resistance([0.0, 1.0], [1.0, np.exp(-3.0)], bulk_conductivity=1.0) == pytest.approx(
        (np.exp(3.0) - 1.0) / 3.0 - 1.0
    )
    assert boundary.resistance_ratio(0.9, 0.1, bulk_conductivity=1.0) == pytest.approx(10.0)
    assert boundary.equivalent_permeability(0.0, bulk_diffusivity=1.0, bulk_conductivity=1.0) == np.inf
    assert np.isnan(boundary.equivalent_permeability(-1.0, bulk_diffusivity=1.0, bulk_conductivity=1.0))


def test_permeability_agrees_with_the_brick_layer():
    # a slab of width w and diffusivity ratio r: P = D_gb/w up to the bulk it replaces
    ratio, width = 1e-5, 1e-9
    excess = boundary.excess_resistance([0.0, width], [ratio, ratio], bulk_conductivity=1.0)
    found = boundary.equivalent_permeability(excess, bulk_diffusivity=2.6e-12, bulk_conductivity=1.0)
    assert found == pytest.approx(float(exact.boundary_permeability(2.6e-12 * ratio, width)), rel=2.0 * ratio)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"left": "grain.3"}, "no point belongs to grain 'grain.3'"),
        ({"left": "grain.2", "right": "grain.1"}, "list a point on an interface once for each grain"),
        ({"core": None}, "ends at"),
        ({"reach": 1.0}, "reach"),
        ({"conductivity": np.ones(3)}, "one value per point"),
    ],
)
def test_wrong_input_says_what_to_do(change, message):
    arguments = {**bicrystal(21), "left": "grain.1", "core": "core", "right": "grain.2", **change}
    with pytest.raises(ValueError, match=message):
        boundary.analyse_boundary(**arguments)


def test_wrong_profiles_are_refused():
    with pytest.raises(ValueError, match="must not fall"):
        boundary.equivalent_width([1.0, 0.0], [1.0, 1.0], bulk_concentration=1.0)
    with pytest.raises(ValueError, match="not finite"):
        boundary.equivalent_width([0.0, 1.0], [1.0, np.nan], bulk_concentration=1.0)
    with pytest.raises(ValueError, match="larger than zero"):
        boundary.excess_resistance([0.0, 1.0], [1.0, 0.0], bulk_conductivity=1.0)
