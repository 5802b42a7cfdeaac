from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from geometry_cases import layers
from hypothesis import given, settings
from hypothesis import strategies as st

from ssbsim.errors import MeshError
from ssbsim.geometry import Grain, MeshData
from ssbsim.geometry._facets import facet_keys


def test_measures_of_the_unit_square(square: MeshData):
    square.validate()
    assert square.dimension == 2
    assert square.grain_measures() == pytest.approx({"lower": 0.5, "upper": 0.5})
    assert square.interface_measures() == pytest.approx({(0, 1): 2**0.5})
    assert square.boundary_measures() == pytest.approx({"right": 1.0, "left": 1.0})
    np.testing.assert_array_equal(square.interface_facets()[0, 1], [[0, 2]])
    assert {tuple(f) for f in square.exterior_facets()} == {(0, 1), (1, 2), (2, 3), (0, 3)}
    np.testing.assert_allclose(square.cell_sizes(), 0.5**0.5)
    assert square.phases == ("a", "b")
    np.testing.assert_array_equal(square.cell_phase, [0, 1])


REGULAR = {
    "interval": ([[0.0], [1.0]], 1.0, 1.0),
    "triangle": ([[0.0, 0.0], [1.0, 0.0], [0.5, 0.75**0.5]], 0.75**0.5 / 2, 0.75**0.5),
    "tetrahedron": (
        [[1.0, 1.0, 1.0], [-1.0, 1.0, -1.0], [1.0, -1.0, -1.0], [-1.0, -1.0, 1.0]],
        8.0 / 3.0,
        (2.0 / 3.0) ** 0.5 * 8.0**0.5,
    ),
}


@pytest.mark.parametrize("cell_type", list(REGULAR))
def test_regular_simplex_has_quality_one(cell_type: str):
    points, measure, height = REGULAR[cell_type]
    count = len(points)
    mesh = MeshData(
        points=np.array(points),
        cell_type=cell_type,
        cells=np.arange(count)[None],
        cell_grain=np.zeros(1),
        grains=(Grain("g", "p"),),
        boundary_facets=np.empty((0, count - 1)),
        facet_boundary=np.empty(0),
        boundaries=(),
    )
    mesh.validate()
    assert mesh.cell_measures() == pytest.approx([measure])
    assert mesh.cell_sizes() == pytest.approx([height])
    assert mesh.cell_qualities() == pytest.approx([1.0])


def test_size_is_the_height_across_a_thin_layer():
    mesh = layers(10, 1, 10, dimension=3, interface=0.05)
    # The height over the largest facet is a little below the edge, by (edge / side)^2 / 2 here.
    assert mesh.cell_sizes().min() == pytest.approx(0.05e-9, rel=1e-3)


def test_arrays_are_converted_and_read_only(square: MeshData):
    assert square.cell_grain.dtype == np.int32
    with pytest.raises(ValueError, match="read-only"):
        square.points[0, 0] = 1.0


def test_the_array_of_the_caller_stays_writeable():
    points = np.array([[0.0], [1.0]])
    MeshData(points, "interval", [[0, 1]], [0], (Grain("g", "p"),), [[0]], [0], ("left",))
    points[0, 0] = 0.5


def test_hash_is_stable_and_sees_every_part(square: MeshData):
    assert square.content_hash() == "320728acb7bacb0e7e4db056fece2c095e24cd3ce0c8087cb3923119eadc6712"
    changes = {
        "points": square.points + 1e-12,
        "cells": square.cells[:, [1, 2, 0]],
        "cell_grain": square.cell_grain[::-1],
        "grains": (Grain("lower", "a"), Grain("upper", "a")),
        "boundary_facets": square.boundary_facets[:, ::-1],
        "facet_boundary": square.facet_boundary[::-1],
        "boundaries": ("left", "right"),
    }
    hashes = {dataclasses.replace(square, **{name: value}).content_hash() for name, value in changes.items()}
    assert len(hashes | {square.content_hash()}) == len(changes) + 1
    assert dataclasses.replace(square, notes=("x",)).content_hash() == square.content_hash()
    assert (
        dataclasses.replace(square, points=np.where(square.points == 0.0, -0.0, square.points)).content_hash()
        == square.content_hash()
    )


def test_hash_separates_names():
    one, two = (
        MeshData([[0.0], [1.0]], "interval", [[0, 1]], [0], (Grain(*names),), [[0]], [0], ("left",))
        for names in (("ab", "c"), ("a", "bc"))
    )
    assert one.content_hash() != two.content_hash()


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10**6), grain_count=st.integers(1, 5), dimension=st.integers(1, 3))
def test_facets_agree_with_a_loop(seed: int, grain_count: int, dimension: int):
    generator = np.random.default_rng(seed)
    mesh = layers(3, 2, dimension=dimension, interface=1.0, bulk=1.0)
    grain = generator.integers(0, grain_count, len(mesh.cells))
    grains = tuple(Grain(f"g{i}", "p") for i in range(grain_count))
    mesh = dataclasses.replace(mesh, cell_grain=grain, grains=grains)
    owners: dict[tuple[int, ...], list[int]] = {}
    for cell, vertices in enumerate(mesh.cells.tolist()):
        for i in range(len(vertices)):
            owners.setdefault(tuple(sorted(vertices[:i] + vertices[i + 1 :])), []).append(cell)
    interfaces: dict[tuple[int, int], set[tuple[int, ...]]] = {}
    for facet, cells in owners.items():
        pair = tuple(sorted({int(grain[cell]) for cell in cells}))
        if len(pair) == 2:
            interfaces.setdefault(pair, set()).add(facet)
    found = {pair: {tuple(f) for f in facets.tolist()} for pair, facets in mesh.interface_facets().items()}
    assert found == interfaces
    assert list(found) == sorted(found)
    assert {tuple(f) for f in mesh.exterior_facets().tolist()} == {f for f, cells in owners.items() if len(cells) == 1}


