from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from geometry_cases import NM, build
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ssbsim.case import BricksGeometry
from ssbsim.geometry import Grain, MeshData

SPACING = {"interface": 0.25 * NM, "bulk": 2 * NM, "growth": 1.5}


def bricks(*counts: int, size=10.0, core_width=1.0, **spacing) -> BricksGeometry:
    """Bricks in nm."""
    edges = [s * NM for s in size] if isinstance(size, tuple) else size * NM
    return BricksGeometry(bricks=counts, size=edges, core_width=core_width * NM, spacing=SPACING | spacing)


def extents(geometry: BricksGeometry) -> list[float]:
    """Extent (m) of the whole body: one core less along x than across."""
    return [
        n * d + (n - (axis == 0)) * geometry.core_width
        for axis, (n, d) in enumerate(zip(geometry.bricks, geometry.edges, strict=True))
    ]


@pytest.mark.parametrize("counts", [(1, 1), (3, 2), (1, 2, 1), (2, 3, 2)])
@pytest.mark.parametrize("core_width", [0.0, 1.0])
def test_measures_are_exact(counts: tuple[int, ...], core_width: float):
    size = (10.0, 8.0, 6.0)[: len(counts)]
    geometry = bricks(*counts, size=size, core_width=core_width)
    mesh = build(geometry)
    body, brick = math.prod(extents(geometry)), math.prod(geometry.edges)
    number = math.prod(counts)
    measures = mesh.grain_measures()
    assert list(measures) == list(geometry.grain_phases())
    assert [measures[name] for name in list(measures)[:number]] == pytest.approx([brick] * number, rel=1e-12)
    assert sum(measures.values()) == pytest.approx(body, rel=1e-12)
    if core_width:
        assert measures["core"] == pytest.approx(body - number * brick, rel=1e-12)
    x, *rest = extents(geometry)
    walls = {"left": math.prod(rest), "right": math.prod(rest), "bottom": body / rest[0], "top": body / rest[0]}
    if len(counts) == 3:
        walls |= {"front": x * rest[0], "back": x * rest[0]}
    assert mesh.boundary_measures() == pytest.approx(walls, rel=1e-12)
    assert len(mesh.exterior_facets()) == len(mesh.boundary_facets)


