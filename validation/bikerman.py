r"""Two mobile ions with excluded volume at an electrode: from camel to bell.

Both ions compete for one class of 1/a^3 sites per volume, c0 of each in the bulk, packing nu = 2 a^3 c0::

    sigma/(2 z F c0 lambda) = sgn(u) sqrt((2/nu) ln(1 + 2 nu sinh^2(u/2)))
    C/C0 = |sinh u| / [(1 + 2 nu sinh^2(u/2)) sqrt((2/nu) ln(1 + 2 nu sinh^2(u/2)))],   C0 = eps/lambda
    C/C0 = 1 + (1 - 3 nu) u^2/8 + ...   minimum at u = 0 (camel) below nu = 1/3, maximum (bell) above

T = 298.15 K, eps_r = 10, c0 = 1e25 /m^3. nu = 0.1, u = 10: charge 11.836456, C/C0 = 0.84415763.

Source: M. S. Kilic, M. Z. Bazant, A. Ajdari, Phys. Rev. E 75 (2007) 021502, doi 10.1103/PhysRevE.75.021502. No tolerance is
given there; 0.2 % is used.
"""

from __future__ import annotations

import numpy as np

from ssbsim.analysis import exact
from ssbsim.commands.validate import Curve, Panel, Row
from ssbsim.constants import AVOGADRO, FARADAY, GAS_CONSTANT

THERMAL = GAS_CONSTANT * 298.15 / FARADAY
CONCENTRATION = 1e25 / AVOGADRO
BULK = {"temperature": 298.15, "relative_permittivity": 10.0, "concentration": CONCENTRATION}
DEBYE = 0.842573938e-9
UNIT = 2.0 * FARADAY * CONCENTRATION * DEBYE
STEP = 0.02  # in units of R T/F

CASE = """
title: Two ions that share one class of sites
temperature: 298.15 K
geometry:
  kind: layers
  layers: [{{phase: electrolyte, thickness: 30 nm}}]
  spacing: {{interface: 0.4 nm, bulk: 0.4 nm, terminal: 0.01 nm, growth: 1.04}}
phases:
  electrolyte:
    electrostatics: poisson
    permittivity: 10
    species: {{A+: {{diffusivity: 1e-12 m^2/s}}, B-: {{diffusivity: 1e-12 m^2/s}}}}
    sites: [{{name: sites, statistics: site_limited, density: {density} mol/m^3}}]
    concentration: {{A+: {concentration} mol/m^3, B-: {concentration} mol/m^3}}
terminals:
  left: {{kind: electrode, potential: 0 V}}
  right: {{kind: reservoir, species: [A+, B-], potential: 0 V}}
study: [{{kind: equilibrium}}]
"""


def rows(bench):
    curves, shapes, charges = [], [], []
    line = np.linspace(-14.0, 14.0, 561)
    bent = {}
    capacity = 1.0
    for i, nu in enumerate((0.03, 0.1, 1.0 / 3.0, 0.8)):
        text = CASE.format(density=2.0 * CONCENTRATION / nu, concentration=CONCENTRATION)
        with bench.trial(text) as trial:

            def charge(u, trial=trial):
                return trial.equilibrium({"left": u * THERMAL}).charge("left") / UNIT

            potentials = (-10.0, -4.0, 1.0, 2.0, 4.0, 7.0, 10.0, 14.0)
            found = {u: charge(u) for u in potentials}
            slope = {u: (charge(u + STEP) - charge(u - STEP)) / (2.0 * STEP) for u in (0.0, *potentials)}
        for u in potentials:
            expected = float(exact.bikerman_charge(u * THERMAL, **BULK, packing=nu)) / UNIT
            capacity = float(exact.bikerman_capacitance(u * THERMAL, **BULK, packing=nu)) * THERMAL / UNIT
            if u == 10.0 and nu == 0.1:
                expected, capacity = 11.836456, 0.84415763
            yield Row(f"nu = {nu:.3g}, u = {u:g}: charge/(2 z F c0 lambda)", expected, found[u], 2e-3)
            yield Row(f"nu = {nu:.3g}, u = {u:g}: C/C0", capacity, slope[u], 2e-3)
        yield Row(f"nu = {nu:.3g}, u = 0: C/C0", 1.0, slope[0.0], 2e-3)
        bent[nu] = slope[1.0] - slope[0.0]
        label = f"ν = {nu:.2g}"
        curve = exact.bikerman_capacitance(line * THERMAL, **BULK, packing=nu) * THERMAL / UNIT
        curves.append(Curve(label, line, curve, i))
        shapes.append(Curve("", list(slope), list(slope.values()), i))
        charges.append(
            (
                Curve(label, line, exact.bikerman_charge(line * THERMAL, **BULK, packing=nu) / UNIT, i),
                Curve("", list(found), list(found.values()), i),
            )
        )
    # the curvature changes sign at nu = 1/3: what C gains from u = 0 to 1 is positive, nearly nothing, negative
    for nu, gain in bent.items():
        expected = float(exact.bikerman_capacitance(THERMAL, **BULK, packing=nu)) * THERMAL / UNIT - 1.0
        shape = "camel" if nu < 0.33 else ("flat" if nu < 0.34 else "bell")
        yield Row(f"nu = {nu:.3g}: C(u = 1)/C0 - C(0)/C0 ({shape})", expected, gain, 5e-4, kind="absolute")
    bench.overlay(
        "bikerman",
        "Two ions with excluded volume, packing ν: lines exact, points simulated",
        [
            Panel(
                "potential (kT/e)",
                "charge (2 z F c₀ λ)",
                exact=[c[0] for c in charges],
                simulated=[c[1] for c in charges],
                y_range=(-15.0, 25.0),
            ),
            Panel("potential (kT/e)", "C/C₀", exact=curves, simulated=shapes, y_range=(0.0, 3.0)),
        ],
    )
