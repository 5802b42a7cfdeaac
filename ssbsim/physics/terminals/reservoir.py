"""The outside that holds species."""

from __future__ import annotations

from typing import Any

from ssbsim.case import ReservoirTerminal
from ssbsim.discretization.scaling import Scales
from ssbsim.physics.phases import PhaseModel
from ssbsim.physics.terminals.base import Applied, TerminalLaw


class Reservoir(TerminalLaw):
    """Holds species at a given electrochemical potential."""

    schema = ReservoirTerminal

    def __init__(self, terminal: Any, scales: Scales, phase: PhaseModel) -> None:
        self._scales = scales
        self._phase = phase
        self.applied: dict[str, Applied] = {}
        #: ``mu`` of the neutral bulk, to which ``potential`` refers.
        self.reference = dict(phase.bulk_potential)
        is_relative = terminal.electrochemical_potential is None
        self._origin = self.reference if is_relative else dict.fromkeys(self.reference, 0.0)
        self.fixed = {k: Applied(v, origin=self._origin[k]) for k, v in self.targets(terminal).items()}

    def targets(self, terminal: Any) -> dict[str, float]:
        """``mu`` of every named species, less its origin: that of the neutral bulk where a potential is given."""
        names = [terminal.species] if isinstance(terminal.species, str) else list(terminal.species)
        if terminal.electrochemical_potential is not None:
            return {k: terminal.electrochemical_potential / self._scales.energy_ev - self._origin[k] for k in names}
        shift = (terminal.potential or 0.0) / self._scales.potential
        return {k: (self.reference[k] - self._origin[k]) + self._phase.charges[k] * shift for k in names}