@pytest.mark.parametrize("counts", [(3, 2), (2, 3, 2)])
def test_interfaces_without_cores_are_faces_of_bricks(counts: tuple[int, ...]):
    geometry = bricks(*counts, core_width=0.0)
    mesh = build(geometry)
    measures = mesh.interface_measures()
    pairs = sum((n - 1) * math.prod(counts) // n for n in counts)
    assert len(measures) == pairs
    face = (10 * NM) ** (len(counts) - 1)
    assert list(measures.values()) == pytest.approx([face] * pairs, rel=1e-12)
    names = list(geometry.grain_phases())
    assert {(names[a], names[b]) for a, b in measures} == set(geometry.contacts())


@pytest.mark.parametrize("counts", [(3, 2), (2, 2, 2), (1, 1)])
def test_every_brick_is_wrapped_in_the_core(counts: tuple[int, ...]):
    geometry = bricks(*counts)
    mesh = build(geometry)
    dimension, number = len(counts), math.prod(counts)
    face = (10 * NM) ** (dimension - 1)
    expected = {}
    for n, place in enumerate(geometry.places):
        # No core where a row begins and ends along x.
        ends = (place[0] == 0) + (place[0] == counts[0] - 1)
        expected[n, number] = (2 * dimension - ends) * face
    assert mesh.interface_measures() == pytest.approx(expected, rel=1e-12)
    names = list(geometry.grain_phases())
    assert {(names[a], names[b]) for a, b in expected} == set(geometry.contacts())


@pytest.mark.parametrize("counts", [(3, 2), (2, 3, 2)])
def test_bricks_are_numbered_along_x_first(counts: tuple[int, ...]):
    geometry = bricks(*counts)
    mesh = build(geometry)
    assert mesh.grains[:2] == (Grain("grain.1", "grain"), Grain("grain.2", "grain"))
    centres = mesh.points[mesh.cells].mean(axis=1)
    grain, sizes = mesh.cell_grain, mesh.cell_measures()
    middles = [np.average(centres[grain == g], axis=0, weights=sizes[grain == g]) for g in range(math.prod(counts))]
    first = np.array([5.0, *[5.5] * (len(counts) - 1)]) * NM
    expected = [first + np.array(place[::-1]) * 11 * NM for place in product(*(range(n) for n in counts[::-1]))]
    np.testing.assert_allclose(middles, expected, rtol=1e-9)


def test_the_section_has_the_share_of_the_brick_layer_model():
    mesh = build(bricks(1, 3, 2, size=4.0, core_width=1.0, interface=0.5 * NM))
    left = mesh.boundary_facets[mesh.facet_boundary == 0]
    owner = dict.fromkeys(map(tuple, np.sort(left, axis=1)))
    for cell, grain in zip(mesh.cells, mesh.cell_grain, strict=True):
        for i in range(4):
            facet = tuple(np.sort(np.delete(cell, i)))
            if facet in owner:
                owner[facet] = grain
    is_core = np.array([mesh.grains[owner[tuple(f)]].phase == "core" for f in np.sort(left, axis=1)])
    areas = mesh.facet_measures(left)
    assert areas[is_core].sum() / areas.sum() == pytest.approx(1 - (4 / 5) ** 2, rel=1e-12)


def test_cells_across_every_core():
    mesh = build(bricks(2, 2, size=10.0, core_width=1.0))
    x, y = (np.unique(mesh.points[:, axis]) / NM for axis in (0, 1))
    np.testing.assert_allclose(np.diff(x[(x > 9.9) & (x < 11.1)]), 0.25, rtol=1e-6)
    # Half a core at the wall has half of the cells, of the same size.
    np.testing.assert_allclose(np.diff(y[y < 0.51]), 0.25, rtol=1e-6)
    np.testing.assert_allclose(np.diff(y[(y > 10.4) & (y < 11.6)]), 0.25, rtol=1e-6)
    sizes = np.diff(y)
    np.testing.assert_allclose(sizes, sizes[::-1], rtol=1e-9)
    assert max(max(a / b, b / a) for a, b in zip(sizes, sizes[1:], strict=False)) <= 1.5 * (1 + 1e-9)


def test_half_a_core_is_half_of_its_cells():
    y = np.unique(build(bricks(1, 2, size=10.0, core_width=1.0, interface=0.1 * NM)).points[:, 1]) / NM
    np.testing.assert_allclose(np.diff(y[y < 0.51]), 0.1, rtol=1e-6)
    np.testing.assert_allclose(np.diff(y[(y > 10.49) & (y < 11.51)]), 0.1, rtol=1e-6)


def test_a_brick_of_few_cells_is_graded_too():
    # 3 nm hold 12 interface cells: a core of that width would be uniform.
    x = np.unique(build(bricks(3, 1, size=3.0)).points[:, 0]) / NM
    assert np.diff(x[(x > 3.99) & (x < 7.01)]).max() > 0.5


@pytest.mark.parametrize(("counts", "size"), [((2, 2), 3.0), ((1, 2, 1), 1.0)])
def test_refined_meshes_are_nested(counts: tuple[int, ...], size: float):
    coarse, fine = (build(bricks(*counts, size=size, core_width=0.5, refinement=r)) for r in (1, 2))
    assert len(fine.cells) == 2 ** len(counts) * len(coarse.cells)
    assert {tuple(p) for p in coarse.points} <= {tuple(p) for p in fine.points}


def test_counts_of_cells():
    # 4 nm of brick with 1 nm cells everywhere, cores of one interface size get cells of that size.
    uniform = {"interface": 1 * NM, "bulk": 1 * NM}
    assert len(build(bricks(2, 3, size=4.0, core_width=0.0, **uniform)).cells) == 2 * 8 * 12
    assert len(build(bricks(2, 3, size=4.0, core_width=2.0, **uniform)).cells) == 2 * (8 + 2) * (12 + 6)
    assert len(build(bricks(1, 2, 2, size=4.0, core_width=2.0, **uniform)).cells) == 6 * 4 * 12 * 12


@settings(max_examples=25)
@given(
    counts=st.lists(st.integers(1, 4), min_size=2, max_size=3),
    sizes=st.tuples(*[st.floats(2.0, 30.0)] * 3),
    core_width=st.sampled_from([0.0, 0.1, 0.6, 1.5]),
    interface=st.floats(0.3, 1.5),
    growth=st.floats(1.3, 2.0),
)
def test_any_bricks_are_a_valid_mesh(counts, sizes, core_width, interface, growth):
    # Large cells in 3D keep this quick.
    coarser = 1.0 if len(counts) == 2 else 6.0
    geometry = bricks(
        *(min(n, 2) for n in counts) if len(counts) == 3 else counts,
        size=sizes[: len(counts)],
        core_width=core_width,
        interface=interface * coarser * NM,
        bulk=20 * NM,
        growth=growth,
    )
    mesh: MeshData = build(geometry)
    mesh.validate()
    assert sum(mesh.grain_measures().values()) == pytest.approx(math.prod(extents(geometry)), rel=1e-10)
    names = [grain.name for grain in mesh.grains]
    assert {(names[a], names[b]) for a, b in mesh.interface_facets()} == set(geometry.contacts())


def test_a_thin_core_is_said_once():
    mesh = build(bricks(3, 1, core_width=0.1))
    assert len(mesh.notes) == len(set(mesh.notes))
    assert any("core along x" in note and "thinner than the interface size" in note for note in mesh.notes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bricks": (3,)}, "expected two or three numbers of bricks, found 1"),
        ({"bricks": (3, 0)}, "greater than or equal to 1"),
        ({"size": (1e-8, 1e-8, 1e-8)}, "2 numbers of bricks but 3 sizes"),
        ({"core": "grain"}, "of the same phase"),
        ({"spacing": SPACING | {"transverse": 1e-9}}, "no transverse spacing"),
        ({"spacing": SPACING | {"remesher": "mmg"}}, "rows of thin cells at all interfaces"),
        ({"bricks": (3000, 3000, 3000)}, "more than a mesh can have"),
    ],
)
def test_what_does_not_fit_is_refused(changes, message: str):
    data = {"bricks": (2, 2), "size": 1e-8, "core_width": 1e-9, "spacing": SPACING}
    with pytest.raises(ValidationError, match=message):
        BricksGeometry.model_validate(data | changes)


def test_phases_at_the_walls():
    geometry = bricks(2, 2)
    assert geometry.phases_at("left") == ("grain", "core")
    assert geometry.phases_at("top") == ("core",)
    assert bricks(2, 2, core_width=0.0).phases_at("top") == ("grain",)
    assert (geometry.space_dimension(), geometry.boundary_names()) == (2, ("left", "right", "bottom", "top"))
