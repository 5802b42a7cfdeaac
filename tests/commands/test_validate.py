"""Every validation case at its tolerance, and the runner itself."""

from __future__ import annotations

import csv
import json
import math
import re
from pathlib import Path

import pytest
from mpi_runner import mpi_json
from typer.testing import CliRunner

from ssbsim.cli import app
from ssbsim.commands.validate import Row, case_folder, find_cases, run_case, validate
from ssbsim.commands.validate.manufactured import observed_orders
from ssbsim.errors import CaseError

CASES = find_cases()

PASSING = '''"""A case of four rows."""

import numpy as np

from ssbsim.commands.validate import Curve, Panel, Row


def rows(bench):
    yield Row("relative", 100.0, 100.4, 5e-3, "nm")
    yield Row("absolute", 0.2, 0.2005, 1e-3, "V", kind="absolute")
    yield Row("order", 3.0, 3.9, 0.1, kind="at least")
    x = np.linspace(1.0, 2.0, 200)
    bench.overlay("plot", "An overlay", [Panel("x (m)", "y (m)", exact=[Curve("exact", x, x)], simulated=[Curve("", x, x)])])
    yield Row("nothing", 0.0, 0.0, 0.0)
'''


def problems(outcome):
    """What is wrong with an outcome, in words; empty when it passed."""
    lines = [f"{r.quantity}: expected {r.expected:g}, found {r.found:g} {r.unit}" for r in outcome.rows if not r.passed]
    return [*([outcome.failure] if outcome.failure else []), *lines]


@pytest.mark.parametrize("path", CASES.values(), ids=list(CASES))
def test_case_is_in_tolerance(path):
    outcome = run_case(path)
    assert problems(outcome) == []
    assert outcome.passed
    assert outcome.overlays, "every case draws an overlay plot"


@pytest.mark.parallel
def test_orders_on_three_ranks():
    rows = mpi_json(3, Path(__file__).with_name("orders_on_ranks.py"), timeout=600.0)
    assert len(rows) > 25
    assert [row for row in rows if not row[2]] == []


