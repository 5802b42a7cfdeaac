from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssbsim.geometry.particles.inscribed import hull_distance, inscribed_balls


def test_balls_in_a_box_and_a_triangle():
    axes = np.vstack([np.eye(2), -np.eye(2)])
    # The triangle with sides 3, 4, 5 has an inscribed circle of radius 1 around (1, 1).
    slope = np.array([[-1.0, 0.0], [0.0, -1.0], [4 / 5, 3 / 5]])
    cell = np.array([0, 0, 0, 0, 1, 1, 1])
    centres, radii = inscribed_balls(cell, np.vstack([axes, slope]), np.array([4.0, 2.0, 0.0, 0.0, 0.0, 0.0, 12 / 5]))
    assert radii == pytest.approx([1.0, 1.0])
    assert centres[0, 1] == pytest.approx(1.0)
    assert centres[1] == pytest.approx([1.0, 1.0])


def test_a_cell_without_inside_has_a_negative_radius():
    _, radii = inscribed_balls(np.zeros(2, dtype=int), np.array([[1.0], [-1.0]]), np.array([0.0, -1.0]))
    assert radii == pytest.approx([-0.5])


@settings(max_examples=50)
@given(seed=st.integers(0, 2**32), apart=st.floats(1e-3, 2.0), d=st.sampled_from([2, 3]))
def test_distance_of_hulls_with_known_nearest_points(seed, apart, d):
    generator = np.random.default_rng(seed)
    # Both touch their plane in the origin of it, inside a simplex that lies in the plane.
    turn = np.linalg.qr(generator.normal(size=(d, d)))[0]
    sets = []
    for sign, level in ((-1.0, 0.0), (1.0, apart)):
        plane = np.vstack([np.eye(d - 1), -np.ones(d - 1)]) * generator.uniform(0.1, 1.0)
        beyond = generator.normal(size=(12, d))
        beyond[:, 0] = np.abs(beyond[:, 0])
        sets.append(np.vstack([np.insert(plane, 0, 0.0, axis=1), beyond]) * [sign, *[1.0] * (d - 1)])
        sets[-1][:, 0] += level
    one, other = (points @ turn for points in sets)
    assert hull_distance(one, other) == pytest.approx(apart, rel=1e-7)
    assert hull_distance(other, one) == pytest.approx(apart, rel=1e-7)


def test_hulls_that_meet_are_not_apart():
    square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    assert hull_distance(square, square + 0.5) == 0.0
    assert hull_distance(square, 0.1 * square + 0.4) == 0.0
    assert hull_distance(square, square + [1.0, 1.0]) == pytest.approx(0.0, abs=1e-12)
