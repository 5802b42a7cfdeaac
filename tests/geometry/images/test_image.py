"""From an image file to grains: files and axes, legends, parts and names, and what the case says about them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from image_cases import NM, mesh_image, section
from PIL import Image

from ssbsim.case import ImageGeometry
from ssbsim.errors import MeshError
from ssbsim.geometry.images.image_files import read_colours, read_labels
from ssbsim.geometry.images.labels import find_parts, merge_small_parts
from ssbsim.geometry.kinds.image import read_grains

# Seen upright: x to the right, y up.
SEEN = np.array([[1, 1, 2], [3, 4, 4]], dtype=np.uint8)
UPRIGHT = np.array([[3, 1], [4, 1], [4, 2]])  # [x, y]


def fails(call, *arguments, **changes) -> str:
    with pytest.raises(MeshError) as caught:
        call(*arguments, **changes)
    assert caught.value.hint
    assert caught.value.where
    return str(caught.value)


# -------------------------------------------------------------------------------------------------- files and axes


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_pictures_stand_upright(tmp_path: Path, suffix: str, dtype: type):
    Image.fromarray(SEEN.astype(dtype)).save(tmp_path / f"a{suffix}")
    labels = [1, 2, 3, 4]
    np.testing.assert_array_equal(read_labels(tmp_path / f"a{suffix}", labels), UPRIGHT - 1)


def test_pages_follow_z(tmp_path: Path):
    pages = [Image.fromarray(SEEN), Image.fromarray(SEEN[:, ::-1].copy())]
    pages[0].save(tmp_path / "a.tiff", save_all=True, append_images=pages[1:])
    found = read_labels(tmp_path / "a.tiff", [1, 2, 3, 4])
    assert found.shape == (3, 2, 2)
    np.testing.assert_array_equal(found[:, :, 0], UPRIGHT - 1)
    np.testing.assert_array_equal(found[:, :, 1], UPRIGHT[::-1] - 1)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, ">i2", bool])
def test_arrays_are_indexed_x_y_z(tmp_path: Path, dtype):
    array = np.zeros((2, 3, 4), dtype=dtype)
    array[1, 0, 0] = 1
    np.save(tmp_path / "a.npy", array)
    np.testing.assert_array_equal(read_labels(tmp_path / "a.npy", [0, 1]), array.astype(int))


@pytest.mark.parametrize("interfaces", ["voxel", "smooth"])
def test_axes_of_the_mesh(tmp_path: Path, interfaces: str):
    image = np.zeros((6, 5, 4), dtype=np.uint8)
    image[4:], image[:, 4:], image[:, :, 3:] = 1, 2, 3
    mesh = mesh_image(tmp_path, image, pixel=[10 * NM, 20 * NM, 30 * NM], interfaces=interfaces)
    np.testing.assert_allclose(np.ptp(mesh.points, axis=0), [60 * NM, 100 * NM, 120 * NM])
    grains = {grain.name: index for index, grain in enumerate(mesh.grains)}
    for side, present in (("right", {"p1", "p2", "p3"}), ("top", {"p2", "p3"}), ("back", {"p3"})):
        facets = mesh.boundary_facets[mesh.facet_boundary == mesh.boundaries.index(side)]
        on_side = np.isin(mesh.cells, facets).sum(axis=1) == 3
        assert {mesh.grains[g].name for g in mesh.cell_grain[on_side]} >= present
    assert mesh.points[mesh.cells[mesh.cell_grain == grains["p3"]]][..., 2].min() > 80 * NM


def test_colours_of_palettes_names_and_codes(tmp_path: Path):
    colours = np.array([[255, 0, 0], [0, 0, 255], [16, 32, 48], [255, 255, 255]], dtype=np.uint8)
    picture = Image.fromarray(colours[SEEN - 1])
    legend = ["red", "#0000ff", "#102030", "white"]
    for name, image in (
        ("a.png", picture),
        ("b.png", picture.quantize(4)),
        ("c.tif", picture),
        ("d.png", picture.convert("RGBA")),
    ):
        image.save(tmp_path / name)
        np.testing.assert_array_equal(read_colours(tmp_path / name, legend), UPRIGHT - 1)


def test_unknown_colour_names_colour_count_and_place(tmp_path: Path):
    picture = np.zeros((3, 4, 3), dtype=np.uint8)
    picture[0, 2:] = [1, 2, 3]
    Image.fromarray(picture).save(tmp_path / "a.png")
    message = fails(read_colours, tmp_path / "a.png", ["black"])
    assert message.startswith("The colour #010203 of 2 pixels stands for no phase.")
    assert "the first is pixel (2, 2) from the lower left corner" in message
    assert fails(read_colours, tmp_path / "a.png", ["black", "#010203", "red"]).startswith(
        "The colour red does not occur"
    )
    assert "same colour" in fails(read_colours, tmp_path / "a.png", ["black", "#000000"])
    assert "did you mean 'black'?" in fails(read_colours, tmp_path / "a.png", ["blakc"])


def test_labels_and_legend_must_fit(tmp_path: Path):
    np.save(tmp_path / "a.npy", np.array([[0, 0, 7], [0, 7, 9]]))
    message = fails(read_labels, tmp_path / "a.npy", [0])
    assert message.startswith("The label 7 of 2 pixels stands for no phase (2 labels are unknown in all).")
    assert "the first is pixel (0, 2)" in message
    assert fails(read_labels, tmp_path / "a.npy", [0, 7, 9, 5]).startswith("The label 5 does not occur")


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((3, 3)), "values of type float64, not whole numbers"),
        (np.full((3, 3), np.nan), "not whole numbers"),
        (np.zeros((1, 1), int), "shape 1 x 1"),
        (np.zeros(5, int), "shape 5"),
        (np.zeros((0, 4), int), "shape 0 x 4"),
        (np.zeros((2, 2, 2, 2), int), "shape 2 x 2 x 2 x 2"),
        (np.array([[1, "a"]], dtype=object), "cannot be read"),
        (np.zeros((2, 2), dtype=[("a", int)]), "cannot be read"),
        (np.broadcast_to(np.uint8(0), (5000, 5000)), "25,000,000 pixels; the most that is read is 20,000,000"),
    ],
)
def test_refused_arrays(tmp_path: Path, array, message: str):
    np.save(tmp_path / "a.npy", array)
    assert message in fails(read_labels, tmp_path / "a.npy", [0])


@pytest.mark.parametrize("name", ["a.npy", "a.png", "a.tif"])
@pytest.mark.parametrize(
    "content", [b"", b"nonsense", b"\x93NUMPY\x01\x00v\x00{'descr'", b"\x89PNG\r\n\x1a\n", b"II*\x00"]
)
def test_damaged_files(tmp_path: Path, name: str, content: bytes):
    (tmp_path / name).write_bytes(content)
    assert fails(read_labels, tmp_path / name, [0]).startswith("The image cannot be read")


def test_truncated_files(tmp_path: Path):
    Image.fromarray(np.random.default_rng(0).integers(0, 9, (50, 50)).astype(np.uint8)).save(tmp_path / "a.png")
    np.save(tmp_path / "a.npy", np.zeros((50, 50), int))
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:-200])
        assert fails(read_labels, path, list(range(9))).startswith("The image cannot be read")


def test_other_files_that_do_not_fit(tmp_path: Path):
    assert "did you mean 'b.png'?" in (
        Image.fromarray(SEEN).save(tmp_path / "b.png") or fails(read_labels, tmp_path / "v.png", [0])
    )
    Image.fromarray(np.zeros((4, 4), np.float32)).save(tmp_path / "f.tif")
    assert "not whole numbers" in fails(read_labels, tmp_path / "f.tif", [0])
    assert "not colours" in fails(read_colours, tmp_path / "f.tif", ["red"])
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(tmp_path / "c.png")
    assert "give a legend" in fails(read_labels, tmp_path / "c.png", [0])
    Image.fromarray(np.zeros((4, 4, 4), np.uint8)).save(tmp_path / "t.png")
    assert "16 pixels of the image are transparent" in fails(read_colours, tmp_path / "t.png", ["black"])
    np.save(tmp_path / "n.npy", SEEN)
    assert "An array has no colours" in fails(read_colours, tmp_path / "n.npy", ["black"])
    assert "but pixel has 3 lengths" in fails(read_grains, section(tmp_path / "n.npy", SEEN, pixel=[NM] * 3), tmp_path)


# ------------------------------------------------------------------------------------------------ parts and names

PARTS = np.array([[1, 1, 2, 1], [1, 2, 2, 1], [2, 1, 1, 1]])


def named(folder: Path, image, **changes) -> tuple[list[str], np.ndarray]:
    index, grains, _, _ = read_grains(section(folder / "a.npy", image, **changes), folder)
    return [grain.name for grain in grains], index


def test_parts_are_numbered_from_the_left(tmp_path: Path):
    names, index = named(tmp_path, PARTS)
    assert names == ["p1.1", "p2.1", "p1.2", "p2.2"]
    np.testing.assert_array_equal(index, [[0, 0, 1, 2], [0, 1, 1, 2], [3, 2, 2, 2]])


def test_labels_as_grains(tmp_path: Path):
    labels = {1: "a", 2: {"phase": "a", "name": "seam"}}
    names, _ = named(tmp_path, PARTS, labels=labels, grains="label")
    assert names == ["ab", "seam", "a", "seamb"]
    names, _ = named(tmp_path, np.array([[1, 2, 3]]), labels={1: "a", 2: "a", 3: "b"}, grains="label")
    assert names == ["a.1", "a.2", "b"]


def test_no_boundaries_within_a_phase(tmp_path: Path):
    names, index = named(tmp_path, np.array([[1, 2, 3, 1]]), labels={1: "a", 2: "a", 3: "b"}, grains="none")
    assert names == ["a.1", "b", "a.2"]
    np.testing.assert_array_equal(index, [[0, 0, 1, 2]])


def test_parts_of_a_named_label_are_numbered(tmp_path: Path):
    labels = {1: {"phase": "a", "name": "x"}, 2: "b"}
    assert named(tmp_path, PARTS, labels=labels)[0] == ["x.1", "b.1", "x.2", "b.2"]


@pytest.mark.parametrize("seed", range(4))
def test_parts_are_those_of_scipy(seed: int):
    from scipy.ndimage import label

    image = np.random.default_rng(seed).integers(0, 3, (7, 6, 5)[: 2 + seed % 2])
    parts = find_parts(image)
    for value in range(3):
        theirs, count = label(image == value)
        pairs = np.unique(np.column_stack([parts[image == value], theirs[image == value]]), axis=0)
        assert len(pairs) == count == len(np.unique(pairs[:, 0])) == len(np.unique(pairs[:, 1]))
    assert (np.diff(np.unique(parts.ravel(), return_index=True)[1]) > 0).all()


def test_small_parts_go_to_the_neighbour_with_the_longest_boundary():
    image = np.array([[0, 0, 0, 0], [0, 2, 2, 1], [1, 1, 1, 1]], dtype=np.int32)
    merged, count, pixels = merge_small_parts(image, smaller_than=3, pixel=[1.0, 1.0])
    np.testing.assert_array_equal(merged, [[0, 0, 0, 0], [0, 0, 0, 1], [1, 1, 1, 1]])
    assert (count, pixels) == (1, 2)
    # The same pixels twice as high along the second axis: there the faces along x count double.
    wide = merge_small_parts(np.array([[0, 2, 1], [1, 1, 1]], dtype=np.int32), smaller_than=2, pixel=[1.0, 4.0])[0]
    np.testing.assert_array_equal(wide, [[1, 1, 1], [1, 1, 1]])


@pytest.mark.parametrize("seed", range(3))
def test_merging_leaves_no_small_part(seed: int):
    image = np.random.default_rng(seed).integers(0, 3, (20, 20)).astype(np.int32)
    merged, _, _ = merge_small_parts(image, smaller_than=9, pixel=[1.0, 1.0])
    assert np.bincount(find_parts(merged).ravel()).min() >= 9
    same = merge_small_parts(image, smaller_than=1, pixel=[1.0, 1.0])
    assert (same[0] == image).all()
    assert same[1:] == (0, 0)


def test_merging_is_noted_and_small_parts_refused(tmp_path: Path):
    mesh = mesh_image(tmp_path, np.kron(PARTS, np.ones((2, 2), int)), merge_smaller_than=5, interfaces="voxel")
    assert mesh.notes[0] == "1 parts of the image, 4 pixels in all, were given to their neighbours"
    geometry = section(tmp_path / "b.npy", PARTS, smallest_part=2)
    message = fails(read_grains, geometry, tmp_path)
    assert message.startswith("1 connected parts have fewer than 2 pixels.")
    assert "the first has 1 of 'p2' at pixel (2, 0)" in message
    assert "merge_smaller_than: 2" in message
    gone = section(tmp_path / "c.npy", np.array([[1, 1, 2]]), merge_smaller_than=2)
    assert fails(read_grains, gone, tmp_path).startswith("Nothing is left of the phase 'p2'")


# ---------------------------------------------------------------------------------------------------- the section

GIVEN = {"path": "a.png", "pixel": "10 nm", "spacing": {"interface": "1 nm", "bulk": "2 nm"}}
MMG = {**GIVEN["spacing"], "remesher": "mmg"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "an image needs either labels or a legend"),
        ({"labels": {1: "a"}, "legend": {"red": "a"}}, "an image needs either labels or a legend"),
        ({"labels": {1: "a"}, "path": "a.jpg"}, "is not an image that can be read"),
        ({"labels": {1: {"phase": "a", "name": "x"}}, "grains": "none"}, "names a grain, but grains is none"),
        ({"labels": dict.fromkeys((1, 2), {"phase": "a", "name": "x"}), "grains": "label"}, "two labels have the name"),
        ({"labels": {1: {"phase": "a", "name": "b"}, 2: "b"}}, "stands for grains of 'a' and of 'b'"),
        ({"labels": {1: "a"}, "core_width": "1 nm", "interfaces": "voxel"}, "a core needs smooth interfaces"),
        ({"labels": {1: "core"}, "core_width": "1 nm"}, "names the core and a label"),
        ({"labels": {1: "a"}, "smoothing": 1.0, "interfaces": "voxel"}, "voxel interfaces are not smoothed"),
        ({"labels": {1: "a"}, "interfaces": "voxel", "spacing": MMG}, "one size and no rows"),
        ({"labels": {1: "a"}, "pixel": ["1 nm"] * 4}, "pixel"),
        ({"labels": {"x": "a"}}, "integer"),
    ],
)
def test_sections_that_make_no_sense(changes: dict, message: str):
    with pytest.raises(ValueError, match=message):
        ImageGeometry(**{**GIVEN, **changes})


def test_what_the_case_knows_of_an_image():
    geometry = ImageGeometry(**GIVEN, legend={"red": "a", "blue": "b"}, core_width="1 nm")
    assert geometry.boundary_names() == ("left", "right", "bottom", "top")
    assert [name for _, name in geometry.named_phases()] == ["a", "b", "core"]
    assert geometry.grain_phases() is None
    assert [geometry.phase_of_grain(name) for name in ("a.12", "b", "c.1", "a.1b")] == ["a", "b", None, "a"]
    volume = ImageGeometry(**{**GIVEN, "path": "a.tif"}, labels={1: "a", 2: "a"}, grains="label")
    assert volume.boundary_names() == ()
    assert volume.space_dimension() is None
    assert volume.grain_phases() == {"a.1": "a", "a.2": "a"}
    assert volume.phase_of_grain("a.2c") == "a"


def test_the_examples_come_from_their_script(tmp_path: Path):
    import importlib.util

    meshes = Path(__file__).parents[3] / "meshes"
    spec = importlib.util.spec_from_file_location("make_meshes", meshes / "make_meshes.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    for path in script.write_images(tmp_path):
        with Image.open(path) as ours, Image.open(meshes / path.name) as kept:
            assert ours.n_frames == kept.n_frames == (16 if path.suffix == ".tif" else 1)
            for page in range(kept.n_frames):
                ours.seek(page)
                kept.seek(page)
                np.testing.assert_array_equal(np.asarray(ours), np.asarray(kept))
