"""Meshes of labelled images: stairs and smooth interfaces, in 2D and 3D."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from image_cases import NM, areas, ball, blobs, lengths, mesh_image, partition_of, section, voronoi

from ssbsim.errors import MeshError
from ssbsim.geometry import MeshData
from ssbsim.geometry._facets import cells_of_facets
from ssbsim.geometry.images.voxels import LEAST_QUALITY
from ssbsim.geometry.kinds.image import read_grains

PIXEL = 10 * NM


def check(mesh: MeshData, image: np.ndarray, *, within: float) -> None:
    """A valid mesh of the whole box, each grain with nearly the measure of its pixels, each interface in its place."""
    mesh.validate()
    expected = image.size * PIXEL**image.ndim
    measures = mesh.grain_measures()
    assert sum(measures.values()) == pytest.approx(expected, rel=1e-10)
    assert all(area > 0.0 for area in mesh.interface_measures().values())
    assert len(mesh.exterior_facets()) == len(mesh.boundary_facets)
    place = mesh.points[mesh.boundary_facets, mesh.facet_boundary[:, None] // 2]
    end = np.array(image.shape)[mesh.facet_boundary // 2] * (mesh.facet_boundary % 2) * PIXEL
    np.testing.assert_allclose(place, np.repeat(end[:, None], image.ndim, axis=1), atol=1e-20, rtol=1e-12)
    phases: dict[str, float] = {}
    for grain in mesh.grains:
        phases[grain.phase] = phases.get(grain.phase, 0.0) + measures[grain.name]
    found = {f"p{label}": (image == label).sum() * PIXEL**image.ndim for label in np.unique(image)}
    assert phases == pytest.approx(found, rel=within)


def random_image(kind: str, dimension: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    shape = (20, 16) if dimension == 2 else (7, 6, 5)
    if kind == "noise":
        return rng.integers(0, 3, tuple(n // 2 for n in shape)).astype(np.uint8)
    return voronoi(shape, 6, seed) if kind == "voronoi" else blobs(shape, seed)


RANDOM = [(kind, seed) for seed in range(7) for kind in ("noise", "voronoi", "blobs")][:20]


# ---------------------------------------------------------------------------------------------------------- stairs


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize(("kind", "seed"), RANDOM)
def test_stairs_are_exact(tmp_path: Path, kind: str, seed: int, dimension: int):
    image = random_image(kind, dimension, seed)
    mesh = mesh_image(tmp_path, image, interfaces="voxel")
    check(mesh, image, within=1e-12)
    faces = sum((np.diff(image.astype(int), axis=axis) != 0).sum() for axis in range(dimension))
    assert sum(mesh.interface_measures().values()) == pytest.approx(faces * PIXEL ** (dimension - 1), rel=1e-12)


def test_stairs_have_the_size_asked_for(tmp_path: Path):
    image = ball(6, 2.0, 2)
    for interface, refinement, parts in ((10.0, 1, 1), (40.0, 2, 2), (4.0, 1, 3), (4.0, 2, 6)):
        spacing = {"interface": interface * NM, "bulk": 40 * NM, "refinement": refinement}
        mesh = mesh_image(tmp_path, image, interfaces="voxel", spacing=spacing)
        assert len(mesh.cells) == 2 * 36 * parts**2
    spacing = {"interface": 0.001 * NM, "bulk": 40 * NM}
    with pytest.raises(MeshError, match=r"7.2e\+09 cells \(each of 36 pixels in 10000\^2 parts, 2 cells each\)"):
        mesh_image(tmp_path, image, interfaces="voxel", spacing=spacing)


# ----------------------------------------------------------------------------------------------- smooth outlines, 2D


@pytest.mark.parametrize("radius", [6.0, 10.0, 15.0, 20.0])
def test_a_smooth_disc_is_round(tmp_path: Path, radius: float):
    image = ball(50, radius, 2)
    partition = partition_of(tmp_path, image)
    circle = 2.0 * np.pi * radius * PIXEL
    assert lengths(partition)[partition.wall < 0].sum() == pytest.approx(circle, rel=0.02)
    stairs = sum((np.diff(image.astype(int), axis=axis) != 0).sum() for axis in (0, 1)) * PIXEL
    assert stairs == pytest.approx(4.0 / np.pi * circle, rel=0.03)
    # The area is that of the pixels, which a disc of this size has to within the noise of digitisation.
    assert areas(partition)[1] == pytest.approx(image.sum() * PIXEL**2, rel=1e-12)
    away = np.linalg.norm(partition.points[:-4] - partition.points[:-4].mean(axis=0), axis=1)
    np.testing.assert_allclose(away, radius * PIXEL, atol=0.35 * PIXEL)


def test_discs_have_the_area_of_circles_on_average(tmp_path: Path):
    ratios = []
    for offset in np.linspace(0.0, 0.5, 8):
        partition = partition_of(tmp_path, ball(34, 15.0, 2, offset))
        ratios.append(areas(partition)[1] / (np.pi * 225.0 * PIXEL**2))
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.005)


@pytest.mark.parametrize(
    ("slope", "start", "pixels"),
    [(0.0, 20.0, 40.0), (1.0, 4.5, 35.5 * 2**0.5), (0.5, 8.2, 20.0 * 5**0.5), (0.3, 14.1, 40.0 * 1.09**0.5)],
)
def test_a_plane_boundary_is_straight(tmp_path: Path, slope: float, start: float, pixels: float):
    x, y = np.meshgrid(np.arange(40) + 0.5, np.arange(40) + 0.5, indexing="ij")
    partition = partition_of(tmp_path, (y > slope * x + start).astype(np.uint8))
    found = lengths(partition)[partition.wall < 0].sum() / PIXEL
    assert found == pytest.approx(pixels, abs=1e-9 if slope == 0.0 else 0.4)


@pytest.mark.parametrize(("kind", "seed"), RANDOM)
def test_every_grain_keeps_the_area_of_its_pixels(tmp_path: Path, kind: str, seed: int):
    image = random_image(kind, 2, seed)
    partition = partition_of(tmp_path, image)
    index, *_ = read_grains(section(tmp_path / "b.npy", image), tmp_path)
    if not any("not smoothed" in note for note in partition.notes):
        np.testing.assert_allclose(areas(partition), np.bincount(index.ravel()) * PIXEL**2, rtol=1e-8)
    assert areas(partition).sum() == pytest.approx(image.size * PIXEL**2, rel=1e-12)
    check_closed(partition)
    again = partition_of(tmp_path, image)
    assert again.points.tobytes() == partition.points.tobytes()
    assert again.facets.tobytes() == partition.facets.tobytes()


def check_closed(partition) -> None:
    """At every vertex as many facets of a grain begin as end; no two facets cross."""
    import shapely

    for grain in range(len(partition.grains)):
        ahead, back = (partition.facets[partition.sides[:, column] == grain] for column in (0, 1))
        directed = np.vstack([ahead, back[:, ::-1]])
        count = len(partition.points)
        np.testing.assert_array_equal(*(np.bincount(directed[:, end], minlength=count) for end in (0, 1)))
    lines = shapely.linestrings(partition.points[partition.facets] / PIXEL)
    first, second = shapely.STRtree(lines).query(lines, predicate="intersects")
    shares = (partition.facets[first][:, :, None] == partition.facets[second][:, None, :]).any(axis=(1, 2))
    assert shares.all()


def test_checkerboards_are_joined(tmp_path: Path):
    # One pixel each of two grains of a meet in a corner, b surrounds both: b passes nowhere, so they are quadruple
    # there; with a ring of a around, a passes and b is cut in two.
    image = np.zeros((4, 4), dtype=np.uint8)
    image[1, 1] = image[2, 2] = 1
    partition = partition_of(tmp_path, image)
    assert "at 1 corners of pixels a grain passes" in partition.notes[0]
    assert [grain.name for grain in partition.grains] == ["p0", "p1.1", "p1.2"]
    assert not np.any((partition.sides == [1, 2]).all(axis=1) | (partition.sides == [2, 1]).all(axis=1))
    np.testing.assert_allclose(areas(partition), np.array([14.0, 1.0, 1.0]) * PIXEL**2, rtol=1e-9)
    check_closed(partition)


def test_films_lie_between_grains_of_one_phase(tmp_path: Path):
    image = np.array([[1, 1, 1, 3, 3], [1, 1, 1, 3, 3], [2, 2, 2, 3, 3], [2, 2, 2, 3, 3]])
    partition = partition_of(tmp_path, image, labels={1: "a", 2: "a", 3: "b"}, grains="label", core_width=NM)
    assert [grain.name for grain in partition.grains] == ["a.1", "b", "a.2", "core"]
    has_film = (partition.film > 0.0).all(axis=1)
    np.testing.assert_array_equal(has_film, (np.sort(partition.sides) == [0, 2]).all(axis=1))
    assert set(partition.film[has_film].ravel()) == {0.5 * NM}
    assert (partition.film_grain[has_film] == 3).all()
    assert (partition.film_grain[~has_film] == -1).all()
    with pytest.raises(MeshError, match="no boundary between two grains of one phase"):
        partition_of(tmp_path, image, core_width=NM)


@settings(max_examples=40, deadline=None)
@given(image=arrays(np.uint8, st.tuples(st.integers(1, 8), st.integers(2, 8)), elements=st.integers(0, 2)))
def test_any_small_image_gives_outlines(image: np.ndarray, tmp_path_factory: pytest.TempPathFactory):
    partition = partition_of(tmp_path_factory.mktemp("images"), image)
    check_closed(partition)
    assert areas(partition).sum() == pytest.approx(image.size * PIXEL**2, rel=1e-12)
    assert (areas(partition) > 0.0).all()


# ------------------------------------------------------------------------------------------------- smooth meshes, 2D


@pytest.mark.parametrize(("kind", "seed"), RANDOM)
def test_smooth_meshes_of_sections(tmp_path: Path, kind: str, seed: int):
    image = random_image(kind, 2, seed)
    mesh = mesh_image(tmp_path, image)
    check(mesh, image, within=0.3 if kind == "noise" else 1e-6)


@settings(max_examples=15, deadline=None)
@given(image=arrays(np.uint8, st.tuples(st.integers(2, 8), st.integers(2, 8)), elements=st.integers(0, 2)))
def test_any_small_section_is_meshed(image: np.ndarray, tmp_path_factory: pytest.TempPathFactory):
    mesh = mesh_image(tmp_path_factory.mktemp("images"), image)
    check(mesh, image, within=0.5)


def test_cores_of_a_section(tmp_path: Path):
    image = voronoi((30, 20), 4, 3)
    labels = {int(label): "a" for label in np.unique(image)}
    spacing = {"interface": 1 * NM, "bulk": 60 * NM, "transverse": 20 * NM, "growth": 1.8}
    mesh = mesh_image(tmp_path, image, labels=labels, core_width=2 * NM, spacing=spacing)
    boundary = lengths(partition_of(tmp_path, image))
    wall = partition_of(tmp_path, image).wall
    assert mesh.grain_measures()["core"] == pytest.approx(boundary[wall < 0].sum() * 2 * NM, rel=0.03)


# ------------------------------------------------------------------------------------------------- smooth meshes, 3D


@pytest.mark.parametrize(("kind", "seed"), RANDOM)
def test_smooth_meshes_of_volumes(tmp_path: Path, kind: str, seed: int):
    image = random_image(kind, 3, seed)
    mesh = mesh_image(tmp_path, image)
    check(mesh, image, within=0.5 if kind == "noise" else 0.05)
    assert not any("one size" in note for note in mesh.notes)
    # A few slivers between points of one interface are worse than any cell of a voxel; 0.013 is the worst of these.
    assert mesh.cell_qualities().min() > 0.005


@pytest.mark.parametrize("radius", [6.0, 8.0])
def test_a_smooth_ball_is_round(tmp_path: Path, radius: float):
    image = ball(int(2 * radius) + 4, radius, 3)
    mesh = mesh_image(tmp_path, image)
    area = 4.0 * np.pi * (radius * PIXEL) ** 2
    assert mesh.grain_measures()["p1"] == pytest.approx(image.sum() * PIXEL**3, rel=2e-3)
    # With a radius of 8 the voxels themselves have 1.1 % more than the ball.
    assert mesh.grain_measures()["p1"] == pytest.approx(4.0 / 3.0 * np.pi * (radius * PIXEL) ** 3, rel=0.013)
    assert sum(mesh.interface_measures().values()) == pytest.approx(area, rel=0.03)
    stairs = mesh_image(tmp_path, image, interfaces="voxel")
    assert sum(stairs.interface_measures().values()) == pytest.approx(1.5 * area, rel=0.05)


def test_flat_interfaces_of_a_volume_stay_where_they_are(tmp_path: Path):
    image = np.zeros((5, 4, 6), dtype=np.uint8)
    image[:, :, 3:] = 1
    mesh = mesh_image(tmp_path, image, pixel=[10 * NM, 20 * NM, 5 * NM])
    assert mesh.interface_measures() == pytest.approx({(0, 1): 50 * NM * 80 * NM}, rel=1e-12)
    assert mesh.grain_measures()["p0"] == pytest.approx(50 * NM * 80 * NM * 15 * NM, rel=1e-12)
    assert mesh.notes == ()


def test_volumes_are_refined(tmp_path: Path):
    image = ball(5, 1.6, 3)
    coarse = mesh_image(tmp_path, image)
    fine = mesh_image(tmp_path, image, spacing={**SPACING, "refinement": 2})
    assert len(fine.cells) == 8 * len(coarse.cells)
    assert fine.grain_measures() == pytest.approx(coarse.grain_measures(), rel=1e-12)


SPACING = {"interface": 20 * NM, "bulk": 40 * NM, "transverse": 20 * NM}
ROWS = {"interface": 1 * NM, "bulk": 60 * NM, "growth": 1.8}


def first_heights(mesh: MeshData) -> np.ndarray:
    """Height of every cell on an interface over its facet there (m)."""
    (facets,) = mesh.interface_facets().values()
    facet, cell = cells_of_facets(mesh.cells, facets, len(mesh.points)).T
    a, b, c = mesh.points[facets[facet]].swapaxes(0, 1)
    return 6.0 * mesh.cell_measures()[cell] / np.linalg.norm(np.cross(b - a, c - a), axis=1)


def test_rows_around_a_ball(tmp_path: Path):
    image = ball(16, 6.0, 3)
    plain = mesh_image(tmp_path, image)
    mesh = mesh_image(tmp_path, image, spacing=ROWS)
    check(mesh, image, within=2e-3)
    assert not any("rows" in note for note in mesh.notes)
    heights = first_heights(mesh)
    assert heights.max() < 1.001 * NM
    assert np.median(heights) == pytest.approx(1 * NM, rel=0.03)
    assert first_heights(plain).min() > 2 * NM
    # The same surface. Cells of one size take 12 in each voxel, and in each thousandth of a voxel for 1 nm.
    assert mesh.grain_measures() == pytest.approx(plain.grain_measures(), rel=1e-12)
    assert sum(mesh.interface_measures().values()) == pytest.approx(sum(plain.interface_measures().values()), rel=1e-12)
    assert len(mesh.cells) < 12 * image.size
    assert mesh.cell_qualities().min() > 0.01


# With the second seed, rows and films from both sides of a sharp corner would cross.
@pytest.mark.parametrize("seed", [0, 1])
def test_cores_of_a_volume(tmp_path: Path, seed: int):
    image = voronoi((14, 14, 14), 5, seed)
    plain = mesh_image(tmp_path, image)
    labels = {int(label): "a" for label in np.unique(image)}
    mesh = mesh_image(tmp_path, image, labels=labels, grains="label", core_width=1 * NM, spacing=ROWS)
    assert sum(mesh.grain_measures().values()) == pytest.approx(image.size * PIXEL**3, rel=1e-10)
    boundary = sum(plain.interface_measures().values())
    # A film is thinner where grains meet: it takes half a width on each side, and ends in sharp corners.
    assert mesh.grain_measures()["core"] == pytest.approx(boundary * 1 * NM, rel=0.06)
    names = [grain.name for grain in mesh.grains]
    pairs = {tuple(sorted((names[i], names[j]))) for i, j in mesh.interface_measures()}
    assert pairs == {tuple(sorted((name, "core"))) for name in names if name != "core"}
    assert {name[:3] for name in names} - {"cor"} == {f"a.{label + 1}" for label in range(5)}
    assert any("films end in sharp corners" in note for note in mesh.notes) == (seed == 1)


def test_large_grains_have_large_cells(tmp_path: Path):
    image = voronoi((24, 24, 24), 4, 1)
    mesh = mesh_image(tmp_path, image, spacing={"interface": 10 * NM, "bulk": 60 * NM, "transverse": 10 * NM})
    check(mesh, image, within=0.02)
    assert len(mesh.cells) < 12 * image.size / 4
    # So have walls: one size takes two triangles for each face of a voxel.
    assert len(mesh.boundary_facets) < 2 * 6 * 24**2 / 2
    assert mesh.cell_qualities().min() > 0.02


def test_surfaces_are_divided_below_a_voxel(tmp_path: Path):
    image = ball(8, 2.6, 3)
    coarse, fine = (
        mesh_image(tmp_path, image, spacing={"interface": size * NM, "transverse": size * NM, "bulk": 40 * NM})
        for size in (10.0, 4.0)
    )
    assert len(fine.interface_facets()[0, 1]) == 9 * len(coarse.interface_facets()[0, 1])
    tiny = {"interface": 0.01 * NM, "transverse": 0.01 * NM, "bulk": 40 * NM}
    with pytest.raises(MeshError, match=r"triangles: \d+ faces of voxels, each side in 1000 parts"):
        mesh_image(tmp_path, image, spacing=tiny)
    assert fine.grain_measures() == pytest.approx(coarse.grain_measures(), rel=1e-12)


def test_voxels_with_edges_of_their_own(tmp_path: Path):
    image = ball(10, 3.5, 3)
    mesh = mesh_image(tmp_path, image, pixel=[10 * NM, 12 * NM, 8 * NM])
    assert mesh.grain_measures()["p1"] == pytest.approx(image.sum() * 960 * NM**3, rel=0.01)
    assert sum(mesh.grain_measures().values()) == pytest.approx(image.size * 960 * NM**3, rel=1e-10)


def test_what_cannot_be_filled_has_one_size_or_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> MeshData:
        raise MeshError("A grain cannot be filled.", where="grain 'p1'")

    monkeypatch.setattr("ssbsim.geometry.kinds.image.mesh_partition", refuse)
    image = ball(8, 2.6, 3)
    mesh = mesh_image(tmp_path, image)
    check(mesh, image, within=0.05)
    assert len(mesh.cells) == 12 * image.size
    assert mesh.cell_qualities().min() > 0.999 * LEAST_QUALITY
    assert mesh.notes[-1].startswith("all cells have one size")
    assert len(mesh_image(tmp_path, image, spacing={**SPACING, "refinement": 2}).cells) == 8 * len(mesh.cells)
    for changes in ({"spacing": ROWS}, {"spacing": {**SPACING, "terminal": 2 * NM}}):
        with pytest.raises(MeshError, match=r"no room for rows of thin cells or a core: A grain cannot") as caught:
            mesh_image(tmp_path, image, **changes)
        assert "smoothing or merge_smaller_than, lower core_width, raise spacing.interface" in caught.value.hint
        assert caught.value.where == "grain 'p1'"
    with pytest.raises(MeshError, match="A grain cannot be filled"):
        mesh_image(tmp_path, image, spacing={**SPACING, "remesher": "mmg"})


def test_cores_that_find_no_room_are_refused(tmp_path: Path):
    image = np.random.default_rng(0).integers(0, 2, (6, 6, 6)).astype(np.uint8)
    with pytest.raises(MeshError, match="no room for rows of thin cells or a core"):
        mesh_image(tmp_path, image, labels={0: "a", 1: "a"}, core_width=NM, spacing=ROWS)
    # Sheets as thin as a voxel.
    with pytest.raises(MeshError, match=r"core: The film finds no room on \d+ % of the surfaces of the grains"):
        mesh_image(tmp_path, blobs((7, 6, 5), 0), labels=dict.fromkeys(range(3), "a"), core_width=NM, spacing=ROWS)
    with pytest.raises(MeshError, match="no boundary between two grains of one phase"):
        mesh_image(tmp_path, ball(5, 1.6, 3), core_width=NM)


def test_mmg_makes_thin_cells_in_a_volume(tmp_path: Path):
    pytest.importorskip("mmgpy")
    image = np.zeros((6, 6, 8), dtype=np.uint8)
    image[:, :, 4:] = 1
    spacing = {"interface": 3 * NM, "bulk": 40 * NM, "remesher": "mmg"}
    mesh = mesh_image(tmp_path, image, spacing=spacing)
    check(mesh, image, within=1e-9)
    assert np.median(first_heights(mesh)) < 4 * NM


@settings(max_examples=12, deadline=None)
@given(image=arrays(np.uint8, st.tuples(*[st.integers(1, 4)] * 2, st.integers(2, 4)), elements=st.integers(0, 2)))
def test_any_small_volume_is_meshed(image: np.ndarray, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("images")
    check(mesh_image(folder, image, interfaces="voxel"), image, within=1e-12)
    mesh = mesh_image(folder, image)
    mesh.validate()
    assert sum(mesh.grain_measures().values()) == pytest.approx(image.size * PIXEL**3, rel=1e-10)
