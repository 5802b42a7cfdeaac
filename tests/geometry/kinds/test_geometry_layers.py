from __future__ import annotations

import math

import numpy as np
import pytest
from geometry_cases import NM, build, layers
from hypothesis import given, settings
from hypothesis import strategies as st

from ssbsim.case import BicrystalGeometry
from ssbsim.errors import MeshError
from ssbsim.geometry import Grain, extrude_stack, graded_coordinates, list_geometries
from ssbsim.geometry.extrude import split_boxes

EXTENT = {1: 1.0, 2: 20 * NM, 3: 200 * NM**2}


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_measures_are_exact(dimension: int):
    mesh = layers(30, 1, 40, phases="aba", dimension=dimension)
    area = EXTENT[dimension]
    assert mesh.grains == (Grain("a.1", "a"), Grain("b", "b"), Grain("a.2", "a"))
    expected = {"a.1": 30 * NM * area, "b": 1 * NM * area, "a.2": 40 * NM * area}
    assert mesh.grain_measures() == pytest.approx(expected, rel=1e-12)
    assert sum(mesh.grain_measures().values()) == pytest.approx(71 * NM * area, rel=1e-13)
    assert mesh.interface_measures() == pytest.approx({(0, 1): area, (1, 2): area}, rel=1e-12)
    sides = {"left": area, "right": area}
    if dimension == 2:
        sides |= {"bottom": 71 * NM, "top": 71 * NM}
    if dimension == 3:
        sides |= dict.fromkeys(("bottom", "top"), 71 * NM * 10 * NM)
        sides |= dict.fromkeys(("front", "back"), 71 * NM * 20 * NM)
    assert mesh.boundary_measures() == pytest.approx(sides, rel=1e-12)
    assert len(mesh.exterior_facets()) == len(mesh.boundary_facets)


@pytest.mark.parametrize(
    ("side", "axis", "value"),
    [("left", 0, 0), ("right", 0, 71), ("bottom", 1, 0), ("top", 1, 20), ("front", 2, 0), ("back", 2, 10)],
)
def test_sides_lie_where_their_names_say(side: str, axis: int, value: float):
    mesh = layers(30, 1, 40, dimension=3)
    facets = mesh.boundary_facets[mesh.facet_boundary == mesh.boundaries.index(side)]
    np.testing.assert_allclose(mesh.points[facets, axis], value * NM, rtol=1e-14, atol=0)


@pytest.mark.parametrize("refinement", [1, 2, 3])
def test_cell_counts(refinement: int):
    along = len(layers(30, 1, 40).cells)
    counts = [len(layers(30, 1, 40, dimension=d, refinement=refinement).cells) for d in (1, 2, 3)]
    r = refinement
    assert counts == [along * r, 2 * along * r * 4 * r, 6 * along * r * 4 * r * 2 * r]


def test_transverse_size_is_an_upper_bound_that_fits():
    mesh = layers(10, 10, dimension=2, transverse=3.0)
    y = np.unique(mesh.points[:, 1])
    np.testing.assert_allclose(np.diff(y), 20 * NM / 7, rtol=1e-12)
    assert len(np.unique(layers(10, 10, dimension=2, transverse=50.0).points[:, 1])) == 2


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_refined_meshes_are_nested(dimension: int):
    coarse, fine = (layers(4, 3, dimension=dimension, refinement=r, interface=1.0, bulk=2.0) for r in (1, 2))
    rows = {tuple(point) for point in fine.points}
    assert all(tuple(point) in rows for point in coarse.points)
    assert len(fine.cells) == 2**dimension * len(coarse.cells)
    # Every fine cell has all its vertices in one coarse cell: barycentric coordinates (coarse, fine, vertex, axis).
    origin = coarse.points[coarse.cells[:, 0]]
    inverse = np.linalg.inv(coarse.points[coarse.cells[:, 1:]] - origin[:, None])
    vertices = fine.points[fine.cells]
    at = np.einsum("cfvi,cij->cfvj", vertices[None] - origin[:, None, None], inverse)
    is_inside = (at.min(axis=(2, 3)) > -1e-9) & (at.sum(axis=3).max(axis=2) < 1 + 1e-9)
    np.testing.assert_array_equal(is_inside.sum(axis=0), 1)
    parent = is_inside.argmax(axis=0)
    np.testing.assert_array_equal(fine.cell_grain, coarse.cell_grain[parent])


