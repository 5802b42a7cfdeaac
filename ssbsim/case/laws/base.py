"""What every law of an interface says about itself: its keys, and the facts that all who deal with laws read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, NamedTuple

from ssbsim.document.model import Model

Side = Literal["first", "second", "both"]


class NamedSpecies(NamedTuple):
    """A species that a law names.

    Args:
        key: The key of the law.
        species: Its value.
        side: Where the law needs it, by the order of the names of the interface.
    """

    key: str
    species: str
    side: Side


class LawModel(Model):
    """A law of an interface in a case. A class that derives from it has a field ``law`` whose default is its name."""

    law: str

    #: One line for the table of laws, in Markdown.
    says: ClassVar[str]
    #: Whether it acts on a jump, and so needs a broken contact, or on the plane itself.
    acts_on: ClassVar[Literal["jump", "plane"]]
    #: The keys that name a species, and on which side the law needs it.
    species_keys: ClassVar[Mapping[str, Side]] = {}
    #: Whether it lets species cross.
    crosses: ClassVar[bool] = False
    #: Whether it forbids that any crosses.
    blocks: ClassVar[bool] = False
    #: Whether it ties the potentials of the two sides together, so that one may lend the other its reference.
    ties_potentials: ClassVar[bool] = False
    #: Whether it puts charge or sites on the plane, which a first solve may have to add in parts.
    loads_plane: ClassVar[bool] = False
    #: Whether it charges the two sides against each other, which may or may not be meant to contain their layers.
    charges_sides: ClassVar[bool] = False
    #: Whether it has a permeability of isotopes, which may be fitted to a map of them.
    knows_isotopes: ClassVar[bool] = False

    @classmethod
    def name(cls) -> str:
        """The word in the case file."""
        return str(cls.model_fields["law"].default)

    def log10_change(self, temperature: float) -> float:
        """Decimal logarithm of the factor by which an activation energy takes the values of the law to ``temperature`` (K)."""
        return 0.0

    def named_species(self) -> tuple[NamedSpecies, ...]:
        """The species that this law names."""
        given = dict(self)
        return tuple(NamedSpecies(key, given[key], side) for key, side in self.species_keys.items())

    def for_isotope(self, isotope: str, *, temperature: float, charge: int, concentration: float) -> LawModel:
        """The same law for an isotope of its species, in proportion to its concentration, where it knows isotopes.

        Args:
            isotope: Name of the isotope.
            temperature: K.
            charge: Charge number of the species.
            concentration: Of all its isotopes in the neutral bulk of the first-named side (mol/m3).
        """
        raise TypeError(f"the law '{self.law}' knows no isotopes")
