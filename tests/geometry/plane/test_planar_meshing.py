from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import planar_cases as cases
import pytest

from ssbsim.errors import MeshError
from ssbsim.geometry._simplex import signed_measures
from ssbsim.geometry.mesh_data import Grain, MeshData
from ssbsim.geometry.meshing import mesh_partition
from ssbsim.geometry.partition import Partition
from ssbsim.geometry.plane.division import divide_line
from ssbsim.geometry.rows import (
    extrude_facets,
    film_levels,
    row_levels,
    solve_displacements,
    squeeze_levels,
    steeper_levels,
)

NM = cases.NM
SIZES = cases.spacing(transverse=4.0)
FINE_JUNCTIONS = cases.spacing(transverse=4.0, junction=1.0)


def mesh_of(partition: Partition, sizes=SIZES) -> MeshData:
    """A mesh that is valid and fills the box."""
    mesh = mesh_partition(partition, sizes)
    mesh.validate()
    box = np.ptp(partition.points, axis=0).prod()
    assert mesh.cell_measures().sum() == pytest.approx(box, rel=1e-10)
    assert len(mesh.crowded_facets()) == 0
    outer = mesh.facet_measures(mesh.exterior_facets()).sum()
    assert sum(mesh.boundary_measures().values()) == pytest.approx(outer, rel=1e-10)
    return mesh


def area(mesh: MeshData, name: str) -> float:
    return mesh.grain_measures()[name] / NM**2


def interface_length(mesh: MeshData, one: str, other: str) -> float:
    names = [grain.name for grain in mesh.grains]
    pair = tuple(sorted((names.index(one), names.index(other))))
    return mesh.interface_measures()[pair] / NM


def ray(mesh: MeshData, start, end) -> np.ndarray:
    """Lengths (nm) that a ray from `start` to `end` (nm) has in the cells it passes, in order."""
    import shapely

    line = shapely.LineString([start, end])
    triangles = shapely.polygons(mesh.points[mesh.cells] / NM)
    pieces = shapely.intersection(triangles, line)
    lengths = shapely.length(pieces)
    met = np.flatnonzero(lengths > 1e-9)
    middle = shapely.line_locate_point(line, shapely.centroid(pieces[met]))
    return lengths[met][np.argsort(middle)]


