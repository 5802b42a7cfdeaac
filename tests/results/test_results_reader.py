from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ssbsim.errors import ResultsError
from ssbsim.results import RunFolder, open_results


def test_fields_are_labelled_with_units_times_and_places(run_2d: Path) -> None:
    fields = open_results(run_2d).fields
    assert fields["potential"].dims == ("time", "point")
    assert fields["potential"].attrs["units"] == "V"
    assert fields["occupancy Li+"].attrs["units"] == "1"
    assert fields["flux Li+"].dims == ("time", "point", "component")
    assert list(fields["study"].values) == ["equilibrium", "transient", "transient"]
    assert float(fields["x"].max()) == pytest.approx(200e-9, rel=1e-12)
    assert fields["x"].attrs["units"] == "m"
    assert float(fields["flux Li+"].sel(time=1e-3, component="x").max()) == pytest.approx(3e-7)


def test_a_profile_in_1d_keeps_both_sides_of_a_jump(run_1d: Path) -> None:
    results = open_results(run_1d)
    profile = results.profile("concentration Li+")
    assert list(profile.columns) == ["x", "value", "grain"]
    assert len(profile) == len(results.grid.points)
    assert (np.diff(profile["x"]) >= 0).all()
    at = np.flatnonzero(np.diff(profile["x"]) == 0)
    assert list(profile["grain"][at]) == ["grain.1", "core"]
    assert list(profile["grain"][at + 1]) == ["core", "grain.2"]
    assert profile["value"][at[0]] < 1
    assert profile["value"][at[0] + 1] == 40.0


def test_the_profile_through_a_strip_is_that_of_the_line_it_was_drawn_from(run_1d: Path, run_2d: Path) -> None:
    for field in ("potential [V]", "concentration Li+", "flux Li+"):
        line, strip = (open_results(run).profile(field) for run in (run_1d, run_2d))
        for name, part in strip.groupby("grain"):
            own = line[line["grain"] == name]
            assert part["x"].min() == pytest.approx(own["x"].min(), abs=1e-15)
            assert part["x"].max() == pytest.approx(own["x"].max(), abs=1e-15)
            assert np.allclose(part["value"], np.interp(part["x"], own["x"], own["value"]), rtol=1e-9, atol=1e-12)


def test_a_profile_across_the_strip_stays_in_one_grain(run_2d: Path) -> None:
    profile = open_results(run_2d).profile("potential", axis="y", through=(50.3e-9,))
    assert set(profile["grain"]) == {"grain.1"}
    assert profile["y"].min() == pytest.approx(0, abs=1e-18)
    assert profile["y"].max() == pytest.approx(60e-9)


def test_times_are_found_by_number_or_exactly(run_1d: Path) -> None:
    results = open_results(run_1d)
    assert results.profile("potential", 1e-6).attrs["time"] == 1e-6
    assert results.profile("potential", 1).equals(results.profile("potential", 1e-6))
    with pytest.raises(ResultsError, match="No state was saved at 2e-06 s"):
        results.profile("potential", 2e-6)
    with pytest.raises(ResultsError, match="no saved state 3"):
        results.profile("potential", 3)


def test_a_misspelt_field_is_met_with_the_nearest_name(run_1d: Path) -> None:
    with pytest.raises(ResultsError, match="no field 'potentail'") as caught:
        open_results(run_1d).profile("potentail")
    assert "'potential'" in caught.value.hint


@pytest.mark.parametrize(("axis", "through"), [("z", None), ("q", None), ("x", (1.0,)), ("x", (0.0, 0.0))])
def test_a_line_that_is_not_there_is_an_error(run_2d: Path, axis: str, through: tuple[float, ...] | None) -> None:
    with pytest.raises(ResultsError):
        open_results(run_2d).profile("potential", axis=axis, through=through)


def test_tables_and_dicts(run_1d: Path) -> None:
    results = open_results(run_1d)
    assert results.summary["quantities"]["space-charge potential"]["unit"] == "V"
    assert results.audit["balanced"] is True
    assert results.provenance["format"] == 1
    assert results.resolved["temperature"] == 298.15
    assert results.history["time [s]"].iloc[-1] == pytest.approx(1e-3)
    assert results.cells.shape[1] == 2
    assert results.grid.phase_names[results.phase[0]] == "LLTO"
    assert results.grid.grain_names[results.grain[-1]] == "grain.2"
    text = repr(results)
    assert "space-charge potential: 0.250123 V" in text
    assert "grain.1, core, grain.2" in text


def test_what_is_not_there_yet_is_named(tmp_path: Path) -> None:
    results = open_results(RunFolder(tmp_path / "run"))
    for ask in ("summary", "audit", "provenance", "resolved", "history", "fields", "times"):
        with pytest.raises(ResultsError) as caught:
            getattr(results, ask)
        assert str(tmp_path) in caught.value.where
        assert caught.value.hint
    assert "still going" in repr(results)


def test_what_is_no_run_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="not a run folder"):
        open_results(tmp_path)
    with pytest.raises(ResultsError, match="no such folder"):
        open_results(tmp_path / "nowhere")


@pytest.mark.parametrize("name", [".ssbsim-run", "fields/names.json"])
def test_later_formats_are_refused(tmp_path: Path, run_1d: Path, name: str) -> None:
    shutil.copytree(run_1d, tmp_path / "run")
    path = tmp_path / "run" / name
    path.write_text(path.read_text().replace('"format": 1', '"format": 9'))
    with pytest.raises(ResultsError, match="format 9"):
        _ = open_results(tmp_path / "run").times


def test_importing_the_package_loads_no_heavy_library() -> None:
    code = (
        "import sys, ssbsim.results\n"
        "heavy = {'numpy', 'pandas', 'xarray', 'matplotlib', 'pyvista', 'vtkmodules', 'rich', 'ruamel'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_public_name_can_be_loaded() -> None:
    import ssbsim.results as package

    assert package.__all__ == sorted(package.__all__)
    for name in package.__all__:
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError):
        _ = package.nothing_of_the_kind
