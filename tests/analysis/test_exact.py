"""The exact results: every published number, limits, symmetry, and derivatives against finite differences.

Numbers beside a formula were computed from it in double precision, independently of this package; densities were given
in 1/m3 there and are converted to mol/m3 here.
"""

from __future__ import annotations

import numpy as np
import pytest

from ssbsim.analysis import exact
from ssbsim.analysis.exact._common import as_result
from ssbsim.analysis.exact.lattice_gas import reduced_charge
from ssbsim.constants import (
    AVOGADRO,
    BOLTZMANN,
    ELEMENTARY_CHARGE,
    FARADAY,
    GAS_CONSTANT,
    VACUUM_PERMITTIVITY,
)

MICROCOULOMB = 1e-2  # C/m2 in one uC/cm2, F/m2 in one uF/cm2
UNIT_300 = BOLTZMANN * 300.0 / ELEMENTARY_CHARGE

BINARY = {"temperature": 298.15, "relative_permittivity": 10.0, "concentration": 1e25 / AVOGADRO}
ONE_ION = {"temperature": 300.0, "relative_permittivity": 10.0, "concentration": 1e26 / AVOGADRO}
DILUTE_LATTICE = {
    "temperature": 300.0,
    "relative_permittivity": 10.0,
    "site_density": 2e28 / AVOGADRO,
    "site_fraction": 0.05,
}
HALF_LATTICE = {**DILUTE_LATTICE, "site_density": 1e26 / AVOGADRO, "site_fraction": 0.5}
CROWDED = {**BINARY, "packing": 0.1}

LAWS = [
    pytest.param(exact.gouy_chapman_charge, exact.gouy_chapman_capacitance, BINARY, id="gouy-chapman"),
    pytest.param(exact.bikerman_charge, exact.bikerman_capacitance, CROWDED, id="bikerman"),
    pytest.param(exact.bikerman_charge, exact.bikerman_capacitance, {**BINARY, "packing": 1.0}, id="full lattice"),
    pytest.param(exact.lattice_gas_charge, exact.lattice_gas_capacitance, DILUTE_LATTICE, id="lattice gas 0.05"),
    pytest.param(exact.lattice_gas_charge, exact.lattice_gas_capacitance, HALF_LATTICE, id="lattice gas 0.5"),
    pytest.param(exact.one_ion_charge, exact.one_ion_capacitance, ONE_ION, id="one ion"),
]


# --- 1 to 4: diffuse layers


def test_debye_lengths():
    assert exact.debye_length_binary(298.15, 10.0, concentration=1e25 / AVOGADRO) == pytest.approx(
        0.842573938e-9, rel=1e-8
    )
    binary = exact.debye_length_binary(300.0, 10.0, concentration=50.0, charge_number=2)
    one_ion = exact.debye_length_one_ion(300.0, 10.0, concentration=50.0, charge_number=-2)
    assert one_ion / binary == pytest.approx(np.sqrt(2.0))
    crowded = exact.debye_length_lattice_gas(300.0, 10.0, site_density=5e7, site_fraction=1e-6, charge_number=2)
    assert crowded == pytest.approx(one_ion, rel=1e-6)


@pytest.mark.parametrize(
    ("potential", "charge", "capacitance"), [(0.1, 1.851704641, 37.5367359), (0.2, 13.22871033, 257.656625)]
)
def test_gouy_chapman_numbers(potential, charge, capacitance):
    assert exact.gouy_chapman_charge(potential, **BINARY) / MICROCOULOMB == pytest.approx(charge, rel=2e-9)
    assert exact.gouy_chapman_capacitance(potential, **BINARY) / MICROCOULOMB == pytest.approx(capacitance, rel=2e-9)


