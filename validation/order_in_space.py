r"""Order of convergence in space, per field, of every equation, interface law and terminal.

Manufactured solutions of one implicit step (ssbsim.commands.validate.manufactured): the fields are given, the strong form is
written here by hand, and the error of the simulation is followed while the mesh is halved. Cases:

electrolyte    Poisson-Nernst-Planck: two ions that share one site class, one of them also in a dilute class, fixed background,
               electrode with a Stern capacity, reservoir of both ions
broken         two electrolytes, broken contact: resistive (A+), Butler-Volmer (B-, transfer coefficient 0.3), capacitive with an
               offset; electrode held at a potential
plane          two electrolytes, perfect contact that carries segregation sites and a fixed charge; electrode with a Stern capacity
conductor      mixed conductor with a site class of width 1.5 beside an electrolyte: Butler-Volmer, capacitive
electrolyte 2D the first case on triangles, with an electrode held at a potential

Expected in L2 of potentials and concentrations: 2 for linear elements (P1), 3 for quadratic ones (P2, in 1D): the degree plus one;
the lumped quadrature has the same order. What terminals supply is read from the residual and converges with twice the degree,
2 and 4. Tolerance 0.15 for P1; P2 must reach 3 less 0.15, in every number.

Source: any textbook of finite elements; manufactured solutions: P. J. Roache, J. Fluids Eng. 124 (2002) 4, doi
10.1115/1.1436090.
"""

from __future__ import annotations

import numpy as np
import ufl

from ssbsim.commands.validate import Curve, Panel
from ssbsim.commands.validate.manufactured import Part, observed_orders, order_rows, solve_manufactured
from ssbsim.constants import FARADAY
from ssbsim.constants import GAS_CONSTANT as GAS
from ssbsim.constants import VACUUM_PERMITTIVITY as VACUUM

KT = 8.617333262e-5 * 300.0  # eV
LENGTH, C0, D0 = 1e-9, 1000.0, 1e-12  # the scales that ssbsim chooses: extent, largest concentration, largest D_sigma
THERMAL = GAS * 300.0 / FARADAY
EPS = VACUUM * THERMAL / (FARADAY * C0 * LENGTH**2)  # scaled permittivity of the vacuum
CAPACITANCE = FARADAY * C0 * LENGTH / THERMAL
RESISTANCE = THERMAL / (FARADAY * C0 * D0 / LENGTH)
CURRENT = FARADAY * C0 * D0 / LENGTH
CHARGE = FARADAY * C0 * LENGTH

HEAD = """
title: Manufactured {name}
temperature: 300 K
geometry:
  kind: layers
  layers: [{layers}]
  {size}
  spacing: {{interface: {h} nm, bulk: {h} nm, refinement: {n}{more}}}
solver: {{element_order: {order}}}
study: [{{kind: equilibrium}}]
terminals:
  left: {{kind: electrode, potential: 0 V{stern}}}
  right: {{kind: reservoir, species: [{species}], potential: 0 V}}
"""


BOTH = "{phase: a, thickness: 0.5 nm}, {phase: b, thickness: 0.5 nm}"


def head(name, layers, order, n, *, h=0.05, size="", more="", stern=None, species="A+, B-"):
    """The beginning of a case; stern in F/m2."""
    gap = "" if stern is None else f", stern_capacitance: {stern} F/m^2"
    return HEAD.format(
        name=name, layers=layers, size=size, h=h, n=n, more=more, order=order, stern=gap, species=species
    )


def divergence_of_flux(mobility, mu):
    """``-div(M grad mu)``."""
    return -ufl.div(mobility * ufl.grad(mu))


def left_shape(x, value, slope, bend, flat=True):
    """On 0 < x < 1/2: value and slope at 1/2; slope 0 at 0 when flat."""
    main = slope * (x**2 - 0.25) if flat else slope * (x - 0.5)
    return value + main + bend * 16 * x**2 * (x - 0.5) ** 2


def right_shape(x, value, slope, bend, flat=True):
    """On 1/2 < x < 1: value and slope at 1/2; slope 0 at 1 when flat."""
    main = slope * (0.25 - (1 - x) ** 2) if flat else slope * (x - 0.5)
    return value + main + bend * 16 * (1 - x) ** 2 * (x - 0.5) ** 2


# --- electrolyte: two ions in one class, A+ also in a dilute class; mobility proportional to c

