r"""Wires and balls: diffusion into them, space charge around and inside them, resistance of a shell.

Cylindrical and spherical coordinates in one dimension, compared with::

    diffusion       uptake and profile of a tracer against the series of J. Crank (The Mathematics of Diffusion, 1975)
    small charge    K0(r/lambda) and exp(-r/lambda)/r around a charged core
    large charge    a collocation solution of the radial equation: 6 kT/e around a core in a binary, and both sides of a
                    charged wall inside a full body
    conduction      R = (1/a - 1/b)/(4 pi sigma), of a tube ln(b/a)/(2 pi sigma) times its length

The formulas and their sources are in :mod:`ssbsim.analysis.exact.curved`. Tolerance: 1e-4 for diffusion and conduction, 1e-3 for
space charge.
"""

from __future__ import annotations

import numpy as np

from ssbsim.analysis import exact
from ssbsim.case import IsotopeImage, TracerStudy
from ssbsim.commands.validate import Curve, Panel, Row
from ssbsim.constants import FARADAY, GAS_CONSTANT, VACUUM_PERMITTIVITY
from ssbsim.studies import STUDIES

TEMPERATURE, CONCENTRATION, PERMITTIVITY = 298.15, 100.0, 20.0
BODIES = {"cylindrical": "cylinder", "spherical": "sphere"}
VOLT = GAS_CONSTANT * TEMPERATURE / FARADAY

SALT = f"""
    permittivity: {PERMITTIVITY}
    species: {{cation: {{charge: 1, diffusivity: 1e-12 m^2/s}}, anion: {{charge: -1, diffusivity: 1e-12 m^2/s}}}}
    sites:
      - {{name: cations, statistics: dilute, density: 100 mol/m^3, standard_potential: {{cation: 0 eV}}}}
      - {{name: anions, statistics: dilute, density: 100 mol/m^3, standard_potential: {{anion: 0 eV}}}}
    concentration: {{cation: 100 mol/m^3, anion: 100 mol/m^3}}
"""

AROUND = """
title: Charged core in an electrolyte
temperature: {temperature} K
geometry:
  kind: layers
  coordinates: {coordinates}
  inner_radius: {inner} m
  layers: [{{phase: electrolyte, thickness: {reach} m}}]
  spacing: {{interface: {bulk} m, bulk: {bulk} m, terminal: {fine} m, growth: 1.05}}
phases:
  electrolyte: {salt}
terminals:
  left: {{kind: electrode, potential: 0 V}}
  right: {{kind: reservoir, species: [cation, anion], potential: 0 V}}
study: [{{kind: equilibrium}}]
"""

INSIDE = """
title: Charged wall inside a full body
temperature: {temperature} K
geometry:
  kind: layers
  coordinates: {coordinates}
  layers: [{{phase: inside, thickness: {plane} m}}, {{phase: outside, thickness: {reach} m}}]
  spacing: {{interface: {fine} m, bulk: {bulk} m, growth: 1.05}}
phases:
  inside: {salt}
  outside: {salt}
interfaces:
  inside|outside: {{laws: [{{law: fixed_charge, charge: {charge} C/m^2}}]}}
terminals:
  right: {{kind: reservoir, species: [cation, anion], potential: 0 V}}
study: [{{kind: equilibrium}}]
"""

CONDUCTOR = """
phases:
  conductor:
    permittivity: 2000
    species: {Li+: {diffusivity: 1e-12 m^2/s}}
    sites: [{name: sites, density: 1e4 mol/m^3}]
    concentration: {Li+: 5e3 mol/m^3}
"""

FULL = """
title: Full body that takes up a tracer
temperature: {temperature} K
geometry:
  kind: layers
  coordinates: {coordinates}
  layers: [{{phase: conductor, thickness: 100 nm}}]
  spacing: {{interface: 0.5 nm, bulk: 0.5 nm}}
{conductor}terminals:
  right: {{kind: reservoir, species: Li+, potential: 0 V}}
study: [{{kind: equilibrium}}]
"""

SHELL = """
title: Shell between two reservoirs
temperature: {temperature} K
geometry:
  kind: layers
  coordinates: {coordinates}
  inner_radius: 10 nm
  layers: [{{phase: conductor, thickness: 20 nm}}]
  spacing: {{interface: 0.1 nm, bulk: 0.1 nm}}
{conductor}terminals:
  left: {{kind: reservoir, species: Li+, potential: 0 V}}
  right: {{kind: reservoir, species: Li+, potential: 0 V}}
study: [{{kind: steady}}]
"""


