r"""Lattice gas of one mobile ion on a fixed background at an electrode: charge, capacitance, widths.

With c_max sites, the fraction theta of them filled in the bulk and u = F phi/(R T)::

    sigma^2 = 2 eps R T c_max [ln(1 - theta + theta e^-u) + theta u],   C = eps |rho(phi0)|/|sigma|
    widths at large |u|:  depletion sqrt(2 eps phi/(F c_max theta)),  accumulation sqrt(2 eps |phi|/(F c_max (1 - theta)))

T = 300 K, eps_r = 10; materials (c_max, theta) = (2e28 /m^3, 0.05) and (1e26 /m^3, 0.5). The width that is found is
``int |c - c_bulk| dx`` over the largest deviation that the sites allow. The width formulas are limits, off by 1 % at 1 V and by
up to 0.4 % at 10 V, so they are held against simulations at +-10 V, which also shows that 10 V does not overflow; at +-1 V the
widths are held against the exact charge.

Source: A. A. Kornyshev, M. A. Vorotyntsev, Electrochim. Acta 26 (1981) 303; numbers at +-1 V computed from the formula outside
ssbsim. Tolerance 0.5 %.
"""

from __future__ import annotations

import numpy as np

from ssbsim.analysis import exact
from ssbsim.commands.validate import Curve, Panel, Row
from ssbsim.constants import AVOGADRO, FARADAY

STEP = 1e-3  # V
MICRO = 1e-2
POINTS = (-2.0, -1.0, -0.5, -0.2, -0.05, 0.02, 0.1, 0.2, 0.5, 1.0, 2.0)
REFERENCE = {
    (0.05, 1.0): (16.619116, 8.535937),
    (0.05, -1.0): (-70.364855, 38.305129),
    (0.5, 1.0): (3.698320, 1.917894),
    (0.5, -1.0): (-3.698320, 1.917894),
}

CASE = """
title: Solid electrolyte at a blocking electrode
temperature: 300 K
geometry:
  kind: layers
  layers: [{{phase: electrolyte, thickness: {thickness} nm}}]
  spacing: {{interface: {coarse} nm, bulk: {coarse} nm, terminal: {fine} nm, growth: 1.05}}
phases:
  electrolyte:
    electrostatics: poisson
    permittivity: 10
    species: {{Li+: {{diffusivity: 1e-12 m^2/s}}}}
    sites: [{{name: sites, statistics: site_limited, density: {density} mol/m^3}}]
    concentration: {{Li+: {concentration} mol/m^3}}
terminals:
  left: {{kind: electrode, potential: 0 V}}
  right: {{kind: reservoir, species: Li+, potential: 0 V}}
study: [{{kind: equilibrium}}]
"""