class TestRows:
    def test_heights_grow_from_the_first_to_below_the_last(self):
        heights = np.diff(row_levels(0.1, 5.0, growth=1.3))
        assert heights[0] == pytest.approx(0.1)
        assert heights[1:] / heights[:-1] == pytest.approx(1.3)
        assert heights[-1] < 5.0 <= 1.3 * heights[-1]

    def test_no_rows_where_cells_are_as_small_along_as_across(self):
        assert row_levels(2.0, 2.0, growth=1.3).tolist() == [0.0]

    def test_rows_end_where_the_room_does(self):
        assert row_levels(0.1, 5.0, growth=1.3, room=1.0)[-1] <= 1.0

    def test_thin_films_are_uniform_and_thick_ones_graded(self):
        assert np.diff(film_levels(1.2, first=0.1, bulk=5.0, growth=1.3, is_mirrored=True)) == pytest.approx(1 / 12)
        # Half a core: the fine cells are at the grain. A coating: at both faces.
        half = 10.0 * np.diff(film_levels(10.0, first=0.1, bulk=5.0, growth=1.3, is_mirrored=True))
        whole = 10.0 * np.diff(film_levels(10.0, first=0.1, bulk=5.0, growth=1.3, is_mirrored=False))
        assert half[-1] == pytest.approx(0.1, rel=0.1)
        assert half[0] > 10.0 * half[-1]
        assert whole[[0, -1]] == pytest.approx(0.1)

    def test_other_first_height_same_last(self):
        levels = row_levels(0.1, 5.0, growth=1.3)
        heights = np.diff(steeper_levels(levels, 0.5))
        assert heights[[0, -1]] == pytest.approx([0.5, np.diff(levels)[-1]])

    def test_squeezed_rows_keep_the_first_height_while_they_can(self):
        levels = row_levels(0.1, 5.0, growth=1.3)
        count = len(levels) - 1
        uniform = 0.1 * count / levels[-1]
        squeezed = np.diff(squeeze_levels(levels, np.array([1.0, 0.5, uniform, 0.5 * uniform])), axis=1)
        assert squeezed.sum(axis=1) / levels[-1] == pytest.approx([1.0, 0.5, uniform, 0.5 * uniform])
        assert squeezed[:, 0] == pytest.approx([0.1, 0.1, 0.1, 0.05], rel=1e-2)
        assert np.array_equal(squeezed[0], np.diff(levels))
        assert squeezed[2:] == pytest.approx(np.tile(squeezed[2:, :1], count))

    def test_displacement_meets_every_plane(self):
        angle = np.deg2rad([0.0, 70.0])
        normals = np.column_stack([np.cos(angle), np.sin(angle)])
        moved, error = solve_displacements(np.array([0, 0]), normals, np.array([[1.0], [2.0]]), 2)
        assert normals @ moved[0, 0] == pytest.approx([1.0, 2.0])
        assert moved[1] == pytest.approx(0.0)
        assert error == pytest.approx(0.0, abs=1e-12)

    def test_displacement_in_space_on_an_edge_is_the_shortest(self):
        normals = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
        moved, _ = solve_displacements(np.zeros(3, dtype=int), normals, np.array([[1.0], [0.0], [0.0]]), 1)
        assert moved[0, 0] == pytest.approx([1.0, 0.0, 0.0])

    @pytest.mark.parametrize("dimension", [2, 3])
    def test_prisms_are_filled_whatever_the_numbering(self, dimension):
        base = np.vstack([np.zeros(dimension), np.eye(dimension)[: dimension - 1]])
        for order in itertools.permutations(range(dimension)):
            points = np.empty((2 * dimension, dimension))
            points[list(order)] = base
            points[dimension:] = base + np.eye(dimension)[-1]
            levels = np.column_stack([order, np.arange(dimension, 2 * dimension)])
            cells, _ = extrude_facets(np.arange(dimension)[None, :], levels)
            assert signed_measures(points, cells) == pytest.approx(np.full(dimension, 1 / [0, 0, 2, 6][dimension]))

    def test_prism_with_a_vertex_that_does_not_move_loses_a_cell(self):
        cells, rows = extrude_facets(np.array([[0, 1]]), np.array([[0, 0], [1, 2]]))
        assert np.sort(cells).tolist() == [[0, 1, 2]]
        assert rows.tolist() == [0]


class TestDivision:
    @pytest.mark.parametrize(("start", "end"), [(5.0, 5.0), (0.1, 5.0), (0.1, 0.2), (5.0, 0.3)])
    @pytest.mark.parametrize("length", [1.0, 7.3, 100.0])
    def test_sizes_grow_no_faster_than_allowed(self, length, start, end):
        pieces = np.diff(np.concatenate([[0.0], divide_line(length, start, end, 5.0, growth=1.3), [length]]))
        assert (pieces > 0.0).all()
        assert pieces.max() <= 5.0 * (1.0 + 1e-12)
        assert np.abs(np.log(pieces[1:] / pieces[:-1])).max(initial=0.0) < 1.1 * np.log(1.3)

    def test_mirrored_ends_give_mirrored_points(self):
        there = divide_line(50.0, 0.1, 2.0, 5.0, growth=1.3)
        assert 50.0 - divide_line(50.0, 2.0, 0.1, 5.0, growth=1.3)[::-1] == pytest.approx(there)


