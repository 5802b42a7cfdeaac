r"""Grains and resistive boundaries in series: the brick layer in one dimension.

Grains of length d with diffusivity D_b and broken boundaries of permeability P = D_gb/w (m/s), which for the charge is the
area-specific resistance ``R = (R T)/(F^2 c P)``::

    D_eff = d/(d/D_b + 1/P)        (the (d + w)/(d/D_b + w/D_gb) of a boundary of width w, which here has no thickness)
    step of the potential at a boundary over the drop in a grain = (1/P)/(d/D_b)

LLTO at 25 C: D_b = 2.6e-12 m2/s, D_gb/w = 1.4e-17 m2/s over 1 nm, d = 20 um (assumed): 2.53e-13 m2/s and 9.29. Steady state under
10 mV; the grains resolve no space charge, and none forms, because the boundaries carry no charge.

Source: J. Fleig, J. Maier, J. Eur. Ceram. Soc. 19 (1999) 693; numbers from Hasegawa et al., J. Mater. Chem. A 12 (2024) 731, doi
10.1039/d3ta05012b. Tolerance: the problem is linear and exact on any mesh, so 1e-8 where the formula is the same and 0.2 % on
the rounded numbers.
"""

from __future__ import annotations

import numpy as np

from ssbsim.analysis import exact
from ssbsim.commands.validate import Curve, Panel, Row
from ssbsim.constants import FARADAY, GAS_CONSTANT

THERMAL = GAS_CONSTANT * 298.15 / FARADAY
CONCENTRATION = 8261.0
BULK_DIFFUSIVITY = 2.6e-12
GRAIN = 20e-6
BIAS = 10e-3

CASE = """
title: Two LLTO grains and the boundary between them
temperature: 298.15 K
geometry:
  kind: layers
  layers: [{{phase: grain, thickness: 10 um}}, {{phase: grain, thickness: 20 um}}, {{phase: grain, thickness: 10 um}}]
  spacing: {{interface: 1 um, bulk: 2 um}}
phases:
  grain:
    electrostatics: poisson
    permittivity: 100
    species: {{Li+: {{diffusivity: 2.6e-12 m^2/s}}}}
    sites: [{{name: A, density: 12250 mol/m^3}}]
    concentration: {{Li+: 8261 mol/m^3}}
interfaces:
  grain|grain: {{contact: broken, laws: [{{law: resistive, species: Li+, resistance: {resistance} ohm*m^2}}]}}
terminals:
  left: {{kind: reservoir, species: Li+, potential: 0 V}}
  right: {{kind: reservoir, species: Li+, potential: 0 V}}
study: [{{kind: steady}}]
"""


def rows(bench):
    found, kept = {}, None
    for boundary in (1.4e-17, 1e-13, 1e-16, 1e-18, 1e-20):  # m2/s over 1 nm
        permeability = boundary / 1e-9
        text = CASE.format(resistance=THERMAL / (FARADAY * CONCENTRATION * permeability))
        with bench.trial(text) as trial:
            trial.steady({"right": BIAS})
            effective = trial.flux("right", "Li+") * 2 * GRAIN * THERMAL / (CONCENTRATION * BIAS)
            profile = trial.profile()
        grains = ("grain.1", "grain.2", "grain.3")
        phi = {name: profile.along("potential [V]", name) for name in grains}
        mu = {name: profile.along("electrochemical potential Li+ [eV]", name)[1] for name in grains}
        step = (mu["grain.2"][0] - mu["grain.1"][-1]) / (mu["grain.2"][-1] - mu["grain.2"][0])
        found[boundary] = effective
        expected = GRAIN / (GRAIN / BULK_DIFFUSIVITY + 1.0 / permeability)
        ratio = float(exact.boundary_step_ratio(BULK_DIFFUSIVITY, boundary, grain_size=GRAIN, boundary_width=1e-9))
        yield Row(f"D_gb = {boundary:g} m2/s: effective diffusivity", expected, effective, 1e-8, "m^2/s")
        yield Row(f"D_gb = {boundary:g} m2/s: step at a boundary over drop in a grain", ratio, step, 1e-8)
        if kept is None:
            kept = phi
            yield Row("LLTO: effective diffusivity, rounded", 2.53e-13, effective, 2e-3, "m^2/s")
            yield Row("LLTO: step over drop, rounded", 9.29, step, 2e-3)
    line = np.geomspace(1e-21, 1e-12, 200)
    one_grain = 1.0 / (2.0 * (1.0 + 9.2857))  # potential drop of a grain over the bias, 40 um hold two grains
    exact_x = np.array([0, 10, 10, 30, 30, 40.0])
    drop, jump = BIAS * one_grain, BIAS * (0.5 - one_grain)
    exact_y = np.cumsum([0, drop / 2, jump, drop, jump, drop / 2])
    bench.overlay(
        "resistive_boundary",
        "Grains and resistive boundaries in series: lines exact, points simulated",
        [
            Panel(
                "position (µm)",
                "potential (mV)",
                exact=[Curve("", exact_x, exact_y * 1e3)],
                simulated=[
                    Curve(
                        "",
                        np.concatenate([x for x, _ in kept.values()]) * 1e6,
                        np.concatenate([p for _, p in kept.values()]) * 1e3,
                    )
                ],
                title="LLTO, 20 µm grains, 1.4·10⁻⁸ m/s",
            ),
            Panel(
                "D_gb for a width of 1 nm (m²/s)",
                "effective diffusivity (m²/s)",
                exact=[
                    Curve(
                        "",
                        line,
                        exact.brick_layer_series(BULK_DIFFUSIVITY, line, grain_size=GRAIN, boundary_width=1e-9),
                    )
                ],
                simulated=[Curve("", list(found), list(found.values()))],
                log_x=True,
                log_y=True,
            ),
        ],
    )
