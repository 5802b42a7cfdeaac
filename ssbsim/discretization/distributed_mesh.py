"""The mesh in memory, spread over the ranks, with its phases, grains, interfaces and terminals.

Coordinates are scaled by ``length`` (see :mod:`~ssbsim.discretization.scaling`). Every facet belongs to exactly one rank;
the lists of integration entities below hold a facet only on that rank, so that sums over ranks count it once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import basix
import basix.ufl
import dolfinx
import numpy as np
import numpy.typing as npt
from mpi4py import MPI

from ssbsim import _compat
from ssbsim.geometry import Coordinates, MeshData, Units, connected_parts

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

#: Scaled coordinates that differ by less are the same.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class InteriorFacets:
    """Facets between two grains.

    Args:
        entities: (cell0, local facet0, cell1, local facet1) per facet, shape (n, 4); side 0 lies in the grain of lower
            index, and side 0 is ``'+'`` in UFL.
        grains: Grain indices (lower, higher) per facet, shape (n, 2).
    """

    entities: Ints
    grains: Ints


class DistributedMesh:
    """A :class:`~ssbsim.geometry.MeshData` spread over a communicator.

    Args:
        comm: Communicator; the call is collective.
        data: The mesh on rank 0; ``None`` on the others.
        length: Length scale (m); the coordinates are divided by it.
    """

    def __init__(self, comm: MPI.Comm, data: MeshData | None, length: float) -> None:
        self.comm = comm
        self.length = length
        shared: Any = None
        if data is not None:
            shared = (
                data.cell_type,
                data.grains,
                data.boundaries,
                data.cell_grain,
                data.boundary_facets,
                data.facet_boundary,
                data.points.shape,
                data.coordinates,
            )
        shared = comm.bcast(shared, root=0)
        self.cell_type, self.grains, self.boundaries, cell_grain, facets, facet_boundary, point_shape = shared[:7]
        self.coordinates: Coordinates = shared[7]
        vertices_per_cell = {"interval": 2, "triangle": 3, "tetrahedron": 4}[self.cell_type]
        cells = data.cells if data is not None else np.empty((0, vertices_per_cell), dtype=np.int64)
        points = data.points / length if data is not None else np.empty((0, point_shape[1]))
        element = basix.ufl.element("Lagrange", self.cell_type, 1, shape=(point_shape[1],))
        self.mesh = _compat.create_mesh(
            comm, np.ascontiguousarray(cells, dtype=np.int64), np.ascontiguousarray(points, dtype=np.float64), element
        )
        topology = self.mesh.topology
        self.dim = topology.dim
        topology.create_connectivity(self.dim - 1, self.dim)
        topology.create_connectivity(self.dim, self.dim - 1)
        self.n_cells_owned = topology.index_map(self.dim).size_local
        self.n_cells = self.n_cells_owned + topology.index_map(self.dim).num_ghosts
        self.original_cell = np.asarray(topology.original_cell_index, dtype=np.int64)
        self.cell_grain = cell_grain[self.original_cell].astype(np.int32)
        #: Input vertex of every cell corner, shape (cells, corners), ghosts included.
        self.cell_vertices = _compat.input_global_indices(self.mesh)[_compat.cell_nodes(self.mesh)]
        #: Corners of every facet of a cell, shape (facets, corners of one).
        self.facet_corners = np.array(
            [sub[0] for sub in basix.cell.sub_entity_connectivity(basix.CellType[self.cell_type])[self.dim - 1]]
            if self.dim > 1
            else [[0], [1]]
        )
        self._terminal_entities = self._match_boundaries(facets, facet_boundary)
        self.interior = self._find_interior_facets()

    @property
    def units(self) -> Units:
        """Units of what is summed over the body for which the mesh stands."""
        return self.coordinates.units(self.dim)

    @property
    def volume_unit(self) -> float:
        """A scaled volume of 1, in ``units.volume``."""
        return float(self.length ** self.coordinates.volume_dimension(self.dim))

    @property
    def area_unit(self) -> float:
        """A scaled area of 1, in ``units.area``."""
        return float(self.length ** (self.coordinates.volume_dimension(self.dim) - 1))

    @property
    def facets_per_cell(self) -> int:
        """Facets of a cell."""
        return len(self.facet_corners)

    def cells_of(self, grains: Sequence[int]) -> Ints:
        """Owned cells of the grains with the given indices."""
        chosen = np.array(list(grains), dtype=np.int32)
        return np.flatnonzero(np.isin(self.cell_grain[: self.n_cells_owned], chosen)).astype(np.int32)

    def terminal_entities(self, name: str) -> Ints:
        """(cell, local facet) of every facet of the boundary ``name`` owned here, shape (n, 2)."""
        return self._terminal_entities[name]

    def _local_facet(self, facets: Ints, cells: Ints) -> Ints:
        """Index of each facet within its cell."""
        cell_facets = self.mesh.topology.connectivity(self.dim, self.dim - 1).array.reshape(
            self.n_cells, len(self.facet_corners)
        )
        return np.argmax(cell_facets[cells] == facets[:, None], axis=1).astype(np.int32)

    def _match_boundaries(self, facets: npt.NDArray[np.int64], owner: Ints) -> dict[str, Ints]:
        """Find the exterior facets that carry a boundary name, by their vertices."""
        outer = np.asarray(dolfinx.mesh.exterior_facet_indices(self.mesh.topology), dtype=np.int32)
        to_cell = self.mesh.topology.connectivity(self.dim - 1, self.dim)
        cells = to_cell.array[to_cell.offsets[outer]] if len(outer) else np.empty(0, dtype=np.int32)
        local = self._local_facet(outer, cells)
        found = np.full(len(outer), -1, dtype=np.int32)
        if len(outer) and len(facets):
            mine = np.sort(self.cell_vertices[cells[:, None], self.facet_corners[local]], axis=1)
            table = np.sort(np.asarray(facets, dtype=np.int64), axis=1)
            both = np.concatenate([table, mine])
            _, key = np.unique(both, axis=0, return_inverse=True)
            key = key.reshape(-1)
            lookup = np.full(key.max() + 1, -1, dtype=np.int32)
            lookup[key[: len(table)]] = owner
            found = lookup[key[len(table) :]]
        entities = np.stack([cells, local], axis=1).astype(np.int32)
        return {name: entities[found == i] for i, name in enumerate(self.boundaries)}

    def _find_interior_facets(self) -> InteriorFacets:
        """Owned facets whose two cells lie in different grains."""
        to_cell = self.mesh.topology.connectivity(self.dim - 1, self.dim)
        n_owned = self.mesh.topology.index_map(self.dim - 1).size_local
        counts = np.diff(to_cell.offsets)[:n_owned]
        facets = np.flatnonzero(counts == 2).astype(np.int32)
        first, second = to_cell.array[to_cell.offsets[facets]], to_cell.array[to_cell.offsets[facets] + 1]
        differs = self.cell_grain[first] != self.cell_grain[second]
        facets, first, second = facets[differs], first[differs], second[differs]
        swap = self.cell_grain[first] > self.cell_grain[second]
        first, second = np.where(swap, second, first), np.where(swap, first, second)
        entities = np.stack(
            [first, self._local_facet(facets, first), second, self._local_facet(facets, second)], axis=1
        )
        grains = np.stack([self.cell_grain[first], self.cell_grain[second]], axis=1)
        return InteriorFacets(entities.astype(np.int32), grains.astype(np.int32))

    def interface_pairs(self) -> set[tuple[int, int]]:
        """All pairs of grains (lower index first) that touch in a facet, the same on every rank."""
        mine = {(int(a), int(b)) for a, b in np.unique(self.interior.grains, axis=0)}
        return set().union(*self.comm.allgather(mine))

    def regions(self, broken: Iterable[tuple[int, int]]) -> Ints:
        """Region of every grain: grains joined by a contact that is not broken share a region.

        Args:
            broken: Pairs of grains (lower index first) whose contact is broken.

        Returns:
            Region index per grain, numbered in the order of the grains.
        """
        joined = np.array(sorted(self.interface_pairs() - set(broken)), dtype=np.int64).reshape(-1, 2)
        return connected_parts(joined.T, len(self.grains)).astype(np.int32)


def gather_rows(comm: MPI.Comm, rows: npt.NDArray[Any]) -> npt.NDArray[Any] | None:
    """Stack the rows of all ranks on rank 0."""
    parts = comm.gather(rows, root=0)
    return np.concatenate(parts) if parts is not None else None


def levels(values: Floats) -> npt.NDArray[np.int64]:
    """Place of every value among the different ones, from the lowest up, where values of order one differ by more than rounding.

    Rounding them instead would part two that lie close to a half of the last digit.
    """
    order = np.argsort(values, kind="stable")
    result = np.empty(len(values), dtype=np.int64)
    result[order] = np.cumsum(np.diff(values[order], prepend=values[order[:1]]) > _ROUNDING)
    return result
