"""Sites that are as good as full or empty."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from samples import lattice_gas

from ssbsim import CaseError
from ssbsim.case import Phase
from ssbsim.discretization import Scales
from ssbsim.physics import INTERFACE_LAWS, Contact, phase_model

SCALES = Scales(298.15, 1e-8, 1e4, 1e-12)


def test_sites_that_are_full_but_for_rounding_are_refused() -> None:
    sites = [{"name": "A", "density": 2000.0}]
    phase = Phase.model_validate(lattice_gas(sites=sites, concentration={"Li+": 1999.9999999999998}))
    with pytest.raises(CaseError, match="not reached at any chemical potential"):
        phase_model("e", phase, SCALES)


def neutral_occupancy(**phase: Any) -> float:
    law = SimpleNamespace(species="Li+", density=1e-6, energy=-0.1)
    model = phase_model("e", Phase.model_validate(lattice_gas(**phase)), SCALES)
    return float(INTERFACE_LAWS["segregation"](law, Contact(SCALES, (model, model))).bulk_occupancy)


def test_a_core_is_neutral_at_the_occupancy_of_the_bulk() -> None:
    wide = [{"name": "A", "density": 1e4, "width": 2.0}]
    assert neutral_occupancy(sites=wide, concentration={"Li+": 3e3}) == pytest.approx(0.3, rel=1e-9)
    both = {"Li+": {"diffusivity": 1e-12}, "Na+": {"diffusivity": 1e-12}}
    shared = {"species": both, "concentration": {"Li+": 3e3, "Na+": 5e3}, "sites": [{"name": "A", "density": 1e4}]}
    assert neutral_occupancy(**shared) == pytest.approx(0.3, rel=1e-9)
    dilute = [{"name": "A", "density": 1e4, "statistics": "dilute"}]
    assert neutral_occupancy(sites=dilute, concentration={"Li+": 3e3}) == pytest.approx(0.3 / 1.3, rel=1e-9)


def test_a_class_that_is_all_but_empty_does_not_overflow() -> None:
    sites = [
        {"name": "A", "density": 1e4, "standard_potential": {"Li+": 30.0}},
        {"name": "B", "density": 1e4, "standard_potential": {"Li+": 0.0}},
    ]
    assert neutral_occupancy(sites=sites, concentration={"Li+": 3e3}) == 0.0