def test_gouy_chapman_profile():
    length = exact.debye_length_binary(298.15, 10.0, concentration=BINARY["concentration"])
    assert exact.gouy_chapman_potential(length, 0.2, **BINARY) == pytest.approx(0.0379284294, rel=1e-8)
    distance = np.linspace(0.0, 20.0, 41) * length
    profile = exact.gouy_chapman_potential(distance, 10.0, **BINARY)
    assert profile[0] == pytest.approx(10.0, rel=1e-12)
    assert np.all(np.diff(profile) < 0.0)
    np.testing.assert_allclose(exact.gouy_chapman_potential(distance, -10.0, **BINARY), -profile)
    weak = exact.gouy_chapman_potential(distance, 1e-6, **BINARY)
    np.testing.assert_allclose(weak, 1e-6 * np.exp(-distance / length), rtol=1e-9)
    # both branches of the closed form meet: the field is that of the charge everywhere
    fine = np.linspace(0.0, 5.0, 40001) * length
    field = -np.gradient(exact.gouy_chapman_potential(fine, 0.2, **BINARY), fine, edge_order=2)
    charge = exact.gouy_chapman_charge(exact.gouy_chapman_potential(fine, 0.2, **BINARY), **BINARY)
    np.testing.assert_allclose(field * VACUUM_PERMITTIVITY * 10.0, charge, rtol=2e-4)


def test_stern_layer_in_series():
    assert exact.series_capacitance(0.2, 0.2) == pytest.approx(0.1)
    assert exact.series_capacitance(1e9, 0.375) == pytest.approx(0.375)

    def charge(potential):
        return exact.gouy_chapman_charge(potential, **BINARY)

    for total in (-0.5, 0.0, 0.3):
        share = exact.diffuse_potential(total, charge, stern_capacitance=0.2)
        assert share + charge(share) / 0.2 == pytest.approx(total, abs=1e-12)
    step = 1e-4
    shares = [exact.diffuse_potential(0.3 + d, charge, stern_capacitance=0.2) for d in (-step, 0.0, step)]
    numerical = (charge(shares[2]) - charge(shares[0])) / (2.0 * step)
    diffuse = exact.gouy_chapman_capacitance(shares[1], **BINARY)
    assert exact.series_capacitance(0.2, diffuse) == pytest.approx(numerical, rel=1e-5)


@pytest.mark.parametrize(
    ("phase", "potential", "charge", "capacitance"),
    [
        (DILUTE_LATTICE, 1.0, 16.619116, 8.535937),
        (DILUTE_LATTICE, -1.0, -70.364855, 38.305129),
        (HALF_LATTICE, 1.0, 3.698320, 1.917894),
        (HALF_LATTICE, -1.0, -3.698320, 1.917894),
    ],
)
def test_lattice_gas_numbers(phase, potential, charge, capacitance):
    assert exact.lattice_gas_charge(potential, **phase) / MICROCOULOMB == pytest.approx(charge, rel=2e-7)
    assert exact.lattice_gas_capacitance(potential, **phase) / MICROCOULOMB == pytest.approx(capacitance, rel=3e-7)


def test_lattice_gas_widths_are_the_strong_limit():
    lattice = {key: DILUTE_LATTICE[key] for key in ("relative_permittivity", "site_density", "site_fraction")}
    filled = exact.accumulation_width(-10.0, **lattice)
    empty = exact.depletion_width(
        10.0, relative_permittivity=10.0, concentration=lattice["site_density"] * lattice["site_fraction"]
    )
    site_charge = FARADAY * lattice["site_density"]
    assert exact.lattice_gas_charge(-10.0, **DILUTE_LATTICE) == pytest.approx(-site_charge * 0.95 * filled, rel=1e-2)
    assert exact.lattice_gas_charge(10.0, **DILUTE_LATTICE) == pytest.approx(site_charge * 0.05 * empty, rel=1e-2)
    # a vacancy is as good a carrier: filling with cations is emptying of anions
    assert exact.accumulation_width(10.0, charge_number=-1, **lattice) == pytest.approx(filled)
    with pytest.raises(ValueError, match="accumulation_width"):
        exact.depletion_width(-1.0, relative_permittivity=10.0, concentration=100.0)


