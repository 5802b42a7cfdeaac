"""The fields at one instant, gathered on rank 0 in an order that does not depend on the number of ranks.

Points are duplicated wherever a field may jump: every (vertex of the mesh, phase, region) has its own point, so that
concentrations jump at perfect contacts and potentials at broken ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import basix
import numpy as np
import numpy.typing as npt
import ufl

from ssbsim import _compat
from ssbsim.discretization import gather_rows
from ssbsim.geometry import Coordinates
from ssbsim.physics import UFL, Kind
from ssbsim.studies.simulation import Simulation

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Layout:
    """The points and cells of all snapshots of a run.

    Args:
        points: Coordinates (m), shape (points, 3).
        cells: Points of every cell, in the order of the cells of the mesh.
        cell_type: ``interval``, ``triangle`` or ``tetrahedron``.
        phase: Phase index of every cell.
        grain: Grain index of every cell.
        phase_names: Names of the phases.
        grain_names: Names of the grains.
        pick: For every point, its place among the gathered cell corners.
        cell_order: For every cell, its place among the gathered cells.
        coordinates: What body the mesh stands for.
    """

    points: Floats
    cells: npt.NDArray[np.int64]
    cell_type: str
    phase: npt.NDArray[np.int32]
    grain: npt.NDArray[np.int32]
    phase_names: tuple[str, ...]
    grain_names: tuple[str, ...]
    pick: npt.NDArray[np.int64]
    cell_order: npt.NDArray[np.int64]
    coordinates: Coordinates


class Snapshots:
    """Evaluates the fields of a simulation; the expressions are compiled once.

    Names carry the unit: ``potential [V]``, ``electrochemical potential Li+ [eV]``, ``concentration Li+ [mol/m^3]``,
    ``occupancy Li+ [1]`` (over all its sites), ``charge density [C/m^3]``, ``conductivity [S/m]`` and, when asked for,
    ``flux Li+ [mol/(m^2 s)]``: the flux of the cells around a point in the same phase and region, weighted by volume.

    Args:
        simulation: The simulation.
        flux: Also evaluate the fluxes.
    """

    def __init__(self, simulation: Simulation, *, flux: bool = False) -> None:
        self.simulation = simulation
        functional, mesh = simulation.functional, simulation.mesh
        self._corners = np.asarray(basix.geometry(basix.CellType[mesh.cell_type]))
        self.names = self._field_names()
        self._expressions = {
            name: _compat.expression(ufl.as_vector(self._components(name)), self._corners, mesh.comm)
            for name in functional.placement.phases
        }
        centre = self._corners.mean(axis=0, keepdims=True)
        self._flux_expressions = {
            name: _compat.expression(ufl.as_vector(parts), centre, mesh.comm)
            for name in functional.placement.phases
            if flux and (parts := self._flux_components(name))
        }
        self._flux = flux
        self.layout = self._make_layout()

    def take(self) -> dict[str, Floats]:
        """Fields at the points of the layout; empty on ranks other than 0."""
        mesh = self.simulation.mesh
        n, corners = mesh.n_cells_owned, len(self._corners)
        values = np.full((n, corners, len(self.names)), np.nan)
        for name, cells in self.simulation.functional.placement.phase_cells.items():
            if len(cells):
                values[cells] = _compat.evaluate(self._expressions[name], mesh.mesh, cells, len(self.names))
        everything = gather_rows(mesh.comm, values)
        fluxes = self._cell_fluxes() if self._flux else None
        if everything is None or self.layout is None:
            return {}
        flat = everything.reshape(-1, len(self.names))[self.layout.pick]
        fields: dict[str, Floats] = {
            name: flat[:, i] * unit for i, (name, unit) in enumerate(zip(self.names, self._units(), strict=True))
        }
        return fields | self._point_fluxes(fluxes)

    def _cell_fluxes(self) -> Floats | None:
        """Scaled flux of every species in every cell on rank 0, in the order of the gathered cells."""
        mesh, functional = self.simulation.mesh, self.simulation.functional
        width = mesh.dim * len(functional.placement.unknowns.species)
        values = np.zeros((mesh.n_cells_owned, width))
        for name, expression in self._flux_expressions.items():
            cells = functional.placement.phase_cells[name]
            if len(cells):
                values[cells] = _compat.evaluate(expression, mesh.mesh, cells, width)[:, 0, :]
        return gather_rows(mesh.comm, values)

    def _point_fluxes(self, gathered: Floats | None) -> dict[str, Floats]:
        layout, simulation = self.layout, self.simulation
        if gathered is None or layout is None:
            return {}
        dim = simulation.mesh.dim
        values = gathered[layout.cell_order] * simulation.scales.flux
        weight = layout.coordinates.corner_volumes(layout.points[layout.cells][:, :, :dim]).reshape(-1)
        corners, n = layout.cells.reshape(-1), len(layout.points)
        total = np.bincount(corners, weights=weight, minlength=n)
        result: dict[str, Floats] = {}
        for i, k in enumerate(simulation.functional.placement.unknowns.species):
            vector = np.zeros((n, 3))
            for axis in range(dim):
                column = np.repeat(values[:, i * dim + axis], layout.cells.shape[1])
                vector[:, axis] = np.bincount(corners, weights=weight * column, minlength=n) / total
            result[f"flux {k} [mol/(m^2 s)]"] = vector
        return result

    def _flux_components(self, phase: str) -> list[Any]:
        """``- sum_l M_kl grad mu_l`` of all species, one component after the other; zero where a species does not move."""
        functional = self.simulation.functional
        model = functional.placement.phases_in_forms[phase]
        state = functional.placement.unknowns.state(functional.y)
        moving = model.mobilities(state, UFL)
        zero = 0.0 * state.phi
        return [
            zero + moving.flux(k, {j: ufl.grad(mu)[axis] for j, mu in state.mu.items()})
            for k in (functional.placement.unknowns.species if moving.species else ())
            for axis in range(self.simulation.mesh.dim)
        ]

    def _units(self) -> list[float]:
        """SI units of the fields, in the order of their names."""
        scales = self.simulation.scales
        units = [scales.potential, scales.charge_density, scales.conductivity]
        return units + [scales.energy_ev, scales.concentration, 1.0] * len(
            self.simulation.functional.placement.unknowns.species
        )

    def _field_names(self) -> list[str]:
        names, of_species = ["charge density [C/m^3]", "conductivity [S/m]"], []
        for unknown in self.simulation.functional.placement.unknowns:
            if unknown.kind is Kind.POTENTIAL:
                names.insert(0, f"potential [{unknown.unit}]")
                continue
            of_species += [
                f"electrochemical potential {unknown.name} [{unknown.unit}]",
                f"concentration {unknown.name} [mol/m^3]",
                f"occupancy {unknown.name} [1]",
            ]
        return names + of_species

    def _components(self, phase: str) -> list[Any]:
        """Expressions of all fields in one phase; a species that is absent has neither potential nor concentration."""
        functional = self.simulation.functional
        model = functional.placement.phases_in_forms[phase]
        state = functional.placement.unknowns.state(functional.y)
        phi = state.phi
        c = model.concentrations(state, UFL)
        zero = 0.0 * phi
        sigma = zero + model.mobilities(state, UFL).conductivity(model.charges)
        if model.conductivity is not None:
            sigma = sigma + model.conductivity
        parts = [
            phi,
            zero + model.charge_density(state, UFL),
            sigma,
        ]
        for k in functional.placement.unknowns.species:
            capacity = sum((s.density for s in model.sites if k in s.standard_potential), zero)
            here = k in model.charges
            parts += [
                state.mu[k] if here else zero,
                zero + c[k] if here else zero,
                c[k] / capacity if here else zero,
            ]
        return parts

    def _make_layout(self) -> Layout | None:
        mesh, functional = self.simulation.mesh, self.simulation.functional
        n = mesh.n_cells_owned
        broken = [p for interface in functional.placement.interfaces if interface.broken for p in interface.grain_pairs]
        regions = mesh.regions(broken)
        phase_names = tuple(functional.placement.phases)
        phase_of_grain = np.array([phase_names.index(g.phase) for g in mesh.grains], dtype=np.int32)
        x = mesh.mesh.geometry.x[_compat.cell_nodes(mesh.mesh)[:n]] * mesh.length
        rows = [
            gather_rows(mesh.comm, part)
            for part in (mesh.original_cell[:n], mesh.cell_vertices[:n], mesh.cell_grain[:n], x)
        ]
        original, vertices, grain, coordinates = rows
        if original is None or vertices is None or grain is None or coordinates is None:
            return None
        order = np.argsort(original)
        corners = vertices.shape[1]
        grain = grain[order].astype(np.int32)
        phase = phase_of_grain[grain]
        region = regions[grain].astype(np.int64)
        part = region * len(phase_names) + phase
        key = vertices[order] * (int(part.max()) + 1) + part[:, None]
        _, first, cells = np.unique(key.reshape(-1), return_index=True, return_inverse=True)
        gathered = order[first // corners] * corners + first % corners
        return Layout(
            points=coordinates.reshape(-1, 3)[gathered],
            cells=cells.reshape(-1, corners).astype(np.int64),
            cell_type=mesh.cell_type,
            phase=phase.astype(np.int32),
            grain=grain,
            phase_names=phase_names,
            grain_names=tuple(g.name for g in mesh.grains),
            pick=gathered,
            cell_order=order,
            coordinates=mesh.coordinates,
        )
