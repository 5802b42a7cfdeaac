"""Equilibrium and steady studies: what they end in, in what units, and what is said when they do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from samples import (
    NM,
    electrode,
    lattice_gas,
    layers,
    make_case,
    newton_iterations,
    reservoir,
    run_studies,
    salt,
    simulation,
)

from ssbsim import CaseError, ConvergenceError
from ssbsim.case import parse_case
from ssbsim.studies import Simulation

ONE_RESERVOIR = {"left": reservoir(), "right": {"kind": "symmetry"}}

CELLS: dict[str, dict[str, Any]] = {
    "contact of two phases": {
        "terminals": ONE_RESERVOIR,
        "geometry": layers(("e", 10.0), ("f", 10.0), interface=0.2),
        "phases": {
            "e": lattice_gas(0.5),
            "f": lattice_gas(
                0.2, sites=[{"name": "A", "density": 1e4, "standard_potential": {"Li+": -0.1}}], permittivity=50.0
            ),
        },
    },
    "blocked salt": {
        "phases": {"e": salt()},
        "geometry": layers(("e", 10.0), bulk=0.5, interface=0.5),
        "terminals": {"left": electrode(0.1), "right": electrode(0.0, stern_capacitance=0.2)},
    },
    "charged plane": {
        "geometry": layers(("e", 10.0), ("f", 10.0), interface=0.2),
        "phases": {"e": lattice_gas(0.5), "f": lattice_gas(0.5)},
        "interfaces": {"e|f": {"laws": [{"law": "fixed_charge", "charge": 0.01}]}},
    },
    "gap between two phases": {
        "terminals": ONE_RESERVOIR,
        "geometry": layers(("e", 10.0), ("f", 10.0), interface=0.2),
        "phases": {"e": lattice_gas(0.5), "f": lattice_gas(0.3)},
        "interfaces": {
            "e|f": {
                "contact": "broken",
                "laws": [
                    {"law": "capacitive", "capacitance": 0.1, "offset": 0.05},
                    {"law": "resistive", "species": "Li+", "resistance": 1e-4},
                ],
            }
        },
    },
    "metal on an electrolyte": {
        "geometry": layers(("m", 5.0), ("e", 10.0), interface=0.2),
        "phases": {
            "m": {"electrostatics": "conductor", "electronic_conductivity": 1e4},
            "e": lattice_gas(0.5),
        },
        "interfaces": {"m|e": {"contact": "broken", "laws": [{"law": "capacitive", "capacitance": 0.1}]}},
        "terminals": {"left": electrode(0.1), "right": reservoir()},
    },
}


def flow(made: Simulation) -> np.ndarray:
    dissipated = made.solver.assemble(made.functional.forms.dissipated)
    dissipated[made.functional.placement.rows.absent] = 0.0
    return dissipated


@pytest.mark.parametrize("name", CELLS)
def test_nothing_flows_in_equilibrium(name: str) -> None:
    """Detailed balance of the solved state: dR/dy is zero to rounding, against the flux of one kT over the cell."""
    with simulation(make_case(**CELLS[name])) as made:
        run_studies(made)
        rest = np.abs(flow(made)).max()
        state = made.point.y.reshape(-1, len(made.functional.placement.unknowns)).copy()
        x = made.functional.placement.space.tabulate_dof_coordinates()[: len(state), 0]
        tilted = state + (x / x.max())[:, None]
        made.functional.y.x.array[:] = tilted.reshape(-1)
        assert rest < 1e-9 * np.abs(flow(made)).max()


@pytest.mark.parametrize("name", CELLS)
def test_an_equilibrium_is_also_steady(name: str) -> None:
    studies = [{"kind": "equilibrium"}, {"kind": "steady"}]
    with simulation(make_case(**CELLS[name], study=studies)) as made:
        records = run_studies(made)
        first, last = (r.report.accepted for r in records)
        assert first is not None
        assert last is not None
        np.testing.assert_allclose(last.y, first.y, atol=1e-8)


def test_closed_species_keep_their_amount_in_equilibrium() -> None:
    with simulation(make_case(**CELLS["blocked salt"])) as made:
        before = made.amounts()
        run_studies(made)
        assert made.amounts() == pytest.approx(before, rel=1e-12)


def test_the_cell_as_a_whole_is_neutral_in_equilibrium() -> None:
    with simulation(make_case(**CELLS["blocked salt"])) as made:
        run_studies(made)
        charge = made.flows().charge
        assert abs(charge["left"]) > 1e-3
        assert charge["left"] + charge["right"] == pytest.approx(0.0, abs=1e-12 * abs(charge["left"]))


def test_currents_agree_in_a_steady_state() -> None:
    parts = CELLS["gap between two phases"] | {"terminals": {"left": reservoir(), "right": reservoir()}}
    with simulation(make_case(**parts, study=[{"kind": "steady", "terminals": {"left": {"potential": 0.05}}}])) as made:
        run_studies(made)
        flows = made.flows()
        left, right = (made.ionic_current(flows, t) for t in ("left", "right"))
        assert left > 1.0
        assert right == pytest.approx(-left, rel=1e-8)
        cuts = made.currents_through_cuts()
        assert cuts is not None
        assert cuts["smallest"] == pytest.approx(left, rel=1e-8)
        assert cuts["largest"] == pytest.approx(left, rel=1e-8)


def test_reservoirs_that_disagree_have_no_equilibrium() -> None:
    terminals = {"left": reservoir(), "right": reservoir(potential=0.1)}
    with pytest.raises(CaseError) as caught, simulation(make_case(terminals=terminals)) as made:
        run_studies(made)
    assert str(caught.value) == (
        "There is no equilibrium: a current flows between terminals that hold a species at different electrochemical "
        "potentials.\n"
        "  where: study 1 (equilibrium), Li+ at 0 eV by 'left' and 0.1 eV by 'right'\n"
        "  try:   Use 'kind: steady', or give these reservoirs the same value; the 'potential' of a reservoir counts from "
        "the neutral bulk of the phase that it touches."
    )


#: The same cell in words; {L} to {S} are lengths.
TEXT = """
title: units
temperature: 298.15 K
geometry:
  kind: layers
  layers: [{{phase: a, thickness: {L}}}, {{phase: b, thickness: {M}}}]
  spacing: {{interface: {S}, bulk: {B}}}
