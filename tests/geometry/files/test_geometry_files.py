from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import meshio
import numpy as np
import pytest
from geometry_cases import MESHES, NM, build, from_file, layers

from ssbsim.case import FileGeometry
from ssbsim.errors import MeshError
from ssbsim.geometry import MeshData, gmsh_session, load_mesh, read_mesh, save_mesh

# A namespace package without contents is found where only a part of h5py is installed.
HAS_H5PY = find_spec("h5py") is not None and hasattr(import_module("h5py"), "File")
GRAINS = {"lower": "a", "upper": "b"}
SQUARE = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
TRIANGLES = np.array([[0, 1, 2], [0, 2, 3]])
NAMES = {"lower": [1, 2], "upper": [2, 2], "right": [1, 1], "diagonal": [2, 1]}


def write_square(
    path: Path, *, points=SQUARE, triangles=TRIANGLES, tags=(1, 2), names=NAMES, extra=(), extra_tags=()
) -> Path:
    """Two triangles, the right side and the diagonal in MSH 2.2."""
    blocks = [("triangle", triangles), ("line", np.array([[1, 2], [0, 2]])), *extra]
    physical = [np.array(tags), np.array([1, 2]), *map(np.array, extra_tags)]
    mesh = meshio.Mesh(
        points, blocks, cell_data={"gmsh:physical": physical, "gmsh:geometrical": physical}, field_data=names
    )
    meshio.write(path, mesh, file_format="gmsh22", binary=False)
    return path


@pytest.mark.parametrize("dimension", [1, 2, 3])
@pytest.mark.parametrize("unit", [1.0, NM])
def test_round_trip(tmp_path: Path, dimension: int, unit: float):
    mesh = layers(10, 1, 10, phases="aba", dimension=dimension)
    path = tmp_path / "new" / "mesh.msh"
    save_mesh(mesh, path, unit=unit)
    again = load_mesh(path)
    if unit == 1.0:
        assert again.content_hash() == mesh.content_hash()
    np.testing.assert_allclose(again.points, mesh.points, rtol=1e-15, atol=1e-30)
    np.testing.assert_array_equal(again.cells, mesh.cells)
    np.testing.assert_array_equal(again.cell_grain, mesh.cell_grain)
    assert again.grains == mesh.grains
    assert again.boundaries == mesh.boundaries
    assert again.boundary_measures() == pytest.approx(mesh.boundary_measures(), rel=1e-14)
    assert again.notes == ()


def test_a_saved_mesh_is_a_mesh_of_the_user(tmp_path: Path):
    mesh = layers(10, 1, 10, dimension=2)
    save_mesh(mesh, tmp_path / "mesh.msh", unit=NM)
    again = from_file(tmp_path / "mesh.msh", {"a": "x", "b": "y", "c": "x"}, {"left": "anode", "right": "cathode"}, NM)
    assert again.grain_measures() == pytest.approx(mesh.grain_measures(), rel=1e-12)
    assert again.phases == ("x", "y")
    assert again.boundary_measures() == pytest.approx({"anode": 20 * NM, "cathode": 20 * NM}, rel=1e-12)
    assert again.notes[0] == "groups of facets not named in geometry.boundaries, ignored: bottom, top"
    assert "outer facets have no name" in again.notes[1]


def test_names_keep_spaces_quotes_and_both_dimensions(tmp_path: Path, square: MeshData):
    import dataclasses

    from ssbsim.geometry import Grain

    odd = dataclasses.replace(
        square, grains=(Grain("Körnung 1", "a"), Grain("left", "b")), boundaries=("right side", "left")
    )
    save_mesh(odd, tmp_path / "mesh.msh")
    assert load_mesh(tmp_path / "mesh.msh").content_hash() == odd.content_hash()


def test_path_starts_at_the_case_file(tmp_path: Path):
    write_square(tmp_path / "square.msh")
    geometry = FileGeometry(path=Path("square.msh"), unit=NM, grains=GRAINS)
    assert len(build(geometry, source=tmp_path / "case.yaml").cells) == 2


