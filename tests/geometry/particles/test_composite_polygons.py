"""Composites of polygons at the largest fraction: exact fractions, gaps measured between the bodies, cells of good shape."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.spatial import ConvexHull
from test_composite import check_fraction, composite, explained, filled, region_measures

from ssbsim.errors import MeshError
from ssbsim.geometry.kinds.composite import build_composite
from ssbsim.geometry.particles.composite import make_composite

SOLID = {
    "dimension": 3,
    "length": 9e-6,
    "width": 8e-6,
    "depth": 8e-6,
    "particles": {
        "phase": "active",
        "shape": "polygon",
        "size": 4e-6,
        "spread": 0.2,
        "volume_fraction": 0.6,
        "gap": 0.2e-6,
    },
    "electrolyte": {"phase": "electrolyte"},
    "spacing": {"interface": 1e-6, "transverse": 1e-6, "bulk": 1e-6},
}
PLANE = {**SOLID, "dimension": 2, "length": 24e-6, "width": 16e-6, "depth": None}
BASES = {2: PLANE, 3: SOLID}


def distance(one, other):
    """Between two hulls, as a quadratic program for the nearest points as convex combinations of the corners."""
    corners, n = np.vstack([one, -other]), len(one)
    sums = np.zeros((2, len(corners)))
    sums[0, :n], sums[1, n:] = 1.0, 1.0
    start = sums.T @ (1.0 / sums.sum(axis=1))
    found = minimize(
        lambda share: np.sum((share @ corners) ** 2),
        start,
        jac=lambda share: 2.0 * corners @ (share @ corners),
        bounds=[(0.0, 1.0)] * len(corners),
        constraints={"type": "eq", "fun": lambda share: sums @ share - 1.0, "jac": lambda share: sums},
        method="SLSQP",
        options={"ftol": 1e-12, "maxiter": 300},
    )
    return np.linalg.norm(found.x @ corners)


def smallest_gap(geometry, partition):
    """Between any two particles, or a particle and a wall."""
    hulls = []
    for number, grain in enumerate(partition.grains):
        if grain.phase == "active":
            points = partition.points[np.unique(partition.facets[(partition.sides == number).any(axis=1)])]
            hulls.append(points[ConvexHull(points / geometry.length).vertices])
    smallest = min(min(hull.min(), (np.array(geometry.extent) - hull).min()) for hull in hulls)
    unit, near = geometry.particles.gap, 2.0 * geometry.particles.gap
    for one, other in combinations(hulls, 2):
        if np.maximum(one.min(axis=0) - other.max(axis=0), other.min(axis=0) - one.max(axis=0)).max() < near:
            smallest = min(smallest, unit * distance(one / unit, other / unit))
    return smallest


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("dimension", [2, 3])
def test_six_tenths_of_polygons(dimension, seed):
    geometry = composite(base=BASES[dimension], seed=seed)
    partition = make_composite(geometry)
    measures, closure = region_measures(partition)
    assert closure < 1e-11
    assert filled(measures, partition.grains, "active") / geometry.composite_measure == pytest.approx(0.6, rel=1e-12)
    assert smallest_gap(geometry, partition) >= geometry.particles.gap * (1.0 - 1e-6)
    mesh = build_composite(geometry, Path())
    mesh.validate()
    assert mesh.cell_qualities().min() > (0.2 if dimension == 2 else 0.02)
    check_fraction(geometry, mesh)


@pytest.mark.parametrize("dimension", [2, 3])
def test_wide_gaps_hold(dimension):
    for seed in range(5):
        wide = {"particles": {"gap": 0.32e-6 if dimension == 3 else 0.6e-6}}
        geometry = composite(wide, base=BASES[dimension], seed=seed)
        assert smallest_gap(geometry, make_composite(geometry)) >= geometry.particles.gap * (1.0 - 1e-6)


@pytest.mark.parametrize("dimension", [2, 3])
def test_many_polygons_find_room(dimension):
    geometry = composite(base=BASES[dimension], length=27e-6, width=16e-6)
    partition = make_composite(geometry)
    assert len(partition.grains) > (18 if dimension == 2 else 50)
    measures, _ = region_measures(partition)
    assert filled(measures, partition.grains, "active") / geometry.composite_measure == pytest.approx(0.6, rel=1e-12)


@pytest.mark.parametrize("dimension", [2, 3])
def test_the_same_seed_gives_the_same_polygons(dimension):
    first, second = (make_composite(composite(base=BASES[dimension], seed=7)) for _ in range(2))
    assert np.array_equal(first.points, second.points)
    assert np.array_equal(first.facets, second.facets)


@pytest.mark.parametrize("gap", [0.5e-6, 1.9e-6])
@pytest.mark.parametrize("dimension", [2, 3])
def test_too_wide_gaps_are_refused(dimension, gap):
    # The wider one leaves no room for the particles even without gaps between them.
    wide = {"particles": {"gap": gap * (2.0 if dimension == 2 else 1.0)}}
    with pytest.raises(MeshError, match="leave gaps down to") as caught:
        make_composite(composite(wide, base=BASES[dimension]))
    assert "volume_fraction, gap or spread" in caught.value.hint
    assert "geometry.particles" in caught.value.where


@settings(max_examples=15)
@given(
    seed=st.integers(0, 2**32),
    fraction=st.floats(0.1, 0.6),
    spread=st.floats(0.0, 0.6),
    gap=st.floats(0.02e-6, 1.5e-6),
    dimension=st.sampled_from([2, 3]),
)
def test_any_polygons_are_meshed_or_refused(seed, fraction, spread, gap, dimension):
    particles = {"volume_fraction": fraction, "spread": spread, "gap": gap}
    spacing = {"interface": 1.5e-6, "transverse": 1.5e-6, "bulk": 1.5e-6}
    geometry = composite({"particles": particles}, base=BASES[dimension], seed=seed, spacing=spacing)
    try:
        mesh = build_composite(geometry, Path())
    except MeshError as error:
        return explained(error)
    mesh.validate()
    check_fraction(geometry, mesh)
