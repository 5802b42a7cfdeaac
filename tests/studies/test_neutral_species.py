"""A species without charge: what it does and what means nothing for it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from samples import layers, make_case, simulation, values

import ssbsim
from ssbsim.constants import FARADAY, GAS_CONSTANT
from ssbsim.physics import debye_length

MM = 1e6
"""In nm."""


def gas(solubility: float, diffusivity: float) -> dict[str, Any]:
    return {
        "permittivity": 1.0,
        "species": {"H": {"charge": 0, "diffusivity": diffusivity}},
        "sites": [{"name": "s", "statistics": "dilute", "density": solubility, "standard_potential": {"H": 0.0}}],
        "concentration": {"H": solubility},
    }


def held(potential: float) -> dict[str, Any]:
    return {"kind": "reservoir", "species": ("H",), "electrochemical_potential": potential}


def two_solids(**more: Any) -> Any:
    return make_case(
        temperature=500.0,
        geometry=layers(("one", MM), ("two", MM), interface=0.02 * MM, bulk=0.02 * MM),
        phases={"one": gas(1.0, 1e-9), "two": gas(2.0, 3e-9)},
        terminals={"left": held(0.0), "right": held(-0.1)},
        **more,
    )


def test_its_flux_through_two_solids_is_that_of_two_resistances_in_series(tmp_path: Path) -> None:
    ssbsim.run(two_solids(study=[{"kind": "steady"}]), tmp_path / "run", report=False, show_progress=False)
    results = ssbsim.open_results(tmp_path / "run")
    found = values(results.summary)
    activity = 1.0 - math.exp(-0.1 * FARADAY / (GAS_CONSTANT * 500.0))
    exact = activity / (1e-3 / (1e-9 * 1.0) + 1e-3 / (3e-9 * 2.0))
    assert found["flux of H at terminal left"] == pytest.approx(exact, rel=1e-4)
    assert found["flux of H at terminal right"] == pytest.approx(-exact, rel=1e-4)
    assert found["current of terminal left"] == 0.0
    assert results.history["flux H left [mol/(m^2 s)]"].iloc[-1] == found["flux of H at terminal left"]


def test_no_potential_acts_on_it() -> None:
    with simulation(two_solids(study=[{"kind": "steady"}])) as made:
        assert made.outside.potential("left") is None
        assert debye_length(made.functional.placement.phases["one"]) == math.inf


def test_its_microstructure_has_a_tracer_diffusivity_and_no_conductivity(tmp_path: Path) -> None:
    case = two_solids(study=[{"kind": "effective_transport", "species": "H"}])
    ssbsim.run(case, tmp_path / "run", report=False, show_progress=False)
    found = values(ssbsim.open_results(tmp_path / "run").summary)
    assert not any("conductivity" in name for name in found)
    # Of a sample with unequal solubilities: D K in series over the mean of K.
    series = 2.0 / (1.0 / 1e-9 + 1.0 / (2.0 * 3e-9))
    assert found["effective tracer diffusivity along x"] == pytest.approx(series / 1.5, rel=1e-9)