phases:
  a:
    permittivity: 20
    species: {{Li+: {{diffusivity: {D}}}}}
    sites: [{{name: A, density: {N}}}]
    concentration: {{Li+: {C}}}
  b:
    permittivity: 40
    species: {{Li+: {{diffusivity: {D}}}}}
    sites: [{{name: A, density: {N}, standard_potential: {{Li+: {E}}}}}]
    concentration: {{Li+: {C}}}
interfaces:
  a|b: {{laws: [{{law: segregation, species: Li+, density: {G}, energy: {E}}}]}}
terminals:
  left: {{kind: electrode, potential: {V}}}
  right: {{kind: reservoir, species: Li+, potential: 0 V}}
study:
  - {{kind: equilibrium}}
  - {{kind: transient, duration: {T}, output_times: {{count: 3}}, terminals: {{left: {{potential: {W}}}}}}}
"""
UNITS = {
    "nm": {
        "L": "20 nm", "M": "10 nm", "S": "0.1 nm", "B": "1 nm", "D": "1e6 nm^2/s", "N": "6.02214076 1/nm^3",
        "C": "3.01107038 1/nm^3", "G": "1 1/nm^2", "E": "-50 meV", "V": "300 mV", "W": "-1 V", "T": "10 us",
    },
    "um": {
        "L": "0.02 um", "M": "0.01 um", "S": "1e-4 um", "B": "1e-3 um", "D": "1 um^2/s", "N": "6.02214076e9 1/um^3",
        "C": "3.01107038e9 1/um^3", "G": "1e6 1/um^2", "E": "-0.05 eV", "V": "0.3 V", "W": "-1000 mV", "T": "0.01 ms",
    },
    "m": {
        "L": "2e-8 m", "M": "1e-8 m", "S": "1e-10 m", "B": "1e-9 m", "D": "1e-12 m^2/s", "N": "1e4 mol/m^3",
        "C": "5e3 mol/m^3", "G": "1e18 1/m^2", "E": "-4824.26660615 J/mol", "V": "0.3 V", "W": "-1 V", "T": "1e-5 s",
    },
}  # fmt: skip


def test_metres_micrometres_and_nanometres_are_the_same_problem() -> None:
    iterations, states, charges = [], [], []
    for words in UNITS.values():
        with simulation(parse_case(TEXT.format(**words))) as made:
            records = run_studies(made)
            iterations.append([(r.kind, newton_iterations([r])) for r in records])
            states.append(made.point.y)
            charges.append(made.flows().charge["left"])
    assert iterations[1] == iterations[0]
    assert iterations[2] == iterations[0]
    assert len(iterations[0]) > 20
    # The numbers differ by the rounding of the units, which the interplay of step sizes may magnify a little.
    np.testing.assert_allclose(states[1], states[0], atol=1e-8)
    np.testing.assert_allclose(states[2], states[0], atol=1e-8)
    np.testing.assert_allclose(charges, charges[0], rtol=1e-9)


def test_the_size_of_the_cell_does_not_enter_the_iterations() -> None:
    """The same cell a thousand times larger, with everything else scaled along, is the same problem too."""
    counts = []
    for factor in (1.0, 1e3):
        geometry = layers(("e", 10.0 * factor), bulk=0.2 * factor, interface=0.2 * factor)
        phase = lattice_gas(
            0.5,
            permittivity=20.0,
            sites=[{"name": "A", "density": 1e4 / factor**2}],
            concentration={"Li+": 5e3 / factor**2},
        )
        parts = {
            "geometry": geometry,
            "phases": {"e": phase},
            "terminals": {"left": electrode(0.5), "right": reservoir()},
        }
        with simulation(make_case(**parts)) as made:
            assert made.scales.length == pytest.approx(10.0 * factor * NM)
            counts.append(newton_iterations(run_studies(made)))
    assert counts[0] == counts[1]


STEEP: dict[str, Any] = {
    "geometry": layers(("e", 20.0), bulk=1.0, interface=0.02, terminal=0.02, growth=1.2),
    "phases": {"e": lattice_gas(0.5, permittivity=10.0)},
    "terminals": {"left": electrode(0.0), "right": reservoir()},
    "study": [{"kind": "equilibrium"}, {"kind": "equilibrium", "terminals": {"left": {"potential": 2.0}}}],
}


def test_continuation_reaches_what_a_direct_step_does_not() -> None:
    with simulation(make_case(**STEEP)) as made:
        direct = run_studies(made)
        expected = made.point.y
    most = max(newton_iterations(direct))
    with simulation(make_case(**STEEP, solver={"newton_iterations": most - 3})) as made:
        run_studies(made)
        np.testing.assert_allclose(made.point.y, expected, atol=1e-7)
        assert made.outside.potential("left") == pytest.approx(2.0, rel=1e-14)


def test_a_step_that_cannot_converge_says_when_where_and_what_was_tried() -> None:
    with simulation(make_case(**STEEP, solver={"newton_iterations": 1})) as made:
        with pytest.raises(ConvergenceError) as caught:
            run_studies(made)
        # The state before is kept, and what the terminals apply with it.
        assert made.outside.potential("left") == pytest.approx(0.0, abs=1e-12)
        np.testing.assert_array_equal(made.functional.y.x.array, made.point.y)
    error = caught.value
    assert error.exit_code == 4
    assert "did not converge in 1 iteration" in error.what
    for part in ("equilibrium", "time 0 s", "grain 'e'", "nm", "Debye lengths", "tried", "% of the way", "left"):
        assert part in error.where, part
    assert "the potential" in error.where or "electrochemical potential of Li+" in error.where
    for part in ("geometry.spacing", "newton_iterations"):
        assert part in error.hint
