from __future__ import annotations

import numpy as np
import pytest

from ssbsim.geometry import Grain, MeshData


@pytest.fixture
def square() -> MeshData:
    """Two triangles of two grains in a unit square, with its left and right sides named."""
    return MeshData(
        points=np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]),
        cell_type="triangle",
        cells=np.array([[0, 1, 2], [0, 2, 3]]),
        cell_grain=np.array([0, 1]),
        grains=(Grain("lower", "a"), Grain("upper", "b")),
        boundary_facets=np.array([[1, 2], [0, 3]]),
        facet_boundary=np.array([0, 1]),
        boundaries=("right", "left"),
    )
