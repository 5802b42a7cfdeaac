"""Values that differ by rounding alone."""

from __future__ import annotations

import numpy as np

from ssbsim.discretization import levels


def test_values_that_differ_by_rounding_share_a_level(rng: np.random.Generator) -> None:
    """Also where they lie on a half of the last digit that a rounding would keep."""
    half = np.array([0.1234567890125, 0.0001220703125, 0.7, 0.0, 1.0, 0.75])
    values = np.repeat(half, 50) + rng.uniform(-3e-16, 3e-16, 300)
    expected = np.repeat(np.argsort(np.argsort(half)), 50)
    for shuffled in (np.arange(300), rng.permutation(300)):
        np.testing.assert_array_equal(levels(values[shuffled]), expected[shuffled])
    assert len(np.unique(np.round(values, 12))) > len(half)


def test_of_no_values_there_are_no_levels() -> None:
    assert levels(np.empty(0)).tolist() == []