ELECTROLYTE = """
phases:
  e:
    electrostatics: poisson
    permittivity: 10
    mobility: proportional
    species: {A+: {diffusivity: 1e-12 m^2/s, haven_ratio: 2}, B-: {diffusivity: 1e-12 m^2/s}}
    sites:
      - {name: shared, density: 3000 mol/m^3, standard_potential: {A+: 0 eV, B-: 0.02 eV}}
      - {name: free, statistics: dilute, density: 1000 mol/m^3, standard_potential: {A+: 0.05 eV}}
    concentration: {A+: 1000 mol/m^3, B-: 600 mol/m^3}
"""


def electrolyte_part(mu_a, mu_b, phi):
    def concentrations(y):
        a, b = ufl.exp(y["A+"] - y["phi"]), ufl.exp(y["B-"] + y["phi"] - 0.02 / KT)
        free = ufl.exp(y["A+"] - y["phi"] - 0.05 / KT)
        return {"A+": 3.0 * a / (1 + a + b) + free, "B-": 3.0 * b / (1 + a + b)}

    y = {"A+": mu_a, "B-": mu_b, "phi": phi}
    c = concentrations(y)
    rho = c["A+"] - c["B-"] - 0.4
    sources = {
        "A+": c["A+"] + divergence_of_flux(0.5 * c["A+"], mu_a),
        "B-": c["B-"] + divergence_of_flux(c["B-"], mu_b),
        "phi": -rho - 10 * EPS * ufl.div(ufl.grad(phi)),
    }
    return Part(y, concentrations, sources)


def end_flux(factor, mu_a, mu_b, phi, slope):
    """c(A+) at an end times its diffusivity times the slope of mu: what a terminal supplies there."""
    a, b = np.exp(mu_a - phi), np.exp(mu_b + phi - 0.02 / KT)
    return factor * (3.0 * a / (1 + a + b) + np.exp(mu_a - phi - 0.05 / KT)) * slope


def electrolyte(order, n):
    stern = 2.0  # F/m2
    text = head("electrolyte", "{phase: e, thickness: 1 nm}", order, n, h=0.1, stern=stern)

    def parts(x):
        mu_a, mu_b = -0.8 + 0.6 * ufl.cos(2.0 * x[0]), -0.4 + 0.5 * ufl.cos(1.5 * x[0])
        return {"e": electrolyte_part(mu_a, mu_b, 0.9 * ufl.cos(2.0 * (1 - x[0])))}

    phi, slope = 0.9 * np.cos(2.0), 1.8 * np.sin(2.0)
    mu_a, mu_b = -0.8 + 0.6 * np.cos(2.0), -0.4 + 0.5 * np.cos(1.5)
    imposed = {("right", "A+"): mu_a, ("right", "B-"): mu_b}
    imposed["left", "phi"] = phi - 10 * EPS * slope / (stern / CAPACITANCE)
    current = end_flux(0.5, mu_a, mu_b, 0.9, -1.2 * np.sin(2.0))
    return text + ELECTROLYTE, parts, imposed, {("right", "A+"): current, ("left", "phi"): -10 * EPS * slope}


def electrolyte_2d(order, n):
    width = 0.5  # of the length, so that cos(2 pi y) has no slope at bottom and top
    text = head(
        "electrolyte 2D",
        "{phase: e, thickness: 1 nm}",
        order,
        n,
        h=0.125,
        size=f"dimension: 2\n  width: {width} nm",
        more=", transverse: 0.125 nm",
    )

    def parts(x):
        # no ripple at the ends, where terminals hold one value
        ripple = 1 + 0.4 * 16 * x[0] ** 2 * (1 - x[0]) ** 2 * ufl.cos(2 * ufl.pi * x[1])
        mu_a, mu_b = -0.8 + 0.6 * ufl.cos(2.0 * x[0]) * ripple, -0.4 + 0.5 * ufl.cos(1.5 * x[0]) * ripple
        return {"e": electrolyte_part(mu_a, mu_b, 0.9 * ufl.cos(2.0 * (1 - x[0])) * ripple)}

    mu_a, mu_b = -0.8 + 0.6 * np.cos(2.0), -0.4 + 0.5 * np.cos(1.5)
    imposed = {("right", "A+"): mu_a, ("right", "B-"): mu_b, ("left", "phi"): 0.9 * np.cos(2.0)}
    current = width * end_flux(0.5, mu_a, mu_b, 0.9, -1.2 * np.sin(2.0))
    charge = -width * 10 * EPS * 1.8 * np.sin(2.0)
    return text + ELECTROLYTE, parts, imposed, {("right", "A+"): current, ("left", "phi"): charge}


