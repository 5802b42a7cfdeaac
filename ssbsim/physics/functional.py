r"""The functional of a cell: storage and dissipation of all phases, interfaces and terminals, as UFL.

Unknowns ``y = (mu_1 .. mu_n, phi)``, scaled. With the storage S(y) and the dissipation R(y) (integrals over phases,
interfaces and terminals), the fields obey, for every test function::

    d/dt q(y) + dR/dy = 0        rows that store over time: species, and phi in conductors
         q(y) = 0                rows that hold at every instant: phi in Poisson phases
    q(y) = dS/dy

q is the amount of a species at a node (``+c``), and at the rows of phi minus the charge (``-rho``) plus the divergence of
the displacement. One implicit step of size tau is the minimiser of ``S(y) + tau R(y) - <target, y>``; with the mobility
lagged that is strictly convex and its Hessian symmetric and positive. Amounts are conserved to rounding because q itself is
differenced in time. Either way the mobility is that of the state itself; lagged only means that the Jacobian leaves its
derivative out.

Quadrature: storage is lumped at the vertices, the mobility taken at the cell midpoint (order 1); for order 2 (1D only)
storage is lumped at the Gauss-Lobatto nodes and the mobility taken at two Gauss points.

Everything that a parameter study may change is a constant of the forms, so that a second value compiles nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import dolfinx
import numpy as np
import numpy.typing as npt
import ufl
from ufl.algorithms import expand_derivatives

from ssbsim.case import Case
from ssbsim.discretization import DistributedMesh, Scales, broken_space
from ssbsim.physics.mobility import MobilityMatrix
from ssbsim.physics.phases import PhaseModel, phase_model
from ssbsim.physics.placement import (
    FixedRows,
    FloatingTerminal,
    PlacedInterface,
    broken_regions,
    find_rows,
    phase_at_terminal,
    place_interfaces,
)
from ssbsim.physics.state import State
from ssbsim.physics.terminals import POTENTIAL, terminal_model
from ssbsim.physics.ufl_operations import ufl_operations

Ints = npt.NDArray[np.int32]

_QUADRATURE: dict[int, dict[str, dict[str, Any]]] = {
    1: {
        "storage": {"quadrature_rule": "vertex", "quadrature_degree": 1},
        "gradient": {"quadrature_degree": 0},
    },
    2: {
        "storage": {"quadrature_rule": "GLL", "quadrature_degree": 3},
        "gradient": {"quadrature_degree": 3},
    },
}


@dataclass
class Functional:
    """The forms of a cell and the rows that the outside fixes; built by :func:`build_functional`.

    Args:
        residual: ``q(y) + tau dR/dy``; the target of the step is subtracted as a vector.
        jacobian: Its derivative; with ``newton: lagged`` without that of the mobility, which makes it symmetric.
        charges: ``q(y)``.
        compile_dissipated: Makes the form of :attr:`dissipated`.
        reference_amounts: q of the reference composition of every phase.
        y: The unknown.
        lag: The same values as ``y``, where the mobility is taken.
        tau: Size of the implicit step.
        stern_charge: Scalar forms of the charge on electrodes behind a Stern capacity.
        physical: 1 for the mobilities and laws of the case; 0 replaces each by unity, which leaves every equilibrium
            where it is and makes the approach to it well conditioned.
        load: Share of the charge and of the sites that planes carry, 1 but on the way to a first state.
        parts: A factor of every phase, interface and terminal that stores or dissipates, by name, always 1 but where one
            part is asked for alone.
    """

    mesh: DistributedMesh
    scales: Scales
    species: tuple[str, ...]
    phases: dict[str, PhaseModel]
    bound_phases: dict[str, PhaseModel]
    phase_cells: dict[str, Ints]
    interfaces: list[PlacedInterface]
    terminals: dict[str, Any]
    space: Any
    y: Any
    lag: Any
    tau: Any
    physical: Any
    load: Any
    parts: dict[str, Any]
    residual: Any
    jacobian: Any
    charges: Any
    compile_dissipated: Callable[[], Any]
    reference_amounts: Any
    fixed: list[FixedRows]
    floating: tuple[FloatingTerminal, ...]
    shared: tuple[tuple[str, str, str], ...]
    absent: Ints
    instantaneous: npt.NDArray[np.bool_]
    order: int
    stern_charge: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def dissipated(self) -> Any:
        """``dR/dy``, compiled when first asked for; collective."""
        return self.compile_dissipated()

    @property
    def n_fields(self) -> int:
        """Fields per node."""
        return len(self.species) + 1

    @property
    def charge_numbers(self) -> dict[str, int]:
        """Charge number of every species."""
        return {k: z for model in self.phases.values() for k, z in model.charges.items()}

    @property
    def n_owned_rows(self) -> int:
        """Rows owned here."""
        return int(self.space.dofmap.index_map.size_local * self.n_fields)

    def component(self, name: str) -> int:
        """Index of a field among the fields of a node."""
        return len(self.species) if name == POTENTIAL else self.species.index(name)

    def assemble_scalar(self, form: Any) -> float:
        """This rank's part of a scalar form."""
        return float(dolfinx.fem.assemble_scalar(form))

    def state(self, function: Any) -> State:
        """The fields of a function on the space."""
        return State({k: function[i] for i, k in enumerate(self.species)}, function[len(self.species)])


