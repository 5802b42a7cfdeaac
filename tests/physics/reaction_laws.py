"""Laws for tests only: several species at once, different species on the two sides."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ssbsim.case import Interface, LawModel
from ssbsim.physics import SITE_STATISTICS, Contact, InterfaceLaw, Operations, State


class CrossingLaw(LawModel):
    """Species cross by the jump of their potentials."""

    acts_on = "jump"
    crosses = True
    ties_potentials = True


class Linear(InterfaceLaw):
    """``J = g x`` of one affinity x, g in mol/(m2 s) per kT."""

    conductance: Any

    def dissipation(self, a: State, b: State, op: Operations) -> Any:
        (x,) = self.affinities(a, b)
        return 0.5 * self.conductance * x * x


class RenamingLaw(CrossingLaw):
    """A species of the first side becomes another one on the second."""

    law: Literal["renaming"] = "renaming"
    species_first: str
    species_second: str
    conductance: float

    says = "first becomes second"
    species_keys = {"species_first": "first", "species_second": "second"}


class Renaming(Linear):
    """``J = g (mu_first,a - mu_second,b)``."""

    schema = RenamingLaw

    def __init__(self, law: RenamingLaw, contact: Contact) -> None:
        self.first, self.second = law.species_first, law.species_second
        self.conductance = contact.constant(law.conductance / contact.scales.flux)

    def affinities(self, a: State, b: State) -> tuple[Any, ...]:
        return (a.mu[self.first] - b.mu[self.second],)


class TogetherLaw(CrossingLaw):
    """Two species cross together, one of each."""

    law: Literal["together"] = "together"
    species: str
    partner: str
    conductance: float

    says = "both or none"
    species_keys = {"species": "both", "partner": "both"}


class Together(Linear):
    """``J = g [jump(mu_1) + jump(mu_2)]`` of both."""

    schema = TogetherLaw

    def __init__(self, law: TogetherLaw, contact: Contact) -> None:
        self.pair = (law.species, law.partner)
        self.conductance = contact.constant(law.conductance / contact.scales.flux)
        self.count = len(contact.grains)

    def affinities(self, a: State, b: State) -> tuple[Any, ...]:
        return (sum(a.mu[k] - b.mu[k] for k in self.pair),)

    def conductances(self, species: str, *, tracer: bool = False) -> npt.NDArray[np.float64] | None:
        return np.full(self.count, float(self.conductance)) if species in self.pair and not tracer else None


class AdsorptionLaw(CrossingLaw):
    """A species crosses in two steps, by sites of the plane that hold it on the way."""

    law: Literal["adsorption"] = "adsorption"
    species: str
    density: float
    first_step: float
    second_step: float

    says = "in two steps"
    species_keys = {"species": "both"}


class Adsorption(InterfaceLaw):
    """``J_1 = g_1 (mu_a - m)``, ``J_2 = g_2 (m - mu_b)``, ``dn/dt = J_1 - J_2``, ``n = N/(1 + exp(z phi_a - m))``.

    N in mol/m2, g in mol/(m2 s) per kT; the plane is neutral at half filling.
    """

    schema = AdsorptionLaw
    internal = ("adsorbed",)

    def __init__(self, law: AdsorptionLaw, contact: Contact) -> None:
        self.species = law.species
        self.z = contact.phases[0].charges[law.species]
        self.density = contact.constant(law.density / contact.scales.amount)
        self.steps = tuple(contact.constant(g / contact.scales.flux) for g in (law.first_step, law.second_step))

    def affinities(self, a: State, b: State) -> tuple[Any, ...]:
        adsorbed = a.more["adsorbed"]
        return a.mu[self.species] - adsorbed, adsorbed - b.mu[self.species]

    def storage(self, a: State, b: State, op: Operations) -> Any:
        filling = SITE_STATISTICS["site_limited"].pressure([a.more["adsorbed"] - self.z * a.phi], op)
        return self.density * (filling + 0.5 * self.z * a.phi)

    def reference(self, a: State, b: State) -> Any:
        return 0.5 * self.density * a.more["adsorbed"]

    def dissipation(self, a: State, b: State, op: Operations) -> Any:
        first, second = self.affinities(a, b)
        return 0.5 * (self.steps[0] * first * first + self.steps[1] * second * second)


def with_law(case: Any, interface: str, law: LawModel) -> Any:
    """A case with a law that no file may name at a broken contact."""
    contact = Interface.model_construct(contact="broken", laws=(law,))
    return case.model_copy(update={"interfaces": {interface: contact}})
