"""The outside that holds species."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import field_validator, model_validator

from ssbsim.case.terminals.base import TerminalModel
from ssbsim.document.quantities import EnergyEv, Potential, problem


class ReservoirTerminal(TerminalModel):
    """Holds the electrochemical potential of species.

    Attributes:
        species: The species that the reservoir exchanges; one name or several.
        potential: Potential (V) of a neutral bulk of the adjacent phase that would be in equilibrium with it.
        phase: The phase of that bulk, where the terminal touches several.
        electrochemical_potential: The same given directly (eV), for one species.
    """

    holds_potential = True

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

    def held_species(self) -> tuple[str, ...]:
        """Those that it exchanges."""
        return self.species

    def reference_phase(self) -> str | None:
        """The phase of the bulk that the potential refers to, where it says so."""
        return self.phase

    def counts_from_bulk(self) -> bool:
        """Whether it is given by a potential."""
        return self.electrochemical_potential is None
