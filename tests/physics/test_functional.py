"""Properties of the assembled functional, over every registered phase law, interface law and terminal."""

from __future__ import annotations

from typing import Any, get_args

import dolfinx.fem.petsc
import numpy as np
import pytest
from law_examples import law_example, terminal_example
from samples import electrode, lattice_gas, layers, make_case, reservoir, salt, simulation

from ssbsim.case import Case, Phase
from ssbsim.physics import INTERFACE_LAWS, NUMPY, POTENTIAL, SITE_STATISTICS, TERMINALS, State
from ssbsim.studies import Simulation

MOBILITY_LAWS = get_args(Phase.model_fields["mobility"].annotation)
#: Laws that also make sense where nothing jumps.
ON_A_PLANE = ("fixed_charge", "segregation")


def phase(statistics: str, mobility: str, **changes: Any) -> dict[str, Any]:
    """Li+ and Mg2+ on a shared class of sites, Li+ alone on a second of another width."""
    return {
        "permittivity": 20.0,
        "mobility": mobility,
        "species": {"Li+": {"diffusivity": 1e-12}, "Mg2+": {"diffusivity": 3e-13}},
        "sites": [
            {"name": "A", "statistics": statistics, "density": 1e4, "standard_potential": {"Li+": 0.0, "Mg2+": 0.03}},
            {
                "name": "B",
                "statistics": statistics,
                "density": 5e3,
                "width": 1.3,
                "standard_potential": {"Li+": -0.05},
            },
        ],
        "concentration": {"Li+": 6e3, "Mg2+": 1e3},
    } | changes


CONDUCTOR = lattice_gas(0.4, permittivity=None, electrostatics="conductor", electronic_conductivity=1e-3)


def phase_case(statistics: str, mobility: str) -> dict[str, Any]:
    return {"phases": {"e": phase(statistics, mobility)}, "geometry": layers(("e", 8.0), bulk=2.0, interface=2.0)}


def interface_case(law: str, contact: str) -> dict[str, Any]:
    return {
        "phases": {"e": lattice_gas(0.5), "f": lattice_gas(0.3, permittivity=40.0)},
        "geometry": layers(("e", 4.0), ("f", 4.0), bulk=1.0),
        "interfaces": {"e|f": {"contact": contact, "laws": [law_example(law)]}},
    }


def terminal_case(kind: str, **given: Any) -> dict[str, Any]:
    return {"terminals": {"left": terminal_example(kind, **given), "right": reservoir()}}


CASES: dict[str, dict[str, Any]] = {
    **{f"phase {s} {m}": phase_case(s, m) for s in SITE_STATISTICS for m in MOBILITY_LAWS},
    **{f"interface {law} broken": interface_case(law, "broken") for law in INTERFACE_LAWS},
    **{f"interface {law} perfect": interface_case(law, "perfect") for law in ON_A_PLANE},
    **{f"terminal {kind}": terminal_case(kind) for kind in TERMINALS},
    "terminal electrode without Stern layer": terminal_case("electrode", stern_capacitance=None),
    "conductor": {"phases": {"e": CONDUCTOR}, "terminals": {"left": reservoir(), "right": electrode(0.0)}},
    "salt": {"phases": {"e": salt()}, "terminals": {"left": reservoir("A+", "B-"), "right": electrode(0.0)}},
    "conductor and electrolyte": {
        "phases": {"m": CONDUCTOR, "e": lattice_gas(0.5)},
        "geometry": layers(("m", 4.0), ("e", 4.0)),
        "interfaces": {"m|e": {"contact": "broken", "laws": [law_example("butler_volmer"), law_example("capacitive")]}},
        "terminals": {"left": electrode(0.0), "right": reservoir()},
    },
    "two dimensions": interface_case("resistive", "broken")
    | {"geometry": layers(("e", 4.0), ("f", 4.0), dimension=2, interface=2.0, bulk=2.0)},
    "second order": phase_case("site_limited", "exchange") | {"solver": {"element_order": 2}},
}


def build(name: str, newton: str) -> Case:
    parts = dict(CASES[name])
    parts["solver"] = {"newton": newton, **parts.get("solver", {})}
    return make_case(**parts)


def set_state(made: Simulation, y: np.ndarray) -> None:
    made.functional.y.x.array[:] = y


