"""Laws for tests only: several species at once, different species on the two sides."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ssbsim.case import Interface, LawModel
from ssbsim.physics import Contact, InterfaceLaw, Operations, State


class RenamingLaw(LawModel):
    """A species of the first side becomes another one on the second."""

    law: Literal["renaming"] = "renaming"
    species_first: str
    species_second: str
    conductance: float

    says = "first becomes second"
    acts_on = "jump"
    species_keys = {"species_first": "first", "species_second": "second"}
    crosses = True
    ties_potentials = True


class Renaming(InterfaceLaw):
    """``J = g (mu_first,a - mu_second,b)``, g in mol/(m2 s) per kT."""

    schema = RenamingLaw

    def __init__(self, law: RenamingLaw, contact: Contact) -> None:
        self.first, self.second = law.species_first, law.species_second
        self.conductance = contact.constant(law.conductance / contact.scales.flux)

    def affinities(self, a: State, b: State) -> tuple[Any, ...]:
        return (a.mu[self.first] - b.mu[self.second],)

    def dissipation(self, a: State, b: State, op: Operations) -> Any:
        (x,) = self.affinities(a, b)
        return 0.5 * self.conductance * x * x


class TogetherLaw(LawModel):
    """Two species cross together, one of each."""

    law: Literal["together"] = "together"
    species: str
    partner: str
    conductance: float

    says = "both or none"
    acts_on = "jump"
    species_keys = {"species": "both", "partner": "both"}
    crosses = True
    ties_potentials = True


class Together(InterfaceLaw):
    """``J = g [jump(mu_1) + jump(mu_2)]`` of both."""

    schema = TogetherLaw

    def __init__(self, law: TogetherLaw, contact: Contact) -> None:
        self.pair = (law.species, law.partner)
        self.conductance = contact.constant(law.conductance / contact.scales.flux)
        self.count = len(contact.grains)

    def affinities(self, a: State, b: State) -> tuple[Any, ...]:
        return (sum(a.mu[k] - b.mu[k] for k in self.pair),)

    def dissipation(self, a: State, b: State, op: Operations) -> Any:
        (x,) = self.affinities(a, b)
        return 0.5 * self.conductance * x * x

    def conductances(self, species: str, *, tracer: bool = False) -> npt.NDArray[np.float64] | None:
        return np.full(self.count, float(self.conductance)) if species in self.pair and not tracer else None


def with_law(case: Any, interface: str, law: LawModel) -> Any:
    """A case with a law that no file may name at a broken contact."""
    contact = Interface.model_construct(contact="broken", laws=(law,))
    return case.model_copy(update={"interfaces": {interface: contact}})
