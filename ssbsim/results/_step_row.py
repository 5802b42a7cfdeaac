"""What is known of one step, as numbers; ``history.csv`` gives them names with units, and nothing else reads those back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class TerminalRow:
    """A terminal at the end of a step; per area of the terminal, positive into the cell.

    Args:
        area: Of the terminal, in the unit that the dimension of the cell gives it.
        current: A/m2, at the end of the step.
        mean_current: A/m2: the charge that passed over the step, divided by it; not a number outside of time.
        charge: C/m2 on an electrode that faces an electrolyte; ``None`` for others.
        potential: V that it applies; ``None`` if it applies none.
        fluxes: mol/(m2 s) of every species that it exchanges, at the end of the step.
    """

    area: float
    current: float
    mean_current: float
    charge: float | None
    potential: float | None
    fluxes: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class StepRow:
    """A step.

    Args:
        step: Steps of the run so far.
        study: Place and kind of the study, as in ``1 equilibrium``.
        time: s.
        size: s; 0 outside of time.
        newton_iterations: Of all solves of the step.
        linear_iterations: Krylov iterations of all of them.
        error: Local error (kT); 0 where it was not estimated.
        terminals: By name.
        amounts: Of every species in the cell.
        amount_unit: Unit of the amounts.
        lost: At the end of a steady study, what is lost of the flow of every species between the terminals, over the flow.
        unresolved: Flows (mol/s; of electrons A) that are nothing or smaller than the number given.
    """

    step: int
    study: str
    time: float
    size: float
    newton_iterations: int
    linear_iterations: int
    error: float
    terminals: Mapping[str, TerminalRow]
    amounts: Mapping[str, float]
    amount_unit: str
    lost: Mapping[str, float] = field(default_factory=dict)
    unresolved: Mapping[str, float] = field(default_factory=dict)

    def columns(self) -> dict[str, float | int | str]:
        """The row of ``history.csv``."""
        named: dict[str, float | int | str] = {
            "step": self.step,
            "study": self.study,
            "time [s]": self.time,
            "step size [s]": self.size,
            "Newton iterations": self.newton_iterations,
            "linear iterations": self.linear_iterations,
            "local error [kT]": self.error,
        }
        for name, terminal in self.terminals.items():
            named[f"current {name} [A/m^2]"] = terminal.current
            named[f"mean current {name} [A/m^2]"] = terminal.mean_current
            named |= {f"flux {k} {name} [mol/(m^2 s)]": flux for k, flux in terminal.fluxes.items()}
            if terminal.charge is not None:
                named[f"charge {name} [C/m^2]"] = terminal.charge
            if terminal.potential is not None:
                named[f"applied {name} [V]"] = terminal.potential
        return named | {f"amount {k} [{self.amount_unit}]": amount for k, amount in self.amounts.items()}
