r"""One polycrystal solved twice: with its boundaries resolved, and with boundaries of zero thickness from ``ssbsim upscale``.

Nine grains of 56 nm (equivalent diameter) of Li0.29La0.57TiO3 in two dimensions, with a core 1 nm wide: the Li-poor core of the
materials library (a boundary 3300 times as resistive as a grain), and one that costs Li+ 0.15 eV instead of 0.358 eV (1.1 times).
The law comes from one boundary in one dimension on a mesh of its own; nothing is fitted to the polycrystal.

What the two must differ by: the film has corners, where the current also flows through the triangle between three grains and where
the space charges of three boundaries meet. That is of the order of core width over grain size, here 1/56, and comes to 1 % where
the grains are equipotentials beside their boundaries. The corners must be resolved: with cells of 3 nm along the film up to them,
instead of 0.5 nm, the resolved current is 1.6 % larger. Tolerance 3 %.

Also compared: the impedance, by the relaxation time of its arc (the capacitance of the law), and a bias of 0.3 V, or about 0.1 V
for each boundary, where the sinh of the law matters and is itself good to 2 %.

Source: the laws are those of :mod:`ssbsim.analysis.upscaling`; no published number enters.
"""

from __future__ import annotations

import time

import numpy as np

from ssbsim.case import EquilibriumStudy, SteadyStudy, TerminalUpdate, parse_case
from ssbsim.commands.upscale import upscale
from ssbsim.commands.validate import Curve, Panel, Row
from ssbsim.constants import BOLTZMANN_EV, FARADAY
from ssbsim.studies import STUDIES

KELVIN = 298.15
FILLING = 8261.0 / 12250.0
REST = BOLTZMANN_EV * KELVIN * float(np.log(FILLING / (1.0 - FILLING)))  # eV, of Li+ in the neutral grain

PHASES = """
phases:
  grain: {{material: LLTO}}
  core: {core}
"""
BICRYSTAL = """
title: One boundary
temperature: 298.15 K
geometry: {{kind: bicrystal, length: 60 nm, core_width: 1 nm, spacing: {{interface: 0.02 nm, bulk: 5 nm, growth: 1.2}}}}
terminals: {{left: {{kind: reservoir, species: Li+, potential: 0 V}}}}
study: [{{kind: equilibrium}}]
"""
POLYCRYSTAL = """
title: Nine grains
temperature: 298.15 K
geometry:
  kind: polycrystal
  dimension: 2
  length: 150 nm
  width: 150 nm
  grains: 9
  seed: 3
  core_width: {width} nm
  spacing: {spacing}
terminals:
  left: {{kind: reservoir, species: Li+, electrochemical_potential: {left} eV}}
  right: {{kind: reservoir, species: Li+, electrochemical_potential: {right} eV}}
study: [{{kind: equilibrium}}]
solver: {{linear: direct}}
"""
RESOLVED = {"width": 1, "spacing": "{interface: 0.08 nm, bulk: 6 nm, transverse: 3 nm, junction: 0.5 nm, growth: 1.4}"}
UPSCALED = {"width": 0, "spacing": "{interface: 10 nm, bulk: 10 nm}"}
CORES = {
    "LLTO, Li-poor": "{material: LLTO-grain-boundary-core-Li-poor}",
    "0.15 eV": "{material: LLTO-grain-boundary-core-Li-poor, sites: [{name: A, density: 12250 mol/m^3, "
    "standard_potential: {Li+: 0.15 eV}}], concentration: {Li+: 75.7 mol/m^3}}",
}
BIASES = (0.01, 0.1, 0.2, 0.3)
DROPS = (0.01, 0.03, 0.06, 0.1, 0.15, 0.2)


