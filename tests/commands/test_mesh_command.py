"""The command `ssbsim mesh`: report, files and pictures."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from mpi_runner import mpirun
from samples import make_case

import ssbsim
from ssbsim.case import BicrystalGeometry, BricksGeometry, Case
from ssbsim.cli import main
from ssbsim.commands.check_report import report_on
from ssbsim.commands.mesh import describe_mesh, thin_layers
from ssbsim.commands.meshing import make_mesh
from ssbsim.errors import MeshError, ResultsError
from ssbsim.geometry import Grain, MeshData, load_mesh
from ssbsim.results.pictures.geometry import cut_simplices, draw_geometry, smallest_place

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / "configs"
NM = 1e-9


def brick_case(*counts: int, **spacing: float) -> Case:
    sizes = {"interface": 0.25 * NM, "bulk": 5 * NM, "growth": 2.0} | spacing
    geometry = BricksGeometry(bricks=counts, size=10 * NM, core_width=1 * NM, grain="e", core="e2", spacing=sizes)
    phase = make_case().phases["e"]
    return make_case(geometry=geometry, phases={"e": phase, "e2": phase})


def test_thickness_and_cells_across_of_a_core() -> None:
    case = brick_case(3, 3)
    mesh = make_mesh(case).mesh
    ((name, thickness, height),) = thin_layers(case, mesh, mesh.cell_sizes())
    # Twice the area over the length of the surface, with the ends at the terminals: a little more than the width.
    area, length = 32 * 33 - 9 * 100, 9 * 40 - 2 * 3 * 10 + 2 * 3
    assert name == "e2"
    assert thickness == pytest.approx(2 * area / length * NM, rel=1e-9)
    assert 3.5 < thickness / height < 5.0


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_thickness_of_a_layer_at_a_terminal(dimension: int) -> None:
    extent = {"width": 10 * NM, "depth": 10 * NM} if dimension == 3 else {"width": 10 * NM} if dimension == 2 else {}
    geometry = {
        "kind": "layers",
        "dimension": dimension,
        "layers": [{"phase": "film", "thickness": 1 * NM}, {"phase": "e", "thickness": 50 * NM}],
        "spacing": {"interface": 0.25 * NM, "terminal": 0.25 * NM, "bulk": 10 * NM, "growth": 2.0},
        **extent,
    }
    phase = make_case().phases["e"]
    case = make_case(geometry=geometry, phases={"film": phase, "e": phase})
    mesh = make_mesh(case).mesh
    ((name, thickness, height),) = thin_layers(case, mesh, mesh.cell_sizes())
    assert name == "film"
    assert thickness == pytest.approx(1 * NM, rel=1e-9)
    assert thickness / height == pytest.approx(4.0, rel=0.3)


def test_flat_grains_are_no_thin_layers() -> None:
    geometry = {
        "kind": "polycrystal",
        "dimension": 2,
        "length": 400 * NM,
        "width": 20 * NM,
        "grains": 2,
        "grain": "e",
        "spacing": {"interface": 10 * NM, "bulk": 10 * NM},
    }
    phase = make_case().phases["e"]
    for width, found in ((0.0, []), (1 * NM, ["e2"])):
        section = {**geometry, "core": "e2", "core_width": width}
        case = make_case(geometry=section, phases={"e": phase, "e2": phase} if width else {"e": phase})
        mesh = make_mesh(case, use_cache=False).mesh
        assert [name for name, _, _ in thin_layers(case, mesh, mesh.cell_sizes())] == found


def test_numbers_of_the_report(tmp_path: Path) -> None:
    case = brick_case(2, 2)
    report = ssbsim.mesh_case(case, tmp_path, picture=False)
    saved = json.loads((tmp_path / "mesh_report.json").read_text())
    mesh = load_mesh(tmp_path / "mesh.msh")
    assert saved["hash"] == mesh.content_hash() == make_mesh(case).mesh.content_hash()
    assert (saved["cells"], saved["vertices"]) == (len(mesh.cells), len(mesh.points))
    quality = mesh.cell_qualities()
    assert saved["scaled Jacobian"]["smallest"] == pytest.approx(quality.min())
    assert saved["scaled Jacobian"]["1 % quantile"] == pytest.approx(np.quantile(quality, 0.01))
    assert saved["cell size [m]"]["largest"] == pytest.approx(mesh.cell_sizes().max())
    assert [grain["name"] for grain in saved["grains"]] == ["e.1", "e.2", "e.3", "e.4", "e2"]
    assert [grain["measure [m^2]"] for grain in saved["grains"][:4]] == pytest.approx([1e-16] * 4)
    assert {tuple(pair["grains"]): pair["measure [m]"] for pair in saved["interfaces"]} == pytest.approx(
        {(f"e.{n}", "e2"): 3e-8 for n in (1, 2, 3, 4)}
    )
    assert saved["boundaries"]["left"]["measure [m]"] == pytest.approx(22 * NM)
    (across,) = saved["thin layers"]
    assert across["cells across"] == pytest.approx(across["thickness [m]"] / across["cell height [m]"])
    assert {row["plane"] for row in saved["space charge"]} == {"e|e2"}
    for row in saved["space charge"]:
        assert row["cells in a Debye length"] == pytest.approx(row["Debye length [m]"] / row["cell size [m]"])
    assert saved["from cache"] is False
    (sizes,) = saved["statistics"]
    assert (sizes["phase"], sizes["grains"]) == ("e", 4)
    assert sizes["mean diameter [m]"] == pytest.approx(math.sqrt(4 / math.pi) * 10 * NM)
    text, markdown = str(report), (tmp_path / "mesh_report.md").read_text()
    for word in ("Statistics", "Thin layers", "Space charge", "Interfaces", "scaled Jacobian", mesh.content_hash()):
        assert word in text
        assert word in markdown


def test_tables_stay_readable_with_a_thousand_grains() -> None:
    case = brick_case(40, 25, interface=1 * NM)
    made = make_mesh(case)
    for text in (str(report_on(case, made.mesh)), str(describe_mesh(case, made))):
        assert len(text.splitlines()) < 80
        assert max(map(len, text.splitlines())) < 200
        assert "... 982 more" in text
        assert text.count("e|e2 ") >= 1
    numbers = describe_mesh(case, made).numbers
    assert len(numbers["grains"]) == 1001


def test_a_mesh_too_coarse_for_bricks_names_the_spacing() -> None:
    case = brick_case(2, 2, interface=4 * NM)
    text = str(report_on(case, make_mesh(case).mesh))
    assert "is not resolved" in text
    assert "(geometry.spacing.interface)." in text


@pytest.mark.parametrize("config", ["llto_bicrystal", "brick_layer_2d"])
def test_files_of_the_command(config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["mesh", str(CONFIGS / f"{config}.yaml"), "-o", str(tmp_path / "out")])
    assert end.value.code == 0
    out = capsys.readouterr().out
    assert "scaled Jacobian" in out
    names = {"mesh.msh", "mesh.vtu", "mesh.png", "mesh_report.json", "mesh_report.md"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names
    import matplotlib.image

    picture = matplotlib.image.imread(tmp_path / "out" / "mesh.png")
    assert len(np.unique(picture.reshape(-1, picture.shape[2]), axis=0)) > 20


def test_without_a_picture_and_into_the_default_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        main(["mesh", str(CONFIGS / "llto_bicrystal.yaml"), "--no-picture", "--no-cache"])
    assert end.value.code == 0
    folder = tmp_path / "runs" / "llto_bicrystal-mesh"
    assert not (folder / "mesh.png").exists()
    assert (folder / "mesh.vtu").exists()
    assert "Written to runs/llto_bicrystal-mesh: mesh.msh" in capsys.readouterr().out


def test_paraview_gets_grains_and_lengths(tmp_path: Path) -> None:
    import pyvista

    case = brick_case(2, 1)
    ssbsim.mesh_case(case, tmp_path, picture=False)
    mesh, grid = make_mesh(case).mesh, pyvista.read(tmp_path / "mesh.vtu")
    np.testing.assert_array_equal(grid.cell_data["grain"], mesh.cell_grain)
    np.testing.assert_array_equal(grid.cell_data["phase"], mesh.cell_phase)
    np.testing.assert_allclose(grid.points[:, :2], mesh.points / NM, rtol=1e-12)


def test_a_mesh_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = tmp_path / "case.yaml"
    text = (CONFIGS / "brick_layer_2d.yaml").read_text()
    case.write_text(text.replace("interface: 0.1 nm", "interface: 1e-9 nm").replace("growth: 1.6", "growth: 1.00001"))
    with pytest.raises(SystemExit) as end:
        main(["mesh", str(case), "-o", str(tmp_path / "out")])
    assert end.value.code == MeshError.exit_code
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert "  try:" in err
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsError, match="Cannot write"):
        ssbsim.mesh_case(brick_case(1, 1), tmp_path / "file" / "out", picture=False)


@pytest.mark.parametrize("what", ["mesh", "error"])
def test_on_two_ranks_one_speaks(what: str, tmp_path: Path) -> None:
    case = CONFIGS / "bicrystal_2d.yaml"
    if what == "error":
        broken = tmp_path / "case.yaml"
        broken.write_text(case.read_text().replace("transverse: 2.5 nm", "transverse: 1e-9 nm"))
        case = broken
    done = mpirun(2, "-m", "ssbsim.cli", "mesh", case, "-o", tmp_path / "out", "--no-picture")
    if what == "mesh":
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("scaled Jacobian") == 1
        assert (tmp_path / "out" / "mesh.msh").exists()
    else:
        assert done.returncode == MeshError.exit_code
        assert done.stderr.count("error: The mesh would have") == 1


# ------------------------------------------------------------------------------------------------ pictures


def test_a_cut_through_tetrahedra_has_the_right_area() -> None:
    mesh = make_mesh(brick_case(2, 1, 1, interface=0.5 * NM)).mesh
    for z in (0.3 * NM, 4.1 * NM):
        pieces, owners = cut_simplices(mesh.points, mesh.cells, z)
        x, y = pieces[:, :, 0], pieces[:, :, 1]
        areas = 0.5 * np.abs((x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1)).sum(axis=1))
        assert areas.sum() == pytest.approx(21 * 11 * NM**2, rel=1e-9)
        core = mesh.cell_grain[owners] == len(mesh.grains) - 1
        expected = 21 * 11 if z < 0.5 * NM else 21 * 11 - 200
        assert areas[core].sum() == pytest.approx(expected * NM**2, rel=1e-9)
    facets = np.vstack(list(mesh.interface_facets().values()))
    segments, _ = cut_simplices(mesh.points, facets, 4.1 * NM)
    lengths = np.linalg.norm(segments[:, 1] - segments[:, 0], axis=1)
    assert lengths.sum() == pytest.approx(2 * 30 * NM, rel=1e-9)


def test_the_close_up_is_where_cells_are_smallest() -> None:
    mesh = make_mesh(
        make_case(
            geometry=BicrystalGeometry(
                length=100 * NM,
                core_width=1 * NM,
                grain="e",
                core="e",
                dimension=2,
                width=10 * NM,
                spacing={"interface": 0.1 * NM, "bulk": 5 * NM, "transverse": 2.5 * NM},
            )
        )
    ).mesh
    centre, half = smallest_place(mesh)
    assert abs(centre[0] - 50 * NM) < 1 * NM
    assert 1 * NM < half < 5 * NM


@pytest.mark.parametrize("counts", [(2, 2), (2, 1, 1)])
def test_panels_of_the_picture(counts: tuple[int, ...]) -> None:
    figure = draw_geometry(make_mesh(brick_case(*counts, interface=0.5 * NM)).mesh)
    assert len(figure.axes) == 2
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["e", "e2"]


def test_a_mesh_of_one_phase_without_interfaces_can_be_drawn() -> None:
    square = MeshData(
        np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]) * NM,
        "triangle",
        np.array([[0, 1, 2]]),
        np.array([0]),
        (Grain("a", "a"),),
        np.empty((0, 2)),
        np.empty(0),
        (),
    )
    assert len(draw_geometry(square).axes) == 1  # a close-up would show nothing new
