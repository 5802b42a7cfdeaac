"""Interfaces between phases, and terminals where the outside touches."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, field_validator, model_validator

from ssbsim.case.laws import Law
from ssbsim.document.model import Model
from ssbsim.document.quantities import AreaCapacitance, EnergyEv, Potential, problem


class Interface(Model):
    """What happens where two phases or grains touch.

    Attributes:
        contact: ``perfect`` (all potentials continuous) or ``broken`` (they may jump, as the laws say).
        laws: Interface laws.
    """

    contact: Literal["perfect", "broken"] = "perfect"
    laws: tuple[Law, ...] = ()

    @model_validator(mode="after")
    def _check_contact(self) -> Interface:
        crossing = [law.law for law in self.laws if law.crosses]
        blocking = [law.law for law in self.laws if law.blocks]
        if crossing and blocking:
            raise problem(f"the laws '{blocking[0]}' and '{crossing[0]}' contradict each other", "keep one of them")
        for law in self.laws:
            if self.contact == "perfect" and law.acts_on == "jump":
                raise problem(
                    f"the law '{law.law}' acts on a jump, but the contact is perfect and nothing jumps",
                    "write 'contact: broken', or remove the law",
                )
        return self


def split_interface(name: str) -> tuple[str, str]:
    """The two sides of the interface ``a|b``.

    Raises:
        ValueError: The name does not have two sides.
    """
    sides = tuple(side.strip() for side in name.split("|"))
    if len(sides) != 2 or not all(sides):
        raise ValueError(f"'{name}' does not name two sides")
    return sides[0], sides[1]


class ElectrodeTerminal(Model):
    """A metal that blocks all species, at a potential.

    Attributes:
        potential: In V.
        stern_capacitance: Of the gap between metal and phase (F/m^2); None for none, the potential is then imposed.
    """

    kind: Literal["electrode"] = "electrode"
    potential: Potential
    stern_capacitance: AreaCapacitance | None = None


class ReservoirTerminal(Model):
    """Holds the electrochemical potential of species.

    Attributes:
        species: The species that the reservoir exchanges; one name or several.
        potential: Potential (V) of a neutral bulk of the adjacent phase that would be in equilibrium with it.
        phase: The phase of that bulk, where the terminal touches several.
        electrochemical_potential: The same given directly (eV), for one species.
    """

    kind: Literal["reservoir"] = "reservoir"
    species: tuple[str, ...]
    potential: Potential | None = None
    phase: str | None = None
    electrochemical_potential: EnergyEv | None = None

    @field_validator("species", mode="before")
    @classmethod
    def _one_or_several(cls, species: Any) -> Any:
        return (species,) if isinstance(species, str) else species

    @model_validator(mode="after")
    def _check_drive(self) -> ReservoirTerminal:
        if (self.potential is None) == (self.electrochemical_potential is None):
            raise problem("a reservoir has either a potential or an electrochemical_potential", "give exactly one")
        if self.phase is not None and self.potential is None:
            raise problem(
                "the phase of a reservoir says from which bulk its potential counts", "remove it, or give a potential"
            )
        if not self.species or len(set(self.species)) != len(self.species):
            raise problem("a reservoir names each of its species once", "for example 'species: Li+'")
        if self.electrochemical_potential is not None and len(self.species) > 1:
            raise problem("electrochemical_potential is for a reservoir of one species", "give a potential instead")
        return self


class SymmetryTerminal(Model):
    """Nothing crosses and no field; the default of every boundary."""

    kind: Literal["symmetry"] = "symmetry"


Terminal: TypeAlias = Annotated[ElectrodeTerminal | ReservoirTerminal | SymmetryTerminal, Field(discriminator="kind")]
