r"""Laws of an interface: each is a storage and a dissipation per area.

Signs. A jump is *first-named minus second-named* side, ``jump(f) = f_a - f_b`` for the interface ``a|b``. The molar flux
``J_k`` from a to b is the derivative of the dissipation, ``J_k = d psi / d jump(mu_k)``: positive when mu is higher in a.
The overpotential is ``eta = jump(mu_k) / (z_k F)`` and the current from a to b ``i = z_k F J_k``.

============== ==================================================================  =====================================
law            storage (J/m2, over RT in units of the problem)                     dissipation psi (W/m2)
============== ==================================================================  =====================================
blocking       none                                                                none
resistive      none                                                                ``jump(mu)^2 / (2 z^2 F^2 R)``
grain_boundary ``C/2 jump(phi)^2``, C given or eps/w                               ``eta^2 / (2 R)``, or with V0
                                                                                   ``V0^2/R [cosh(eta/V0) - 1]``
butler_volmer  none                                                                ``RT i0/(|z|F) [e^(a u)/a
                                                                                   + e^(-(1-a) u)/(1-a)]``, u = jump(mu)/RT
capacitive     ``C/2 (jump(phi) - offset)^2``                                      none
fixed_charge   ``-q phi``                                                          none
segregation    ``RT N ln(1 + exp(a)) + z F N x_bulk phi``                          none
============== ==================================================================  =====================================

Butler-Volmer written as a current: ``i = sign(z) i0 [exp(a zF eta/RT) - exp(-(1-a) zF eta/RT)]``, which has the sign of eta
for cations and anions alike; detailed balance holds because eta is the whole difference of electrochemical potential,
concentrations and electrostatic potential included
(Bazant, Acc. Chem. Res. 46 (2013) 1144, doi 10.1021/ar300145c).

Segregation: N sites per area in the core with ``a = (mu - zF phi - mu0 - energy)/RT``, mu0 the standard potential of the
first site class of the first-named phase that the species fits; the core is neutral at the occupancy ``x_bulk`` of that
class in the phase's neutral bulk (``(c/N)/(1 + c/N)`` where the class is dilute), so its charge is ``zF N (x - x_bulk)``
(Maier, Prog. Solid State Chem. 23 (1995) 171, doi 10.1016/0079-6786(95)00004-E).

On a perfect contact the potentials are continuous and jumps vanish: only laws that act on the plane itself make sense.
On a broken contact the laws of the plane act on both sides in equal halves.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ssbsim.case import Interface
from ssbsim.constants import VACUUM_PERMITTIVITY
from ssbsim.discretization.scaling import Scales
from ssbsim.errors import CaseError
from ssbsim.geometry import Grain, misorientation_angle
from ssbsim.physics.operations import NUMPY, Operations
from ssbsim.physics.phases import PhaseModel
from ssbsim.physics.site_statistics import SITE_STATISTICS
from ssbsim.physics.state import State


class InterfaceLaw(Protocol):
    """What a law has to give."""

    #: True where the law ties the potentials of the two sides together, so that one may lend the other its reference.
    couples_potentials: bool
    #: True where the law puts charge or sites on the plane, which a first solve may have to add in parts.
    loads_plane: bool

    def bind(self, constant: Callable[[float], Any]) -> InterfaceLaw:
        """The same law with numbers replaced by constants."""

    def storage(self, a: State, b: State, op: Operations) -> Any:
        """Stored energy per area, or ``None``."""

    def dissipation(self, a: State, b: State, op: Operations) -> Any:
        """Dissipation potential per area, or ``None``; what a rate depends on is lagged."""

    def reference(self, a: State, b: State) -> Any:
        """Amounts that the plane holds beside neutral bulk, times test functions, or ``None``."""

    def pair_factors(self, pairs: Sequence[tuple[Grain, Grain]]) -> npt.NDArray[np.float64] | None:
        """By how much a resistance differs for every pair of grains, or ``None`` where it does not."""

    def linear_conductance(self, species: str, *, tracer: bool = False) -> Any:
        """Flux of a species over a small jump of mu in kT, or ``None`` where the law lets none through.

        Args:
            species: The species.
            tracer: Instead the flux of its isotope over the jump of the isotope fraction.
        """


class _Law:
    """Base: stores nothing, dissipates nothing, binds every float attribute."""

    couples_potentials = False
    loads_plane = False

    def bind(self, constant: Callable[[float], Any]) -> Any:
        bound = object.__new__(type(self))
        for name, value in vars(self).items():
            setattr(bound, name, constant(value) if isinstance(value, float) else value)
        return bound

    def storage(self, a: State, b: State, op: Operations) -> Any:
        return None

    def dissipation(self, a: State, b: State, op: Operations) -> Any:
        return None

    def reference(self, a: State, b: State) -> Any:
        return None

    def pair_factors(self, pairs: Sequence[tuple[Grain, Grain]]) -> npt.NDArray[np.float64] | None:
        return None

    def linear_conductance(self, species: str, *, tracer: bool = False) -> Any:
        return None


class Blocking(_Law):
    """Nothing crosses."""

    def __init__(self, law: Any, scales: Scales, first: PhaseModel) -> None:
        pass


class Resistive(_Law):
    """Area-specific resistance R (ohm m2) for one species: ``eta = R i``."""

    couples_potentials = True

    def __init__(self, law: Any, scales: Scales, first: PhaseModel) -> None:
        self.species = law.species
        self.conductance = scales.resistance / (first.charges[law.species] ** 2 * law.resistance)

    def dissipation(self, a: State, b: State, op: Operations) -> Any:
        """``g/2 jump(mu)^2``."""
        jump = a.mu[self.species] - b.mu[self.species]
        return 0.5 * self.conductance * jump * jump

    def linear_conductance(self, species: str, *, tracer: bool = False) -> Any:
        """The conductance; a tracer has the same, as a Haven ratio of 1 would give."""
        return self.conductance if species == self.species else None


class GrainBoundary(_Law):
    """A boundary of zero thickness: resistance of one species and dielectric capacitance, see `GrainBoundaryLaw`.

    The resistance may differ from one pair of grains to the next; `pair_factors` says by how much, and whoever places
    the law multiplies ``resistance_factor`` into it.
    """

    couples_potentials = True

    def __init__(self, law: Any, scales: Scales, first: PhaseModel) -> None:
        self.species = law.species
        self.law = law
        z = first.charges[law.species]
        c = first.bulk_concentration[law.species] * scales.concentration
        #: Area-specific resistance (ohm m2) and tracer permeability (m/s) where the factor is 1.
        self.resistance = _Plain(law.area_resistance(scales.temperature, z, c))
        self.permeability = _Plain(law.tracer_permeability(scales.temperature, z, c))
        self.conductance = scales.resistance / (z * z * self.resistance.value)
        capacitance = law.capacitance
        if law.permittivity is not None:
            capacitance = law.permittivity * VACUUM_PERMITTIVITY / law.width
        self.capacitance = None if capacitance is None else capacitance / scales.capacitance
        #: Jump of mu (kT) that belongs to the sinh potential.
        self.sinh_jump = None if law.sinh_potential is None else abs(z) * law.sinh_potential / scales.potential
        self.resistance_factor: Any = None
        self.concentration = float(first.bulk_concentration[law.species])
        #: Models of the two phases; set by whoever places a law that needs them.
        self.sides: tuple[PhaseModel, PhaseModel] | None = (first, first) if law.exchange == "proportional" else None

    def pair_factors(self, pairs: Sequence[tuple[Grain, Grain]]) -> npt.NDArray[np.float64] | None:
        """Factor of the resistance of every pair of grains, or ``None`` where all are alike."""
        if not self.law.spread and not self.law.classes:
            return None
        factors = np.ones(len(pairs))
        for i, (one, other) in enumerate(pairs):
            if self.law.classes:
                angle = _misorientation(one, other)
                factors[i] = next((c.factor for c in self.law.classes if angle <= c.up_to), 1.0)
            factors[i] *= math.exp(self.law.spread * _normal_deviate(self.law.seed, one.name, other.name))
        return factors

    def storage(self, a: State, b: State, op: Operations) -> Any:
        """``C/2 jump(phi)^2``."""
        return None if self.capacitance is None else 0.5 * self.capacitance * (a.phi - b.phi) ** 2

    def dissipation(self, a: State, b: State, op: Operations) -> Any:
        """``g/2 jump(mu)^2``, or ``g u^2 [cosh(jump(mu)/u) - 1]``."""
        jump = a.mu[self.species] - b.mu[self.species]
        if self.sinh_jump is None:
            spent = 0.5 * self.conductance * jump * jump
        else:
            ratio = jump / self.sinh_jump
            spent = self.conductance * self.sinh_jump**2 * (0.5 * (op.exp(ratio) + op.exp(-ratio)) - 1.0)
        if self.sides is not None:
            one, other = (
                model.concentrations(side, op)[self.species] for model, side in zip(self.sides, (a, b), strict=True)
            )
            spent = spent * op.lagged(log_mean(one, other, op)) / self.concentration
        return spent if self.resistance_factor is None else spent / self.resistance_factor

    def linear_conductance(self, species: str, *, tracer: bool = False) -> Any:
        """The conductance; that of a tracer is larger by the Haven ratio."""
        if species != self.species:
            return None
        value = self.conductance * self.law.haven_ratio if tracer else self.conductance
        return value if self.resistance_factor is None else value / self.resistance_factor


@dataclass(frozen=True)
class _Plain:
    """A number in SI for the books, which is no parameter of a form."""

    value: float


def _misorientation(one: Grain, other: Grain) -> float:
    """Misorientation of two cubic crystals (degrees)."""
    for grain in (one, other):
        if grain.orientation is None:
            raise CaseError(
                f"Grain '{grain.name}' has no orientation, so its boundaries belong to no class.",
                where="interfaces: classes",
                hint="Use a geometry that gives its grains orientations (polycrystal), or remove the classes.",
            )
    return math.degrees(float(misorientation_angle(one.orientation or (), other.orientation or (), cubic=True)))


def log_mean(one: Any, other: Any, op: Operations) -> Any:
    """Logarithmic mean ``(a - b) / ln(a/b)``, smooth where they are equal (to 2e-9)."""
    half = 0.5 * op.ln(one / other)
    half = op.exp(0.5 * op.ln(half * half + 1e-8))
    return op.exp(0.5 * op.ln(one * other)) * (op.exp(half) - op.exp(-half)) / (2.0 * half)


def _normal_deviate(seed: int, one: str, other: str) -> float:
    """A standard normal number that belongs to a pair of names, the same on every rank and mesh."""
    digest = hashlib.sha256(f"{seed}\0{min(one, other)}\0{max(one, other)}".encode()).digest()
    return NormalDist().inv_cdf((int.from_bytes(digest[:7], "little") + 0.5) / 2.0**56)


class ButlerVolmer(_Law):
    """Charge transfer of one species: ``i = sign(z) i0 [exp(a z F eta/RT) - exp(-(1-a) z F eta/RT)]``."""

    couples_potentials = True

    def __init__(self, law: Any, scales: Scales, first: PhaseModel) -> None:
        self.species = law.species
        self.rate = law.exchange_current / scales.current / abs(first.charges[law.species])
        self.transfer = float(law.transfer_coefficient)

    def dissipation(self, a: State, b: State, op: Operations) -> Any:
        """Integral of the flux over jump(mu)."""
        u = a.mu[self.species] - b.mu[self.species]
        back = 1.0 - self.transfer
        return self.rate * (op.exp(self.transfer * u) / self.transfer + op.exp(-back * u) / back)

    def linear_conductance(self, species: str, *, tracer: bool = False) -> Any:
        """``i0/(|z| F)``: the exchange flux, of ions and of their isotopes alike."""
        return self.rate if species == self.species else None


class Capacitive(_Law):
    """A charge-free gap: ``C`` (F/m2) between the sides, zero charge at ``jump(phi) = offset``."""

    couples_potentials = True

    def __init__(self, law: Any, scales: Scales, first: PhaseModel) -> None:
        self.capacitance = law.capacitance / scales.capacitance
        self.offset = law.offset / scales.potential

    def storage(self, a: State, b: State, op: Operations) -> Any:
        """``C/2 (jump(phi) - offset)^2``."""
        jump = a.phi - b.phi - self.offset
        return 0.5 * self.capacitance * jump * jump


class FixedCharge(_Law):
    """Charge q (C/m2) fixed in the plane."""

    loads_plane = True

    def __init__(self, law: Any, scales: Scales, first: PhaseModel) -> None:
        self.charge = law.charge / scales.surface_charge

    def storage(self, a: State, b: State, op: Operations) -> Any:
        """``-q (phi_a + phi_b)/2``."""
        return -0.5 * self.charge * (a.phi + b.phi)


class Segregation(_Law):
    """Sites in the plane, N per area, that bind one species with an energy relative to the first-named phase."""

    loads_plane = True

    def __init__(self, law: Any, scales: Scales, first: PhaseModel) -> None:
        self.species = law.species
        self.z = first.charges[law.species]
        self.density = law.density / scales.amount
        site = next(s for s in first.sites if law.species in s.standard_potential)
        self.standard_potential = float(site.standard_potential[law.species] + law.energy / scales.energy_ev)
        x = float(first.occupancies(first.bulk, NUMPY)[first.sites.index(site)][law.species])
        # Dilute sites have a ratio c/N and no occupancy; the core takes x/(1 - x) = c/N.
        self.bulk_occupancy = x if site.statistics.is_limited else x / (1.0 + x)

    def _argument(self, side: State) -> Any:
        return side.mu[self.species] - self.z * side.phi - self.standard_potential

    def storage(self, a: State, b: State, op: Operations) -> Any:
        """Half of the sites on each side."""
        statistics = SITE_STATISTICS["site_limited"]
        total: Any = 0.0
        for side in (a, b):
            pressure = statistics.pressure([self._argument(side)], op)
            total = total + 0.5 * self.density * (pressure + self.z * self.bulk_occupancy * side.phi)
        return total

    def reference(self, a: State, b: State) -> Any:
        """The neutral core: ``N x_bulk``, half on each side."""
        return 0.5 * self.density * self.bulk_occupancy * (a.mu[self.species] + b.mu[self.species])

    def charge(self, side: State, op: Operations) -> Any:
        """Charge of the core per area (scaled)."""
        x = SITE_STATISTICS["site_limited"].occupancies([self._argument(side)], op)[0]
        return self.z * self.density * (x - self.bulk_occupancy)


#: Every law that a case may name; the key is the word in the case file.
INTERFACE_LAWS: dict[str, Callable[[Any, Scales, PhaseModel], Any]] = {
    "blocking": Blocking,
    "butler_volmer": ButlerVolmer,
    "capacitive": Capacitive,
    "fixed_charge": FixedCharge,
    "grain_boundary": GrainBoundary,
    "resistive": Resistive,
    "segregation": Segregation,
}


def interface_laws(interface: Interface, scales: Scales, first: PhaseModel) -> list[Any]:
    """The laws of an interface of the case, scaled; ``first`` is the model of the first-named phase."""
    return [INTERFACE_LAWS[law.law](law, scales, first) for law in interface.laws]