# --- lattice gases a|b, mobility by exchange

PHASE = """
  {name}:
    electrostatics: poisson
    permittivity: {eps}
    species: {{{species}}}
    sites:{sites}
    concentration: {{{concentration}}}
"""


def lattice_phase(name, eps, ions):
    """A phase with a site class for each ion: ions = {species: (D, N, c, energy)}, scaled by C0."""
    sites = "".join(
        f"\n      - {{name: {k[0]}, density: {N * C0} mol/m^3, standard_potential: {{{k}: {e} eV}}}}"
        for k, (_, N, _, e) in ions.items()
    )
    return PHASE.format(
        name=name,
        eps=eps,
        sites=sites,
        species=", ".join(f"{k}: {{diffusivity: {d * D0} m^2/s}}" for k, (d, *_) in ions.items()),
        concentration=", ".join(f"{k}: {c * C0} mol/m^3" for k, (_, _, c, _) in ions.items()),
    )


SIGN = {"A+": 1, "B-": -1}
BENDS = {"A+": 0.4, "B-": -0.3, "phi": 0.7}


def lattice_mobility(ion, filling):
    d, N, c, _ = ion
    bulk = c / N
    return d * c / (N * bulk * (1 - bulk)) * N * filling * (1 - filling)


def lattice_part(eps, ions, fields):
    def filling(y, k):
        a = ufl.exp(y[k] - SIGN[k] * y["phi"] - ions[k][3] / KT)
        return a / (1 + a)

    def concentrations(y):
        return {k: ions[k][1] * filling(y, k) for k in ions}

    c = concentrations(fields)
    background = -sum(SIGN[k] * ions[k][2] for k in ions)
    rho = background + sum(SIGN[k] * c[k] for k in ions)
    sources = {k: c[k] + divergence_of_flux(lattice_mobility(ions[k], filling(fields, k)), fields[k]) for k in ions}
    sources["phi"] = -rho - eps * EPS * ufl.div(ufl.grad(fields["phi"]))
    return Part(fields, concentrations, sources)


def lattice_value(ions, k, mu, phi):
    """Mobility of one ion at given potentials."""
    x = 1 / (1 + np.exp(-(mu - SIGN[k] * phi - ions[k][3] / KT)))
    return lattice_mobility(ions[k], x)


IONS_A = {"A+": (1.0, 2.0, 1.0, 0.0), "B-": (0.5, 3.0, 0.6, 0.01)}
IONS_B = {"A+": (0.4, 2.5, 0.8, -0.02), "B-": (0.8, 2.0, 0.7, 0.0)}


def broken(order, n):
    resistance, exchange, transfer, capacitance, offset = 0.5, 2.0, 0.3, 1.5, 0.4  # scaled
    text = head("broken contact", BOTH, order, n)
    text += "phases:" + lattice_phase("a", 10, IONS_A) + lattice_phase("b", 20, IONS_B)
    text += f"""
interfaces:
  a|b:
    contact: broken
    laws:
      - {{law: resistive, species: A+, resistance: {resistance * RESISTANCE} ohm*m^2}}
      - {{law: butler_volmer, species: B-, exchange_current: {exchange * CURRENT} A/m^2, transfer_coefficient: {transfer}}}
      - {{law: capacitive, capacitance: {capacitance * CAPACITANCE} F/m^2, offset: {offset * THERMAL} V}}
"""
    a, b = {"A+": 0.2, "B-": -0.5, "phi": 0.3}, {"A+": -0.4, "B-": -0.9, "phi": -0.2}  # values at the contact
    u = a["B-"] - b["B-"]
    flux = {
        "A+": (a["A+"] - b["A+"]) / resistance,
        "B-": exchange * (np.exp(transfer * u) - np.exp(-(1 - transfer) * u)),
    }
    slopes_a = {k: -flux[k] / lattice_value(IONS_A, k, a[k], a["phi"]) for k in flux}
    slopes_b = {k: -flux[k] / lattice_value(IONS_B, k, b[k], b["phi"]) for k in flux}
    field = -capacitance * (a["phi"] - b["phi"] - offset)
    slopes_a["phi"], slopes_b["phi"] = field / (10 * EPS), field / (20 * EPS)

    def parts(x):
        left = {k: left_shape(x[0], a[k], slopes_a[k], BENDS[k], flat=k != "phi") for k in a}
        right = {k: right_shape(x[0], b[k], slopes_b[k], -BENDS[k], flat=k == "phi") for k in b}
        return {"a": lattice_part(10, IONS_A, left), "b": lattice_part(20, IONS_B, right)}

    end = {k: right_shape(1.0, b[k], slopes_b[k], 0.0, flat=k == "phi") for k in b}
    imposed = {("right", k): end[k] for k in flux} | {("left", "phi"): a["phi"] - 0.5 * slopes_a["phi"]}
    supplies = {("right", k): lattice_value(IONS_B, k, end[k], end["phi"]) * slopes_b[k] for k in flux}
    return text, parts, imposed, supplies | {("left", "phi"): -10 * EPS * slopes_a["phi"]}


