r"""A boundary core with segregation sites between two grains with one dilute mobile ion.

N_s sites per area bind the ion with the energy dg; the charge they take up is balanced by the two layers::

    theta_core/(1 - theta_core) = theta_b/(1 - theta_b) exp(-(dg + z F phi0)/(R T))
    sigma_core = z F N_s (theta_core - theta_b) = 2 sqrt(2 eps R T c_b (e^-u0 - 1 + u0))
    excess resistive length of both layers = 2 lambda int_0^u0 (e^u - 1)/sqrt(2 (e^-u - 1 + u)) du

T = 300 K, eps_r = 10, z = 1, c_b = 1e26 /m^3, theta_b = 0.005, N_s = 1e19 /m^2, dg = -0.30 eV: phi0 = 0.247901 V, theta_core =
0.0363322, sigma_core = 5.01997 uC/cm^2, 2858.26 nm.

The law of ssbsim counts dg from the first site class of the first-named phase. The ion of the grains is dilute, so that
class has no occupancy of its own: with the density ``N' = c_b (1 - theta_b)/theta_b`` its ratio ``c_b/N'`` is the
``theta_b/(1 - theta_b)`` of the formula. The filling of the core is what the cell holds less what the grains hold.

Source: R. A. De Souza, Phys. Chem. Chem. Phys. 11 (2009) 9939, doi 10.1039/b904100a. Tolerance 1 mV, 0.5 %.
"""

from __future__ import annotations

import numpy as np

from ssbsim.analysis import exact
from ssbsim.commands.validate import Curve, Panel, Row
from ssbsim.constants import AVOGADRO, FARADAY, GAS_CONSTANT

THERMAL = GAS_CONSTANT * 300.0 / FARADAY
CONCENTRATION = 1e26 / AVOGADRO
BULK = {"temperature": 300.0, "relative_permittivity": 10.0, "concentration": CONCENTRATION}
FILLING = 0.005
BIAS = 1e-4

CASE = """
title: Core with segregation sites
temperature: 300 K
geometry:
  kind: layers
  layers: [{{phase: grain, thickness: 15 nm}}, {{phase: grain, thickness: 15 nm}}]
  spacing: {{interface: 0.002 nm, bulk: 0.2 nm, growth: 1.05}}
phases:
  grain:
    electrostatics: poisson
    permittivity: 10
    species: {{Li+: {{diffusivity: 1e-12 m^2/s}}}}
    sites: [{{name: sites, statistics: dilute, density: {density} mol/m^3}}]
    concentration: {{Li+: {concentration} mol/m^3}}
interfaces:
  grain|grain: {{laws: [{{law: segregation, species: Li+, density: {sites} mol/m^2, energy: {energy} eV}}]}}
terminals:
  left: {{kind: reservoir, species: Li+, potential: 0 V}}
  right: {{kind: reservoir, species: Li+, potential: 0 V}}
study: [{{kind: equilibrium}}]
"""


def solution(energy, sites):
    return exact.segregated_core(
        **BULK, bulk_site_fraction=FILLING, core_site_density=sites / AVOGADRO, segregation_energy=energy * FARADAY
    )


def rows(bench):
    found = {}
    for energy, sites in (
        (-0.3, 1e19),
        (0.1, 1e19),
        (-0.1, 1e19),
        (-0.2, 1e19),
        (-0.4, 1e19),
        (-0.3, 1e18),
        (-0.3, 4e18),
    ):
        text = CASE.format(
            density=CONCENTRATION * (1.0 - FILLING) / FILLING,
            concentration=CONCENTRATION,
            sites=sites / AVOGADRO,
            energy=energy,
        )
        with bench.trial(text) as trial:
            trial.equilibrium()
            profile = trial.profile()
            held = trial.amount("Li+") - profile.integral("concentration Li+ [mol/m^3]")
            trial.steady({"right": BIAS})
            flux = trial.flux("right", "Li+")
        _, phi = profile.along("potential [V]", "grain.2")
        filling = held / (sites / AVOGADRO)
        charge = -profile.integral("charge density [C/m^3]")
        excess = 1e-12 * CONCENTRATION * BIAS / THERMAL / flux - 30e-9
        found[energy, sites] = (phi[0], filling, excess)
        core = solution(energy, sites)
        expected = (core.potential, core.site_fraction, core.charge * 100.0, core.excess_resistive_length * 1e9)
        if (energy, sites) == (-0.3, 1e19):
            expected = (0.247901, 0.0363322, 5.01997, 2858.26)
        name = f"dg = {energy:g} eV, {sites:g} /m^2"
        yield Row(f"{name}: potential of the core", expected[0], phi[0], 1e-3, "V", kind="absolute")
        yield Row(f"{name}: filling of the core", expected[1], filling, 5e-3)
        yield Row(f"{name}: charge of the core, from the layers", expected[2], charge * 100.0, 5e-3, "uC/cm^2")
        yield Row(f"{name}: excess resistive length", expected[3], excess * 1e9, 5e-3, "nm")

    line = np.linspace(-0.45, 0.15, 121)
    cores = [solution(e, 1e19) for e in line]
    series = {e: f for (e, s), f in found.items() if s == 1e19}
    depleted = [c.excess_resistive_length > 0 for c in cores]
    bench.overlay(
        "segregated_core",
        "Core with 10¹⁹ m⁻² segregation sites: lines exact, points simulated",
        [
            Panel(
                "segregation energy (eV)",
                "potential of the core (mV)",
                exact=[Curve("", line, [c.potential * 1e3 for c in cores])],
                simulated=[Curve("", list(series), [f[0] * 1e3 for f in series.values()])],
            ),
            Panel(
                "segregation energy (eV)",
                "filling of the core",
                exact=[Curve("", line, [c.site_fraction for c in cores], 1)],
                simulated=[Curve("", list(series), [f[1] for f in series.values()], 1)],
                log_y=True,
            ),
            Panel(
                "segregation energy (eV)",
                "excess resistance (nm of bulk)",
                exact=[
                    Curve(
                        "",
                        line[depleted],
                        [c.excess_resistive_length * 1e9 for c in cores if c.excess_resistive_length > 0],
                        2,
                    )
                ],
                simulated=[
                    Curve("", [e for e in series if e < 0], [f[2] * 1e9 for e, f in series.items() if e < 0], 2)
                ],
                log_y=True,
                y_range=(0.1, 1e6),
            ),
        ],
    )
