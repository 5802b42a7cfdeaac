r"""Impedance of a cell between blocking electrodes: one mobile ion on a background, and a symmetric binary.

Gap L, Debye length lambda, no Stern layer, zero bias::

    Z = 2/(i w eps lambda^2 beta^2) [tanh(beta L/2)/beta + i w lambda^2 L/(2 D)],   beta = sqrt(1 + i w lambda^2/D)/lambda

The binary has the same form: its charge relaxes as that of one ion of the same Debye length, and the salt does not move.
T = 300 K, eps_r = 10, c = 1e25 1/m3 (one ion; half of it for each ion of the binary, so that lambda is the same), D = 1e-12 m2/s,
L = 1 um. Six decades, 1 Hz to 1 MHz, in |Z| and in phase; the two tabulated values; the order of convergence in the mesh.

Source: J. R. Macdonald, J. Chem. Phys. 61 (1974) 3977, doi 10.1063/1.1681691. Tolerance 0.5 % and 0.5 degrees.
"""

from __future__ import annotations

import numpy as np

from ssbsim.analysis import exact
from ssbsim.analysis.exact.impedance import blocking_cell_impedance
from ssbsim.commands.validate import Curve, Panel, Row
from ssbsim.constants import AVOGADRO

CASE = """
title: A cell that blocks
temperature: 300 K
geometry:
  kind: layers
  layers: [{{phase: electrolyte, thickness: 1 um}}]
  spacing: {{interface: 20 nm, bulk: 20 nm, terminal: {h} nm, growth: {growth}}}
phases:
  electrolyte:
    permittivity: 10
{species}
terminals:
  left: {{kind: electrode, potential: 0 V}}
  right: {{kind: electrode, potential: 0 V}}
study: [{{kind: equilibrium}}]
"""
ONE = """
    species: {Li+: {diffusivity: 1e-12 m^2/s}}
    sites: [{name: A, statistics: dilute, density: 1e25 1/m^3}]
    concentration: {Li+: 1e25 1/m^3}
"""
BINARY = """
    species: {A+: {diffusivity: 1e-12 m^2/s}, B-: {diffusivity: 1e-12 m^2/s}}
    sites:
      - {name: a, statistics: dilute, density: 5e24 1/m^3, standard_potential: {A+: 0 eV}}
      - {name: b, statistics: dilute, density: 5e24 1/m^3, standard_potential: {B-: 0 eV}}
    concentration: {A+: 5e24 1/m^3, B-: 5e24 1/m^3}
"""
KINDS = {"one ion": ONE, "binary": BINARY}
TABULATED = {1e3: 0.0160763968 - 0.00444120430j, 1e5: 0.00891087620 - 0.00803356201j}


def spectrum(bench, species, frequencies, h):
    text = CASE.format(species=species, h=h, growth=1.0 + 4.0 * h)
    with bench.trial(text) as trial:
        return trial.equilibrium().impedance(frequencies)


def rows(bench):
    debye = float(exact.debye_length_one_ion(300.0, 10.0, concentration=1e25 / AVOGADRO))
    settings = {"relative_permittivity": 10.0, "debye_length": debye, "diffusivity": 1e-12, "gap": 1e-6}
    frequencies = np.logspace(0, 6, 25)
    expected = blocking_cell_impedance(frequencies, **settings)
    points = []
    for i, (name, species) in enumerate(KINDS.items()):
        found = spectrum(bench, species, frequencies, 0.02)
        ratio = found.impedance / expected
        for f in (1e0, 1e2, 1e3, 1e4, 1e5, 1e6):
            k = int(np.argmin(np.abs(np.log(frequencies / f))))
            z = TABULATED.get(f, expected[k])
            yield Row(f"{name}, {f:g} Hz: magnitude", abs(z), abs(found.impedance[k]), 5e-3, "ohm m^2")
            phase = [float(np.angle(value, deg=True)) for value in (z, found.impedance[k])]
            yield Row(f"{name}, {f:g} Hz: phase", phase[0], phase[1], 0.5, "deg", kind="absolute")
        yield Row(
            f"{name}: largest error in magnitude, 1 Hz to 1 MHz", 0.0, float(np.abs(np.abs(ratio) - 1).max()), 5e-3
        )
        yield Row(f"{name}: largest error in phase", 0.0, float(np.abs(np.angle(ratio, deg=True)).max()), 0.5, "deg")
        errors = []
        for h in (0.1, 0.05, 0.025):
            z = spectrum(bench, species, (1e3, 1e4, 1e5), h).impedance
            errors.append(float(np.abs(z / blocking_cell_impedance((1e3, 1e4, 1e5), **settings) - 1).max()))
        order = float(np.log2(errors[-2] / errors[-1]))
        yield Row(f"{name}: order in the mesh size", 2.0, order, 0.2, kind="absolute")
        few = "matrices for 1 mHz to 1 GHz"
        wide = spectrum(bench, species, np.logspace(-3, 9, 61), 0.02)
        yield Row(f"{name}: spare of 10 {few}", 0.0, float(10 - wide.shifts), 0.0, kind="at least")
        points.append(Curve(name, frequencies, found.impedance, i))
    fine = np.logspace(0, 6, 200)
    curve = blocking_cell_impedance(fine, **settings)
    for_magnitude = [Curve(p.label, p.x, np.abs(p.y), p.colour) for p in points]
    for_phase = [Curve("", p.x, -np.angle(p.y, deg=True), p.colour) for p in points]
    bench.overlay(
        "blocking_impedance",
        "Cell between blocking electrodes: line exact, points simulated",
        [
            Panel(
                "frequency (Hz)",
                "|Z| (Ω m²)",
                exact=[Curve("", fine, np.abs(curve))],
                simulated=for_magnitude,
                log_x=True,
                log_y=True,
            ),
            Panel(
                "frequency (Hz)",
                "−phase (°)",
                exact=[Curve("", fine, -np.angle(curve, deg=True))],
                simulated=for_phase,
                log_x=True,
            ),
        ],
    )