def test_lattice_gas_symmetry_between_ion_and_vacancy():
    potential = np.linspace(-2.0, 2.0, 21)
    ion = exact.lattice_gas_charge(potential, **DILUTE_LATTICE)
    mirrored = exact.lattice_gas_charge(-potential, **{**DILUTE_LATTICE, "site_fraction": 0.95})
    np.testing.assert_allclose(mirrored, -ion, rtol=1e-12)
    anion = exact.lattice_gas_charge(-potential, **DILUTE_LATTICE, charge_number=-1)
    np.testing.assert_allclose(anion, -ion, rtol=1e-12)


def test_lattice_gas_becomes_the_one_ion_layer():
    potential = np.linspace(-0.1, 1.0, 23)
    nearly = {"temperature": 300.0, "relative_permittivity": 10.0, "site_fraction": 1e-9}
    lattice = exact.lattice_gas_charge(potential, **nearly, site_density=ONE_ION["concentration"] / 1e-9)
    np.testing.assert_allclose(lattice, exact.one_ion_charge(potential, **ONE_ION), rtol=1e-6)
    lattice = exact.lattice_gas_capacitance(potential, **nearly, site_density=ONE_ION["concentration"] / 1e-9)
    np.testing.assert_allclose(lattice, exact.one_ion_capacitance(potential, **ONE_ION), rtol=1e-6)


@pytest.mark.parametrize("fraction", [0.0, 0.05, 0.5, 0.98])
@pytest.mark.parametrize("potential", [2e-3, -2e-3, 1.0, -1.0])
def test_series_and_closed_forms_join(fraction, potential):
    below, above = np.nextafter(potential, 0.0), np.nextafter(potential, 2.0 * potential)
    one, other = (float(reduced_charge(as_result(u), as_result(fraction))) for u in (below, above))
    assert one == pytest.approx(other, rel=1e-11)


@pytest.mark.parametrize("surface", [1.0, -1.0, 0.01])
@pytest.mark.parametrize("phase", [DILUTE_LATTICE, HALF_LATTICE])
def test_lattice_gas_profile_obeys_poisson(surface, phase):
    length = exact.debye_length_lattice_gas(
        300.0, 10.0, site_density=phase["site_density"], site_fraction=phase["site_fraction"]
    )
    distance = np.linspace(0.0, 12.0, 4801) * length
    potential = exact.lattice_gas_profile(distance, surface, **phase)
    assert potential[0] == pytest.approx(surface, rel=1e-10)
    permittivity = VACUUM_PERMITTIVITY * 10.0
    field = -np.gradient(potential, distance, edge_order=2)
    np.testing.assert_allclose(
        permittivity * field, exact.lattice_gas_charge(potential, **phase), rtol=2e-3, atol=1e-9 * abs(field[0])
    )
    fraction = exact.lattice_gas_site_fraction(potential, temperature=300.0, site_fraction=phase["site_fraction"])
    density = FARADAY * phase["site_density"] * (fraction - phase["site_fraction"])
    total = np.trapezoid(density, distance) - permittivity * field[-1]
    assert total == pytest.approx(-exact.lattice_gas_charge(surface, **phase), rel=1e-4)


def test_profiles_reach_far_and_keep_their_order():
    length = exact.debye_length_one_ion(300.0, 10.0, concentration=ONE_ION["concentration"])
    distance = np.array([[5.0, 0.0], [2000.0, 5.0]]) * length
    profile = exact.one_ion_profile(distance, 0.5, **ONE_ION)
    assert profile.shape == (2, 2)
    assert profile[0, 1] == pytest.approx(0.5)
    assert profile[0, 0] == profile[1, 1]
    assert 0.0 <= profile[1, 0] < 1e-300
    assert float(exact.one_ion_profile(0.0, 0.5, **ONE_ION)) == pytest.approx(0.5)
    assert np.all(exact.one_ion_profile(distance, 0.0, **ONE_ION) == 0.0)
    with pytest.raises(ValueError, match="distance"):
        exact.one_ion_profile(-1e-9, 0.5, **ONE_ION)


