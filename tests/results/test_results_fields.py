from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ssbsim.results import Grid, RunFolder, estimate_output, open_results


def test_pyvista_opens_every_step_with_jumps_phases_and_grains(run_2d: Path) -> None:
    pyvista = pytest.importorskip("pyvista")
    reader = pyvista.get_reader(str(run_2d / "fields.pvd"))
    assert reader.time_values == [0.0, 1e-6, 1e-3]
    grid = open_results(run_2d).grid
    for i, t in enumerate(reader.time_values):
        reader.set_active_time_value(t)
        mesh = reader.read()[0]
        assert mesh.n_cells == len(grid.cells)
        assert mesh.bounds == pytest.approx((0, 200, 0, 60, 0, 0), abs=1e-12)  # in nm
        assert list(mesh.field_data["length unit"]) == ["nm"]
        assert list(mesh.field_data["phase names"]) == ["LLTO", "LLTO-grain-boundary-core"]
        assert mesh.field_data["step"] == [i]
        assert np.array_equal(mesh.cell_data["grain"], grid.grain)
        assert np.array_equal(mesh.cell_data["phase"], grid.phase)
        concentration = mesh.point_data["concentration Li+ [mol/m^3]"]
        assert np.array_equal(concentration, open_results(run_2d).fields["concentration Li+"][i])
        assert mesh.point_data["flux Li+ [mol/(m^2 s)]"].shape == (mesh.n_points, 3)


def test_lines_in_1d_open_in_pyvista(run_1d: Path) -> None:
    pyvista = pytest.importorskip("pyvista")
    mesh = pyvista.get_reader(str(run_1d / "fields.pvd")).read()[0]
    assert set(mesh.celltypes) == {3}
    assert not mesh.points[:, 1:].any()


def test_repeated_times_are_counted_so_that_viewers_see_every_step(tmp_path: Path, small_grid: Grid) -> None:
    pyvista = pytest.importorskip("pyvista")
    run = RunFolder(tmp_path / "run")
    run.open_fields(small_grid)
    for step, study in enumerate(["equilibrium", "steady", "steady <2> & more"]):
        run.append_fields(0.0, study, step, {"potential [V]": np.full(4, float(step))})
    reader = pyvista.get_reader(str(run.path / "fields.pvd"))
    assert reader.time_values == [0.0, 1.0, 2.0]
    reader.set_active_time_value(2.0)
    assert reader.read()[0].point_data["potential [V]"][0] == 2.0
    assert list(open_results(run.path).times) == [0.0, 0.0, 0.0]


def test_values_that_do_not_exist_survive(tmp_path: Path, small_grid: Grid) -> None:
    run = RunFolder(tmp_path / "run")
    run.open_fields(small_grid, "um")
    run.append_fields(0.0, "equilibrium", 0, {"concentration Li+ [mol/m^3]": [1.0, 2.0, np.nan, np.nan]})
    read = open_results(run.path)
    assert np.array_equal(read.fields["concentration Li+"][0], [1.0, 2.0, np.nan, np.nan], equal_nan=True)
    assert read.grid.points[:, 0] == pytest.approx([0, 1e-9, 1e-9, 2e-9], rel=1e-12)


@pytest.fixture
def small_grid() -> Grid:
    points = np.zeros((4, 3))
    points[:, 0] = [0, 1e-9, 1e-9, 2e-9]
    return Grid(
        points, np.array([[0, 1], [2, 3]]), "interval", np.array([0, 1]), np.array([0, 1]), ("a", "b"), ("a", "b")
    )


def scattered(dimension: int, n: int) -> Grid:
    """A mesh whose cells name their points in no order, as meshes in practice do."""
    from scipy.spatial import Delaunay

    generator = np.random.default_rng(1)
    points = np.zeros((n, 3))
    points[:, :dimension] = generator.random((n, dimension)) * 1e-7
    if dimension == 1:
        points[:, 0].sort()
        cells = np.column_stack([np.arange(n - 1), np.arange(1, n)])
    else:
        cells = Delaunay(points[:, :dimension]).simplices.astype(np.int64)
    zeros = np.zeros(len(cells), dtype=np.int32)
    kind = {1: "interval", 2: "triangle", 3: "tetrahedron"}[dimension]
    return Grid(points, cells, kind, zeros, zeros, ("a",), ("a",))


@pytest.mark.parametrize(("dimension", "n"), [(1, 300), (1, 20_000), (2, 3_000), (2, 40_000), (3, 5_000)])
@pytest.mark.parametrize("n_fields", [2, 8])
def test_the_size_of_the_output_is_foretold_within_a_factor_of_two(
    tmp_path: Path, dimension: int, n: int, n_fields: int
) -> None:
    grid = scattered(dimension, n)
    run = RunFolder(tmp_path / "run")
    run.open_fields(grid)
    x = grid.points[:, 0] / 1e-7
    for step in range(2):
        values = {f"field {i} [V]": np.exp(-(step + 1.3) * x * (i + 1)) for i in range(n_fields)}
        run.append_fields(float(step), "transient", step, values)
    found = sum(file.stat().st_size for file in run.path.rglob("*") if file.is_file())
    foretold = estimate_output(n, len(grid.cells), n_fields, 2, dimension=dimension)
    assert foretold / 2 < found < foretold * 2


def killed_at_random(work: Callable[[int], None], seconds: float) -> None:
    """Do ``work(pipe)`` in a process of its own and kill it after a while."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            work(writing)
        finally:
            os._exit(0)
    os.close(writing)
    os.read(reading, 1)  # the first piece of work is done
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(reading)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_fields_can_be_read_after_a_kill_at_any_instant(tmp_path: Path, small_grid: Grid) -> None:
    generator = np.random.default_rng(0)
    for trial in range(15):
        run = RunFolder(tmp_path / str(trial))

        def work(pipe: int, run: RunFolder = run) -> None:
            run.open_fields(small_grid)
            for step in range(10_000):
                run.append_fields(float(step), "transient", step, {"potential [V]": np.full(4, float(step))})
                run.append_history({"step": step, "time [s]": float(step)})
                if step == 0:
                    os.write(pipe, b".")

        killed_at_random(work, generator.uniform(0, 0.03))
        results = open_results(run.path)
        count = len(results.times)
        assert count >= 1
        assert np.array_equal(results.fields["potential"].mean("point"), np.arange(float(count)))
        assert abs(len(results.history) - count) <= 1
        listed = (run.path / "fields.pvd").read_text().count("<DataSet")
        assert listed in (count, count - 1)
