"""Equilibria of few ions and high voltages, against first integrals; what is conserved; and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from poisson_boltzmann import LENGTH, PERMITTIVITY, SITES, TEMPERATURE, closed_charge, open_charge
from samples import electrode, layers, make_case, reservoir, run_studies, simulation

from ssbsim.case import Case
from ssbsim.constants import AVOGADRO
from ssbsim.studies import Simulation, StepRecord

VOLTS = (-1.0, 3.0, 0.1, 1.0, -0.1, -3.0)


def dilute(fraction: float, carriers: int) -> dict[str, Any]:
    """A phase with few ions on many sites: Li+ before a background, or Li+ and X-."""
    names = ("Li+", "X-")[:carriers]
    return {
        "permittivity": PERMITTIVITY,
        "species": {k: {"diffusivity": 1e-12} for k in names},
        "sites": [{"name": k, "density": SITES / AVOGADRO, "standard_potential": {k: 0.0}} for k in names],
        "concentration": {k: fraction * SITES / AVOGADRO for k in names},
    }


def cell(fraction: float, carriers: int, *, closed: bool, dimension: int = 1) -> Case:
    """Two micrometres between an electrode, at one voltage after the other, and a reservoir or another electrode."""
    names = ("Li+", "X-")[:carriers]
    # At both ends, where both are electrodes.
    stack = [("e", LENGTH * 1e9)] if not closed else [("e", 0.5 * LENGTH * 1e9), ("f", 0.5 * LENGTH * 1e9)]
    geometry = layers(*stack, dimension=dimension, terminal=0.002, interface=100.0, bulk=100.0, growth=1.1)
    if dimension > 1:
        geometry |= {"width": 1e-7}
    phase = dilute(fraction, carriers)
    return make_case(
        temperature=TEMPERATURE,
        geometry=geometry,
        phases={name: phase for name, _ in stack},
        terminals={"left": electrode(0.0), "right": electrode(0.0) if closed else reservoir(*names)},
        study=[{"kind": "equilibrium", "terminals": {"left": {"potential": v}}} for v in VOLTS],
    )


def charges(made: Simulation) -> list[float]:
    """Charge per area of the left electrode after every study."""
    found: list[float] = []
    area = made.boundary_measures["left"]

    def keep(record: StepRecord) -> None:
        found.append(made.flows().charge["left"] / area)

    run_studies(made, keep)
    return found


@pytest.mark.parametrize("carriers", [1, 2])
@pytest.mark.parametrize("fraction", [1e-6, 1e-10, 1e-15, 1e-20])
@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
def test_the_charge_of_an_electrode_is_that_of_the_first_integral(fraction: float, carriers: int, closed: bool) -> None:
    """From many Debye lengths to a million cells in one, each voltage from the state of the one before."""
    expected = [(closed_charge if closed else open_charge)(v, fraction, carriers) for v in VOLTS]
    with simulation(cell(fraction, carriers, closed=closed)) as made:
        amounts = made.amounts()
        assert charges(made) == pytest.approx(expected, rel=2e-3)
        if closed:
            assert made.amounts() == pytest.approx(amounts, rel=1e-12)
            ends = made.flows().charge
            assert ends["right"] == pytest.approx(-ends["left"], rel=1e-12)


@pytest.mark.parametrize("fraction", [1e-10, 1e-20])
def test_the_charge_per_area_is_the_same_in_two_dimensions(fraction: float) -> None:
    expected = [open_charge(v, fraction, 1) for v in VOLTS[:3]]
    case = cell(fraction, 1, closed=False, dimension=2)
    with simulation(case.model_copy(update={"study": case.study[:3]})) as made:
        assert charges(made) == pytest.approx(expected, rel=2e-3)


def insulator_between_two() -> Case:
    """Ions alone, ions and electrons, electrons alone, with few carriers in the outer layers; nothing supplies any."""
    few, many = 1e18 / AVOGADRO, 1e24 / AVOGADRO
    site = {k: {"name": k, "density": SITES / AVOGADRO, "standard_potential": {k: 0.0}} for k in ("Li+", "e-")}

    def phase(**concentration: float) -> dict[str, Any]:
        return {
            "permittivity": PERMITTIVITY,
            "species": {k: {"diffusivity": 1e-12} for k in concentration},
            "sites": [site[k] for k in concentration],
            "concentration": concentration,
        }

    return make_case(
        temperature=TEMPERATURE,
        geometry=layers(("ions", 50.0), ("both", 200.0), ("electrons", 50.0), interface=0.1, bulk=5.0, terminal=0.1),
        phases={
            "ions": phase(**{"Li+": few}),
            "both": phase(**{"Li+": many, "e-": many}),
            "electrons": phase(**{"e-": few}),
        },
        terminals={"left": electrode(0.0), "right": electrode(0.0)},
        study=[
            {"kind": "equilibrium", "terminals": {"left": {"potential": -2.0}}},
            {"kind": "equilibrium", "terminals": {"left": {"potential": 1.5}}},
            {"kind": "equilibrium", "terminals": {"left": {"potential": -2.0}}},
        ],
    )


def test_two_carriers_that_share_one_layer_of_three_keep_their_amounts() -> None:
    """Whatever the state before: the one equilibrium of these amounts and this voltage, neutral as a whole."""
    found = []
    with simulation(insulator_between_two()) as made:
        amounts = made.amounts()

        def keep(record: StepRecord) -> None:
            assert made.amounts() == pytest.approx(amounts, rel=1e-12)
            ends = made.flows().charge
            assert ends["right"] == pytest.approx(-ends["left"], rel=1e-10)
            found.append((made.point.y.copy(), ends["left"]))
            unknowns = made.functional.placement.unknowns
            exists = np.ones(len(made.point.y), dtype=np.bool_)
            exists[made.functional.placement.rows.absent] = False
            for k in unknowns.species:
                assert np.ptp(unknowns.column(made.point.y, k)[unknowns.column(exists, k)]) == 0.0

        run_studies(made, keep)
    np.testing.assert_allclose(found[2][0], found[0][0], atol=1e-8)
    assert found[2][1] == pytest.approx(found[0][1], rel=1e-9)
    assert found[0][1] < 0.0 < found[1][1]