def test_bikerman_number():
    unit = GAS_CONSTANT * 298.15 / FARADAY
    length = exact.debye_length_binary(298.15, 10.0, concentration=BINARY["concentration"])
    charge = exact.bikerman_charge(10.0 * unit, **CROWDED) / (2.0 * FARADAY * BINARY["concentration"] * length)
    assert charge == pytest.approx(11.836456, rel=1e-7)
    base = VACUUM_PERMITTIVITY * 10.0 / length
    assert exact.bikerman_capacitance(10.0 * unit, **CROWDED) / base == pytest.approx(0.84415763, rel=1e-8)


def test_bikerman_without_volume_is_gouy_chapman():
    potential = np.linspace(-0.4, 0.4, 9)
    for law, reference in [
        (exact.bikerman_charge, exact.gouy_chapman_charge),
        (exact.bikerman_capacitance, exact.gouy_chapman_capacitance),
    ]:
        np.testing.assert_allclose(law(potential, **BINARY, packing=0.0), reference(potential, **BINARY), rtol=1e-12)
        np.testing.assert_allclose(law(potential, **BINARY, packing=1e-12), reference(potential, **BINARY), rtol=1e-4)


@pytest.mark.parametrize(("packing", "is_camel"), [(0.32, True), (0.345, False)])
def test_camel_turns_to_bell_at_a_third(packing, is_camel):
    middle, near = exact.bikerman_capacitance([0.0, 0.01], **BINARY, packing=packing)
    assert (near > middle) == is_camel


@pytest.mark.parametrize(("charge", "capacitance", "arguments"), LAWS)
def test_capacitance_is_the_derivative_of_the_charge(charge, capacitance, arguments):
    potential = np.array([-0.7, -0.2, -0.02, -1e-5, 0.0, 1e-5, 0.02, 0.2, 0.7])
    step = 1e-5
    numerical = (charge(potential + step, **arguments) - charge(potential - step, **arguments)) / (2.0 * step)
    np.testing.assert_allclose(capacitance(potential, **arguments), numerical, rtol=2e-7)


@pytest.mark.parametrize(("charge", "capacitance", "arguments"), LAWS)
def test_weak_potential_is_linear(charge, capacitance, arguments):
    linear = capacitance(0.0, **arguments)
    for potential in (1e-12, -1e-9, 1e-7):
        assert charge(potential, **arguments) == pytest.approx(linear * potential, rel=1e-5)
    assert charge(0.0, **arguments) == 0.0


@pytest.mark.parametrize(("charge", "capacitance", "arguments"), LAWS)
@pytest.mark.filterwarnings("error")
def test_ten_volts_are_safe(charge, capacitance, arguments):
    potential = np.array([-10.0, 10.0])
    values, slopes = charge(potential, **arguments), capacitance(potential, **arguments)
    assert np.all(np.isfinite(values) & (np.sign(values) == np.sign(potential)))
    assert np.all(np.isfinite(slopes) & (slopes > 0.0))


@pytest.mark.filterwarnings("error")
def test_site_limited_laws_are_safe_at_ten_volts_and_100_kelvin():
    cold = {"temperature": 100.0}
    assert np.all(np.isfinite(exact.lattice_gas_charge([-10.0, 10.0], **{**DILUTE_LATTICE, **cold})))
    assert np.all(np.isfinite(exact.lattice_gas_capacitance([-10.0, 10.0], **{**DILUTE_LATTICE, **cold})))
    assert np.all(np.isfinite(exact.bikerman_charge([-10.0, 10.0], **{**CROWDED, **cold})))
    assert np.all(np.isfinite(exact.bikerman_capacitance([-10.0, 10.0], **{**CROWDED, **cold})))


# --- 5: contact of two phases