def test_every_case_of_the_readme_exists_and_the_other_way_round():
    text = (case_folder() / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)`", text, flags=re.MULTILINE)) == set(CASES)


@pytest.mark.parametrize(
    ("row", "error", "passed"),
    [
        (Row("q", 2.0, 2.002, 1e-3 + 1e-12), 1e-3, True),
        (Row("q", 2.0, 2.003, 1e-3), 1.5e-3, False),
        (Row("q", -2.0, 2.0, 1e-3), 2.0, False),
        (Row("q", 2.0, 2.5, 0.4, kind="absolute"), 0.5, False),
        (Row("q", 0.0, 1e-9, 1e-8), 1e-9, True),
        (Row("q", 3.0, 2.8, 0.15, kind="at least"), 0.2, False),
        (Row("q", 3.0, 4.0, 0.15, kind="at least"), 0.0, True),
    ],
)
def test_error_of_a_row(row, error, passed):
    assert row.error == pytest.approx(error, rel=1e-9, abs=1e-15)
    assert row.passed is passed


@pytest.mark.parametrize("kind", ["relative", "absolute", "at least"])
@pytest.mark.parametrize("found", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_never_passes(kind, found):
    assert not Row("q", 1.0, found, 1e300, kind=kind).passed


def test_observed_order_is_the_slope():
    errors = [{"phi": 0.3 * h**3} for h in (1.0, 0.5, 0.25)]
    assert observed_orders([1.0, 0.5, 0.25], errors)["phi"] == pytest.approx(3.0)


def test_tables_and_plots_are_written(tmp_path):
    cases, output = tmp_path / "cases", tmp_path / "results"
    cases.mkdir()
    (cases / "good.py").write_text(PASSING, encoding="utf-8")
    (cases / "_helper.py").write_text("", encoding="utf-8")
    told: list[str] = []
    assert validate((), output, tell=told.append, folder=cases)
    assert {p.name for p in output.iterdir()} == {
        "table.md",
        "table.csv",
        "table.json",
        "good_plot.png",
        "good_plot.svg",
    }
    content = json.loads((output / "table.json").read_text(encoding="utf-8"))
    assert content["passed"] is True
    assert content["rows"][0] == {
        "case": "good",
        "quantity": "relative",
        "unit": "nm",
        "expected": 100.0,
        "found": 100.4,
        "error": pytest.approx(4e-3),
        "kind": "relative",
        "tolerance": 5e-3,
        "pass": True,
    }
    with (output / "table.csv").open(encoding="utf-8", newline="") as stream:
        assert [row["quantity"] for row in csv.DictReader(stream)] == ["relative", "absolute", "order", "nothing"]
    table = (output / "table.md").read_text(encoding="utf-8")
    assert "| relative | 100 nm | 100.4 nm | 0.4 % | 0.5 % | yes |" in table
    assert "good_plot.png" in table
    assert "4 rows in 1 cases; all pass" in "\n".join(told)


def test_a_wrong_expectation_fails(tmp_path):
    """A real case with one number of its formula made wrong by 1 %: the row fails, the table says so, the status is not 0."""
    cases = tmp_path / "cases"
    cases.mkdir()
    text = CASES["gouy_chapman"].read_text(encoding="utf-8")
    assert text.count("13.22871033") == 1
    (cases / "gouy_chapman.py").write_text(text.replace("13.22871033", "13.36"), encoding="utf-8")
    result = CliRunner().invoke(app, ["validate", "--cases", str(cases), "--output", str(tmp_path / "out")])
    assert result.exit_code == 7
    assert "out of tolerance: gouy_chapman" in result.stdout
    content = json.loads((tmp_path / "out" / "table.json").read_text(encoding="utf-8"))
    assert content["passed"] is False
    assert [row["quantity"] for row in content["rows"] if not row["pass"]] == ["charge at 0.2 V"]


def test_a_case_that_ends_with_an_error_fails_and_the_others_still_run(tmp_path):
    (tmp_path / "a_broken.py").write_text(
        '"""Ends early."""\n\nfrom ssbsim.errors import ConvergenceError\n\n\n'
        'def rows(bench):\n    raise ConvergenceError("It did not converge.", where="here", hint="this")\n    yield\n',
        encoding="utf-8",
    )
    (tmp_path / "good.py").write_text(PASSING, encoding="utf-8")
    told: list[str] = []
    assert not validate((), tmp_path / "out", tell=told.append, folder=tmp_path)
    assert "did not finish: It did not converge." in "\n".join(told)
    assert "out of tolerance: a_broken" in told[-2]
    assert "Did not finish" in (tmp_path / "out" / "table.md").read_text(encoding="utf-8")


def test_a_case_without_rows_does_not_pass(tmp_path):
    (tmp_path / "empty.py").write_text(
        '"""Says nothing."""\n\n\ndef rows(bench):\n    yield from ()\n', encoding="utf-8"
    )
    assert not validate((), tmp_path / "out", folder=tmp_path)


def test_unknown_name_gives_the_nearest():
    with pytest.raises(CaseError, match=r"Did you mean 'gouy_chapman'\?"):
        find_cases(["gouy_chapmann"])


def test_missing_folder_and_files_that_are_no_case(tmp_path):
    with pytest.raises(CaseError, match="folder of the validation cases is missing"):
        find_cases(folder=tmp_path / "nowhere")
    with pytest.raises(CaseError, match="no validation case to run"):
        validate((), tmp_path / "out", folder=tmp_path)
    (tmp_path / "plain.py").write_text("x = 1\n", encoding="utf-8")
    with pytest.raises(CaseError, match=r"'plain\.py' is not a validation case"):
        run_case(tmp_path / "plain.py")
