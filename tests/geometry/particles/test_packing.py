from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssbsim.errors import MeshError
from ssbsim.geometry.particles.packing import ball_measure, draw_diameters, filled_fraction, pack_balls, smallest_gap


def generator(seed):
    return np.random.Generator(np.random.PCG64(seed))


def packed(seed, fraction, spread, gap, extent):
    source = generator(seed)
    radii = draw_diameters(fraction * float(np.prod(extent)), 1.0, spread, len(extent), source) / 2.0
    return radii, pack_balls(radii, extent, gap, source)


@pytest.mark.parametrize("dimension", [2, 3])
def test_the_diameters_fill_exactly_what_is_asked_for(dimension):
    diameters = draw_diameters(37.3, 0.8, 0.3, dimension, generator(1))
    assert sum(ball_measure(d / 2.0, dimension) for d in diameters) == pytest.approx(37.3, rel=1e-14)


@pytest.mark.parametrize("dimension", [2, 3])
def test_the_diameters_are_log_normal(dimension):
    diameters = draw_diameters(4000.0, 1.0, 0.3, dimension, generator(3))
    assert len(diameters) > 3000
    assert diameters.mean() == pytest.approx(1.0, abs=0.01)
    assert np.log(diameters).std() == pytest.approx(0.3, abs=0.01)
    assert np.log(diameters).mean() == pytest.approx(-0.045, abs=0.01)


def test_without_spread_all_are_equal():
    diameters = draw_diameters(50.0, 1.0, 0.0, 3, generator(0))
    assert np.ptp(diameters) < 1e-14


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("fraction", "extent"), [(0.6, (6.0, 9.0)), (0.45, (4.0, 4.0, 5.0))])
def test_no_two_come_closer_than_the_gap(seed, fraction, extent):
    radii, centres = packed(seed, fraction, 0.3, 0.02, extent)
    assert smallest_gap(centres, radii, extent) >= 0.02 * (1.0 - 1e-9)


@pytest.mark.parametrize(
    ("fraction", "spread", "extent"),
    [(0.7, 0.3, (15.0, 15.0)), (0.75, 0.2, (12.0, 12.0)), (0.55, 0.3, (6.0, 6.0, 6.0)), (0.6, 0.3, (6.0, 6.0, 6.0))],
)
def test_dense_packings_are_found(fraction, spread, extent):
    radii, centres = packed(1, fraction, spread, 0.01, extent)
    assert smallest_gap(centres, radii, extent) >= 0.01 * (1.0 - 1e-9)
    assert len(radii) > 100
    assert filled_fraction(radii, extent, 0.0) == pytest.approx(fraction, rel=1e-12)


def test_the_fraction_filled_counts_half_the_gap():
    # A ball of radius 1 with a gap of 2 has a radius of 2, in a box of 6 whose walls are 1 nearer on either side.
    assert filled_fraction(np.array([1.0]), (6.0, 6.0, 6.0), 2.0) == pytest.approx(4.0 / 3.0 * np.pi * 8.0 / 64.0)


def test_large_spreads_are_packed():
    # Radii from 0.2 to 3 times the mean: neighbours of a large ball are far from its centre.
    radii, centres = packed(2, 0.45, 0.6, 0.02, (12.0, 12.0))
    assert radii.max() > 8.0 * radii.min()
    assert smallest_gap(centres, radii, (12.0, 12.0)) >= 0.02 * (1.0 - 1e-9)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_few_balls_find_a_place(count):
    radii = np.linspace(1.0, 0.6, count)
    centres = pack_balls(radii, (5.0, 4.0, 3.0), 0.1, generator(count))
    assert smallest_gap(centres, radii, (5.0, 4.0, 3.0)) >= 0.1 * (1.0 - 1e-9)


def test_same_seed_same_packing():
    first, second = (packed(5, 0.5, 0.3, 0.03, (6.0, 6.0)) for _ in range(2))
    assert np.array_equal(first[1], second[1])
    assert not np.array_equal(first[1], packed(6, 0.5, 0.3, 0.03, (6.0, 6.0))[1])


def test_too_many_are_refused_by_name():
    with pytest.raises(MeshError, match="random close packing") as caught:
        packed(0, 0.7, 0.0, 0.0, (4.0, 4.0, 4.0))
    assert "volume_fraction" in caught.value.hint
    assert "gap" in caught.value.hint


def test_a_ball_larger_than_the_box_is_refused():
    with pytest.raises(MeshError, match="does not fit .* 1.06 times as wide") as caught:
        pack_balls(np.array([0.48]), (1.0, 3.0), 0.05, generator(0))
    assert "size" in caught.value.hint


def test_the_gap_of_two_balls_is_measured():
    centres = np.array([[1.0, 1.0], [3.0, 1.0]])
    assert smallest_gap(centres, np.array([0.5, 0.9]), (5.0, 5.0)) == pytest.approx(0.1)
    assert smallest_gap(centres, np.array([0.5, 0.5]), (5.0, 5.0)) == pytest.approx(0.5)


def explained(error):
    assert "gap" in error.hint


@settings(max_examples=15)
@given(
    seed=st.integers(0, 2**32),
    fraction=st.floats(0.02, 0.45),
    spread=st.floats(0.0, 0.4),
    gap=st.floats(0.0, 0.1),
    dimension=st.sampled_from([2, 3]),
)
def test_a_packing_is_right_or_refused(seed, fraction, spread, gap, dimension):
    extent = (4.0, 3.0, 3.5)[:dimension]
    try:
        radii, centres = packed(seed, fraction, spread, gap, extent)
    except MeshError as error:
        return explained(error)
    assert smallest_gap(centres, radii, extent) >= gap - 1e-9
    assert sum(ball_measure(r, dimension) for r in radii) == pytest.approx(fraction * float(np.prod(extent)), rel=1e-12)