class TestFilms:
    def test_core_between_four_squares(self):
        mesh = mesh_of(cases.quadrants(core=1.0), FINE_JUNCTIONS)
        assert area(mesh, "core") == pytest.approx(100.0 * 2.0 - 1.0, rel=1e-10)
        assert area(mesh, "a.1") == pytest.approx(49.5**2, rel=1e-10)
        assert interface_length(mesh, "a.3", "core") == pytest.approx(99.0, rel=1e-10)

    def test_core_at_a_triple_junction(self):
        mesh = mesh_of(cases.triple(core=1.0), FINE_JUNCTIONS)
        drop = 50.0 / np.sqrt(3.0)
        # Strips of width 1; in each grain two half strips overlap, in a kite with sides of 0.5 and 0.5 / tan(60 degrees).
        lengths = 50.0 + 2.0 * np.hypot(50.0, drop)
        overlap = 3.0 * 0.5**2 / np.tan(np.deg2rad(60.0))
        assert area(mesh, "core") == pytest.approx(lengths - overlap, rel=1e-10)

    def test_core_along_a_needle(self):
        mesh = mesh_of(cases.needle(15.0, core=1.0))
        # The strip is cut by both walls on the same line on either side.
        assert area(mesh, "core") == pytest.approx(100.0 / np.cos(np.deg2rad(15.0)), rel=1e-10)

    def test_coating_on_one_side_of_a_disc(self):
        count = 48
        mesh = mesh_of(cases.disc(count, core=lambda a, b: (2.0, 0.0) if a == "a" else (0.0, 2.0)))
        half = np.pi / count
        disc = 0.5 * count * 30.0**2 * np.sin(2.0 * half)
        outer = 30.0 * np.cos(half) + 2.0
        assert area(mesh, "b") == pytest.approx(disc, rel=1e-10)
        assert area(mesh, "core") == pytest.approx(count * outer**2 * np.tan(half) - disc, rel=1e-10)
        names = [grain.name for grain in mesh.grains]
        assert (names.index("a"), names.index("b")) not in mesh.interface_facets()

    def test_core_that_ends_at_an_interface_without_one(self):
        points = [(0, 0), (50, 0), (100, 0), (100, 50), (100, 100), (0, 100), (0, 50), (50, 50)]
        grains = [("a.1", [[0, 1, 7, 6]]), ("a.2", [[1, 2, 3, 7]]), ("b", [[6, 7, 3, 4, 5]])]
        partition = cases.partition_of(points, grains, core=lambda a, b: (0.5, 0.5) if a == b else (0.0, 0.0))
        mesh = mesh_of(partition)
        assert area(mesh, "core") == pytest.approx(50.0, rel=1e-10)
        assert interface_length(mesh, "b", "core") == pytest.approx(1.0, rel=1e-10)

    def test_film_thicker_than_the_grain(self):
        with pytest.raises(MeshError, match=r"thicker than the grain"):
            mesh_partition(cases.short_edge(3.0, core=8.0), SIZES)

    def test_films_without_rows(self):
        mesh = mesh_of(cases.quadrants(core=1.0), cases.spacing(interface=0.5, transverse=0.5))
        assert area(mesh, "core") == pytest.approx(199.0, rel=1e-10)
        assert mesh.cell_qualities().min() > 0.25