def rows(bench):
    panels = []
    colours = {}
    materials = ((2e28, "2·10²⁸", 0.05, 8.0, 0.0005), (1e26, "10²⁶", 0.5, 80.0, 0.005))
    for number, sites, theta, thickness, fine in materials:
        density = number / AVOGADRO
        phase = {"temperature": 300.0, "relative_permittivity": 10.0, "site_density": density, "site_fraction": theta}
        name = f"{number:g} /m^3, theta {theta:g}"
        text = CASE.format(
            thickness=thickness, coarse=40 * fine, fine=fine, density=density, concentration=density * theta
        )
        charges, capacitances, width = {}, {}, {}
        with bench.trial(text) as trial:
            for v in POINTS:
                low, middle, high = (trial.equilibrium({"left": w}).charge("left") for w in (v - STEP, v, v + STEP))
                charges[v], capacitances[v] = middle, (high - low) / (2.0 * STEP)
                expected = REFERENCE.get((theta, v)) or (
                    float(exact.lattice_gas_charge(v, **phase)) / MICRO,
                    float(exact.lattice_gas_capacitance(v, **phase)) / MICRO,
                )
                yield Row(f"{name}: charge at {v:+g} V", expected[0], middle / MICRO, 5e-3, "uC/cm^2")
                yield Row(f"{name}: capacitance at {v:+g} V", expected[1], capacitances[v] / MICRO, 5e-3, "uF/cm^2")
            for v in (1.0, -1.0, 10.0, -10.0):
                trial.equilibrium({"left": v})
                profile = trial.profile()
                if v == 1.0:
                    x, fraction = profile.along("occupancy Li+ [1]")
                    depleted = x, fraction
                elif v == -1.0:
                    filled = profile.along("occupancy Li+ [1]")
                room = density * (theta if v > 0 else 1.0 - theta)
                missing = profile.integral("concentration Li+ [mol/m^3]") - density * theta * thickness * 1e-9
                width[v] = abs(missing) / room
        for v, found in width.items():
            kind = "depletion" if v > 0 else "accumulation"
            if abs(v) == 1.0:
                room = FARADAY * density * (theta if v > 0 else 1.0 - theta)
                expected = abs(float(exact.lattice_gas_charge(v, **phase))) / room
                yield Row(f"{name}: {kind} width at {v:+g} V", expected * 1e9, found * 1e9, 5e-3, "nm")
            elif v > 0:
                limit = exact.depletion_width(v, relative_permittivity=10.0, concentration=density * theta)
                yield Row(f"{name}: {kind} width at {v:+g} V (limit)", float(limit) * 1e9, found * 1e9, 5e-3, "nm")
            else:
                limit = exact.accumulation_width(
                    v, relative_permittivity=10.0, site_density=density, site_fraction=theta
                )
                yield Row(f"{name}: {kind} width at {v:+g} V (limit)", float(limit) * 1e9, found * 1e9, 5e-3, "nm")
        colours[name] = len(colours)
        colour, label = colours[name], f"{sites} m⁻³, θ = {theta:g}"
        line = np.linspace(-2.0, 2.0, 401)
        place = np.linspace(0.0, thickness * 1e-9, 2001)
        panels.append(
            (
                Curve(label, line, np.abs(exact.lattice_gas_charge(line, **phase)) / MICRO, colour),
                Curve("", list(charges), [abs(q) / MICRO for q in charges.values()], colour),
                Curve(label, line, exact.lattice_gas_capacitance(line, **phase) / MICRO, colour),
                Curve("", list(capacitances), [c / MICRO for c in capacitances.values()], colour),
            )
        )
        if theta == 0.05:
            shapes = [
                [
                    Curve(
                        f"{v:+g} V",
                        place * 1e9,
                        exact.lattice_gas_site_fraction(
                            exact.lattice_gas_profile(place, v, **phase), temperature=300.0, site_fraction=theta
                        ),
                        i,
                    ),
                    Curve("", data[0] * 1e9, data[1], i),
                ]
                for i, (v, data) in enumerate(((1.0, depleted), (-1.0, filled)))
            ]
    bench.overlay(
        "lattice_gas",
        "Lattice gas on a fixed background, 300 K, ε = 10: lines exact, points simulated",
        [
            Panel(
                "potential (V)",
                "|charge| (µC/cm²)",
                exact=[p[0] for p in panels],
                simulated=[p[1] for p in panels],
                log_y=True,
                y_range=(0.03, 500.0),
            ),
            Panel(
                "potential (V)",
                "capacitance (µF/cm²)",
                exact=[p[2] for p in panels],
                simulated=[p[3] for p in panels],
                log_y=True,
                y_range=(1.0, 400.0),
            ),
            Panel(
                "distance (nm)",
                "site fraction",
                exact=[shape[0] for shape in shapes],
                simulated=[shape[1] for shape in shapes],
                title="2·10²⁸ m⁻³, θ = 0.05",
                x_range=(0.0, 1.8),
                y_range=(-0.05, 1.25),
            ),
        ],
    )
