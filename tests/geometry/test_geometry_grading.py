from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssbsim.errors import MeshError
from ssbsim.geometry import graded_coordinates, grading
from ssbsim.geometry.grading import THIN_LAYER_CELLS, graded_sizes

NM = 1e-9


def sizes_of(thicknesses: list[float], **spacing: float) -> np.ndarray:
    return np.diff(graded_coordinates(thicknesses, **spacing).coordinates)


def ratios(sizes: np.ndarray) -> np.ndarray:
    return np.maximum(sizes[1:] / sizes[:-1], sizes[:-1] / sizes[1:])


def test_bicrystal_with_core_has_the_sizes_that_were_asked_for():
    stack = graded_coordinates([99.5 * NM, 1 * NM, 99.5 * NM], interface=0.05 * NM, bulk=5 * NM)
    sizes = np.diff(stack.coordinates)
    core = sizes[stack.cell_layer == 1]
    assert len(core) == 20
    np.testing.assert_allclose(core, 0.05 * NM, rtol=1e-11)
    first = sizes[stack.cell_layer == 2]
    np.testing.assert_allclose(first[0], 0.05 * NM, rtol=1e-11)
    np.testing.assert_allclose(first[-1], 5 * NM, rtol=1e-11)
    assert ratios(sizes).max() <= 1.3
    assert stack.notes == ()


def test_growth_is_geometric_up_to_the_bulk_size():
    sizes = graded_sizes(200 * NM, start=0.1 * NM, end=5 * NM, bulk=5 * NM, growth=1.3)
    growing = sizes[sizes < 5 * NM * (1 - 1e-9)]
    np.testing.assert_allclose(growing[1:] / growing[:-1], growing[1] / growing[0], rtol=1e-12)
    assert 1.25 < growing[1] / growing[0] <= 1.3
    assert sizes.sum() == pytest.approx(200 * NM, rel=1e-14)


@pytest.mark.parametrize("core", [0.7, 1.0, 3.3, 50.0])
@pytest.mark.parametrize("refinement", [1, 2, 3, 4, 7])
def test_mirrored_layers_have_bitwise_mirrored_sizes(core: float, refinement: int):
    sizes = sizes_of([123.4 * NM, core * NM, 123.4 * NM], interface=0.1 * NM, bulk=5 * NM, refinement=refinement)
    assert np.array_equal(sizes, sizes[::-1])


def test_a_reversed_stack_has_reversed_sizes():
    thicknesses = [30 * NM, 1 * NM, 80 * NM, 12 * NM]
    spacing = {"interface": 0.1 * NM, "bulk": 4 * NM, "terminal": 1 * NM}
    assert np.array_equal(sizes_of(thicknesses, **spacing), sizes_of(thicknesses[::-1], **spacing)[::-1])


@pytest.mark.parametrize(("coarse", "fine"), [(1, 2), (1, 3), (2, 4), (2, 6), (3, 6), (4, 8), (3, 12)])
def test_refined_meshes_are_nested_bit_by_bit(coarse: int, fine: int):
    spacing = {"interface": 0.1 * NM, "bulk": 5 * NM}
    points = [
        graded_coordinates([70 * NM, 1 * NM, 33 * NM], refinement=r, **spacing).coordinates for r in (coarse, fine)
    ]
    assert np.isin(points[0], points[1]).all()
    assert (len(points[1]) - 1) * coarse == (len(points[0]) - 1) * fine


def test_cells_end_exactly_where_layers_end():
    thicknesses = [10 * NM, 1 * NM, 25 * NM]
    stack = graded_coordinates(thicknesses, interface=0.1 * NM, bulk=2 * NM)
    ends = stack.coordinates[np.flatnonzero(np.diff(stack.cell_layer)) + 1]
    np.testing.assert_allclose(ends, np.cumsum(thicknesses)[:2], rtol=1e-14)
    assert stack.coordinates[0] == 0.0
    assert stack.coordinates[-1] == pytest.approx(36 * NM, rel=4e-16)


def test_a_layer_of_one_cell():
    stack = graded_coordinates([2 * NM], interface=2 * NM, bulk=2 * NM)
    np.testing.assert_allclose(stack.coordinates, [0.0, 2 * NM], rtol=3e-16)


def test_a_layer_thinner_than_the_interface_size_has_two_cells_and_a_note():
    stack = graded_coordinates([50 * NM, 0.3 * NM, 50 * NM], interface=0.5 * NM, bulk=5 * NM, names=["a", "core", "b"])
    sizes = np.diff(stack.coordinates)
    np.testing.assert_allclose(sizes[stack.cell_layer == 1], 0.15 * NM, rtol=1e-12)
    assert ratios(sizes).max() <= 1.3 * (1 + 1e-9)
    assert len(stack.notes) == 1
    assert "layer 'core' (3e-10 m) is thinner than the interface size" in stack.notes[0]


