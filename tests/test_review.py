"""Inputs at the edge of what makes sense, each of which once ended in a traceback, a hang or a wrong hint."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from samples import NM, electrode, lattice_gas, layers, make_case, run_studies, simulation

from ssbsim import CaseError
from ssbsim.analysis.audit import Audit
from ssbsim.case import Phase, parse_case
from ssbsim.discretization import Scales
from ssbsim.errors import ResultsError
from ssbsim.physics import INTERFACE_LAWS, phase_model
from ssbsim.results import RunFolder

SCALES = Scales(298.15, 1e-8, 1e4, 1e-12)


def test_conductors_without_ions_obey_ohm() -> None:
    metal = {"electrostatics": "conductor", "electronic_conductivity": 1.0}
    case = make_case(
        phases={"m": metal},
        geometry=layers(("m", 10.0)),
        terminals={"left": electrode(0.5), "right": electrode(0.0)},
        study=[{"kind": "steady"}],
    )
    with simulation(case) as made:
        run_studies(made)
        cuts = made.currents_through_cuts()
        assert cuts is not None
        assert [cuts["smallest"], cuts["largest"]] == pytest.approx([0.5 / (10 * NM)] * 2, rel=1e-9)


def audited(kind: str = "steady", **given: Any) -> dict[str, Any]:
    audit = Audit()
    audit.begin({}, ())
    row = {"study": "1", "current left [A/m^2]": 1.0}
    audit.end_study(kind, row, **{"charge": (0.0, 1.0), "sites": {}, "cuts": None} | given)
    entry: dict[str, Any] = audit.result()["studies"][0]
    return entry


def test_the_audit_takes_cuts_without_current() -> None:
    assert audited(cuts={"smallest": 0.0, "largest": 0.0, "cuts": 3})["cut imbalance, relative"] == 0.0
    assert audited(cuts={"smallest": 1.0, "largest": 2.0, "cuts": 3})["cut imbalance, relative"] == 0.5


def test_the_audit_compares_charge_with_the_charge_there_is() -> None:
    relative = "imbalance, relative"
    assert relative not in audited(charge=(1e-20, 0.0))["charge"]
    assert audited(charge=(1e-20, 1e-30))["charge"][relative] == 1.0
    assert audited(charge=(1e-3, 1.0))["charge"][relative] == 1e-3
    assert audited(charge=(1e-3, 0.0), electrode_charges={"left": -2.0})["charge"][relative] == 5e-4


def test_the_audit_sums_the_currents_of_the_terminals() -> None:
    entry = audited(currents={"left": -2.0, "right": 1.5})
    assert entry["sum of terminal currents [A]"] == -0.5
    assert entry["sum of terminal currents, relative"] == 0.25
    assert "sum of terminal currents, relative" not in audited(currents={"left": 0.0})
    assert "sum of terminal currents [A]" not in audited("transient", currents={"left": 1.0})


def test_sites_that_are_full_but_for_rounding_are_refused() -> None:
    sites = [{"name": "A", "density": 2000.0}]
    phase = Phase.model_validate(lattice_gas(sites=sites, concentration={"Li+": 1999.9999999999998}))
    with pytest.raises(CaseError, match="not reached at any chemical potential"):
        phase_model("e", phase, SCALES)


def neutral_occupancy(**phase: Any) -> float:
    law = SimpleNamespace(species="Li+", density=1e-6, energy=-0.1)
    model = phase_model("e", Phase.model_validate(lattice_gas(**phase)), SCALES)
    return float(INTERFACE_LAWS["segregation"](law, SCALES, model).bulk_occupancy)


def test_a_core_is_neutral_at_the_occupancy_of_the_bulk() -> None:
    wide = [{"name": "A", "density": 1e4, "width": 2.0}]
    assert neutral_occupancy(sites=wide, concentration={"Li+": 3e3}) == pytest.approx(0.3, rel=1e-9)
    both = {"Li+": {"diffusivity": 1e-12}, "Na+": {"diffusivity": 1e-12}}
    shared = {"species": both, "concentration": {"Li+": 3e3, "Na+": 5e3}, "sites": [{"name": "A", "density": 1e4}]}
    assert neutral_occupancy(**shared) == pytest.approx(0.3, rel=1e-9)
    dilute = [{"name": "A", "density": 1e4, "statistics": "dilute"}]
    assert neutral_occupancy(sites=dilute, concentration={"Li+": 3e3}) == pytest.approx(0.3 / 1.3, rel=1e-9)


def test_a_class_that_is_all_but_empty_does_not_overflow() -> None:
    sites = [
        {"name": "A", "density": 1e4, "standard_potential": {"Li+": 30.0}},
        {"name": "B", "density": 1e4, "standard_potential": {"Li+": 0.0}},
    ]
    assert neutral_occupancy(sites=sites, concentration={"Li+": 3e3}) == 0.0


def test_an_option_that_petsc_does_not_know_is_an_error_of_the_case() -> None:
    case = make_case(solver={"petsc_options": {"ksp_type": "nonsense"}})
    with pytest.raises(CaseError, match="PETSc does not take") as caught, simulation(case):
        pass
    assert caught.value.where == "solver.petsc_options"


def test_iterations_set_by_an_option_are_the_ones_that_count() -> None:
    case = make_case(solver={"petsc_options": {"snes_max_it": 1}})
    with simulation(case) as made:
        made.functional.y.x.array[0] += 1.0
        report = made.solver.solve(made.point.q, 1.0)
        assert "did not converge in 1 iterations" in report.reason


def test_yaml_that_is_nested_too_deeply_is_refused() -> None:
    with pytest.raises(CaseError, match="nested too deeply"):
        parse_case("title: " + "[" * 3000 + "]" * 3000)


def test_aliases_of_aliases_are_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    with pytest.raises(CaseError, match="more than 1,000,000 values"):
        parse_case("\n".join(lines))


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ("{count: 1000000000}", "more than 1,000,000 output times"),
        ("{every: 1e-30 s}", "more than 1,000,000 output times"),
        ("{from: 1 ns, to: 1 us, per_decade: 1000000000}", "more than 1,000,000 output times"),
        ("{from: 1 ns, to: 1 us, per_decade: 1" + "0" * 400 + "}", "more than 1,000,000 output times"),
        ("[]", "the list of output times is empty"),
        ("[1 us]\n    initial_step: 2 s", r"initial_step \(2 s\) is larger than duration \(0.001 s\)"),
    ],
)
def test_output_times_that_make_no_sense(times: str, said: str) -> None:
    text = Path(__file__).parent.joinpath("case", "conftest.py").read_text(encoding="utf-8").split('"""')[1]
    text = text.replace("\\\n", "").replace("[1 us, 10 us]", times)
    with pytest.raises(CaseError, match=said):
        parse_case(text)


def test_an_output_path_that_is_no_folder_has_the_right_hint(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    os.symlink(tmp_path / "nowhere", tmp_path / "link")
    for name, said in (("file", "is a file"), ("link", "leads to no folder"), ("link/run", "leads to no folder")):
        with pytest.raises(ResultsError, match=said) as caught:
            RunFolder(tmp_path / name)
        assert "--overwrite" not in caught.value.hint
