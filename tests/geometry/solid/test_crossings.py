"""Where surfaces pass through themselves."""

from __future__ import annotations

import numpy as np

from ssbsim.geometry.solid.crossings import find_crossings

CORNERS = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
FACES = np.array([[0, 1, 2], [0, 3, 1], [0, 2, 3], [1, 3, 2]])


def two_tetrahedra(offset: list[float]) -> tuple[np.ndarray, np.ndarray]:
    return np.vstack([CORNERS, CORNERS + offset]), np.vstack([FACES, FACES + 4])


def test_bodies_apart_or_joined_in_a_corner_do_not_cross():
    assert len(find_crossings(*two_tetrahedra([0.5, 0.5, 0.5]))) == 0
    # Their boxes overlap in two axes only.
    assert len(find_crossings(*two_tetrahedra([0.1, 0.1, 1.5]))) == 0
    points, triangles = two_tetrahedra([1.0, 0.0, 0.0])
    for seed in range(10):
        turned = points @ np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
        assert len(find_crossings(turned, np.where(triangles == 4, 1, triangles))) == 0


def test_a_corner_inside_another_body_is_found():
    points, triangles = two_tetrahedra([0.2, 0.2, 0.2])
    # The three edges of the first corner of the second one pass through the face 1, 3, 2 of the first.
    assert find_crossings(points, triangles).tolist() == [1, 2, 3, 4, 5, 6, 7]
    moved = find_crossings(1e-9 * points[:, [1, 2, 0]], triangles)
    assert moved.tolist() == [1, 2, 3, 4, 5, 6, 7]
