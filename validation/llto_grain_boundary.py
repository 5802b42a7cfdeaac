r"""Both pictures of the LLTO grain boundary, and what each needs for the permeability that was measured.

Tracer diffusion through Li0.29La0.57TiO3 at 25 C gives D_b = 2.6e-12 m^2/s in the grains and D_gb = 1.4e-17 m^2/s over an assumed
1 nm at the boundaries: a permeability P = D_gb/w = 1.4e-8 m/s, or 186 um of grain in resistance. Two pictures are published:

charged core   a positively charged core expels Li+ from layers beside it (Wu and Guo 2017); its own sites bind Li+ (-0.8 eV), so
               that the layers and not the core carry the resistance
Li-poor core   the core offers Li+ only costly sites; the layers beside it are richer in Li than the grain (Gu, Ma et al. 2023)

In the first, P has a largest value (near 1.2e9 C/m^3): with less charge the binding sites of the core fill up with Li and block.

Each has a number that no experiment gives, the charge of the core or the energy of its sites. It is varied here about the value of
the materials library, in the files of configs/ and on their meshes. The simulated P (steady current under 1 mV; tracer with the
Haven ratio of the grain) is held against an independent solution of the same model: the first integral of Poisson's equation in
the grains, its numerical integration through the core, and ``P = D_b/int (M_b/M - 1) dx``. The last row of each picture says which
value it needs for 1.4e-8 m/s.

Source: Hasegawa et al., J. Mater. Chem. A 12 (2024) 731, doi 10.1039/d3ta05012b (P); J.-F. Wu, X. Guo, Phys. Chem. Chem. Phys. 19
(2017) 5880, doi 10.1039/C6CP07757A; Z. Gu, J. Ma et al., Nat. Commun. 14 (2023) 1632, doi 10.1038/s41467-023-37313-2. Tolerance
2 % against the independent solution, and 10 % of the measured P for the values of the library.
"""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
from scipy.integrate import quad, solve_ivp
from scipy.optimize import brentq

from ssbsim.analysis import exact
from ssbsim.commands.validate import Curve, Panel, Row
from ssbsim.constants import FARADAY, GAS_CONSTANT
from ssbsim.constants import VACUUM_PERMITTIVITY as VACUUM

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
THERMAL = GAS_CONSTANT * 298.15 / FARADAY
WIDTH = 1e-9
MEASURED = 1.4e-8
BIAS = 1e-3

CHARGED = (
    "core: {material: LLTO-grain-boundary-core-charged}",
    "core: {{material: LLTO-grain-boundary-core-charged, excess_charge: {value} C/m^3}}",
)
POOR = (
    "core: {material: LLTO-grain-boundary-core-Li-poor}",
    "core: {{material: LLTO-grain-boundary-core-Li-poor, sites: [{{name: A, density: 12250 mol/m^3, "
    "standard_potential: {{Li+: {value} eV}}}}]}}",
)


class Independent:
    """The equilibrium of a boundary core between two grains, and what it does to a current, without ssbsim's solver.

    Both phases have one class of Li sites and mobility by exchange; by symmetry half of the core is enough.
    """

    def __init__(self, case):
        grain, core = case.phases["grain"], case.phases["core"]
        self.site, self.core_site = grain.sites[0], core.sites[0]
        self.bulk = grain.concentration["Li+"]
        self.core_bulk = core.concentration["Li+"]
        self.charge = core.excess_charge
        self.core_eps = core.permittivity * VACUUM
        self.eps = grain.permittivity * VACUUM
        self.layer = {
            "temperature": case.temperature,
            "relative_permittivity": grain.permittivity,
            "site_density": self.site.density,
            "site_fraction": self.bulk / self.site.density,
        }
        theta = self.bulk / self.site.density
        self.mu = np.log(theta / (1 - theta)) + self.site.standard_potential["Li+"] / THERMAL
        self.diffusivity = grain.species["Li+"].diffusivity.at_temperature(case.temperature)
        ratio = core.species["Li+"].diffusivity.at_temperature(case.temperature) / core.species["Li+"].haven_ratio
        self.speed = ratio / (self.diffusivity / grain.species["Li+"].haven_ratio)

    def varied(self, quantity, value):
        """The same boundary with another charge of the core (C/m3) or energy of its sites (eV)."""
        other = copy.copy(self)
        if quantity == "charge":
            other.charge = value
        else:
            other.core_site = self.core_site.model_copy(update={"standard_potential": {"Li+": value}})
        return other

    def filling(self, phi, site):
        """Filling of the sites of a class at a potential (V) against the bulk of the grain."""
        return 1.0 / (1.0 + np.exp(-(self.mu - (site.standard_potential["Li+"] + phi) / THERMAL)))

    def core_resistance(self, phi):
        """Bulk of the grain over core, ``M = D c_ref x (1 - x)/(x_ref (1 - x_ref))`` in each."""
        x, ref = self.filling(phi, self.core_site), self.core_bulk / self.core_site.density
        return self.bulk * ref * (1 - ref) / (self.speed * self.core_bulk * x * (1 - x))

    def through_core(self, middle, resistance=False):
        """From the potential in the middle: potential and slope at the edge, and the excess resistance of half the core."""

        def slope(_, y):
            held = self.core_site.density * self.filling(y[0], self.core_site)
            rho = self.charge + FARADAY * (held - self.core_bulk)
            # position in widths of the core, slope in V per width
            change = [y[1], -rho * WIDTH**2 / self.core_eps]
            return [*change, self.core_resistance(y[0]) - 1.0] if resistance else change

        start = [middle, 0.0, 0.0] if resistance else [middle, 0.0]
        end = solve_ivp(slope, (0.0, 0.5), start, rtol=1e-9, atol=1e-11, method="LSODA").y[:, -1]
        return end[0], end[1] / WIDTH, (end[2] * WIDTH if resistance else None)

    def solve(self):
        """Potential of the edge (V), and excess resistive lengths (m) of the core and of both layers."""

        def mismatch(middle):
            edge, slope, _ = self.through_core(middle)
            return -self.core_eps * slope - float(exact.lattice_gas_charge(edge, **self.layer))

        edge, _, core = self.through_core(brentq(mismatch, -0.2, 2.0, xtol=1e-14, rtol=1e-14), True)
        theta = self.layer["site_fraction"]

        def integrand(phi):
            x = self.filling(phi, self.site)
            return (
                (theta * (1 - theta) / (x * (1 - x)) - 1.0)
                * self.eps
                / float(exact.lattice_gas_charge(phi, **self.layer))
            )

        return edge, 2 * core, 2 * quad(integrand, 0.0, edge, epsrel=1e-8, limit=200)[0]

    def permeability(self):
        """Of a tracer with the Haven ratio of the grain, m/s."""
        return self.diffusivity / sum(self.solve()[1:])


