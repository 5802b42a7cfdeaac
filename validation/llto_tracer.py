r"""Lithium tracer in LLTO ceramics: effective diffusivity, steps at boundaries, staircase, fill times.

Grains of D_b = 2.6e-12 m2/s, boundaries of D_gb = 1.4e-17 m2/s for w = 1 nm, that is of permeability P = 1.4e-8 m/s; d = 20 um is
assumed. Grains and boundaries in series (brick layer)::

    D_eff = d/(d/D_b + 1/P) = 2.53e-13 m2/s        step at a boundary over drop in a grain = (1/P)/(d/D_b) = 9.29
    a grain fills in d^2/D_b = 154 s                 and the next one waits d/P = 1430 s for it

* **Effective diffusivity** of 100 bricks in a row (n bricks have n - 1 boundaries: 0.9 % more than endless ones) and of Voronoi
  polycrystals with the mean intercept of these bricks. It is that of random lines, pi d/4 of squares and 2 d/3 of cubes, which is
  to say as much boundary per volume. (Straight lines along x meet fewer boundaries in bricks than elsewhere: a polycrystal whose
  lines meet a boundary every 20 um has at least 24 % more diffusivity than the brick layer in 2D and 43 % in 3D, because a boundary
  hinders by the square of the cosine of its angle, and <cos^2> is less than <|cos|>.) The points of the Voronoi cells are centroids
  (five steps of Lloyd's algorithm), so that grains are alike in size. Cells of random points have 11 % more than the brick layer in
  2D (1,000 grains) and 17 % in 3D (200 grains): see `brick_layer_trust`.
* **Step over drop**, from the dissipation of the steady state. With a Haven ratio of 0.5 in the grain and 0.0269 in the boundary
  the ratio of bulk to boundary is 1.86e5 in tracer diffusivity and 1e4 in conductivity.
* **Staircase** of isotopes that enter a row of grains from one end, against the exact solution: the Laplace transform
  ``f'' = (s/D_b) f`` with ``D_b f' = P jump(f)``, grain by grain from the far end, inverted by Talbot's method.
* **Fill times**: of a grain alone, whose mean is ``1 - (8/pi^2) exp(-pi^2 t D_b/(4 d^2))`` late; and of the second grain behind the
  boundary, whose late time constant is 1/(D_b q^2) with q the lowest root of ``cot(q d) (cot(q d) - q D_b/P) = 1``.

Source: Hasegawa et al., J. Mater. Chem. A 12 (2024) 731, doi 10.1039/d3ta05012b; conductivity ratio 1e4, Wu and Guo 2017; closed
forms J. Crank, The Mathematics of Diffusion, 2nd ed., 1975. Tolerance: brick 2 %, polycrystals 10 %, steps 3 %, staircase 0.002.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from ssbsim.case import TracerStudy
from ssbsim.commands.validate import Curve, Panel, Row
from ssbsim.studies import STUDIES
from ssbsim.studies.effective_transport import effective_transport

GRAIN, BULK, PERMEABILITY, WIDTH = 20e-6, 2.6e-12, 1.4e-8, 1e-9
CASE = """
title: LLTO
temperature: 298.15 K
geometry: {geometry}
phases: {{llto: {{material: LLTO}}}}
interfaces:
  llto|llto: {{contact: broken, laws: [{{law: grain_boundary, species: Li+, permeability: 1.4e-8 m/s, width: 1 nm,
    haven_ratio: 0.0269}}]}}
