"""Wires, balls and bodies of revolution: measures, conservation, and what is known of them in closed form."""

from __future__ import annotations

import math
from typing import Any

import dolfinx
import numpy as np
import pytest
import ufl
from mpi4py import MPI
from pydantic import ValidationError
from samples import (
    NM,
    electrode,
    lattice_gas,
    layers,
    make_case,
    newton_iterations,
    reservoir,
    run_studies,
    run_study,
    salt,
)
from samples import simulation as simulate

from ssbsim import CaseError, MeshError
from ssbsim.analysis import exact
from ssbsim.constants import FARADAY, GAS_CONSTANT, VACUUM_PERMITTIVITY
from ssbsim.discretization import DistributedMesh, Measures
from ssbsim.geometry import Grain, MeshData, build_geometry
from ssbsim.geometry.coordinates import COORDINATES
from ssbsim.studies import STUDIES, Simulation
from ssbsim.studies.impedance import impedance_spectrum
from ssbsim.studies.snapshot import Snapshots

TEMPERATURE, SALT, PERMITTIVITY = 298.15, 100.0, 20.0
KT = GAS_CONSTANT * TEMPERATURE / FARADAY
DEBYE = float(exact.debye_length_binary(TEMPERATURE, PERMITTIVITY, concentration=SALT))
IONS = ("A+", "B-")
#: Charge per area of a slope of one kT/e over one Debye length.
UNIT_CHARGE = VACUUM_PERMITTIVITY * PERMITTIVITY * KT / DEBYE

BODY = {"cylindrical": "cylinder", "spherical": "sphere"}
curved = pytest.mark.parametrize("coordinates", ["cylindrical", "spherical"])


def radial(coordinates: str, *parts: tuple[str, float], inner: float = 0.0, **more: Any) -> dict[str, Any]:
    return layers(*parts, **more) | {"coordinates": coordinates, "inner_radius": inner * NM}


def disc(n: int, radius: float, *, inner: float = 0.0) -> MeshData:
    """Half a disc, or half a ring, in rings of triangles around the axis x = 0: a ball, or a shell, when it turns."""
    points, cells, walls = [], [], {"inside": [], "outside": []}
    radii = np.linspace(inner, radius, n + 1)
    angles = np.linspace(-0.5 * math.pi, 0.5 * math.pi, 2 * n + 1)
    index: dict[tuple[int, int], int] = {}
    for i, r in enumerate(radii):
        for j, angle in enumerate(angles):
            if r > 0.0 or j == 0:
                index[i, j] = len(points)
                points.append((max(r * math.cos(angle), 0.0) if 0 < j < 2 * n else 0.0, r * math.sin(angle)))
            else:
                index[i, j] = index[i, 0]
    for i in range(n):
        for j in range(2 * n):
            a, b, c, d = index[i, j], index[i + 1, j], index[i + 1, j + 1], index[i, j + 1]
            cells += [(a, b, c)] if a == d else [(a, b, c), (a, c, d)]
    walls["outside"] = [(index[n, j], index[n, j + 1]) for j in range(2 * n)]
    walls["inside"] = [(index[0, j], index[0, j + 1]) for j in range(2 * n)] if inner > 0.0 else []
    names = [name for name, facets in walls.items() if facets]
    return MeshData(
        points=np.array(points),
        cell_type="triangle",
        cells=np.array(cells),
        cell_grain=np.zeros(len(cells)),
        grains=(Grain("e", "e"),),
        boundary_facets=np.array([facet for name in names for facet in walls[name]]),
        facet_boundary=np.repeat(range(len(names)), 2 * n),
        boundaries=tuple(names),
        coordinates=COORDINATES["axisymmetric"],
    )


def profile(made: Simulation, name: str) -> tuple[np.ndarray, np.ndarray]:
    """x (m) and a field, in rising x, on one rank."""
    snapshots = Snapshots(made)
    assert snapshots.layout is not None
    x = snapshots.layout.points[:, 0]
    order = np.argsort(x, kind="stable")
    return x[order], snapshots.take()[name][order]


