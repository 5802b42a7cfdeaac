"""What every terminal says about itself: its keys, and the facts that all who deal with terminals read."""

from __future__ import annotations

from typing import ClassVar

from ssbsim.document.model import Model


class TerminalModel(Model):
    """A terminal in a case. A class that derives from it has a field ``kind`` whose default is its name."""

    kind: str

    #: Whether it has a value that fixes the potential of the cell and may be changed by a study.
    holds_potential: ClassVar[bool] = False
    #: Whether charge gathers in front of it, so that the cells there must resolve the Debye length.
    makes_space_charge: ClassVar[bool] = False

    @classmethod
    def name(cls) -> str:
        """The word in the case file."""
        return str(cls.model_fields["kind"].default)

    def held_species(self) -> tuple[str, ...]:
        """The species whose electrochemical potential it holds."""
        return ()

    def reference_phase(self) -> str | None:
        """The phase from whose bulk its value counts, where it says so."""
        return None

    def counts_from_bulk(self) -> bool:
        """Whether its value counts from the bulk of the phase that it touches."""
        return False