terminals: {{left: {{kind: reservoir, species: Li+, potential: 0 V}}}}
study: [{{kind: effective_transport, species: Li+}}]
"""
BRICKS = "{kind: bricks, bricks: [100, 2], size: 20 um, core_width: 0 nm, grain: llto, spacing: {interface: 5 um, bulk: 5 um}}"
#: Sizes that give the mean intercept wanted, which the first row of each checks.
POLYCRYSTALS = {
    "2D, 100 Voronoi grains": "{kind: polycrystal, dimension: 2, grains: 100, grain_size: 19.63044 um, relaxation: 5, seed: 1,"
    " grain: llto, spacing: {interface: 6 um, bulk: 6 um}}",
    "3D, 40 Voronoi grains": "{kind: polycrystal, dimension: 3, grains: 40, grain_size: 17.0217 um, relaxation: 5, seed: 1,"
    " grain: llto, spacing: {interface: 10 um, bulk: 10 um}}",
}
SPACING = "spacing: {interface: 0.25 um, bulk: 0.5 um}"
FINE = 0.25e-6
INSIDE = 0.0759


def row_of_grains(count):
    grains = ", ".join(["{phase: llto, thickness: 20 um}"] * count)
    text = CASE.format(geometry=f"{{kind: layers, layers: [{grains}], {SPACING}}}")
    return text if count > 1 else text[: text.index("interfaces:")] + text[text.index("terminals:") :]


def transport(trial, *, tracer, axes=None):
    simulation = trial.simulation
    return effective_transport(simulation.case, simulation.mesh, simulation.scales, "Li+", tracer=tracer, axes=axes)


def exchange(trial, duration):
    """Positions (m) and the rise of the isotope fraction there, 1 outside, after a time (s)."""
    study = TracerStudy.model_validate(
        {
            "species": "Li+",
            "source": "left",
            "fraction": 0.95,
            "initial": INSIDE,
            "duration": duration,
            "tolerance": 1e-5,
            "image": {"pixel": FINE},
        }
    )
    table = STUDIES["tracer"](trial.simulation, study, 0, lambda record: None).tables["tracer_profile"]
    return np.asarray(table["x [m]"]), (np.asarray(table["fraction, middle row"]) - INSIDE) / (0.95 - INSIDE)


def staircase(x, time, count):
    """Exact rise at positions (m) and a time (s) in a row of grains that is closed at the far end."""
    terms = 32
    angle = np.pi * (np.arange(1, terms) / terms)
    cot = 1.0 / np.tan(angle)
    nodes = 2.0 * terms / (5.0 * time) * np.concatenate([[1.0], angle * (cot + 1j)])
    weights = 0.4 / time * np.concatenate([[0.5], 1.0 + 1j * angle * (1.0 + cot**2) - 1j * cot]) * np.exp(nodes * time)
    x = np.asarray(x)
    total = np.zeros(len(x))
    for s, weight in zip(nodes, weights, strict=True):
        q = np.sqrt(s / BULK)
        value, flux = 1.0 + 0j, 0j  # at the right end of a grain; nothing leaves the last one
        inside = np.empty(len(x), dtype=complex)
        for grain in reversed(range(count)):
            here = (x >= grain * GRAIN) & (x <= (grain + 1) * GRAIN)
            far = (grain + 1) * GRAIN - x[here]
            inside[here] = value * np.cosh(q * far) + flux * np.sinh(q * far) / (BULK * q)
            value, flux = (
                value * np.cosh(q * GRAIN) + flux * np.sinh(q * GRAIN) / (BULK * q),
                flux * np.cosh(q * GRAIN) + value * BULK * q * np.sinh(q * GRAIN),
            )
            at_source = value
            value = value + flux / PERMEABILITY
        total += (weight * inside / at_source / s).real
    return total


def second_grain_time():
    """Late time constant (s) of the second of two grains."""
    x = brentq(lambda x: 1.0 - np.tan(x) * (np.tan(x) + x * BULK / (GRAIN * PERMEABILITY)), 1e-6, 1.5)
    return GRAIN**2 / (BULK * x**2)


def rows(bench):
    effective = GRAIN / (GRAIN / BULK + 1.0 / PERMEABILITY)
    with bench.trial(CASE.format(geometry=BRICKS)) as trial:
        tracer, charge = (transport(trial, tracer=which, axes=(0,)) for which in (True, False))
    yield Row("bricks: effective tracer diffusivity", 2.53e-13, tracer.along[0], 2e-2, "m^2/s")
    steps = [share["llto|llto"] / 99.0 / (share["llto"] / 100.0) for share in (tracer.share[0], charge.share[0])]
    yield Row("bricks: step at a boundary over drop in a grain", 9.29, steps[0], 3e-2)
    yield Row("bricks: D_b/D_gb of the tracer, from the step", 1.86e5, steps[0] * GRAIN / WIDTH, 3e-2)
    yield Row("bricks: bulk over boundary conductivity, from the step", 1e4, steps[1] * GRAIN / WIDTH, 3e-2)
    for name, geometry in POLYCRYSTALS.items():
        with bench.trial(CASE.format(geometry=geometry)) as trial:
            found = transport(trial, tracer=True)
        edge = len(found.axes) / sum(1.0 / one for one in found.brick_edge)
        yield Row(f"{name}: edge of bricks of the same mean intercept", GRAIN, edge, 2e-3, "m")
        mean = float(np.mean(found.along))
        yield Row(f"{name}: effective tracer diffusivity, mean over axes", 2.53e-13, mean, 0.1, "m^2/s")
        yield Row(f"{name}: inlet, outlet and dissipation", 0.0, found.disagreement, 1e-6)

    with bench.trial(row_of_grains(1)) as trial:
        time = GRAIN**2 / BULK
        left = 1.0 - float(exchange(trial, time)[1].mean())
    filled = time * np.pi**2 / (4.0 * np.log(8.0 / np.pi**2 / left))
    yield Row("a grain alone: fill time from its mean", 154.0, filled, 1e-2, "s")
    with bench.trial(row_of_grains(2)) as trial:
        rest = []
        for time in (3000.0, 6000.0):
            x, rise = exchange(trial, time)
            rest.append(1.0 - rise[x > GRAIN].mean())
    constant = 3000.0 / np.log(rest[0] / rest[1])
    yield Row("two grains: late time constant of the second", second_grain_time(), constant, 5e-3, "s")
    # 4/3 d2/D of it are the ways through the two grains.
    waits = constant - 4.0 / 3.0 * GRAIN**2 / BULK
    yield Row("two grains: what it waits for the boundary", 1430.0, waits, 3e-2, "s")

    count, profiles = 6, []
    with bench.trial(row_of_grains(count)) as trial:
        for i, time in enumerate((154.0, 1430.0, 7200.0)):
            x, rise = exchange(trial, time)
            worst = float(np.abs(rise - staircase(x, time, count)).max())
            yield Row(f"staircase after {time:g} s: largest error of the fraction", 0.0, worst, 2e-3, kind="absolute")
            profiles.append((x, rise, Curve(f"{time:g} s", x * 1e6, rise, i)))
    fine = np.linspace(0.0, count * GRAIN, 1201)
    bench.overlay(
        "llto_tracer",
        "6Li enters a row of LLTO grains: lines exact, points simulated",
        [
            Panel(
                "position (µm)",
                "6Li, rise of the fraction (1 outside)",
                exact=[
                    Curve("", fine * 1e6, staircase(fine, t, count), i) for i, t in enumerate((154.0, 1430.0, 7200.0))
                ],
                simulated=[curve for _, _, curve in profiles],
                title=f"grains of 20 µm, D_eff {effective:.3g} m²/s",
            )
        ],
    )
