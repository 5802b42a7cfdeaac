r"""How far the brick layer may be trusted: D_gb/D_b, scatter of grain sizes, and boundaries that conduct along themselves.

**Boundaries without thickness**, which only hinder. Two-dimensional polycrystals of 1 um grains, w = 1 nm, D_gb/D_b from 1 to 1e-6,
so that a boundary resists as 1e-3 to 1e3 grains do. The brick layer is that of :mod:`ssbsim.studies.effective_transport`: bricks
with as much boundary across the axis, ``1/D_eff = 1/D_b + (1/P) integral n^2/V``. It follows from a uniform flux, and so bounds
D_eff from below (the complementary principle): the excess over it is never negative. It is nothing for bricks and hexagons, nothing
where boundaries are fast, and settles where grains are equipotentials, at a value that only the scatter of the grains decides
(100 grains): 3 % for Voronoi cells of centroids; 4, 10 and 17 % for a log-normal spread of 0.2, 0.4 and 0.6; 20 % for cells of
random points.

**Boundaries of finite width**, 1 nm between square bricks of 20 nm and between Voronoi grains of that size, resolved, and D_gb/D_b
from 1e-4 to 1e4. Two bounds hold for bricks, of planes across that are equipotentials and of planes along that nothing
crosses (Rayleigh), with a = d/(d + w) and r = D_gb/D_b::

    slices along that do not exchange:      D/D_b = a s + (1 - a) r,       s = 1/(a + (1 - a)/r)      (the brick layer is s alone)
    slices across that are level:           D/D_b = 1/(a/(a + (1 - a) r) + (1 - a)/r)

The brick layer of grains and boundaries in series lacks the paths along the boundaries. They are 10 % of it at ``r = 0.1 d/w``,
here at 2, carry as much as it does at ``r = d/w``, here at 23, and everything beyond, where D_eff is proportional to D_gb. (A row
of n bricks has n - 1 boundaries across it, for which the formulas take an a of their own.)

Source: J. Maier, Ber. Bunsenges. Phys. Chem. 90 (1986) 26, doi 10.1002/bbpc.19860900105; J. Fleig, J. Maier, J. Eur. Ceram. Soc.
19 (1999) 693; S. Torquato, Random Heterogeneous Materials, 2002, for the bounds. Tolerances stand with the rows.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from ssbsim.commands.validate import Curve, Panel, Row
from ssbsim.studies.effective_transport import effective_transport

GRAIN, WIDTH = 1e-6, 1e-9
RATIOS = (1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
PHASE = """{{permittivity: 100, species: {{Li+: {{diffusivity: {d} m^2/s}}}}, sites: [{{name: A, density: 12250 mol/m^3}}],
    concentration: {{Li+: 8261 mol/m^3}}}}"""
THIN = """
title: Boundaries without thickness
temperature: 298.15 K
geometry: {geometry}
phases: {{grain: {phase}}}
interfaces:
  grain|grain: {{contact: broken, laws: [{{law: grain_boundary, species: Li+, diffusivity: 1e-12 m^2/s, width: 1 nm}}]}}