def plane(order, n):
    stern, sites, energy, fixed = 2.0, 0.3, -0.03, 0.05  # stern in F/m2, energy in eV, others scaled
    ions_a, ions_b = {"A+": IONS_A["A+"]}, {"A+": IONS_B["A+"]}
    text = head("plane", BOTH, order, n, stern=stern, species="A+")
    text += "phases:" + lattice_phase("a", 10, ions_a) + lattice_phase("b", 20, ions_b)
    text += f"""
interfaces:
  a|b:
    laws:
      - {{law: segregation, species: A+, density: {sites * C0 * LENGTH} mol/m^2, energy: {energy} eV}}
      - {{law: fixed_charge, charge: {fixed * CHARGE} C/m^2}}
"""
    mu, phi, slope, field_b = 0.3, 0.2, -0.6, 0.05
    filling = 1 / (1 + np.exp(-(mu - phi - ions_a["A+"][3] / KT - energy / KT)))
    bulk = ions_a["A+"][2] / ions_a["A+"][1]
    # amounts: what enters the plane in the step; charge: Gauss's law at the plane, which is neutral at the filling of bulk a
    slope_b = (lattice_value(ions_a, "A+", mu, phi) * slope + sites * filling) / lattice_value(ions_b, "A+", mu, phi)
    field_a = field_b + fixed + sites * (filling - bulk)
    slopes_a, slopes_b = {"A+": slope, "phi": field_a / (10 * EPS)}, {"A+": slope_b, "phi": field_b / (20 * EPS)}
    value = {"A+": mu, "phi": phi}

    def parts(x):
        left = {k: left_shape(x[0], value[k], slopes_a[k], BENDS[k], flat=k == "A+") for k in value}
        right = {k: right_shape(x[0], value[k], slopes_b[k], -BENDS[k], flat=k == "phi") for k in value}
        return {"a": lattice_part(10, ions_a, left), "b": lattice_part(20, ions_b, right)}

    end = {k: right_shape(1.0, value[k], slopes_b[k], 0.0, flat=k == "phi") for k in value}
    phi_left = phi - 0.5 * slopes_a["phi"]
    imposed = {("right", "A+"): end["A+"], ("left", "phi"): phi_left - field_a / (stern / CAPACITANCE)}
    current = lattice_value(ions_b, "A+", end["A+"], end["phi"]) * slope_b
    return text, parts, imposed, {("right", "A+"): current, ("left", "phi"): -field_a}


