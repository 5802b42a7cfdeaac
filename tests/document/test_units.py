from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssbsim.constants import AVOGADRO, BOLTZMANN_EV, ELEMENTARY_CHARGE
from ssbsim.document import units
from ssbsim.document.units import DIMENSIONS, Dimension, UnitError, format_quantity, parse_quantity


@pytest.mark.parametrize(
    ("text", "dimension", "expected"),
    [
        ("200 nm", units.LENGTH, 2e-7),
        ("0.2um", units.LENGTH, 2e-7),
        ("0.05 nm", units.LENGTH, 5e-11),
        ("1 µm", units.LENGTH, 1e-6),
        ("5 Å", units.LENGTH, 5e-10),
        ("10 min", units.TIME, 600.0),
        ("25 degC", units.TEMPERATURE, 298.15),
        ("-110 °C", units.TEMPERATURE, 163.15),
        ("10 mV", units.POTENTIAL, 0.01),
        ("0.35 eV", units.ENERGY, 0.35),
        ("350 meV", units.ENERGY, 0.35),
        ("8261 mol/m^3", units.CONCENTRATION, 8261.0),
        ("8.261 mol/L", units.CONCENTRATION, 8261.0),
        ("8.261 M", units.CONCENTRATION, 8261.0),
        ("2.6e-8 cm^2/s", units.DIFFUSIVITY, 2.6e-12),
        ("2.6e-8 cm2/s", units.DIFFUSIVITY, 2.6e-12),
        ("1e-3 S/cm", units.CONDUCTIVITY, 0.1),
        ("1e-3 S cm^-1", units.CONDUCTIVITY, 0.1),
        ("10 uF/cm^2", units.AREA_CAPACITANCE, 0.1),
        ("10 ohm*cm^2", units.AREA_RESISTANCE, 1e-3),
        ("10 Ω cm2", units.AREA_RESISTANCE, 1e-3),
        ("1 mA/cm^2", units.CURRENT_DENSITY, 10.0),
        ("1 e/nm^2", units.AREA_CHARGE, ELEMENTARY_CHARGE * 1e18),
        ("1 e/nm^3", units.CHARGE_DENSITY, ELEMENTARY_CHARGE * 1e27),
    ],
)
def test_units_are_read(text: str, dimension: Dimension, expected: float) -> None:
    assert parse_quantity(text, dimension) == pytest.approx(expected, rel=1e-15)


def test_particles_may_be_counted_singly_or_in_moles() -> None:
    assert parse_quantity("4.975e27 1/m^3", units.CONCENTRATION) == pytest.approx(4.975e27 / AVOGADRO, rel=1e-15)
    assert parse_quantity("4.975e21 cm^-3", units.CONCENTRATION) == pytest.approx(4.975e27 / AVOGADRO, rel=1e-15)
    assert parse_quantity("1e18 1/m^2", units.AREA_DENSITY) == pytest.approx(1e18 / AVOGADRO, rel=1e-15)


def test_energies_may_be_per_particle_or_per_mole() -> None:
    # 96.485 kJ/mol is 1 eV: the Faraday constant
    assert parse_quantity("96.48533212331 kJ/mol", units.ENERGY) == pytest.approx(1.0, rel=1e-12)
    assert parse_quantity(f"{ELEMENTARY_CHARGE!r} J", units.ENERGY) == pytest.approx(1.0, rel=1e-15)


def test_boltzmann_constant_is_that_of_the_si() -> None:
    assert pytest.approx(8.617333262e-5, rel=1e-9) == BOLTZMANN_EV


@pytest.mark.parametrize("texts", [("200 nm", "0.2 um", "2e-7 m", "2000 angstrom"), ("0.05 nm", "50 pm", "5e-11 m")])
def test_spellings_of_one_length_are_the_same_float(texts: tuple[str, ...]) -> None:
    assert len({parse_quantity(text, units.LENGTH) for text in texts}) == 1


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        ("200 nmm", "'nmm' is not a unit", "did you mean 'nm'?"),
        ("200 Nm", "'Nm' is not a unit", "did you mean 'nm'?"),
        ("10 mV", "expected a length, but 'mV' is a potential", "write a length, for example '200 nm'"),
        ("200", "'200' has no unit", "write a length as a number and a unit, for example '200 nm'"),
        ("1,5 nm", "'1,5 nm' has a comma", "write the decimal point as '.'"),
        ("long", "expected a length, found 'long'", "write a length as a number and a unit, for example '200 nm'"),
        ("1 m^99", "the unit 'm^99' has a power that cannot be read", "write powers as in m^2 or m^-3"),
        ("1 m^", "the unit 'm^' has a power that cannot be read", "write powers as in m^2 or m^-3"),
        ("1 m*/s", "the unit 'm*/s' has two signs in a row", "write units as mol/m^3"),
        ("1 m/", "the unit 'm/' is not complete", "write units as mol/m^3"),
        ("1 m(2)", "the unit 'm(2)' cannot be read at '(2)'", "write units as mol/m^3"),
        ("1e400 m", "'1e400 m' is too large", "write a length as a number and a unit, for example '200 nm'"),
    ],
)
def test_what_is_not_a_length_is_refused(text: str, what: str, hint: str) -> None:
    with pytest.raises(UnitError) as caught:
        parse_quantity(text, units.LENGTH)
    assert (caught.value.what, caught.value.hint) == (what, hint)


@pytest.mark.parametrize("text", ["1 __import__('os')", "1 m**(9**9)", "1 m; m", "1 lambda: m", "1 [m]"])
def test_units_are_a_closed_grammar(text: str) -> None:
    with pytest.raises(UnitError):
        parse_quantity(text, units.LENGTH)


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(DIMENSIONS))
def test_written_quantities_read_back_exactly(value: float, dimension: Dimension) -> None:
    assert parse_quantity(format_quantity(value, dimension), dimension) == value


@given(
    st.floats(min_value=1e-6, max_value=1e6),
    st.sampled_from([("m", 1.0), ("mm", 1e-3), ("um", 1e-6), ("nm", 1e-9), ("pm", 1e-12)]),
    st.integers(min_value=-3, max_value=3).filter(bool),
)
def test_a_power_of_a_unit_is_a_power_of_its_factor(value: float, unit: tuple[str, float], power: int) -> None:
    name, factor = unit
    dimension = Dimension("test", f"m^{power}", "1 m")
    found = parse_quantity(f"{value!r} {name}^{power}", dimension)
    assert math.isclose(found, value * factor**power, rel_tol=1e-12)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    try:
        found = parse_quantity(text, units.LENGTH)
    except UnitError as error:
        found = 0.0 if error.what and error.hint else math.nan
    assert math.isfinite(found)


@pytest.mark.parametrize("dimension", DIMENSIONS, ids=lambda dimension: dimension.name)
def test_the_example_of_each_dimension_is_right(dimension: Dimension) -> None:
    assert math.isfinite(parse_quantity(dimension.example, dimension))
