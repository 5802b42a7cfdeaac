r"""Impedance of LLTO grains of 2.42 um: boundary conductivity, two arcs, grain size.

Hot-pressed Li0.35La0.55TiO3: lattice 0.15 S/m, boundaries 3.8e-3 S/m as the brick layer counts them. For w = 1 nm that is a local
conductivity ``s w/d = 1.57e-6 S/m``, which is all that the simulation is given of them. From its impedance the macroscopic value is
read as an experimenter does: R_b where the spectrum comes nearest the real axis between the arcs, ``R_gb = Z(0) - R_b``, and

    s_gb = L/R_gb,     L = d times the number of boundaries (a row of n bricks has n - 1)

* It is 3.8e-3 S/m for bricks, and R_gb/L is proportional to 1/d from 0.242 to 24.2 um. With more than 100 um the lattice would
  dominate; the arcs stay apart because their frequencies differ by the ratio of the local conductivities (at equal permittivity).
* In a polycrystal the brick layer finds more than the local value: the current prefers the ways with fewer boundaries. With Voronoi
  cells of centroids that have as much boundary as bricks of 2.42 um (a mean intercept of random lines of pi/4 of it) by 5 %.

Permittivity of lattice and boundary 100 (assumed; it places the arcs and leaves their widths alone); no space charge is resolved.

Source: numbers of ARL-TR-7401; brick layer, J. Fleig, J. Maier, J. Eur. Ceram. Soc. 19 (1999) 693. Tolerance: 3 % for bricks, 10 %
for the polycrystal, 0.5 % for the lattice; 1e-3 for the law 1/d.
"""

from __future__ import annotations

import numpy as np

from ssbsim.commands.validate import Curve, Panel, Row
from ssbsim.constants import FARADAY, GAS_CONSTANT

LATTICE, LOCAL, WIDTH, GRAIN = 0.15, 1.57e-6, 1e-9, 2.42e-6
CONCENTRATION, KELVIN = 8261.0, 298.15
DIFFUSIVITY = GAS_CONSTANT * KELVIN * LATTICE / (FARADAY**2 * CONCENTRATION)
FREQUENCIES = np.geomspace(1e-1, 1e9, 101)
CASE = """
title: LLTO
temperature: 298.15 K
geometry: {geometry}
phases:
  llto:
    material: LLTO
    species: {{Li+: {{diffusivity: {{value: {diffusivity} m^2/s, activation_energy: 0 eV}}, haven_ratio: 1}}}}
interfaces:
  llto|llto: {{contact: broken, laws: [{{law: grain_boundary, species: Li+, conductivity: {local} S/m, width: 1 nm,
    permittivity: 100}}]}}
terminals:
  left: {{kind: reservoir, species: Li+, potential: 0 V}}
  right: {{kind: reservoir, species: Li+, potential: 0 V}}
study: [{{kind: equilibrium}}]
solver: {{coarse_mesh: warn}}
"""
BRICKS = (
    "{{kind: bricks, bricks: [{n}, 2], size: {d} um, core_width: 0 nm, grain: llto,"
    " spacing: {{interface: {h} um, bulk: {h} um}}}}"
)
POLYCRYSTAL = (
    "{{kind: polycrystal, dimension: 2, grains: 100, grain_size: {size} um, relaxation: 5, seed: 1, grain: llto,"
    " spacing: {{interface: {h} um, bulk: {h} um}}}}"
)
COUNT = 12


def spectrum(bench, geometry):
    """Impedance (ohm m2) and the extent (m) along the current."""
    with bench.trial(CASE.format(geometry=geometry, diffusivity=DIFFUSIVITY, local=LOCAL)) as trial:
        return trial.equilibrium().impedance(FREQUENCIES, terminal="right").impedance


def arcs(z):
    """Resistance of bulk and boundary arc (ohm m2), and what is left of -Im Z between them over the top of the smaller."""
    height = -z.imag
    tops = [i for i in range(1, len(z) - 1) if height[i] > height[i - 1] and height[i] > height[i + 1]]
    between = tops[0] + int(np.argmin(height[tops[0] : tops[-1] + 1]))
    bulk = float(z[between].real)
    left = float(height[between] / min(height[tops[0]], height[tops[-1]]))
    return bulk, float(z[0].real) - bulk, left, float(FREQUENCIES[tops[-1]] / FREQUENCIES[tops[0]])