def test_msh2_is_read_by_element(tmp_path: Path):
    mesh = from_file(write_square(tmp_path / "square.msh"), GRAINS, {"right": "wall"}, 2.0)
    assert mesh.grain_measures() == pytest.approx({"lower": 2.0, "upper": 2.0})
    assert mesh.boundary_measures() == pytest.approx({"wall": 2.0})
    assert "ignored: diagonal" in mesh.notes[0]


def test_abaqus_names(tmp_path: Path):
    cells = [("triangle", TRIANGLES), ("line", np.array([[1, 2]]))]
    sets = {"lower": [[0], []], "upper": [[1], []], "right": [[], [0]]}
    meshio.write(tmp_path / "m.inp", meshio.Mesh(SQUARE, cells, cell_sets=sets))
    mesh = from_file(tmp_path / "m.inp", GRAINS, {"right": "wall"})
    assert mesh.grain_measures() == pytest.approx({"lower": 0.5, "upper": 0.5})
    assert mesh.boundary_measures() == pytest.approx({"wall": 1.0})


@pytest.mark.parametrize("array", ["material", "gmsh:physical"])
def test_numbers_on_the_cells_name_groups_where_nothing_else_does(tmp_path: Path, array: str):
    cells = [("triangle", TRIANGLES), ("line", np.array([[1, 2]]))]
    numbers = {array: [np.array([1, 2]), np.array([7])], "quality": [np.ones(2), np.ones(1)]}
    meshio.write(tmp_path / "m.vtu", meshio.Mesh(SQUARE, cells, cell_data=numbers))
    mesh = from_file(tmp_path / "m.vtu", {f"{array} 1": "a", f"{array} 2": "b"}, {f"{array} 7": "wall"})
    assert mesh.grain_measures() == pytest.approx({f"{array} 1": 0.5, f"{array} 2": 0.5})
    assert mesh.boundary_measures() == pytest.approx({"wall": 1.0})
    assert f"did you mean '{array} 2'?" in fails(tmp_path / "m.vtu", {f"{array} 1": "a", f"{array} 3": "b"})


@pytest.mark.skipif(not HAS_H5PY, reason="MED needs h5py, and here it is incomplete")
def test_med_names(tmp_path: Path):
    cells = [("triangle", TRIANGLES), ("line", np.array([[1, 2]]))]
    med = meshio.Mesh(SQUARE[:, :2], cells, cell_data={"cell_tags": [np.array([-1, -2]), np.array([-3])]})
    med.cell_tags = {-1: ["lower"], -2: ["upper"], -3: ["right"]}
    med.point_tags = {}
    meshio.write(tmp_path / "m.med", med)
    mesh = from_file(tmp_path / "m.med", GRAINS, {"right": "wall"})
    assert mesh.grain_measures() == pytest.approx({"lower": 0.5, "upper": 0.5})
    assert mesh.boundary_measures() == pytest.approx({"wall": 1.0})


@pytest.mark.parametrize("error", [ImportError("No module named 'h5py'"), AttributeError("h5py"), KeyError("x")])
def test_readers_that_fail_in_any_way(tmp_path: Path, error: Exception, monkeypatch: pytest.MonkeyPatch):
    def read(path: Path) -> None:
        raise error

    monkeypatch.setattr(meshio, "read", read)
    (tmp_path / "m.med").write_text("x")
    message = fails(tmp_path / "m.med")
    assert message.startswith("The mesh file cannot be read.")
    assert ("install h5py" in message) == (not isinstance(error, KeyError))


def test_two_groups_make_one_boundary(tmp_path: Path):
    mesh = layers(10, 10, dimension=2)
    save_mesh(mesh, tmp_path / "mesh.msh")
    again = from_file(tmp_path / "mesh.msh", {"a": "a", "b": "b"}, {"left": "wall", "top": "wall"})
    assert again.boundary_measures() == pytest.approx({"wall": 40 * NM}, rel=1e-12)


