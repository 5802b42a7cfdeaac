"""A plane of symmetry."""

from ssbsim.case import SymmetryTerminal
from ssbsim.physics.terminals.base import TerminalLaw


class Symmetry(TerminalLaw):
    """Nothing passes."""

    schema = SymmetryTerminal
