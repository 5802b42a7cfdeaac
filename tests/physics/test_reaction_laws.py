"""Laws of several species, and of different species on the two sides, through whole solves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from reaction_laws import Adsorption, AdsorptionLaw, Renaming, RenamingLaw, Together, TogetherLaw, with_law
from samples import electrode, lattice_gas, layers, make_case, reservoir, run_studies, salt, simulation

from ssbsim.case import Case, ImpedanceStudy
from ssbsim.constants import FARADAY, GAS_CONSTANT
from ssbsim.physics import INTERFACE_LAWS
from ssbsim.studies.impedance import impedance_spectrum

T, THICKNESS = 298.15, 4e-9
KT = GAS_CONSTANT * T
#: Flux over a jump of one kT through one layer (mol/(m2 s)).
PER_KT = 1e-12 * 5e3 / THICKNESS


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(INTERFACE_LAWS, "renaming", Renaming)  # type: ignore[arg-type]
    monkeypatch.setitem(INTERFACE_LAWS, "together", Together)  # type: ignore[arg-type]
    monkeypatch.setitem(INTERFACE_LAWS, "adsorption", Adsorption)  # type: ignore[arg-type]


def lithium(name: str) -> dict[str, object]:
    """A lattice gas of one species, c = 5e3 mol/m3, D = 1e-12 m2/s."""
    return lattice_gas(
        species={name: {"diffusivity": 1e-12}},
        sites=[{"name": "A", "density": 1e4, "standard_potential": {name: 0.0}}],
        concentration={name: 5e3},
    )


@pytest.mark.parametrize("newton", ["full", "lagged"])
def test_a_species_that_is_another_on_the_other_side_carries_the_series_current(newton: str) -> None:
    """6Li+ in the first phase becomes 7Li+ in the second: two bulks and the plane in series, exactly."""
    law = RenamingLaw(species_first="6Li+", species_second="7Li+", conductance=0.4 * PER_KT)
    case = make_case(
        geometry=layers(("e", 4.0), ("f", 4.0), bulk=1.0),
        phases={"e": lithium("6Li+"), "f": lithium("7Li+")},
        terminals={"left": reservoir("6Li+"), "right": reservoir("7Li+", potential=1e-6)},
        study=[{"kind": "steady"}],
        solver={"newton": newton},
    )
    volts = 1e-6 * FARADAY / KT  # in kT
    with simulation(with_law(case, "e|f", law)) as run:
        run_studies(run)
        flows = run.flows().species
    expected = PER_KT * volts / (1.0 + 1.0 + 1.0 / 0.4)
    assert flows["right"]["7Li+"] == pytest.approx(expected, rel=1e-5)
    assert flows["left"]["6Li+"] == pytest.approx(-expected, rel=1e-5)


def test_its_impedance_at_low_frequency_is_that_of_the_series() -> None:
    case = make_case(
        geometry=layers(("e", 4.0), ("f", 4.0), bulk=1.0),
        phases={"e": lithium("6Li+"), "f": lithium("7Li+")},
        terminals={"left": reservoir("6Li+"), "right": reservoir("7Li+")},
    )
    law = RenamingLaw(species_first="6Li+", species_second="7Li+", conductance=0.4 * PER_KT)
    with simulation(with_law(case, "e|f", law)) as run:
        run_studies(run)
        spectrum = impedance_spectrum(run, ImpedanceStudy.model_validate({"frequencies": [1e-3], "terminal": "right"}))
    expected = KT / (FARADAY**2 * PER_KT) * (1.0 + 1.0 + 1.0 / 0.4)
    assert spectrum.impedance[0].real == pytest.approx(expected, rel=1e-8)


def test_two_species_that_cross_together_reach_equilibrium_as_a_salt() -> None:
    """Both or none: the sum of both potentials is equal on the two sides, and as much of each has crossed."""
    case = make_case(
        geometry=layers(("e", 4.0), ("f", 4.0), bulk=1.0),
        phases={"e": salt(100.0), "f": salt(100.0, permittivity=30.0)},
        terminals={"left": electrode(0.0), "right": electrode(0.05)},
        study=[{"kind": "equilibrium"}, {"kind": "transient", "duration": 1e-5}],
        solver={"coarse_mesh": "warn"},
    )
    law = TogetherLaw(species="A+", partner="B-", conductance=1e-6)
    with simulation(with_law(case, "e|f", law)) as run:
        run_studies(run)
        functional = run.functional
        y = run.point.y.reshape(-1, len(functional.placement.unknowns))
        x = functional.placement.space.tabulate_dof_coordinates()[:, 0]
        salt_potential = y[:, 0] + y[:, 1]
        assert salt_potential.max() - salt_potential.min() < 1e-8
        # The fields of the two ions differ between the sides: only their sum is tied.
        assert abs(y[x.argmin(), 0] - y[x.argmax(), 0]) > 1e-3
        assert functional.placement.interfaces[0].conductances("A+") is not None


def test_amounts_that_cross_together_are_equal() -> None:
    case = make_case(
        geometry=layers(("e", 4.0), ("f", 4.0), bulk=1.0),
        phases={"e": salt(100.0), "f": salt(100.0)},
        terminals={"left": reservoir("A+", "B-", potential=0.0), "right": reservoir("A+")},
        study=[{"kind": "steady"}],
        solver={"coarse_mesh": "warn"},
    )
    law = TogetherLaw(species="A+", partner="B-", conductance=1e-6)
    with simulation(with_law(case, "e|f", law)) as run:
        values = run.outside.now()
        raised = {(name, k): value + 1e-4 * (name == "left") for (name, k), value in values.terminals.items()}
        run.outside.write(replace(values, terminals=raised))
        run_studies(run)
        # B- has no way out on the right, so nothing crosses, of either.
        assert run.flows().species["right"]["A+"] == pytest.approx(0.0, abs=1e-12 * 1e-6)


SITES = 1e-6
TWO_STEPS = AdsorptionLaw(species="Li+", density=SITES, first_step=0.4 * PER_KT, second_step=0.8 * PER_KT)


def adsorbing(**parts: object) -> Case:
    """Two lattice gases and a plane with an unknown of its own between them."""
    given = {
        "geometry": layers(("e", 4.0), ("f", 4.0), bulk=1.0, dimension=parts.pop("dimension", 1)),
        "phases": {"e": lithium("Li+"), "f": lithium("Li+")},
        "solver": {"coarse_mesh": "warn"},
    }
    return with_law(make_case(**(given | parts)), "e|f", TWO_STEPS)


@pytest.mark.parametrize("dimension", [1, 2])
def test_an_internal_unknown_stands_between_two_steps_in_series(dimension: int) -> None:
    terminals = {"left": reservoir(), "right": reservoir(potential=1e-6)}
    with simulation(adsorbing(terminals=terminals, study=[{"kind": "steady"}], dimension=dimension)) as run:
        run_studies(run)
        flows = run.flows().species
        unknowns = run.functional.placement.unknowns
        adsorbed = unknowns.column(run.point.y, "adsorbed of e|f")
        area = run.boundary_measures["right"]
        x = run.functional.placement.space.tabulate_dof_coordinates()
        nodes = int(np.sum(np.isclose(x[:, 0], x[:, 0].max())))  # as many on every plane across x
    volts = 1e-6 * FARADAY / KT
    flux = PER_KT * volts / (1.0 + 1.0 + 1.0 / 0.4 + 1.0 / 0.8)
    assert flows["right"]["Li+"] / area == pytest.approx(flux, rel=1e-5)
    # It lives on the plane alone, where the potential has fallen by the second layer and the second step.
    there = adsorbed[adsorbed != 0.0]
    assert len(there) == nodes
    np.testing.assert_allclose(there, volts - flux / PER_KT * (1.0 + 1.0 / 0.8), rtol=1e-4)


def test_what_the_plane_holds_comes_from_the_phases() -> None:
    """Between blocking electrodes: what is adsorbed is missing in the phases, and all potentials become equal."""
    terminals = {"left": electrode(0.0), "right": electrode(0.1)}
    study = [{"kind": "equilibrium"}, {"kind": "transient", "duration": 1e-6}]
    phases = {"e": lattice_gas(0.4), "f": lattice_gas(0.3)}
    with simulation(adsorbing(terminals=terminals, study=study, phases=phases)) as run:
        placement = run.functional.placement
        n = placement.unknowns

        def held() -> float:
            return run.sum(n.column(run.point.q, "adsorbed of e|f")) * run.scales.amount

        before = run.amounts()["Li+"]
        assert held() == pytest.approx(0.5 * SITES, rel=1e-12)
        run_studies(run)
        change = held() - 0.5 * SITES
        assert abs(change) > 1e-2 * SITES
        assert run.amounts()["Li+"] - before == pytest.approx(-change, rel=1e-8)
        mu = n.column(run.point.y, "Li+")
        adsorbed = n.column(run.point.y, "adsorbed of e|f")
        assert adsorbed[adsorbed != 0.0] == pytest.approx(mu.mean(), abs=1e-8)
        assert mu.max() - mu.min() < 1e-8


def test_its_impedance_at_low_frequency_has_both_steps() -> None:
    study = [{"kind": "equilibrium"}]
    with simulation(adsorbing(terminals={"left": reservoir(), "right": reservoir()}, study=study)) as run:
        run_studies(run)
        spectrum = impedance_spectrum(run, ImpedanceStudy.model_validate({"frequencies": [1e-3], "terminal": "right"}))
    expected = KT / (FARADAY**2 * PER_KT) * (1.0 + 1.0 + 1.0 / 0.4 + 1.0 / 0.8)
    assert spectrum.impedance[0].real == pytest.approx(expected, rel=1e-8)
