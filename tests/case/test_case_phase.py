from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ssbsim import CaseError
from ssbsim.case import Diffusivity, Phase, SiteClass, Species, parse_case, parse_charge
from ssbsim.constants import BOLTZMANN_EV
from ssbsim.materials import resolve_case


@pytest.mark.parametrize(
    ("name", "charge"),
    [
        ("Li+", 1),
        ("6Li+", 1),
        ("Mg2+", 2),
        ("25Mg2+", 2),
        ("Al3+", 3),
        ("O2-", -2),
        ("Cl-", -1),
        ("e-", -1),
        ("h+", 1),
        ("TFSI-", -1),
        ("PF6-", None),  # the 6 belongs to the formula: not guessed
        ("Li", None),
        ("+", None),
        ("Li0+", None),
    ],
)
def test_charge_is_read_from_the_name(name: str, charge: int | None) -> None:
    assert parse_charge(name) == charge


@given(
    st.sampled_from(["", "6", "7", "25"]),
    st.sampled_from(["Li", "Mg", "Na", "O", "La", "Ti"]),
    st.integers(min_value=1, max_value=9),
    st.sampled_from([1, -1]),
)
def test_every_isotope_and_charge_is_read(isotope: str, element: str, size: int, sign: int) -> None:
    mark = "+" if sign > 0 else "-"
    assert parse_charge(f"{isotope}{element}{size}{mark}") == sign * size
    assert parse_charge(f"{isotope}{element}{mark}") == sign


def test_a_phase_completes_the_charges_of_its_species() -> None:
    phase = Phase(species={"Mg2+": Species(), "PF6-": Species(charge=-1)})
    assert {name: one.charge for name, one in phase.species.items()} == {"Mg2+": 2, "PF6-": -1}


@pytest.mark.parametrize("species", [{"PF6-": {}}, {"Li": {}}, {"Li+": {"charge": 2}}])
def test_charges_that_are_unclear_or_contradict_the_name_are_refused(species: dict[str, dict[str, int]]) -> None:
    with pytest.raises(ValidationError):
        Phase.model_validate({"species": species})


def test_diffusivity_follows_arrhenius() -> None:
    diffusivity = Diffusivity(value=2.6e-12, at=298.15, activation_energy=0.38)
    assert diffusivity.at_temperature(298.15) == 2.6e-12
    slope = math.log(diffusivity.at_temperature(310.0) / diffusivity.at_temperature(290.0)) / (1 / 310.0 - 1 / 290.0)
    assert slope == pytest.approx(-0.38 / BOLTZMANN_EV, rel=1e-12)


def test_a_plain_diffusivity_does_not_depend_on_temperature() -> None:
    diffusivity = Diffusivity.model_validate("1e-8 cm^2/s")
    assert diffusivity.at_temperature(200.0) == diffusivity.at_temperature(500.0) == 1e-12


def test_a_site_class_holds_all_species_unless_it_names_some() -> None:
    everyone = SiteClass(name="A", density=1.0)
    only_lithium = SiteClass(name="B", density=1.0, standard_potential={"Li+": 0.1})
    phase = Phase(species={"Li+": Species(), "Mg2+": Species()}, sites=(everyone, only_lithium))
    assert phase.site_species(everyone) == ("Li+", "Mg2+")
    assert phase.site_species(only_lithium) == ("Li+",)


def test_a_phase_cannot_be_changed() -> None:
    phase = Phase(permittivity=10.0)
    with pytest.raises(ValidationError):
        phase.permittivity = 20.0  # type: ignore[misc]


@pytest.mark.parametrize(("kelvin", "says"), [(1.0, "does not move"), (6.0, "does not move"), (3000.0, "")])
def test_a_temperature_at_which_nothing_moves_is_refused_with_the_line(kelvin: float, says: str) -> None:
    text = (Path(__file__).parents[2] / "configs" / "llto_bicrystal.yaml").read_text()
    case = re.sub(r"^temperature: .*$", f"temperature: {kelvin} K", text, flags=re.M)
    if not says:
        resolve_case(parse_case(case))
        return
    with pytest.raises(CaseError, match=says) as caught:
        resolve_case(parse_case(case, name="case"))
    assert "diffusivity" in str(caught.value)


def test_an_activation_energy_that_takes_a_boundary_beyond_all_numbers_is_refused() -> None:
    text = (Path(__file__).parents[2] / "configs" / "resistive_grain_boundary.yaml").read_text()
    law = "{law: grain_boundary, species: Li+, resistance: 1 ohm*m^2, at: 1 K, activation_energy: 0.5 eV}"
    text = re.sub(r"\{law: resistive[^}]*\}", law, text)
    assert law in text
    with pytest.raises(CaseError, match="the activation energy changes the values of the law by 1e"):
        resolve_case(parse_case(text))
