"""A metal that blocks all species."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ssbsim.case import ElectrodeTerminal
from ssbsim.discretization.scaling import Scales
from ssbsim.physics.phases import PhaseModel
from ssbsim.physics.terminals.base import Applied, TerminalLaw
from ssbsim.physics.unknowns import POTENTIAL


class Electrode(TerminalLaw):
    """Blocking electrode at a potential, with an optional Stern capacity in front."""

    schema = ElectrodeTerminal

    def __init__(self, terminal: Any, scales: Scales, phase: PhaseModel) -> None:
        self._scale = scales.potential
        self.capacitance = (
            None if terminal.stern_capacitance is None else terminal.stern_capacitance / scales.capacitance
        )
        self.bound_capacitance: Any = self.capacitance
        value = Applied(terminal.potential / self._scale)
        self.fixed = {POTENTIAL: value} if self.capacitance is None else {}
        self.applied = {} if self.capacitance is None else {POTENTIAL: value}

    def targets(self, terminal: Any) -> dict[str, float]:
        """The applied potential."""
        return {POTENTIAL: terminal.potential / self._scale}

    def bind(self, constant: Callable[[float], Any]) -> None:
        """Constants of the potential and the capacity."""
        super().bind(constant)
        if self.capacitance is not None:
            self.bound_capacitance = constant(self.capacitance)

    def storage(self, phi: Any) -> Any:
        """``C/2 (phi - V)^2`` over the Stern capacity."""
        if self.capacitance is None:
            return None
        gap = phi - self.applied[POTENTIAL].constant
        return 0.5 * self.bound_capacitance * gap * gap

    def charge(self, phi: Any) -> Any:
        """Charge on the metal behind the Stern capacity, per area: ``C (V - phi)``."""
        return self.bound_capacitance * (self.applied[POTENTIAL].constant - phi)