def test_a_plane_mesh_may_lie_in_any_plane(tmp_path: Path):
    mesh = from_file(write_square(tmp_path / "m.msh", points=SQUARE[:, [0, 2, 1]] + 3.0), GRAINS, {})
    assert mesh.points.shape == (4, 2)
    assert mesh.grain_measures() == pytest.approx({"lower": 0.5, "upper": 0.5})


def test_repairs_are_noted(tmp_path: Path):
    points = np.vstack([SQUARE, [[7.0, 7.0, 0.0]]])
    mesh = from_file(write_square(tmp_path / "m.msh", points=points, triangles=TRIANGLES[:, ::-1]), GRAINS, {})
    assert "1 points that no cell uses were dropped" in mesh.notes
    assert "2 cells were inverted and have been turned round" in mesh.notes
    assert (mesh.cell_measures() > 0).all()


def test_parametric_or_partly_named_msh4_is_read(tmp_path: Path):
    with gmsh_session("drawing a test mesh") as gmsh:
        box = gmsh.model.occ.addRectangle(0, 0, 0, 1, 1)
        gmsh.model.occ.synchronize()
        gmsh.model.addPhysicalGroup(2, [box], name="all of it")
        gmsh.option.setNumber("Mesh.SaveAll", 1)
        gmsh.option.setNumber("Mesh.SaveParametric", 1)
        gmsh.model.mesh.generate(2)
        gmsh.write(str(tmp_path / "m.msh"))
    mesh = from_file(tmp_path / "m.msh", {"all of it": "a"}, {})
    assert mesh.grain_measures() == pytest.approx({"all of it": 1.0})


EXAMPLES = {
    "bicrystal_1d": (("grain.1", "core", "grain.2"), ("left", "right"), (54, 54)),
    "bicrystal_2d": (("grain.1", "core", "grain.2"), ("left", "right", "bottom", "top"), (432, 432)),
    "bicrystal_3d": (("grain.1", "core", "grain.2"), ("left", "front", "back"), (864, 864)),
    "round_grain_2d": (("inclusion", "core", "matrix"), ("left", "right", "bottom", "top"), (6000, 8000)),
    "tilted_boundary_3d": (("grain.left", "grain.right"), ("left", "right"), (3000, 6000)),
}


def read_example(folder: Path, name: str) -> MeshData:
    grains, boundaries, _ = EXAMPLES[name]
    path = folder / f"{name}.msh"
    return read_mesh(path, grains=dict.fromkeys(grains, "LLTO"), boundaries={b: b for b in boundaries}, unit=NM)


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_examples_are_valid_and_as_described(name: str):
    mesh = read_example(MESHES, name)
    fewest, most = EXAMPLES[name][2]
    assert fewest <= len(mesh.cells) <= most
    assert mesh.cell_qualities().min() > (0.15 if name in ("round_grain_2d", "tilted_boundary_3d") else 0.005)


def test_examples_have_the_measures_of_what_was_drawn():
    round_grain, tilted = read_example(MESHES, "round_grain_2d"), read_example(MESHES, "tilted_boundary_3d")
    assert sum(round_grain.grain_measures().values()) == pytest.approx(1e4 * NM**2, rel=1e-12)
    assert round_grain.grain_measures()["inclusion"] == pytest.approx(np.pi * 400 * NM**2, rel=1e-3)
    assert tilted.interface_measures()[0, 1] == pytest.approx(20 * 20 * 2 / 3**0.5 * NM**2, rel=1e-9)
    assert tilted.grain_measures()["grain.left"] == pytest.approx(12000 * NM**3, rel=1e-12)


