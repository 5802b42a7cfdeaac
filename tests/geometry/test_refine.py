from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from geometry_cases import NM, layers

from ssbsim.errors import MeshError
from ssbsim.geometry import Grain, MeshData
from ssbsim.geometry.refine import refine_mesh

CELL_TYPE = {1: "interval", 2: "triangle", 3: "tetrahedron"}


def scattered(dimension: int, rng: np.random.Generator) -> MeshData:
    """A Delaunay mesh of scattered points in two grains, with its cells numbered at random."""
    from scipy.spatial import Delaunay

    points = rng.random((30, dimension))
    if dimension == 1:
        order = np.argsort(points[:, 0])
        cells = np.column_stack([order[:-1], order[1:]])
    else:
        cells = Delaunay(points).simplices.astype(np.int64)
        edges = points[cells[:, 1:]] - points[cells[:, :1]]
        inverted = np.linalg.det(edges) < 0
        cells[inverted] = cells[inverted][:, [1, 0, *range(2, dimension + 1)]]
    grain = (points[cells].mean(axis=1)[:, 0] > 0.5).astype(np.int32)
    mesh = MeshData(
        points, CELL_TYPE[dimension], cells, grain, (Grain("a", "a"), Grain("b", "b")), np.empty((0, dimension)), [], ()
    )
    facets = mesh.exterior_facets()
    on_the_left = points[facets].mean(axis=1)[:, 0] < 0.5
    whole = MeshData(
        points, mesh.cell_type, cells, grain, mesh.grains, facets, on_the_left.astype(np.int32), ("right", "left")
    )
    whole.validate()
    return whole


def shapes(mesh: MeshData) -> set[tuple[float, ...]]:
    """Edge lengths over the longest one, sorted: equal for cells of the same shape."""
    lengths = [
        np.linalg.norm(mesh.points[mesh.cells[:, i]] - mesh.points[mesh.cells[:, j]], axis=1)
        for i, j in combinations(range(mesh.dimension + 1), 2)
    ]
    ordered = np.sort(np.array(lengths).T, axis=1)
    return {tuple(row) for row in np.round(ordered / ordered[:, -1:], 9)}


@pytest.mark.parametrize("r", [1, 2, 3, 5])
@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_every_cell_becomes_equal_parts(dimension: int, r: int, rng: np.random.Generator):
    mesh = scattered(dimension, rng)
    fine = refine_mesh(mesh, r)
    fine.validate()
    assert len(fine.cells) == len(mesh.cells) * r**dimension
    assert len(fine.boundary_facets) == len(mesh.boundary_facets) * r ** (dimension - 1)
    expected = np.repeat(mesh.cell_measures() / r**dimension, r**dimension)
    np.testing.assert_allclose(fine.cell_measures(), expected, rtol=1e-9)
    assert fine.grain_measures() == pytest.approx(mesh.grain_measures(), rel=1e-12)
    assert fine.boundary_measures() == pytest.approx(mesh.boundary_measures(), rel=1e-12)
    assert fine.interface_measures() == pytest.approx(mesh.interface_measures(), rel=1e-12)
    assert len(fine.exterior_facets()) == len(fine.boundary_facets)


@pytest.mark.parametrize("r", [2, 3, 4])
@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_parts_lie_in_their_cell(dimension: int, r: int, rng: np.random.Generator):
    mesh = scattered(dimension, rng)
    fine = refine_mesh(mesh, r)
    parent = np.repeat(np.arange(len(mesh.cells)), r**dimension)
    origin = mesh.points[mesh.cells[:, 0]]
    inverse = np.linalg.inv(mesh.points[mesh.cells[:, 1:]] - origin[:, None])
    # Barycentric coordinates in the cell that the part comes from are multiples of 1/r, between 0 and 1.
    at = np.einsum("pvi,pij->pvj", fine.points[fine.cells] - origin[parent, None], inverse[parent])
    np.testing.assert_allclose(at * r, np.round(at * r), atol=1e-6)
    assert at.min() > -1e-6
    assert at.sum(axis=2).max() < 1 + 1e-6


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_points_of_a_division_are_those_of_its_multiples(dimension: int, rng: np.random.Generator):
    mesh = scattered(dimension, rng)
    two, three, six = ({tuple(p) for p in refine_mesh(mesh, r).points} for r in (2, 3, 6))
    assert {tuple(p) for p in mesh.points} <= two <= six
    assert three <= six
    np.testing.assert_array_equal(refine_mesh(mesh, 2).points[: len(mesh.points)], mesh.points)


@pytest.mark.parametrize(("dimension", "count"), [(1, 1), (2, 1), (3, 3)])
def test_few_shapes(dimension: int, count: int):
    corners = np.vstack([np.zeros(dimension), np.diag(np.arange(1.0, dimension + 1)) + 0.1 * np.ones(dimension)])
    cell = np.arange(dimension + 1)[None]
    one = MeshData(corners, CELL_TYPE[dimension], cell, [0], (Grain("a", "a"),), np.empty((0, dimension)), [], ())
    assert [len(shapes(refine_mesh(one, r))) for r in (2, 3, 4)] == [count] * 3


def test_thin_layers_keep_their_shape():
    mesh = layers(4, 0.01, 3, dimension=2, interface=1.0, bulk=2.0)
    fine = refine_mesh(mesh, 3)
    np.testing.assert_allclose(fine.cell_qualities().min(), mesh.cell_qualities().min(), rtol=1e-9)
    np.testing.assert_allclose(fine.cell_sizes().min(), mesh.cell_sizes().min() / 3, rtol=1e-9)


def test_walls_stay_where_they_are():
    fine = refine_mesh(layers(4.1, 1.3, 3.7, dimension=3, interface=1.0, bulk=2.0), 3)
    for name, axis, at in (("left", 0, 0.0), ("back", 2, 10 * NM), ("top", 1, 20 * NM)):
        facets = fine.boundary_facets[fine.facet_boundary == fine.boundaries.index(name)]
        assert (fine.points[facets, axis] == at).all(), name


def test_twice_is_the_same():
    mesh = scattered(3, np.random.default_rng(1))
    assert refine_mesh(mesh, 3).content_hash() == refine_mesh(mesh, 3).content_hash()
    assert refine_mesh(mesh, 1) is mesh


def test_names_and_notes_stay():
    mesh = layers(10, 0.05, 10)
    fine = refine_mesh(mesh, 2)
    assert (fine.grains, fine.boundaries, fine.notes) == (mesh.grains, mesh.boundaries, mesh.notes)


@pytest.mark.parametrize(("r", "message"), [(0, "not a positive whole number"), (10**6, "would have")])
def test_errors(r: int, message: str):
    with pytest.raises(MeshError, match=message) as caught:
        refine_mesh(layers(10, 10, dimension=2), r)
    assert "geometry.spacing.refinement" in str(caught.value)