def test_contact_numbers():
    other = {**DILUTE_LATTICE, "relative_permittivity": 12.9, "site_density": 5e28 / AVOGADRO, "site_fraction": 0.5}
    contact = exact.contact_of_two_phases(
        1.0,
        lambda v: exact.lattice_gas_charge(v, **DILUTE_LATTICE),
        lambda v: exact.lattice_gas_charge(v, **other),
    )
    assert contact.potential_a == pytest.approx(0.9407993, abs=1e-7)
    assert contact.potential_b == pytest.approx(0.0592007, abs=1e-7)
    assert contact.displacement / MICROCOULOMB == pytest.approx(16.105857, rel=1e-7)
    assert contact.transferred_per_square_nanometre == pytest.approx(1.00525, rel=1e-5)
    swapped = exact.contact_of_two_phases(
        -1.0,
        lambda v: exact.lattice_gas_charge(v, **other),
        lambda v: exact.lattice_gas_charge(v, **DILUTE_LATTICE),
    )
    assert swapped.potential_b == pytest.approx(-contact.potential_a)
    assert swapped.displacement == pytest.approx(-contact.displacement)


def test_contact_of_equals_and_with_a_sheet_charge():
    def charge(potential):
        return exact.gouy_chapman_charge(potential, **BINARY)

    contact = exact.contact_of_two_phases(0.4, charge, charge)
    assert contact.potential_a == pytest.approx(0.2)
    assert contact.potential_b == pytest.approx(0.2)
    core = exact.contact_of_two_phases(0.0, charge, charge, sheet_charge=2.0 * float(charge(0.15)))
    assert core.potential_a == pytest.approx(0.15)
    assert core.potential_b == pytest.approx(-0.15)
    with pytest.raises(ValueError, match="no solution"):
        exact.contact_of_two_phases(0.1, lambda _: 0.0, lambda _: 0.0, sheet_charge=1.0)


# --- 6 to 9: grain boundaries


@pytest.mark.parametrize(
    ("scaled", "excess", "rel"), [(4.0, 9.04964562, 1e-9), (6.0, 41.6530705, 2e-9), (10.0, 1240.72338, 5e-9)]
)
def test_depletion_excess_resistance_numbers(scaled, excess, rel):
    assert exact.depletion_excess_resistance(scaled) == pytest.approx(excess, rel=rel)


def test_excess_length_against_adaptive_quadrature_and_series():
    from scipy.integrate import quad

    for start in (-8.0, -0.5, 0.5, 25.0):
        value, _ = quad(
            lambda u: np.expm1(u) / (np.sign(u) * np.sqrt(2.0 * (np.expm1(-u) + u))),
            0.0,
            start,
            epsrel=1e-11,
            limit=200,
        )
        assert exact.one_ion_excess_length(start) == pytest.approx(value, rel=1e-9)
    # (e^u - 1)/G = 1 + 2u/3 + O(u^2)
    assert exact.one_ion_excess_length(1e-3) == pytest.approx(1e-3 + 1e-6 / 3.0, rel=1e-6)
    assert exact.one_ion_excess_length(-1e-3) == pytest.approx(-1e-3 + 1e-6 / 3.0, rel=1e-6)
    assert exact.one_ion_excess_length(0.0) == 0.0
    together = exact.one_ion_excess_length([-3.0, 0.0, 400.0])
    for value, start in zip(together, (-3.0, 0.0, 400.0), strict=True):
        assert value == pytest.approx(float(exact.one_ion_excess_length(start)), rel=1e-12)
    assert exact.one_ion_excess_length(-500.0) == pytest.approx(float(exact.one_ion_excess_length(-100.0)), rel=1e-12)


def test_textbook_ratio_is_the_strong_limit():
    assert exact.depletion_excess_resistance(8.0) / exact.mott_schottky_resistance_ratio(8.0) == pytest.approx(
        1.17, abs=0.005
    )
    errors = [
        exact.depletion_excess_resistance(u) / exact.mott_schottky_resistance_ratio(u) - 1.0
        for u in (50.0, 100.0, 200.0)
    ]
    assert errors[0] > errors[1] > errors[2] > 0.0
    assert errors[2] == pytest.approx(1.0 / 200.0, rel=0.05)  # next term of the expansion in 1/u0


