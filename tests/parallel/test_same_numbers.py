"""1, 2 and 3 ranks give the same numbers to 1e-8: summary, history and fields, also with more ranks than cells in a grain."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mpi_runner import mpirun
from parallel_cases import CASES
from samples import values

import ssbsim
from ssbsim.results import Results

pytestmark = pytest.mark.parallel

SCRIPT = Path(__file__).parent / "parallel_cases.py"
RELATIVE = 1e-8
#: What may differ: estimates that are differences of nearly equal numbers, and work, which is not a result.
WORK = {"linear iterations"}
ESTIMATES = {"local error [kT]"}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    made = {}
    for ranks in (1, 2, 3):
        made[ranks] = tmp_path_factory.mktemp(f"ranks{ranks}")
        done = mpirun(ranks, SCRIPT, made[ranks], timeout=240.0)
        assert done.returncode == 0, done.stderr[-3000:]
    return made


def unit_of(name: str) -> str:
    found = re.search(r"\[(.*)\]", name)
    return found[1] if found else name


def assert_same(found: dict[str, float], expected: dict[str, float], units: dict[str, str]) -> None:
    """Equal to 1e-8 of the value, or of the largest of the same unit: a current of zero is rounding of the others."""
    assert set(found) == set(expected)
    for name, value in expected.items():
        largest = (
            max(abs(v) for k, v in expected.items() if units[k] == units[name] and np.isfinite(v))
            if np.isfinite(value)
            else 0.0
        )
        # A mean over a step is not a number outside of time.
        assert found[name] == pytest.approx(value, rel=RELATIVE, abs=RELATIVE * largest, nan_ok=True), name


def results_of(folders: dict[int, Path], ranks: int, case: str) -> Results:
    return ssbsim.open_results(folders[ranks] / case)


every = pytest.mark.parametrize(("case", "ranks"), [(case, ranks) for case in CASES for ranks in (2, 3)])


@every
def test_the_summary(folders: dict[int, Path], case: str, ranks: int) -> None:
    one, many = results_of(folders, 1, case).summary, results_of(folders, ranks, case).summary
    units = {name: entry["unit"] for name, entry in one["quantities"].items()}
    assert values(one)
    assert_same(values(many), values(one), units)


@every
def test_the_history(folders: dict[int, Path], case: str, ranks: int) -> None:
    one, many = results_of(folders, 1, case).history, results_of(folders, ranks, case).history
    assert list(one.columns) == list(many.columns)
    assert len(one) == len(many)
    numbers = [c for c in one.columns if c not in {"study"} | WORK | ESTIMATES]
    units = {c: unit_of(c) for c in numbers}
    last = [{c: float(h[c].iloc[-1]) for c in numbers} for h in (one, many)]
    assert_same(last[1], last[0], units)
    assert list(one["study"]) == list(many["study"])
    assert list(one["Newton iterations"]) == list(many["Newton iterations"])


@pytest.mark.parametrize("ranks", [2, 3])
def test_the_spectrum(folders: dict[int, Path], ranks: int) -> None:
    for name in ("impedance", "impedance_contributions"):
        one, many = (
            results_of(folders, n, "spectrum of a square with a broken contact").table(name) for n in (1, ranks)
        )
        assert list(one.columns) == list(many.columns)
        z = [t.filter(regex=r"^(Re|Im) Z .*\[ohm m\^2\]$").to_numpy() for t in (one, many)]
        largest = np.abs(z[0]).max(axis=1, keepdims=True)
        assert np.abs((z[1] - z[0]) / largest).max() < RELATIVE


@every
def test_the_fields(folders: dict[int, Path], case: str, ranks: int) -> None:
    """The same points in the same order, and the same arrays on them."""
    one, many = results_of(folders, 1, case), results_of(folders, ranks, case)
    assert set(one.fields) == set(many.fields)
    np.testing.assert_array_equal(many.cells, one.cells)
    np.testing.assert_array_equal(many.grain, one.grain)
    np.testing.assert_array_equal(many.phase, one.phase)
    for axis in "xyz":
        np.testing.assert_allclose(many.fields[axis], one.fields[axis], rtol=1e-12, atol=1e-24)
    np.testing.assert_allclose(many.times, one.times, rtol=1e-12)
    is_at_rest = all(study["kind"] == "equilibrium" for study in CASES[case].get("study", [{"kind": "?"}]))
    for name in one.fields:
        if is_at_rest and name.startswith("flux"):
            continue  # nothing flows at rest, and what rounding leaves of it differs
        expected = np.asarray(one.fields[name])
        # Charge in a neutral bulk is the rounding of the charge of the ions.
        scale = np.abs(expected).max()
        if name.startswith("charge density"):
            scale = max(scale, 96485.0 * max(np.abs(one.fields[k]).max() for k in one.fields if k.startswith("conc")))
        # A flux is a difference over one cell of potentials that are good to 1e-9 kT.
        tolerance = 20 * RELATIVE if name.startswith("flux") else RELATIVE
        found = np.asarray(many.fields[name])
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * float(scale), err_msg=str(name))


@every
def test_the_audit(folders: dict[int, Path], case: str, ranks: int) -> None:
    one, many = results_of(folders, 1, case).audit, results_of(folders, ranks, case).audit
    for name, books in one["species"].items():
        for key in ("at start", "now"):
            assert many["species"][name][key] == pytest.approx(books[key], rel=RELATIVE)
        assert many["species"][name]["imbalance, relative"] < 1e-10


def test_the_mesh_and_the_unknowns_are_the_same(folders: dict[int, Path]) -> None:
    def told(ranks: int, case: str) -> Any:
        made = results_of(folders, ranks, case).provenance
        return made["mesh"]["hash"], made["unknowns"]

    for case in CASES:
        assert told(2, case) == told(1, case) == told(3, case)
