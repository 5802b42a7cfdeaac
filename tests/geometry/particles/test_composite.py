from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ssbsim.case import CompositeGeometry
from ssbsim.errors import MeshError
from ssbsim.geometry.kinds.composite import build_composite
from ssbsim.geometry.particles.composite import make_composite
from ssbsim.geometry.partition import OUTSIDE

PLANE = {
    "length": 6e-6,
    "width": 4e-6,
    "separator": {"thickness": 1e-6, "phase": "separator"},
    "particles": {"phase": "active", "size": 1.6e-6, "volume_fraction": 0.45, "gap": 0.1e-6},
    "electrolyte": {"phase": "electrolyte"},
    "spacing": {"interface": 0.3e-6, "bulk": 0.6e-6, "transverse": 0.3e-6},
}
SOLID = {
    **PLANE,
    "dimension": 3,
    "length": 4e-6,
    "width": 3e-6,
    "depth": 3e-6,
    "particles": {"phase": "active", "size": 1.1e-6, "volume_fraction": 0.2, "gap": 0.1e-6},
    "spacing": {"interface": 0.6e-6, "bulk": 0.8e-6, "transverse": 0.6e-6},
}
COATING = {"particles": {"coating": {"phase": "coating", "thickness": 0.03e-6}}}
VOIDS = {"voids": {"volume_fraction": 0.08, "size": 0.8e-6}}
GRAINS = {"particles": {"grains": 3}, "electrolyte": {"grain_size": 1.4e-6}}
POLYGONS = {"particles": {"shape": "polygon"}}
ROWS = {"spacing": {"interface": 0.02e-6}}
CASES = {
    "plain": (PLANE, {}),
    "coating": (PLANE, COATING),
    "voids": (PLANE, VOIDS),
    "grains": (PLANE, GRAINS),
    "polygons": (PLANE, POLYGONS),
    "solid": (SOLID, {}),
}


def composite(*changes, base=PLANE, **more):
    section = dict(base)
    for change in (*changes, more):
        for key, value in change.items():
            both = isinstance(value, dict) and isinstance(section.get(key), dict)
            section[key] = {**section[key], **value} if both else value
    return CompositeGeometry.model_validate(section)


def region_measures(partition):
    """Area or volume of every grain by Gauss, and the sum of its normals, which vanishes when it is closed."""
    d = partition.dimension
    corners = partition.points[partition.facets] - partition.points.mean(axis=0)
    content = np.linalg.det(corners) * (-1.0 if d == 2 else 1.0) / math.factorial(d)
    edges = corners[:, 1:] - corners[:, :1]
    normal = np.column_stack([-edges[:, 0, 1], edges[:, 0, 0]]) if d == 2 else np.cross(edges[:, 0], edges[:, 1])
    measures, closure = np.zeros(len(partition.grains) + 1), np.zeros((len(partition.grains) + 1, d))
    for column, sign in ((1, 1.0), (0, -1.0)):
        np.add.at(measures, partition.sides[:, column], sign * content)
        np.add.at(closure, partition.sides[:, column], sign * normal)
    return measures[:-1], np.abs(closure).max() / np.abs(normal).max()


def filled(measures, grains, phase):
    return sum(m for m, grain in zip(measures, grains, strict=True) if grain.phase == phase)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("name", CASES)
def test_partitions_are_closed_and_fractions_exact(name, seed):
    base, change = CASES[name]
    geometry = composite(change, base=base, seed=seed)
    partition = make_composite(geometry)
    measures, closure = region_measures(partition)
    assert closure < 1e-11
    solid = [m for m, grain in zip(measures, partition.grains, strict=True) if grain.phase != "coating"]
    assert min(solid) > 0.0
    assert sum(measures) == pytest.approx(math.prod(geometry.extent), rel=1e-12)
    part = filled(measures, partition.grains, "active") / geometry.composite_measure
    assert part == pytest.approx(geometry.particles.volume_fraction, rel=1e-12)
    if geometry.voids:
        part = filled(measures, partition.grains, "void") / geometry.composite_measure
        assert part == pytest.approx(0.08, rel=1e-12)
    assert len({grain.name for grain in partition.grains}) == len(partition.grains)
    assert ((partition.wall >= 0) == (partition.sides == OUTSIDE).any(axis=1)).all()
    assert set(partition.wall) == {-1, *range(2 * geometry.dimension)}