def test_examples_come_from_their_script(tmp_path: Path):
    import importlib.util

    spec = importlib.util.spec_from_file_location("make_meshes", MESHES / "make_meshes.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    written = script.write_all(tmp_path)
    assert {path.name for path in written} == {path.name for path in MESHES.glob("*.msh")}
    for name in EXAMPLES:
        ours, theirs = read_example(tmp_path, name), read_example(MESHES, name)
        if name.startswith("bicrystal"):
            # The last digit of a coordinate is the machine's.
            np.testing.assert_allclose(ours.points, theirs.points, rtol=1e-12, atol=1e-12 * np.abs(theirs.points).max())
            np.testing.assert_array_equal(ours.cells, theirs.cells)
            np.testing.assert_array_equal(ours.cell_grain, theirs.cell_grain)
        assert ours.grain_measures() == pytest.approx(theirs.grain_measures(), rel=1e-2)


def fails(path: Path, grains=None, boundaries=None, unit: float = 1.0) -> str:
    with pytest.raises(MeshError) as caught:
        from_file(path, GRAINS if grains is None else grains, boundaries or {}, unit)
    assert caught.value.hint
    return str(caught.value)


def test_missing_file_names_the_nearest(tmp_path: Path):
    write_square(tmp_path / "square.msh")
    message = fails(tmp_path / "sqare.msh")
    assert message.startswith("There is no such mesh file.")
    assert "did you mean 'square.msh'?" in message


@pytest.mark.parametrize("content", ["", "nonsense", "$MeshFormat\n4.1 0 8\n$EndMeshFormat\n$Nodes\n1 4", "$MeshFor"])
def test_damaged_file(tmp_path: Path, content: str, capfd: pytest.CaptureFixture[str]):
    (tmp_path / "m.msh").write_text(content)
    message = fails(tmp_path / "m.msh")
    assert "m.msh" in message
    assert "Traceback" not in message
    assert capfd.readouterr() == ("", "")


def test_unknown_extension(tmp_path: Path):
    (tmp_path / "m.mesch").write_text("x")
    assert "use a file with one of the extensions" in fails(tmp_path / "m.mesch")


def test_no_named_groups(tmp_path: Path):
    message = fails(write_square(tmp_path / "m.msh", names={}))
    assert message.startswith("The mesh has no named groups of cells (2D).")
    assert 'Physical Surface("name")' in message


def test_unknown_group_names_the_nearest(tmp_path: Path):
    path = write_square(tmp_path / "m.msh")
    message = fails(path, {"lower": "a", "uper": "b"})
    assert message.startswith("The mesh has no group named 'uper'.\n  where: geometry.grains.uper")
    assert "did you mean 'upper'?" in message
    message = fails(path, boundaries={"xyz": "left"})
    assert message.startswith("The mesh has no group named 'xyz'.\n  where: geometry.boundaries.xyz")
    assert "groups of facets: diagonal, right" in message


def test_group_of_the_wrong_dimension(tmp_path: Path):
    path = write_square(tmp_path / "m.msh")
    assert fails(path, {**GRAINS, "right": "a"}).startswith("The group 'right' of the mesh is not one of cells.")
    assert fails(path, boundaries={"lower": "x"}).startswith("The group 'lower' of the mesh is not one of facets.")


def test_cells_without_grain(tmp_path: Path):
    message = fails(write_square(tmp_path / "m.msh"), {"lower": "a"})
    assert message.startswith("1 of 2 cells are in no grain.")
    assert "add the phase of: upper" in message
    message = fails(write_square(tmp_path / "n.msh", tags=(1, 0)), {"lower": "a"})
    assert "put these cells into a named group" in message


def test_cell_in_two_grains(tmp_path: Path):
    with gmsh_session("drawing a test mesh") as gmsh:
        box = gmsh.model.occ.addRectangle(0, 0, 0, 1, 1)
        gmsh.model.occ.synchronize()
        for name in ("part", "whole"):
            gmsh.model.addPhysicalGroup(2, [box], name=name)
        gmsh.model.mesh.generate(2)
        gmsh.write(str(tmp_path / "m.msh"))
    assert "are in the two groups 'part' and 'whole'" in fails(tmp_path / "m.msh", {"part": "a", "whole": "b"})
    one = from_file(tmp_path / "m.msh", {"whole": "b"}, {})
    assert one.notes[0] == "groups of cells not named in geometry.grains, ignored: part"


def test_other_cell_types(tmp_path: Path):
    points = np.vstack([SQUARE, [[2.0, 0.0, 0.0], [2.0, 1.0, 0.0]]])
    path = write_square(tmp_path / "m.msh", points=points, extra=[("quad", np.array([[1, 4, 5, 2]]))], extra_tags=[[1]])
    message = fails(path)
    assert message.startswith("The mesh has elements that are not supported: 1 of kind 'quad'.")
    assert "remove Recombine" in message


@pytest.mark.parametrize(("recombine", "order"), [(0, 2), (1, 1)])
def test_second_order_and_recombined_msh4(tmp_path: Path, recombine: int, order: int):
    with gmsh_session("drawing a test mesh") as gmsh:
        box = gmsh.model.occ.addRectangle(0, 0, 0, 1, 1)
        gmsh.model.occ.synchronize()
        gmsh.model.addPhysicalGroup(2, [box], name="all")
        gmsh.option.setNumber("Mesh.RecombineAll", recombine)
        gmsh.model.mesh.generate(2)
        gmsh.model.mesh.setOrder(order)
        gmsh.write(str(tmp_path / "m.msh"))
    message = fails(tmp_path / "m.msh", {"all": "a"})
    assert ("'quadrilateral 4'" if recombine else "'triangle 6'") in message
    assert ("Recombine" if recombine else "Mesh.ElementOrder = 1") in message


def test_wrong_dimension(tmp_path: Path):
    bent = SQUARE + np.array([0.0, 0.0, 1.0]) * SQUARE[:, :1] * SQUARE[:, 1:2]
    message = fails(write_square(tmp_path / "m.msh", points=bent))
    assert message.startswith("The cells are 2D but the points extend in 3 directions.")


def test_no_cells(tmp_path: Path):
    mesh = meshio.Mesh(SQUARE, [("vertex", np.array([[0]]))])
    meshio.write(tmp_path / "m.msh", mesh, file_format="gmsh22", binary=False)
    assert fails(tmp_path / "m.msh").startswith("The mesh has no cells.")


def test_flat_cell(tmp_path: Path):
    points = SQUARE.copy()
    points[1] = [0.5, 0.5, 0.0]
    message = fails(write_square(tmp_path / "m.msh", points=points))
    assert message.startswith("1 cells have no thickness.\n  where: the cell at (0.5, 0.5) m")


def test_parts_that_touch_without_being_joined(tmp_path: Path):
    points = np.vstack([SQUARE, SQUARE[[0, 2]]])
    message = fails(write_square(tmp_path / "m.msh", points=points, triangles=np.array([[0, 1, 2], [4, 5, 3]])))
    assert message.startswith("2 outer facets lie inside the mesh or all but touch another part of it")
    assert "grain 'lower' and grain 'upper'; these facets lie between (0.5, 0.5) m and (0.5, 0.5) m" in message
    assert "BooleanFragments" in message


def test_inner_group_as_boundary(tmp_path: Path):
    message = fails(write_square(tmp_path / "m.msh"), boundaries={"diagonal": "wall"})
    assert message.startswith("1 of the 1 facets of boundary 'wall' are not on the outside of the mesh.")


def test_unit_is_positive(tmp_path: Path):
    with pytest.raises(MeshError, match="The mesh unit 0 m is not positive"):
        read_mesh(write_square(tmp_path / "m.msh"), grains=GRAINS, boundaries={}, unit=0.0)


def test_save_and_load_errors(tmp_path: Path, square: MeshData):
    with pytest.raises(MeshError, match="not the name of an MSH file"):
        save_mesh(square, tmp_path / "m.vtu")
    (tmp_path / "file").write_text("")
    with pytest.raises(MeshError, match="cannot be written"):
        save_mesh(square, tmp_path / "file" / "m.msh")
    with pytest.raises(MeshError, match="was not written by save_mesh"):
        load_mesh(write_square(tmp_path / "m.msh"))
    with pytest.raises(MeshError, match="There is no such mesh file"):
        load_mesh(tmp_path / "none.msh")