def conductor(order, n):
    exchange, transfer, capacitance, offset, sigma, width = 1.0, 0.6, 0.8, 0.3, 2.0, 1.5  # scaled
    stored = (0.6, 4.0, 1.0, 0.05)  # D, N, c, energy of Li in the conductor
    ions_b = {"A+": (1.0, 2.0, 1.0, 0.0)}
    text = head("conductor", BOTH, order, n, species="A+")
    text += f"""phases:
  a:
    electrostatics: conductor
    electronic_conductivity: {sigma * CURRENT * LENGTH / THERMAL} S/m
    species: {{A+: {{diffusivity: {stored[0] * D0} m^2/s}}}}
    sites: [{{name: A, density: {stored[1] * C0} mol/m^3, width: {width}, standard_potential: {{A+: {stored[3]} eV}}}}]
    concentration: {{A+: {stored[2] * C0} mol/m^3}}
""" + lattice_phase("b", 20, ions_b)
    text += f"""
interfaces:
  a|b:
    contact: broken
    laws:
      - {{law: butler_volmer, species: A+, exchange_current: {exchange * CURRENT} A/m^2, transfer_coefficient: {transfer}}}
      - {{law: capacitive, capacitance: {capacitance * CAPACITANCE} F/m^2, offset: {offset * THERMAL} V}}
"""
    a, b = {"A+": 0.5, "phi": 0.8}, {"A+": -0.2, "phi": 0.1}
    x_a = 1 / (1 + np.exp(-(a["A+"] - a["phi"] - stored[3] / KT) / width))
    u = a["A+"] - b["A+"]
    flux = exchange * (np.exp(transfer * u) - np.exp(-(1 - transfer) * u))
    field = -capacitance * (a["phi"] - b["phi"] - offset)
    # the same charge sits on both sides of the gap: on the conductor's it came as an electronic current in the step
    slopes_a = {"A+": -flux / lattice_mobility(stored, x_a), "phi": field / sigma}
    slopes_b = {"A+": -flux / lattice_value(ions_b, "A+", b["A+"], b["phi"]), "phi": field / (20 * EPS)}

    def parts(x):
        left = {k: left_shape(x[0], a[k], slopes_a[k], BENDS[k], flat=k == "A+") for k in a}
        right = {k: right_shape(x[0], b[k], slopes_b[k], -BENDS[k], flat=k == "phi") for k in b}

        def filling(y):
            z = ufl.exp((y["A+"] - y["phi"] - stored[3] / KT) / width)
            return z / (1 + z)

        here = Part(
            left,
            lambda y: {"A+": stored[1] * filling(y)},
            {
                "A+": stored[1] * filling(left)
                + divergence_of_flux(lattice_mobility(stored, filling(left)), left["A+"]),
                "phi": -stored[1] * filling(left) - sigma * ufl.div(ufl.grad(left["phi"])),
            },
        )
        return {"a": here, "b": lattice_part(20, ions_b, right)}

    end = {k: right_shape(1.0, b[k], slopes_b[k], 0.0, flat=k == "phi") for k in b}
    phi_left = a["phi"] - 0.5 * slopes_a["phi"]
    imposed = {("right", "A+"): end["A+"], ("left", "phi"): phi_left}
    current = lattice_value(ions_b, "A+", end["A+"], end["phi"]) * slopes_b["A+"]
    return text, parts, imposed, {("right", "A+"): current, ("left", "phi"): -sigma * slopes_a["phi"]}


PROBLEMS = {
    "electrolyte": (electrolyte, (1, 2)),
    "broken": (broken, (1, 2)),
    "plane": (plane, (1, 2)),
    "conductor": (conductor, (1, 2)),
    "electrolyte 2D": (electrolyte_2d, (1,)),
}


def rows(bench):
    panels = {1: [], 2: []}
    for i, (name, (problem, degrees)) in enumerate(PROBLEMS.items()):
        for order in degrees:
            refinements = (2, 4, 8) if order == 1 else (1, 2, 4)
            errors = []
            for n in refinements:
                text, parts, imposed, supplies = problem(order, n)
                with bench.trial(text) as trial:
                    errors.append(solve_manufactured(trial, parts, imposed=imposed, supplies=supplies).values)
            sizes = [1.0 / n for n in refinements]
            orders = observed_orders(sizes, errors)
            if order == 1:
                yield from order_rows(f"{name}, P1", orders, expected=2.0, tolerance=0.15)
            else:
                yield from order_rows(f"{name}, P2", orders, expected=3.0, tolerance=0.15, at_least=True)
            shown = [e["potential"] for e in errors]
            flow = [e["current A+"] for e in errors]
            panels[order].append((name, i, sizes, shown, flow))
    figures = []
    for order, series in panels.items():
        for k, what in ((3, "potential, L2"), (4, "current of A⁺")):
            slope = 2 if order == 1 else (3 if k == 3 else 4)
            figures.append(
                Panel(
                    "cell size (coarsest = 1)",
                    f"error of the {what}",
                    exact=[
                        Curve("", [s[2][0], s[2][-1]], [s[k][-1] * (s[2][0] / s[2][-1]) ** slope, s[k][-1]], s[1])
                        for s in series
                    ],
                    simulated=[Curve(s[0], s[2], s[k], s[1]) for s in series],
                    title=f"P{order}: lines have slope {slope}",
                    log_x=True,
                    log_y=True,
                )
            )
    bench.overlay("order_in_space", "Errors against manufactured solutions", figures)
