"""Every case in ``configs/`` runs and gives the numbers of ``configs/expected.yaml``."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

import ssbsim
from ssbsim.analysis import exact
from ssbsim.constants import AVOGADRO, FARADAY, GAS_CONSTANT, VACUUM_PERMITTIVITY

CONFIGS = Path(__file__).parent.parent / "configs"
EXPECTED: dict[str, list[dict[str, Any]]] = YAML(typ="safe", pure=True).load(CONFIGS / "expected.yaml")
NAMES = sorted(path.stem for path in CONFIGS.glob("*.yaml") if path.stem != "expected")


def _number(results: ssbsim.Results, wanted: dict[str, Any]) -> tuple[float, str]:
    """The number that an entry names, and its unit."""
    if "quantity" in wanted:
        entry = results.summary["quantities"][wanted["quantity"]]
        return entry["value"], entry["unit"]
    if "column" in wanted:
        rows = results.history
        if "study" in wanted:
            rows = rows[rows["study"] == wanted["study"]]
        if "time" in wanted:
            rows = rows[np.isclose(rows["time [s]"], wanted["time"], rtol=1e-9, atol=0.0)]
        assert len(rows), f"no row of history.csv fits {wanted}"
        unit = re.search(r"\[(.+)\]", wanted["column"])
        assert unit is not None
        return float(rows[wanted["column"]].iloc[-1]), unit[1]
    states = [i for i, step in enumerate(results.steps) if wanted.get("study", step.study) == step.study]
    name = str(wanted.get("field", wanted.get("integral"))).replace("_", " ")
    table = results.profile(name, states[-1])
    x, value = table["x"].to_numpy(), table["value"].to_numpy()
    if "field" in wanted:
        return float(np.interp(wanted["x"], x, value)), table.attrs["units"]
    here = (table["grain"] == wanted["grain"]).to_numpy()
    assert table.attrs["units"].endswith("/m^3")
    return float(np.trapezoid(value[here], x[here])), table.attrs["units"].replace("m^3", "m^2")


@pytest.mark.parametrize("name", NAMES)
def test_config_gives_its_numbers(name: str, tmp_path: Path) -> None:
    assert EXPECTED.get(name), f"configs/{name}.yaml has no expected numbers: add them to configs/expected.yaml"
    results = ssbsim.run(CONFIGS / f"{name}.yaml", tmp_path / "run", report=False, show_progress=False)
    wrong = []
    for wanted in EXPECTED[name]:
        value, unit = _number(results, wanted)
        assert unit == wanted["unit"], wanted
        if not math.isclose(value, wanted["value"], rel_tol=wanted["within"], abs_tol=0.0):
            wrong.append(f"{wanted} found {value!r}")
    assert not wrong, "\n".join(wrong)


def test_expected_numbers_belong_to_configs_and_say_how() -> None:
    assert sorted(EXPECTED) == NAMES
    for entries in EXPECTED.values():
        for entry in entries:
            assert re.match(r"closed form|independent solution|recorded from version \d", entry["how"]), entry
            assert 0.0 < entry["within"] <= 0.01, entry


# ------------------------------------------------------------------------- the closed forms behind expected.yaml

BINARY = {"temperature": 298.15, "relative_permittivity": 10.0, "concentration": 1e25 / AVOGADRO}
A = {"temperature": 300.0, "relative_permittivity": 10.0, "site_density": 2e28 / AVOGADRO, "site_fraction": 0.05}
B = {"temperature": 300.0, "relative_permittivity": 12.9, "site_density": 5e28 / AVOGADRO, "site_fraction": 0.5}


def _diffuse_charge(potential: float) -> float:
    return float(exact.gouy_chapman_charge(potential, **BINARY))


def _diffuse_share() -> float:
    return exact.diffuse_potential(0.3, _diffuse_charge, stern_capacitance=0.2)


def _charge_after_step(charging_times: float) -> float:
    concentration = 1e25 / AVOGADRO
    debye = float(exact.debye_length_binary(298.15, 14.08593, concentration=concentration))
    voltage = 0.05 * FARADAY / (GAS_CONSTANT * 298.15)
    times = [charging_times * 1e-9 / debye]  # the case counts in 20 us, which is lambda L / D for lambda of 1 nm
    charge = exact.step_charging_binary(debye / 20e-9, voltage, times).electrode_charge[0]
    return float(charge) * 2.0 * FARADAY * concentration * debye


BALL_DEBYE = float(exact.debye_length_binary(298.15, 10.0, concentration=1e25 / AVOGADRO))
VOLT = GAS_CONSTANT * 298.15 / FARADAY


def _around_a_ball(radius: Any) -> Any:
    """Potential and its slope (kT/e, Debye lengths) around a ball of 1 nm at 0.15 V."""
    inner, outer = 1e-9 / BALL_DEBYE, 21e-9 / BALL_DEBYE
    layer = exact.radial_layer("sphere", np.sinh, inner=inner, outer=outer, wall=0.15 / VOLT)
    return layer(np.asarray(radius) / BALL_DEBYE)


def _anions_around_a_ball() -> float:
    r = np.linspace(1e-9, 21e-9, 200_001)
    c = 1e25 / AVOGADRO * np.exp(_around_a_ball(r)[0])
    return float(np.trapezoid(4.0 * math.pi * r**2 * c, r))


def _contact() -> exact.Contact:
    return exact.contact_of_two_phases(
        0.3,
        lambda v: float(exact.lattice_gas_charge(v, **A)),
        lambda v: float(exact.lattice_gas_charge(v, **B)),
    )


def _filling(voltage: float) -> float:
    return 1.0 / (1.0 + math.exp(voltage * FARADAY / (GAS_CONSTANT * 300.0)))


def _series_current() -> float:
    diffusivity = 2.6e-12 / 0.50  # of charge: tracer over Haven ratio
    conductivity = FARADAY**2 * diffusivity * 8261.0 / (GAS_CONSTANT * 298.15)
    return 0.01 / (1e-3 + 1e-6 / conductivity)


def _brick_impedance(frequency: float) -> complex:
    """Twelve LLTO grains of 2.42 um and eleven boundaries of 1 nm, permittivity 100 in both."""
    conductivity = FARADAY**2 * 4.836e-12 * 8261.0 / (GAS_CONSTANT * 298.15)
    displaced = 2j * math.pi * frequency * 100.0 * 8.8541878128e-12
    return 12 * 2.42e-6 / (conductivity + displaced) + 11 * 1e-9 / (1.57e-6 + displaced)


CLOSED: dict[tuple[str, str], Callable[[], float]] = {
    ("llto_bicrystal", "Debye length"): lambda: float(
        exact.debye_length_lattice_gas(298.15, 100.0, site_density=12250.0, site_fraction=8261.0 / 12250.0)
    ),
    ("gouy_chapman_stern", "charge of terminal left"): lambda: _diffuse_charge(_diffuse_share()),
    ("gouy_chapman_stern", "potential at 0.0"): _diffuse_share,
    ("charged_ball", "charge of terminal left"): lambda: float(
        -_around_a_ball(1e-9)[1] * 10.0 * VACUUM_PERMITTIVITY * VOLT / BALL_DEBYE
    ),
    ("charged_ball", "potential at 1.5e-09"): lambda: float(_around_a_ball(1.5e-9)[0] * VOLT),
    ("charged_ball", "amount B- [mol]"): _anions_around_a_ball,
    ("step_charging", "charge left [C/m^2]"): lambda: _charge_after_step(1.0),
    ("step_charging", "charge of terminal left"): lambda: _charge_after_step(10.0),
    ("contact_of_two_electrolytes", "potential at 6e-09"): lambda: _contact().potential_a,
    ("contact_of_two_electrolytes", "potential at 1.2e-08"): lambda: 0.3,
    ("contact_of_two_electrolytes", "charge_density"): lambda: _contact().displacement,
    ("electrode_butler_volmer", "amount Li+ [mol/m^2] in 1 equilibrium"): lambda: 0.5 * 5e4 * 1e-6 + 1e4 * 1e-6,
    ("electrode_butler_volmer", "amount Li+ [mol/m^2]"): lambda: _filling(0.05) * 5e4 * 1e-6 + 1e4 * 1e-6,
    ("resistive_grain_boundary", "current of terminal right"): _series_current,
    ("llto_impedance", "impedance at 0.001 Hz, real part"): lambda: _brick_impedance(1e-3).real,
    ("llto_impedance", "impedance at 1e+09 Hz, real part"): lambda: _brick_impedance(1e9).real,
    ("llto_impedance", "impedance at 1e+09 Hz, imaginary part"): lambda: _brick_impedance(1e9).imag,
    ("own_mesh", "amount Li+ [mol/m] in 1 equilibrium"): lambda: 200.0 * 1e-14,
    ("image_2d", "amount Li+ [mol/m] in 1 equilibrium"): lambda: 200.0 * 960e-9 * 640e-9,
    ("image_3d", "amount Li+ [mol] in 1 equilibrium"): lambda: 200.0 * 240e-9 * 160e-9 * 160e-9,
}


def _label(entry: dict[str, Any]) -> str:
    name = next(str(entry[key]) for key in ("quantity", "column", "field", "integral") if key in entry)
    return (
        name + (f" at {entry['x']!r}" if "x" in entry else "") + (f" in {entry['study']}" if "study" in entry else "")
    )


def test_closed_forms_are_what_expected_says() -> None:
    listed = {
        (name, _label(entry)): entry["value"]
        for name, entries in EXPECTED.items()
        for entry in entries
        if not entry["how"].startswith("recorded")
    }
    assert set(listed) == set(CLOSED)
    for key, formula in CLOSED.items():
        assert listed[key] == pytest.approx(formula(), rel=3e-5), key
