r"""Debye length of two mobile ions, of one ion on a fixed background, and of a lattice gas.

Compared with the closed forms (eps = eps_r eps_0)::

    two mobile ions           lambda = sqrt(eps R T / (2 z^2 F^2 c))
    one ion on a background   lambda = sqrt(eps R T / (z^2 F^2 c))
    lattice gas               lambda = sqrt(eps R T / (z^2 F^2 c_max theta (1 - theta)))

are (a) the length that ssbsim computes from its phase model, which knows none of them (it differentiates the concentrations),
and (b) the length over which a simulated layer at 0.01 mV decays, from the charge on the electrode: ``lambda = eps phi0/sigma``.

Source: textbook; J. Maier, Prog. Solid State Chem. 23 (1995) 171, doi 10.1016/0079-6786(95)00004-E. Tolerance: (a) 1e-8, the
rounding of the derivative; (b) 0.1 %.
"""

from __future__ import annotations

import numpy as np

from ssbsim.analysis import exact
from ssbsim.commands.validate import Curve, Panel, Row
from ssbsim.constants import AVOGADRO, VACUUM_PERMITTIVITY

WEAK = 1e-5  # V

CASE = """
title: Weak layer at an electrode
temperature: {temperature} K
geometry:
  kind: layers
  layers: [{{phase: electrolyte, thickness: {thickness} m}}]
  spacing: {{interface: {bulk} m, bulk: {bulk} m, terminal: {fine} m, growth: 1.05}}
phases:
  electrolyte: {phase}
terminals:
  left: {{kind: electrode, potential: 0 V}}
  right: {{kind: reservoir, species: {species}, potential: 0 V}}
study: [{{kind: equilibrium}}]
"""

BINARY = """
    electrostatics: poisson
    permittivity: {permittivity}
    species: {{cation: {{charge: {z}, diffusivity: 1e-12 m^2/s}}, anion: {{charge: -{z}, diffusivity: 1e-12 m^2/s}}}}
    sites:
      - {{name: cations, statistics: dilute, density: {c} mol/m^3, standard_potential: {{cation: 0 eV}}}}
      - {{name: anions, statistics: dilute, density: {c} mol/m^3, standard_potential: {{anion: 0 eV}}}}
    concentration: {{cation: {c} mol/m^3, anion: {c} mol/m^3}}
"""

ONE_ION = """
    electrostatics: poisson
    permittivity: {permittivity}
    species: {{cation: {{charge: {z}, diffusivity: 1e-12 m^2/s}}}}
    sites: [{{name: sites, statistics: {statistics}, density: {density} mol/m^3}}]
    concentration: {{cation: {c} mol/m^3}}
"""


def rows(bench):
    points = {"two mobile ions": ([], []), "one ion": ([], []), "lattice gas": ([], [])}

    def compare(kind, label, abscissa, expected, phase, species, temperature, permittivity):
        text = CASE.format(
            temperature=temperature,
            phase=phase,
            species=species,
            thickness=12 * expected,
            bulk=expected / 2,
            fine=expected / 100,
        )
        with bench.trial(text) as trial:
            yield Row(f"{label}, from the model", expected, trial.simulation.debye_lengths["electrolyte"], 1e-8, "m")
            trial.equilibrium({"left": WEAK})
            found = VACUUM_PERMITTIVITY * permittivity * WEAK / trial.charge("left")
        yield Row(f"{label}, from a layer at 0.01 mV", expected, found, 1e-3, "m")
        points[kind][0].append(abscissa)
        points[kind][1].append(found)

    for number, z, temperature, permittivity in ((1e24, 1, 298.15, 10), (1e25, 1, 298.15, 10), (1e26, 2, 600.0, 80)):
        c = number / AVOGADRO
        length = float(exact.debye_length_binary(temperature, permittivity, concentration=c, charge_number=z))
        phase = BINARY.format(permittivity=permittivity, z=z, c=c)
        label = f"two ions, {number:g} /m^3, z = {z}, eps {permittivity}, {temperature:g} K"
        screening = z**2 * c / permittivity / temperature
        yield from compare(
            "two mobile ions", label, screening, length, phase, "[cation, anion]", temperature, permittivity
        )
    for number, z, temperature, permittivity in ((1e25, 1, 300.0, 10), (1e26, 1, 300.0, 10), (1e27, 2, 900.0, 100)):
        c = number / AVOGADRO
        length = float(exact.debye_length_one_ion(temperature, permittivity, concentration=c, charge_number=z))
        phase = ONE_ION.format(permittivity=permittivity, z=z, c=c, statistics="dilute", density=c)
        label = f"one ion, {number:g} /m^3, z = {z}, eps {permittivity}, {temperature:g} K"
        screening = z**2 * c / permittivity / temperature
        yield from compare("one ion", label, screening, length, phase, "cation", temperature, permittivity)
    for number, theta in ((2e28, 0.05), (1e26, 0.5), (1e27, 0.95), (1e28, 0.005)):
        density, temperature, permittivity = number / AVOGADRO, 300.0, 10
        length = float(
            exact.debye_length_lattice_gas(temperature, permittivity, site_density=density, site_fraction=theta)
        )
        phase = ONE_ION.format(
            permittivity=permittivity, z=1, c=density * theta, statistics="site_limited", density=density
        )
        label = f"lattice gas, {number:g} /m^3, theta = {theta:g}"
        screening = density * theta * (1 - theta) / permittivity / temperature
        yield from compare("lattice gas", label, screening, length, phase, "cation", temperature, permittivity)

    everything = np.concatenate([np.asarray(x) for x, _ in points.values()])
    line = np.geomspace(everything.min() / 2, everything.max() * 2, 50)
    one = exact.debye_length_one_ion(300.0, 1.0, concentration=line * 300.0) * 1e9
    bench.overlay(
        "debye_length",
        "Debye length from the charge of a layer at 0.01 mV",
        [
            Panel(
                "z² c/(ε T), or z² c θ(1−θ)/(ε T) with site density c (mol/m³/K)",
                "Debye length (nm)",
                exact=[
                    Curve("exact, one mobile ion or lattice gas", line, one),
                    Curve("exact, two mobile ions", line, one / np.sqrt(2.0), 1),
                ],
                simulated=[
                    Curve("one ion", points["one ion"][0], np.array(points["one ion"][1]) * 1e9),
                    Curve("lattice gas", points["lattice gas"][0], np.array(points["lattice gas"][1]) * 1e9, 2),
                    Curve("two ions", points["two mobile ions"][0], np.array(points["two mobile ions"][1]) * 1e9, 1),
                ],
                log_x=True,
                log_y=True,
            )
        ],
    )
