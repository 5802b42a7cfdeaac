"""A metal that blocks all species."""

from __future__ import annotations

from typing import Literal

from ssbsim.case.terminals.base import TerminalModel
from ssbsim.document.quantities import AreaCapacitance, Potential


class ElectrodeTerminal(TerminalModel):
    """A metal that blocks all species, at a potential.

    Attributes:
        potential: In V.
        stern_capacitance: Of the gap between metal and phase (F/m^2); None for none, the potential is then imposed.
    """

    holds_potential = True
    makes_space_charge = True

    kind: Literal["electrode"] = "electrode"
    potential: Potential
    stern_capacitance: AreaCapacitance | None = None
