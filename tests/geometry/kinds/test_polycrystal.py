"""Polycrystals from the section of a case to a valid mesh, or to an error that names what cannot be met."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from geometry_cases import NM, build
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ssbsim.case import PolycrystalGeometry, load_case
from ssbsim.errors import MeshError
from ssbsim.geometry.grains.statistics import mesh_statistics
from ssbsim.geometry.kinds.polycrystal import divide_polycrystal, grow_grains
from ssbsim.geometry.partition import OUTSIDE

CONFIGS = Path(__file__).parents[3] / "configs"

KINDS: list[dict[str, Any]] = [
    {},
    {"spread": 0.35},
    {"periodic": True},
    {"spread": 0.35, "periodic": True},
    {"texture": {"kind": "layered", "layers": 2}, "spread": 0.3},
    {"texture": {"kind": "columnar", "axis": "y", "aspect": 2.5}},
]
SOLID_KINDS: list[dict[str, Any]] = [*KINDS, {"texture": {"kind": "columnar"}, "periodic": True}]


def polycrystal(dimension: int = 2, *, size: float = 30.0, spacing: Any = None, **values: Any) -> PolycrystalGeometry:
    """Ten grains (six in 3D) of 100 nm when nothing else is asked for."""
    if not {"length", "grains", "grain_size"} & set(values):
        values |= {"grains": {2: 10, 3: 6}[dimension], "grain_size": 100 * NM}
    lengths = {"interface": size * NM, "bulk": size * NM} if spacing is None else spacing
    return PolycrystalGeometry(dimension=dimension, spacing=lengths, **values)


def check_mesh(geometry: PolycrystalGeometry, worst: float) -> Any:
    mesh = build(geometry)
    box = geometry.extents()
    assert sum(mesh.grain_measures().values()) == pytest.approx(math.prod(box), rel=1e-10)
    for number, (name, measure) in enumerate(mesh.boundary_measures().items()):
        assert measure == pytest.approx(math.prod(box) / box[number // 2], rel=1e-9), name
    whole = {re.sub("[a-z]+$", "", grain.name) for grain in mesh.grains}
    assert whole == {f"grain.{n}" for n in range(1, geometry.number_of_grains() + 1)}
    if not geometry.periodic:
        assert len(mesh.grains) == geometry.number_of_grains()
    assert min(mesh.interface_measures().values()) > 0.0
    assert mesh.cell_qualities().min() > worst
    return mesh


@pytest.mark.parametrize("seed", range(20))
def test_plane_meshes_are_valid(seed):
    check_mesh(polycrystal(seed=seed, **KINDS[seed % len(KINDS)]), worst=0.1)


@pytest.mark.parametrize("seed", range(7))
def test_solid_meshes_are_valid(seed):
    check_mesh(polycrystal(3, size=60.0, seed=seed, **SOLID_KINDS[seed % len(SOLID_KINDS)]), worst=0.01)


@pytest.mark.parametrize("seed", range(20))
def test_solid_meshes_of_many_seeds_are_valid(seed):
    check_mesh(polycrystal(3, seed=seed, length=6e-8, width=6e-8, depth=6e-8, grains=6, size=12.0), worst=0.02)


@pytest.mark.parametrize("seed", range(20))
def test_solid_cores_of_many_seeds_are_valid(seed):
    spacing = {"interface": 1 * NM, "bulk": 14 * NM, "growth": 1.8}
    box = {"length": 6e-8, "width": 6e-8, "depth": 6e-8}
    geometry = polycrystal(3, seed=seed, **box, grains=5, core_width=1 * NM, spacing=spacing)
    mesh = build(geometry)
    mesh.validate()
    # A corner too narrow for the core.
    assert any("films end in sharp corners, on 0" in note for note in mesh.notes) == (seed == 14)
    assert sum(mesh.grain_measures().values()) == pytest.approx(math.prod(geometry.extents()), rel=1e-10)
    assert [grain.name for grain in mesh.grains] == [*(f"grain.{n}" for n in range(1, 6)), "core"]
    assert min(mesh.interface_measures().values()) > 0.0
    assert mesh.cell_qualities().min() > 1e-5


@pytest.mark.parametrize("dimension", [2, 3])
def test_boundaries_without_rows_have_the_size_along_them(dimension):
    spacing = {"interface": 10 * NM, "transverse": 10 * NM, "bulk": 40 * NM}
    mesh = build(polycrystal(dimension, grains=3, grain_size=100 * NM, spacing=spacing))
    facets = np.vstack(list(mesh.interface_facets().values()))
    sides = np.linalg.norm(mesh.points[facets[:, 0]] - mesh.points[facets[:, 1]], axis=1)
    assert 5 * NM < np.median(sides) < 12 * NM
    assert mesh.cell_sizes().max() > 15 * NM
    assert mesh.cell_qualities().min() > 0.02


@settings(deadline=None, max_examples=8)
@given(
    st.integers(1, 14),
    st.floats(0.0, 0.6),
    st.integers(0, 10**6),
    st.booleans(),
    st.sampled_from([{"kind": "equiaxed"}, {"kind": "columnar", "aspect": 3.0}]),
)
def test_any_polycrystal_makes_a_mesh(grains, spread, seed, periodic, texture):
    geometry = polycrystal(
        grains=grains, grain_size=50 * NM, spread=spread, seed=seed, periodic=periodic, texture=texture
    )
    mesh = build(geometry)
    assert sum(mesh.grain_measures().values()) == pytest.approx(math.prod(geometry.extents()), rel=1e-10)


@settings(deadline=None, max_examples=8)
@given(
    grains=st.integers(2, 6),
    spread=st.floats(0.0, 0.4),
    seed=st.integers(0, 10**6),
    periodic=st.booleans(),
    texture=st.sampled_from([{"kind": "equiaxed"}, {"kind": "columnar"}, {"kind": "columnar", "aspect": 2.0}]),
    has_core=st.booleans(),
)
def test_any_solid_polycrystal_is_meshed_or_refused(grains, spread, seed, periodic, texture, has_core):
    spacing = {"interface": 1 * NM, "bulk": 14 * NM, "growth": 1.8} if has_core else None
    core = {"core_width": 1 * NM} if has_core else {}
    values = {"grains": grains, "grain_size": 40 * NM, "spread": spread, "seed": seed, "texture": texture}
    geometry = polycrystal(3, size=14.0, spacing=spacing, periodic=periodic, **values, **core)
    try:
        mesh = build(geometry)
    except MeshError as error:
        assert any(word in error.hint for word in ("seed", "spread", "core", "smallest_edge", "transverse"))  # noqa: PT017
        return
    mesh.validate()
    assert sum(mesh.grain_measures().values()) == pytest.approx(math.prod(geometry.extents()), rel=1e-10)
    assert mesh.cell_qualities().min() > (1e-6 if has_core else 1e-3)


def test_box_count_and_size_complete_one_another():
    both = polycrystal(grains=12, grain_size=100 * NM, spread=0.3)
    side = both.extents()[0]
    assert both.extents() == (side, side)
    by_size = polycrystal(length=side, width=side, grain_size=100 * NM, spread=0.3)
    assert by_size.number_of_grains() == 12
    by_count = polycrystal(length=side, width=side, grains=12, spread=0.3)
    assert by_count.mean_grain_size() == pytest.approx(100 * NM)
    assert polycrystal(3, grains=8, grain_size=1.0).extents() == pytest.approx(((8 * math.pi / 6) ** (1 / 3),) * 3)


def test_grain_sizes_have_the_mean_and_spread_asked_for():
    geometry = polycrystal(grains=100, grain_size=100 * NM, spread=0.35, smallest_edge=0.0, relaxation=1)
    areas = grow_grains(geometry).cell_measures()
    diameters = np.sqrt(4.0 / math.pi * areas)
    assert np.log(diameters).std() == pytest.approx(0.35, rel=1e-5)
    assert diameters.mean() == pytest.approx(100 * NM, rel=5e-3)
    healed = grow_grains(geometry.model_copy(update={"smallest_edge": 0.1})).cell_measures()
    assert np.abs(healed / areas - 1.0).max() < 0.2
    assert np.abs(healed / areas - 1.0).mean() < 0.02


def test_tessellation_follows_from_the_spread():
    assert polycrystal(spread=0.3).tessellation == "laguerre"
    assert polycrystal().tessellation == "voronoi"
    equal = grow_grains(polycrystal(tessellation="laguerre", smallest_edge=0.0)).cell_measures()
    assert equal == pytest.approx(np.full(10, equal.mean()), rel=1e-5)


def test_a_thousand_grains_are_quick():
    cells = grow_grains(polycrystal(grains=1000, grain_size=100 * NM, spread=0.35))
    assert len(cells.grain) == 1000


def test_statistics_of_the_mesh_are_those_of_the_cells():
    geometry = polycrystal(periodic=True, spread=0.3)
    cells = grow_grains(geometry)
    found = mesh_statistics(build(geometry), "grain")
    inside = (cells.wall < 0) & (cells.grain[cells.sides[:, 0]] != cells.grain[cells.sides[:, 1]])
    area = math.prod(geometry.extents())
    assert found.grains == 10
    assert found.boundary_density == pytest.approx(cells.face_measures()[inside].sum() / area, rel=1e-9)
    assert found.mean_diameter == pytest.approx(100 * NM, rel=0.05)


def test_pieces_of_a_grain_share_its_orientation():
    mesh = check_mesh(polycrystal(periodic=True, seed=1), worst=0.1)
    of = {grain.name: grain.orientation for grain in mesh.grains}
    pieces = [name for name in of if name[-1].isalpha()]
    assert pieces
    for name in pieces:
        assert of[name] == of[re.sub("[a-z]+$", "", name)]
    assert len(set(of.values())) == 10


def test_orientations_do_not_change_the_grains():
    with_them, without = polycrystal(seed=3), polycrystal(seed=3, orientations="none")
    assert grow_grains(with_them).points.tobytes() == grow_grains(without).points.tobytes()
    assert all(grain.orientation is None for grain in build(without).grains)
    turned = [grain.orientation for grain in build(with_them).grains]
    assert turned != [grain.orientation for grain in build(polycrystal(seed=4)).grains]
    assert build(with_them).content_hash() == build(polycrystal(seed=3)).content_hash()


@pytest.mark.parametrize("dimension", [2, 3])
def test_partition_names_both_sides_of_a_core(dimension):
    geometry = polycrystal(dimension, size=50.0, core_width=2 * NM)
    partition = divide_polycrystal(geometry, grow_grains(geometry))
    inside = partition.wall < 0
    assert partition.grains[-1].name == "core"
    assert (partition.film[inside] == 1 * NM).all()
    assert (partition.film[~inside] == 0.0).all()
    assert (partition.film_grain[inside] == len(partition.grains) - 1).all()
    assert (partition.film_grain[~inside] == -1).all()
    assert (partition.sides[~inside, 1] == OUTSIDE).all()
    assert (partition.resolved == inside).all()


def test_core_has_its_width_along_every_boundary():
    spacing = {"interface": 1 * NM, "bulk": 25 * NM, "transverse": 15 * NM}
    geometry = polycrystal(grains=6, grain_size=100 * NM, spread=0.2, core_width=2 * NM, spacing=spacing)
    mesh = build(geometry)
    cells = grow_grains(geometry)
    length = cells.face_measures()[cells.wall < 0].sum()
    # At junctions and walls the bands overlap or miss a corner: a few squares of the width.
    assert mesh.grain_measures()["core"] == pytest.approx(2 * NM * length, abs=len(cells.loops) * 4 * NM**2)
    pairs = {tuple(sorted((mesh.grains[a].phase, mesh.grains[b].phase))) for a, b in mesh.interface_facets()}
    assert pairs == {("core", "grain")}


def test_a_single_grain_is_the_box():
    mesh = build(polycrystal(grains=1, grain_size=100 * NM))
    assert [grain.name for grain in mesh.grains] == ["grain"]
    assert mesh.interface_measures() == {}


def test_layers_divide_the_length_equally():
    geometry = polycrystal(grains=9, grain_size=100 * NM, texture={"kind": "layered", "layers": 3})
    cells = grow_grains(geometry)
    assert cells.cuts == pytest.approx(np.array([1, 2]) / 3 * geometry.extents()[0])
    areas = cells.cell_measures().reshape(3, 3).sum(axis=1)
    assert areas == pytest.approx(np.full(3, areas.mean()), rel=1e-10)


def test_columns_are_long_along_their_axis():
    for axis in (0, 1):
        texture = {"kind": "columnar", "axis": "xy"[axis], "aspect": 4.0}
        cells = grow_grains(polycrystal(grains=100, grain_size=100 * NM, texture=texture))
        vectors = np.abs(cells.face_vectors()[cells.wall < 0])
        # Boundaries of grains stretched 4-fold meet lines across them 4 times as often as lines along them.
        assert vectors[:, 1 - axis].sum() / vectors[:, axis].sum() == pytest.approx(4.0, rel=0.15)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"length": 1e-6, "grains": 4}, "the box has no width"),
        ({"length": 1e-6, "width": 1e-6, "grains": 4, "grain_size": 1e-7}, "more than can be met"),
        ({"grains": 4}, "not settled"),
        ({"length": 1e-6, "width": 1e-6, "depth": 1e-6, "grains": 4}, "no depth"),
        ({"tessellation": "voronoi", "spread": 0.3}, "sizes of voronoi grains"),
        ({"spread": 1.5}, "spread .1.5. is larger"),
        ({"length": 1.0, "width": 1.0, "grain_size": 1e-7}, "grain_size asks for"),
        ({"grains": 10**6, "grain_size": 1e-7}, "grains asks for 1000000"),
        ({"core_width": 2e-7}, "core_width .* not smaller than the grains"),
        ({"texture": {"kind": "columnar"}}, "columns in 2D need an aspect"),
        ({"texture": {"kind": "columnar", "axis": "z", "aspect": 2.0}}, "no axis z"),
        ({"texture": {"kind": "layered"}}, "number of layers"),
        ({"texture": {"kind": "layered", "layers": 20}}, "do not fill 20 layers"),
        ({"texture": {"kind": "layered", "layers": 2}, "periodic": True}, "not periodic"),
        ({"texture": {"kind": "equiaxed", "aspect": 2.0}}, "no aspect"),
        ({"smallest_edge": 0.9}, "smallest_edge"),
    ],
)
def test_contradictions_are_named(values, message):
    with pytest.raises(ValidationError, match=message):
        polycrystal(**values)


def test_a_core_thicker_than_a_small_grain_is_named():
    with pytest.raises(MeshError) as caught:
        grow_grains(polycrystal(grains=30, grain_size=100 * NM, spread=0.9, core_width=40 * NM, smallest_edge=0.0))
    assert caught.value.where in ("geometry.core_width", "geometry.spread")


@pytest.mark.parametrize("name", ["polycrystal_2d", "polycrystal_3d"])
def test_configurations_hold_what_they_say(name):
    case = load_case(CONFIGS / f"{name}.yaml")
    mesh = build(case.geometry)
    assert mesh.dimension == case.geometry.dimension
    assert len(mesh.grains) == case.geometry.grains
    assert case.geometry.boundary_names() == mesh.boundaries


def test_a_single_grain_has_no_core() -> None:
    geometry = PolycrystalGeometry(
        dimension=2,
        length=50 * NM,
        width=50 * NM,
        grains=1,
        core_width=NM,
        spacing={"interface": NM, "bulk": 5 * NM},
    )
    with pytest.raises(MeshError, match="no boundary"):
        grow_grains(geometry)
