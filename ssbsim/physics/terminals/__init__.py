r"""Terminals: where the outside touches the cell.

A terminal fixes a field on its facets or stores energy against an outside potential:

===========  ==========================================================================================
electrode    ``phi = V``; with a Stern capacity instead the storage ``C/2 (phi - V)^2`` per area. No ion passes.
reservoir    ``mu_k = mu_k,bulk + z_k F V`` for the named species: the outside holds them at the electrochemical
             potential of the neutral bulk of the phase it touches, at electrostatic potential V. phi is free:
             no charge sits on the facet (``D . n = 0``).
symmetry     nothing passes: ``J . n = 0``, ``D . n = 0``.
===========  ==========================================================================================

The current of a terminal is counted positive into the cell.

Every module here but ``base`` is a terminal, over the class in the module of the same name in :mod:`ssbsim.case.terminals`;
nothing else lists them.
"""

from __future__ import annotations

from typing import Any

from ssbsim._discovery import classes_in
from ssbsim.case import Terminal
from ssbsim.discretization.scaling import Scales
from ssbsim.physics.phases import PhaseModel
from ssbsim.physics.terminals.base import Applied, TerminalLaw

#: Every terminal that a case may name, by its word.
TERMINALS: dict[str, Any] = {one.schema.name(): one for one in classes_in(__name__, __path__, TerminalLaw)}


def terminal_model(terminal: Terminal, scales: Scales, phase: PhaseModel) -> Any:
    """Scale a terminal of the case that touches ``phase``."""
    return TERMINALS[terminal.kind](terminal, scales, phase)


__all__ = ["TERMINALS", "Applied", "TerminalLaw", "terminal_model"]