class TestRowsAtInterfaces:
    def test_polygonal_disc(self):
        mesh = mesh_of(cases.disc(48))
        assert area(mesh, "b") == pytest.approx(24.0 * 30.0**2 * np.sin(np.pi / 24.0), rel=1e-10)
        assert interface_length(mesh, "a", "b") == pytest.approx(48.0 * 60.0 * np.sin(np.pi / 48.0), rel=1e-10)

    def test_curved_boundary(self):
        partition = cases.curved_bicrystal()
        mesh = mesh_of(partition, cases.spacing(transverse=5.0))
        chords = np.linalg.norm(np.diff(partition.points[4:], axis=0), axis=1).sum() / NM
        assert interface_length(mesh, "a.1", "a.2") == pytest.approx(chords, rel=1e-10)

    def test_first_rows_have_the_interface_size(self):
        mesh = mesh_of(cases.bicrystal())
        heights = ray(mesh, (100.0, 9.3), (110.0, 9.3))
        # A ray passes two triangles in each row.
        assert heights[:2].sum() == pytest.approx(0.1, rel=1e-6)
        assert heights[2:4].sum() == pytest.approx(0.13, rel=1e-6)

    def test_first_rows_beyond_a_core(self):
        mesh = mesh_of(cases.bicrystal(core=1.0))
        heights = ray(mesh, (100.0, 9.3), (110.0, 9.3))
        assert heights[:10].reshape(5, 2).sum(axis=1) == pytest.approx(0.1, rel=1e-6)
        assert heights[10:14].reshape(2, 2).sum(axis=1) == pytest.approx([0.1, 0.13], rel=1e-6)

    @pytest.mark.parametrize("core", [0.0, 1.0])
    def test_rows_that_end_on_both_sides_of_an_unresolved_interface(self, core):
        points = [(0, 0), (100, 0), (100, 70), (100, 100), (50, 100), (0, 100), (0, 5), (50, 50)]
        grains = [("a.1", [[6, 7, 4, 5]]), ("a.2", [[7, 2, 3, 4]]), ("b", [[0, 1, 2, 7, 6]])]
        half = 0.5 * core
        partition = cases.partition_of(
            points,
            grains,
            resolved=lambda a, b: a != b,
            core=lambda a, b: (0.0, 0.0) if a == b else (half, half),
        )
        mesh = mesh_of(partition)
        assert interface_length(mesh, "a.1", "a.2") <= 50.0 - half

    def test_rows_at_terminals_only_on_request(self):
        lined = mesh_of(cases.bicrystal(), cases.spacing(transverse=4.0, terminal=0.5))
        assert ray(lined, (0.0, 9.3), (5.0, 9.3))[:2].sum() == pytest.approx(0.5, rel=1e-6)
        assert ray(mesh_of(cases.bicrystal()), (0.0, 9.3), (20.0, 9.3))[:2].sum() > 2.0

    def test_interfaces_without_rows_have_the_size_along_them(self):
        mesh = mesh_of(cases.triple(), cases.spacing(interface=4.0, transverse=4.0, bulk=20.0))
        facets = np.vstack(list(mesh.interface_facets().values()))
        sides = np.linalg.norm(np.diff(mesh.points[facets], axis=1)[:, 0], axis=1)
        assert 2.0 * NM < sides.min() <= sides.max() < 5.0 * NM
        assert mesh.cell_sizes().max() > 8.0 * NM
        assert mesh.cell_qualities().min() > 0.4

    def test_rows_at_terminals_need_none_at_interfaces(self):
        mesh = mesh_of(cases.bicrystal(), cases.spacing(interface=4.0, transverse=4.0, terminal=0.5))
        assert ray(mesh, (0.0, 9.3), (5.0, 9.3))[:2].sum() == pytest.approx(0.5, rel=1e-6)
        assert mesh.notes == ()
        mesh = mesh_of(cases.quadrants(core=1.0), cases.spacing(interface=4.0, transverse=4.0, terminal=0.5))
        assert "no rows of thin cells at the terminal" in mesh.notes[-1]

    @pytest.mark.parametrize(
        "partition",
        [cases.needle(15.0), cases.reflex(core=1.0), cases.short_edge(core=1.0), cases.triple()],
        ids=["needle", "reflex", "short edge", "triple junction"],
    )
    def test_corners(self, partition):
        mesh = mesh_of(partition, FINE_JUNCTIONS)
        assert mesh.cell_sizes().min() > 0.02 * NM

    def test_short_edges_squeeze_rows_and_say_so(self):
        mesh = mesh_of(cases.short_edge(core=1.0), FINE_JUNCTIONS)
        assert "flatter" in mesh.notes[-1]
        # Far from the short edge the rows keep their height; the core keeps it everywhere.
        across = np.array([np.sqrt(0.5), np.sqrt(0.5)])
        edge = np.array([24.25, 25.0])
        heights = ray(mesh, edge, edge + 5.0 * across * [1, -1])
        assert heights.sum() == pytest.approx(5.0)
        centre = ray(mesh, (50.0, 50.0), (50.0, 55.0))
        assert centre[:10].sum() == pytest.approx(0.5, rel=0.3)

    def test_narrow_necks_keep_cells_as_high_as_they_can_be(self):
        gap = 1.0
        angle = 2.0 * np.pi * np.arange(40) / 40
        circle = 20.0 * np.column_stack([np.cos(angle), np.sin(angle)])
        points = np.vstack([[(0, 0), (100, 0), (100, 60), (0, 60)], (29.5, 30) + circle, (69.5 + gap, 30) + circle])
        one, other = list(range(4, 44)), list(range(44, 84))
        grains = [("a", [[0, 1, 2, 3], one[::-1], other[::-1]]), ("b.1", [one]), ("b.2", [other])]
        mesh = mesh_of(cases.partition_of(points, grains))
        # All rows of both sides share the gap: those of one side have at most half of it.
        count = len(row_levels(0.1, 4.0, growth=1.3)) - 1
        assert mesh.cell_sizes().min() / NM > 0.5 * 0.35 * gap / count

    def test_unresolved_interfaces_have_no_rows(self):
        points = [(0, 0), (50, 0), (100, 0), (100, 50), (100, 100), (0, 100), (0, 50), (50, 50)]
        grains = [("a.1", [[0, 1, 7, 6]]), ("a.2", [[1, 2, 3, 7]]), ("b", [[6, 7, 3, 4, 5]])]
        mesh = mesh_of(cases.partition_of(points, grains, resolved=lambda a, b: a != b))
        assert ray(mesh, (50.0, 20.0), (60.0, 20.0))[:2].sum() > 1.5
        assert ray(mesh, (30.3, 50.0), (30.3, 60.0))[:2].sum() == pytest.approx(0.1, rel=1e-6)

    def test_rows_save_most_of_the_cells(self):
        lined = mesh_of(cases.bicrystal(200.0, 100.0), cases.spacing(interface=0.125))
        fine = mesh_of(cases.bicrystal(200.0, 100.0), cases.spacing(interface=0.125, transverse=0.125))
        assert len(lined.cells) < len(fine.cells) / 5.0
        assert fine.cell_qualities().min() > 0.4


