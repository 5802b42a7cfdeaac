r"""Impedance of grains with a broken boundary: exact spectrum, steady limit, plate capacitor, two methods.

Two equal grains of length L between reservoirs, a boundary of resistance R and capacitance C between them. With the relaxation
length ``1/k``, ``k^2 = (1 + i w lambda^2/D)/lambda^2`` (D the chemical diffusivity), every grain has

    a = mu - z phi = A cosh(k (L - x)) + B sinh(k (L - x)),   mu = p a + s,   phi = (p - 1) a + s,   s = alpha + beta x

with ``p = i w/(D k^2)``, and A, B, alpha, beta follow from ``phi' = 0`` and ``mu = v`` at the reservoir and from
``M mu' = 2 mu/R``, ``eps phi' = 2 C phi`` at the boundary (antisymmetric about it). Z is ``2 v`` over the current. The
boundary gives an arc ``R || C'``, with C' the C in series with the two space charges that ions held up by R make beside it: it
is not the C of the law where ``C lambda/eps`` is not small.

On a round grain in a matrix, each boundary broken: at low frequency Z is the slope of two steady studies, and the reduced model
agrees with a solve for each frequency. In layers between metals: at high frequency the plates of all parts in series.

Tolerance: 0.5 % for the spectrum (mesh), 1e-6 for the limits and between the methods.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ssbsim.analysis import exact
from ssbsim.commands.validate import Curve, Panel, Row
from ssbsim.constants import FARADAY, GAS_CONSTANT, VACUUM_PERMITTIVITY

THERMAL = GAS_CONSTANT * 298.15 / FARADAY
PERMITTIVITY, CONCENTRATION, DIFFUSIVITY = 100.0, 1000.0, 1e-12
LENGTH, RESISTANCE, CAPACITANCE = 50e-9, 2e-4, 0.5
CONDUCTIVITY = FARADAY * DIFFUSIVITY * CONCENTRATION / THERMAL
GRAIN = f"""
    permittivity: {PERMITTIVITY}
    species: {{Li+: {{diffusivity: {DIFFUSIVITY} m^2/s}}}}
    sites: [{{name: A, statistics: dilute, density: {CONCENTRATION} mol/m^3}}]
    concentration: {{Li+: {CONCENTRATION} mol/m^3}}
"""
LAWS = f"""{{contact: broken, laws: [{{law: resistive, species: Li+, resistance: {RESISTANCE} ohm*m^2}},
    {{law: capacitive, capacitance: {CAPACITANCE} F/m^2}}]}}"""
LAYERS = """
title: Two grains and the boundary between them
temperature: 298.15 K
geometry:
  kind: layers
  layers: [{{phase: grain, thickness: 50 nm}}, {{phase: grain, thickness: 50 nm}}]
  spacing: {{interface: 0.02 nm, bulk: 2 nm, terminal: 0.02 nm, growth: 1.08}}
phases: {{grain: {grain}}}
interfaces: {{grain|grain: {laws}}}
terminals:
  left: {end}
  right: {end}
study: [{{kind: equilibrium}}]
"""
ROUND = """
title: A round grain in a matrix
temperature: 298.15 K
geometry:
  kind: file
  path: {path}
  unit: 1 nm
  grains: {{inclusion: inner, core: shell, matrix: outer}}
  boundaries: {{left: left, right: right}}
phases:
  inner: {grain}
  shell: {grain}
  outer: {grain}
interfaces: {{inner|shell: {laws}, shell|outer: {laws}}}
terminals:
  left: {{kind: reservoir, species: Li+, potential: 0 V}}
  right: {{kind: reservoir, species: Li+, potential: 0 V}}
