r"""Order of convergence in time, per field, of TR-BDF2 with fixed steps.

Every case starts from a smooth state a little after a step of potential, takes 4 to 32 equal steps over the same time, and is held
against the solution with 256 steps on the same mesh. The error of a field is the largest over all nodes at the end; currents are
those of the terminals at the end. Cases: a blocking electrode with a Stern capacity before a binary electrolyte with a reservoir;
two electrolytes with a resistive, Butler-Volmer and capacitive contact; a plane with segregation sites; a mixed conductor beside
an electrolyte (Butler-Volmer, capacitive).

Expected: 2.0 +- 0.15 in every number.

Source: TR-BDF2, R. E. Bank et al., IEEE Trans. CAD 4 (1985) 436, doi 10.1109/TCAD.1985.1270142; M. E. Hosea, L. F. Shampine,
Appl. Numer. Math. 20 (1996) 21, doi 10.1016/0168-9274(95)00115-8.
"""

from __future__ import annotations

import numpy as np

from ssbsim.commands.validate import Curve, Panel
from ssbsim.commands.validate.manufactured import observed_orders, order_rows

THERMAL = 0.025852
STEPS = (4, 8, 16, 32)
REFERENCE = 256

HEAD = """
title: Order in time, {name}
temperature: 300 K
geometry:
  kind: layers
  layers: [{layers}]
  spacing: {{interface: 0.2 nm, bulk: 0.5 nm, terminal: 0.2 nm, growth: 1.2}}
study: [{{kind: equilibrium}}]
"""

BINARY = """
    electrostatics: poisson
    permittivity: 10
    species: {A+: {diffusivity: 1e-12 m^2/s}, B-: {diffusivity: 5e-13 m^2/s}}
    sites:
      - {name: cations, statistics: dilute, density: 16 mol/m^3, standard_potential: {A+: 0 eV}}
      - {name: anions, density: 200 mol/m^3, standard_potential: {B-: 0 eV}}
    concentration: {A+: 16 mol/m^3, B-: 16 mol/m^3}
"""

LATTICE = """
    electrostatics: poisson
    permittivity: 10
    species: {A+: {diffusivity: 1e-12 m^2/s}}
    sites: [{name: sites, density: 100 mol/m^3}]
    concentration: {A+: 30 mol/m^3}
"""

CONDUCTOR = """
    electrostatics: conductor
    electronic_conductivity: 1e-5 S/m
    species: {A+: {diffusivity: 1e-12 m^2/s}}
    sites: [{name: sites, density: 100 mol/m^3, width: 1.5}]
    concentration: {A+: 40 mol/m^3}
"""

CASES = {
    "electrolyte": HEAD.format(name="electrolyte", layers="{phase: e, thickness: 20 nm}")
    + f"phases:\n  e: {BINARY}"
    + """
terminals:
  left: {kind: electrode, potential: 0 V, stern_capacitance: 0.2 F/m^2}
  right: {kind: reservoir, species: [A+, B-], potential: 0 V}
""",
    "broken": HEAD.format(name="broken contact", layers="{phase: a, thickness: 10 nm}, {phase: b, thickness: 10 nm}")
    + f"phases:\n  a: {BINARY}  b: {BINARY}"
    + """
interfaces:
  a|b:
    contact: broken
    laws:
      - {law: resistive, species: A+, resistance: 3e-5 ohm*m^2}
      - {law: butler_volmer, species: B-, exchange_current: 1e3 A/m^2, transfer_coefficient: 0.3}
      - {law: capacitive, capacitance: 0.05 F/m^2}
terminals:
  left: {kind: electrode, potential: 0 V}
  right: {kind: reservoir, species: [A+, B-], potential: 0 V}
""",
    "plane": HEAD.format(name="plane", layers="{phase: a, thickness: 10 nm}, {phase: a, thickness: 10 nm}")
    + f"phases:\n  a: {LATTICE}"
    + """
interfaces:
  a|a: {laws: [{law: segregation, species: A+, density: 3e-7 mol/m^2, energy: -0.05 eV}]}
terminals:
  left: {kind: electrode, potential: 0 V}
  right: {kind: reservoir, species: A+, potential: 0 V}
""",
    "conductor": HEAD.format(name="conductor", layers="{phase: a, thickness: 10 nm}, {phase: b, thickness: 10 nm}")
    + f"phases:\n  a: {CONDUCTOR}  b: {LATTICE}"
    + """
interfaces:
  a|b:
    contact: broken
    laws:
      - {law: butler_volmer, species: A+, exchange_current: 2e3 A/m^2, transfer_coefficient: 0.5}
      - {law: capacitive, capacitance: 0.05 F/m^2}
terminals:
  left: {kind: electrode, potential: 0 V}
  right: {kind: reservoir, species: A+, potential: 0 V}
""",
}


def march(simulation, start, size, count):
    point = start
    for _ in range(count):
        report = simulation.integrator.trbdf2(point, size)
        point = report.accepted
    return point


def numbers(simulation, point):
    """Every number whose error is followed: arrays of nodal values, and what terminals supply."""
    fields = len(simulation.functional.placement.unknowns)
    y = point.y.reshape(-1, fields)
    q = point.q.reshape(-1, fields)
    flows = simulation.flows(point)
    found = {"potential": y[:, -1]}
    for i, k in enumerate(simulation.functional.placement.unknowns.species):
        found[f"mu {k}"] = y[:, i]
        found[f"amount {k}"] = q[:, i]
        found[f"current {k}"] = np.array([flows.species["right"][k]])
    electronic = flows.electronic.get("left", 0.0)
    if electronic:
        found["electronic current"] = np.array([electronic])
    else:
        found["charge"] = np.array([flows.charge["left"]])
    return found


def rows(bench):
    shown = []
    for i, (name, text) in enumerate(CASES.items()):
        with bench.trial(text) as trial:
            simulation = trial.simulation
            trial.equilibrium()
            unit = simulation.scales.time
            trial.transient([0.02 * unit], tolerance=1e-3, potentials={"left": 1.5 * THERMAL}, read=lambda now: None)
            duration = 0.1
            # very small steps, so that the rate that the first step takes over is that of the equations
            start = march(simulation, simulation.point, duration * 1e-4, 20)
            exact = numbers(simulation, march(simulation, start, duration / REFERENCE, REFERENCE))
            errors = []
            for count in STEPS:
                found = numbers(simulation, march(simulation, start, duration / count, count))
                errors.append({key: simulation.largest(found[key] - exact[key]) for key in exact})
        sizes = [duration / count for count in STEPS]
        yield from order_rows(name, observed_orders(sizes, errors), expected=2.0, tolerance=0.15)
        size = float(np.abs(exact["current A+"][0]))
        shown.append((name, i, [{**e, "current A+": e["current A+"] / size} for e in errors]))
    panels = []
    for key, label in (
        ("potential", "error of the potential (kT/e)"),
        ("current A+", "relative error of the current of A⁺"),
    ):
        series = [(n, i, np.array([e[key] for e in errors])) for n, i, errors in shown]
        panels.append(
            Panel(
                "number of steps",
                label,
                exact=[Curve("", STEPS, v[-1] * (STEPS[-1] / np.array(STEPS)) ** 2, i) for _, i, v in series],
                simulated=[Curve(n, STEPS, v, i) for n, i, v in series],
                title="lines have slope −2",
                log_x=True,
                log_y=True,
            )
        )
    bench.overlay("order_in_time", "Errors of TR-BDF2 with fixed steps", panels)