def bodies(partition, phases=("active", "void")):
    for number, grain in enumerate(partition.grains):
        if grain.phase in phases:
            yield partition.points[np.unique(partition.facets[(partition.sides == number).any(axis=1)])]


@pytest.mark.parametrize("name", ["plain", "voids", "polygons", "solid"])
def test_the_gap_holds_between_the_outlines_themselves(name):
    base, change = CASES[name]
    for seed in range(5):
        geometry = composite(change, base=base, seed=seed)
        corners = list(bodies(make_composite(geometry)))
        low = np.array([geometry.composite_start, *[0.0] * (geometry.dimension - 1)])
        gap = geometry.particles.gap * (1.0 - 1e-9)
        for i, body in enumerate(corners):
            assert (body - low).min() >= gap
            assert (np.array(geometry.extent) - body).min() >= gap
            for other in corners[:i]:
                # Convex bodies are as far apart as the nearest vertex and side; vertices alone are no nearer.
                assert np.linalg.norm(body[:, None] - other, axis=2).min() >= gap


def test_the_gap_holds_between_dense_discs():
    # Discs are packed by how far their polygons reach, with as many chords as they have.
    dense = {"particles": {"size": 1e-6, "gap": 0.001e-6, "volume_fraction": 0.6}, "voids": {"size": 0.8e-6}}
    geometry = composite(VOIDS, dense, {"voids": {"volume_fraction": 0.18}}, separator=None, length=12e-6, seed=2)
    assert geometry.particles.volume_fraction + geometry.voids.volume_fraction > 0.7
    hulls = [shapely.MultiPoint(1e6 * body).convex_hull for body in bodies(make_composite(geometry))]
    apart = min(one.distance(other) for i, one in enumerate(hulls) for other in hulls[:i])
    assert apart > 1e6 * geometry.particles.gap * (1.0 - 1e-9)


@pytest.mark.parametrize("name", CASES)
def test_the_same_seed_gives_the_same_arrays(name):
    base, change = CASES[name]
    first, second = (make_composite(composite(change, base=base, seed=3)) for _ in range(2))
    for field in ("points", "facets", "sides", "wall", "film", "film_grain", "resolved"):
        assert np.array_equal(getattr(first, field), getattr(second, field))
    assert not np.array_equal(first.points, make_composite(composite(change, base=base, seed=4)).points)


def build(*changes, base=PLANE, **more):
    geometry = composite(*changes, base=base, **more)
    return geometry, build_composite(geometry, Path())


def contacts(mesh):
    return {"|".join(sorted(mesh.grains[g].phase for g in pair)) for pair in mesh.interface_facets()}


