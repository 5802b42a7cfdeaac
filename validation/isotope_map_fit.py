r"""Diffusivity and permeability fitted to isotope maps: LLTO, with and without counting noise.

Four grains of 20 um, exchanged for an hour through the left face; D_b = 2.6e-12 m2/s, D_gb = 1.4e-17 m2/s over 1 nm, so that
``D_b/D_gb = 1.857e5``. The maps come from another program: finite volumes on a grid of 0.2 um, exact in time by the eigenvalues
of their matrix, averaged over pixels of 1 um. The fit has vertices 1 um apart and its own time steps, and starts at
other values. A line of 80 pixels is fitted; with noise every pixel counts 2500 ions (2 %).

Numbers from Hasegawa et al., J. Mater. Chem. A 12 (2024) 731, doi 10.1039/d3ta05012b; the grain size is assumed. Tolerance: 5 %
without noise, a factor of 1.5 with it, and chi2 per degree of freedom within the scatter of 78 degrees (0.16 each, five maps).
"""

from __future__ import annotations

import numpy as np

from ssbsim.analysis.map_fit import fit_map
from ssbsim.case import parse_case
from ssbsim.commands.validate import Curve, Panel, Row
from ssbsim.geometry import build_geometry
from ssbsim.studies.tracer_map import TracerMap

BULK, BOUNDARY, WIDTH = 2.6e-12, 1.4e-17, 1e-9
GRAIN, GRAINS, CELL, PER_PIXEL = 20e-6, 4, 0.2e-6, 5
OUTSIDE, INSIDE, DURATION, COUNTS = 0.95, 0.0759, 3600.0, 2500

CASE = """
title: A line across four grains of LLTO
temperature: 298.15 K
geometry:
  kind: layers
  layers: [{{phase: llto, thickness: 20 um}}, {{phase: llto, thickness: 20 um}}, {{phase: llto, thickness: 20 um}},
    {{phase: llto, thickness: 20 um}}]
  spacing: {{interface: 1 um, bulk: 1 um}}
phases:
  llto:
    permittivity: 100
    species: {{Li+: {{diffusivity: {bulk} m^2/s}}}}
    sites: [{{name: A, density: 12250 mol/m^3}}]
    concentration: {{Li+: 8261 mol/m^3}}
interfaces:
  llto|llto:
    contact: broken
    laws: [{{law: grain_boundary, species: Li+, permeability: {permeability} m/s, width: 1 nm}}]
terminals: {{left: {{kind: reservoir, species: Li+, potential: 0 V}}}}
study:
  - kind: tracer
    species: Li+
    source: left
    fraction: 0.95
    initial: 0.0759
    duration: 1 h
    tolerance: 0.001
    image: {{pixel: 1 um, counts: {counts}}}
"""


def finite_volumes():
    """Isotope fraction in every pixel."""
    n = round(GRAINS * GRAIN / CELL)
    between = np.full(n - 1, CELL / BULK)
    between[round(GRAIN / CELL) - 1 :: round(GRAIN / CELL)] += WIDTH / BOUNDARY
    g = np.concatenate([[2.0 * BULK / CELL], 1.0 / between, [0.0]]) / CELL
    rates, modes = np.linalg.eigh(np.diag(g[:-1] + g[1:]) - np.diag(g[1:-1], 1) - np.diag(g[1:-1], -1))
    missing = modes @ (np.exp(-rates * DURATION) * (modes.T @ np.full(n, OUTSIDE - INSIDE)))
    return (OUTSIDE - missing).reshape(-1, PER_PIXEL).mean(axis=1)[:, None]


def fit(bench, measured, bulk, permeability, counts):
    """Fit a map from first values in a case."""
    case = parse_case(CASE.format(bulk=bulk, permeability=permeability, counts=float(counts)))
    model = TracerMap(case, build_geometry(case) if bench.comm.rank == 0 else None, case.study[0], comm=bench.comm)
    try:
        return fit_map(model, measured)
    finally:
        model.destroy()


def rows(bench):
    ratio, truth = BULK / BOUNDARY, finite_volumes()
    exact = fit(bench, truth, 1e-12, 5e-8, 0)
    yield Row("no noise: bulk over boundary diffusivity", ratio, exact.ratios[0].value, 0.05)
    yield Row("no noise: bulk diffusivity", BULK, exact.parameters[0].value, 0.05, "m^2/s")
    yield Row("no noise: permeability", BOUNDARY / WIDTH, exact.parameters[1].value, 0.05, "m/s")
    found, noisy = [], None
    for seed in range(1, 6):
        rng = np.random.default_rng(seed)
        one, other = rng.poisson(COUNTS * truth), rng.poisson(COUNTS * (1.0 - truth))
        noisy = fit(bench, one / (one + other), 4e-12, 2e-8, COUNTS)
        found.append(noisy)
        yield Row(f"2 % noise, seed {seed}: bulk over boundary diffusivity", ratio, noisy.ratios[0].value, 1 / 3)
    scatter = [one.chi2 / one.freedom for one in found]
    yield Row("2 % noise: chi2 per degree of freedom, mean", 1.0, float(np.mean(scatter)), 0.25, kind="absolute")
    off = [abs(np.log(one.ratios[0].value / ratio)) / one.ratios[0].deviation for one in found]
    yield Row("2 % noise: largest error in standard deviations", 0.0, max(off), 3.0, kind="absolute")
    x = (np.arange(len(truth)) + 0.5) * 1.0
    seeds = np.arange(1, 6)
    bench.overlay(
        "isotope_map_fit",
        "Isotope map of four LLTO grains: lines the truth, points measured and fitted",
        [
            Panel(
                "position (µm)",
                "isotope fraction",
                exact=[Curve("", x, truth[:, 0])],
                simulated=[Curve("2500 counts", x, noisy.measured[:, 0])],
                title="seed 5",
            ),
            Panel(
                "seed",
                "bulk over boundary diffusivity",
                exact=[Curve("", seeds, np.full(5, ratio))],
                simulated=[Curve("", seeds, [one.ratios[0].value for one in found])],
                title="2 % counting noise",
            ),
        ],
    )