def random_state(made: Simulation, rng: np.random.Generator, spread: float = 1.0) -> np.ndarray:
    made.integrator.start()
    y = made.functional.y.x.array.copy()
    y += rng.uniform(-spread, spread, size=len(y))
    y[made.functional.placement.rows.absent] = 0.0
    return y


def dense_jacobian(made: Simulation) -> np.ndarray:
    """The Jacobian before any row is fixed."""
    matrix = dolfinx.fem.petsc.assemble_matrix(made.functional.forms.jacobian)
    matrix.assemble()
    indptr, indices, data = matrix.getValuesCSR()
    dense = np.zeros(matrix.getSize())
    for row in range(len(indptr) - 1):
        dense[row, indices[indptr[row] : indptr[row + 1]]] = data[indptr[row] : indptr[row + 1]]
    matrix.destroy()
    return dense


every_case = pytest.mark.parametrize("name", CASES)


@every_case
def test_with_lagged_mobility_the_hessian_is_symmetric_and_positive(name: str, rng: np.random.Generator) -> None:
    with simulation(build(name, "lagged")) as made:
        for tau in (1e-3, 1.0, 1e4):
            set_state(made, random_state(made, rng))
            made.functional.parameters.tau.value = tau
            a = dense_jacobian(made)
            present = np.setdiff1d(np.arange(len(a)), made.functional.placement.rows.absent)
            a = a[np.ix_(present, present)]
            diagonal = np.sqrt(np.abs(np.diag(a)))
            assert diagonal.min() > 0.0
            a = a / np.outer(diagonal, diagonal)
            np.testing.assert_allclose(a, a.T, atol=1e-14)
            # Before anything is fixed the functional may be flat in the common shift of all potentials.
            assert np.linalg.eigvalsh(a).min() > -1e-13
            free = made.solver.free_rows[present]
            # Where the outside fixes fields or stores against them, it is strictly convex.
            assert np.linalg.eigvalsh(a[np.ix_(free, free)]).min() > 1e-14


@every_case
def test_the_jacobian_is_the_derivative_of_the_residual(name: str, rng: np.random.Generator) -> None:
    with simulation(build(name, "full")) as made:
        functional, solver = made.functional, made.solver
        y = random_state(made, rng, spread=0.5)
        functional.parameters.tau.value = 0.7
        set_state(made, y)
        a = dense_jacobian(made)
        step = 1e-3
        for _ in range(3):
            direction = rng.uniform(-1.0, 1.0, size=len(y))
            direction[functional.placement.rows.absent] = 0.0
            parts = []
            for factor in (1, -1, 2, -2):
                set_state(made, y + factor * step * direction)
                parts.append(solver.assemble(functional.forms.residual))
            slope = (8 * (parts[0] - parts[1]) - (parts[2] - parts[3])) / (12 * step)
            scale = np.abs(a).sum(axis=1) + 1e-300
            np.testing.assert_allclose(a @ direction / scale, slope / scale, atol=2e-9)


@every_case
def test_lagged_and_full_newton_differ_only_by_the_derivative_of_the_mobility(
    name: str, rng: np.random.Generator
) -> None:
    found = {}
    y = None
    for newton in ("full", "lagged"):
        with simulation(build(name, newton)) as made:
            y = random_state(made, rng) if y is None else y
            set_state(made, y)
            residual = made.solver.assemble(made.functional.forms.residual)
            # Without gradients of mu the mobility does not matter to the Jacobian.
            level = y.reshape(-1, len(made.functional.placement.unknowns)).copy()
            level[:, :-1] = 0.2
            set_state(made, level.reshape(-1))
            found[newton] = residual, dense_jacobian(made)
    for full, lagged in zip(*found.values(), strict=True):
        np.testing.assert_allclose(lagged, full, atol=1e-13 * np.abs(full).max())


@every_case
def test_nothing_flows_where_mu_is_uniform(name: str, rng: np.random.Generator) -> None:
    """Detailed balance of the whole cell: mu uniform per species, phi arbitrary in what is no metal."""
    with simulation(build(name, "full")) as made:
        functional = made.functional
        y = random_state(made, rng).reshape(-1, len(functional.placement.unknowns))
        flowing = random_state(made, rng)
        for i in range(len(functional.placement.unknowns.species)):
            y[:, i] = rng.uniform(-1, 1)
        if any(model.permittivity is None for model in functional.placement.phases.values()):
            y[:, functional.placement.unknowns.index(POTENTIAL)] = 0.3
        set_state(made, flowing)
        typical = np.abs(made.solver.assemble(functional.forms.dissipated)).max()
        set_state(made, y.reshape(-1))
        flow = made.solver.assemble(functional.forms.dissipated)
        flow[functional.placement.rows.absent] = 0.0
        assert np.abs(flow).max() <= 1e-13 * typical


