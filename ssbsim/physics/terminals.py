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
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from ssbsim.case import Terminal
from ssbsim.discretization.scaling import Scales
from ssbsim.physics.phases import PhaseModel
from ssbsim.physics.unknowns import POTENTIAL


@dataclass
class Applied:
    """A number that the outside sets, scaled: ``origin + shift``, of which it sets the shift.

    A small shift keeps its digits beside a large origin.

    Args:
        shift: By how much the number differs from the origin.
        constant: Mirrors the number in the forms when it appears there.
        origin: Never changes.
    """

    shift: float
    constant: Any | None = None
    origin: float = 0.0

    @property
    def value(self) -> float:
        """The number, rounded."""
        return self.origin + self.shift

    @property
    def rest(self) -> float:
        """What rounding took from it."""
        value = self.value
        part = value - self.origin
        return (self.origin - (value - part)) + (self.shift - part)

    def set(self, shift: float) -> None:
        """Change the number here and in the forms."""
        self.shift = shift
        if self.constant is not None:
            self.constant.value = self.value


class TerminalModel(Protocol):
    """What a terminal has to give."""

    def targets(self, terminal: Any) -> dict[str, float]:
        """Scaled shifts that the terminal asks for now, by the name of the quantity."""

    def bind(self, constant: Callable[[float], Any]) -> None:
        """Mirror every number that enters a form in a constant."""

    #: Fields fixed on the facets.
    fixed: dict[str, Applied]
    #: Quantities that enter a storage.
    applied: dict[str, Applied]
    #: Values of these that belong to a cell at rest, where they are not zero.
    reference: Mapping[str, float]
    #: The current that it is given, or ``None`` where its fields are.
    current: Applied | None

    def storage(self, phi: Any) -> Any:
        """Stored energy per area, or ``None``."""


class _Terminal:
    """Base: fixes nothing, stores nothing."""

    fixed: dict[str, Applied]
    applied: dict[str, Applied]
    #: Values that belong to a cell at rest, where they are not zero.
    reference: Mapping[str, float] = MappingProxyType({})
    #: The current that it is given, of the whole terminal and into the cell; what it fixes then moves with its unknown potential.
    current: Applied | None = None

    def targets(self, terminal: Any) -> dict[str, float]:
        return {}

    def bind(self, constant: Callable[[float], Any]) -> None:
        for applied in self.applied.values():
            applied.constant = constant(applied.value)

    def storage(self, phi: Any) -> Any:
        return None


class Electrode(_Terminal):
    """Blocking electrode at a potential, with an optional Stern capacity in front."""

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


class Reservoir(_Terminal):
    """Holds species at a given electrochemical potential."""

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


class Symmetry(_Terminal):
    """Nothing passes."""

    def __init__(self, terminal: Any, scales: Scales, phase: PhaseModel) -> None:
        self.fixed: dict[str, Applied] = {}
        self.applied: dict[str, Applied] = {}


#: Every terminal that a case may name; the key is the word in the case file.
TERMINALS: dict[str, Any] = {"electrode": Electrode, "reservoir": Reservoir, "symmetry": Symmetry}


def terminal_model(terminal: Terminal, scales: Scales, phase: PhaseModel) -> Any:
    """Scale a terminal of the case that touches ``phase``."""
    return TERMINALS[terminal.kind](terminal, scales, phase)