def test_mott_schottky_profile():
    grain = {"relative_permittivity": 10.0, "concentration": 100.0}
    width = exact.mott_schottky_width(0.5, **grain)
    length = exact.debye_length_one_ion(300.0, 10.0, concentration=100.0)
    assert width == pytest.approx(length * np.sqrt(2.0 * 0.5 / UNIT_300))
    profile = exact.mott_schottky_potential(np.array([0.0, 0.5, 1.0, 2.0]) * width, 0.5, **grain)
    np.testing.assert_allclose(profile, [0.5, 0.125, 0.0, 0.0], atol=1e-15)
    # a barrier of an anion is negative
    np.testing.assert_allclose(
        exact.mott_schottky_potential(0.5 * width, -0.5, **grain, charge_number=-1), -0.125, rtol=1e-12
    )
    # close to the core the exact profile follows the parabola, shifted by the tail: phi0 - kT/e in the square
    exact_profile = exact.one_ion_profile(0.2 * width, 0.5, temperature=300.0, **grain)
    assert exact_profile == pytest.approx(float(exact.mott_schottky_potential(0.2 * width, 0.5, **grain)), rel=0.02)
    shifted = (0.5 - UNIT_300) * (1.0 - 0.2 * width / exact.mott_schottky_width(0.5 - UNIT_300, **grain)) ** 2
    assert exact_profile == pytest.approx(shifted + UNIT_300, rel=1e-6)


def test_gouy_chapman_excess_is_the_integral_of_the_profile():
    length = float(exact.debye_length_binary(298.15, 10.0, concentration=BINARY["concentration"]))
    distance = np.linspace(0.0, 1.0, 40001) ** 2 * 40.0 * length
    scaled = exact.gouy_chapman_potential(distance, 0.15, **BINARY) * FARADAY / (GAS_CONSTANT * 298.15)
    for sign in (1.0, -1.0):
        enrichment = np.exp(sign * scaled)
        parallel = np.trapezoid(enrichment - 1.0, distance)
        serial = np.trapezoid(1.0 / enrichment - 1.0, distance)
        assert exact.gouy_chapman_parallel_excess(enrichment[0], length) == pytest.approx(parallel, rel=1e-5)
        assert exact.gouy_chapman_serial_excess(enrichment[0], length) == pytest.approx(serial, rel=1e-5)


def test_segregated_core_numbers():
    arguments = {
        "temperature": 300.0,
        "relative_permittivity": 10.0,
        "concentration": 1e26 / AVOGADRO,
        "bulk_site_fraction": 0.005,
        "core_site_density": 1e19 / AVOGADRO,
        "segregation_energy": -0.30 * FARADAY,
    }
    core = exact.segregated_core(**arguments)
    assert core.potential == pytest.approx(0.247901, abs=1e-6)
    assert core.site_fraction == pytest.approx(0.0363322, rel=2e-6)
    assert core.charge / MICROCOULOMB == pytest.approx(5.01997, rel=1e-6)
    assert core.excess_resistive_length == pytest.approx(2858.26e-9, rel=1e-6)
    layer = exact.one_ion_charge(core.potential, **ONE_ION)
    assert core.charge == pytest.approx(2.0 * float(layer), rel=1e-9)
    anion = exact.segregated_core(**arguments, charge_number=-1)
    assert anion.potential == pytest.approx(-core.potential)
    assert anion.charge == pytest.approx(-core.charge)
    assert anion.excess_resistive_length == pytest.approx(core.excess_resistive_length)
    neutral = exact.segregated_core(**{**arguments, "segregation_energy": 0.0})
    assert neutral.potential == neutral.excess_resistive_length == 0.0
    assert neutral.charge == pytest.approx(0.0, abs=1e-15)
    repelled = exact.segregated_core(**{**arguments, "segregation_energy": 0.3 * FARADAY})
    assert repelled.potential < 0.0
    assert repelled.excess_resistive_length < 0.0


