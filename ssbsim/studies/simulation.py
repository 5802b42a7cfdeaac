"""A case made ready to solve: mesh, functional, solver and the present state, with the numbers that one reads from it.

Signs: currents and supplies are positive into the cell. Per area means per area of the terminal. Amounts and currents are those
of the body for which the mesh stands (:mod:`~ssbsim.geometry.coordinates`): in planar coordinates a 1D cell has a cross-section
of 1 m2 and a 2D cell a depth of 1 m.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from mpi4py import MPI

from ssbsim.case import Case, laws_that
from ssbsim.constants import FARADAY
from ssbsim.discretization import DistributedMesh, NodeOrder, Scales, gather_rows, levels, node_coordinates
from ssbsim.errors import CaseError
from ssbsim.geometry import MeshData, check_terminal_area
from ssbsim.physics import NUMPY, POTENTIAL, build_functional, debye_length
from ssbsim.solvers import ImplicitSolver, Integrator, SolverOptions, TimePoint, choose_preset
from ssbsim.studies.outside import AppliedValues, Outside

Floats = npt.NDArray[np.float64]

_PREFIXES = itertools.count()


@dataclass(frozen=True)
class Flows:
    """What the terminals supply, SI.

    Args:
        species: Rate of supply of each species by each terminal (mol/s).
        electronic: Electronic current of each terminal (A).
        charge: Charge on each electrode that faces a Poisson phase (C).
        charging: Rate at which that charge grows (A); zero outside of time.
    """

    species: dict[str, dict[str, float]]
    electronic: dict[str, float]
    charge: dict[str, float]
    charging: dict[str, float]


@dataclass(frozen=True)
class UnderWay:
    """What a study that has begun and not ended needs to go on, beside the state of the cell.

    Args:
        numbers: Plain numbers by name.
        arrays: Gathers arrays by name on rank 0, nothing elsewhere; collective.
    """

    numbers: Mapping[str, Any]
    arrays: Callable[[], Mapping[str, Floats]] = dict


def choose_scales(case: Case, data: MeshData) -> Scales:
    """Units from the case: its extent, its largest concentration and its largest diffusivity."""
    extent = float(np.max(np.ptp(data.points, axis=0)))
    concentrations = [c for phase in case.phases.values() for c in (phase.concentration or {}).values()]
    diffusivities = [
        s.diffusivity.at_temperature(case.temperature) / s.haven_ratio
        for phase in case.phases.values()
        for s in (phase.species or {}).values()
        if s.diffusivity is not None
    ]
    # Without mobile species any unit serves; these are those of a dense ion conductor.
    return Scales(case.temperature, extent, max(concentrations, default=1e3), max(diffusivities, default=1e-12))


class Simulation:
    """One case in memory.

    Args:
        case: A resolved case.
        data: Its mesh on rank 0, ``None`` elsewhere.
        comm: Communicator; construction is collective.

    Attributes:
        point: The last state that was accepted (scaled).
        applied: What the terminals applied to it.
        under_way: How the study that it belongs to stands; ``None`` between studies.
        step: Steps taken so far.
    """

    def __init__(self, case: Case, data: MeshData | None, comm: MPI.Comm) -> None:
        self.case = case
        self.comm = comm
        #: The mesh as built, on rank 0.
        self.mesh_data = data
        scales = comm.bcast(choose_scales(case, data) if data is not None else None, root=0)
        self.scales: Scales = scales
        self.mesh = DistributedMesh(comm, data, scales.length)
        self.boundary_measures: dict[str, float] = comm.bcast(
            data.boundary_measures() if data is not None else None, root=0
        )
        for name in case.terminals:
            check_terminal_area(name, self.boundary_measures.get(name, math.inf))
        self.functional = build_functional(case, self.mesh, scales)
        #: What the terminals apply.
        self.outside = Outside(case, self.functional, scales)
        self._check_reference()
        rows = self.functional.placement.n_rows
        self.n_unknowns = rows
        preset = choose_preset(case.solver.linear, self.mesh.dim, rows)
        self.options = SolverOptions(f"ssbsim{next(_PREFIXES)}_", preset, case.solver.petsc_options)
        self.solver = ImplicitSolver(self.functional, self.options, maximum_iterations=case.solver.newton_iterations)
        self.integrator = Integrator(self.solver)
        self.point: TimePoint = self.integrator.start()
        self.step = 0
        self.applied: AppliedValues = self.outside.now()
        self.under_way: UnderWay | None = None
        self.outside.check()

    def accept(self, point: TimePoint, under_way: UnderWay | None = None) -> None:
        """A step was taken: its end is the present state.

        Args:
            point: The state.
            under_way: How the study goes on from there; ``None`` where it has ended.
        """
        self.point, self.under_way, self.applied = point, under_way, self.outside.now()
        self.step += 1

    @cached_property
    def node_order(self) -> NodeOrder:
        """The nodes in an order that does not depend on the ranks; collective at its first use."""
        return NodeOrder(self.mesh, self.functional.placement.space)

    @property
    def time(self) -> float:
        """Present time (s)."""
        return self.point.time * self.scales.time

    def close(self) -> None:
        """Free PETSc's objects."""
        self.solver.destroy()

    def slowest_time(self) -> float:
        """Diffusion time of the cell for its slowest species (scaled)."""
        case, scales = self.case, self.scales
        slowest = [
            s.diffusivity.at_temperature(case.temperature) / s.haven_ratio / scales.diffusivity
            for phase in case.phases.values()
            for s in phase.species.values()
            if s.diffusivity is not None
        ]
        return 1.0 / min(slowest, default=1.0)

    def lost_amount(self) -> float:
        """Largest relative difference between what the fields hold of a closed species and what the steps carried."""
        unknowns = self.functional.placement.unknowns
        open_fields = {fixed.field for fixed in self.functional.placement.rows.fixed}
        now = self.solver.assemble(self.functional.forms.charges)
        worst = 0.0
        for k in unknowns.species:
            if k not in open_fields:
                amount = self.sum(unknowns.column(self.point.q, k))
                worst = max(worst, abs(self.sum(unknowns.column(now, k)) - amount) / max(abs(amount), 1e-300))
        return worst

    def amounts(self, point: TimePoint | None = None) -> dict[str, float]:
        """Amount of every species in the cell, in ``mesh.units.amount``."""
        unknowns, q = self.functional.placement.unknowns, (self.point if point is None else point).q
        unit = self.scales.concentration * self.mesh.volume_unit
        return {k: self.sum(unknowns.column(q, k)) * unit for k in unknowns.species}

    def flows(self, point: TimePoint | None = None) -> Flows:
        """What every terminal supplies at a point of time."""
        point = self.point if point is None else point
        scales, functional = self.scales, self.functional
        size = self.mesh.area_unit
        to_charge = scales.surface_charge * size
        charging_rows = np.zeros_like(point.supply) if point.charging is None else point.charging
        species: dict[str, dict[str, float]] = {name: {} for name in functional.placement.terminals}
        electronic, charge, charging = {}, {}, {}
        for fixed in functional.placement.rows.fixed:
            if fixed.field != POTENTIAL:
                species[fixed.terminal][fixed.field] = self.sum(point.supply[fixed.rows]) * scales.flux * size
                continue
            is_charge = functional.placement.rows.instantaneous[fixed.rows]
            if self.sum(is_charge):
                charge[fixed.terminal] = self.sum(point.supply[fixed.rows][is_charge]) * to_charge
                charging[fixed.terminal] = self.sum(charging_rows[fixed.rows][is_charge]) * to_charge / scales.time
            electronic[fixed.terminal] = self.sum(point.supply[fixed.rows][~is_charge]) * scales.current * size
        for name, own_charge in functional.forms.stern_charges().items():
            charge[name] = self.sum(own_charge) * to_charge
        for name, rate in self._stern_charging(point).items():
            charging[name] = rate * to_charge / scales.time
        return Flows(species, electronic, charge, charging)

    def _stern_charging(self, point: TimePoint) -> dict[str, float]:
        """How fast the charge of electrodes behind a Stern capacity grows (scaled): it is linear in the fields."""
        forms, y = self.functional.forms, self.functional.y.x
        if not forms.stern_charge:
            return {}
        if point.velocity is None:
            return dict.fromkeys(forms.stern_charge, 0.0)
        here, n, found = y.array.copy(), self.functional.placement.n_owned_rows, []
        for fields in (point.velocity, np.zeros(n)):
            y.array[:n] = fields
            y.scatter_forward()
            found.append(forms.stern_charges())
        y.array[:] = here
        return {name: self.sum(found[0][name] - found[1][name]) for name in forms.stern_charge}

    def current(self, terminal: str, flows: Flows) -> float:
        """Current of a terminal (A), positive into the cell: of ions and electrons, and what charges its electrode."""
        return self.ionic_current(flows, terminal) + flows.charging.get(terminal, 0.0)

    def ionic_current(self, flows: Flows, terminal: str) -> float:
        """Current that a terminal supplies as ions and electrons (A); the charging of an electrode is not in it."""
        ions = sum(self.charges[k] * FARADAY * rate for k, rate in flows.species[terminal].items())
        return ions + flows.electronic.get(terminal, 0.0)

    @cached_property
    def debye_lengths(self) -> dict[str, float]:
        """Debye length of every Poisson phase with mobile charge, in its neutral bulk (m)."""
        return {
            name: debye_length(model) * self.scales.length
            for name, model in self.functional.placement.phases.items()
            if model.permittivity is not None and model.charges
        }

    def mu_supply(self, point: TimePoint) -> Floats:
        """Scaled rates at which terminals supply species, on the rows that they fix (zero elsewhere)."""
        stores = ~self.functional.placement.rows.instantaneous
        return np.where(stores & ~self.solver.free_rows, point.supply, 0.0)

    def only_charges(self, point: TimePoint) -> Floats:
        """The supply of a point without its rates: the charges on electrodes."""
        return np.where(self.functional.placement.rows.instantaneous, point.supply, 0.0)

    def rates(self, point: TimePoint) -> Floats:
        """Scaled rates of change ``dq/dt`` on rows that no terminal fixes."""
        return np.zeros_like(point.q) if point.rate is None else np.where(self.solver.free_rows, point.rate, 0.0)

    def supplied(self, amounts: Floats) -> dict[str, dict[str, float]]:
        """Amounts that each terminal supplied over a step: mol by species, and electrons as charge (C) under ``"phi"``."""
        scales, functional = self.scales, self.functional
        size = self.mesh.volume_unit
        result: dict[str, dict[str, float]] = {name: {} for name in functional.placement.terminals}
        for fixed in functional.placement.rows.fixed:
            unit = scales.charge_density if fixed.field == POTENTIAL else scales.concentration
            result[fixed.terminal][fixed.field] = self.sum(amounts[fixed.rows]) * unit * size
        return result

    def mean_current(self, terminal: str, flows: Flows, before: Flows, amounts: Floats, size: float) -> float:
        """Mean current of a terminal over a step (A): its integral is the charge that passed, that of a jump included.

        Args:
            terminal: Name.
            flows: At the end of the step.
            before: At its beginning.
            amounts: What the outside supplied over the step (scaled).
            size: Step (s); the mean over one that is not finite is not a number.
        """
        if not math.isfinite(size):
            return math.nan
        passed = self.supplied(amounts)[terminal]
        charge = passed.pop(POTENTIAL, 0.0) + sum(self.charges[k] * FARADAY * n for k, n in passed.items())
        if terminal in flows.charge:
            charge += flows.charge[terminal] - before.charge[terminal]
        return charge / size

    @cached_property
    def charges(self) -> dict[str, int]:
        """Charge number of every species."""
        return self.functional.placement.unknowns.charges

    def currents_through_cuts(self) -> dict[str, float] | None:
        """Ionic and electronic current through surfaces of equal x (A), on rank 0: smallest, largest and at the left end.

        The flux through a cut of the nodes is the sum of ``dR/dy`` over the nodes on its left: elements on one side
        contribute nothing to it, because a constant test function has no gradient.
        """
        functional, scales = self.functional, self.scales
        unknowns = functional.placement.unknowns
        dissipated = self.solver.assemble(functional.forms.dissipated)
        flows = unknowns.table(np.where(functional.placement.rows.instantaneous, 0.0, dissipated))
        total = flows @ unknowns.charge_numbers
        x = node_coordinates(self.mesh, functional.placement.space)[:, 0]
        rows = gather_rows(self.comm, np.stack([x, total], axis=1))
        if rows is None:
            return None
        index = levels(rows[:, 0])
        flux = np.cumsum(np.bincount(index, weights=rows[:, 1]))[: index.max()]
        unit = scales.current * self.mesh.area_unit
        return {"smallest": float(flux.min() * unit), "largest": float(flux.max() * unit), "cuts": len(flux)}

    def occupancy_ranges(self) -> dict[str, tuple[float, float]]:
        """Smallest and largest filling of every class of limited sites: its particles over those that it can hold."""
        functional = self.functional
        unknowns = functional.placement.unknowns
        y = unknowns.table(functional.y.x.array)
        found = {}
        for name, cells in functional.placement.phase_cells.items():
            model = functional.placement.phases[name]
            nodes = np.unique(functional.placement.space.dofmap.list[cells])
            state = unknowns.state(y[nodes].T)
            for number, x in enumerate(model.occupancies(state, NUMPY)):
                filling = sum(x.values(), np.zeros(len(nodes))) / model.sites[number].statistics.schema.capacity
                low = self.comm.allreduce(float(np.min(filling, initial=np.inf)), op=MPI.MIN)
                high = self.comm.allreduce(float(np.max(filling, initial=-np.inf)), op=MPI.MAX)
                if model.sites[number].statistics.is_limited:
                    found[f"sites {number + 1} of '{name}'"] = (low, high)
        return found

    def unbalanced_charge(self) -> float:
        """Charge of the cell, its planes and its electrodes together (C): what is left of Gauss's law."""
        q = self.solver.assemble(self.functional.forms.charges)
        # On all rows, where the rounding of neighbours cancels; what fixed rows hold is the charge of electrodes.
        held = self.functional.placement.rows.instantaneous
        return self.sum(np.where(held, q - self.point.supply, 0.0)) * self.scales.charge_density * self.mesh.volume_unit

    def sum(self, values: npt.ArrayLike) -> float:
        """Sum over all ranks."""
        return float(self.comm.allreduce(float(np.sum(values)), op=MPI.SUM))

    def largest(self, values: npt.ArrayLike) -> float:
        """Largest absolute value over all ranks."""
        return float(self.comm.allreduce(float(np.max(np.abs(values), initial=0.0)), op=MPI.MAX))

    def _check_reference(self) -> None:
        """Every part of the cell needs something outside that fixes its potential."""
        functional, mesh = self.functional, self.mesh
        cut = {
            pair
            for interface in functional.placement.interfaces
            if interface.broken and not any(law.schema.ties_potentials for law in interface.laws)
            for pair in interface.grain_pairs
        }
        region = mesh.regions(cut)
        tied_regions: set[int] = set()
        for name, model in functional.placement.terminals.items():
            if (model.fixed or model.applied) and model.current is None:
                grains = np.unique(mesh.cell_grain[mesh.terminal_entities(name)[:, 0]])
                tied_regions |= {int(region[g]) for part in self.comm.allgather(grains) for g in part}
        loose = [mesh.grains[g].name for g in range(len(mesh.grains)) if region[g] not in tied_regions]
        if loose:
            raise CaseError(
                f"Nothing fixes the electrostatic potential in {', '.join(loose[:8])}: the problem is singular.",
                where="terminals",
                hint="Add a terminal there that is an electrode or a reservoir, or a law on the broken contact that ties the two "
                f"sides together ({laws_that(lambda law: law.ties_potentials)}).",
            )
