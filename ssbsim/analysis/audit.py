"""What must be conserved, and by how much it was not.

* every species: what was there at the start, plus what the terminals supplied over time, minus what is there now. Steady
  and equilibrium studies have no time in which a supply could be summed; there the amount may only change through a
  terminal that holds the species, and the account starts anew;
* the charge: volume, planes and electrodes together are neutral (Gauss's law over the whole cell);
* the sites: no class of limited sites is filled below 0 or above 1;
* the current: at a steady state the terminals' currents sum to zero, and the same current passes every cut across x.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ssbsim.results import StepRow


class Audit:
    """Follows what a run must conserve; plain numbers only."""

    def __init__(self) -> None:
        self._start: dict[str, float] = {}
        self._in: dict[str, float] = {}
        self._now: dict[str, float] = {}
        self._worst: dict[str, float] = {}
        self._open: set[str] = set()
        self._studies: list[dict[str, Any]] = []

    def begin(self, amounts: Mapping[str, float], open_species: Collection[str]) -> None:
        """Amounts before the first step, and the species that some terminal holds."""
        self._open = set(open_species)
        self._start = dict(amounts)
        self._first = dict(amounts)
        self._in = dict.fromkeys(amounts, 0.0)
        self._worst = dict.fromkeys(amounts, 0.0)

    def step(self, amounts: Mapping[str, float], supplied: Mapping[str, Mapping[str, float]] | None) -> None:
        """Amounts after a step, and what each terminal supplied over it (``None`` outside of time)."""
        self._now = dict(amounts)
        if supplied is None:
            for k in self._open:
                self._start[k], self._in[k] = amounts[k], 0.0
        for by_species in (supplied or {}).values():
            for k, n in by_species.items():
                if k in self._in:
                    self._in[k] += n
        for k, amount in amounts.items():
            scale = max(abs(amount), abs(self._start[k]), 1e-300)
            self._worst[k] = max(self._worst[k], abs(self._start[k] + self._in[k] - amount) / scale)

    def end_study(
        self,
        kind: str,
        row: StepRow,
        *,
        charge: tuple[float, float],
        sites: Mapping[str, tuple[float, float]],
        cuts: Mapping[str, float] | None,
    ) -> None:
        """Note the balances at the end of a study.

        Args:
            kind: Kind of the study.
            row: Its last step.
            charge: Charge left over, and the magnitude of charge in the cell (C).
            sites: Smallest and largest filling of every class of limited sites.
            cuts: Current through planes across x (A).
        """
        terminals = row.terminals
        densities = {f"current {name} [A/m^2]": terminal.current for name, terminal in terminals.items()}
        currents = [terminal.current * terminal.area for terminal in terminals.values()]
        # The charge of electrodes counts as charge of the cell.
        charges = [terminal.charge * terminal.area for terminal in terminals.values() if terminal.charge is not None]
        entry: dict[str, Any] = {
            "study": row.study,
            "charge": {
                "left over [C]": charge[0],
                "magnitude in the cell [C]": charge[1],
            },
            "site filling": {name: {"smallest": low, "largest": high} for name, (low, high) in sites.items()},
            "terminal currents": densities,
        }
        present = _largest([*charges, charge[1]])
        if present > 0.0:
            # A cell without charge has nothing to compare with; rounding may leave more than there is.
            entry["charge"]["imbalance, relative"] = abs(charge[0]) / max(present, abs(charge[0]))
        if row.lost or row.unresolved:
            entry["flow lost between the terminals, relative"] = dict(row.lost)
            entry["flows that are nothing or below [mol/s, A]"] = dict(row.unresolved)
        if kind == "steady" and currents:
            entry["sum of terminal currents [A]"] = sum(currents)
            if (largest := _largest(currents)) > 0.0:
                entry["sum of terminal currents, relative"] = abs(sum(currents)) / largest
        if kind == "steady" and _largest(currents) > 0.0:
            entry["current through every cut [A]"] = dict(cuts) if cuts else {}
            if cuts:
                spread, scale = (
                    abs(cuts["largest"] - cuts["smallest"]),
                    max(abs(cuts["largest"]), abs(cuts["smallest"])),
                )
                entry["cut imbalance, relative"] = spread / scale if scale > 0.0 else 0.0
        self._studies.append(entry)

    def memory(self) -> dict[str, Any]:
        """All that is known so far, as plain data."""
        return {name: sorted(value) if isinstance(value, set) else value for name, value in vars(self).items()}

    def recall(self, memory: Mapping[str, Any]) -> None:
        """Go on from the memory of another audit."""
        vars(self).update(copy.deepcopy(dict(memory)))
        self._open = set(self._open)

    def result(self) -> dict[str, Any]:
        """The balances as plain data."""
        species = {
            k: {
                "at start": self._first[k],
                "now": self._now.get(k, self._first[k]),
                "supplied over time": self._in[k],
                "imbalance, relative": self._worst[k],
                "open": k in self._open,
            }
            for k in self._first
        }
        return {"format": 1, "species": species, "studies": self._studies}


def _largest(numbers: Iterable[float]) -> float:
    return max((abs(v) for v in numbers), default=0.0)
