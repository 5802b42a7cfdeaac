"""Orientations of crystals as unit quaternions (w, x, y, z), and the angle between two of them.

A quaternion (cos a/2, n sin a/2) turns the axes of the crystal by a about n into those of the mesh. Four independent
normal numbers, made a unit vector, are uniform over all rotations. Between crystals p and q the misorientation is the
rotation p* q; equal crystals of cubic symmetry look the same after any of 24 rotations, and the least angle over all
of them, the disorientation, is

    2 arccos max( a, (a + b) / sqrt 2, (a + b + c + d) / 2 ),   a >= b >= c >= d the magnitudes of the parts of p* q.

It is at most 62.80 degrees and 40.74 degrees on average over random pairs (J. K. Mackenzie, Biometrika 45 (1958) 229;
D. C. Handscomb, doi:10.4153/CJM-1958-010-0).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

Quaternion = tuple[float, float, float, float]


def random_orientations(count: int, generator: np.random.Generator) -> list[Quaternion]:
    """Orientations uniform over all rotations, with w >= 0."""
    numbers = generator.standard_normal((count, 4))
    numbers /= np.linalg.norm(numbers, axis=1)[:, None]
    numbers *= np.where(numbers[:, :1] < 0.0, -1.0, 1.0)
    return [(float(w), float(x), float(y), float(z)) for w, x, y, z in numbers]


def misorientation_angle(one: ArrayLike, other: ArrayLike, *, cubic: bool = False) -> NDArray[np.float64]:
    """Angle (rad) of the rotation between two orientations.

    Args:
        one: Unit quaternions, shape (..., 4).
        other: Unit quaternions, shape (..., 4).
        cubic: Whether the crystals have cubic symmetry; then it is the least of the equivalent angles.
    """
    parts = np.sort(np.abs(_relative(np.asarray(one, dtype=float), np.asarray(other, dtype=float))), axis=-1)
    if not cubic:
        cosine = np.abs(np.sum(np.asarray(one, dtype=float) * np.asarray(other, dtype=float), axis=-1))
    else:
        largest, second = parts[..., 3], parts[..., 2]
        cosine = np.maximum(np.maximum(largest, (largest + second) / math.sqrt(2.0)), parts.sum(axis=-1) / 2.0)
    return np.asarray(2.0 * np.arccos(np.minimum(cosine, 1.0)))


def _relative(p: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    """The quaternion p* q."""
    w = np.sum(p * q, axis=-1)
    v = p[..., :1] * q[..., 1:] - q[..., :1] * p[..., 1:] - np.cross(p[..., 1:], q[..., 1:])
    return np.concatenate([w[..., None], v], axis=-1)
