r"""Gouy-Chapman grain boundary: the enriched ion along it, the depleted ion across it.

Two dilute mobile ions, lambda their Debye length, zeta = c/c_bulk at the plane (``e^-u0`` for the cation, ``e^u0`` for the anion)::

    along the boundary:   excess conductance, as a thickness of bulk, 2 lambda (sqrt(zeta) - 1) per side
    across the boundary:  excess resistance, as a length of bulk, 2 lambda (1/sqrt(zeta) - 1) per side

for each ion. The plane between two equal grains carries ``Q = 2 sqrt(8 eps R T c) sinh(u0/2)``. Along: from the excess amount of
each ion at equilibrium. Across: both ions flow under a bias of 0.1 mV, each with its own resistance. T = 298.15 K, eps_r = 10,
c = 1e25 /m^3.

Source: J. Maier, Prog. Solid State Chem. 23 (1995) 171, doi 10.1016/0079-6786(95)00004-E. No tolerance is given there; 0.5 % is
used.
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
CHARGES = {"A+": 1, "B-": -1}
DIFFUSIVITY = {"A+": 1e-12, "B-": 3e-13}
BIAS = 1e-4

CASE = """
title: Charged plane in a binary electrolyte
temperature: 298.15 K
geometry:
  kind: layers
  layers: [{{phase: grain, thickness: 25 nm}}, {{phase: grain, thickness: 25 nm}}]
  spacing: {{interface: 0.001 nm, bulk: 0.3 nm, growth: 1.04}}
phases:
  grain:
    electrostatics: poisson
    permittivity: 10
    species: {{A+: {{diffusivity: 1e-12 m^2/s}}, B-: {{diffusivity: 3e-13 m^2/s}}}}
    sites:
      - {{name: cations, statistics: dilute, density: {concentration} mol/m^3, standard_potential: {{A+: 0 eV}}}}
      - {{name: anions, statistics: dilute, density: {concentration} mol/m^3, standard_potential: {{B-: 0 eV}}}}
    concentration: {{A+: {concentration} mol/m^3, B-: {concentration} mol/m^3}}
interfaces:
  grain|grain: {{laws: [{{law: fixed_charge, charge: {charge} C/m^2}}]}}
terminals:
  left: {{kind: reservoir, species: [A+, B-], potential: 0 V}}
  right: {{kind: reservoir, species: [A+, B-], potential: 0 V}}
study: [{{kind: equilibrium}}]
"""


def rows(bench):
    along, across = {}, {}
    for u0 in (-4.0, 1.0, 2.0, 4.0, 6.0, 8.0):
        charge = 2.0 * float(exact.gouy_chapman_charge(u0 * THERMAL, **BULK))
        with bench.trial(CASE.format(concentration=CONCENTRATION, charge=charge)) as trial:
            trial.equilibrium()
            _, phi = trial.profile().along("potential [V]", "grain.2")
            amounts = {k: trial.amount(k) for k in CHARGES}
            trial.steady({"right": BIAS})
            flux = {k: trial.flux("right", k) for k in CHARGES}
        yield Row(f"u0 = {u0:g}: potential of the plane", u0 * THERMAL, phi[0], 1e-3, "V")
        for k, z in CHARGES.items():
            zeta = np.exp(-z * u0)
            thickness = (amounts[k] / CONCENTRATION - 50e-9) / 2.0
            length = (DIFFUSIVITY[k] * CONCENTRATION * z * BIAS / THERMAL / flux[k] - 50e-9) / 2.0
            along[zeta], across[zeta] = thickness, length
            expected = float(exact.gouy_chapman_parallel_excess(zeta, DEBYE))
            kind = "enriched" if zeta > 1.0 else "depleted"
            yield Row(f"u0 = {u0:g}: {kind} {k}, parallel excess", expected * 1e9, thickness * 1e9, 5e-3, "nm")
            expected = float(exact.gouy_chapman_serial_excess(zeta, DEBYE))
            yield Row(f"u0 = {u0:g}: {kind} {k}, serial excess", expected * 1e9, length * 1e9, 5e-3, "nm")

    line = np.geomspace(1e-4, 1e4, 401)
    enriched, depleted = {z: v for z, v in along.items() if z > 1}, {z: v for z, v in across.items() if z < 1}
    up, down = line[line > 1.2], line[line < 1 / 1.2]
    bench.overlay(
        "gouy_chapman_boundary",
        "Gouy-Chapman grain boundary: lines exact, points simulated",
        [
            Panel(
                "enrichment at the plane ζ",
                "excess conductance per side (nm of bulk)",
                exact=[Curve("", up, exact.gouy_chapman_parallel_excess(up, DEBYE) * 1e9)],
                simulated=[Curve("", list(enriched), [v * 1e9 for v in enriched.values()])],
                title="along the boundary, enriched ion",
                log_x=True,
                log_y=True,
            ),
            Panel(
                "enrichment at the plane ζ",
                "excess resistance per side (nm of bulk)",
                exact=[Curve("", down, exact.gouy_chapman_serial_excess(down, DEBYE) * 1e9, 2)],
                simulated=[Curve("", list(depleted), [v * 1e9 for v in depleted.values()], 2)],
                title="across the boundary, depleted ion",
                log_x=True,
                log_y=True,
            ),
        ],
    )