def check_fraction(geometry, mesh):
    measures = mesh.grain_measures()
    active = sum(measures[grain.name] for grain in mesh.grains if grain.phase == "active")
    assert active / geometry.composite_measure == pytest.approx(geometry.particles.volume_fraction, rel=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_isotropic_meshes_are_well_shaped(seed):
    # A different combination for every seed, all of them together often enough.
    change = [{}, VOIDS, GRAINS, POLYGONS, {**GRAINS, **VOIDS}][seed % 5]
    geometry, mesh = build(change, seed=seed)
    mesh.validate()
    assert mesh.cell_qualities().min() > 0.2
    check_fraction(geometry, mesh)


@pytest.mark.parametrize("seed", range(20))
def test_coatings_have_their_thickness(seed):
    geometry, mesh = build(COATING, seed=seed)
    measures = mesh.grain_measures()
    assert contacts(mesh) == {"active|coating", "coating|electrolyte", "electrolyte|separator"}
    outline = sum(
        m for pair, m in mesh.interface_measures().items() if "active" in {mesh.grains[g].phase for g in pair}
    )
    particles = sum(grain.phase == "active" for grain in mesh.grains)
    # Around a convex outline a film has the area  length t + corners, at most that of a disc of slightly larger radius.
    thickness = geometry.particles.coating.thickness
    assert outline * thickness < measures["coating"] < outline * thickness + 1.05 * particles * math.pi * thickness**2
    check_fraction(geometry, mesh)


def test_empty_voids_are_holes_with_a_boundary():
    geometry, mesh = build(VOIDS)
    assert mesh.boundaries[-1] == "void"
    assert "void" in geometry.boundary_names()
    total = sum(mesh.grain_measures().values())
    assert total == pytest.approx(math.prod(geometry.extent) - 0.08 * geometry.composite_measure, rel=1e-9)
    assert mesh.boundary_measures()["void"] > 2.0 * math.sqrt(math.pi * 0.08 * geometry.composite_measure)


def test_filled_voids_are_grains():
    geometry, mesh = build({"voids": {"volume_fraction": 0.08, "size": 0.8e-6, "phase": "binder"}})
    assert "void" not in geometry.boundary_names()
    assert len(mesh.boundaries) == 4
    pores = [m for name, m in mesh.grain_measures().items() if name.startswith("binder")]
    assert sum(pores) == pytest.approx(0.08 * geometry.composite_measure, rel=1e-9)


def test_grains_have_names_and_touch():
    _, mesh = build(GRAINS)
    names = [grain.name for grain in mesh.grains]
    assert {"active.1.1", "active.1.2", "active.1.3", "electrolyte.1", "separator"} <= set(names)
    assert {"active|active", "electrolyte|electrolyte", "active|electrolyte"} <= contacts(mesh)


def test_a_separator_of_the_electrolyte_is_not_divided_from_it():
    geometry, mesh = build(separator={"thickness": 1e-6})
    assert contacts(mesh) == {"active|electrolyte"} or contacts(mesh) == {"active|electrolyte", "electrolyte|separator"}
    geometry = composite(separator=None, length=5e-6)
    assert geometry.composite_measure == pytest.approx(20e-12)
    same = composite(separator={"thickness": 1e-6, "phase": "electrolyte"})
    assert not same.is_divided
    assert [grain.name for grain in make_composite(same).grains].count("electrolyte") == 1


@pytest.mark.parametrize("change", [{}, COATING, GRAINS], ids=["plain", "coating", "grains"])
def test_rows_of_thin_cells_line_the_interfaces(change):
    geometry, mesh = build(change, ROWS)
    mesh.validate()
    assert mesh.cell_sizes().min() < 0.03e-6
    check_fraction(geometry, mesh)


@pytest.mark.parametrize("change", [{}, VOIDS, POLYGONS], ids=["plain", "voids", "polygons"])
def test_solids_are_meshed(change):
    geometry, mesh = build(change, base=SOLID, seed=1)
    mesh.validate()
    assert mesh.cell_qualities().min() > 0.03
    check_fraction(geometry, mesh)


FEW = {"length": 4e-6, "particles": {"size": 1.4e-6, "gap": 0.2e-6, "volume_fraction": 0.15}, "separator": None}


THIN = {"particles": {"coating": {"phase": "coating", "thickness": 0.05e-6}}, "spacing": {"interface": 0.1e-6}}
FEW_VOIDS = {"particles": {"gap": 0.1e-6, "size": 1.1e-6}, "voids": {"volume_fraction": 0.05, "size": 0.8e-6}}
FEW_GRAINS = {"particles": {"grains": 2}, "electrolyte": {"grain_size": 2e-6}}
SOLIDS = {
    "plain": ({}, {"active|electrolyte"}, 0.05),
    "voids": (FEW_VOIDS, {"active|electrolyte"}, 0.03),
    "grains": (FEW_GRAINS, {"active|active", "active|electrolyte", "electrolyte|electrolyte"}, 0.01),
    # Cells of 0.05 by 0.3 um.
    "coating": (THIN, {"active|coating", "coating|electrolyte"}, 2e-3),
}


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("name", SOLIDS)
def test_solids_of_many_seeds_are_meshed(name, seed):
    change, expected, worst = SOLIDS[name]
    geometry, mesh = build(FEW, change, base=SOLID, seed=seed)
    mesh.validate()
    assert mesh.cell_qualities().min() > worst
    assert contacts(mesh) == expected
    check_fraction(geometry, mesh)


@pytest.mark.parametrize("seed", range(3))
def test_dense_solids_are_meshed(seed):
    # Necks down to a hundredth of a diameter, between spheres and to the walls.
    dense = {"particles": {"size": 0.9e-6, "gap": 0.01e-6, "volume_fraction": 0.42}}
    spacing = {"interface": 0.4e-6, "transverse": 0.4e-6}
    box = {"length": 3e-6, "separator": None, "spacing": spacing}
    geometry, mesh = build(box, dense, base=SOLID, seed=seed)
    mesh.validate()
    assert mesh.cell_qualities().min() > 0.02
    check_fraction(geometry, mesh)


def refused(*changes, base=PLANE, **more):
    with pytest.raises(ValidationError) as caught:
        composite(*changes, base=base, **more)
    return str(caught.value)


def test_wrong_sections_are_refused_by_name():
    assert "gap" in refused({"particles": {"gap": 1.7e-6}})
    assert "coatings" in refused({"particles": {"coating": {"phase": "coating", "thickness": 0.05e-6}}})
    assert "separator" in refused(separator={"thickness": 6e-6})
    assert "same phase" in refused({"particles": {"phase": "electrolyte"}})
    assert "same phase" in refused({"particles": {"coating": {"phase": "active", "thickness": 0.01e-6}}})
    assert "coating" in refused({"particles": {"coating": {"phase": "separator", "thickness": 0.01e-6}}})
    assert "depth" in refused(depth=1e-6)
    assert "depth" in refused(dimension=3)
    assert "particles.size" in refused({"particles": {"size": 3.9e-6}})
    assert "voids.size" in refused(voids={"volume_fraction": 0.05, "size": 3.9e-6})
    assert "volume_fraction" in refused({"particles": {"volume_fraction": 0.61}})
    assert "random packing" in refused(voids={"volume_fraction": 0.5, "size": 1e-6})


def test_too_wide_gaps_are_refused_by_the_packing():
    with pytest.raises(MeshError, match="No packing") as caught:
        make_composite(composite({"particles": {"volume_fraction": 0.6, "gap": 0.6e-6}}))
    assert "gap" in caught.value.hint
    assert "volume_fraction" in caught.value.hint


def test_too_narrow_polygons_are_refused():
    with pytest.raises(MeshError, match="leave gaps down to") as caught:
        make_composite(composite(POLYGONS, {"particles": {"volume_fraction": 0.6, "gap": 0.9e-6}}))
    assert "gap" in caught.value.hint


def explained(error):
    assert "gap" in error.hint or "spacing" in error.hint or "seed" in error.hint


@settings(max_examples=8)
@given(
    seed=st.integers(0, 2**32),
    fraction=st.floats(0.1, 0.5),
    spread=st.floats(0.0, 0.4),
    gap=st.floats(0.08e-6, 0.2e-6),
    shape=st.sampled_from(["sphere", "polygon"]),
    grains=st.integers(1, 5),
    change=st.sampled_from([{}, COATING, VOIDS]),
    grain_size=st.sampled_from([None, 1e-6, 2e-6]),
)
def test_any_composite_is_meshed_or_refused(seed, fraction, spread, gap, shape, grains, change, grain_size):
    particles = {"volume_fraction": fraction, "spread": spread, "gap": gap, "shape": shape, "grains": grains}
    geometry = composite(change, {"particles": particles, "electrolyte": {"grain_size": grain_size}}, seed=seed)
    try:
        mesh = build_composite(geometry, Path())
    except MeshError as error:
        return explained(error)
    mesh.validate()
    check_fraction(geometry, mesh)
