"""A plane of symmetry."""

from __future__ import annotations

from typing import Literal

from ssbsim.case.terminals.base import TerminalModel


class SymmetryTerminal(TerminalModel):
    """Nothing crosses and no field; the default of every boundary."""

    kind: Literal["symmetry"] = "symmetry"