class Solved:
    """Currents (A/m2) at biases (V), impedance (ohm m2), unknowns, and seconds for the equilibrium and the first current."""

    def __init__(self, bench, text, biases, frequencies):
        with bench.trial(text) as trial:
            self.unknowns = trial.simulation.n_unknowns
            started = time.perf_counter()
            trial.equilibrium()
            self.currents = [current(trial, biases[0])]
            self.seconds = time.perf_counter() - started
            self.currents += [current(trial, bias) for bias in biases[1:]]
            STUDIES["equilibrium"](trial.simulation, EquilibriumStudy(terminals=held(0.0)), 0, lambda record: None)
            self.impedance = trial.impedance(frequencies, terminal="right").impedance


def held(bias):
    return {"right": TerminalUpdate(electrochemical_potential=REST + bias)}


def current(trial, bias):
    STUDIES["steady"](trial.simulation, SteadyStudy(terminals=held(bias)), 0, lambda record: None)
    return FARADAY * trial.flux("right", "Li+")


def rows(bench):
    panels = []
    for i, (name, core) in enumerate(CORES.items()):
        boundary = upscale(parse_case(BICRYSTAL.format() + PHASES.format(core=core)), drops=DROPS, comm=bench.comm)
        law = boundary.law
        summit = 1.0 / (2.0 * np.pi * law.resistance * law.capacitance)
        frequencies = summit * np.geomspace(1e-2, 1e2, 81)
        biases = BIASES if i == 0 else BIASES[:1]
        cells = POLYCRYSTAL.format(left=REST, right=REST, **RESOLVED) + PHASES.format(core=core)
        sharp = POLYCRYSTAL.format(left=REST, right=REST, **UPSCALED)
        sharp += "phases: {grain: {material: LLTO}}\n" + boundary.to_yaml()
        resolved, upscaled = (Solved(bench, text, biases, frequencies) for text in (cells, sharp))
        grain = 56e-9 / boundary.points[0].bulk_conductivity
        yield Row(
            f"{name} (boundary over grain {law.resistance / grain:.2g}): current at 10 mV",
            resolved.currents[0],
            upscaled.currents[0],
            3e-2,
            "A/m^2",
        )
        yield Row(
            f"{name}: conductance of the polycrystal at low frequency",
            1.0 / resolved.impedance[0].real,
            1.0 / upscaled.impedance[0].real,
            3e-2,
            "S/m^2",
        )
        if i == 0:
            times = [relaxation_time(frequencies, z) for z in (resolved.impedance, upscaled.impedance)]
            yield Row(f"{name}: relaxation time of the arc", *times, 3e-2, "s")
            yield Row(f"{name}: current at 0.3 V", resolved.currents[-1], upscaled.currents[-1], 5e-2, "A/m^2")
            yield Row(
                f"{name}: unknowns of the resolved over those of the other",
                15.0,
                resolved.unknowns / upscaled.unknowns,
                0.0,
                kind="at least",
            )
            ratio = resolved.seconds / upscaled.seconds
            panels.append(
                Panel(
                    "potential across nine grains (V)",
                    "current (A/m²)",
                    exact=[Curve("zero thickness", biases, upscaled.currents)],
                    approximate=[Curve("ohmic", biases, np.array(biases) / upscaled.impedance[0].real)],
                    simulated=[Curve("resolved", biases, resolved.currents)],
                    title=f"{resolved.unknowns / upscaled.unknowns:.0f} × the unknowns, {ratio:.0f} × the time",
                )
            )
        panels.append(
            Panel(
                "Re Z (Ω m²)",
                "−Im Z (Ω m²)",
                exact=[Curve("zero thickness", upscaled.impedance.real, -upscaled.impedance.imag, i)],
                simulated=[Curve("resolved", resolved.impedance.real, -resolved.impedance.imag, i)],
                title=name,
            )
        )
    bench.overlay(
        "upscaled_polycrystal", "One polycrystal, boundaries resolved (points) and of zero thickness (lines)", panels
    )


def relaxation_time(frequencies, impedance):
    """R C of an arc, from where it is highest: ``-Im Z/Re Z`` is the frequency times it there."""
    top = int(np.argmax(-impedance.imag))
    return float(-impedance.imag[top] / impedance.real[top] / (2.0 * np.pi * frequencies[top]))