def rows(bench):
    debye = float(exact.debye_length_binary(TEMPERATURE, PERMITTIVITY, concentration=CONCENTRATION))
    unit = VACUUM_PERMITTIVITY * PERMITTIVITY * VOLT / debye
    curves, points = [], []
    for number, (coordinates, body) in enumerate(BODIES.items()):
        common = {"temperature": TEMPERATURE, "coordinates": coordinates, "salt": SALT}
        text = AROUND.format(inner=debye, reach=16 * debye, bulk=debye / 20, fine=debye / 500, **common)
        value, slope = exact.screened_potential(body, "outside", 1.0)
        with bench.trial(text) as trial:
            trial.equilibrium({"left": 1e-5})
            expected = -slope / value * 1e-5 / VOLT * unit
            yield Row(f"{body} of one Debye length at 0.01 mV, charge", expected, trial.charge("left"), 1e-3, "C/m^2")
            trial.equilibrium({"left": 6 * VOLT})
            layer = exact.radial_layer(body, np.sinh, inner=1.0, outer=17.0, wall=6.0)
            expected = -layer(np.array(1.0))[1] * unit
            yield Row(f"{body} of one Debye length at 6 kT/e, charge", expected, trial.charge("left"), 1e-3, "C/m^2")
            r, u = trial.profile().along("potential [V]")
            r, u = r / debye, u / VOLT
            miss = np.abs(u - layer(r)[0]).max() / 6.0
            yield Row(f"{body} of one Debye length at 6 kT/e, potential anywhere", 0.0, miss, 1e-3, kind="absolute")
        curves.append(Curve(body, np.linspace(1, 8, 200), layer(np.linspace(1, 8, 200))[0], number))
        near = r < 8.0
        points.append(Curve(body, r[near][::12], u[near][::12], number))

        jump, plane = 20.0, 2.0
        text = INSIDE.format(
            plane=plane * debye,
            reach=16 * debye,
            fine=debye / 200,
            bulk=debye / 12,
            charge=jump * unit,
            **common,
        )
        inner, outer = exact.radial_double_layer(body, np.sinh, plane=plane, outer=plane + 16.0, jump=jump)
        with bench.trial(text) as trial:
            trial.equilibrium()
            for side, solution in (("inside", inner), ("outside", outer)):
                r, u = trial.profile().along("potential [V]", side)
                expected = solution(r / debye)[0]
                miss = np.abs(u / VOLT - expected).max() / np.abs(expected).max()
                yield Row(f"charged wall in a full {body}, potential {side}", 0.0, miss, 1e-3, kind="absolute")

        given = {"diffusivity": 1e-12, "time": 1e-3, "radius": 100e-9}
        study = TracerStudy(
            species="Li+",
            source="right",
            fraction=1.0,
            initial=0.0,
            duration=given["time"],
            tolerance=1e-7,
            image=IsotopeImage(pixel=5e-9),
        )
        with bench.trial(FULL.format(conductor=CONDUCTOR, **common)) as trial:
            result = STUDIES["tracer"](trial.simulation, study, 0, lambda record: None)
            expected = float(exact.radial_uptake(body, **given))
            found = result.quantities["mean isotope fraction"]["value"]
            yield Row(f"mean fraction in a {body} after 0.1 a^2/D", expected, found, 1e-4)
            table = result.tables["tracer_profile"]
            miss = table["fraction, mean over y"] - exact.radial_diffusion(body, table["x [m]"], **given)
            yield Row(f"fraction anywhere in it, {body}", 0.0, np.abs(miss).max(), 1e-4, kind="absolute")

        with bench.trial(SHELL.format(conductor=CONDUCTOR, **common)) as trial:
            trial.steady({"right": 1e-5})
            sigma = FARADAY**2 * 5e3 * 1e-12 / (GAS_CONSTANT * TEMPERATURE)
            limit = float(exact.shell_resistance(body, conductivity=sigma, inner=10e-9, outer=30e-9))
            made = trial.simulation
            current = made.ionic_current(made.flows(), "right")
            yield Row(f"resistance of a shell, {body}", limit, 1e-5 / current, 1e-4, made.mesh.units.resistance)
    bench.overlay(
        "wires_and_balls",
        "Potential around a charged wire and ball of one Debye length at 6 kT/e",
        [Panel("r (Debye lengths)", "potential (kT/e)", exact=curves, simulated=points)],
    )
