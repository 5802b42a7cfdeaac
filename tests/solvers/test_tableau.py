"""The numbers of TR-BDF2: order conditions, stability, and the two ways of writing its second stage."""

from __future__ import annotations

import numpy as np
import pytest

from ssbsim.solvers import tableau

A, B = np.array(tableau.STAGES), np.array(tableau.WEIGHTS)
C, THIRD = np.array(tableau.TIMES), np.array(tableau.THIRD_ORDER)


def test_the_stages_lie_at_their_times() -> None:
    np.testing.assert_allclose(A.sum(axis=1), C, rtol=1e-15)


@pytest.mark.parametrize(("weights", "order"), [(B, 2), (THIRD, 3)])
def test_the_order_conditions_of_butcher(weights: np.ndarray, order: int) -> None:
    conditions = [
        (1, weights.sum(), 1.0),
        (2, weights @ C, 1.0 / 2.0),
        (3, weights @ C**2, 1.0 / 3.0),
        (3, weights @ A @ C, 1.0 / 6.0),
    ]
    for of_order, found, exact in conditions:
        assert (found == pytest.approx(exact, rel=1e-14)) == (of_order <= order)


def test_the_error_weights_are_the_difference() -> None:
    np.testing.assert_allclose(tableau.ERROR, THIRD - B, rtol=1e-15)
    assert sum(tableau.ERROR) == pytest.approx(0.0, abs=1e-15)


def test_the_step_damps_stiff_parts_and_is_stable() -> None:
    """R(z) = det(I - zA + z 1 b^T)/det(I - zA) has no modulus above 1 in the left half plane, and vanishes far out."""

    def amplification(z: complex) -> complex:
        return 1.0 + z * (B @ np.linalg.solve(np.eye(3) - z * A, np.ones(3)))

    assert max(abs(amplification(1j * w)) for w in np.geomspace(1e-3, 1e6, 200)) <= 1.0 + 1e-14
    assert abs(amplification(-1e9)) < 1e-8


def test_the_second_stage_is_that_of_bdf2() -> None:
    """q0 + w h (f0 + f1) = NEWER q1 + OLDER q0 with q1 = q0 + d h (f0 + f1)."""
    assert pytest.approx(1.0, rel=1e-15) == tableau.NEWER + tableau.OLDER
    assert pytest.approx(tableau.WEIGHT, rel=1e-15) == tableau.NEWER * tableau.DIAGONAL
