"""Power diagrams, what is cut out of them, healing, textures, grain statistics and orientations."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssbsim.errors import MeshError
from ssbsim.geometry.grains.healing import heal
from ssbsim.geometry.grains.orientations import misorientation_angle, random_orientations
from ssbsim.geometry.grains.power_diagram import fit_measures, power_diagram, relax
from ssbsim.geometry.grains.statistics import grain_statistics
from ssbsim.geometry.grains.tessellation import loop_edges, tessellate
from ssbsim.geometry.grains.textures import extrude, stack_layers, stretch
from ssbsim.geometry.partition import OUTSIDE

SEEDS = range(20)
COUNTS = {2: 16, 3: 7}


def random_diagram(d, count, seed, *, spread=None, periodic=False, steps=2):
    generator = np.random.default_rng(seed)
    box = np.array([1.3, 0.8, 1.0])[:d] * count ** (1.0 / d)
    seeds = generator.random((count, d)) * box
    if spread is None:
        return power_diagram(seeds, np.zeros(count), box, periodic=periodic), None
    sizes = np.exp(d * spread * generator.standard_normal(count))
    targets = sizes * box.prod() / sizes.sum()
    return relax(seeds, targets, box, steps=steps, periodic=periodic), targets


def grain_measures(cells):
    return np.bincount(cells.grain, weights=cells.cell_measures())


def check_tessellation(cells):
    """Closed cells that fill the box, with walls of the right size that face inwards."""
    d, box = cells.dimension, cells.box
    links = Counter()
    for loop, (into, away) in zip(cells.loops, cells.sides.tolist(), strict=True):
        assert len(set(loop)) == len(loop) >= d
        for a, b in loop_edges(loop):
            if d == 2:
                links.update({(into, a): 1, (away, b): 1})
                links.subtract({(into, b): 1, (away, a): 1})
            else:
                links.update({(into, min(a, b), max(a, b)): 1 if a < b else -1})
                links.subtract({(away, min(a, b), max(a, b)): 1 if a < b else -1})
    assert not any(value for key, value in links.items() if key[0] != OUTSIDE)
    assert cells.cell_measures().min() > 0.0
    assert cells.cell_measures().sum() == pytest.approx(box.prod(), rel=1e-12)
    assert ((cells.wall >= 0) == (cells.sides[:, 1] == OUTSIDE)).all()
    assert (cells.sides[:, 0] != OUTSIDE).all()
    for wall in range(2 * d):
        axis, side = divmod(wall, 2)
        faces = np.flatnonzero(cells.wall == wall)
        corners = sorted({v for f in faces for v in cells.loops[f]})
        assert (cells.points[corners, axis] == side * box[axis]).all()
        assert (cells.face_vectors()[faces, axis] * (1 - 2 * side) > 0.0).all()
        assert cells.face_measures()[faces].sum() == pytest.approx(box.prod() / box[axis], rel=1e-10)


def check_convex(cells):
    """Every corner of a cell is on the inner side of all its faces."""
    vectors = cells.face_vectors()
    normals = vectors / np.linalg.norm(vectors, axis=1)[:, None]
    for cell in range(len(cells.grain)):
        faces = np.flatnonzero((cells.sides == cell).any(axis=1))
        corners = cells.points[sorted({v for f in faces for v in cells.loops[f]})]
        for f in faces:
            inward = normals[f] if cells.sides[f, 0] == cell else -normals[f]
            # A face of a few hundredths has its normal only to about this accuracy.
            assert ((corners - cells.points[list(cells.loops[f])].mean(axis=0)) @ inward).min() > -1e-6


@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize("spread", [None, 0.35])
@pytest.mark.parametrize("d", [2, 3])
def test_cells_fill_the_box_before_and_after_healing(d, spread, periodic):
    for seed in SEEDS if d == 2 or not periodic else SEEDS[:2]:
        diagram, targets = random_diagram(d, COUNTS[d], seed, spread=spread, periodic=periodic, steps=0)
        exact = tessellate(diagram)
        check_tessellation(exact)
        check_convex(exact)
        if targets is not None:
            assert grain_measures(exact) == pytest.approx(targets, rel=2e-6)
        healed = heal(tessellate(diagram, thinnest=0.25), 0.1)
        check_tessellation(healed)
        assert set(healed.grain) == set(range(COUNTS[d]))
        if not periodic:
            assert len(healed.grain) == COUNTS[d]
        sizes = healed.cell_measures() ** (1.0 / d)
        assert healed.edge_lengths().min() > 0.03 * sizes.min()
        # Points move by less than a tenth of a diameter; slivers at periodic walls go to a neighbour. The mean is 1.
        assert np.abs(grain_measures(healed) - grain_measures(exact)).max() < 0.25


@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize("d", [2, 3])
def test_every_place_belongs_to_the_seed_of_least_power(d, periodic):
    diagram, _ = random_diagram(d, COUNTS[d], 3, spread=0.3, periodic=periodic)
    cells = tessellate(diagram)
    vectors = cells.face_vectors()
    middles = np.array([cells.points[list(loop)].mean(axis=0) for loop in cells.loops])
    for place in np.random.default_rng(1).random((60, d)) * diagram.box:
        gap = place - diagram.seeds
        if periodic:
            gap -= np.round(gap / diagram.box) * diagram.box
        owner = np.argmin(np.sum(gap**2, axis=1) - diagram.weights)
        height = np.sum((place - middles) * vectors, axis=1)
        outside = np.concatenate([cells.sides[height < 0.0, 0], cells.sides[height > 0.0, 1]])
        (cell,) = set(range(len(cells.grain))) - set(outside.tolist())
        assert cells.grain[cell] == owner


def test_a_single_seed_owns_the_box():
    for d in (2, 3):
        cells = tessellate(power_diagram(np.full((1, d), 0.3), np.zeros(1), np.ones(d)))
        assert cells.cell_measures() == pytest.approx([1.0])
        assert len(cells.loops) == 2 * d
        check_tessellation(cells)


def test_two_seeds_are_parted_by_their_radical_line():
    seeds, box = np.array([[0.25, 0.5], [0.75, 0.5]]), np.ones(2)
    # Powers are equal where (x - 1/4)^2 - w = (x - 3/4)^2, that is at x = 1/2 + w.
    cells = tessellate(power_diagram(seeds, np.array([0.1, 0.0]), box))
    assert cells.cell_measures() == pytest.approx([0.6, 0.4], rel=1e-13)


@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize("d", [2, 3])
def test_fit_reaches_the_measures(d, periodic):
    diagram, _ = random_diagram(d, COUNTS[d], 5)
    targets = np.random.default_rng(2).dirichlet(np.full(COUNTS[d], 3.0)) * diagram.box.prod()
    fitted = fit_measures(diagram.seeds, targets, diagram.box, periodic=periodic, tolerance=1e-9)
    assert fitted.measures_and_centroids()[0] == pytest.approx(targets, rel=1e-9)


@pytest.mark.parametrize("periodic", [False, True])
def test_centroids_are_those_of_the_pieces(periodic):
    diagram, _ = random_diagram(3, COUNTS[3], 4, spread=0.2)
    places = np.random.default_rng(0).random((40_000, 3)) * diagram.box
    power = np.sum((places[:, None] - diagram.seeds) ** 2, axis=2) - diagram.weights
    owner = np.argmin(power, axis=1)
    largest = np.argmax(np.bincount(owner))
    expected = places[owner == largest].mean(axis=0)
    assert diagram.measures_and_centroids()[1][largest] == pytest.approx(expected, abs=0.03)


def test_impossible_measures_name_the_spread():
    seeds = np.array([[0.2, 0.5], [0.8, 0.5]])
    with pytest.raises(MeshError) as caught:
        fit_measures(seeds, np.array([0.9, 0.4]), np.ones(2))
    assert caught.value.where == "geometry.spread"


def test_pieces_continue_at_the_opposite_wall():
    for d in (2, 3):
        cells = tessellate(random_diagram(d, COUNTS[d], 7, periodic=True)[0])
        for axis in range(d):
            at = [
                np.bincount(
                    cells.grain[cells.sides[cells.wall == 2 * axis + side, 0]],
                    weights=cells.face_measures()[cells.wall == 2 * axis + side],
                    minlength=COUNTS[d],
                )
                for side in (0, 1)
            ]
            assert at[0] == pytest.approx(at[1], abs=1e-9)


def test_same_seed_same_bits():
    one, other = (heal(tessellate(random_diagram(3, 15, 1, spread=0.3)[0]), 0.1) for _ in range(2))
    assert one.points.tobytes() == other.points.tobytes()
    assert one.loops == other.loops


@settings(deadline=None, max_examples=10)
@given(st.sampled_from([2, 3]), st.integers(1, 6), st.integers(0, 10**6), st.booleans(), st.floats(0.0, 0.25))
def test_any_few_grains(d, count, seed, periodic, fraction):
    diagram, _ = random_diagram(d, count, seed, periodic=periodic)
    cells = heal(tessellate(diagram, thinnest=2.5 * fraction), fraction)
    check_tessellation(cells)
    assert set(cells.grain) == set(range(count))


def test_healing_removes_short_edges_and_then_rests():
    cells = heal(tessellate(random_diagram(2, 300, 0)[0]), 0.1)
    diameters = np.sqrt(4.0 / math.pi * cells.cell_measures())
    at = {}
    for loop, sides in zip(cells.loops, cells.sides.tolist(), strict=True):
        at[loop] = min(diameters[cell] for cell in sides if cell != OUTSIDE)
    short = [
        loop for loop in cells.loops if math.dist(*cells.points[list(loop)]) < 0.1 * min(at[loop], diameters.mean())
    ]
    assert len(short) <= 3
    again = heal(cells, 0.09)
    assert len(again.points) >= len(cells.points) - 3
    assert heal(cells, 0.0) is cells


@pytest.mark.parametrize("d", [2, 3])
def test_layers_meet_on_planes(d):
    box = np.array([2.0, 4.0, 3.0])[:d]
    for seed in SEEDS[:2]:
        generator = np.random.default_rng(seed)
        layers = [tessellate(power_diagram(generator.random((8, d)) * box, np.zeros(8), box)) for _ in range(3)]
        stacked = stack_layers(layers)
        check_tessellation(stacked)
        check_convex(stacked)
        assert stacked.cuts == (2.0, 4.0)
        assert stacked.grain.tolist() == list(range(24))
        expected = np.concatenate([layer.cell_measures() for layer in layers])
        assert stacked.cell_measures() == pytest.approx(expected, rel=1e-9)
        healed = heal(stacked, 0.1)
        check_tessellation(healed)
        layer = healed.grain // 8
        inside = healed.sides[:, 1] != OUTSIDE
        crossing = inside & (layer[healed.sides[:, 0]] != layer[healed.sides[:, 1]])
        measures = healed.face_measures()
        assert measures[crossing].sum() == pytest.approx(2.0 * box[1:].prod(), rel=1e-10)
        for f in np.flatnonzero(crossing):
            assert set(healed.points[list(healed.loops[f]), 0]) in ({2.0}, {4.0})


def test_columns_have_the_cross_section_everywhere():
    plane = heal(tessellate(random_diagram(2, 12, 0)[0]), 0.1)
    for axis in range(3):
        columns = extrude(plane, 2.5, axis)
        check_tessellation(columns)
        assert columns.cell_measures() == pytest.approx(2.5 * plane.cell_measures(), rel=1e-12)
        assert np.delete(columns.box, axis).tolist() == plane.box.tolist()


def test_stretching_multiplies_measures():
    cells = tessellate(random_diagram(3, 15, 0)[0])
    longer = stretch(cells, np.array([1.0, 3.0, 0.5]))
    check_tessellation(longer)
    assert longer.cell_measures() == pytest.approx(1.5 * cells.cell_measures(), rel=1e-12)


@pytest.mark.parametrize(
    ("d", "count", "density", "neighbours", "tolerance"),
    [(2, 2000, 2.0, 6.0, 0.02), (3, 600, 2.910, 48.0 * math.pi**2 / 35.0 + 2.0, 0.03)],
)
def test_poisson_voronoi_cells_have_their_known_means(d, count, density, neighbours, tolerance):
    """Boundary density over rho^(1/d) and number of faces: J. L. Meijering, Philips Res. Rep. 8 (1953) 270."""
    diagram, _ = random_diagram(d, count, 11, periodic=True)
    faces = diagram.faces
    share = np.where(faces.pairs[:, 1] < count, 1.0, 0.5)
    measures = diagram.measures_and_centroids()[0]
    found = grain_statistics(measures, float(share @ faces.measure), d)
    unit = (count / diagram.box.prod()) ** (1.0 / d)
    assert found.boundary_density / unit == pytest.approx(density, rel=tolerance)
    assert 2.0 * share[faces.measure > 1e-9].sum() / count == pytest.approx(neighbours, rel=tolerance)
    assert found.mean_intercept * found.boundary_density == pytest.approx({2: math.pi / 2.0, 3: 2.0}[d])


def test_mean_intercept_is_that_of_random_lines():
    """Lines drawn through a periodic Voronoi tessellation, and the boundaries they cross counted by the seeds."""
    count = 100
    diagram, _ = random_diagram(2, count, 2, periodic=True)
    share = np.where(diagram.faces.pairs[:, 1] < count, 1.0, 0.5)
    found = grain_statistics(diagram.measures_and_centroids()[0], float(share @ diagram.faces.measure), 2)
    generator, length, step = np.random.default_rng(0), 4.0, 0.01
    crossed = 0
    for _ in range(200):
        angle = generator.random() * math.pi
        along = np.arange(0.0, length, step)[:, None] * [math.cos(angle), math.sin(angle)]
        places = generator.random(2) * diagram.box + along
        gap = places[:, None] - diagram.seeds
        gap -= np.round(gap / diagram.box) * diagram.box
        owner = np.argmin(np.sum(gap**2, axis=2), axis=1)
        crossed += int((owner[1:] != owner[:-1]).sum())
    assert 200 * length / crossed == pytest.approx(found.mean_intercept, rel=0.04)


def test_statistics_of_equal_balls():
    found = grain_statistics([math.pi / 6.0] * 8, 4.0, 3)
    assert found.mean_diameter == pytest.approx(1.0)
    assert found.log_spread == pytest.approx(0.0, abs=1e-12)
    assert grain_statistics([1.0], 0.0, 2).mean_intercept == math.inf


def test_random_orientations_are_uniform():
    generator = np.random.default_rng(0)
    turns = np.array(random_orientations(4000, generator))
    assert np.linalg.norm(turns, axis=1) == pytest.approx(1.0)
    assert (turns[:, 0] >= 0.0).all()
    angles = misorientation_angle(turns[:2000], turns[2000:])
    # Angles of random rotations have the density (1 - cos a) / pi: a mean of pi/2 + 2/pi.
    assert angles.mean() == pytest.approx(math.pi / 2.0 + 2.0 / math.pi, abs=0.04)


def test_disorientations_of_cubes_follow_mackenzie():
    turns = np.array(random_orientations(40_000, np.random.default_rng(1)))
    angles = np.degrees(misorientation_angle(turns[:20_000], turns[20_000:], cubic=True))
    assert angles.max() < 62.8
    assert angles.max() > 60.0
    assert angles.mean() == pytest.approx(40.736, abs=0.3)
    assert (angles <= np.degrees(misorientation_angle(turns[:20_000], turns[20_000:])) + 1e-9).all()


def test_known_misorientations():
    half = math.radians(25.0) / 2.0
    about_z = (math.cos(half), 0.0, 0.0, math.sin(half))
    quarter = (math.sqrt(0.5), 0.0, 0.0, math.sqrt(0.5))
    assert math.degrees(misorientation_angle((1.0, 0.0, 0.0, 0.0), about_z)) == pytest.approx(25.0)
    assert math.degrees(misorientation_angle(quarter, about_z)) == pytest.approx(65.0)
    assert math.degrees(misorientation_angle(quarter, about_z, cubic=True)) == pytest.approx(25.0)
    # Sigma 3: 60 degrees about the cube diagonal.
    twin = (math.cos(math.pi / 6.0), *(math.sin(math.pi / 6.0) / math.sqrt(3.0),) * 3)
    assert math.degrees(misorientation_angle((1.0, 0.0, 0.0, 0.0), twin, cubic=True)) == pytest.approx(60.0)


def test_an_inverted_cell_would_be_seen():
    cells = tessellate(random_diagram(2, 10, 0)[0])
    inner = next(v for v in range(len(cells.points)) if ((cells.points[v] > 0) & (cells.points[v] < cells.box)).all())
    points = cells.points.copy()
    points[inner] += 10.0
    with pytest.raises(AssertionError):
        check_tessellation(replace(cells, points=points))
