r"""A phase as two scalar functions.

Storage (grand potential and electrostatics; per volume, scaled by ``R T c0``)::

    p(mu - z phi) + 1/2 lambda^2 |grad phi|^2 - rho_fixed phi         (poisson)
    p(mu - z phi)                                                     (conductor)
    p = sum_j w_j N_j P_j(a_j),   a_jk = (mu_k - z_k phi - mu0_jk) / w_j

Dissipation::

    1/2 sum_kl M_kl grad mu_k . grad mu_l                             (both)
    + 1/2 sigma |grad phi|^2                                          (conductor)

with the site classes j, the pressure ``P_j`` of :mod:`~ssbsim.physics.statistics`, and the mobility::

    M_kl = m_kl sqrt(G_k G_l),     m_kk = (D_k / H_k) c_k,bulk / G_k,bulk,     m_kl = 0 for different species
    G_k = sum_j N_j movable_jk    (mobility law "exchange", default)
    G_k = c_k                      (mobility law "proportional")

so that D_k is the tracer diffusivity in the neutral bulk, ``D_k / H_k`` (Haven ratio H) the diffusivity of charge there,
and ``sigma_bulk = sum z_k z_l F^2 M_kl`` the conductivity of the bulk. Concentration ``c_k = dp/dmu_k``; charge density
``rho_fixed + sum z_k F c_k``; flux ``- sum_l M_kl grad mu_l`` (:mod:`~ssbsim.physics.mobility`). M is positive
semi-definite wherever ``m_kl`` is, which is checked once. Everything is scaled as in :mod:`~ssbsim.discretization.scaling`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ssbsim.case import Phase
from ssbsim.constants import VACUUM_PERMITTIVITY
from ssbsim.discretization.scaling import Scales
from ssbsim.errors import CaseError
from ssbsim.physics.mobility import MobilityMatrix
from ssbsim.physics.operations import NUMPY, Operations
from ssbsim.physics.state import State
from ssbsim.physics.statistics import SITE_STATISTICS, SiteStatistics


@dataclass(frozen=True)
class SiteClass:
    """One class of sites: density N, width w and a standard potential for every species that fits."""

    statistics: SiteStatistics
    density: Any
    width: Any
    standard_potential: Mapping[str, Any]


@dataclass(frozen=True)
class PhaseModel:
    """The functions of one phase, over scaled parameters that are plain floats or UFL constants.

    Args:
        name: Name in the case.
        charges: Charge number of every species that has sites here.
        sites: Site classes.
        mobility: ``m_kl`` of every pair of species that moves here, both orders of a pair.
        mobility_law: ``"exchange"`` or ``"proportional"``.
        fixed_charge: Density of fixed charge.
        permittivity: ``lambda^2``, or ``None`` for a conductor.
        conductivity: Electronic conductivity, or ``None`` with Poisson electrostatics.
        bulk_concentration: Composition of the neutral reference bulk.
        bulk_potential: ``mu_k`` of the neutral bulk at ``phi = 0``.
    """

    name: str
    charges: Mapping[str, int]
    sites: Sequence[SiteClass]
    mobility: Mapping[tuple[str, str], Any]
    mobility_law: str
    fixed_charge: Any
    permittivity: Any | None
    conductivity: Any | None
    bulk_concentration: Mapping[str, float]
    bulk_potential: Mapping[str, float]

    def bind(self, constant: Callable[[float], Any]) -> PhaseModel:
        """The same phase with every number replaced by ``constant(number)``, so that a new value compiles nothing."""
        sites = [
            replace(
                site,
                density=constant(site.density),
                width=constant(site.width),
                standard_potential={k: constant(v) for k, v in site.standard_potential.items()},
            )
            for site in self.sites
        ]
        return replace(
            self,
            sites=sites,
            mobility={k: constant(v) for k, v in self.mobility.items()},
            fixed_charge=constant(self.fixed_charge),
            permittivity=None if self.permittivity is None else constant(self.permittivity),
            conductivity=None if self.conductivity is None else constant(self.conductivity),
        )

    @property
    def bulk(self) -> State:
        """The neutral bulk at ``phi = 0``."""
        return State(self.bulk_potential, 0.0)

    @property
    def mobile_species(self) -> tuple[str, ...]:
        """The species that move here."""
        return MobilityMatrix(self.mobility).species

    def _arguments(self, site: SiteClass, state: State) -> list[Any]:
        return [
            (state.mu[k] - self.charges[k] * state.phi - mu0) / site.width for k, mu0 in site.standard_potential.items()
        ]

    def pressure(self, state: State, op: Operations) -> Any:
        """Grand-potential density p."""
        total: Any = 0.0
        for site in self.sites:
            pressure = site.statistics.pressure(self._arguments(site, state), op)
            total = total + site.width * site.density * pressure
        return total

    def occupancies(self, state: State, op: Operations) -> list[dict[str, Any]]:
        """Occupancy of every species in every site class."""
        return [
            dict(
                zip(site.standard_potential, site.statistics.occupancies(self._arguments(site, state), op), strict=True)
            )
            for site in self.sites
        ]

    def concentrations(self, state: State, op: Operations) -> dict[str, Any]:
        """Concentration of every species, summed over its site classes."""
        total: dict[str, Any] = {k: 0.0 for k in self.charges}
        for site, x in zip(self.sites, self.occupancies(state, op), strict=True):
            for k, xk in x.items():
                total[k] = total[k] + site.density * xk
        return total

    def movable(self, state: State, op: Operations) -> dict[str, Any]:
        """``G_k`` of the mobility law."""
        if self.mobility_law == "proportional":
            return self.concentrations(state, op)
        total: dict[str, Any] = {k: 0.0 for k in self.charges}
        for site, x in zip(self.sites, self.occupancies(state, op), strict=True):
            for (k, _), factor in zip(x.items(), site.statistics.movable(list(x.values())), strict=True):
                total[k] = total[k] + site.density * factor
        return total

    def charge_density(self, state: State, op: Operations) -> Any:
        """Net charge density; zero in a conductor, whose electrons neutralise it."""
        if self.permittivity is None:
            return 0.0
        c = self.concentrations(state, op)
        return self.fixed_charge + sum(self.charges[k] * ck for k, ck in c.items())

    def mobilities(self, state: State, op: Operations) -> MobilityMatrix:
        """``M_kl`` of the species that move here."""
        g = self.movable(state, op)
        return MobilityMatrix(
            {(k, j): m * (g[k] if k == j else op.exp(0.5 * op.ln(g[k] * g[j]))) for (k, j), m in self.mobility.items()}
        )

    def electrostatic_storage(self, phi: Any, op: Operations) -> Any:
        """``1/2 lambda^2 |grad phi|^2``; ``None`` in a conductor."""
        return None if self.permittivity is None else 0.5 * self.permittivity * op.gradient_product(phi, phi)

    def fixed_storage(self, phi: Any) -> Any:
        """``- rho_fixed phi``; ``None`` in a conductor."""
        return None if self.permittivity is None else -self.fixed_charge * phi

    def dissipation(self, state: State, mobility: MobilityMatrix, op: Operations) -> Any:
        """That of the mobility and, in a conductor, ``1/2 sigma |grad phi|^2``; ``None`` if nothing moves."""
        ions = mobility.dissipation(state.mu, op)
        if self.conductivity is None:
            return ions
        electrons = 0.5 * self.conductivity * op.gradient_product(state.phi, state.phi)
        return electrons if ions is None else ions + electrons


def phase_model(name: str, phase: Phase, scales: Scales) -> PhaseModel:
    """Scale a resolved phase of the case.

    Args:
        name: Name of the phase in the case.
        phase: A complete phase (SI; energies in eV per particle).
        scales: Units of the scaled problem.

    Raises:
        CaseError: The composition cannot be reached by any chemical potential, or the mobility is not positive
            semi-definite.
    """
    kt = scales.energy_ev
    sites = [
        SiteClass(
            SITE_STATISTICS[site.statistics],
            site.density / scales.concentration,
            site.width,
            {k: site.standard_potential.get(k, 0.0) / kt for k in (site.standard_potential or phase.species)},
        )
        for site in phase.sites or ()
    ]
    charges = {k: s.charge for k, s in (phase.species or {}).items()}
    bulk = {k: c / scales.concentration for k, c in (phase.concentration or {}).items()}
    background = -sum(charges[k] * c for k, c in bulk.items()) if phase.background == "neutral" else 0.0
    conductor = phase.electrostatics == "conductor"
    # Either is present: the case was checked.
    permittivity = (phase.permittivity or 1.0) * VACUUM_PERMITTIVITY / scales.permittivity
    conductivity = (phase.electronic_conductivity or 0.0) / scales.conductivity
    model = PhaseModel(
        name=name,
        charges=charges,
        sites=sites,
        mobility={},
        mobility_law=phase.mobility or "exchange",
        fixed_charge=background + (phase.excess_charge or 0.0) / scales.charge_density,
        permittivity=None if conductor else permittivity,
        conductivity=conductivity if conductor else None,
        bulk_concentration=bulk,
        bulk_potential={},
    )
    potential = _bulk_potential(model) if bulk else {}
    g = model.movable(State(potential, 0.0), NUMPY) if bulk else {}
    mobility = {}
    for k, species in (phase.species or {}).items():
        if species.diffusivity is not None:
            if not g[k] > 0.0:
                # As good as full: x (1 - x) has rounded to zero.
                raise _not_reached(name)
            d = species.diffusivity.at_temperature(scales.temperature) / species.haven_ratio / scales.diffusivity
            mobility[k, k] = float(d * bulk[k] / g[k])
    MobilityMatrix(mobility).check(name)
    return replace(model, mobility=mobility, bulk_potential=potential)


def _bulk_potential(model: PhaseModel) -> dict[str, float]:
    """``mu_k`` at which the phase, at ``phi = 0``, has its reference composition (damped Newton in ``ln c``)."""
    names = list(model.charges)
    target = np.log([model.bulk_concentration[k] for k in names])
    capacity = sum(site.density for site in model.sites)
    free = max(1.0 - sum(model.bulk_concentration.values()) / capacity, 1e-3)
    lowest = {k: min(s.standard_potential[k] for s in model.sites if k in s.standard_potential) for k in names}
    mu = np.array([lowest[k] + np.log(model.bulk_concentration[k] / capacity / free) for k in names])

    def log_concentration(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        c = model.concentrations(State(dict(zip(names, values, strict=True)), 0.0), NUMPY)
        return np.log([c[k] for k in names])

    for _ in range(200):
        miss = log_concentration(mu) - target
        if np.max(np.abs(miss)) < 1e-14:
            break
        step = 1e-6
        jacobian = np.empty((len(names), len(names)))
        for i in range(len(names)):
            shift = np.zeros(len(names))
            shift[i] = step
            jacobian[:, i] = (log_concentration(mu + shift) - log_concentration(mu - shift)) / (2 * step)
        try:
            delta = np.linalg.solve(jacobian, -miss)
        except np.linalg.LinAlgError:
            raise _not_reached(model.name) from None
        mu = mu + delta * min(1.0, 3.0 / max(np.max(np.abs(delta)), 1e-30))
        if np.max(np.abs(delta)) < 1e-15:
            break
    if not np.max(np.abs(log_concentration(mu) - target)) < 1e-10:
        raise _not_reached(model.name)
    return {k: float(v) for k, v in zip(names, mu, strict=True)}


def _not_reached(name: str) -> CaseError:
    return CaseError(
        f"The composition of phase '{name}' is not reached at any chemical potential.",
        where=f"phases.{name}.concentration",
        hint="Keep the sum of the concentrations below the density of the sites that the species can occupy.",
    )


def debye_length(model: PhaseModel) -> float:
    """Debye length of the neutral bulk (scaled): ``lambda^2 = permittivity / sum z^2 dc/da``.

    ``dc/da`` is the derivative of the concentrations in their argument: c for dilute species, ``N x (1 - x)`` for a lattice
    gas, so that the three textbook formulas are this one. Infinite where nothing mobile has a charge.
    """
    step = 1e-5
    charge = []
    for phi in (step, -step):
        c = model.concentrations(State(model.bulk_potential, phi), NUMPY)
        charge.append(sum(model.charges[k] * ck for k, ck in c.items()))
    screening = -(charge[0] - charge[1]) / (2 * step)
    return float(np.sqrt(model.permittivity / screening)) if screening > 0.0 else np.inf