def simulated(bench, text):
    """The resolved case, and the edge potential (V), resistive lengths (m) of core and layers, P (m/s), charge (C/m2)."""
    with bench.trial(text) as trial:
        trial.equilibrium()
        profile = trial.profile()
        trial.steady({"right": BIAS})
        flux = trial.flux("right", "Li+")
        driven = trial.profile()
    sigma = driven.along("conductivity [S/m]", "grain.1")[1][0]
    mu = driven.along("electrochemical potential Li+ [eV]", "core")[1]
    whole = sigma * BIAS / (FARADAY * flux) - np.ptp(driven.x)
    core = sigma * (mu[-1] - mu[0]) / (FARADAY * flux) - WIDTH
    phi = profile.along("potential [V]", "grain.2")[1]
    model = Independent(trial.case)
    charge = profile.integral("charge density [C/m^3]", "core")
    return model, (phi[0] - phi[-1], core, whole - core), model.diffusivity / whole, charge


def needed(values, permeabilities):
    """Value, beyond the largest P, at which ln P falls through the measured one."""
    best = int(np.argmax(permeabilities))
    falling = np.log(permeabilities[best:])[::-1]
    return float(np.interp(np.log(MEASURED), falling, np.asarray(values[best:])[::-1]))


def rows(bench):
    pictures = {
        "charged core": ("llto_bicrystal", CHARGED, "charge", (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.05, 1.2), "C/m^3"),
        "Li-poor core": ("llto_bicrystal_li_poor", POOR, "energy", (0.7, 0.8, 0.9, 0.98, 1.02, 1.1), "eV"),
    }
    panels = []
    for i, (name, (config, (old, new), quantity, factors, unit)) in enumerate(pictures.items()):
        text = (CONFIGS / f"{config}.yaml").read_text(encoding="utf-8")
        model, parts, permeability, charge = simulated(bench, text)
        edge, core, layers = model.solve()
        library = model.charge if quantity == "charge" else model.core_site.standard_potential["Li+"]
        yield Row(f"{name}, library: permeability, measured", MEASURED, permeability, 0.1, "m/s")
        yield Row(f"{name}, library: permeability, independent", model.permeability(), permeability, 2e-2, "m/s")
        yield Row(f"{name}, library: potential of the edge", edge, parts[0], 1e-3, "V", kind="absolute")
        yield Row(f"{name}, library: resistance of the core", core * 1e6, parts[1] * 1e6, 2e-2, "um of grain")
        yield Row(f"{name}, library: resistance of the layers", layers * 1e6, parts[2] * 1e6, 2e-2, "um of grain")
        displaced = -2.0 * float(exact.lattice_gas_charge(edge, **model.layer)) / -1.602176634e-19 * 1e-18
        yield Row(f"{name}, library: charge of the core", displaced, charge / 1.602176634e-19 * 1e-18, 2e-2, "e/nm^2")
        found, expected = {library: permeability}, {library: model.permeability()}
        for factor in factors:
            value = factor * library
            found[value] = simulated(bench, text.replace(old, new.format(value=value)))[2]
            expected[value] = model.varied(quantity, value).permeability()
            yield Row(f"{name}, {value:.4g} {unit}: permeability", expected[value], found[value], 2e-2, "m/s")
        values = sorted(found)
        simulation, reference = ([which[v] for v in values] for which in (found, expected))
        what = "charge density" if quantity == "charge" else "energy of its sites"
        yield Row(
            f"{name}: {what} needed for 1.4e-8 m/s", needed(values, reference), needed(values, simulation), 1e-2, unit
        )
        factor, label = (1e-9, "charge of the core (10⁹ C/m³)") if i == 0 else (1.0, "energy of Li in the core (eV)")
        line = np.linspace(values[0], values[-1], 31)
        panels.append(
            Panel(
                label,
                "permeability (m/s)",
                exact=[
                    Curve(
                        "independent solution",
                        line * factor,
                        [model.varied(quantity, v).permeability() for v in line],
                        i,
                    )
                ],
                approximate=[Curve("measured", line[[0, -1]] * factor, [MEASURED, MEASURED], 2)],
                simulated=[Curve("simulated", np.array(values) * factor, simulation, i)],
                title=name,
                log_y=True,
            )
        )
    bench.overlay("llto_grain_boundary", "What each picture of the LLTO grain boundary needs", panels)
