r"""A boundary of zero thickness: resistance R (ohm m2) of one species and dielectric capacitance C (F/m2).

With ``eta = jump(mu)/(zF)``, and C given or eps/w::

    C/2 jump(phi)^2                                          storage
    psi = eta^2 / (2 R)                                      ohmic
    psi = V0^2/R [cosh(eta/V0) - 1],  i = V0/R sinh(eta/V0)  with a sinh potential V0
    psi = (c_m/c) eta^2 / (2 R)                              in proportion to the concentration at the boundary

c is the concentration of the neutral bulk of the first side and ``c_m = (c_a - c_b)/ln(c_a/c_b)`` the logarithmic mean of the
two sides, with which isotopes cross in proportion to the difference of their fractions. How R may be given is said in
:mod:`ssbsim.case.laws.grain_boundary`.

R may differ from one pair of grains to the next by a factor: that of a class of misorientations, times ``exp(s n)`` with the
spread s and a normal deviate n that belongs to the pair of names, the same on every rank and mesh.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from ssbsim.case.laws.grain_boundary import GrainBoundaryLaw
from ssbsim.constants import VACUUM_PERMITTIVITY
from ssbsim.errors import CaseError
from ssbsim.geometry import Grain, misorientation_angle
from ssbsim.physics.laws.base import Contact, Floats, OneSpecies
from ssbsim.physics.operations import Operations
from ssbsim.physics.state import State


@dataclass(frozen=True)
class _InBooks:
    """A number in SI that no form has."""

    value: float


class GrainBoundary(OneSpecies):
    """A boundary of zero thickness."""

    schema = GrainBoundaryLaw

    def __init__(self, law: GrainBoundaryLaw, contact: Contact) -> None:
        first, scales = contact.phases[0], contact.scales
        z, c = first.charges[law.species], float(first.bulk_concentration[law.species])
        resistance = law.area_resistance(scales.temperature, z, c * scales.concentration)
        super().__init__(law.species, scales.resistance / (z * z * resistance), contact)
        self.law = law
        self._permeability = _InBooks(law.tracer_permeability(scales.temperature, z, c * scales.concentration))
        capacitance = law.capacitance
        if law.permittivity is not None:
            capacitance = law.permittivity * VACUUM_PERMITTIVITY / (law.width or math.nan)
        self.capacitance = None if capacitance is None else contact.constant(capacitance / scales.capacitance)
        #: Jump of mu (kT) that belongs to the sinh potential.
        self.sinh_jump = (
            None if law.sinh_potential is None else contact.constant(abs(z) * law.sinh_potential / scales.potential)
        )
        #: By how much R differs, for every pair of grains and as an expression.
        self.factors = pair_factors(law, contact.grains)
        self.factor = None if self.factors is None else contact.on_facets(self.factors)
        self.concentration = contact.constant(c)
        self.models = contact.phases_in_forms or contact.phases

    @property
    def width(self) -> float | None:
        """Of the boundary (m), where it is given."""
        return self.law.width

    def permeability(self, pair: int | None = None) -> float | None:
        """Of a tracer (m/s)."""
        known = self._permeability.value
        return known if pair is None or self.factors is None else known / float(self.factors[pair])

    def storage(self, a: State, b: State, op: Operations) -> Any:
        """``C/2 jump(phi)^2``."""
        return None if self.capacitance is None else 0.5 * self.capacitance * (a.phi - b.phi) ** 2

    def dissipation(self, a: State, b: State, op: Operations) -> Any:
        """``g/2 jump(mu)^2``, or ``g u^2 [cosh(jump(mu)/u) - 1]``."""
        (jump,) = self.affinities(a, b)
        if self.sinh_jump is None:
            dissipated = 0.5 * self.conductance * jump * jump
        else:
            ratio = jump / self.sinh_jump
            dissipated = self.conductance * self.sinh_jump**2 * (0.5 * (op.exp(ratio) + op.exp(-ratio)) - 1.0)
        if self.law.exchange == "proportional":
            one, other = (
                model.concentrations(side, op)[self.species] for model, side in zip(self.models, (a, b), strict=True)
            )
            dissipated = dissipated * op.lagged(log_mean(one, other, op)) / self.concentration
        return dissipated if self.factor is None else dissipated / self.factor

    def conductances(self, species: str, *, tracer: bool = False) -> Floats | None:
        """The conductance; that of a tracer is larger by the Haven ratio."""
        found = super().conductances(species)
        if found is None:
            return None
        found = found * self.law.haven_ratio if tracer else found
        return found if self.factors is None else found / self.factors


def pair_factors(law: GrainBoundaryLaw, pairs: Sequence[tuple[Grain, Grain]]) -> Floats | None:
    """Factor of the resistance of every pair of grains, or ``None`` where all are alike."""
    if not law.spread and not law.classes:
        return None
    factors = np.ones(len(pairs))
    for i, (one, other) in enumerate(pairs):
        if law.classes:
            angle = _misorientation(one, other)
            factors[i] = next((c.factor for c in law.classes if angle <= c.up_to), 1.0)
        factors[i] *= math.exp(law.spread * _normal_deviate(law.seed, one.name, other.name))
    return factors


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