def build_functional(case: Case, mesh: DistributedMesh, scales: Scales) -> Functional:
    """Assemble the functional of a resolved case.

    Args:
        case: A case whose phases are complete.
        mesh: Its mesh.
        scales: Its scales.

    Raises:
        CaseError, MeshError: An interface or terminal of the case has no facet, or a combination is impossible.
    """
    species = tuple(dict.fromkeys(k for phase in case.phases.values() for k in (phase.species or {})))
    phases = {name: phase_model(name, phase, scales) for name, phase in case.phases.items()}
    order = case.solver.element_order
    domain = mesh.mesh

    def constant(value: float) -> Any:
        return dolfinx.fem.Constant(domain, float(value))

    bound = {name: model.bind(constant) for name, model in phases.items()}
    phase_cells = {
        name: mesh.cells_of([g for g, grain in enumerate(mesh.grains) if grain.phase == name]) for name in phases
    }
    interfaces = place_interfaces(case, mesh, phases, scales, constant, bound)
    regions = broken_regions(mesh, interfaces)
    space = broken_space(mesh, components=len(species) + 1, order=order, region_of_grain=regions)
    y, held = (dolfinx.fem.Function(space, name=n) for n in ("y", "held"))
    # The same values as y under another name. It lets the Jacobian leave the mobility out; and FFCx (0.9 to 0.11) reuses
    # the value that a coefficient has at the point of a one-point rule at the points of every other rule of the kernel.
    lag = dolfinx.fem.Function(space, y.x, name="lag")
    op = ufl_operations(y, frozen=held, lagged=lag)
    tau, physical, load = constant(1.0), constant(1.0), constant(1.0)
    parts = {name: constant(1.0) for name in (*phases, *(interface.name for interface in interfaces))}

    terminals = {}
    for name, terminal in case.terminals.items():
        model = terminal_model(terminal, scales, phase_at_terminal(case, mesh, phases, name))
        model.bind(constant)
        terminals[name] = model

    n = len(species)

    def state(f: Any, side: str = "") -> State:
        parts = [f[i](side) if side else f[i] for i in range(n + 1)]
        return State(dict(zip(species, parts, strict=False)), parts[n])

    rules = _QUADRATURE[order]
    cell_data = [(i, cells) for i, cells in enumerate(phase_cells.values())]
    facet_data = [(i, interface.entities.reshape(-1)) for i, interface in enumerate(interfaces)]
    outer_data = [(i, mesh.terminal_entities(name).reshape(-1)) for i, name in enumerate(terminals)]
    lumped = rules["storage"] if mesh.dim > 1 else {"quadrature_degree": 0}

    def dx(i: int, rule: str) -> Any:
        return ufl.Measure("dx", domain=domain, subdomain_data=cell_data, metadata=rules[rule])(i)

    storage: Any = 0
    dissipation: Any = 0
    reference: Any = 0
    test = ufl.TestFunction(space)
    for i, (name, model) in enumerate(bound.items()):
        now, part = state(y), parts[name]
        if model.sites:
            storage = storage + part * model.pressure(now, op) * dx(i, "storage")
        if model.permittivity is not None:
            storage = storage + part * model.fixed_storage(y[n]) * dx(i, "storage")
            storage = storage + part * model.electrostatic_storage(y[n], op) * dx(i, "gradient")
        mobility = MobilityMatrix({pair: op.lagged(m) for pair, m in model.mobilities(now, op).entries.items()})
        spent = model.dissipation(now, mobility.towards_unity(physical), op)
        if spent is not None:
            dissipation = dissipation + part * spent * dx(i, "gradient")
        for k, c in model.bulk_concentration.items():
            amount = constant(c)
            reference = reference + amount * test[species.index(k)] * dx(i, "storage")
            if model.permittivity is None:
                # In a conductor electrons neutralise the ions; its rows of phi count them.
                reference = reference - model.charges[k] * amount * test[n] * dx(i, "storage")

    for i, interface in enumerate(interfaces):
        measure = ufl.Measure("dS", domain=domain, subdomain_data=facet_data, metadata=lumped)(i)
        a, b = state(y, "+"), state(y, "-")
        for law in interface.laws:
            stored = law.storage(a, b, op)
            if stored is not None:
                storage = storage + parts[interface.name] * (load * stored if law.loads_plane else stored) * measure
            held_there = law.reference(state(test, "+"), state(test, "-"))
            if held_there is not None:
                reference = reference + held_there * measure
            spent = law.dissipation(a, b, op)
            if spent is not None:
                jump = a.mu[law.species] - b.mu[law.species]
                spent = physical * spent + (1.0 - physical) * 0.5 * jump * jump
                dissipation = dissipation + parts[interface.name] * spent * measure
    stern_charge: dict[str, Any] = {}
    for i, (name, model) in enumerate(terminals.items()):
        stored = model.storage(y[n])
        if stored is not None:
            measure = ufl.Measure("ds", domain=domain, subdomain_data=outer_data, metadata=lumped)(i)
            parts[name] = constant(1.0)
            storage = storage + parts[name] * stored * measure
            stern_charge[name] = dolfinx.fem.form(model.charge(y[n]) * measure)

    # Conductors without ions store nothing; nothing may dissipate either.
    if not isinstance(storage, ufl.Form):
        storage = constant(0.0) * y[n] * y[n] * dx(0, "storage")
    # Differentiated once, not again in each of the forms that they enter: most of the set-up of a small case.
    charges = expand_derivatives(ufl.derivative(storage, y, test))
    if not isinstance(dissipation, ufl.Form):
        dissipation = constant(0.0) * y[n] * y[n] * dx(0, "gradient")
    dissipated = expand_derivatives(ufl.derivative(dissipation, y, test))
    residual = charges + tau * dissipated
    jacobian = ufl.derivative(residual, y, ufl.TrialFunction(space))
    if case.solver.newton == "full":
        jacobian = jacobian + ufl.derivative(residual, lag, ufl.TrialFunction(space))
    if not isinstance(reference, ufl.Form):
        reference = constant(0.0) * test[n] * dx(0, "storage")

    def compiled(form: Any) -> Any:
        groups: dict[Any, list[Any]] = {lag: [], y: []}
        for integral in form.integrals():
            inside = integral.integral_type() == "cell" and integral.metadata() == rules["gradient"]
            groups[lag if inside else y].append(integral)
        parts = [ufl.replace(ufl.Form(integrals), {held: here}) for here, integrals in groups.items() if integrals]
        return dolfinx.fem.form(sum(parts[1:], parts[0]))

    rows = find_rows(mesh, space, species, terminals, phases, phase_cells)
    return Functional(
        mesh=mesh,
        scales=scales,
        species=species,
        phases=phases,
        bound_phases=bound,
        phase_cells=phase_cells,
        interfaces=interfaces,
        terminals=terminals,
        space=space,
        y=y,
        lag=lag,
        tau=tau,
        physical=physical,
        load=load,
        parts=parts,
        residual=compiled(residual),
        jacobian=compiled(jacobian),
        charges=compiled(charges),
        compile_dissipated=lambda: compiled(dissipated),
        reference_amounts=dolfinx.fem.form(reference),
        fixed=rows.fixed,
        floating=rows.floating,
        shared=rows.shared,
        absent=rows.absent,
        instantaneous=rows.instantaneous,
        order=order,
        stern_charge=stern_charge,
    )
