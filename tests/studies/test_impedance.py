"""The impedance study: exact limits, two methods that agree, contributions that add up, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from samples import NM, electrode, lattice_gas, layers, make_case, reservoir, run_studies, simulation

import ssbsim
from ssbsim.analysis.exact.impedance import (
    blocking_cell_impedance,
    finite_length_diffusion_impedance,
    finite_space_diffusion_impedance,
)
from ssbsim.analysis.impedance_fit import fit_circuit, read_spectrum
from ssbsim.analysis.relaxation_times import distribution_of_relaxation_times
from ssbsim.case import ImpedanceStudy
from ssbsim.constants import FARADAY, GAS_CONSTANT, VACUUM_PERMITTIVITY
from ssbsim.document.problems import InvalidCaseError
from ssbsim.errors import CaseError, ConvergenceError
from ssbsim.physics import debye_length
from ssbsim.results.pictures.impedance import draw_impedance
from ssbsim.solvers.frequency_response import FrequencyResponse
from ssbsim.studies import impedance
from ssbsim.studies.impedance import Spectrum, impedance_spectrum
from ssbsim.studies.simulation import Simulation

THERMAL = GAS_CONSTANT * 298.15 / FARADAY
#: Of a lattice gas of `samples`: c = 5e3 mol/m3, D = 1e-12 m2/s.
SIGMA = FARADAY * 5e3 * 1e-12 / THERMAL
EPSILON = 20.0 * VACUUM_PERMITTIVITY
BOUNDARY = 1e-4
GAP = {
    "contact": "broken",
    "laws": [
        {"law": "resistive", "species": "Li+", "resistance": BOUNDARY},
        {"law": "capacitive", "capacitance": 0.1},
    ],
}
WIDE = {"from": 1e-3, "to": 1e9, "per_decade": 2}
#: Both ends in equilibrium with each other, whatever phases they touch.
LEVEL = {
    side: {"kind": "reservoir", "species": ("Li+",), "electrochemical_potential": 0.0} for side in ("left", "right")
}
LOOSE = {"coarse_mesh": "warn"}


@contextmanager
def settled(study: str = "equilibrium", **parts: Any) -> Iterator[Simulation]:
    """A case at the state that a study reaches."""
    with simulation(make_case(**{"study": [{"kind": study}], "solver": LOOSE} | parts)) as made:
        run_studies(made)
        yield made


def two_grains(*, ends: Any = reservoir, **more: Any) -> dict[str, Any]:
    parts = {
        "geometry": layers(("e", 60.0), ("f", 40.0), bulk=4.0, interface=0.05, terminal=0.05, growth=1.3),
        "phases": {"e": lattice_gas(), "f": lattice_gas()},
        "interfaces": {"e|f": GAP},
        "terminals": {"left": ends(), "right": ends()},
    }
    return parts | more


def spectrum(made: Simulation, frequencies: Any = WIDE, **more: Any) -> Spectrum:
    return impedance_spectrum(made, ImpedanceStudy.model_validate({"frequencies": frequencies} | more))


def largest(values: Any) -> float:
    return float(np.abs(values).max())


# ------------------------------------------------------------------------------------------------- C and K themselves


def test_storage_and_dissipation_are_symmetric_and_positive_at_equilibrium() -> None:
    with settled(**two_grains(geometry=layers(("e", 3.0), ("f", 2.0), bulk=0.5, interface=0.25))) as made:
        made.integrator.restore(made.point)
        regions = impedance.node_regions(made)
        response = FrequencyResponse(made.solver, impedance._drive(made, "right"), regions)
        everything = np.eye(made.n_unknowns)
        stored, dissipated = response.quadratic(response.matrices, everything, np.zeros(made.n_unknowns))
        response.destroy()
    for form in (stored, dissipated):
        assert largest(form - form.T) < 1e-9 * largest(form)
        assert np.linalg.eigvalsh(0.5 * (form + form.T)).min() > -1e-9 * largest(form)


# ------------------------------------------------------------------------------------------------------- exact results


def blocking(h: float) -> tuple[Any, Any]:
    geometry = layers(("e", 100.0), bulk=20 * h, interface=20 * h, terminal=h, growth=1.0 + 6.0 * h)
    frequencies = tuple(np.logspace(1, 7, 7))
    with settled(geometry=geometry, terminals={"left": electrode(), "right": electrode()}) as made:
        found = spectrum(made, frequencies).impedance
        width = debye_length(made.functional.placement.phases["e"]) * made.scales.length
    # Li+ on a background, half of the sites full: dc/dmu = c/2, the conductivity that of all ions.
    exact = blocking_cell_impedance(
        frequencies, relative_permittivity=20.0, debye_length=width, diffusivity=SIGMA * width**2 / EPSILON, gap=1e-7
    )
    return found, exact


def test_a_blocking_cell_has_its_exact_impedance_and_the_error_falls_with_the_square_of_the_mesh() -> None:
    errors = []
    for h in (0.02, 0.01):
        found, exact = blocking(h)
        errors.append(largest(found / exact - 1.0))
        assert largest(np.angle(found / exact, deg=True)) < 0.5
    assert errors[0] < 6e-3
    assert 1.7 < np.log2(errors[0] / errors[1]) < 2.3


def test_a_flat_cell_has_the_resistance_of_its_parts_at_low_and_its_plate_capacitor_at_high_frequency() -> None:
    # Ions that enter from a reservoir take a layer of their own at high frequency; a metal needs none.
    with settled(**two_grains()) as made:
        found = spectrum(made, (1e-3, 1.0))
    with settled(**two_grains(ends=electrode)) as made:
        fast = spectrum(made, (1e11, 1e13)).impedance
    series = 1e-7 / SIGMA
    # Two capacitors of the same plate: that of the gap has 0.1 F/m2.
    plates = 1e-7 / EPSILON + 1.0 / 0.1
    assert found.impedance[0].real == pytest.approx(series + BOUNDARY, rel=1e-8)
    assert found.by_part["e"][0].real == pytest.approx(0.6 * series, rel=1e-7)
    assert found.by_part["e|f"][0].real == pytest.approx(BOUNDARY, rel=1e-8)
    assert fast[-1].imag * 2 * np.pi * 1e13 == pytest.approx(-plates, rel=1e-6)


def test_a_stern_layer_adds_its_own_impedance_to_either_end() -> None:
    c = 0.2
    parts = {"geometry": layers(("e", 20.0), bulk=1.0, interface=1.0, terminal=0.05, growth=1.3)}
    bare, stern = {"left": electrode(), "right": electrode()}, electrode(stern_capacitance=c)
    with settled(**parts, terminals=bare) as made:
        without = spectrum(made)
    with settled(**parts, terminals={"left": stern, "right": electrode()}) as made:
        ends = {name: spectrum(made, terminal=name) for name in ("left", "right")}
    layer = 1.0 / (2j * np.pi * without.frequency * c)
    for found in ends.values():
        assert largest(found.impedance / (without.impedance + layer) - 1.0) < 1e-6
        assert largest((found.by_part["left"] - layer) / found.impedance) < 1e-4


def mixed_conductor(**terminals: Any) -> dict[str, Any]:
    """Ions in a metal: phi is uniform, and what is left is diffusion."""
    return {
        "geometry": layers(("e", 100.0), dimension=2, bulk=1.5) | {"width": 5 * NM},
        "phases": {"e": lattice_gas(permittivity=None, electrostatics="conductor", electronic_conductivity=1e9)},
        "terminals": terminals,
    }


@pytest.mark.parametrize(
    ("terminals", "exact"),
    [
        ({"left": electrode(), "right": reservoir()}, finite_space_diffusion_impedance),
        ({"left": reservoir(), "top": electrode(), "right": reservoir()}, finite_length_diffusion_impedance),
    ],
    ids=["finite space", "finite length"],
)
def test_diffusion_between_reservoirs_is_that_of_the_books(terminals: dict[str, Any], exact: Any) -> None:
    # The chemical diffusivity of a half-full lattice gas is twice D: dc/dmu = c/2.
    tau = 1e-14 / 2e-12
    omega = np.logspace(-1, 2, 7)
    frequencies = tuple(omega / (2 * np.pi * tau))
    with settled(**mixed_conductor(**terminals)) as made:
        found = spectrum(made, frequencies, terminal="right")
    expected = exact(frequencies, resistance=1e-7 / SIGMA, time_constant=tau)
    assert largest(found.impedance / expected - 1.0) < 5e-3


# ------------------------------------------------------------------------------------------- the steady study, slowly


def slope(parts: dict[str, Any], bias: float, step: float = 5e-5) -> float:
    """dV/dI of two steady studies about a bias."""
    currents = []
    for sign in (-1.0, 1.0):
        with settled(
            "steady", **parts | {"terminals": {"left": reservoir(), "right": reservoir(potential=bias + sign * step)}}
        ) as made:
            currents.append(made.ionic_current(made.flows(), "right"))
    return 2.0 * step / (currents[1] - currents[0])


KINETIC = {
    "contact": "broken",
    "laws": [
        {"law": "butler_volmer", "species": "Li+", "exchange_current": 1e3, "transfer_coefficient": 0.3},
        {"law": "capacitive", "capacitance": 0.1},
    ],
}


@pytest.mark.parametrize("bias", [0.0, 0.1])
def test_at_low_frequency_it_is_the_slope_of_the_steady_current(bias: float) -> None:
    parts = two_grains(
        geometry=layers(("e", 3.0), ("f", 2.0), bulk=0.2, interface=0.1),
        phases={"e": lattice_gas(), "f": lattice_gas(0.3)},
        interfaces={"e|f": KINETIC if bias else GAP},
    )
    terminals = {"left": reservoir(), "right": reservoir(potential=bias)}
    with settled("steady", **parts | {"terminals": terminals}) as made:
        found = spectrum(made, (1e-2, 1.0))
    assert found.impedance[0].real == pytest.approx(slope(parts, bias), rel=1e-6)
    assert largest(found.impedance[0].imag) < 1e-6 * found.impedance[0].real
    assert largest(sum(found.by_part.values()) / found.impedance - 1.0) < 1e-8


# ------------------------------------------------------------------------------------------------ two methods, one number


SQUARE = two_grains(
    geometry=layers(("e", 3.0), ("f", 2.0), dimension=2, bulk=1.0, interface=0.5),
    phases={"e": lattice_gas(), "f": lattice_gas(0.3)},
    terminals=LEVEL,
)
CELLS = {
    "boundary": (two_grains(), "equilibrium"),
    "blocked": (two_grains(ends=electrode), "equilibrium"),
    "space charge": (two_grains(phases={"e": lattice_gas(), "f": lattice_gas(0.1)}, terminals=LEVEL), "equilibrium"),
    "square": (SQUARE, "equilibrium"),
    "square by multigrid": (SQUARE | {"solver": LOOSE | {"linear": "multigrid"}}, "equilibrium"),
    "with a current": (
        two_grains(
            geometry=layers(("e", 3.0), ("f", 2.0), bulk=0.2, interface=0.1),
            phases={"e": lattice_gas(), "f": lattice_gas(0.3)},
            interfaces={"e|f": KINETIC},
            terminals={"left": reservoir(), "right": reservoir(potential=0.1)},
        ),
        "steady",
    ),
}


@pytest.mark.parametrize("name", CELLS)
def test_the_reduced_model_agrees_with_a_solve_for_every_frequency(name: str) -> None:
    parts, study = CELLS[name]
    with settled(study, **parts) as made:
        reduced = spectrum(made)
        direct = spectrum(made, method="direct")
        y = made.functional.y.x.array[: made.functional.placement.n_owned_rows]
        assert np.array_equal(y, made.point.y)
        assert all(share.value == 1.0 for share in made.functional.parameters.weights.values())
    assert largest(reduced.impedance / direct.impedance - 1.0) < 1e-6
    assert reduced.error is not None
    assert reduced.error < 1e-6
    assert reduced.shifts <= 10
    assert max(reduced.imbalance, direct.imbalance) < 1e-6
    for found in (reduced, direct):
        assert largest(sum(found.by_part.values()) / found.impedance - 1.0) < 1e-8
        assert (found.impedance.real > 0).all()
    for part, z in reduced.by_part.items():
        assert largest((z - direct.by_part[part]) / direct.impedance) < 1e-5


def test_multigrid_gives_the_same_as_factors() -> None:
    found = []
    for name in ("square", "square by multigrid"):
        with settled(**CELLS[name][0]) as made:
            found.append(spectrum(made))
    assert largest(found[0].impedance / found[1].impedance - 1.0) < 1e-8


def test_the_reduced_model_says_when_it_does_not_reach_the_tolerance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ssbsim.solvers.reduced_model._MOST_SHIFTS", 2)
    with settled(**two_grains(ends=electrode)) as made, pytest.raises(ConvergenceError, match="still changes by"):
        spectrum(made)


def test_the_spectrum_is_that_of_resistors_and_capacitors() -> None:
    """Causal, linear and passive: a ladder of R||C with positive elements has the same impedance (Kramers-Kronig)."""
    with settled(**two_grains(phases={"e": lattice_gas(), "f": lattice_gas(0.1)}, terminals=LEVEL)) as made:
        found = spectrum(made, {"from": 1.0, "to": 1e9, "per_decade": 5})
    ladder = distribution_of_relaxation_times(found.frequency, found.impedance, regularisation=1e-10)
    assert ladder.misfit < 2e-3
    other = 2.0 * found.impedance.real + 1j * found.impedance.imag
    broken = distribution_of_relaxation_times(found.frequency, other, regularisation=1e-10)
    assert broken.misfit > 0.1


# ---------------------------------------------------------------------------------------------------- files and refusals


def test_a_run_leaves_tables_that_readers_and_circuits_take(tmp_path: Path) -> None:
    case = make_case(**two_grains(study=[{"kind": "equilibrium"}, {"kind": "impedance", "frequencies": WIDE}]))
    results = ssbsim.run(case, tmp_path / "run", show_progress=False, report=False)
    table = results.impedance
    z = (table["Re Z [ohm m^2]"] + 1j * table["Im Z [ohm m^2]"]).to_numpy()
    y = (table["Re Y [S/m^2]"] + 1j * table["Im Y [S/m^2]"]).to_numpy()
    assert len(table) == 25
    assert largest(z * y - 1.0) < 1e-12
    parts = results.table("impedance_contributions")
    assert (
        largest(
            sum(parts[f"Re Z {p} [ohm m^2]"] + 1j * parts[f"Im Z {p} [ohm m^2]"] for p in ("e", "f", "e|f")) / z - 1
        )
        < 1e-8
    )
    preprocessing = pytest.importorskip("impedance.preprocessing")
    f, read = preprocessing.readCSV(str(tmp_path / "run" / "impedance_py.csv"))
    assert np.array_equal(f, table["frequency [Hz]"])
    assert np.array_equal(read, z)
    quantities = results.summary["quantities"]
    assert quantities["impedance at 0.001 Hz, real part"]["value"] == z[0].real
    assert quantities["error estimate of the impedance"]["value"] < 1e-6
    assert len(draw_impedance(results).axes) == 4
    fit = fit_circuit(*read_spectrum(results))
    assert sorted(fit.values) == ["C1", "C2", "R1", "R2"]
    assert fit.values["R2"] == pytest.approx(BOUNDARY, rel=1e-3)
    assert fit.values["R1"] == pytest.approx(1e-7 / SIGMA, rel=1e-2)


def refused(**parts: Any) -> str:
    with pytest.raises((CaseError, InvalidCaseError, ValueError)) as info:
        make_case(**parts)
    return str(info.value)


SWEEP = {"kind": "impedance"}


@pytest.mark.parametrize(
    ("studies", "words"),
    [
        ([SWEEP], "none was reached"),
        ([{"kind": "equilibrium"}, {"kind": "transient", "duration": 1.0}, SWEEP], "none was reached"),
        ([{"kind": "equilibrium"}, SWEEP | {"terminal": "rihgt"}], "not a terminal"),
        ([{"kind": "equilibrium"}, SWEEP | {"frequencies": []}], "empty"),
        ([{"kind": "equilibrium"}, SWEEP | {"frequencies": [2.0, 1.0]}], "does not rise"),
        ([{"kind": "equilibrium"}, SWEEP | {"frequencies": {"from": 1.0, "to": 10.0}}], "not completely"),
        ([{"kind": "equilibrium"}, SWEEP | {"frequencies": {"from": 9.0, "to": 1.0, "per_decade": 5}}], "end before"),
    ],
)
def test_studies_that_make_no_sense_are_refused(studies: list[dict[str, Any]], words: str) -> None:
    assert words in refused(study=studies)


def test_the_terminal_must_be_named_where_it_is_not_clear() -> None:
    terminals = {"left": reservoir(), "top": reservoir(), "right": reservoir()}
    geometry = layers(("e", 10.0), dimension=2)
    study = [{"kind": "equilibrium"}, SWEEP]
    assert "not clear" in refused(geometry=geometry, terminals=terminals, study=study)
    shared = {"geometry": layers(("e", 4.0), dimension=2), "terminals": terminals}
    with settled(**shared) as made, pytest.raises(CaseError, match="share an edge or corner"):
        spectrum(made, terminal="top")


def test_a_lagged_mobility_is_refused_where_a_current_flows() -> None:
    parts, _ = CELLS["with a current"]
    lagged = parts | {"solver": LOOSE | {"newton": "lagged"}}
    with settled("steady", **lagged) as made, pytest.raises(CaseError, match="derivative of the mobility"):
        spectrum(made)