def test_facet_keys_do_not_overflow_for_many_points():
    count = 3_000_000_000
    facets = np.array([[0, 1, count - 1], [count - 1, 0, 1], [0, 1, count - 2], [5, count - 3, count - 2]])
    keys = facet_keys(facets, count)
    assert keys[0] == keys[1]
    assert len(set(keys.tolist())) == 3


def broken(square: MeshData, **changes: object) -> MeshData:
    return dataclasses.replace(square, **changes)


FAULTS = {
    "cell type": ({"cell_type": "quadrilateral"}, "Cells of type 'quadrilateral' are not supported."),
    "grain twice": ({"grains": (Grain("a", "a"), Grain("a", "b"))}, "The grain name 'a' is used twice."),
    "boundary twice": ({"boundaries": ("left", "left")}, "The boundary name 'left' is used twice."),
    "bad name": ({"grains": (Grain("a|b", "a"), Grain("c", "b"))}, "'a|b' cannot be the name of a grain."),
    "wrong dimension": ({"points": np.zeros((4, 3))}, "The array 'points' has shape (4, 3), expected (4, 2)."),
    "wrong count": ({"cell_grain": [0]}, "The array 'cell_grain' has shape (1,), expected (2,)."),
    "no cells": ({"cells": np.empty((0, 3)), "cell_grain": []}, "The mesh has no cells."),
    "not finite": (
        {"points": [[0, 0], [1, 0], [1, np.nan], [0, 1]]},
        "Some points have coordinates that are not finite numbers.",
    ),
    "index": ({"cells": [[0, 1, 2], [0, 2, 9]]}, "The array 'cells' has entries from 0 to 9, allowed are 0 to 3."),
    "unused": ({"points": [[0, 0], [1, 0], [1, 1], [0, 1], [5, 5]]}, "1 points belong to no cell."),
    "empty grain": (
        {"grains": (Grain("lower", "a"), Grain("upper", "b"), Grain("lost", "b"))},
        "The grain 'lost' has no cells.",
    ),
    "empty boundary": ({"boundaries": ("right", "left", "top")}, "The boundary 'top' has no facets."),
    "flat": ({"points": [[0, 0], [1, 0], [0.5, 0], [0, 1]]}, "1 cells have no thickness.\n  where: cell 0 of grain"),
    "inverted": ({"cells": [[0, 2, 1], [0, 2, 3]]}, "1 cells are inverted (negative measure).\n  where: cell 0 of"),
    "inside": ({"boundary_facets": [[0, 2], [0, 3]]}, "1 of the 1 facets of boundary 'right' are not on the outside"),
    "facet twice": ({"boundary_facets": [[0, 3], [3, 0]]}, "1 facets belong to a boundary twice, or to two"),
    "crowded": (
        {
            "points": [[0, 0], [1, 0], [1, 1], [0, 1], [0.2, 0.9]],
            "cells": [[0, 1, 2], [0, 2, 3], [0, 2, 4]],
            "cell_grain": [0, 1, 1],
        },
        "1 facets are shared by more than two cells.\n  where: the facet at (0.5, 0.5) m",
    ),
}


@pytest.mark.parametrize("fault", list(FAULTS))
def test_every_fault_is_named(square: MeshData, fault: str):
    changes, message = FAULTS[fault]
    with pytest.raises(MeshError) as caught:
        broken(square, **changes).validate()
    assert str(caught.value).startswith(message)
    assert caught.value.hint


def test_pieces_of_a_grain_that_meet_in_a_point_are_named() -> None:
    # A checkerboard of two by two squares, each of two triangles.
    points = np.array([[i, j] for j in range(3) for i in range(3)], dtype=float) * 1e-9
    cells, grain = [], []
    for j in range(2):
        for i in range(2):
            a, b, c, d = 3 * j + i, 3 * j + i + 1, 3 * j + i + 4, 3 * j + i + 3
            cells += [[a, b, c], [a, c, d]]
            grain += [(i + j) % 2] * 2
    names = (Grain("g1", "p"), Grain("g2", "p"))
    none = np.empty((0, 2), dtype=np.int64)

    def mesh(grains: list[int]) -> MeshData:
        return MeshData(
            points, "triangle", np.array(cells), np.array(grains), names, none, np.empty(0, dtype=np.int32), ()
        )

    assert mesh(grain).split_grains() == ("g1", "g2")
    assert mesh([0, 0, 0, 0, 1, 1, 1, 1]).split_grains() == ()
