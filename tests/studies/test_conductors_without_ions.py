"""Conductors that hold no ions."""

from __future__ import annotations

import pytest
from samples import NM, electrode, layers, make_case, run_studies, simulation


def test_conductors_without_ions_obey_ohm() -> None:
    metal = {"electrostatics": "conductor", "electronic_conductivity": 1.0}
    case = make_case(
        phases={"m": metal},
        geometry=layers(("m", 10.0)),
        terminals={"left": electrode(0.5), "right": electrode(0.0)},
        study=[{"kind": "steady"}],
    )
    with simulation(case) as made:
        run_studies(made)
        cuts = made.currents_through_cuts()
        assert cuts is not None
        assert [cuts["smallest"], cuts["largest"]] == pytest.approx([0.5 / (10 * NM)] * 2, rel=1e-9)
