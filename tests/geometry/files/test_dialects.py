"""Files in another order or dialect than Gmsh's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from geometry_cases import from_file

from ssbsim.errors import MeshError
from ssbsim.geometry import gmsh_session

NODES = "$Nodes\n4\n1 0 0 0\n2 1 0 0\n3 1 1 0\n4 0 1 0\n$EndNodes\n"
ELEMENTS = "$Elements\n3\n1 2 2 1 1 1 2 3\n2 2 2 2 2 1 3 4\n3 1 2 3 3 2 3\n$EndElements\n"
NAMES = "$PhysicalNames\n3\n2 1 {q}poly1{q}\n2 2 {q}poly2{q}\n1 3 {q}x1{q}\n$EndPhysicalNames\n"
HEAD = "$MeshFormat\n2.2 0 8\n$EndMeshFormat\n"


@pytest.mark.parametrize("quote", ['"', ""])
@pytest.mark.parametrize("first", [True, False])
def test_names_may_come_last_and_without_quotation_marks(tmp_path: Path, quote: str, first: bool):
    names = NAMES.format(q=quote)
    (tmp_path / "m.msh").write_text(HEAD + (names + NODES + ELEMENTS if first else NODES + ELEMENTS + names))
    mesh = from_file(tmp_path / "m.msh", {"poly1": "a", "poly2": "b"}, {"x1": "right"})
    assert mesh.grain_measures() == pytest.approx({"poly1": 0.5, "poly2": 0.5})
    assert mesh.boundary_measures() == pytest.approx({"right": 1.0})


def draw_two_squares(path: Path, *, version: float, partitions: int = 0) -> None:
    with gmsh_session("drawing a test mesh") as gmsh:
        for name, value in {"MshFileVersion": version, "PartitionCreateGhostCells": 1, "MeshSizeMax": 0.25}.items():
            gmsh.option.setNumber(f"Mesh.{name}", value)
        boxes = [gmsh.model.occ.addRectangle(x, 0, 0, 1, 1) for x in (0, 1)]
        gmsh.model.occ.fragment([(2, boxes[0])], [(2, boxes[1])])
        gmsh.model.occ.synchronize()
        for name, tag in zip(("ga", "gb"), boxes, strict=True):
            gmsh.model.addPhysicalGroup(2, [tag], name=name)
        gmsh.model.mesh.generate(2)
        if partitions:
            gmsh.model.mesh.partition(partitions)
        gmsh.write(str(path))


@pytest.mark.parametrize("version", [2.2, 4.1])
def test_ghost_copies_of_a_partitioned_mesh_are_left_out(tmp_path: Path, version: float):
    for partitions in (0, 3):
        draw_two_squares(tmp_path / f"{partitions}.msh", version=version, partitions=partitions)
    whole, parts = (from_file(tmp_path / f"{n}.msh", {"ga": "a", "gb": "a"}, {}) for n in (0, 3))
    assert "Ghost" in (tmp_path / "3.msh").read_text() or version < 4.0
    assert parts.cell_counts() == whole.cell_counts()
    assert parts.grain_measures() == pytest.approx({"ga": 1.0, "gb": 1.0})


def test_names_without_quotation_marks_in_msh4(tmp_path: Path):
    draw_two_squares(tmp_path / "m.msh", version=4.1)
    text = (tmp_path / "m.msh").read_text()
    (tmp_path / "m.msh").write_text(text.replace('"ga"', "ga").replace('"gb"', "gb"))
    assert from_file(tmp_path / "m.msh", {"ga": "a", "gb": "a"}, {}).cell_counts().keys() == {"ga", "gb"}


ABAQUS = """*Part, name=tess
*Node
1, 0, 0
2, 1, 0
3, 1, 1
4, 0, 1
*element, Type={type}
1, 1, 2, 3
2, 1, 3, 4
*Element, type=T2D2
3, 2, 3
*Elset, elset=face1
1
*Elset, elset=face2, generate
2, 2, 1
*Elset, elset=x1
3
*End Part
"""


@pytest.mark.parametrize("kind", ["CPE3", "CPS3", "CAX3", "S3R", "DC2D3", "cpe3"])
def test_every_triangle_of_abaqus_is_one(tmp_path: Path, kind: str):
    (tmp_path / "m.inp").write_text(ABAQUS.format(type=kind))
    mesh = from_file(tmp_path / "m.inp", {"face1": "a", "face2": "b"}, {"x1": "right"})
    assert mesh.grain_measures() == pytest.approx({"face1": 0.5, "face2": 0.5})
    assert mesh.boundary_measures() == pytest.approx({"right": 1.0})


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("*Element, type=COH2D4\n5, 2, 3, 3, 2\n", "not read: 1 of kind 'COH2D4' (cohesive elements)"),
        ("*Element, type=SPRINGA\n5, 2, 3\n6, 1, 2\n", "not read: 2 of kind 'SPRINGA' (springs)"),
        ("*Element, type=NEW7\n5, 2, 3\n", "not read: 1 of kind 'NEW7'"),
        ("*Node\n1, 0, 0\n", "2 lists of nodes"),
    ],
)
def test_what_abaqus_has_beyond_plain_cells_is_named(tmp_path: Path, more: str, message: str):
    text = ABAQUS.format(type="CPE3").replace("*Elset, elset=face1", more + "*Elset, elset=face1", 1)
    (tmp_path / "m.inp").write_text(text)
    with pytest.raises(MeshError) as caught:
        from_file(tmp_path / "m.inp", {"face1": "a", "face2": "b"}, {"x1": "right"})
    assert message in str(caught.value)
    assert caught.value.hint
