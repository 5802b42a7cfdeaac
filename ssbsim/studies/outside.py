r"""What the outside applies to a cell at its terminals, and how it changes.

A study starts from the values that belong to the present state and ends at those that it asks for. Where the way is long it is
gone in parts: ``start + share (end - start)`` of every value, and of the charge and the sites that planes carry, which a cell
before its first study has none of (continuation in potential). Scaled values throughout.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ssbsim.case import Case
from ssbsim.discretization import Scales
from ssbsim.errors import CaseError
from ssbsim.physics import POTENTIAL, Applied, Functional

#: How a checkpoint names the share that the planes carry, among the terminals and quantities.
_PLANES = ("planes", "load")


@dataclass(frozen=True)
class AppliedValues:
    """One set of values.

    Args:
        terminals: By terminal and quantity, each less its origin.
        planes: Share of their charge and of their sites that planes carry.
    """

    terminals: Mapping[tuple[str, str], float]
    planes: float

    def toward(self, end: AppliedValues, share: float) -> AppliedValues:
        """The values at a share of the way to others."""
        if share >= 1.0:
            return end
        values = {key: self.terminals[key] + share * (v - self.terminals[key]) for key, v in end.terminals.items()}
        return AppliedValues(values, self.planes + share * (end.planes - self.planes))

    def rows(self) -> list[list[Any]]:
        """The values as a checkpoint keeps them: terminal, quantity, value."""
        return [[*key, value] for key, value in [*self.terminals.items(), (_PLANES, self.planes)]]

    @classmethod
    def from_rows(cls, rows: Sequence[Sequence[Any]]) -> AppliedValues:
        """Those of a checkpoint."""
        values = {(terminal, quantity): float(value) for terminal, quantity, value in rows}
        planes = values.pop(_PLANES)
        return cls(values, planes)


class Outside:
    """The terminals of a cell as what the outside can set.

    Args:
        case: The case, with the values of its terminals.
        functional: Its forms.
        scales: Its scales.
    """

    def __init__(self, case: Case, functional: Functional, scales: Scales) -> None:
        self._case = case
        self._functional = functional
        self._scales = scales

    def now(self) -> AppliedValues:
        """What the terminals apply now."""
        values = {key: applied.shift for key, applied in self._numbers().items()}
        return AppliedValues(values, float(self._functional.parameters.planes.value))

    def at_rest(self) -> AppliedValues:
        """What they would apply to a cell at rest in its reference composition."""
        references = {name: model.reference for name, model in self._functional.placement.terminals.items()}
        numbers = self._numbers().items()
        return AppliedValues({key: references[key[0]].get(key[1], 0.0) - one.origin for key, one in numbers}, 0.0)

    def at_start(self, steps: int) -> AppliedValues:
        """What belongs to the state after so many steps: before the first one that of a cell at rest."""
        return self.now() if steps > 0 else self.at_rest()

    def after(self, updates: Mapping[str, Any], values: AppliedValues | None = None) -> AppliedValues:
        """Values, by default the present ones, after the updates that a study makes at terminals."""
        changed = dict((self.now() if values is None else values).terminals)
        for name, update in updates.items():
            terminal = self._case.terminals[name].model_copy(update=update.model_dump())
            for quantity, value in self._functional.placement.terminals[name].targets(terminal).items():
                changed[name, quantity] = value
        return AppliedValues(changed, 1.0)

    def less_origins(self, values: AppliedValues) -> AppliedValues:
        """Values from whole numbers."""
        numbers = self._numbers()
        return AppliedValues({key: v - numbers[key].origin for key, v in values.terminals.items()}, values.planes)

    def write(self, values: AppliedValues) -> None:
        """Let the terminals apply the values."""
        for key, applied in self._numbers().items():
            applied.set(values.terminals[key])
        self._functional.parameters.planes.value = values.planes

    def potential(self, terminal: str) -> float | None:
        """Potential that a terminal applies now (V); for a reservoir against the neutral bulk of its phase."""
        model = self._functional.placement.terminals[terminal]
        values = {**model.fixed, **model.applied}
        if POTENTIAL in values:
            return float(values[POTENTIAL].value * self._scales.potential)
        charges = self._functional.placement.unknowns.charges
        for k, applied in values.items():
            # The potential does not act on what has no charge.
            if charges[k] != 0:
                shift = applied.shift + (applied.origin - model.reference[k])
                return float(shift * self._scales.potential / charges[k])
        return None

    def check(self) -> None:
        """Make sure that no study asks two terminals to hold the same node at different values.

        Raises:
            CaseError: One does.
        """
        values, origin = self.now(), {key: applied.origin for key, applied in self._numbers().items()}
        for study in self._case.study:
            values = self.after(study.updates(), values)
            for first, second, quantity in self._functional.placement.rows.shared:
                one, other = (values.terminals[t, quantity] + origin[t, quantity] for t in (first, second))
                if one != other:
                    field = "the potential" if quantity == POTENTIAL else f"the electrochemical potential of {quantity}"
                    raise CaseError(
                        f"Terminals '{first}' and '{second}' share an edge or corner and hold {field} at different values.",
                        where=f"terminals.{second}",
                        hint="Give them the same value, or leave a strip between them without a terminal.",
                    )

    def _numbers(self) -> dict[tuple[str, str], Applied]:
        """Every number that the outside sets, by terminal and quantity."""
        models = self._functional.placement.terminals.items()
        return {(name, k): applied for name, model in models for k, applied in {**model.fixed, **model.applied}.items()}