def rows(bench):
    macroscopic = LOCAL * GRAIN / WIDTH
    sizes, found, kept = GRAIN * np.array([0.1, 0.316, 1.0, 3.16, 10.0]), [], {}
    for size in sizes:
        d = size * 1e6
        z = spectrum(bench, BRICKS.format(n=COUNT, d=f"{d:.6g}", h=f"{d / 4:.6g}"))
        bulk, boundary, left, apart = arcs(z)
        found.append(boundary / ((COUNT - 1) * size))
        if size == GRAIN:
            kept["bricks"] = z / (COUNT * GRAIN)
            yield Row("bricks of 2.42 um: conductivity of the lattice", LATTICE, COUNT * size / bulk, 5e-3, "S/m")
            yield Row("bricks of 2.42 um: macroscopic boundary conductivity", 3.8e-3, 1.0 / found[-1], 3e-2, "S/m")
            yield Row("bricks of 2.42 um: the same from the local one", macroscopic, 1.0 / found[-1], 2e-3, "S/m")
            yield Row("bricks of 2.42 um: depth of the valley between the arcs over the smaller", 0.0, left, 0.1)
            yield Row("bricks of 2.42 um: decades between their tops", 4.98, np.log10(apart), 0.15, kind="absolute")
    slope = np.polyfit(np.log(sizes), np.log(found), 1)[0]
    yield Row("0.242 to 24.2 um: exponent of the boundary resistance in d", -1.0, slope, 1e-3)
    worst = np.abs(np.array(found) * sizes * LOCAL / WIDTH - 1.0).max()
    yield Row("0.242 to 24.2 um: largest deviation from w/(d s_local)", 0.0, worst, 5e-3)

    size = 19.63044e-6 / 20e-6 * GRAIN  # that of the polycrystal in llto_tracer, to scale
    extent = 173.97e-6 / 20e-6 * GRAIN
    z = spectrum(bench, POLYCRYSTAL.format(size=f"{size * 1e6:.7g}", h=f"{0.3 * GRAIN * 1e6:.6g}"))
    bulk, boundary, left, _ = arcs(z)
    kept["polycrystal"] = z / extent
    yield Row("100 Voronoi grains: conductivity of the lattice", LATTICE, extent / bulk, 5e-3, "S/m")
    yield Row("100 Voronoi grains: macroscopic boundary conductivity", 3.8e-3, extent / boundary, 0.1, "S/m")
    yield Row("100 Voronoi grains: depth of the valley between the arcs over the smaller", 0.0, left, 0.1)
    displaced = 2j * np.pi * FREQUENCIES * 100.0 * 8.8541878128e-12
    exact = 1.0 / (LATTICE + displaced) + (COUNT - 1) / COUNT * WIDTH / GRAIN / (LOCAL + displaced)
    yield Row("bricks: largest error of the spectrum", 0.0, float(np.abs(kept["bricks"] / exact - 1.0).max()), 2e-3)
    line = np.geomspace(sizes[0], sizes[-1], 50)
    panels = [
        Panel(
            "Re Z·A/L (Ω m)",
            "−Im Z·A/L (Ω m)",
            exact=[Curve("", exact.real, -exact.imag)],
            simulated=[Curve(name, z.real, -z.imag, i) for i, (name, z) in enumerate(kept.items())],
            title="grains of 2.42 µm",
        ),
        Panel(
            "frequency (Hz)",
            "−Im Z·A/L (Ω m)",
            exact=[Curve("", FREQUENCIES, -exact.imag)],
            simulated=[Curve(name, FREQUENCIES, -z.imag, i) for i, (name, z) in enumerate(kept.items())],
            log_x=True,
            log_y=True,
        ),
        Panel(
            "grain size (µm)",
            "boundary resistance·A/L (Ω m)",
            exact=[Curve("w/(d s)", line * 1e6, WIDTH / (line * LOCAL))],
            simulated=[Curve("", sizes * 1e6, found)],
            log_x=True,
            log_y=True,
        ),
    ]
    bench.overlay("llto_impedance_grains", "Impedance of LLTO grains: lines exact for bricks, points simulated", panels)
