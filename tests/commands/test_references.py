"""What ran is cited: in ``references.bib``, in the provenance and in the report, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest
from samples import lattice_gas, layers, make_case, reservoir

import ssbsim


def run(folder: Path, *, method: str = "reduced", linear: str = "direct", report: bool = False) -> ssbsim.Results:
    law = {"law": "grain_boundary", "species": "Li+", "resistance": 1e-6}
    case = make_case(
        geometry=layers(("s", 20.0), ("t", 20.0)),
        phases={"s": lattice_gas(), "t": lattice_gas()},
        interfaces={"s|t": {"contact": "broken", "laws": [law]}},
        terminals={"left": reservoir("Li+"), "right": reservoir("Li+")},
        study=[{"kind": "equilibrium"}, {"kind": "impedance", "frequencies": [1.0, 10.0], "method": method}],
        solver={"linear": linear},
    )
    return ssbsim.run(case, folder, report=report, show_progress=False)


@pytest.mark.parametrize(
    ("method", "linear", "cited", "others"),
    [
        ("reduced", "direct", {"druskin2011", "amestoy2001"}, {"axelsson2014", "henson2002"}),
        ("direct", "multigrid", {"axelsson2014", "henson2002", "xu1992"}, {"druskin2011", "amestoy2001"}),
    ],
)
def test_the_method_and_the_solver_that_ran_are_cited(tmp_path, method, linear, cited, others):
    results = run(tmp_path / "run", method=method, linear=linear)
    keys = {entry["key"] for entry in results.provenance["references"]}
    assert cited <= keys
    assert not others & keys
    text = (tmp_path / "run" / "references.bib").read_text()
    assert all(f"{{{key},\n" in text for key in keys)
    assert text.count("\n@") == len(keys)


def test_the_report_lists_them_with_links(tmp_path):
    run(tmp_path / "run", report=True)
    html = (tmp_path / "run" / "report.html").read_text()
    assert "<h2>References</h2>" in html
    assert 'href="https://doi.org/10.1137/S0895479899358194"' in html
    assert "bibtex" not in html


def test_values_of_the_library_are_cited_with_what_they_are_used_for(tmp_path):
    case = ssbsim.load_case(Path(__file__).parents[2] / "configs" / "llto_bicrystal.yaml")
    results = ssbsim.run(case, tmp_path / "run", report=False, show_progress=False)
    measured = [one for one in results.provenance["references"] if one["doi"] == "10.1039/d3ta05012b"]
    assert any("species.Li+.diffusivity.value" in one["used for"] for one in measured)
    assert any("from memory" in one["note"] for one in results.provenance["references"])
