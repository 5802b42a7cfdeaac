"""Every number of a conducting cell over thirty decades: the current is right, or it is refused."""

from __future__ import annotations

import numpy as np
import pytest
from conduction_scan import RANGES, Point, look_at
from samples import TEMPERATURE, lattice_gas, layers, make_case, reservoir, run_studies, simulation

from ssbsim.constants import FARADAY, GAS_CONSTANT

THIN = [(name, float(value)) for name, values in RANGES.items() for value in values[:: max(1, len(values) // 4)]]


@pytest.mark.parametrize(("name", "value"), THIN)
def test_a_current_is_right_or_refused_and_never_refused_in_a_real_cell(name: str, value: float) -> None:
    point = look_at(name, value)
    if point.error is None:
        assert point.words
        assert not point.is_real
    else:
        assert point.error < 1e-6


@pytest.mark.parametrize("point", [("resistance", 1e10), ("ratio", 1e-14), ("drop", 1e-15)])
def test_small_currents_of_real_cells_have_all_their_digits(point: tuple[str, float]) -> None:
    found: Point = look_at(*point)
    assert found.error is not None
    assert found.error < 1e-12


def test_a_grain_between_two_poor_boundaries_comes_to_its_level() -> None:
    """Nothing but the boundaries says what the potential between them is."""
    law = {"contact": "broken", "laws": [{"law": "resistive", "species": "Li+", "resistance": 1e6}]}
    case = make_case(
        geometry=layers(("a", 10.0), ("b", 10.0), ("c", 10.0)),
        phases={name: lattice_gas() for name in "abc"},
        interfaces={"a|b": law, "b|c": law},
        terminals={"left": reservoir(potential=0.01), "right": reservoir()},
        study=[{"kind": "steady"}],
    )
    with simulation(case) as made:
        flows = run_studies(made)[-1].flows
        now = made.flows()
        sigma = 1e-12 * 5e3 * FARADAY**2 / (GAS_CONSTANT * TEMPERATURE)
        for name, sign in (("left", 1.0), ("right", -1.0)):
            assert sign * made.current(name, now) == pytest.approx(0.01 / (2e6 + 30e-9 / sigma), rel=1e-9)
    assert flows["Li+"].share_lost < 1e-9


def test_where_nothing_drives_a_current_nothing_flows() -> None:
    with simulation(make_case(study=[{"kind": "steady"}])) as made:
        flows = run_studies(made)[-1].flows
        now = made.flows()
        assert [made.current(name, now) for name in ("left", "right")] == [0.0, 0.0]
    assert flows["Li+"].is_nothing or flows["Li+"].through == 0.0
    assert np.isfinite(flows["Li+"].bound)