def test_brick_layer_numbers():
    grain = {"grain_size": 20e-6, "boundary_width": 1e-9}
    assert exact.brick_layer_series(2.6e-12, 1.4e-17, **grain) == pytest.approx(2.53e-13, rel=1e-3)
    assert exact.boundary_step_ratio(2.6e-12, 1.4e-17, **grain) == pytest.approx(9.29, abs=5e-3)
    assert exact.grain_filling_time(2.6e-12, 20e-6) == pytest.approx(154.0, abs=0.5)
    permeability = exact.boundary_permeability(1.4e-17, 1e-9)
    assert exact.boundary_waiting_time(permeability, 20e-6) == pytest.approx(1430.0, abs=5.0)
    local = exact.local_boundary_conductivity(3.8e-3, grain_size=2.42e-6, boundary_width=1e-9)
    assert local == pytest.approx(1.57e-6, rel=2e-3)
    # the sample's resistance is that of its parts: the macroscopic value and the local one tell the same story
    whole = exact.brick_layer_series(0.15, local, grain_size=2.42e-6, boundary_width=1e-9)
    assert whole == pytest.approx(1.0 / (1.0 / 0.15 + 1.0 / 3.8e-3), rel=1e-3)


# --- 10 to 12: dynamics


def test_blocking_cell_numbers():
    length = exact.debye_length_one_ion(300.0, 10.0, concentration=1e25 / AVOGADRO)
    cell = {"relative_permittivity": 10.0, "debye_length": length, "diffusivity": 1e-12, "gap": 1e-6}
    impedance = exact.blocking_cell_impedance([1e3, 1e5], **cell)
    np.testing.assert_allclose(
        impedance, [0.0160763968 - 0.00444120430j, 0.00891087620 - 0.00803356201j], rtol=0.0, atol=2e-11
    )
    permittivity = VACUUM_PERMITTIVITY * 10.0
    # high frequency: the geometric capacity; low: both layers in series and the bulk resistance
    fast = exact.blocking_cell_impedance(1e12, **cell)
    assert fast * 2j * np.pi * 1e12 * permittivity / 1e-6 == pytest.approx(1.0, rel=1e-3)
    slow = exact.blocking_cell_impedance(1e-3, **cell)
    assert -1.0 / (slow.imag * 2e-3 * np.pi) == pytest.approx(permittivity / (2.0 * length), rel=1e-3)
    assert slow.real == pytest.approx(1e-6 * length**2 / (permittivity * 1e-12), rel=5e-3)
    huge = exact.blocking_cell_impedance(1.0, **{**cell, "gap": 1.0})
    assert np.isfinite(huge)


def test_diffusion_impedance_numbers():
    cell = {"resistance": 1.0, "time_constant": 2.0}
    at_one = 1.0 / (2.0 * np.pi * 2.0)
    assert exact.finite_space_diffusion_impedance(at_one, **cell) == pytest.approx(
        0.3312381 - 1.0220127j, rel=0.0, abs=1e-7
    )
    assert exact.finite_length_diffusion_impedance(at_one, **cell) == pytest.approx(
        0.8854508 - 0.2869779j, rel=0.0, abs=1e-7
    )
    fast = exact.finite_space_diffusion_impedance(1e4, **cell)
    assert fast == pytest.approx(complex(exact.finite_length_diffusion_impedance(1e4, **cell)))
    assert np.angle(fast) == pytest.approx(-np.pi / 4.0)
    slow = 1e-6
    space = exact.finite_space_diffusion_impedance(slow, **cell)
    assert space.real == pytest.approx(1.0 / 3.0, rel=1e-6)
    assert space.imag == pytest.approx(-1.0 / (2.0 * np.pi * slow * 2.0), rel=1e-6)
    assert exact.finite_length_diffusion_impedance(slow, **cell) == pytest.approx(1.0, abs=1e-5)


