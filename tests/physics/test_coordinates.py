"""Measures of wires, balls and bodies of revolution are exact; what cannot be is refused."""

from __future__ import annotations

import math
from typing import Any

import dolfinx
import pytest
import ufl
from mpi4py import MPI
from pydantic import ValidationError
from round_bodies import (
    disc,
    radial,
)
from samples import (
    NM,
    lattice_gas,
    layers,
    make_case,
    reservoir,
)
from samples import simulation as simulate

from ssbsim import CaseError, MeshError
from ssbsim.discretization import DistributedMesh, Measures
from ssbsim.geometry import MeshData, build_geometry
from ssbsim.studies import STUDIES


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