class TestMeshing:
    def test_isotropic_cells(self):
        mesh = mesh_of(cases.quadrants(), cases.spacing(interface=2.0, transverse=2.0))
        assert mesh.cell_qualities().min() > 0.5
        lengths = mesh.facet_measures(np.vstack(list(mesh.interface_facets().values())))
        assert lengths == pytest.approx(2.0 * NM, rel=0.3)

    def test_same_partition_same_mesh(self):
        one, other = (mesh_partition(cases.triple(core=1.0), FINE_JUNCTIONS) for _ in range(2))
        assert one.content_hash() == other.content_hash()

    def test_unit_of_length_changes_nothing_but_the_unit(self):
        partition = cases.triple(core=1.0)
        large = replace(partition, points=1e3 * partition.points, film=1e3 * partition.film)
        sizes = cases.spacing(interface=100.0, bulk=5000.0, transverse=4000.0, junction=1000.0)
        one, other = mesh_partition(partition, FINE_JUNCTIONS), mesh_partition(large, sizes)
        assert len(one.cells) == len(other.cells)

    def test_refined_mesh_is_nested(self):
        coarse = mesh_of(cases.triple())
        fine = mesh_of(cases.triple(), cases.spacing(transverse=4.0, refinement=2))
        assert len(fine.cells) == 4 * len(coarse.cells)
        assert np.array_equal(fine.points[: len(coarse.points)], coarse.points)

    def test_pieces_of_a_grain_are_named(self):
        points = [(0, 0), (40, 0), (60, 0), (100, 0), (100, 50), (60, 50), (40, 50), (0, 50)]
        partition = cases.partition_of(points, [("a", [[0, 1, 6, 7]]), ("b", [[1, 2, 5, 6]]), ("a.3", [[2, 3, 4, 5]])])
        joined = replace(
            partition,
            sides=np.where(partition.sides == 2, 0, partition.sides).astype(np.int32),
            grains=(Grain("a", "a", (1.0, 0.0, 0.0, 0.0)), *partition.grains[1:]),
        )
        mesh = mesh_of(joined)
        assert [grain.name for grain in mesh.grains] == ["a", "ab", "b"]
        assert mesh.grains[1].orientation == mesh.grains[0].orientation

    def test_holes_and_rings(self):
        angle = 2.0 * np.pi * np.arange(40) / 40
        circle = np.column_stack([np.cos(angle), np.sin(angle)])
        points = np.vstack([[(0, 0), (100, 0), (100, 100), (0, 100)], 50 + 40 * circle, 50 + 20 * circle])
        outer, inner = list(range(4, 44)), list(range(44, 84))
        grains = [("a", [[0, 1, 2, 3], outer[::-1]]), ("b", [outer, inner[::-1]]), ("c", [inner])]
        mesh = mesh_of(cases.partition_of(points, grains, core=1.0))
        assert set(mesh.grain_measures()) == {"a", "b", "c", "core"}
        shape = 20.0 * np.sin(np.pi / 20.0)
        assert area(mesh, "b") < shape * (40.0**2 - 20.0**2) < area(mesh, "b") + area(mesh, "core")

    def test_open_outline(self):
        partition = cases.quadrants()
        keep = np.arange(len(partition.facets)) != 1
        arrays = ("facets", "sides", "wall", "film", "film_grain", "resolved")
        with pytest.raises(MeshError, match="not closed"):
            mesh_partition(replace(partition, **{name: getattr(partition, name)[keep] for name in arrays}), SIZES)