terminals: {{left: {{kind: reservoir, species: Li+, potential: 0 V}}}}
study: [{{kind: effective_transport, species: Li+}}]
"""
POLYCRYSTAL = (
    "{{kind: polycrystal, dimension: 2, grains: 100, grain_size: 1 um, seed: 1, {shape},"
    " spacing: {{interface: 0.3 um, bulk: 0.3 um}}}}"
)
SHAPES = {
    "centroids": "relaxation: 5",
    "spread 0.2": "spread: 0.2",
    "spread 0.4": "spread: 0.4",
    "spread 0.6": "spread: 0.6",
    "random points": "relaxation: 0",
}
FILMS = """
title: Boundaries of finite width
temperature: 298.15 K
geometry: {geometry}
phases: {{grain: {grain}, core: {core}}}
terminals: {{left: {{kind: reservoir, species: Li+, electrochemical_potential: 0 eV}}}}
study: [{{kind: effective_transport, species: Li+}}]
"""
EDGE, FILM, COUNT = 20e-9, 1e-9, 6
BRICKS = (
    f"{{kind: bricks, bricks: [{COUNT}, {COUNT}], size: 20 nm, core_width: 1 nm,"
    " spacing: {interface: 0.25 nm, bulk: 4 nm, growth: 1.6}}"
)
VORONOI = (
    "{kind: polycrystal, dimension: 2, grains: 24, grain_size: 20 nm, relaxation: 5, seed: 1, core_width: 1 nm,"
    " spacing: {interface: 0.25 nm, bulk: 4 nm, transverse: 2 nm}}"
)
FAST = np.array([1e-4, 1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2, 1e3, 1e4])


def transport(trial, case, axes=None):
    return effective_transport(case, trial.simulation.mesh, trial.simulation.scales, "Li+", tracer=True, axes=axes)


def with_boundary(case, ratio):
    """The same case with D_gb/D_b of its zero-thickness boundaries."""
    interface = case.interfaces["grain|grain"]
    law = interface.laws[0].model_copy(update={"diffusivity": ratio * 1e-12})
    return case.model_copy(update={"interfaces": {"grain|grain": interface.model_copy(update={"laws": (law,)})}})


def with_core(case, ratio):
    """The same case with D_gb/D_b of its resolved boundaries."""
    species = case.phases["grain"].species["Li+"]
    faster = species.model_copy(update={"diffusivity": species.diffusivity.model_copy(update={"value": ratio * 1e-12})})
    core = case.phases["core"].model_copy(update={"species": {"Li+": faster}})
    return case.model_copy(update={"phases": case.phases | {"core": core}})


def series(r, across):
    return 1.0 / (across + (1.0 - across) / r)


def apart(r, across, along):
    """Rows of bricks and cores that do not exchange: no more than D_eff/D_b."""
    return along * series(r, across) + (1.0 - along) * r


def level(r, across, along):
    """Slices that are equipotentials: no less than D_eff/D_b."""
    return 1.0 / (across / (along + (1.0 - along) * r) + (1.0 - across) / r)


def rows(bench):
    excess = {}
    for name, shape in {"bricks": "", **SHAPES}.items():
        geometry = (
            "{kind: bricks, bricks: [10, 10], size: 1 um, core_width: 0 nm, spacing: {interface: 0.3 um, bulk: 0.3 um}}"
            if name == "bricks"
            else POLYCRYSTAL.format(shape=shape)
        )
        with bench.trial(THIN.format(geometry=geometry, phase=PHASE.format(d="1e-12"))) as trial:
            found = [transport(trial, with_boundary(trial.simulation.case, ratio)) for ratio in RATIOS]
        excess[name] = np.array([np.mean(np.array(one.along) / one.brick_layer) - 1.0 for one in found])
        if name == "bricks":
            yield Row("bricks: largest excess", 0.0, float(np.abs(excess[name]).max()), 1e-6)
            continue
        least = min(float((np.array(one.along) / one.brick_layer).min()) for one in found) - 1.0
        yield Row(f"{name}: smallest excess, any axis", 0.0, least, 1e-6, kind="at least")
        yield Row(f"{name}: excess at D_gb = D_b", 0.0, float(excess[name][0]), 1e-4)
        settled = float(excess[name][-1] / excess[name][-2])
        yield Row(f"{name}: excess at 1e-6 over that at 1e-5", 1.0, settled, 0.05)
    yield Row("centroids: excess at 1e-6", 0.0, float(excess["centroids"][-1]), 0.05)
    yield Row(
        "random points: excess at 1e-6 over that of centroids",
        3.0,
        excess["random points"][-1] / excess["centroids"][-1],
        0.0,
        kind="at least",
    )
    rises = np.diff([excess[name][-1] for name in ("spread 0.2", "spread 0.4", "spread 0.6")])
    yield Row("least growth of the excess with the spread", 0.0, float(rises.min()), 0.0, kind="at least")

    across = COUNT * EDGE / (COUNT * EDGE + (COUNT - 1) * FILM)
    along = EDGE / (EDGE + FILM)
    meets = 10 ** brentq(lambda log: apart(10**log, across, along) - 2.0 * series(10**log, across), 0.0, 3.0)
    films = {}
    for name, geometry in (("bricks", BRICKS), ("Voronoi", VORONOI)):
        phases = {"grain": PHASE.format(d="1e-12"), "core": PHASE.format(d="1e-12")}
        with bench.trial(FILMS.format(geometry=geometry, **phases)) as trial:
            axes = (0,) if name == "bricks" else None
            values = [
                np.mean(transport(trial, with_core(trial.simulation.case, r), axes).along) for r in (*FAST, meets)
            ]
        films[name] = np.array(values[:-1]) / 1e-12
        if name == "bricks":
            both = values[-1] / 1e-12 / series(meets, across)
            yield Row("films, bricks: over the series where paths along carry as much", 2.0, both, 0.02)
        yield Row(f"films, {name}: D_gb = D_b", 1.0, films[name][4], 1e-6)
    lowest = films["bricks"] / apart(FAST, across, along)
    highest = films["bricks"] / level(FAST, across, along)
    yield Row("films, bricks: least over the bound from below", 1.0, lowest.min(), 1e-6, kind="at least")
    yield Row("films, bricks: bound from above over the largest", 1.0, 1.0 / highest.max(), 1e-6, kind="at least")
    over = films["bricks"] / series(FAST, across)
    yield Row("films, bricks: slow boundaries (1e-4), over boundaries in series only", 1.0, over[0], 0.02)
    slope = np.log10(films["bricks"][-1] / films["bricks"][-2])
    yield Row("films, bricks: exponent of D_eff in D_gb at 1e4", 1.0, slope, 0.02)
    slope = np.log10(films["Voronoi"][-1] / films["Voronoi"][-2])
    yield Row("films, Voronoi: exponent of D_eff in D_gb at 1e4", 1.0, slope, 0.02)
    line = np.geomspace(1e-4, 1e4, 200)
    bench.overlay(
        "brick_layer_trust",
        "The brick layer of polycrystals in 2D",
        [
            Panel(
                "D_gb/D_b (grains 1 µm, w = 1 nm)",
                "D_eff over the brick layer, less one (%)",
                exact=[Curve("", RATIOS, np.zeros(len(RATIOS)))],
                simulated=[Curve(name, RATIOS, 100.0 * values, i) for i, (name, values) in enumerate(excess.items())],
                title="boundaries only hinder",
                log_x=True,
            ),
            Panel(
                "D_gb/D_b (grains 20 nm, w = 1 nm)",
                "D_eff/D_b",
                exact=[Curve("bounds", line, apart(line, across, along)), Curve("", line, level(line, across, along))],
                approximate=[Curve("in series only", line, series(line, across), 1)],
                simulated=[Curve(name, FAST, values, i) for i, (name, values) in enumerate(films.items())],
                title="boundaries also conduct along",
                log_x=True,
                log_y=True,
            ),
        ],
    )