def test_a_thicker_layer_between_interfaces_is_graded():
    count = THIN_LAYER_CELLS
    thin = graded_coordinates([50 * NM, count * 0.1 * NM, 50 * NM], interface=0.1 * NM, bulk=5 * NM)
    thick = graded_coordinates([50 * NM, 2 * count * 0.1 * NM, 50 * NM], interface=0.1 * NM, bulk=5 * NM)
    assert np.count_nonzero(thin.cell_layer == 1) == count
    assert np.count_nonzero(thick.cell_layer == 1) < count


def test_terminal_size_is_kept_at_the_outer_ends():
    sizes = sizes_of([50 * NM, 50 * NM], interface=1 * NM, bulk=5 * NM, terminal=0.2 * NM)
    np.testing.assert_allclose(sizes[[0, -1]], 0.2 * NM, rtol=1e-11)
    np.testing.assert_allclose(sizes[len(sizes) // 2], 1 * NM, rtol=1e-11)


def test_same_stack_in_another_unit_has_the_same_cells():
    counts = {len(sizes_of([70 * u, 1 * u, 70 * u], interface=0.1 * u, bulk=5 * u)) for u in (1e-9, 1.0, 1e-3, 1e6)}
    assert len(counts) == 1


lengths = st.floats(0.02, 300.0)


def test_layers_of_few_cells_are_refined_until_they_match():
    stack = graded_coordinates([1.0, 1.125], interface=1.0, bulk=1.0, growth=1.05)
    sizes = np.diff(stack.coordinates)
    assert ratios(sizes).max() <= 1.05
    assert len(sizes) <= 2 * 2.2 / 0.05


def test_a_mismatch_that_remains_is_noted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(grading, "_PASSES_PER_LAYER", 1)
    stack = graded_coordinates([1.0, 1.125], interface=1.0, bulk=1.0, growth=1.01, names=["a", "b"])
    assert "the cell sizes of 'a' and 'b' at their interface differ by a factor" in stack.notes[0]


@settings(max_examples=300, deadline=None)
@given(
    thicknesses=st.lists(lengths, min_size=1, max_size=6),
    interface=st.floats(0.03, 20.0),
    coarser=st.floats(1.0, 200.0),
    terminal=st.floats(0.03, 50.0),
    growth=st.floats(1.05, 2.0),
    refinement=st.integers(1, 3),
)
def test_any_spacing_gives_a_graded_mesh(thicknesses, interface, coarser, terminal, growth, refinement):
    bulk = interface * coarser
    stack = graded_coordinates(
        [t * NM for t in thicknesses],
        interface=interface * NM,
        bulk=bulk * NM,
        terminal=terminal * NM,
        growth=growth,
        refinement=refinement,
    )
    sizes = np.diff(stack.coordinates) / NM
    # Coordinates are rounded to 2e-16 of the whole stack, which a small cell in a large one shows.
    above = 1.0 + 1e-9 + 1e-15 * sum(thicknesses) / sizes.min()
    assert (sizes > 0.0).all()
    assert sizes.max() * refinement <= bulk * above
    assert ratios(sizes).max(initial=1.0) <= growth * above
    np.testing.assert_allclose(np.bincount(stack.cell_layer, weights=sizes), thicknesses, rtol=1e-9)
    assert stack.coordinates[-1] == pytest.approx(sum(thicknesses) * NM, rel=1e-14)
    at_ends = sizes[[0, -1]] * refinement
    assert (at_ends <= terminal * above).all()
    at_interfaces = sizes[np.flatnonzero(np.diff(stack.cell_layer))] * refinement
    assert (at_interfaces <= interface * above).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"interface": 0.0}, "The cell size 0 m is not positive.\n  where: spacing.interface"),
        ({"bulk": -1.0}, "The cell size -1 m is not positive.\n  where: spacing.bulk"),
        ({"terminal": float("nan")}, "The cell size nan m is not positive.\n  where: spacing.terminal"),
        ({"growth": 1.0}, "The growth ratio 1 is not above 1.\n  where: spacing.growth"),
        ({"refinement": 0}, "The refinement 0 is not a positive whole number.\n  where: spacing.refinement"),
        ({"thicknesses": []}, "The stack has no layers.\n  where: geometry.layers"),
        ({"thicknesses": [1.0, 0.0]}, "The thickness 0 m is not positive.\n  where: layer 'layer 2'"),
        ({"interface": 1e-9, "bulk": 1e-9}, "More than 2000000 cells would be needed along the stack."),
        ({"thicknesses": [1.0, 1e-15, 1.0]}, "The cells of layer 'layer 1' are too small beside the whole stack"),
        ({"refinement": 10**14}, "More than 2000000 cells would be needed along the stack."),
        ({"thicknesses": [1.0, 1e-12, 1.0], "refinement": 5000}, "refinement 5000 makes cells too small"),
    ],
)
def test_errors(change, message):
    arguments = {"thicknesses": [1.0, 1.0], "interface": 0.1, "bulk": 0.5} | change
    with pytest.raises(MeshError) as caught:
        graded_coordinates(arguments.pop("thicknesses"), **arguments)
    assert str(caught.value).startswith(message)
    assert caught.value.hint
