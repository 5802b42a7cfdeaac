r"""Charging of a blocking cell by a step of potential, linear and nonlinear.

Symmetric binary of equal diffusivities between blocking electrodes at -v and +v from t = 0, half gap Lh, lambda/Lh = 0.05. Time is
counted in lambda Lh/D, v in R T/F, and the charge on the *electrode* (what flowed through the circuit) in 2 F c0 lambda::

    v = 1:  q(1) = 0.66081,  q(4) = 1.00792,  final 1.03556
    weak steps: exp(-t/tau), tau = 0.973994, the slowest root of tanh(sqrt(1 + s)/e)/sqrt(1 + s) + s/e = 0, e = lambda/Lh

The curves are those of an independent solution (Chebyshev collocation in space, Radau in time, good to 1e-6). The time constant is
the slope of ln(q_final - q) between t = 3 and t = 7 at v = 0.001.

Source: M. Z. Bazant, K. Thornton, A. Ajdari, Phys. Rev. E 70 (2004) 021506, doi 10.1103/PhysRevE.70.021506. Tolerance 1 %.
"""

from __future__ import annotations

import numpy as np

from ssbsim.analysis import exact
from ssbsim.commands.validate import Curve, Panel, Row
from ssbsim.constants import AVOGADRO, FARADAY, GAS_CONSTANT

THERMAL = GAS_CONSTANT * 298.15 / FARADAY
CONCENTRATION = 1e25 / AVOGADRO
DEBYE = 0.842573938e-9
RATIO = 0.05
HALF_GAP = DEBYE / RATIO
UNIT_TIME = DEBYE * HALF_GAP / 1e-12
UNIT_CHARGE = 2.0 * FARADAY * CONCENTRATION * DEBYE

CASE = f"""
title: Blocking cell with a symmetric binary
temperature: 298.15 K
geometry:
  kind: layers
  layers: [{{phase: electrolyte, thickness: {2 * HALF_GAP} m}}]
  spacing: {{interface: 0.4 nm, bulk: 0.4 nm, terminal: 0.01 nm, growth: 1.08}}
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
  left: {{kind: electrode, potential: 0 V}}
  right: {{kind: electrode, potential: 0 V}}
study: [{{kind: equilibrium}}]
"""


def charging(bench, v, times, tolerance):
    """Charge on the right electrode at times (scaled), and at equilibrium."""
    ends = {"left": -v * THERMAL, "right": v * THERMAL}
    with bench.trial(CASE) as trial:
        trial.equilibrium()
        charge = trial.transient(
            [t * UNIT_TIME for t in times],
            tolerance=tolerance,
            potentials=ends,
            read=lambda now: (now.charge("right") / UNIT_CHARGE, now.charge("left") / UNIT_CHARGE),
        )
        # the electrodes hold no ions, so each gets what the other loses
        right, left = np.array(charge).T
        final = trial.equilibrium().charge("right") / UNIT_CHARGE
    return right, left, final


def rows(bench):
    times = [0.03, 0.1, 0.3, 0.6, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 9.0]
    curves, points = [], []
    for i, v in enumerate((1.0, 2.0, 4.0)):
        right, left, final = charging(bench, v, times, 1e-4)
        reference = exact.step_charging_binary(RATIO, v, times).electrode_charge
        for t, found, expected in zip(times, right, reference, strict=True):
            value = {(1.0, 1.0): 0.66081, (1.0, 4.0): 1.00792}.get((v, t), float(expected))
            yield Row(f"v = {v:g}: charge at t = {t:g}", value, float(found), 1e-2)
        if v == 1.0:
            yield Row("v = 1: final charge", 1.03556, final, 1e-2)
        yield Row(f"v = {v:g}: charge of both electrodes together", 0.0, float(np.abs(right + left).max()), 1e-8)
        fine = np.concatenate([np.linspace(0.0, 0.2, 21), np.linspace(0.25, 9.0, 71)])
        curve = exact.step_charging_binary(RATIO, v, fine).electrode_charge
        curves.append(Curve(f"v = {v:g}", fine, curve, i))
        points.append(Curve("", times, right, i))

    late = list(np.linspace(0.5, 7.0, 14))
    right, _, final = charging(bench, 1e-3, late, 1e-7)
    rest = np.log(1.0 - right / final)
    chosen = np.array(late) >= 3.0
    found = -1.0 / np.polyfit(np.array(late)[chosen], rest[chosen], 1)[0]
    tau = exact.linear_charging_time(RATIO)
    yield Row("weak step: time constant", 0.973994, float(found), 1e-2)
    wide = np.linspace(0.0, 7.0, 80)
    weak = exact.step_charging_binary(RATIO, 1e-3, wide).electrode_charge
    bench.overlay(
        "step_charging",
        "Step charging of a blocking cell, λ/L = 0.05: lines exact, points simulated",
        [
            Panel(
                "time (λL/D)",
                "charge on the electrode (2Fc₀λ)",
                exact=curves,
                simulated=points,
                y_range=(0.0, 7.5),
            ),
            Panel(
                "time (λL/D)",
                "1 − q/q(∞)",
                exact=[Curve("weak step", wide, 1.0 - weak * np.tanh(1.0 / RATIO) / 1e-3)],
                approximate=[Curve(f"exp(−t/{tau:.4f})", wide, np.exp(-wide / tau), 2)],
                simulated=[Curve("", late, np.exp(rest))],
                log_y=True,
            ),
        ],
    )
