"""What the audit makes of the numbers of a study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ssbsim.analysis.audit import Audit
from ssbsim.results import StepRow, TerminalRow


def audited(
    kind: str = "steady",
    *,
    currents: Mapping[str, float] | None = None,
    charges: Mapping[str, float] | None = None,
    area: float = 1.0,
    **given: Any,
) -> dict[str, Any]:
    audit = Audit()
    audit.begin({}, ())
    flowing = {"left": 1.0} if currents is None else currents
    terminals = {k: TerminalRow(area, i / area, i / area, (charges or {}).get(k), None) for k, i in flowing.items()}
    row = StepRow(1, "1", 0.0, 0.0, 1, 1, 0.0, terminals, {}, "mol")
    audit.end_study(kind, row, **{"charge": (0.0, 1.0), "sites": {}, "cuts": None} | given)
    entry: dict[str, Any] = audit.result()["studies"][0]
    return entry


def test_the_audit_takes_cuts_without_current() -> None:
    assert audited(cuts={"smallest": 0.0, "largest": 0.0, "cuts": 3})["cut imbalance, relative"] == 0.0
    assert audited(cuts={"smallest": 1.0, "largest": 2.0, "cuts": 3})["cut imbalance, relative"] == 0.5


def test_the_audit_compares_charge_with_the_charge_there_is() -> None:
    relative = "imbalance, relative"
    assert relative not in audited(charge=(1e-20, 0.0))["charge"]
    assert audited(charge=(1e-20, 1e-30))["charge"][relative] == 1.0
    assert audited(charge=(1e-3, 1.0))["charge"][relative] == 1e-3
    assert audited(charge=(1e-3, 0.0), charges={"left": -2.0})["charge"][relative] == 5e-4


def test_the_audit_sums_the_currents_of_the_terminals() -> None:
    entry = audited(currents={"left": -2.0, "right": 1.5}, area=4.0)
    assert entry["terminal currents"] == {"current left [A/m^2]": -0.5, "current right [A/m^2]": 0.375}
    assert entry["sum of terminal currents [A]"] == -0.5
    assert entry["sum of terminal currents, relative"] == 0.25
    assert "sum of terminal currents, relative" not in audited(currents={"left": 0.0})
    assert "sum of terminal currents [A]" not in audited("transient", currents={"left": 1.0})