study: [{{kind: equilibrium}}]
solver: {{coarse_mesh: warn}}
"""
RESERVOIR, ELECTRODE = "{kind: reservoir, species: Li+, potential: 0 V}", "{kind: electrode, potential: 0 V}"


def two_grains(frequency):
    """Z (ohm m2) of the two grains, from the formulas above; potentials in V."""
    eps = PERMITTIVITY * VACUUM_PERMITTIVITY
    debye = float(exact.debye_length_one_ion(298.15, PERMITTIVITY, concentration=CONCENTRATION))
    found = []
    for w in 2 * np.pi * np.asarray(frequency):
        k = np.sqrt(1 + 1j * w * debye**2 / DIFFUSIVITY) / debye
        p = 1j * w / (DIFFUSIVITY * k**2)
        # a = A e^(-k x) + B e^(-k (L - x)): the same two functions, in a form that does not overflow
        far = np.exp(-k * LENGTH)
        value = {0: np.array([1.0, far]), LENGTH: np.array([far, 1.0])}
        slope = {0: k * np.array([-1.0, far]), LENGTH: k * np.array([-far, 1.0])}

        def mu(x, of, p=p, value=value, slope=slope):
            a, line = (value[x], [1.0, x]) if of == "value" else (slope[x], [0.0, 1.0])
            return np.concatenate([p * a, line])

        def phi(x, of, p=p, value=value, slope=slope):
            a, line = (value[x], [1.0, x]) if of == "value" else (slope[x], [0.0, 1.0])
            return np.concatenate([(p - 1.0) * a, line])

        matrix = np.array(
            [
                phi(LENGTH, "slope") * LENGTH,
                mu(LENGTH, "value"),
                CONDUCTIVITY * mu(0, "slope") - 2.0 / RESISTANCE * mu(0, "value"),
                (eps * phi(0, "slope") - 2.0 * CAPACITANCE * phi(0, "value")) / CAPACITANCE,
            ]
        )
        matrix[2] *= RESISTANCE
        unknowns = np.linalg.solve(matrix, np.array([0.0, 1.0, 0.0, 0.0]))
        found.append(2.0 / (CONDUCTIVITY * mu(LENGTH, "slope") @ unknowns))
    return np.array(found)


def rows(bench):
    frequencies = np.logspace(-2, 7, 46)
    expected = two_grains(frequencies)
    with bench.trial(LAYERS.format(grain="{" + _flow(GRAIN) + "}", laws=LAWS, end=RESERVOIR)) as trial:
        found = trial.equilibrium().impedance(frequencies)
    yield Row(
        "two grains: largest error, 10 mHz to 10 MHz", 0.0, float(np.abs(found.impedance / expected - 1).max()), 5e-3
    )
    bulk = 2 * LENGTH / CONDUCTIVITY
    yield Row(
        "two grains: bulk and boundary at 10 mHz", bulk + RESISTANCE, float(found.impedance[0].real), 1e-5, "ohm m^2"
    )
    share = float(found.by_part["grain|grain"][0].real)
    yield Row("two grains: share of the boundary at 10 mHz", RESISTANCE, share, 1e-5, "ohm m^2")
    total = sum(found.by_part.values())
    yield Row("two grains: contributions less the whole", 0.0, float(np.abs(total / found.impedance - 1).max()), 1e-8)

    with bench.trial(LAYERS.format(grain="{" + _flow(GRAIN) + "}", laws=LAWS, end=ELECTRODE)) as trial:
        fast = trial.equilibrium().impedance((1e10, 1e12))
    plates = 2 * LENGTH / (PERMITTIVITY * VACUUM_PERMITTIVITY) + 1 / CAPACITANCE
    elastance = -float(fast.impedance[-1].imag) * 2 * np.pi * 1e12
    yield Row("layers between metals: plates in series at 1 THz", plates, elastance, 1e-6, "m^2/F")

    path = Path(__file__).resolve().parents[1] / "meshes" / "round_grain_2d.msh"
    text = ROUND.format(path=path, grain="{" + _flow(GRAIN) + "}", laws=LAWS)
    with bench.trial(text) as trial:
        trial.equilibrium()
        reduced, direct = (trial.impedance(np.logspace(-1, 9, 11), method=m) for m in ("reduced", "direct"))
        current = []
        for bias in (-1e-4, 1e-4):
            trial.steady({"right": bias})
            current.append(trial.flux("right", "Li+") * FARADAY)
    slope = 2e-4 / (current[1] - current[0])
    yield Row(
        "round grain: at 0.1 Hz the slope of the steady current",
        slope,
        float(reduced.impedance[0].real),
        1e-6,
        "ohm m^2",
    )
    difference = float(np.abs(reduced.impedance / direct.impedance - 1).max())
    yield Row("round grain: reduced model against a solve for each frequency", 0.0, difference, 1e-6)
    yield Row(
        "round grain: smallest real part over |Z|",
        0.0,
        float((reduced.impedance.real / abs(reduced.impedance)).min()),
        0,
        kind="at least",
    )
    fine = np.logspace(-2, 7, 300)
    z = two_grains(fine)
    bench.overlay(
        "broken_impedance",
        "Two grains and their boundary: line exact, points simulated",
        [
            Panel(
                "Re Z (Ω cm²)",
                "−Im Z (Ω cm²)",
                exact=[Curve("", z.real * 1e4, -z.imag * 1e4)],
                simulated=[Curve("", found.impedance.real * 1e4, -found.impedance.imag * 1e4)],
            ),
            Panel(
                "frequency (Hz)",
                "|Z| (Ω m²)",
                exact=[Curve("", fine, np.abs(z))],
                simulated=[Curve("", frequencies, np.abs(found.impedance))],
                log_x=True,
                log_y=True,
            ),
        ],
    )


def _flow(block):
    """A block of YAML lines as the inside of a flow mapping."""
    return ", ".join(line.strip() for line in block.strip().splitlines())
