"""Marcus-Hush-Chidsey kinetics: against direct integration, its closed approximation, and in a cell."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from law_examples import law_example
from samples import lattice_gas, layers, make_case, reservoir, run_studies, simulation
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import erfc

from ssbsim.case import ImpedanceStudy
from ssbsim.constants import FARADAY, GAS_CONSTANT
from ssbsim.discretization import Scales
from ssbsim.physics import INTERFACE_LAWS, NUMPY, Contact, State, phase_model
from ssbsim.studies.impedance import impedance_spectrum

T = 298.15
SCALES = Scales(T, 1e-8, 1e4, 1e-12)
CASE = make_case(phases={"e": lattice_gas(species={"Li+": {"diffusivity": 1e-12}})})
MODEL = phase_model("e", CASE.phases["e"], SCALES)
I0 = 50.0

#: Derivatives by a step into the imaginary, exact to rounding.
COMPLEX = replace(NUMPY, frozen=np.real)


def place(energy: float) -> Any:
    """The law with a reorganization energy in kT."""
    law = law_example("marcus_hush_chidsey", exchange_current=I0, reorganization_energy=energy * SCALES.energy_ev)
    return INTERFACE_LAWS["marcus_hush_chidsey"](law, Contact(SCALES, (MODEL, MODEL)))


def current(law: Any, u: float) -> float:
    """Current over i0 at the overpotential u (kT)."""
    step = 1e-30
    a, b = State({"Li+": complex(u, step)}, 0.0), State({"Li+": 0.0}, 0.0)
    return float(np.imag(law.dissipation(a, b, COMPLEX))) / step * SCALES.current / I0


def rate(u: float, energy: float) -> float:
    """``k(u)`` by adaptive integration, as Chidsey wrote it."""

    def integrand(x: float) -> float:
        # The Fermi function beside the Gaussian, without overflow.
        fermi = -math.log1p(math.exp(-abs(x))) + min(x, 0.0)
        return math.exp(fermi - (x + energy - u) ** 2 / (4.0 * energy))

    spread = math.sqrt(2.0 * energy)
    ends = sorted({u - energy - 14.0 * spread, *(np.linspace(-40.0, 40.0, 9) + 0.0), u - energy, u + 14.0 * spread})
    ends = sorted({*ends, *np.linspace(ends[0], ends[-1], 17)})
    return math.fsum(
        quad(integrand, a, b, epsabs=0.0, epsrel=1e-12, limit=200)[0] for a, b in zip(ends, ends[1:], strict=False)
    )


def direct(u: float, energy: float) -> float:
    """``[k(u) - k(-u)]/k(0)``, written with ``k(-u) = e^-u k(u)`` so that nothing cancels."""
    return rate(u, energy) * -math.expm1(-u) / rate(0.0, energy)


@pytest.mark.parametrize("energy", [1.0, 2.0, 4.5, 10.0, 20.0, 40.0, 80.0])
def test_the_sum_over_nodes_is_direct_integration(energy: float) -> None:
    law = place(energy)
    for u in (1e-6, 1e-3, 0.3, 1.0, 3.3, 10.0, 20.0, 33.0, 47.0, 70.0, 100.0):
        assert current(law, u) == pytest.approx(direct(u, energy), rel=1e-6)
        assert current(law, -u) == pytest.approx(-current(law, u), rel=1e-12)
    assert current(law, 0.0) == 0.0


@pytest.mark.parametrize("energy", [0.4, 2.0, 12.0, 80.0])
def test_the_slope_at_equilibrium_is_the_exchange_current(energy: float) -> None:
    law = place(energy)
    assert current(law, 1e-7) / 1e-7 == pytest.approx(1.0, rel=1e-9)
    expected = I0 / SCALES.current
    np.testing.assert_allclose(law.conductances("Li+"), [expected], rtol=1e-12)


@pytest.mark.parametrize("energy", [2.0, 5.0, 10.0, 20.0])
def test_the_closed_approximation_is_near(energy: float) -> None:
    """Zeng et al. 2014, doi 10.1016/j.jelechem.2014.09.038: a formula between limits, good to some percent."""

    def zeng(u: float) -> float:
        edge = (energy - math.sqrt(1.0 + math.sqrt(energy) + u * u)) / (2.0 * math.sqrt(energy))
        return math.sqrt(math.pi * energy) * math.tanh(0.5 * u) * float(erfc(edge))

    law = place(energy)
    for u in (0.5, 2.0, 8.0, 20.0, 60.0):
        ratio = current(law, u) * rate(0.0, energy) / zeng(u)
        assert ratio == pytest.approx(1.0, abs=0.1)


def test_the_current_saturates_beyond_the_reorganization_energy_and_nothing_overflows() -> None:
    law = place(10.0)
    largest = current(law, 60.0)
    with np.errstate(over="raise", invalid="raise"):
        for volts in (2.0, 10.0, 20.0):
            assert current(law, volts / SCALES.potential) == pytest.approx(largest, rel=1e-6)
    # Where Butler and Volmer would have a current thousands of times as large.
    assert largest < 1e-3 * 2.0 * math.sinh(30.0)


ENERGY, THICKNESS = 0.25, 8e-9
BULK = THICKNESS * GAS_CONSTANT * T / (FARADAY**2 * 5e3 * 1e-12)  # ohm m2


def cell(*studies: dict[str, Any], potential: float, current_density: float) -> Any:
    law = {
        "law": "marcus_hush_chidsey",
        "species": "Li+",
        "exchange_current": current_density,
        "reorganization_energy": ENERGY,
    }
    return make_case(
        geometry=layers(("e", 4.0), ("f", 4.0), bulk=2.0, interface=2.0),
        phases={"e": lattice_gas(0.5), "f": lattice_gas(0.5)},
        interfaces={"e|f": {"contact": "broken", "laws": [law]}},
        terminals={"left": reservoir(), "right": reservoir(potential=potential)},
        study=list(studies),
    )


@pytest.mark.parametrize("volts", [0.1, 0.4, 1.0])
def test_a_steady_cell_has_the_current_of_the_implicit_closed_form(volts: float) -> None:
    """Two bulks and the plane in series: ``V = i R_bulk + (RT/F) u`` with ``i = i0 [k(u) - k(-u)]/k(0)``."""
    i0 = 0.02 / BULK / 40.0
    with simulation(cell({"kind": "steady"}, potential=volts, current_density=i0)) as run:
        run_studies(run)
        found = run.ionic_current(run.flows(), "right")
    unit, energy = GAS_CONSTANT * T / FARADAY, ENERGY / (GAS_CONSTANT * T / FARADAY)
    u = brentq(lambda u: i0 * direct(u, energy) * BULK + unit * u - volts, 1e-9, volts / unit, xtol=1e-13)
    assert found == pytest.approx(i0 * direct(u, energy), rel=2e-5)


def test_impedance_at_equilibrium_has_the_resistance_of_the_slope() -> None:
    """``R = RT/(F i0)`` in series with the bulk at low frequency."""
    i0 = 1e5
    with simulation(cell({"kind": "equilibrium"}, potential=0.0, current_density=i0)) as run:
        run_studies(run)
        found = impedance_spectrum(run, ImpedanceStudy.model_validate({"frequencies": [1e-3]}))
    expected = BULK + GAS_CONSTANT * T / (FARADAY * i0)
    assert found.impedance[0].real == pytest.approx(expected, rel=1e-8)
