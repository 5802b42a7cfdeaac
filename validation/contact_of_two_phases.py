r"""Clean contact of two solids whose mobile ion differs in chemical potential: how much goes over.

The ion is at one electrochemical potential, so the bulks differ by ``phi_B - phi_A = dmu/F`` (dmu = mu_A - mu_B in the neutral
bulks), shared by two space charges with one displacement D::

    v_A + v_B = dmu/F,   sigma_A(v_A) = sigma_B(v_B) = D,   Li per area that went from A to B: D/F

with sigma of the lattice gas on both sides. A: eps_r 10, 2e28 sites/m^3, filling 0.05; B: 12.9, 5e28, 0.5; 300 K. dmu = 1.0 eV:
v_A = 0.9407993 V, v_B = 0.0592007 V, 16.105857 uC/cm^2 = 1.00525 Li/nm^2.

A reservoir far away in A fixes the reference (phi = 0 in bulk A, and the amount that A gives is replaced there); B is closed at
its far end, where no field leaves, so the whole stack stays neutral. D is read three times: from the charge that layer A
lacks, from the charge that layer B gained, and from the amount of Li in B.

Source: standard construction; J. Maier, Prog. Solid State Chem. 23 (1995) 171, doi 10.1016/0079-6786(95)00004-E. Tolerance 0.5 %.
"""

from __future__ import annotations

import numpy as np

from ssbsim.analysis import exact
from ssbsim.commands.validate import Curve, Panel, Row
from ssbsim.constants import AVOGADRO

KT = 8.617333262e-5 * 300.0
A = {"temperature": 300.0, "relative_permittivity": 10.0, "site_density": 2e28 / AVOGADRO, "site_fraction": 0.05}
B = {"temperature": 300.0, "relative_permittivity": 12.9, "site_density": 5e28 / AVOGADRO, "site_fraction": 0.5}
LENGTH = 6e-9

CASE = """
title: Contact of two Li-ion conductors
temperature: 300 K
geometry:
  kind: layers
  layers: [{{phase: A, thickness: 6 nm}}, {{phase: B, thickness: 6 nm}}]
  spacing: {{interface: 0.001 nm, bulk: 0.1 nm, growth: 1.05}}
phases:
  A:
    electrostatics: poisson
    permittivity: 10
    species: {{Li+: {{diffusivity: 1e-12 m^2/s}}}}
    sites: [{{name: sites, density: {density_a} mol/m^3, standard_potential: {{Li+: {energy} eV}}}}]
    concentration: {{Li+: {c_a} mol/m^3}}
  B:
    electrostatics: poisson
    permittivity: 12.9
    species: {{Li+: {{diffusivity: 1e-12 m^2/s}}}}
    sites: [{{name: sites, density: {density_b} mol/m^3, standard_potential: {{Li+: 0 eV}}}}]
    concentration: {{Li+: {c_b} mol/m^3}}
terminals:
  left: {{kind: reservoir, species: Li+, potential: 0 V}}
study: [{{kind: equilibrium}}]
"""


def expected_contact(difference):
    return exact.contact_of_two_phases(
        difference,
        lambda v: float(exact.lattice_gas_charge(v, **A)),
        lambda v: float(exact.lattice_gas_charge(v, **B)),
    )


def rows(bench):
    listed = (0.9407993, 0.0592007, 16.105857, 1.00525)
    found = {}
    rho = "charge density [C/m^3]"
    for difference in (-1.0, -0.3, 0.05, 0.1, 0.3, 0.6, 1.0, 1.5):
        # mu of bulk A: energy + kT ln(x/(1 - x)); of bulk B: 0
        energy = difference - KT * np.log(0.05 / 0.95)
        text = CASE.format(
            density_a=A["site_density"],
            density_b=B["site_density"],
            c_a=A["site_density"] * 0.05,
            c_b=B["site_density"] * 0.5,
            energy=energy,
        )
        with bench.trial(text) as trial:
            trial.equilibrium()
            profile = trial.profile()
        _, phi_a = profile.along("potential [V]", "A")
        _, phi_b = profile.along("potential [V]", "B")
        gained = profile.integral("concentration Li+ [mol/m^3]", "B") - B["site_density"] * 0.5 * LENGTH
        found[difference] = (phi_a[-1] - phi_a[0], phi_b[-1] - phi_b[0], -profile.integral(rho, "A"), gained)
        contact = expected_contact(difference)
        expected = (
            contact.potential_a,
            contact.potential_b,
            contact.displacement * 100.0,
            contact.transferred_per_square_nanometre,
        )
        if difference == 1.0:
            expected = listed
            kept = profile
        name = f"dmu = {difference:g} eV"
        yield Row(f"{name}: share of A", expected[0], found[difference][0], 5e-3, "V")
        yield Row(f"{name}: share of B", expected[1], found[difference][1], 5e-3, "V")
        yield Row(f"{name}: displacement, from layer A", expected[2], 100 * found[difference][2], 5e-3, "uC/cm^2")
        yield Row(f"{name}: displacement, from layer B", expected[2], 100 * profile.integral(rho, "B"), 5e-3, "uC/cm^2")
        yield Row(f"{name}: Li that went to B", expected[3], gained * AVOGADRO * 1e-18, 5e-3, "1/nm^2")

    contact = expected_contact(1.0)
    distance = np.linspace(0.0, 1.8e-9, 361)
    left = exact.lattice_gas_profile(distance, contact.potential_a, **A)
    right = 1.0 + exact.lattice_gas_profile(distance, -contact.potential_b, **B)
    x_a, phi_a = kept.along("potential [V]", "A")
    x_b, phi_b = kept.along("potential [V]", "B")
    line = np.linspace(-1.0, 1.5, 101)
    contacts = [expected_contact(v) for v in line]
    both = {"temperature": 300.0}
    bench.overlay(
        "contact_of_two_phases",
        "Contact of two Li-ion conductors, 300 K: lines exact, points simulated",
        [
            Panel(
                "µ(A) − µ(B) (eV)",
                "Li that went to B (1/nm²)",
                exact=[Curve("", line, [c.transferred_per_square_nanometre for c in contacts])],
                simulated=[Curve("", list(found), [f[3] * AVOGADRO * 1e-18 for f in found.values()])],
            ),
            Panel(
                "µ(A) − µ(B) (eV)",
                "share of the potential (V)",
                exact=[
                    Curve("A", line, [c.potential_a for c in contacts]),
                    Curve("B", line, [c.potential_b for c in contacts], 1),
                ],
                simulated=[
                    Curve("", list(found), [f[0] for f in found.values()]),
                    Curve("", list(found), [f[1] for f in found.values()], 1),
                ],
            ),
            Panel(
                "distance from the contact (nm)",
                "site fraction",
                exact=[
                    Curve("A", -distance * 1e9, exact.lattice_gas_site_fraction(left, **both, site_fraction=0.05)),
                    Curve(
                        "B", distance * 1e9, exact.lattice_gas_site_fraction(right - 1.0, **both, site_fraction=0.5), 1
                    ),
                ],
                simulated=[
                    Curve("", (x_a - LENGTH) * 1e9, kept.along("occupancy Li+ [1]", "A")[1]),
                    Curve("", (x_b - LENGTH) * 1e9, kept.along("occupancy Li+ [1]", "B")[1], 1),
                ],
                title="µ(A) − µ(B) = 1 eV",
                x_range=(-1.7, 0.6),
            ),
        ],
    )