@every_case
def test_dissipation_conserves_every_species(name: str, rng: np.random.Generator) -> None:
    """What leaves one node enters another: the sum of dR/dy over all nodes is zero for every field."""
    with simulation(build(name, "full")) as made:
        functional = made.functional
        set_state(made, random_state(made, rng))
        flow = made.solver.assemble(functional.forms.dissipated).reshape(-1, len(functional.placement.unknowns))
        assert np.abs(flow.sum(axis=0)).max() <= 1e-12 * np.abs(flow).max()


def lumped(made: Simulation, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """q and dR/dy of a 1D cell without interface laws, by hand from the laws in NumPy."""
    functional = made.functional
    q, flow = np.zeros_like(y), np.zeros_like(y)
    x = functional.placement.space.tabulate_dof_coordinates()[:, 0]
    phi = functional.placement.unknowns.index(POTENTIAL)
    for name, cells in functional.placement.phase_cells.items():
        model = functional.placement.phases[name]
        for a, b in functional.placement.space.dofmap.list[cells]:
            h = abs(x[b] - x[a])
            for node in (a, b):
                state = State(dict(zip(functional.placement.unknowns.species, y[node], strict=False)), y[node, phi])
                c = model.concentrations(state, NUMPY)
                for k, value in c.items():
                    q[node, functional.placement.unknowns.index(k)] += 0.5 * h * value
                rho = sum(model.charges[k] * value for k, value in c.items())
                rho += 0.0 if model.permittivity is None else model.fixed_charge
                q[node, phi] -= 0.5 * h * rho
            middle = 0.5 * (y[a] + y[b])
            state = State(dict(zip(functional.placement.unknowns.species, middle, strict=False)), middle[phi])
            moving = {
                functional.placement.unknowns.index(k): m
                for (k, _), m in model.mobilities(state, NUMPY).entries.items()
            }
            if model.permittivity is None:
                moving[phi] = model.conductivity
            else:
                q[a, phi] += model.permittivity * (y[a, phi] - y[b, phi]) / h
                q[b, phi] -= model.permittivity * (y[a, phi] - y[b, phi]) / h
            for i, m in moving.items():
                flow[a, i] += m * (y[a, i] - y[b, i]) / h
                flow[b, i] -= m * (y[a, i] - y[b, i]) / h
    return q, flow


@pytest.mark.parametrize("newton", ["full", "lagged"])
@pytest.mark.parametrize(
    "name",
    [
        *(name for name in CASES if name.startswith("phase")),
        "terminal reservoir",
        "terminal symmetry",
        "conductor",
        "salt",
        "interface blocking broken",
    ],
)
def test_storage_is_taken_at_the_vertices_and_mobility_at_the_middle(
    name: str, newton: str, rng: np.random.Generator
) -> None:
    """Each quadrature rule must see the fields at its own points, in a state that varies strongly within a cell."""
    with simulation(build(name, newton)) as made:
        functional = made.functional
        y = random_state(made, rng, spread=2.0)
        set_state(made, y)
        q, flow = lumped(made, y.reshape(-1, len(functional.placement.unknowns)))
        for found, expected in ((functional.forms.charges, q), (functional.forms.dissipated, flow)):
            result = made.solver.assemble(found).reshape(expected.shape)
            np.testing.assert_allclose(result, expected, atol=1e-12 * np.abs(expected).max())


@every_case
def test_the_reference_composition_is_stored_node_by_node(name: str) -> None:
    """At the reference composition q of a single phase is the reference amount, and a Poisson phase is neutral."""
    case = build(name, "full")
    only = next(iter(case.phases))
    terminals = {"left": electrode(0.0), "right": electrode(0.0)}
    case = make_case(
        phases={only: case.phases[only]}, geometry=layers((only, 10.0)), terminals=terminals, solver=case.solver
    )
    with simulation(case) as made:
        functional = made.functional
        made.integrator.start()
        q = made.solver.assemble(functional.forms.charges)
        reference = made.solver.assemble(functional.forms.reference_amounts)
        np.testing.assert_allclose(q, reference, atol=1e-9 * np.abs(reference).max())
