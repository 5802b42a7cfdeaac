from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ssbsim.results import Grid, RunFolder

NAMES = (
    "potential [V]",
    "electrochemical potential Li+ [eV]",
    "concentration Li+ [mol/m^3]",
    "occupancy Li+ [1]",
    "charge density [C/m^3]",
    "flux Li+ [mol/(m^2 s)]",
)
CENTRE, CORE, LENGTH, DEBYE = 100e-9, 1e-9, 200e-9, 2e-9


def graded(start: float, stop: float, finest: float, coarsest: float) -> np.ndarray:
    """Points from start (fine) to stop (coarse)."""
    sizes = [finest]
    while sum(sizes) < abs(stop - start):
        sizes.append(min(1.3 * sizes[-1], coarsest))
    x = np.concatenate([[0.0], np.cumsum(sizes)])
    return start + (stop - start) * x / x[-1]


def bicrystal_1d() -> Grid:
    left = graded(CENTRE - CORE / 2, 0.0, 0.1e-9, 5e-9)[::-1]
    core = np.linspace(CENTRE - CORE / 2, CENTRE + CORE / 2, 11)
    right = graded(CENTRE + CORE / 2, LENGTH, 0.1e-9, 5e-9)
    layers, cells, grain, offset = [left, core, right], [], [], 0
    for i, layer in enumerate(layers):
        cells += [(offset + k, offset + k + 1) for k in range(len(layer) - 1)]
        grain += [i] * (len(layer) - 1)
        offset += len(layer)
    x = np.concatenate(layers)
    points = np.column_stack([x, 0 * x, 0 * x])
    grain_array = np.array(grain)
    return Grid(
        points, np.array(cells), "interval", np.array([0, 1, 0])[grain_array], grain_array,
        ("LLTO", "LLTO-grain-boundary-core"), ("grain.1", "core", "grain.2"),
    )  # fmt: skip


def bicrystal_2d(rows: int = 12) -> Grid:
    """The 1D grid drawn out into a strip of triangles, 60 nm wide."""
    line = bicrystal_1d()
    x, n = line.points[:, 0], len(line.points)
    y = np.linspace(0, 60e-9, rows + 1)
    points = np.column_stack([np.tile(x, rows + 1), np.repeat(y, n), np.zeros(n * (rows + 1))])
    cells, grain = [], []
    for j in range(rows):
        for (a, b), g in zip(line.cells + j * n, line.grain, strict=True):
            cells += [(a, b, b + n), (a, b + n, a + n)]
            grain += [g, g]
    grain_array = np.array(grain)
    return Grid(
        points, np.array(cells), "triangle", np.array([0, 1, 0])[grain_array], grain_array,
        line.phase_names, line.grain_names,
    )  # fmt: skip


def state(grid: Grid, bias: float) -> dict[str, np.ndarray]:
    """Fields that look like depletion layers beside a positive core, under a bias in volt."""
    x = grid.points[:, 0]
    side = np.full(len(x), 0)
    side[grid.cells[grid.grain == 1].ravel()] = 1
    distance = np.maximum(np.abs(x - CENTRE) - CORE / 2, 0)
    potential = 0.25 * np.exp(-distance / DEBYE) - bias * x / LENGTH
    concentration = np.where(side == 1, 40.0, 6500 * np.exp(-0.25 * np.exp(-distance / DEBYE) / 0.02569))
    flux = np.zeros((len(x), 3))
    flux[:, 0] = 3e-5 * bias
    return {
        "potential [V]": potential,
        "electrochemical potential Li+ [eV]": -bias * (x / LENGTH + 3 * np.clip((x - CENTRE) / CORE + 0.5, 0, 1)) / 4,
        "concentration Li+ [mol/m^3]": concentration,
        "occupancy Li+ [1]": concentration / 17300,
        "charge density [C/m^3]": np.where(side == 1, 9e8, -2.2e8 * np.exp(-distance / DEBYE)),
        "flux Li+ [mol/(m^2 s)]": flux,
    }


def write_run(path: Path, grid: Grid) -> RunFolder:
    run = RunFolder(path)
    run.write_text("resolved.yaml", "title: LLTO bicrystal, resolved space charge\ntemperature: 298.15\n")
    run.open_fields(grid, "nm")
    states = [(0.0, "equilibrium", 0.0), (1e-6, "transient", 0.004), (1e-3, "transient", 0.01)]
    for step, (time, study, bias) in enumerate(states):
        run.append_fields(time, study, step, state(grid, bias))
    times = np.concatenate([[0.0], np.geomspace(1e-9, 1e-3, 60)])
    for i, t in enumerate(times):
        run.append_history({
            "step": i, "study": "transient" if i else "equilibrium", "time [s]": t,
            "step size [s]": t / 5 if i else 0.0,
            "newton iterations [1]": 3 + i % 3,
            "current left [A/m^2]": 120 + 4e4 * np.exp(-t / 1e-7),
            "current right [A/m^2]": 120 * (1 - np.exp(-t / 1e-6)),
            "amount Li+ [mol/m^2]": 1.3e-3 * (1 + 1e-15 * (i % 3)), "applied left [V]": 0.01 if i else 0.0,
        })  # fmt: skip
    run.write_json("summary.json", {"format": 1, "quantities": {
        "space-charge potential": {"value": 0.2501234, "unit": "V", "how": "core minus bulk, both far from any step"},
        "depletion width left": {"value": 4.1e-9, "unit": "m", "how": "where it reaches 95 % of the bulk"},
        "area-specific resistance": {"value": 3.2e-5, "unit": "ohm m^2", "how": "voltage over current, bulk taken off"},
    }})  # fmt: skip
    run.write_json("audit.json", {"charge": {"total [C/m^2]": 1.2e-17, "core [C/m^2]": 0.9}, "species": {"Li+": {
        "start [mol/m^2]": 1.3e-3, "end [mol/m^2]": 1.3e-3, "relative change": 2e-16}}, "balanced": True})  # fmt: skip
    read = {"path": "permittivity", "value": "80", "source": "Someone & Other, J. <Solid> State", "doi": "10.1/x",
            "method": "impedance", "temperature": "298 K", "uncertainty": "20 %", "basis": "read"}  # fmt: skip
    remembered = {"path": "sites.a.density", "value": "17300 mol/m^3", "source": "crystal structure", "doi": None,
                  "basis": "memory", "confidence": "high"}  # fmt: skip
    given = {"path": "excess_charge", "value": "1 C/m^3", "source": "case.yaml:7", "basis": "case", "confidence": None}
    run.write_json("provenance.json", {"format": 1, "versions": {"ssbsim": "0.1.0", "dolfinx": "0.9.0"},
                                       "materials": {"LLTO": [read, remembered, given]}})  # fmt: skip
    run.write_checkpoint({"y": np.arange(5.0)}, {"time": 1e-3})
    (path / "log.txt").write_text(
        "2025-01-01 00:00:00.000 INFO    started\n2025-01-01 00:00:01.000 WARNING mesh <coarse>\n"
    )
    return run


@pytest.fixture(scope="session")
def run_1d(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "line"
    write_run(path, bicrystal_1d())
    return path


@pytest.fixture(scope="session")
def run_2d(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "strip"
    write_run(path, bicrystal_2d())
    return path
