r"""Diffusion impedance: finite space and finite length.

Ions of diffusivity D in a metallic conductor, in which the potential is uniform: their electrochemical potential is then their
chemical one, and the linear response between a reservoir that drives them and the other end, a length L away, is diffusion::

    finite space (the other end blocks)        Z = R coth(sqrt(i w tau))/sqrt(i w tau)
    finite length (the other end holds mu)     Z = R tanh(sqrt(i w tau))/sqrt(i w tau)

with ``tau = L^2/D`` and ``R = L/sigma``, ``sigma = F^2 D c/(R T)`` for dilute ions. The electrons leave through an electrode: at
the far end, which blocks ions, or along the top of the cell, where both ends are reservoirs. That is all that this configuration
adds to the formula: the electronic conductivity is 1e9 S/m, 1e9 times that of the ions or more.

Source: D. R. Franceschetti, J. R. Macdonald, R. P. Buck, J. Electrochem. Soc. 138 (1991) 1368 (from memory). Six decades,
w tau = 1e-3 to 1e3. Tolerance 0.5 %.
"""

from __future__ import annotations

import numpy as np

from ssbsim.analysis.exact.impedance import finite_length_diffusion_impedance, finite_space_diffusion_impedance
from ssbsim.commands.validate import Curve, Panel, Row
from ssbsim.constants import FARADAY, GAS_CONSTANT

LENGTH, DIFFUSIVITY, CONCENTRATION = 1e-6, 1e-12, 1000.0
TAU = LENGTH**2 / DIFFUSIVITY
RESISTANCE = LENGTH * GAS_CONSTANT * 298.15 / (FARADAY**2 * DIFFUSIVITY * CONCENTRATION)
CASE = """
title: Diffusion in a metallic conductor
temperature: 298.15 K
geometry:
  kind: layers
  dimension: {dimension}
  {width}
  layers: [{{phase: host, thickness: 1 um}}]
  spacing: {{interface: 40 nm, bulk: 40 nm, terminal: {h} nm, growth: 1.1}}
phases:
  host:
    electrostatics: conductor
    electronic_conductivity: 1e9 S/m
    species: {{Li+: {{diffusivity: 1e-12 m^2/s}}}}
    sites: [{{name: A, statistics: dilute, density: 1000 mol/m^3}}]
    concentration: {{Li+: 1000 mol/m^3}}
terminals:
{terminals}
study: [{{kind: equilibrium}}]
"""
RESERVOIR, ELECTRODE = "{kind: reservoir, species: Li+, potential: 0 V}", "{kind: electrode, potential: 0 V}"
CASES = {
    "finite space": (
        1,
        {"left": ELECTRODE, "right": RESERVOIR},
        finite_space_diffusion_impedance,
        0.3312381 - 1.0220127j,
    ),
    "finite length": (
        2,
        {"left": RESERVOIR, "top": ELECTRODE, "right": RESERVOIR},
        finite_length_diffusion_impedance,
        0.8854508 - 0.2869779j,
    ),
}


def rows(bench):
    omega = np.logspace(-3, 3, 25)
    curves, points = [], []
    fine = np.logspace(-3, 3, 200)
    for i, (name, (dimension, terminals, exact, tabulated)) in enumerate(CASES.items()):
        text = CASE.format(
            dimension=dimension,
            width="width: 10 nm" if dimension == 2 else "",
            h=4 if dimension == 2 else 2,
            terminals="\n".join(f"  {side}: {terminal}" for side, terminal in terminals.items()),
        )
        with bench.trial(text) as trial:
            found = trial.equilibrium().impedance(omega / (2 * np.pi * TAU), terminal="right").impedance / RESISTANCE
        expected = exact(omega / (2 * np.pi * TAU), resistance=1.0, time_constant=TAU)
        one = int(np.argmin(np.abs(np.log(omega))))
        for part in ("real", "imag"):
            word = {"real": "real part", "imag": "imaginary part"}[part]
            yield Row(f"{name}, w tau = 1: {word}", getattr(tabulated, part), float(getattr(found[one], part)), 5e-3)
        yield Row(f"{name}: largest error over six decades", 0.0, float(np.abs(found / expected - 1).max()), 5e-3)
        z = exact(fine / (2 * np.pi * TAU), resistance=1.0, time_constant=TAU)
        curves.append(Curve(name, z.real, -z.imag, i))
        points.append(Curve("", found.real, -found.imag, i))
    bench.overlay(
        "diffusion_impedance",
        "Diffusion impedance: lines exact, points simulated",
        [Panel("Re Z/R", "−Im Z/R", exact=curves, simulated=points, x_range=(0.0, 1.1), y_range=(0.0, 1.5))],
    )