@pytest.mark.parametrize("dimension", [2, 3])
def test_no_coupling_has_the_wrong_sign(dimension: int):
    mesh = layers(10, 1, 10, dimension=dimension, bulk=3.0)
    edges = mesh.points[mesh.cells[:, 1:]] - mesh.points[mesh.cells[:, :1]]
    inner = np.linalg.inv(edges).transpose(0, 2, 1)
    gradients = np.concatenate([-inner.sum(axis=1, keepdims=True), inner], axis=1)
    products = np.einsum("cia,cja->cij", gradients, gradients)
    products[:, range(dimension + 1), range(dimension + 1)] = 0.0
    assert products.max() <= 1e-12 * np.abs(products).max()


@pytest.mark.parametrize("dimension", [0, 1, 2, 3])
def test_boxes_are_filled_by_positive_simplices(dimension: int):
    shape = (3, 4, 2)[:dimension]
    index = np.arange(math.prod(n + 1 for n in shape)).reshape([n + 1 for n in shape])
    cells = split_boxes(index)
    assert cells.shape == (math.prod(shape) * math.factorial(dimension), dimension + 1)
    if dimension:
        points = np.stack(np.meshgrid(*(np.arange(n + 1.0) for n in shape), indexing="ij"), -1).reshape(-1, dimension)
        volumes = np.linalg.det(points[cells[:, 1:]] - points[cells[:, :1]])
        np.testing.assert_allclose(volumes, 1.0)


def test_bicrystal_with_and_without_core():
    spacing = {"interface": 0.1 * NM, "bulk": 5 * NM}
    with_core = build(BicrystalGeometry(length=100 * NM, core_width=1 * NM, grain="g", core="c", spacing=spacing))
    without = build(BicrystalGeometry(length=100 * NM, core_width=0.0, grain="g", spacing=spacing))
    assert [grain.name for grain in with_core.grains] == ["g.1", "c", "g.2"]
    assert with_core.phases == ("g", "c")
    assert with_core.cell_counts()["c"] == 10
    assert [grain.name for grain in without.grains] == ["g.1", "g.2"]
    assert list(without.interface_facets()) == [(0, 1)]
    sizes = without.cell_sizes()
    assert np.array_equal(sizes, sizes[::-1])


def test_a_single_layer_has_no_interface():
    mesh = layers(10, dimension=2)
    assert mesh.interface_facets() == {}
    assert mesh.interface_measures() == {}


def test_notes_of_the_stack_reach_the_mesh():
    assert "thinner than the interface size" in layers(10, 0.05, 10).notes[0]


@settings(max_examples=40, deadline=None)
@given(
    dimension=st.integers(1, 3),
    thicknesses=st.lists(st.floats(0.5, 40.0), min_size=1, max_size=4),
    interface=st.floats(0.2, 3.0),
    coarser=st.floats(1.0, 10.0),
    growth=st.floats(1.2, 2.0),
    across=st.floats(4.0, 30.0),
)
def test_any_stack_is_a_valid_mesh(dimension, thicknesses, interface, coarser, growth, across):
    extra = {} if dimension == 1 else {"transverse": across}
    bulk = interface * coarser
    mesh = layers(*thicknesses, dimension=dimension, interface=interface, bulk=bulk, growth=growth, **extra)
    mesh.validate()
    expected = [t * NM * EXTENT[dimension] for t in thicknesses]
    np.testing.assert_allclose(list(mesh.grain_measures().values()), expected, rtol=1e-10)
    assert list(mesh.interface_facets()) == [(i, i + 1) for i in range(len(thicknesses) - 1)]
    assert (mesh.cell_sizes() > 0.0).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"extents": [0.0], "size": 1.0}, "The length 0 m is not positive.\n  where: geometry.width"),
        ({"extents": [1.0], "size": -1.0}, "The length -1 m is not positive.\n  where: geometry.spacing.transverse"),
        (
            {"extents": [1.0, 1.0], "size": 1e-5},
            "The mesh would have 1.2e+11 cells (2 x 100000 x 100000 boxes); the most is 5e+07.",
        ),
    ],
)
def test_extrusion_errors(arguments, message):
    stack = graded_coordinates([1.0], interface=0.5, bulk=0.5)
    with pytest.raises(MeshError) as caught:
        extrude_stack(stack, (Grain("a", "a"),), refinement=1, **arguments)
    assert str(caught.value).startswith(message)


def test_registry_names_the_nearest_kind():
    class Unknown:
        kind = "bicristal"

    with pytest.raises(MeshError, match="did you mean 'bicrystal'"):
        build(Unknown())
    assert {"bicrystal", "file", "layers"} <= set(list_geometries())
