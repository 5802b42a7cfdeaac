r"""Mott-Schottky depletion at a grain boundary: potential, and the excess resistance it causes.

One dilute mobile ion on a fixed background, u = F phi/(R T), lambda the one-ion Debye length::

    textbook:  phi = phi0 (1 - x/lambda*)^2,  lambda* = sqrt(2 eps phi0/(F c)) = lambda sqrt(2 u0),  ratio e^u0/(2 u0)
    exact:     excess resistance of one side in units of lambda*/sigma = (1/sqrt(2 u0)) int_0^u0 (e^u - 1)/sqrt(2 (e^-u - 1 + u)) du
    charge of the plane that causes u0:  Q = 2 sqrt(2 eps R T c (e^-u0 - 1 + u0))

The plane between two equal grains carries exactly Q. The resistance is the bias (0.1 mV) over the steady current, less that
of the same length of bulk. The textbook ratio is an asymptote: at u0 = 8 the resistance is 17 % larger. T = 300 K,
eps_r = 10, c = 1e26 /m^3.

Source: J. Fleig, S. Rodewald, J. Maier, J. Appl. Phys. 87 (2000) 2372 (textbook ratio); the integral is elementary. Tolerance
1 % of the exact resistance.
"""

from __future__ import annotations

import numpy as np

from ssbsim.analysis import exact
from ssbsim.commands.validate import Curve, Panel, Row
from ssbsim.constants import AVOGADRO, FARADAY, GAS_CONSTANT

THERMAL = GAS_CONSTANT * 300.0 / FARADAY
CONCENTRATION = 1e26 / AVOGADRO
BULK = {"temperature": 300.0, "relative_permittivity": 10.0, "concentration": CONCENTRATION}
DIFFUSIVITY = 1e-12
BIAS = 1e-4  # V

CASE = """
title: Depletion layers beside a charged plane
temperature: 300 K
geometry:
  kind: layers
  layers: [{{phase: grain, thickness: 15 nm}}, {{phase: grain, thickness: 15 nm}}]
  spacing: {{interface: 0.002 nm, bulk: 0.2 nm, growth: 1.05}}
phases:
  grain:
    electrostatics: poisson
    permittivity: 10
    species: {{Li+: {{diffusivity: 1e-12 m^2/s}}}}
    sites: [{{name: sites, statistics: dilute, density: {concentration} mol/m^3}}]
    concentration: {{Li+: {concentration} mol/m^3}}
interfaces:
  grain|grain: {{laws: [{{law: fixed_charge, charge: {charge} C/m^2}}]}}
terminals:
  left: {{kind: reservoir, species: Li+, potential: 0 V}}
  right: {{kind: reservoir, species: Li+, potential: 0 V}}
study: [{{kind: equilibrium}}]
"""


def rows(bench):
    listed = {4.0: 9.04964562, 6.0: 41.6530705, 10.0: 1240.72338}
    found, profiles = {}, {}
    for u0 in (-2.0, 1.0, 2.0, 4.0, 6.0, 8.0, 10.0):
        charge = 2.0 * float(exact.one_ion_charge(u0 * THERMAL, **BULK))
        with bench.trial(CASE.format(concentration=CONCENTRATION, charge=charge)) as trial:
            trial.equilibrium()
            x, phi = trial.profile().along("potential [V]", "grain.2")
            trial.steady({"right": BIAS})
            flux = trial.flux("right", "Li+")
        # length of bulk with the resistance of the whole cell, less the cell
        excess = DIFFUSIVITY * CONCENTRATION * BIAS / THERMAL / flux - 30e-9
        width = float(exact.debye_length_one_ion(300.0, 10.0, concentration=CONCENTRATION)) * np.sqrt(2.0 * abs(u0))
        found[u0] = excess / 2.0 / width
        profiles[u0] = (x - x[0]) / width, phi
        yield Row(f"u0 = {u0:g}: potential of the plane", u0 * THERMAL, phi[0], 1e-3, "V")
        for distance in (0.25, 0.5, 0.75):
            expected = float(exact.one_ion_profile(distance * width, u0 * THERMAL, **BULK))
            value = float(np.interp(distance, profiles[u0][0], phi))
            yield Row(f"u0 = {u0:g}: potential {distance:g} lambda* away", expected, value, 5e-3, "V")
        expected = listed.get(u0) or float(exact.one_ion_excess_length(u0)) / np.sqrt(2.0 * abs(u0))
        yield Row(f"u0 = {u0:g}: excess resistance of one side/(lambda*/sigma)", expected, found[u0], 1e-2)
    textbook = float(exact.mott_schottky_resistance_ratio(8.0))
    yield Row("u0 = 8: excess resistance over the textbook ratio", 1.17, found[8.0] / textbook, 1e-2)

    line = np.linspace(0.3, 10.5, 205)
    shown = (2.0, 6.0, 10.0)
    place = np.linspace(0.0, 1.3, 261)
    lengths = {
        u: float(exact.mott_schottky_width(u * THERMAL, relative_permittivity=10.0, concentration=CONCENTRATION))
        for u in shown
    }
    positive = {u: value for u, value in found.items() if u > 0}
    bench.overlay(
        "depletion_layer",
        "Depletion beside a charged plane: lines exact, points simulated, dashes textbook",
        [
            Panel(
                "distance (λ*)",
                "potential (mV)",
                exact=[
                    Curve(f"u₀ = {u:g}", place, 1e3 * exact.one_ion_profile(place * lengths[u], u * THERMAL, **BULK), i)
                    for i, u in enumerate(shown)
                ],
                approximate=[
                    Curve("", place, 1e3 * u * THERMAL * np.clip(1.0 - place, 0.0, None) ** 2, i)
                    for i, u in enumerate(shown)
                ],
                simulated=[Curve("", profiles[u][0], 1e3 * profiles[u][1], i) for i, u in enumerate(shown)],
                x_range=(0.0, 1.3),
            ),
            Panel(
                "potential of the plane u₀ (kT/e)",
                "excess resistance of one side (λ*/σ)",
                exact=[Curve("exact", line, exact.depletion_excess_resistance(line))],
                approximate=[
                    Curve(
                        "textbook, e^u₀/(2u₀) − 1",
                        line[line > 2.8],
                        exact.mott_schottky_resistance_ratio(line[line > 2.8]) - 1.0,
                        2,
                    )
                ],
                simulated=[Curve("simulated", list(positive), list(positive.values()))],
                log_y=True,
            ),
        ],
    )
