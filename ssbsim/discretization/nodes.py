"""The nodes of a space, in an order and at places that do not depend on how the mesh is spread over the ranks.

A rank may own a node that none of its own cells touches; DOLFINx then knows nothing of it there (its coordinates read
0, 0, 0). What cells say of their nodes therefore goes to the owners, and of all that is said the smallest counts. The
number of a node is the smallest ``cell * nodes per cell + place in the cell`` of the cells around it, cells counted as in the
input: whole numbers, so that nothing hangs on the last digit of a coordinate, and nodes of two regions at one place differ.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ssbsim.discretization.distributed_mesh import DistributedMesh, gather_rows

Floats = npt.NDArray[np.float64]


def from_cells(mesh: DistributedMesh, space: Any, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """What the cells around every owned node say of it, and the smallest where they differ; collective.

    Args:
        mesh: The distributed mesh.
        space: A space on it.
        values: At every node of every cell here, ghost cells included, shape (cells, nodes per cell, ...).

    Returns:
        Values at owned nodes, shape (nodes, ...).
    """
    imap, nodes = space.dofmap.index_map, space.dofmap.list
    is_whole = np.issubdtype(values.dtype, np.integer)
    shape = (imap.size_local + imap.num_ghosts, *values.shape[2:])
    found = np.full(shape, np.iinfo(values.dtype).max if is_whole else np.inf, dtype=values.dtype)
    np.minimum.at(found, nodes.reshape(-1), values.reshape(-1, *values.shape[2:]))
    ghosts, owners = np.asarray(imap.ghosts), np.asarray(imap.owners)
    seen = found[imap.size_local :]
    told = mesh.comm.alltoall([(ghosts[owners == rank], seen[owners == rank]) for rank in range(mesh.comm.size)])
    result = found[: imap.size_local]
    for where, value in told:
        np.minimum.at(result, where - imap.local_range[0], value)
    return result


def node_coordinates(mesh: DistributedMesh, space: Any) -> Floats:
    """Scaled coordinates of every owned node, shape (nodes, 3); collective."""
    return from_cells(mesh, space, space.tabulate_dof_coordinates()[space.dofmap.list])


class NodeOrder:
    """The nodes of a space in an order that every number of ranks agrees on; everything is collective.

    Args:
        mesh: The distributed mesh.
        space: A space on it.
    """

    def __init__(self, mesh: DistributedMesh, space: Any) -> None:
        self._comm = mesh.comm
        width = space.dofmap.list.shape[1]
        numbers = from_cells(mesh, space, mesh.original_cell[:, None] * width + np.arange(width))
        self._counts = self._comm.gather(len(numbers), root=0)
        every = gather_rows(self._comm, numbers)
        self._order = None if every is None else np.argsort(every)
        self.coordinates = self.gather(node_coordinates(mesh, space))

    def gather(self, values: Floats) -> Floats | None:
        """Values at owned nodes, one row a node, as one array on rank 0; ``None`` elsewhere."""
        rows = gather_rows(self._comm, values)
        return None if rows is None or self._order is None else rows[self._order]

    def scatter(self, values: Floats | None) -> Floats:
        """The inverse of :meth:`gather`."""
        pieces = None
        if values is not None and self._order is not None and self._counts is not None:
            rows = np.empty_like(values)
            rows[self._order] = values
            pieces = np.split(rows, np.cumsum(self._counts)[:-1])
        mine: Floats = self._comm.scatter(pieces, root=0)
        return np.ascontiguousarray(mine)
