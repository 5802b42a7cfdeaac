"""Properties that every terminal must have, over all that are registered."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from law_examples import terminal_example, terminal_kinds
from samples import lattice_gas

from ssbsim.case import Phase
from ssbsim.discretization import Scales
from ssbsim.physics import NUMPY, POTENTIAL, TERMINALS, State, phase_model, terminal_model

SCALES = Scales(298.15, 1e-8, 1e4, 1e-12)
MODEL = phase_model("a", Phase.model_validate(lattice_gas(0.3)), SCALES)

every_kind = pytest.mark.parametrize("kind", TERMINALS)
KINDS_AND_SETTINGS: list[tuple[str, dict[str, Any]]] = [
    *((kind, {}) for kind in TERMINALS),
    ("electrode", {"stern_capacitance": None}),
]
every_setting = pytest.mark.parametrize(("kind", "given"), KINDS_AND_SETTINGS)


def make(kind: str, **given: Any) -> Any:
    model = terminal_model(terminal_example(kind, **given), SCALES, MODEL)
    model.bind(lambda value: value)
    return model


def test_the_schema_and_the_registry_name_the_same_terminals() -> None:
    assert terminal_kinds() == set(TERMINALS)


@every_setting
def test_what_it_applies_is_what_it_asks_for(kind: str, given: dict[str, Any]) -> None:
    spec = terminal_example(kind, **given)
    model = make(kind, **given)
    applied = {k: v.value for k, v in {**model.fixed, **model.applied}.items()}
    assert applied == pytest.approx(
        {k: v + (model.fixed.get(k) or model.applied[k]).origin for k, v in model.targets(spec).items()}
    )
    assert not set(model.fixed) & set(model.applied)
    assert set(applied) <= {POTENTIAL, *MODEL.charges}


@every_setting
def test_its_storage_is_convex_and_at_rest_at_the_applied_potential(kind: str, given: dict[str, Any]) -> None:
    model = make(kind, **given)
    if model.storage(0.0) is None:
        assert not model.applied
        return
    rest = model.applied[POTENTIAL].value
    values = np.array([model.storage(rest + d) for d in np.linspace(-5, 5, 41)])
    assert values.argmin() == 20
    assert np.diff(values, 2).min() > 0.0


@every_kind
def test_a_terminal_at_rest_leaves_the_neutral_bulk_as_it_is(kind: str) -> None:
    """At 0 V everything that is fixed is what the neutral bulk at phi = 0 has already."""
    model = make(kind, potential=0.0)
    for name, applied in model.fixed.items():
        expected = 0.0 if name == POTENTIAL else MODEL.bulk_potential[name]
        assert applied.value == pytest.approx(expected, abs=1e-14)
    if model.storage(0.0) is not None:
        assert model.storage(0.0) == 0.0


def test_a_reservoir_is_in_equilibrium_with_the_neutral_bulk_at_its_potential() -> None:
    model = make("reservoir", potential=0.05)
    phi = 0.05 / SCALES.potential
    state = State({k: applied.value for k, applied in model.fixed.items()}, phi)
    assert MODEL.concentrations(state, NUMPY)["Li+"] * SCALES.concentration == pytest.approx(3e3, rel=1e-10)


def test_a_reservoir_may_give_the_electrochemical_potential_itself() -> None:
    model = make("reservoir", potential=None, electrochemical_potential=-0.04)
    assert model.fixed["Li+"].value == pytest.approx(-0.04 / SCALES.energy_ev)


def test_a_stern_capacity_holds_its_charge() -> None:
    model = make("electrode", potential=0.2, stern_capacitance=0.3)
    phi = 0.05 / SCALES.potential
    assert model.charge(phi) * SCALES.surface_charge == pytest.approx(0.3 * 0.15)
    step = 1e-5
    slope = (model.storage(phi + step) - model.storage(phi - step)) / (2 * step)
    assert -slope == pytest.approx(model.charge(phi), rel=1e-8)
