r"""Gouy-Chapman layer of a symmetric pair of ions at an electrode, alone and behind a Stern capacity.

With u = z F phi/(R T) and phi counted from the bulk::

    tanh(u/4) = tanh(u0/4) exp(-x/lambda),   sigma = sqrt(8 eps R T c) sinh(u0/2),   C = (eps/lambda) cosh(u0/2)
    behind a Stern capacity C_H:  phi_D + sigma(phi_D)/C_H = V,   1/C = 1/C_H + 1/C_D

T = 298.15 K, eps_r = 10, c = 1e25 /m^3 of each ion, lambda = 0.842573938 nm. The capacitance is a central difference of the
charge between simulations 1 mV apart, whose own error is below 1e-4.

Source: G. Gouy (1910), D. L. Chapman (1913), O. Stern (1924); any textbook of electrochemistry. Numbers at 0.1 and 0.2 V were
computed from the formulas in double precision outside ssbsim. Tolerance 0.1 %.
"""

from __future__ import annotations

import numpy as np

from ssbsim.analysis import exact
from ssbsim.commands.validate import Curve, Panel, Row
from ssbsim.constants import AVOGADRO

CONCENTRATION = 1e25 / AVOGADRO
BULK = {"temperature": 298.15, "relative_permittivity": 10.0, "concentration": CONCENTRATION}
DEBYE = 0.842573938e-9
STERN = 0.2  # F/m2
STEP = 5e-4  # V
MICRO = 1e-2  # C/m2 in one uC/cm2

CASE = f"""
title: Binary electrolyte at a blocking electrode
temperature: 298.15 K
geometry:
  kind: layers
  layers: [{{phase: electrolyte, thickness: 25 nm}}]
  spacing: {{interface: 0.1 nm, bulk: 0.1 nm, terminal: 0.0001 nm, growth: 1.04}}
phases:
  electrolyte:
    electrostatics: poisson
    permittivity: 10
    species: {{A+: {{diffusivity: 1e-12 m^2/s}}, B-: {{diffusivity: 1e-12 m^2/s}}}}
    sites:
      - {{name: cations, statistics: dilute, density: {CONCENTRATION} mol/m^3, standard_potential: {{A+: 0 eV}}}}
      - {{name: anions, statistics: dilute, density: {CONCENTRATION} mol/m^3, standard_potential: {{B-: 0 eV}}}}
    concentration: {{A+: {CONCENTRATION} mol/m^3, B-: {CONCENTRATION} mol/m^3}}
terminals:
  left: {{kind: electrode, potential: 0 V%s}}
  right: {{kind: reservoir, species: [A+, B-], potential: 0 V}}
study: [{{kind: equilibrium}}]
"""


def charge_and_capacitance(trial, potential):
    low, middle, high = (
        trial.equilibrium({"left": v}).charge("left") for v in (potential - STEP, potential, potential + STEP)
    )
    return middle, (high - low) / (2.0 * STEP)


def rows(bench):
    reference = {0.1: (1.851704641, 37.5367359), 0.2: (13.22871033, 257.656625)}
    points = (-0.3, -0.2, -0.1, -0.05, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3)
    found = {}
    profiles = {}
    with bench.trial(CASE % "") as trial:
        for v in points:
            found[v] = charge_and_capacitance(trial, v)
            expected = reference.get(v) or (
                float(exact.gouy_chapman_charge(v, **BULK)) / MICRO,
                float(exact.gouy_chapman_capacitance(v, **BULK)) / MICRO,
            )
            yield Row(f"charge at {v:g} V", expected[0], found[v][0] / MICRO, 1e-3, "uC/cm^2")
            yield Row(f"capacitance at {v:g} V", expected[1], found[v][1] / MICRO, 1e-3, "uF/cm^2")
        for v in (0.05, 0.1, 0.2, 0.3):
            trial.equilibrium({"left": v})
            profiles[v] = trial.profile().along("potential [V]")
        for v, (x, phi) in profiles.items():
            for distance in (0.2, 1.0, 3.0):
                expected = float(exact.gouy_chapman_potential(distance * DEBYE, v, **BULK))
                if (v, distance) == (0.2, 1.0):
                    expected = 0.0379284294
                # ln phi is close to a straight line between points
                value = float(np.exp(np.interp(distance * DEBYE, x, np.log(np.abs(phi)))))
                yield Row(f"potential {distance:g} lambda from {v:g} V", expected, value, 1e-3, "V")

    def diffuse(potential):
        return float(exact.gouy_chapman_charge(potential, **BULK))

    stern = {}
    with bench.trial(CASE % f", stern_capacitance: {STERN} F/m^2") as trial:
        for v in (-0.4, 0.05, 0.1, 0.2, 0.4, 0.8):
            stern[v] = charge_and_capacitance(trial, v)
            share = exact.diffuse_potential(v, diffuse, stern_capacitance=STERN)
            series = float(exact.series_capacitance(STERN, exact.gouy_chapman_capacitance(share, **BULK)))
            yield Row(
                f"charge at {v:g} V behind a Stern layer", diffuse(share) / MICRO, stern[v][0] / MICRO, 1e-3, "uC/cm^2"
            )
            yield Row(
                f"capacitance at {v:g} V behind a Stern layer", series / MICRO, stern[v][1] / MICRO, 1e-3, "uF/cm^2"
            )

    line = np.linspace(-0.3, 0.3, 201)
    wide = np.linspace(-0.45, 0.85, 201)
    shares = np.array([exact.diffuse_potential(v, diffuse, stern_capacitance=STERN) for v in wide])
    both = exact.series_capacitance(STERN, exact.gouy_chapman_capacitance(shares, **BULK))
    distance = np.linspace(0.0, 4.0, 201)
    bench.overlay(
        "gouy_chapman",
        "Gouy-Chapman layer, 298.15 K, ε = 10, 10²⁵ m⁻³: lines exact, points simulated",
        [
            Panel(
                "potential (V)",
                "charge (µC/cm²)",
                exact=[Curve("", line, exact.gouy_chapman_charge(line, **BULK) / MICRO)],
                simulated=[Curve("", list(found), [q / MICRO for q, _ in found.values()])],
            ),
            Panel(
                "potential (V)",
                "capacitance (µF/cm²)",
                exact=[
                    Curve("no Stern layer", line, exact.gouy_chapman_capacitance(line, **BULK) / MICRO),
                    Curve("20 µF/cm² in series", wide, both / MICRO, 1),
                ],
                simulated=[
                    Curve("", list(found), [c / MICRO for _, c in found.values()]),
                    Curve("", list(stern), [c / MICRO for _, c in stern.values()], 1),
                ],
                log_y=True,
                y_range=(4.0, 3e4),
            ),
            Panel(
                "distance (Debye lengths)",
                "potential (mV)",
                exact=[
                    Curve(f"{v:g} V", distance, 1e3 * exact.gouy_chapman_potential(distance * DEBYE, v, **BULK), i)
                    for i, v in enumerate(profiles)
                ],
                simulated=[Curve("", x / DEBYE, 1e3 * phi, i) for i, (x, phi) in enumerate(profiles.values())],
                log_y=True,
                x_range=(0.0, 4.0),
                y_range=(0.5, 400.0),
            ),
        ],
    )
