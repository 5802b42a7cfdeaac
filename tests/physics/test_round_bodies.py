"""Wires, balls and bodies of revolution against series, Bessel functions, radial equations and shells."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from round_bodies import (
    BODY,
    DEBYE,
    IONS,
    KT,
    PERMITTIVITY,
    SALT,
    TEMPERATURE,
    UNIT_CHARGE,
    curved,
    disc,
    profile,
    radial,
)
from samples import (
    NM,
    electrode,
    lattice_gas,
    make_case,
    newton_iterations,
    reservoir,
    run_studies,
    run_study,
    salt,
)
from samples import simulation as simulate

from ssbsim.analysis import exact
from ssbsim.constants import FARADAY, GAS_CONSTANT, VACUUM_PERMITTIVITY
from ssbsim.studies import STUDIES, Simulation
from ssbsim.studies.impedance import impedance_spectrum
from ssbsim.studies.snapshot import Snapshots


def exchange(coordinates: str, cells: int) -> tuple[float, np.ndarray, np.ndarray]:
    """Mean, positions and profile of a tracer after 0.1 a^2/D."""
    size = 100.0 / cells
    study = {
        "kind": "tracer",
        "species": "Li+",
        "source": "right",
        "fraction": 1.0,
        "initial": 0.0,
        "duration": 0.1 * (100 * NM) ** 2 / 1e-12,
        "tolerance": 1e-7,
        "image": {"pixel": 5 * NM},
    }
    case = make_case(
        geometry=radial(coordinates, ("e", 100.0), bulk=size, interface=size),
        terminals={"right": reservoir()},
        study=[study],
        solver={"coarse_mesh": "warn"},
    )
    with simulate(case) as made:
        result = STUDIES["tracer"](made, case.study[0], 0, lambda _: None)
    table = result.tables["tracer_profile"]
    mean = float(result.quantities["mean isotope fraction"]["value"])
    return mean, np.asarray(table["x [m]"]), np.asarray(table["fraction, mean over y"])


@curved
def test_diffusion_into_a_full_body_is_its_series(coordinates: str) -> None:
    """Mean and profile to 1e-4 on 200 cells, and four times as close on twice as many."""
    body = BODY[coordinates]
    given = {"diffusivity": 1e-12, "time": 0.1 * (100 * NM) ** 2 / 1e-12, "radius": 100 * NM}
    expected = float(exact.radial_uptake(body, **given))  # type: ignore[arg-type]
    errors = []
    for cells in (50, 100, 200):
        mean, x, found = exchange(coordinates, cells)
        errors.append((abs(mean - expected), np.abs(found - exact.radial_diffusion(body, x, **given)).max()))  # type: ignore[arg-type]
    assert max(errors[-1]) < 1e-4
    for coarse, fine in zip(errors[0], errors[1], strict=True):
        assert math.log2(coarse / fine) == pytest.approx(2.0, abs=0.2)


def around(coordinates: str, potential: float, *, inner: float, refine: float = 1.0, **phase: Any) -> tuple[float, Any]:
    """Charge (C/m2) of a wire or a ball of some Debye lengths in an electrolyte, and its profile."""
    reach = 16.0 * DEBYE / NM
    given = radial(
        coordinates, ("e", reach), inner=inner * DEBYE / NM, interface=0.05 / refine, bulk=0.05 / refine, growth=1.05
    )
    given["spacing"]["terminal"] = 0.002 * NM / refine
    material = phase or salt(SALT, permittivity=PERMITTIVITY)
    case = make_case(
        geometry=given,
        phases={"e": material},
        terminals={"left": electrode(), "right": reservoir(*material["species"])},
        study=[{"kind": "equilibrium", "terminals": {"left": {"potential": potential}}}],
    )
    with simulate(case) as made:
        run_studies(made)
        found = made.flows().charge["left"] / made.boundary_measures["left"]
        x, phi = profile(made, "potential [V]")
    return found, (x / DEBYE, phi / KT)


@curved
@pytest.mark.parametrize("inner", [0.5, 3.0])
def test_a_small_charge_outside_decays_as_the_closed_form(coordinates: str, inner: float) -> None:
    found, (r, u) = around(coordinates, 1e-5, inner=inner)
    wall, slope = exact.screened_potential(BODY[coordinates], "outside", inner)  # type: ignore[arg-type]
    scale = 1e-5 / KT / wall
    assert found == pytest.approx(-slope * scale * UNIT_CHARGE, rel=1e-3)
    near = r < inner + 6.0
    expected = scale * exact.screened_potential(BODY[coordinates], "outside", r[near])[0]  # type: ignore[arg-type]
    assert u[near] == pytest.approx(expected, abs=1e-3 * scale * wall)


@curved
def test_a_large_charge_outside_is_the_solution_of_the_radial_equation(coordinates: str) -> None:
    """Six kT/e in a binary, where nothing is known in closed form."""
    found, (r, u) = around(coordinates, 6.0 * KT, inner=1.0, refine=2.0)
    solution = exact.radial_layer(BODY[coordinates], np.sinh, inner=1.0, outer=17.0, wall=6.0)  # type: ignore[arg-type]
    assert found == pytest.approx(-solution(np.array(1.0))[1] * UNIT_CHARGE, rel=1e-3)
    assert u == pytest.approx(solution(r)[0], abs=1e-3 * 6.0)


@curved
def test_a_volt_on_a_lattice_gas_is_the_solution_of_the_radial_equation(coordinates: str) -> None:
    density = 2.0 * SALT / 0.5
    gas = lattice_gas(0.5, permittivity=PERMITTIVITY) | {
        "sites": [{"name": "A", "density": density, "standard_potential": {"Li+": 0.0}}],
        "concentration": {"Li+": 0.5 * density},
    }
    length = float(exact.debye_length_lattice_gas(TEMPERATURE, PERMITTIVITY, site_density=density, site_fraction=0.5))
    inner, wall = 2.0 * DEBYE / length, 1.0 / KT
    found, (r, u) = around(coordinates, 1.0, inner=2.0, **gas)
    solution = exact.radial_layer(
        BODY[coordinates],  # type: ignore[arg-type]
        lambda v: 2.0 * np.tanh(0.5 * v),
        inner=inner,
        outer=inner + 16.0 * DEBYE / length,
        wall=wall,
    )
    unit = VACUUM_PERMITTIVITY * PERMITTIVITY * KT / length
    assert found == pytest.approx(-solution(np.array(inner))[1] * unit, rel=1e-3)
    assert u == pytest.approx(solution(r * DEBYE / length)[0], abs=1e-3 * wall)


@curved
@pytest.mark.parametrize("jump", [1e-3, 20.0])
def test_both_sides_of_a_charged_wall_inside_a_full_body(coordinates: str, jump: float) -> None:
    """At small charge sinh(r)/r and exp(-r)/r, or I0 and K0; at large charge the radial equation."""
    plane = 2.0
    given = radial(
        coordinates, ("e", plane * DEBYE / NM), ("f", 16.0 * DEBYE / NM), interface=0.0025, bulk=0.04, growth=1.05
    )
    material = salt(SALT, permittivity=PERMITTIVITY)
    case = make_case(
        geometry=given,
        phases={"e": material, "f": material},
        interfaces={"e|f": {"laws": [{"law": "fixed_charge", "charge": jump * UNIT_CHARGE}]}},
        terminals={"right": reservoir(*IONS)},
    )
    with simulate(case) as made:
        run_studies(made)
        x, phi = profile(made, "potential [V]")
        assert made.mesh_data is not None
        assert abs(made.unbalanced_charge()) < 1e-10 * jump * UNIT_CHARGE * made.mesh_data.interface_measures()[0, 1]
    r, u = x / DEBYE, phi / KT
    body: Any = BODY[coordinates]
    inside, outside = exact.radial_double_layer(body, np.sinh, plane=plane, outer=plane + 16.0, jump=jump)
    solution = np.where(r < plane, inside(np.minimum(r, plane))[0], outside(np.maximum(r, plane))[0])
    if jump < 0.1:
        (ui, si), (uo, so) = (exact.screened_potential(body, side, plane) for side in ("inside", "outside"))  # type: ignore[arg-type]
        wall = jump / (si / ui - so / uo)
        near = (r > 1e-6) & (r < 8.0)
        formula = np.where(
            r[near] < plane,
            wall * exact.screened_potential(body, "inside", r[near])[0] / ui,
            wall * exact.screened_potential(body, "outside", r[near])[0] / uo,
        )
        assert solution[near] == pytest.approx(formula, abs=1e-5 * wall)
    assert u == pytest.approx(solution, abs=1e-3 * np.abs(solution).max())


def driven(geometry: dict[str, Any], **more: Any) -> Any:
    parts = {
        "phases": {"e": lattice_gas(permittivity=2000.0)},
        "study": [{"kind": "steady", "terminals": {"right": {"potential": 1e-5}}}],
        "solver": {"coarse_mesh": "warn"},
    }
    return make_case(geometry=geometry, **(parts | more))


@curved
def test_the_resistance_of_a_shell(coordinates: str) -> None:
    """The current is the same in total on both walls, as 1/r^m per area; its resistance converges to the limit as h^2."""
    power = {"cylindrical": 1, "spherical": 2}[coordinates]
    sigma = FARADAY**2 * 5e3 * 1e-12 / (GAS_CONSTANT * TEMPERATURE)
    limit = float(
        exact.shell_resistance(BODY[coordinates], conductivity=sigma, inner=10 * NM, outer=30 * NM)  # type: ignore[arg-type]
    )
    errors = []
    for size in (2.0, 1.0, 0.1):
        case = driven(radial(coordinates, ("e", 20.0), inner=10.0, bulk=size, interface=size))
        with simulate(case) as made:
            run_studies(made)
            flows = made.flows()
            right, left = (made.ionic_current(flows, t) for t in ("right", "left"))
            assert right + left == pytest.approx(0.0, abs=1e-9 * abs(right))
            areas = made.boundary_measures
            assert (left / areas["left"]) / (right / areas["right"]) == pytest.approx(-(3.0**power), rel=1e-9)
            cuts = made.currents_through_cuts()
            assert cuts is not None
            assert cuts["smallest"] == pytest.approx(cuts["largest"], rel=1e-8)
            errors.append(1e-5 / right / limit - 1.0)
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.15)
    assert abs(errors[2]) < 1e-4


@curved
def test_the_impedance_of_a_shell_is_its_resistance_over_the_area_of_the_terminal(coordinates: str) -> None:
    spectral = {"kind": "impedance", "terminal": "right", "frequencies": {"values": [1.0]}}
    case = driven(
        radial(coordinates, ("e", 20.0), inner=10.0, bulk=0.1, interface=0.1),
        study=[{"kind": "equilibrium"}, spectral],
    )
    sigma = FARADAY**2 * 5e3 * 1e-12 / (GAS_CONSTANT * TEMPERATURE)
    limit = float(
        exact.shell_resistance(BODY[coordinates], conductivity=sigma, inner=10 * NM, outer=30 * NM)  # type: ignore[arg-type]
    )
    with simulate(case) as made:
        run_study(made, 0, lambda _: None)
        spectrum = impedance_spectrum(made, case.study[1])
        assert spectrum.area == pytest.approx(made.boundary_measures["right"])
        assert spectrum.table()["Re Z total [ohm]"] == pytest.approx([limit], rel=1e-4)


def test_a_closed_ball_keeps_its_amounts() -> None:
    """Two phases with an interface that stores and lets through; a transient of ten decades."""
    gap = {"contact": "broken", "laws": [{"law": "resistive", "species": "Li+", "resistance": 1e-4}]}
    case = make_case(
        geometry=radial("spherical", ("e", 5.0), ("f", 5.0), interface=0.2, bulk=0.5),
        phases={"e": lattice_gas(0.3), "f": lattice_gas(0.6)},
        interfaces={"e|f": gap},
        terminals={"right": electrode()},
        study=[{"kind": "transient", "duration": 1e-2, "terminals": {"right": {"potential": 0.1}}}],
        solver={"coarse_mesh": "warn"},
    )
    with simulate(case) as made:
        before = made.amounts()["Li+"]
        records = run_studies(made)
        assert len(newton_iterations(records)) > 20
        assert made.amounts()["Li+"] == pytest.approx(before, rel=1e-12)
        assert made.lost_amount() < 1e-12


def test_a_wire_that_turns_is_a_wire() -> None:
    """Space charge around a wire: in two dimensions about the axis as in one."""
    reach = 6.0 * DEBYE / NM
    sizes = {"interface": 0.1, "bulk": 0.1, "growth": 1.1}
    line = radial("cylindrical", ("e", reach), inner=DEBYE / NM, **sizes)
    line["spacing"]["terminal"] = 0.01 * NM
    turned = line | {"dimension": 2, "coordinates": "axisymmetric", "width": 0.5 * NM}
    charges = []
    for geometry in (line, turned):
        case = make_case(
            geometry=geometry,
            phases={"e": salt(SALT, permittivity=PERMITTIVITY)},
            terminals={"left": electrode(), "right": reservoir(*IONS)},
            study=[{"kind": "equilibrium", "terminals": {"left": {"potential": 4.0 * KT}}}],
        )
        with simulate(case) as made:
            run_studies(made)
            charges.append(made.flows().charge["left"] / made.boundary_measures["left"])
    assert charges[1] == pytest.approx(charges[0], rel=1e-3)


def test_a_ball_that_turns_is_a_ball() -> None:
    """The charge around a ball is that of the closed form, and what the electrode has the electrolyte has not."""
    inner = DEBYE
    errors = []
    for n in (12, 24, 48):
        data = disc(n, 7.0 * DEBYE, inner=inner)
        case = make_case(
            geometry={"kind": "file", "path": "none", "unit": 1.0, "grains": {"e": "e"}, "coordinates": "axisymmetric"},
            phases={"e": salt(SALT, permittivity=PERMITTIVITY)},
            terminals={"inside": electrode(), "outside": reservoir(*IONS)},
            study=[{"kind": "equilibrium", "terminals": {"inside": {"potential": 1e-4}}}],
            solver={"coarse_mesh": "warn"},
        )
        made = Simulation(case, data, MPI.COMM_WORLD)
        try:
            run_studies(made)
            charge = made.flows().charge["inside"]
            assert abs(made.unbalanced_charge()) < 1e-12 * charge
            snapshots = Snapshots(made)
            layout, fields = snapshots.layout, snapshots.take()
            assert layout is not None
            volumes = layout.coordinates.corner_volumes(layout.points[layout.cells][:, :, :2])
            electrolyte = (volumes * fields["charge density [C/m^3]"][layout.cells]).sum()
            assert electrolyte == pytest.approx(-charge, rel=1e-9)
        finally:
            made.close()
        value, slope = exact.screened_potential("sphere", "outside", 1.0)
        expected = -slope / value * 1e-4 / KT * UNIT_CHARGE * 4.0 * math.pi * inner**2
        errors.append(charge / expected - 1.0)
    assert abs(errors[-1]) < 1e-2
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.3)
    assert abs((4.0 * errors[2] - errors[1]) / 3.0) < 1e-3
