"""Grains in space: exact volumes, films and first rows; the same mesh each time; failures as one MeshError."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from ssbsim.case import PolycrystalGeometry, Spacing
from ssbsim.errors import MeshError
from ssbsim.geometry.kinds.polycrystal import divide_polycrystal, grow_grains
from ssbsim.geometry.mesh_data import Grain, MeshData
from ssbsim.geometry.particles.spheres import triangulate_sphere
from ssbsim.geometry.partition import OUTSIDE, Partition
from ssbsim.geometry.solid.faces import triangulate_faces
from ssbsim.geometry.solid.shells import pair_across_edges
from ssbsim.geometry.solid.solid import check_films, mesh_solid

UM = 1e-6
SIDES = ("left", "right", "bottom", "top", "front", "back")
Float = NDArray[np.float64]
Int = NDArray[np.int64]


def spacing(size: float, interface: float, **more: float) -> Spacing:
    values = {"interface": interface, "transverse": size, "bulk": size, **more}
    return Spacing(**{key: value if key == "growth" else value * UM for key, value in values.items()})


def blocks(cuts: tuple[list[float], ...], size: float, film: float = 0.0, *, is_coating: bool = False) -> Partition:
    """A box cut by planes across x, y and z (um), each block a grain; films on all inner faces, or on their +x side."""
    axes = [np.array(cut) for cut in cuts]
    shape = [len(axis) for axis in axes]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    number = np.arange(len(points)).reshape(shape)
    grain = np.pad(np.arange(math.prod(n - 1 for n in shape)).reshape([n - 1 for n in shape]), 1, constant_values=-1)
    loops, sides, wall = [], [], []
    for axis in range(3):
        u, v = (axis + 1) % 3, (axis + 2) % 3
        for at in product(*(range(n - (i != axis)) for i, n in enumerate(shape))):
            corner = [
                at,
                np.add(at, np.eye(3, dtype=int)[u]),
                np.add(at, np.eye(3, dtype=int)[u] + np.eye(3, dtype=int)[v]),
            ]
            corner.append(np.add(at, np.eye(3, dtype=int)[v]))
            loops.append([[int(number[tuple(c)]) for c in corner]])
            ahead = np.add(at, 1)
            sides.append((grain[tuple(ahead)], grain[tuple(ahead - np.eye(3, dtype=int)[axis])]))
            is_outer = at[axis] in (0, shape[axis] - 1)
            wall.append(2 * axis + (at[axis] > 0) if is_outer else -1)
    done = triangulate_faces(points, loops, size)
    count = int(grain.max()) + 1
    grains = tuple(Grain(f"g.{i + 1}", "g") for i in range(count))
    return partition(
        done.points, done.triangles, np.array(sides)[done.face], np.array(wall)[done.face], grains, film, is_coating
    )


def partition(
    points: Float,
    facets: Int,
    sides: Int,
    wall: Int,
    grains: tuple[Grain, ...],
    film: float = 0.0,
    is_coating: bool = False,
) -> Partition:
    inner = wall < 0
    films = np.where(inner, film * UM, 0.0)[:, None] * np.array([[1.0, 0.0 if is_coating else 1.0]])
    if film > 0.0:
        grains = (*grains, Grain("core", "core"))
    return Partition(
        points=points * UM,
        facets=facets,
        sides=sides.astype(np.int32),
        wall=wall.astype(np.int32),
        grains=grains,
        boundaries=SIDES,
        film=films,
        film_grain=np.where(films > 0.0, len(grains) - 1, -1).astype(np.int32),
        resolved=inner,
    )


def sphere_in_box(radius: float, size: float, film: float = 0.0) -> Partition:
    box = blocks(([0, 1], [0, 1], [0, 1]), size)
    ball, triangles = triangulate_sphere(radius, size)
    count = len(box.points)
    return partition(
        np.vstack([box.points / UM, ball + 0.5]),
        np.vstack([box.facets, triangles + count]),
        np.vstack([box.sides, np.tile([0, 1], (len(triangles), 1))]),
        np.concatenate([box.wall, np.full(len(triangles), -1)]),
        (Grain("matrix", "m"), Grain("ball", "p")),
        film,
        is_coating=True,
    )


def voronoi(seed: int, size: float, count: int = 8) -> Partition:
    """Grains around seeds mirrored at the walls, which makes every wall a face of its neighbours."""
    from scipy.spatial import Voronoi

    seeds = np.random.default_rng(seed).random((count, 3))
    mirrored = [np.where(np.arange(3) == axis, 2.0 * end - seeds, seeds) for axis in range(3) for end in (0, 1)]
    diagram = Voronoi(np.vstack([seeds, *mirrored]))
    chosen = [i for i, pair in enumerate(diagram.ridge_points) if pair.min() < count]
    used = np.unique(np.concatenate([diagram.ridge_vertices[i] for i in chosen]))
    points = diagram.vertices[used]
    points = np.where(np.abs(points - np.rint(points)) < 1e-9, np.rint(points), points)
    loops, sides, wall = [], [], []
    for i in chosen:
        first, second = sorted(diagram.ridge_points[i])
        loop = np.searchsorted(used, diagram.ridge_vertices[i])
        corners = points[loop] - points[loop[0]]
        area = np.cross(corners, np.roll(corners, -1, axis=0)).sum(axis=0)
        towards = diagram.points[first] - diagram.points[second]
        loops.append([(loop if area @ towards > 0.0 else loop[::-1]).tolist()])
        sides.append((first, second if second < count else OUTSIDE))
        wall.append(second // count - 1 if second >= count else -1)
    done = triangulate_faces(points, loops, size)
    grains = tuple(Grain(f"g.{i + 1}", "g") for i in range(count))
    return partition(done.points, done.triangles, np.array(sides)[done.face], np.array(wall)[done.face], grains)


def volumes(mesh: MeshData) -> Float:
    return np.array(list(mesh.grain_measures().values())) / UM**3


def polyhedron_volume(points: Float, triangles: Int) -> float:
    a, b, c = points[triangles].swapaxes(0, 1)
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum()) / 6.0


@pytest.mark.parametrize("interface", [0.2, 0.02])
def test_box_cut_by_a_plane_has_exact_volumes(interface):
    mesh = mesh_solid(blocks(([0, 0.4, 1], [0, 1], [0, 1]), 0.2), spacing(0.2, interface))
    mesh.validate()
    np.testing.assert_allclose(volumes(mesh), [0.4, 0.6], rtol=1e-12)
    np.testing.assert_allclose(list(mesh.boundary_measures().values()), UM**2, rtol=1e-12)
    np.testing.assert_allclose(list(mesh.interface_measures().values()), UM**2, rtol=1e-12)


@pytest.mark.parametrize("interface", [0.2, 0.02])
def test_film_at_a_plane_has_exact_thickness(interface):
    mesh = mesh_solid(blocks(([0, 0.4, 1], [0, 1], [0, 1]), 0.2, 0.03), spacing(0.2, interface))
    mesh.validate()
    np.testing.assert_allclose(volumes(mesh), [0.37, 0.57, 0.06], rtol=1e-12)
    x = np.unique(mesh.points[np.unique(mesh.cells[mesh.cell_grain == 2]), 0])
    assert x.min() == pytest.approx(0.37 * UM, rel=1e-12)
    assert x.max() == pytest.approx(0.43 * UM, rel=1e-12)


def test_coating_on_one_side_of_a_plane():
    mesh = mesh_solid(blocks(([0, 0.4, 1], [0, 1], [0, 1]), 0.2, 0.03, is_coating=True), spacing(0.2, 0.02))
    mesh.validate()
    np.testing.assert_allclose(volumes(mesh), [0.4, 0.57, 0.03], rtol=1e-12)


def test_rows_start_with_the_height_asked_for_and_grow():
    mesh = mesh_solid(blocks(([0, 0.5, 1], [0, 1], [0, 1]), 0.2), spacing(0.2, 0.01, growth=1.5))
    beside = np.unique(np.round(mesh.points[:, 0] / UM - 0.5, 12))
    rows = beside[beside >= 0.0][:5]
    np.testing.assert_allclose(np.diff(rows), 0.01 * 1.5 ** np.arange(4), rtol=1e-9)


def test_rows_at_a_terminal():
    mesh = mesh_solid(blocks(([0, 0.5, 1], [0, 1], [0, 1]), 0.2), spacing(0.2, 0.02, terminal=0.04))
    mesh.validate()
    x = np.unique(np.round(mesh.points[:, 0] / UM, 12))
    assert x[1] == pytest.approx(0.04, rel=0.5)
    assert 1.0 - x[-2] == pytest.approx(x[1], rel=1e-9)
    assert mesh.boundary_measures()["left"] == pytest.approx(UM**2, rel=1e-12)


def test_rows_at_a_terminal_without_room_are_left_out():
    # Without rows at the interfaces, those at a terminal cannot end there.
    mesh = mesh_solid(blocks(([0, 0.5, 1], [0, 0.5, 1], [0, 1]), 0.2), spacing(0.2, 0.2, terminal=0.04))
    mesh.validate()
    assert mesh.notes == ("no room for rows of thin cells in 4 grains, 'g.1' first",)


@pytest.mark.parametrize("axes", [2, 3])
def test_films_meet_exactly_at_lines_and_points(axes):
    half, t = [0, 0.5, 1], 0.02
    cuts = tuple(half if axis < axes else [0, 1] for axis in range(3))
    mesh = mesh_solid(blocks(cuts, 0.25, t), spacing(0.25, 0.03))
    mesh.validate()
    grain = (0.5 - t) ** axes * 0.5 ** (3 - axes) / 0.5 ** (3 - axes)
    np.testing.assert_allclose(volumes(mesh), [*[grain] * 2**axes, 1.0 - (1.0 - 2.0 * t) ** axes], rtol=1e-10)


@pytest.mark.parametrize("interface", [0.1, 0.02])
def test_sphere_keeps_the_volume_of_its_polyhedron(interface):
    mesh = mesh_solid(sphere_in_box(0.3, 0.1), spacing(0.1, interface))
    mesh.validate()
    inside = polyhedron_volume(*triangulate_sphere(0.3, 0.1))
    np.testing.assert_allclose(volumes(mesh), [1.0 - inside, inside], rtol=1e-10)


def test_spheres_converge_to_the_ball_with_order_2():
    sizes = np.array([0.2, 0.1, 0.05])
    errors = [1.0 - polyhedron_volume(*triangulate_sphere(1.0, size)) / (4.0 / 3.0 * math.pi) for size in sizes]
    orders = np.diff(np.log(errors)) / np.diff(np.log(sizes))
    assert (np.abs(orders - 2.0) < 0.2).all()


def test_points_of_a_sphere_lie_on_it():
    points, triangles = triangulate_sphere(3.0, 0.5)
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 3.0, rtol=1e-15)
    assert len(points) - 3 * len(triangles) // 2 + len(triangles) == 2


@pytest.mark.parametrize("interface", [0.1, 0.01])
def test_coating_of_a_sphere_has_exact_radial_thickness(interface):
    radius, t = 0.3, 0.02
    mesh = mesh_solid(sphere_in_box(radius, 0.1, t), spacing(0.1, interface))
    mesh.validate()
    of_film = np.unique(mesh.cells[mesh.cell_grain == 2])
    distance = np.linalg.norm(mesh.points[of_film] / UM - 0.5, axis=1)
    assert distance.max() == pytest.approx(radius + t, rel=1e-12)
    inside = polyhedron_volume(*triangulate_sphere(radius, 0.1))
    film = inside * ((1.0 + t / radius) ** 3 - 1.0)
    np.testing.assert_allclose(volumes(mesh), [1.0 - inside - film, inside, film], rtol=1e-10)


@pytest.mark.parametrize("interface", [0.15, 0.02])
def test_voronoi_grains_fill_the_box(interface):
    mesh = mesh_solid(voronoi(1, 0.15), spacing(0.15, interface))
    mesh.validate()
    # No grain had to do without its rows.
    assert not any("no room" in note for note in mesh.notes)
    assert volumes(mesh).sum() == pytest.approx(1.0, rel=1e-10)
    assert sum(mesh.boundary_measures().values()) == pytest.approx(6.0 * UM**2, rel=1e-10)
    assert len(mesh.exterior_facets()) == len(mesh.boundary_facets)


def test_isotropic_cells_are_well_shaped():
    mesh = mesh_solid(sphere_in_box(0.3, 0.1), spacing(0.1, 0.1))
    assert mesh.cell_qualities().min() > 0.15


def test_same_input_gives_the_same_mesh():
    hashes = {
        mesh_solid(blocks(([0, 0.4, 1], [0, 1], [0, 1]), 0.2), spacing(0.2, 0.02)).content_hash() for _ in range(2)
    }
    assert len(hashes) == 1


def test_unit_of_length_does_not_matter():
    here = blocks(([0, 0.4, 1], [0, 1], [0, 1]), 0.25)
    mesh = mesh_solid(here, spacing(0.25, 0.05))
    large = Partition(**{**vars(here), "points": here.points * 1024.0})
    other = mesh_solid(large, Spacing(interface=51.2 * UM, transverse=256 * UM, bulk=256 * UM))
    assert np.array_equal(other.cells, mesh.cells)


def test_film_thicker_than_the_grain_is_one_error():
    with pytest.raises(MeshError, match="film"):
        mesh_solid(blocks(([0, 0.1, 1], [0, 0.5, 1], [0, 1]), 0.25, 0.3), spacing(0.25, 0.05))


def test_open_surface_is_an_error():
    whole = blocks(([0, 1], [0, 1], [0, 1]), 0.5)
    keep = np.arange(len(whole.facets)) > 0
    names = ("facets", "sides", "wall", "film", "film_grain", "resolved")
    holed = Partition(**{**vars(whole), **{name: getattr(whole, name)[keep] for name in names}})
    with pytest.raises(MeshError, match="not closed"):
        mesh_solid(holed, spacing(0.5, 0.5))


def test_face_that_is_not_flat_is_lifted_between_its_corners():
    points = np.array([[0, 0, 0], [1, 0, 0.1], [1, 1, 0], [0, 1, 0.1]])
    done = triangulate_faces(points, [[[0, 1, 2, 3]]], 0.1)
    assert np.array_equal(done.points[:4], points)
    assert done.points[:, 2].min() >= 0.0
    assert done.points[:, 2].max() <= 0.1


def test_edge_sizes_hold():
    points = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    done = triangulate_faces(points, [[[0, 1, 2, 3]]], 0.2, edge_size=0.05)
    on_edge = np.sort(done.points[done.points[:, 1] == 0.0, 0])
    assert np.diff(on_edge).max() <= 0.05 * (1 + 1e-12)
    assert (done.points[:, 2] == 0.0).all()


def test_holes_in_a_film_are_errors():
    # The film is asked for, and the mesh is one without it: all facets between grains are holes.
    geometry = PolycrystalGeometry(
        dimension=3, grains=3, grain_size=40e-9, core_width=1e-9, spacing={"interface": 1e-9, "bulk": 15e-9}
    )
    partition = divide_polycrystal(geometry, grow_grains(geometry))
    bare = replace(partition, film=np.zeros_like(partition.film), resolved=np.zeros_like(partition.resolved))
    mesh = mesh_solid(bare, geometry.spacing)
    between = int((partition.wall < 0).sum())
    with pytest.raises(MeshError, match=f"has {between} holes"):
        check_films(partition, mesh, np.arange(len(mesh.points)), "geometry")
    check_films(bare, mesh, np.arange(len(mesh.points)), "geometry")


def test_surfaces_that_pass_through_each_other_at_an_edge_are_refused():
    # Two tetrahedra with a common edge along z; seen along it, one covers the angles 0 to 60, the other 30 to 90 degrees.
    def wedge(start: float, first: int) -> tuple[list[tuple[float, float, float]], list[list[int]]]:
        ends = [(math.cos(math.radians(a)), math.sin(math.radians(a)), 0.5) for a in (start, start + 60.0)]
        a, b, c, d = 0, 1, first, first + 1
        return ends, [[a, b, c], [a, c, d], [a, d, b], [b, d, c]]

    (one, first), (two, second) = wedge(0.0, 2), wedge(30.0, 4)
    points = np.array([(0.0, 0.0, 0.0), (0.0, 0.0, 1.0), *one, *two])
    alone = np.array(first)
    assert sorted(pair_across_edges(points, alone, where="here")) == list(range(12))
    with pytest.raises(MeshError, match="pass through each other"):
        pair_across_edges(points, np.array([*first, *second]), where="here")
