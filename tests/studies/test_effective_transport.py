"""Effective conductivity and tracer diffusivity: exact stacks, bounds, symmetry, and solvers that must agree."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from pydantic import ValidationError
from samples import TEMPERATURE, lattice_gas, layers, make_case, reservoir, simulation

from ssbsim import CaseError
from ssbsim.case import Case, EffectiveTransportStudy, Spacing
from ssbsim.constants import FARADAY, GAS_CONSTANT
from ssbsim.discretization import DistributedMesh, Scales
from ssbsim.geometry import Grain, MeshData, build_geometry
from ssbsim.geometry.extrude import split_boxes
from ssbsim.geometry.meshing import mesh_partition
from ssbsim.geometry.partition import Partition
from ssbsim.studies import STUDIES
from ssbsim.studies.effective_transport import EffectiveTransport, effective_transport

D, C = 1e-12, 5e3
BULK = FARADAY**2 * C * D / (GAS_CONSTANT * TEMPERATURE)
SCALES = Scales(TEMPERATURE, 1e-8, 1e3, D)


def boundary(**given: Any) -> dict[str, Any]:
    return {"e|e": {"contact": "broken", "laws": [{"law": "grain_boundary", "species": "Li+"} | given]}}


def effective(case: Case, mesh: MeshData | None = None, **more: Any) -> EffectiveTransport:
    data = build_geometry(case) if mesh is None else mesh
    return effective_transport(case, DistributedMesh(MPI.COMM_SELF, data, 1e-8), SCALES, "Li+", **more)


def checkerboard(labels: np.ndarray[Any, Any], cells: int) -> MeshData:
    """A square of 1 um: labels as grains, each pixel so many cells wide."""
    fine = np.kron(labels, np.ones((cells, cells), dtype=int))
    n = len(fine)
    index = np.arange((n + 1) ** 2).reshape(n + 1, n + 1)
    axis = np.linspace(0.0, 1e-6, n + 1)
    sides = [index[0], index[-1], index[:, 0], index[:, -1]]
    return MeshData(
        points=np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2),
        cell_type="triangle",
        cells=split_boxes(index),
        cell_grain=np.repeat(fine.reshape(-1), 2),
        grains=tuple(Grain(f"e.{i}", "e") for i in range(int(labels.max()) + 1)),
        boundary_facets=np.vstack([np.stack([side[:-1], side[1:]], axis=1) for side in sides]),
        facet_boundary=np.repeat(np.arange(4), n),
        boundaries=("left", "right", "bottom", "top"),
    )


def square(grains: int, linear: str = "auto", **given: Any) -> Case:
    names = {f"e.{i}": "e" for i in range(grains)}
    sides = {side: side for side in ("left", "right", "bottom", "top")}
    return make_case(
        geometry={"kind": "file", "path": "none.msh", "unit": 1.0, "grains": names, "boundaries": sides},
        phases={"e": lattice_gas(0.5)},
        interfaces=boundary(**given),
        terminals={"left": reservoir()},
        solver={"linear": linear},
    )


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_a_stack_is_bulk_and_boundaries_in_series_and_in_parallel(dimension: int) -> None:
    phases = {"e": lattice_gas(0.5) | {"species": {"Li+": {"diffusivity": D, "haven_ratio": 0.4}}}}
    case = make_case(
        geometry=layers(*[("e", 5.0)] * 4, bulk=2.5, interface=2.5, dimension=dimension),
        phases=phases,
        interfaces=boundary(permeability=2e-5, haven_ratio=0.2),
    )
    length = 20e-9
    resistance = length / (BULK / 0.4) + 3 * GAS_CONSTANT * TEMPERATURE * 0.2 / (FARADAY**2 * C * 2e-5)
    charge = effective(case)
    assert charge.along[0] == pytest.approx(length / resistance, rel=1e-9)
    tracer = effective(case, tracer=True)
    assert tracer.along[0] == pytest.approx(length / (length / D + 3 / 2e-5), rel=1e-9)
    along = charge.tensor.diagonal()[1:]
    assert along == pytest.approx([BULK / 0.4] * (dimension - 1), rel=1e-9)
    assert charge.tensor - np.diag(charge.tensor.diagonal()) == pytest.approx(0.0, abs=1e-9 * BULK)
    assert charge.share[0]["e"] + charge.share[0]["e|e"] == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize("ratio", [1.0, 1e-3, 1e-6])
def test_square_grains_follow_the_brick_layer(ratio: float) -> None:
    """Straight through: the flux is uniform, so that D_eff = L / (L/D + 3/P) exactly."""
    labels = np.arange(16).reshape(4, 4)
    permeability = ratio * D / 1e-9
    expected = 1e-6 / (1e-6 / D + 3 / permeability)
    for linear in ("direct", "multigrid"):
        found = effective(square(16, linear, permeability=permeability), checkerboard(labels, 4), tracer=True)
        assert found.along == pytest.approx([expected] * 2, rel=1e-6)


def test_iterations_do_not_grow_with_the_ratio() -> None:
    rng = np.random.default_rng(1)
    seeds = rng.random((40, 2))
    places = (np.stack(np.meshgrid(*[np.arange(60)] * 2, indexing="ij"), axis=-1) + 0.5) / 60
    labels = np.argmin(((places[:, :, None] - seeds) ** 2).sum(axis=-1), axis=-1)
    mesh = checkerboard(labels, 1)
    counts, values = [], []
    for ratio in (1.0, 1e-2, 1e-4, 1e-6):
        case = square(40, "multigrid", permeability=ratio * D / 1e-9)
        found = effective(case, mesh, tracer=True)
        exact = effective(
            case.model_copy(update={"solver": case.solver.model_copy(update={"linear": "direct"})}), mesh, tracer=True
        )
        assert found.tensor == pytest.approx(exact.tensor, rel=1e-6, abs=1e-8 * found.tensor.max())
        # Grains without a texture: no axis turns the current; a box of so few has a few percent left.
        assert abs(found.tensor[0, 1]) + abs(found.tensor[1, 0]) < 0.3 * found.tensor[0, 0]
        counts.append(max(found.iterations))
        values.append(found.along[0])
    assert max(counts) <= 12
    assert counts[-1] <= counts[0] + 2
    assert values == sorted(values, reverse=True)


def test_a_boundary_that_lets_nothing_through_is_an_error() -> None:
    case = make_case(
        geometry=layers(("e", 5.0), ("e", 5.0)),
        phases={"e": lattice_gas(0.5)},
        interfaces={"e|e": {"contact": "broken", "laws": []}},
        terminals={"left": reservoir(), "right": reservoir()},
    )
    with pytest.raises(CaseError, match="Nothing conducts"):
        effective(case)


def honeycomb() -> MeshData:
    """Hexagons of side 1 nm, cut by mirror planes: three along x and as many rows along y as make one period."""
    side = math.sqrt(3.0)
    half = 0.5 * side
    corners = [
        (0, 0),
        (half, 0),
        (side, 0),
        (0, 1),
        (half, 0.5),
        (side, 1),
        (0, 2),
        (half, 2.5),
        (side, 2),
        (0, 3),
        (half, 3),
        (side, 3),
    ]
    inner = [(1, 4, 0, 1), (3, 4, 0, 2), (4, 5, 1, 2), (6, 7, 2, 3), (7, 8, 2, 4), (7, 10, 3, 4)]
    walls = [(0, 1, 0, 2), (1, 2, 1, 2), (2, 5, 1, 1), (5, 8, 2, 1), (8, 11, 4, 1), (11, 10, 4, 3), (10, 9, 3, 3)]
    walls += [(9, 6, 3, 0), (6, 3, 2, 0), (3, 0, 0, 0)]
    points = np.array(corners) * 1e-9
    facets, sides = [], []
    for a, b, one, other in inner:
        middle = points[[a, b]].mean(axis=0)
        normal = np.array([points[a, 1] - points[b, 1], points[b, 0] - points[a, 0]])
        centres = np.array([(0, 0), (side, 0), (half, 1.5), (0, 3), (side, 3)]) * 1e-9
        towards = (centres[one] - middle) @ normal > 0
        facets.append((a, b))
        sides.append((one, other) if towards else (other, one))
    for a, b, one, _ in walls:
        facets.append((a, b))
        sides.append((one, -1))
    count = len(facets)
    return mesh_partition(
        Partition(
            points=points,
            facets=np.array(facets),
            sides=np.array(sides),
            wall=np.array([-1] * len(inner) + [wall for *_, wall in walls]),
            grains=tuple(Grain(f"e.{i}", "e") for i in range(5)),
            boundaries=("left", "right", "bottom", "top"),
            film=np.zeros((count, 2)),
            film_grain=np.full((count, 2), -1),
            resolved=np.zeros(count, dtype=bool),
        ),
        Spacing(interface=0.1e-9, bulk=0.1e-9),
    )


def test_hexagons_with_slow_boundaries_follow_the_brick_layer() -> None:
    """Grains as nodes: along y every hexagon passes two sides of 1 nm to each row; exact in the limit of slow boundaries."""
    permeability = 1e-7 * D / 1e-9
    found = effective(square(5, permeability=permeability), honeycomb(), tracer=True, axes=(1,))
    # Rows are 1.5 nm apart; of every sqrt(3) nm of a row two sides of 1 nm lead on: P * 2 / sqrt(3) * 1.5.
    assert found.along[0] == pytest.approx(permeability * math.sqrt(3.0) * 1e-9, rel=1e-4)
    assert found.brick_layer[0] == pytest.approx(found.along[0], rel=1e-4)


def test_the_table_of_boundaries_adds_up_in_a_row() -> None:
    case = make_case(
        geometry=layers(*[("e", 5.0)] * 4, bulk=2.5, interface=2.5, dimension=2),
        phases={"e": lattice_gas(0.5)},
        interfaces=boundary(resistance=2e-3, spread=0.8),
        study=[{"kind": "effective_transport", "species": "Li+", "axes": ["x"]}],
    )
    with simulation(case) as run:
        result = STUDIES["effective_transport"](run, case.study[0], 0, lambda _: None)
    table = result.tables["boundaries"]
    assert table["first grain"] == ["e.1", "e.2", "e.3"]
    whole = 20e-9 / result.quantities["effective conductivity along x"]["value"]
    assert sum(table["resistance [ohm m^2]"]) + 20e-9 / BULK == pytest.approx(whole, rel=1e-9)
    assert table["whole resistance [ohm m]"] == pytest.approx([r / 20e-9 for r in table["resistance [ohm m^2]"]])


def test_an_axis_is_named_once() -> None:
    with pytest.raises(ValidationError, match="named twice"):
        EffectiveTransportStudy(species="Li+", axes=("x", "x"))