# --- measures ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("coordinates", "inner", "volume", "walls"),
    [
        ("planar", 0.0, 10.0, (1.0, 1.0)),
        ("cylindrical", 0.0, 100.0 * math.pi, (0.0, 20.0 * math.pi)),
        ("cylindrical", 5.0, 200.0 * math.pi, (10.0 * math.pi, 30.0 * math.pi)),
        ("spherical", 0.0, 4000.0 / 3.0 * math.pi, (0.0, 400.0 * math.pi)),
        ("spherical", 5.0, (3375.0 - 125.0) * 4.0 / 3.0 * math.pi, (100.0 * math.pi, 900.0 * math.pi)),
    ],
)
def test_radial_measures_are_exact(coordinates: str, inner: float, volume: float, walls: tuple[float, float]) -> None:
    """Of the mesh, and of every rule; to 1e-12."""
    given = radial(coordinates, ("e", 4.0), ("f", 6.0), inner=inner, interface=0.5, bulk=1.7, growth=1.4)
    phases = {"e": lattice_gas(), "f": lattice_gas()}
    case = make_case(geometry=given, phases=phases, terminals={"right": reservoir()})
    data = build_geometry(case)
    power = {"planar": 1, "cylindrical": 2, "spherical": 3}[coordinates]
    assert sum(data.grain_measures().values()) == pytest.approx(volume * NM**power, rel=1e-12)
    boundaries = data.boundary_measures()
    assert (boundaries["left"], boundaries["right"]) == pytest.approx(
        tuple(wall * NM ** (power - 1) for wall in walls), rel=1e-12
    )
    plane = data.interface_measures()[0, 1]
    assert plane == pytest.approx(
        {1: 1.0, 2: 2.0 * math.pi * (inner + 4.0) * NM, 3: 4.0 * math.pi * ((inner + 4.0) * NM) ** 2}[power], rel=1e-12
    )
    assert_forms_agree(data, 7e-9)


def test_measures_of_a_body_of_revolution_are_exact() -> None:
    """A solid cylinder, and a tube."""
    flat = layers(("e", 4.0), ("f", 6.0), dimension=2, bulk=3.0) | {"coordinates": "axisymmetric"}
    phases = {"e": lattice_gas(), "f": lattice_gas()}
    for inner in (0.0, 5.0):
        case = make_case(geometry=flat | {"inner_radius": inner * NM}, phases=phases, terminals={"right": reservoir()})
        data = build_geometry(case)
        r0, r1, r2, height = inner * NM, (inner + 4.0) * NM, (inner + 10.0) * NM, 10.0 * NM
        assert data.grain_measures() == pytest.approx(
            {"e": math.pi * (r1**2 - r0**2) * height, "f": math.pi * (r2**2 - r1**2) * height}, rel=1e-12
        )
        ends = math.pi * (r2**2 - r0**2)
        walls = {
            "left": 2 * math.pi * r0 * height,
            "right": 2 * math.pi * r2 * height,
            "bottom": ends,
            "top": ends,
        }
        assert data.boundary_measures() == pytest.approx(walls, rel=1e-12)
        assert data.interface_measures() == pytest.approx({(0, 1): 2 * math.pi * r1 * height}, rel=1e-12)
        assert_forms_agree(data, 7e-9)


def test_the_measures_of_a_ball_converge() -> None:
    errors = []
    for n in (8, 16):
        data = disc(n, 1.0)
        data.validate()
        errors.append(
            (
                abs(sum(data.grain_measures().values()) / (4.0 / 3.0 * math.pi) - 1.0),
                abs(data.boundary_measures()["outside"] / (4.0 * math.pi) - 1.0),
            )
        )
    for coarse, fine in zip(*errors, strict=True):
        assert coarse / fine == pytest.approx(4.0, rel=0.05)
    assert_forms_agree(disc(8, 1.0), 0.3)


def assert_forms_agree(data: MeshData, length: float) -> None:
    """What the forms measure, by every rule, is what the mesh says."""
    mesh = DistributedMesh(MPI.COMM_SELF, data, length)
    interior = mesh.interior
    names = [grain.name for grain in mesh.grains]
    cells = {name: mesh.cells_of([g]) for g, name in enumerate(names)}
    exterior = {name: mesh.terminal_entities(name) for name in mesh.boundaries}
    measures = Measures(mesh, cells=cells, interior={"plane": interior.entities}, exterior=exterior)
    one = dolfinx.fem.Constant(mesh.mesh, 1.0)

    def total(form: Any) -> float:
        return float(dolfinx.fem.assemble_scalar(dolfinx.fem.form(form)))

    for name, volume in data.grain_measures().items():
        for rule in ("storage", "gradient", "exact"):
            assert total(one * measures.cells(name, rule)) * mesh.volume_unit == pytest.approx(volume, rel=1e-12)  # type: ignore[arg-type]
    for name, area in data.boundary_measures().items():
        assert total(one * measures.exterior(name)) * mesh.area_unit == pytest.approx(area, rel=1e-12, abs=1e-300)
    if len(interior.entities):
        planes = sum(data.interface_measures().values())
        assert total(one * measures.interior("plane")) * mesh.area_unit == pytest.approx(planes, rel=1e-12)
    whole = sum(data.grain_measures().values())
    assert total(one * measures.volume("storage")) * mesh.volume_unit == pytest.approx(whole, rel=1e-12)
    # A linear function and its weight, lumped: the first moment of every cell about its corners.
    surface = data.facet_measures(data.exterior_facets()).sum()
    assert total(one * measures.surface()) * mesh.area_unit == pytest.approx(surface, rel=1e-12)


