from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ssbsim.errors import ResultsError
from ssbsim.results import Grid, RunFolder, open_results


def small_grid() -> Grid:
    points = np.zeros((3, 3))
    points[:, 0] = [0, 1e-9, 2e-9]
    return Grid(points, np.array([[0, 1], [1, 2]]), "interval", np.array([0, 0]), np.array([0, 0]), ("a",), ("a",))


def test_a_folder_with_a_run_is_refused_and_left_alone(tmp_path: Path) -> None:
    RunFolder(tmp_path / "run").write_text("resolved.yaml", "title: first\n")
    with pytest.raises(ResultsError, match="already holds a run") as caught:
        RunFolder(tmp_path / "run")
    assert "--overwrite" in caught.value.hint
    assert (tmp_path / "run" / "resolved.yaml").read_text() == "title: first\n"


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_that_is_no_run_folder_is_never_touched(tmp_path: Path, overwrite: bool) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    (tmp_path / "fields").mkdir()
    with pytest.raises(ResultsError, match="is not a run folder"):
        RunFolder(tmp_path, overwrite=overwrite)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["fields", "thesis.tex"]


def test_an_output_path_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")
    with pytest.raises(ResultsError):
        RunFolder(tmp_path / "run", overwrite=True)


def test_overwrite_removes_what_a_run_writes_and_nothing_else(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.write_text("impedance.csv", "f,Z\n")
    run.append_history({"time [s]": 0.0})
    run.open_fields(small_grid(), "nm")
    run.append_fields(0.0, "equilibrium", 0, {"potential [V]": np.zeros(3)})
    run.write_checkpoint({"y": np.zeros(3)}, {})
    (run.path / "fields" / ".0001.vtu.tmp").write_text("cut short by a kill")
    (run.path / "fields" / "mine.pvsm").write_text("")
    (run.path / "notes.md").write_text("keep me")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "profiles.png").write_text("")
    (run.path / "plots").symlink_to(outside)
    run.close()
    RunFolder(run.path, overwrite=True).close()
    left = sorted(str(p.relative_to(run.path)) for p in run.path.rglob("*") if p.is_file())
    assert left == [".ssbsim-run", "fields/mine.pvsm", "notes.md"]
    assert (outside / "profiles.png").exists()


def test_a_forged_marker_cannot_reach_outside(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    (tmp_path / "precious").write_text("")
    marker = {"format": 1, "files": ["../precious", str(tmp_path / "precious")]}
    (run.path / ".ssbsim-run").write_text(json.dumps(marker))
    run.close()
    RunFolder(run.path, overwrite=True)
    assert (tmp_path / "precious").exists()


@pytest.mark.parametrize("name", ["../x", "/tmp/x", "a/b", "", ".ssbsim-run", "history.csv", "fields"])
def test_files_outside_the_folder_or_in_its_own_places_are_refused(tmp_path: Path, name: str) -> None:
    run = RunFolder(tmp_path / "run")
    with pytest.raises(ResultsError, match="no name for a file"):
        run.write_text(name, "")


def test_json_takes_numpy_values_and_turns_nan_into_null(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    data = {"a": np.float64(1.5), "b": np.arange(3), "c": float("nan"), "d": Path("x"), "e": (np.int32(2), True)}
    path = run.write_json("summary.json", data)
    assert json.loads(path.read_text()) == {"a": 1.5, "b": [0, 1, 2], "c": None, "d": "x", "e": [2, True]}


def test_history_has_one_header_and_refuses_other_columns(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    rows = [{"step": i, "study": "a,b", "time [s]": np.float64(0.1 * i), "dt [s]": 1 / 3} for i in range(3)]
    for row in rows:
        run.append_history(row)
    with pytest.raises(ResultsError, match="other columns"):
        run.append_history({"step": 3, "study": "a"})
    table = open_results(run.path).history
    assert table.to_dict("records") == rows  # to the last bit
    assert (run.path / "history.csv").read_text().count("time [s]") == 1


def test_a_row_that_a_kill_cut_short_is_left_out(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.append_history({"step": 0, "time [s]": 0.0})
    with (run.path / "history.csv").open("a") as file:
        file.write("1,0.")
    assert list(open_results(run.path).history["step"]) == [0]


def test_fields_need_their_grid_first(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="before their grid"):
        RunFolder(tmp_path / "run").append_fields(0.0, "equilibrium", 0, {})


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"potential [V]": np.zeros(4)}, "has shape"),
        ({"charge density [C/m^3]": np.zeros(3)}, "saved fields changed"),
    ],
)
def test_fields_that_do_not_fit_are_refused(tmp_path: Path, data: dict[str, np.ndarray], message: str) -> None:
    run = RunFolder(tmp_path / "run")
    run.open_fields(small_grid(), "nm")
    run.append_fields(0.0, "equilibrium", 0, {"potential [V]": np.zeros(3)})
    with pytest.raises(ResultsError, match=message):
        run.append_fields(1.0, "equilibrium", 1, data)


def test_an_unknown_length_unit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="length unit"):
        RunFolder(tmp_path / "run").open_fields(small_grid(), "inch")


def test_a_grid_with_a_point_that_is_not_there_is_refused() -> None:
    with pytest.raises(ResultsError, match="name points"):
        Grid(np.zeros((2, 3)), np.array([[0, 2]]), "interval", np.array([0]), np.array([0]), ("a",), ("a",))
