"""One blocked Lagrange space for all fields, broken at interfaces.

The ordinary space has one dof per node. Here every pair (node, region) has its own, where a region is a set of grains
joined by perfect contacts (:meth:`DistributedMesh.regions`). A field may then jump where two regions meet, and laws of
the interface are plain ``dS`` integrals over ``('+')`` and ``('-')``.

Parallel: the owner of a node owns all its pairs. Every rank sends the pairs that it sees at ghost nodes to their owners,
which number all pairs and answer; an owner may thus own a pair that none of its own cells touches.
"""

from __future__ import annotations

from typing import Any

import dolfinx
import numpy as np
import numpy.typing as npt

from ssbsim import _compat
from ssbsim.discretization.distributed_mesh import DistributedMesh

Ints = npt.NDArray[np.int32]


def broken_space(mesh: DistributedMesh, *, components: int, order: int, region_of_grain: Ints) -> Any:
    """Lagrange space of the given order and number of components, one copy of each node per region that touches it.

    Args:
        mesh: The distributed mesh.
        components: Fields per node (block size).
        order: Polynomial order.
        region_of_grain: Region index of each grain.

    Returns:
        A ``dolfinx.fem.FunctionSpace``; with one region only it is the ordinary space.
    """
    comm = mesh.comm
    plain = dolfinx.fem.functionspace(mesh.mesh, ("Lagrange", order, (components,)))
    n_regions = int(region_of_grain.max()) + 1
    if n_regions == 1:
        return plain
    imap = plain.dofmap.index_map
    owned = imap.size_local
    cell_nodes = plain.dofmap.list
    cell_region = region_of_grain[mesh.cell_grain].astype(np.int64)
    cell_keys = cell_nodes.astype(np.int64) * n_regions + cell_region[:, None]
    seen = np.unique(cell_keys)
    nodes, regions = seen // n_regions, seen % n_regions
    here = nodes < owned

    ghost_key = seen[~here]
    ghost_slot = nodes[~here] - owned
    ghost_owner = np.asarray(imap.owners, dtype=np.int32)[ghost_slot]
    ghost_global = np.asarray(imap.ghosts, dtype=np.int64)[ghost_slot]
    first = imap.local_range[0]
    requests = [
        np.stack([ghost_global[ghost_owner == r], regions[~here][ghost_owner == r]], axis=1) for r in range(comm.size)
    ]
    received = comm.alltoall(requests)
    asked = [(block[:, 0] - first) * n_regions + block[:, 1] for block in received]

    owned_key = np.unique(np.concatenate([seen[here], *asked]))
    size_local = len(owned_key)
    offset = sum(comm.allgather(size_local)[: comm.rank])
    answers = comm.alltoall([np.searchsorted(owned_key, keys) + offset for keys in asked])

    new_ghosts = np.empty(len(ghost_key), dtype=np.int64)
    for rank, answer in enumerate(answers):
        new_ghosts[ghost_owner == rank] = answer
    new_map = _compat.index_map(comm, size_local, new_ghosts, ghost_owner)

    local_of_seen = np.empty(len(seen), dtype=np.int32)
    local_of_seen[here] = np.searchsorted(owned_key, seen[here])
    local_of_seen[~here] = size_local + np.arange(len(ghost_key))
    cell_dofs = local_of_seen[np.searchsorted(seen, cell_keys)]
    return _compat.space_with_dofs(plain, new_map, cell_dofs)