def test_every_node_stores_something() -> None:
    """Also one in the centre or on the axis, where the weight itself is zero."""
    for case in (
        make_case(geometry=radial("spherical", ("e", 10.0)), terminals={"right": reservoir()}),
        make_case(
            geometry=layers(("e", 10.0), dimension=2, bulk=2.0) | {"coordinates": "axisymmetric"},
            terminals={"right": reservoir()},
        ),
    ):
        with simulate(case) as made:
            q = made.solver.assemble(made.functional.forms.charges).reshape(-1, len(made.functional.placement.unknowns))
            assert (q[:, 0] > 0.0).all()


# --- diffusion -----------------------------------------------------------------------------------------------------------------


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


# --- space charge --------------------------------------------------------------------------------------------------------------


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


# --- currents ------------------------------------------------------------------------------------------------------------------


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


# --- bodies of revolution ------------------------------------------------------------------------------------------------------


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


# --- what cannot be ------------------------------------------------------------------------------------------------------------


def test_a_terminal_in_the_centre_has_no_area() -> None:
    case = make_case(geometry=radial("spherical", ("e", 10.0)))
    with pytest.raises(CaseError, match="'left' lies at radius 0") as found, simulate(case):
        pass
    assert found.value.where == "terminals.left"
    assert "inner_radius" in found.value.hint


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"coordinates": "axisymmetric"}, "not for a geometry in 1D"),
        ({"coordinates": "spherical", "dimension": 2, "width": 1e-8}, "not for a geometry in 2D"),
        ({"coordinates": "axisymmetric", "dimension": 3, "width": 1e-8, "depth": 1e-8}, "not for a geometry in 3D"),
        ({"inner_radius": 1e-9}, "a planar geometry has no inner_radius"),
    ],
)
def test_coordinates_that_do_not_fit_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        make_case(geometry=layers(("e", 10.0)) | changes)


def test_order_two_is_for_planar_coordinates() -> None:
    with pytest.raises(ValidationError, match="element_order 2 is for planar coordinates only"):
        make_case(
            geometry=radial("spherical", ("e", 10.0)), solver={"element_order": 2}, terminals={"right": reservoir()}
        )


def test_a_mesh_on_both_sides_of_its_axis_is_refused() -> None:
    data = disc(4, 1.0)
    moved = MeshData(**{**vars(data), "points": data.points - [0.5, 0.0], "notes": ()})
    with pytest.raises(MeshError, match="negative radius") as found:
        moved.validate()
    assert found.value.where == "geometry.coordinates"


def test_a_ball_has_no_effective_conductivity() -> None:
    case = make_case(
        geometry=radial("spherical", ("e", 10.0), inner=5.0),
        study=[{"kind": "effective_transport", "species": "Li+"}],
    )
    with simulate(case) as made, pytest.raises(CaseError, match="it is no box"):
        STUDIES["effective_transport"](made, case.study[0], 0, lambda _: None)


def test_weights_are_integrals_of_hat_functions() -> None:
    """Against Gauss points of UFL, on a mesh that is not uniform."""
    data = disc(5, 1.0, inner=0.3)
    mesh = DistributedMesh(MPI.COMM_SELF, data, 1.0)
    space = dolfinx.fem.functionspace(mesh.mesh, ("Lagrange", 1))
    test = ufl.TestFunction(space)
    measures = Measures(mesh, exterior={name: mesh.terminal_entities(name) for name in mesh.boundaries})
    forms = (
        (test * measures.volume("storage"), test * measures.volume("exact")),
        (test * measures.exterior("outside"), test * _gauss(mesh, "outside")),
    )
    for lumped, whole in forms:
        one, other = (dolfinx.fem.assemble_vector(dolfinx.fem.form(form)).array for form in (lumped, whole))
        assert one == pytest.approx(other, rel=1e-12, abs=1e-15)
        assert one.max() > 0.0


def _gauss(mesh: DistributedMesh, name: str) -> Any:
    data = [(0, mesh.terminal_entities(name).reshape(-1))]
    measure = ufl.Measure("ds", domain=mesh.mesh, subdomain_data=data, metadata={"quadrature_degree": 4})(0)

    class Weighted:
        def __rmul__(self, integrand: Any) -> Any:
            return integrand * 2.0 * math.pi * ufl.SpatialCoordinate(mesh.mesh)[0] * measure

    return Weighted()
