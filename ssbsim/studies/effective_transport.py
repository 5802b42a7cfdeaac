r"""Study ``effective_transport``: conductivity and tracer diffusivity of a microstructure as a whole.

For each axis of the box the faces across it are held at u = 0 and u = 1 and all others let nothing through. The mean
flux and the mean gradient (the jumps at boundaries included: ``<grad u> = integral of u n over the outside / V``) of the
d solutions J_j, G_j then give the whole tensor, ``k_eff [G_1 .. G_d] = -[J_1 .. J_d]``, off-diagonal parts included. It
is the apparent tensor of the sample: symmetric only as far as the sample is large against its grains.

The conductance along an axis is read three times: at the inlet, at the outlet, and as the dissipation, which is second
order in the error of u where fluxes are first order. All three must agree to the accuracy asked for, or nothing is
returned: iterative solvers call solutions converged that are 5 % wrong here.

Beside each stands the brick layer, grains and boundaries in series along the axis x_i::

    1/k_brick = 1/k + integral of n_i^2 / g over the boundaries / V

with g the conductance of a boundary per area. For bricks of edge d it is the textbook ``d / (d/k + 1/g)`` exactly, and for
any other shape it is that of the bricks that have as much boundary across the axis, ``1/d = integral of n_i^2 / V``: the
same boundary area per volume, and so the same mean intercept of random lines (pi d/4 of squares, 2 d/3 of cubes), where
the boundaries point everywhere. Hexagons follow it exactly, too. (Counting the boundaries that a straight line crosses,
``|n_i|`` instead of ``n_i^2``, makes the current cross them all at the angle they have: 27 % too little for hexagons.)
It holds where boundaries are slow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import dolfinx
import dolfinx.fem.petsc
import numpy as np
import numpy.typing as npt
import ufl
from mpi4py import MPI
from petsc4py import PETSc

from ssbsim.case import Case, EffectiveTransportStudy
from ssbsim.discretization import DistributedMesh, Scales, node_coordinates
from ssbsim.errors import CaseError, ConvergenceError
from ssbsim.physics.linear_transport import LinearTransport, build_linear_transport
from ssbsim.physics.rows import terminal_nodes
from ssbsim.solvers import choose_preset
from ssbsim.solvers.scalar import ScalarSolver
from ssbsim.studies.boundary_table import list_boundaries
from ssbsim.studies.records import Observer, StudyResult
from ssbsim.studies.registry import register_study
from ssbsim.studies.simulation import Simulation

Floats = npt.NDArray[np.float64]

SIDES = (("left", "right"), ("bottom", "top"), ("front", "back"))
"""Faces of the box across x, y and z."""


#: Error of u asked of the solver over that allowed in the conductance: off-diagonal parts are of first order in it.
_BETTER = 3e-3
#: Conductance over the largest entry of the matrix that is rounding only.
_NOTHING = 1e-13


@dataclass(frozen=True)
class EffectiveTransport:
    """What a microstructure does as a whole.

    Args:
        tensor: Effective conductivity (S/m) or tracer diffusivity (m2/s), shape (d, d), in the axes asked for.
        axes: The axes, 0 for x.
        along: The same from the conductance between opposite faces, with nothing through the others, per axis.
        disagreement: Largest relative difference between inlet, outlet and dissipation.
        iterations: Krylov iterations per axis; 0 for direct solves.
        unknowns: Of the linear system.
        share: Of the dissipation along each axis, by phase and by interface of the case.
        brick_layer: What the brick layer gives along each axis; NaN with several phases or a contact that blocks.
        brick_edge: Edge (m) of the bricks with as much boundary across each axis; infinite without boundaries.
    """

    tensor: Floats
    axes: tuple[int, ...]
    along: tuple[float, ...]
    disagreement: float
    iterations: tuple[int, ...]
    unknowns: int
    share: tuple[dict[str, float], ...]
    brick_layer: tuple[float, ...]
    brick_edge: tuple[float, ...]


def effective_transport(
    case: Case,
    mesh: DistributedMesh,
    scales: Scales,
    species: str,
    *,
    tracer: bool = False,
    axes: tuple[int, ...] | None = None,
    accuracy: float = 1e-6,
) -> EffectiveTransport:
    """Effective conductivity, or tracer diffusivity, of a box with named faces; collective.

    Args:
        case: A resolved case; its terminals do not matter.
        mesh: Its mesh.
        scales: Its scales.
        species: The species that moves.
        tracer: The tracer diffusivity instead of the conductivity.
        axes: Axes to look along; all by default.
        accuracy: By how much inlet, outlet and dissipation may differ, relative.

    Raises:
        CaseError: A face of the box has no name, or nothing connects two opposite faces; or the body is no box.
        ConvergenceError: The three readings differ by more.
    """
    if not mesh.coordinates.is_planar:
        raise CaseError(
            f"A body in {mesh.coordinates.name} coordinates has no effective conductivity: it is no box.",
            where="geometry.coordinates",
            hint="Remove the study effective_transport; a steady study gives the current through the body.",
        )
    transport = build_linear_transport(case, mesh, scales, species, tracer=tracer)
    axes = tuple(range(mesh.dim)) if axes is None else axes
    missing = [name for axis in axes for name in SIDES[axis] if name not in mesh.boundaries]
    if missing:
        raise CaseError(
            f"The mesh has no boundary '{missing[0]}' to hold.",
            where="geometry",
            hint=f"Name the faces of the box {', '.join(n for a in axes for n in SIDES[a])}.",
        )
    reader = _Reader(transport)
    matrix = dolfinx.fem.petsc.assemble_matrix(transport.conduction)
    matrix.assemble()
    gradients, fluxes, along, iterations, shares, worst = [], [], [], [], [], 0.0
    for axis in axes:
        low, high = (terminal_nodes(mesh, transport.space, name) for name in SIDES[axis])
        fixed = np.unique(np.concatenate([low, high, transport.absent])).astype(np.int32)
        u = dolfinx.fem.Function(transport.space)
        x = node_coordinates(mesh, transport.space)[:, axis]
        start, end = (
            mesh.comm.allreduce(x.min(initial=np.inf), MPI.MIN),
            mesh.comm.allreduce(x.max(initial=-np.inf), MPI.MAX),
        )
        vector = u.x.petsc_vec
        vector.array[:] = (x - start) / (end - start)
        vector.array[low], vector.array[high], vector.array[transport.absent] = 0.0, 1.0, 0.0
        preset = choose_preset(case.solver.linear, mesh.dim, matrix.getSize()[0])
        solver = ScalarSolver(matrix, fixed, preset=preset, accuracy=(_BETTER * accuracy) ** 2)
        try:
            if preset == "multigrid":
                solver.guess_by_regions(vector, transport.region)
            dissipated, differ, count = _solve(solver, reader, matrix, vector, (low, high), accuracy)
        finally:
            solver.destroy()
        u.x.scatter_forward()
        if not dissipated > _NOTHING * matrix.getDiagonal().max()[1]:
            raise CaseError(
                f"Nothing conducts {species} from '{SIDES[axis][0]}' to '{SIDES[axis][1]}'.",
                where="interfaces",
                hint="Give the broken contacts a law that lets the species through.",
            )
        if not differ <= accuracy:
            raise ConvergenceError(
                f"Inlet, outlet and dissipation differ by {differ:.2g} of the flux: the solution is not converged.",
                where=f"effective transport of {species} along {'xyz'[axis]}",
                hint="Use solver.linear: direct, or ask for less accuracy.",
            )
        worst = max(worst, differ)
        gradients.append(reader.mean_gradient(u, axes))
        fluxes.append(reader.mean_flux(u, axes))
        along.append(dissipated * (end - start) ** 2 / reader.volume)
        shares.append(reader.shares(u))
        iterations.append(count)
    unknowns = matrix.getSize()[0]
    matrix.destroy()
    unit = _unit(transport, reader, tracer)
    tensor = np.array(fluxes).T @ np.linalg.inv(np.array(gradients).T)
    return EffectiveTransport(
        tensor=tensor * unit,
        axes=axes,
        along=tuple(value * unit for value in along),
        disagreement=worst,
        iterations=tuple(iterations),
        unknowns=unknowns,
        share=tuple(shares),
        brick_layer=tuple(value * unit for value in reader.brick_layer(axes)),
        brick_edge=tuple(value * scales.length for value in reader.brick_edges(axes)),
    )


def _solve(
    solver: ScalarSolver, reader: _Reader, matrix: PETSc.Mat, u: PETSc.Vec, faces: tuple[Any, Any], accuracy: float
) -> tuple[float, float, int]:
    """Solve until what is read agrees: conductance by dissipation, relative disagreement, iterations."""
    count = 0
    for _ in range(4):
        count += solver.solve(u).iterations
        inlet, outlet, dissipated = reader.conductances(matrix, u, *faces)
        differ = max(abs(inlet - dissipated), abs(outlet - dissipated)) / dissipated if dissipated > 0.0 else 0.0
        if differ <= accuracy or solver.preset == "direct":
            break
        solver.accuracy *= 1e-2
    return dissipated, differ, count


def _unit(transport: LinearTransport, reader: _Reader, tracer: bool) -> float:
    """From the scaled k to S/m, or over the mean concentration to m2/s."""
    scales = transport.scales
    if not tracer:
        return transport.charge**2 * scales.conductivity
    return scales.diffusivity / (reader.stored() / reader.volume)


class _Reader:
    """Means over the cell and flows through its faces, from forms that are compiled once."""

    def __init__(self, transport: LinearTransport) -> None:
        mesh = self.mesh = transport.mesh
        self.transport = transport
        domain = mesh.mesh
        self.u = dolfinx.fem.Function(transport.space)
        self.axis = dolfinx.fem.Constant(domain, np.zeros(mesh.dim))
        measures = transport.measures
        gradient = ufl.grad(self.u[0])
        self.phases = list(transport.cells)
        flux, self.dissipated = 0, {}
        for name, k in transport.conductivity.items():
            inside = measures.cells(name, "gradient")
            flux = flux + k * ufl.dot(gradient, self.axis) * inside
            self.dissipated[name] = dolfinx.fem.form(k * ufl.inner(gradient, gradient) * inside)
        jump = self.u[0]("+") - self.u[0]("-")
        weight = ufl.dot(ufl.FacetNormal(domain)("+"), self.axis) ** 2
        crossed, series = 0, 0
        for interface, g in zip(transport.interfaces, transport.conductances, strict=True):
            plane = measures.interior(interface.name)
            if g is not None:
                self.dissipated[interface.name] = dolfinx.fem.form(g * jump * jump * plane)
            if interface.broken:
                crossed = crossed + weight * plane
                series = series + (weight / g * plane if g is not None else 0)
        self.crossed, self.series = (dolfinx.fem.form(f) if f else None for f in (crossed, series))
        self.flux = dolfinx.fem.form(flux)
        outwards = ufl.dot(ufl.FacetNormal(domain), self.axis)
        self.outside = dolfinx.fem.form(self.u[0] * outwards * measures.surface())
        one = dolfinx.fem.Constant(domain, 1.0)
        self.volume = self._sum(dolfinx.fem.form(one * measures.volume("gradient")))

    def _sum(self, form: Any) -> float:
        return float(self.mesh.comm.allreduce(dolfinx.fem.assemble_scalar(form), op=MPI.SUM))

    def _means(self, form: Any, u: Any, axes: tuple[int, ...]) -> Floats:
        self.u.x.array[:] = u.x.array
        values = []
        for axis in axes:
            self.axis.value[:] = 0.0
            self.axis.value[axis] = 1.0
            values.append(self._sum(form) / self.volume)
        return np.array(values)

    def mean_flux(self, u: Any, axes: tuple[int, ...]) -> Floats:
        """``<k grad u>``."""
        return self._means(self.flux, u, axes)

    def mean_gradient(self, u: Any, axes: tuple[int, ...]) -> Floats:
        """``<grad u>`` with the jumps."""
        return self._means(self.outside, u, axes)

    def brick_edges(self, axes: tuple[int, ...]) -> list[float]:
        """Edge of the bricks with as much boundary across each axis."""
        return [1.0 / value if value > 0.0 else np.inf for value in self._crossings(self.crossed, axes)]

    def brick_layer(self, axes: tuple[int, ...]) -> list[float]:
        """Series of bulk and boundaries along each axis; NaN with several phases or a contact that blocks."""
        pairs = zip(self.transport.interfaces, self.transport.conductances, strict=True)
        blocked = any(interface.broken and g is None for interface, g in pairs)
        if len(self.phases) != 1 or blocked:
            return [np.nan] * len(axes)
        bulk = float(self.transport.conductivity[self.phases[0]].value)
        return [1.0 / (1.0 / bulk + value) for value in self._crossings(self.series, axes)]

    def _crossings(self, form: Any, axes: tuple[int, ...]) -> list[float]:
        values = []
        for axis in axes:
            self.axis.value[:] = 0.0
            self.axis.value[axis] = 1.0
            values.append(self._sum(form) / self.volume if form is not None else 0.0)
        return values

    def shares(self, u: Any) -> dict[str, float]:
        """Part of the dissipation in every phase and interface."""
        self.u.x.array[:] = u.x.array
        parts = {name: self._sum(form) for name, form in self.dissipated.items()}
        total = sum(parts.values())
        return {name: part / total for name, part in parts.items()}

    def stored(self) -> float:
        """Integral of the storage coefficient."""
        matrix = dolfinx.fem.petsc.assemble_matrix(self.transport.storage)
        matrix.assemble()
        ones = matrix.createVecRight()
        ones.set(1.0)
        total = float(ones.dot(matrix * ones))
        matrix.destroy()
        return total

    def conductances(
        self, matrix: PETSc.Mat, u: PETSc.Vec, low: npt.NDArray[np.int32], high: npt.NDArray[np.int32]
    ) -> tuple[float, float, float]:
        """Conductance at the inlet, at the outlet, and as dissipation."""
        flow = matrix * u
        comm = self.mesh.comm
        outlet = -float(comm.allreduce(float(flow.array[low].sum()), op=MPI.SUM))
        inlet = float(comm.allreduce(float(flow.array[high].sum()), op=MPI.SUM))
        dissipated = float(u.dot(flow))
        flow.destroy()
        return inlet, outlet, dissipated


@register_study(EffectiveTransportStudy)
def run_effective_transport(
    simulation: Simulation, study: EffectiveTransportStudy, index: int, observe: Observer
) -> StudyResult:
    """Conductivity and tracer diffusivity along every axis; the state of the cell stays as it is."""
    case, mesh = simulation.case, simulation.mesh
    axes = tuple("xyz".index(axis) for axis in study.axes) if study.axes else tuple(range(mesh.dim))
    if max(axes) >= mesh.dim:
        raise CaseError(
            f"The body has no axis {'xyz'[max(axes)]}: it has {mesh.dim} dimension{'s' if mesh.dim > 1 else ''}.",
            where=f"study[{index}].axes",
            hint="Use " + ", ".join("xyz"[: mesh.dim]) + ", or leave axes out for all.",
        )
    quantities: dict[str, dict[str, Any]] = {}
    charge = simulation.functional.placement.unknowns.charges.get(study.species)
    for word, unit, tracer in (("conductivity", "S/m", False), ("tracer diffusivity", "m^2/s", True)):
        if charge == 0 and not tracer:
            # What has no charge conducts no current.
            continue
        found = effective_transport(case, mesh, simulation.scales, study.species, tracer=tracer, axes=axes)
        how = f"of {study.species}, opposite faces held at two potentials, nothing through the others"
        for i, axis in enumerate(axes):
            name = "xyz"[axis]
            entry = f"{word} along {name}"
            quantities[f"effective {entry}"] = {
                "value": found.along[i],
                "unit": unit,
                "how": f"{how}; inlet, outlet and dissipation agree to {found.disagreement:.1e}",
            }
            if np.isfinite(found.brick_layer[i]) and np.isfinite(found.brick_edge[i]):
                quantities[f"brick-layer {entry}"] = {
                    "value": found.brick_layer[i],
                    "unit": unit,
                    "how": f"bricks of {found.brick_edge[i]:.4g} m, with as much boundary across the axis",
                }
                quantities[f"excess over the brick layer, {entry}"] = {
                    "value": found.along[i] / found.brick_layer[i] - 1.0,
                    "unit": "1",
                    "how": "effective over brick-layer value, less one",
                }
            if not tracer:
                for part, share in found.share[i].items():
                    quantities[f"share of the resistance along {name}, {part}"] = {
                        "value": share,
                        "unit": "1",
                        "how": f"of the dissipation under a current along {name}",
                    }
        for i, row in enumerate(axes):
            for j, column in enumerate(axes):
                if i != j:
                    quantities[f"effective {word} {'xyz'[row]}{'xyz'[column]}"] = {
                        "value": float(found.tensor[i, j]),
                        "unit": unit,
                        "how": "apparent tensor of the sample, from mean fluxes and mean gradients",
                    }
    tables = simulation.comm.bcast(list_boundaries(simulation, study.species), root=0)
    return StudyResult(index, "effective_transport", tables=tables, quantities=quantities)
