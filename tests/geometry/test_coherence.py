"""Meshes whose parts nearly fit: everything that overlaps or is not joined is found, everything sound passes."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from ssbsim.errors import MeshError
from ssbsim.geometry import Grain, MeshData


def box(counts: tuple[int, ...], start=(0.0, 0.0, 0.0), size=(1.0, 1.0, 1.0)) -> tuple[np.ndarray, np.ndarray]:
    """Points and positively oriented simplices of a box of bricks, each cut around its diagonal."""
    d = len(counts)
    axes = [np.linspace(start[i], start[i] + size[i], counts[i] + 1) for i in range(d)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, d)
    number = np.arange(len(points)).reshape([n + 1 for n in counts])
    cells = []
    for order in permutations(range(d)):
        at = np.zeros(d, dtype=int)
        steps = [at.copy()]
        for axis in order:
            at[axis] += 1
            steps.append(at.copy())
        corners = [number[tuple(slice(a, a + n) for a, n in zip(s, counts, strict=True))].ravel() for s in steps]
        odd = np.linalg.det(np.eye(d)[list(order)]) < 0
        cells.append(np.column_stack(corners)[:, [*range(d - 1), d, d - 1] if odd else slice(None)])
    return points, np.vstack(cells)


def together(*parts: tuple[np.ndarray, np.ndarray], scale: float = 1e-6, turn: bool = False, join: bool = True):
    """One mesh of parts, a grain each; points that agree to the last digits are one where they are to be joined."""
    points = np.vstack([p for p, _ in parts])
    offsets = np.cumsum([0, *(len(p) for p, _ in parts)])
    cells = np.vstack([c + o for (_, c), o in zip(parts, offsets, strict=False)])
    if join:
        _, first, new = np.unique(np.round(points, 12), axis=0, return_index=True, return_inverse=True)
        points, cells = points[first], new.reshape(-1)[cells]
    d = points.shape[1]
    if turn and d > 1:
        c, s = np.cos(0.3), np.sin(0.3)
        rotation = np.eye(d)
        rotation[:2, :2] = [[c, -s], [s, c]]
        points = points @ rotation.T
    kind = {1: "interval", 2: "triangle", 3: "tetrahedron"}[d]
    grain = np.repeat(np.arange(len(parts)), [len(c) for _, c in parts])
    grains = tuple(Grain(f"g{i}", "p") for i in range(len(parts)))
    return MeshData(points * scale, kind, cells, grain, grains, np.empty((0, d)), np.empty(0), ())


def buried(mesh: MeshData) -> int:
    return len(mesh.buried_facets()[0])


DIMENSIONS = {1: (4,), 2: (4, 6), 3: (3, 4, 4)}
OTHER = {1: (4,), 2: (4, 7), 3: (3, 5, 4)}
SHARED = {1: 1, 2: 6, 3: 32}
"""Outer facets on one side of the plane between two boxes."""


@pytest.mark.parametrize("dimension", [1, 2, 3])
@pytest.mark.parametrize("turn", [False, True])
def test_joined_boxes_are_sound(dimension: int, turn: bool):
    counts = DIMENSIONS[dimension]
    mesh = together(box(counts), box(counts, start=(1, 0, 0)), turn=turn)
    mesh.validate()
    assert buried(mesh) == 0


@pytest.mark.parametrize("dimension", [1, 2, 3])
@pytest.mark.parametrize("gap", [0.0, 1e-12, 6e-7, 1e-4, 2e-3, -1e-12, -6e-7, -1e-4, -0.01, -0.1, -0.9])
@pytest.mark.parametrize("turn", [False, True])
def test_unjoined_boxes_are_found_for_any_gap_or_overlap(dimension: int, gap: float, turn: bool):
    counts = DIMENSIONS[dimension]
    mesh = together(box(counts), box(counts, start=(1 + gap, 0, 0)), turn=turn, join=False)
    assert buried(mesh) >= 2 * SHARED[dimension]
    with pytest.raises(MeshError, match="outer facets lie inside the mesh or all but touch another part") as caught:
        mesh.validate()
    assert "grain 'g0' and grain 'g1'" in caught.value.where


@pytest.mark.parametrize("dimension", [2, 3])
def test_a_common_face_meshed_differently_on_its_sides_is_counted(dimension: int):
    other = OTHER[dimension]
    mesh = together(box(DIMENSIONS[dimension]), box(other, start=(1, 0, 0)))
    assert buried(mesh) == {2: 6 + 7, 3: 32 + 40}[dimension]


def test_a_square_cut_along_the_other_diagonal_on_its_two_sides_is_found():
    left = box((1, 1, 1))
    points, cells = box((1, 1, 1), start=(0, 0, 0))
    mirrored = points * [-1, 1, 1] + [2, 0, 0], cells[:, [1, 0, 2, 3]]
    assert buried(together(left, mirrored)) == 0
    turned = points[:, [0, 2, 1]] * [1, -1, 1] + [1, 1, 0], cells
    assert together(turned).cell_measures().min() > 0
    assert buried(together(left, turned)) == 4


def test_a_gap_that_its_cells_resolve_is_meant():
    assert buried(together(box((4, 6)), box((4, 6), start=(1.06, 0)))) == 0
    # As wide as a tenth of the cells on one side, as wide as two on the other.
    assert buried(together(box((4, 4)), box((100, 4), start=(1.02, 0)))) == 0


@pytest.mark.parametrize(("angle", "is_found"), [(0.01, True), (0.15, False), (1.0, False), (3.0, False)])
def test_a_notch_is_sound_unless_nobody_would_draw_it(angle: float, is_found: bool):
    """Two blocks that share a corner and lean away from each other by an angle."""
    points, cells = box((4, 4))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    lower = points * [1, -1], cells[:, [1, 0, 2]]
    assert (buried(together(lower, (points @ turn, cells))) > 0) == is_found


@pytest.mark.parametrize("dimension", [2, 3])
def test_a_part_inside_another_is_found(dimension: int):
    inner = box(DIMENSIONS[dimension], start=(0.31, 0.32, 0.33), size=(0.1, 0.1, 0.1))
    assert buried(together(box(DIMENSIONS[dimension]), inner)) == len(together(inner).exterior_facets())


def test_a_copy_on_top_of_a_part_is_found():
    # Joined along its outline: both cells of an edge lie on one side of it.
    points, cells = box((1, 1))
    with pytest.raises(MeshError, match="both their cells on one side"):
        together((points, cells), (points * [1, -1] + [0, 1], cells[:, [0, 2, 1]])).validate()
    # With points of its own, and another number of them along the outline.
    for counts in ((2, 2), (3, 3)):
        with pytest.raises(MeshError, match="outer facets lie inside"):
            together(box((2, 2)), box(counts), join=False).validate()


def test_thin_cells_beside_large_ones_are_sound_and_their_faults_are_found():
    thin = box((3, 8), start=(1, 0), size=(1e-5, 1))
    after = box((4, 8), start=(1.00001, 0))
    assert buried(together(box((4, 8)), thin, after)) == 0
    shifted = box((4, 8), start=(1.00001 + 1e-9, 0))
    assert buried(together(box((4, 8)), thin, shifted)) == 16