def test_linear_charging_time():
    assert exact.linear_charging_time(0.05) == pytest.approx(0.973994, abs=5e-7)
    assert exact.linear_charging_time(1e-6) == pytest.approx(1.0, abs=1e-6)
    for ratio in (0.05, 0.5, 0.57735, 0.7, 3.0):
        s = -ratio / exact.linear_charging_time(ratio)
        root = np.sqrt(complex(1.0 + s))
        assert abs(np.tanh(root / ratio) / root + s / ratio) < 1e-8 / ratio**2


def test_step_charging_numbers():
    # the first row is a coarser reference, right to 1e-4; the second is where this collocation and an extrapolated
    # finite-volume scheme agree to 1e-7
    result = exact.step_charging_binary(0.05, 1.0, [1.0, 4.0, 60.0])
    np.testing.assert_allclose(result.electrode_charge, [0.66081, 1.00792, 1.03556], rtol=1e-4)
    np.testing.assert_allclose(result.electrode_charge, [0.660781, 1.007843, 1.035561], rtol=1e-6)
    finer = exact.step_charging_binary(0.05, 1.0, [1.0, 4.0, 60.0], points=60)
    np.testing.assert_allclose(finer.electrode_charge, result.electrode_charge, rtol=1e-7)
    assert result.diffuse_charge[-1] == pytest.approx(result.electrode_charge[-1], rel=1e-8)


def test_step_charging_limits():
    weak = exact.step_charging_binary(0.05, 1e-3, [0.0, 6.0, 8.0, 200.0])
    # at once the displacement of the gap alone, at last the linear layers, in between one exponential
    assert weak.electrode_charge[0] == pytest.approx(0.05 * 1e-3)
    final = weak.electrode_charge[-1]
    assert final == pytest.approx(1e-3 / np.tanh(1.0 / 0.05), rel=1e-6)
    decay = np.log((final - weak.electrode_charge[1]) / (final - weak.electrode_charge[2])) / 2.0
    assert 1.0 / decay == pytest.approx(exact.linear_charging_time(0.05), rel=1e-4)
    mirrored = exact.step_charging_binary(0.05, -1.0, [1.0])
    assert mirrored.electrode_charge[0] == pytest.approx(-0.660781, rel=1e-6)
    with pytest.raises(ValueError, match="rising"):
        exact.step_charging_binary(0.05, 1.0, [1.0, 1.0])
    with pytest.raises(ValueError, match="collocation points"):
        exact.step_charging_binary(1e-5, 1.0, [1.0])


# --- wrong input


@pytest.mark.parametrize(
    ("function", "arguments", "name"),
    [
        (exact.gouy_chapman_charge, {**BINARY, "potential": 0.1, "temperature": 0.0}, "temperature"),
        (exact.gouy_chapman_charge, {**BINARY, "potential": 0.1, "concentration": -1.0}, "concentration"),
        (exact.gouy_chapman_charge, {**BINARY, "potential": 0.1, "charge_number": 0}, "charge_number"),
        (exact.gouy_chapman_potential, {**BINARY, "distance": -1e-9, "surface_potential": 0.1}, "distance"),
        (exact.lattice_gas_charge, {**DILUTE_LATTICE, "potential": 0.1, "site_fraction": 1.0}, "site_fraction"),
        (exact.bikerman_charge, {**BINARY, "potential": 0.1, "packing": 1.5}, "packing"),
        (exact.depletion_excess_resistance, {"scaled_potential": -1.0}, "scaled_potential"),
        (exact.one_ion_excess_length, {"scaled_potential": np.nan}, "scaled_potential"),
        (exact.linear_charging_time, {"debye_ratio": np.inf}, "debye_ratio"),
    ],
)
def test_wrong_input_names_the_argument(function, arguments, name):
    with pytest.raises(ValueError, match=name):
        function(**arguments)


def test_public_names_are_sorted_and_exist():
    assert exact.__all__ == sorted(exact.__all__)
    assert all(hasattr(exact, name) for name in exact.__all__)
