"""The state of a simulation as arrays that any number of ranks can take up again.

Nodes are ordered by region and place, which does not depend on how the mesh was distributed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import dolfinx
import numpy as np
import numpy.typing as npt

from ssbsim.case import Case
from ssbsim.discretization import gather_rows, levels
from ssbsim.errors import CheckpointError
from ssbsim.solvers import TimePoint
from ssbsim.studies.outside import AppliedValues
from ssbsim.studies.simulation import Simulation

Floats = npt.NDArray[np.float64]

_NAMES = ("y", "q", "rate", "supply")


def gather_state(simulation: Simulation) -> tuple[dict[str, Floats], dict[str, Any]] | None:
    """The present state on rank 0, ``None`` elsewhere; collective.

    Returns:
        Arrays ``x`` (coordinates of the nodes, m), ``region``, and ``y``, ``q``, ``rate``, ``supply`` (scaled, one row per
        node, one column per field), and the rest: time (scaled), step, applied values, scales.
    """
    functional, point = simulation.functional, simulation.point
    unknowns = functional.placement.unknowns
    rate = np.zeros_like(point.q) if point.rate is None else point.rate
    parts = [unknowns.table(part) for part in (point.y, point.q, rate, point.supply)]
    rows: Any = gather_rows(simulation.comm, np.hstack([_node_keys(simulation), *parts]))
    if rows is None:
        return None
    rows = rows[_order(rows[:, :4])]
    arrays = {"x": rows[:, :3] * simulation.scales.length, "region": rows[:, 3]}
    arrays |= dict(zip(_NAMES, np.split(rows[:, 4:], len(_NAMES), axis=1), strict=True))
    meta = {
        "fields": list(unknowns.names),
        "scaled time": point.time,
        "rate is known": point.rate is not None,
        "step": simulation.step,
        "study begin": simulation.study_begin,
        "applied": simulation.outside.now().rows(),
    }
    return arrays, meta


def restore_state(simulation: Simulation, arrays: Mapping[str, Floats], meta: Mapping[str, Any]) -> None:
    """Put a saved state into a simulation of the same case; collective.

    Args:
        simulation: The simulation.
        arrays: As :func:`gather_state` gave them; only rank 0 needs them.
        meta: Likewise, on every rank.

    Raises:
        CheckpointError: The state belongs to another mesh or to other fields.
    """
    functional, comm = simulation.functional, simulation.comm
    n, fields = functional.placement.n_owned_nodes, len(functional.placement.unknowns)
    counts = comm.gather(n, root=0)
    keys: Any = gather_rows(comm, _node_keys(simulation))
    pieces: Any = None
    problem = ""
    if comm.rank == 0 and counts is not None:
        order = _order(keys)
        try:
            saved = np.column_stack([arrays["x"] / simulation.scales.length, arrays["region"]]).astype(np.float64)
            state = np.hstack([arrays[name] for name in _NAMES]).astype(np.float64)
        except (KeyError, ValueError, TypeError, IndexError):
            saved, state = np.empty((0, 0)), np.empty((0, 0))
        if not (
            saved.shape[1:] == (4,) and state.shape == (len(saved), len(_NAMES) * fields) and np.isfinite(state).all()
        ):
            problem = "its arrays are not those of a state"
        elif list(meta["fields"]) != list(functional.placement.unknowns.names):
            problem = f"it holds the fields {', '.join(meta['fields'])}"
        elif saved.shape != keys.shape:
            problem = f"it holds {len(saved)} nodes and the case has {len(keys)}"
        elif np.max(np.abs(saved[came := _order(saved)] - keys[order])) > 1e-9:
            problem = "its nodes lie elsewhere"
        else:
            rows = np.empty((len(keys), len(_NAMES) * fields))
            rows[order] = state[came]
            pieces = np.split(rows, np.cumsum(counts)[:-1])
    problem = comm.bcast(problem, root=0)
    if problem:
        raise CheckpointError(
            f"The saved state does not fit this case: {problem}.",
            where="checkpoint",
            hint="Continue with the case file that made it; geometry, mesh and species must be the same.",
        )
    mine = np.split(comm.scatter(pieces, root=0), len(_NAMES), axis=1)
    y, q, rate, supply = (np.ascontiguousarray(part).reshape(-1) for part in mine)
    simulation.outside.write(AppliedValues.from_rows(meta["applied"]))
    simulation.point = TimePoint(meta["scaled time"], y, q, rate if meta["rate is known"] else None, supply)
    simulation.integrator.restore(simulation.point)
    simulation.step = meta["step"]
    simulation.study_begin = meta["study begin"]


def fingerprints(case: Case, studies: int) -> dict[str, str]:
    """Hashes of the parts of a case that a state depends on: all but output, solver, title and later studies.

    Args:
        case: A resolved case.
        studies: How many of its studies the state has seen.
    """
    data = case.model_dump(mode="json", exclude={"title", "source", "output", "solver", "study"})
    data |= {f"study[{i}]": study.model_dump(mode="json") for i, study in enumerate(case.study[:studies])}
    return {name: hashlib.sha256(json.dumps(part, sort_keys=True).encode()).hexdigest() for name, part in data.items()}


def differences(case: Case, meta: Mapping[str, Any]) -> list[str]:
    """Names of the parts of a case in which it differs from the one that made a checkpoint."""
    now = fingerprints(case, int(meta["study"]) + 1)
    return [name for name, hashed in meta["case"].items() if now.get(name) != hashed]


def _node_keys(simulation: Simulation) -> Floats:
    """Scaled coordinates and region of every owned node, shape (n, 4)."""
    space = simulation.functional.placement.space
    n = space.dofmap.index_map.size_local
    return np.column_stack([space.tabulate_dof_coordinates()[:n], node_regions(simulation)])


def _order(keys: Floats) -> npt.NDArray[np.int64]:
    return np.lexsort([levels(keys[:, i]) for i in (2, 1, 0, 3)])


def node_regions(simulation: Simulation) -> Floats:
    """Region of every owned node of the broken space."""
    functional, mesh = simulation.functional, simulation.mesh
    imap, dofs = functional.placement.space.dofmap.index_map, functional.placement.space.dofmap.list
    broken = [
        pair for interface in functional.placement.interfaces if interface.broken for pair in interface.grain_pairs
    ]
    regions = mesh.regions(broken)[mesh.cell_grain].astype(np.float64)
    found = dolfinx.la.vector(imap, 1)
    found.array[:] = -1.0
    found.array[dofs.reshape(-1)] = np.repeat(regions, dofs.shape[1])
    # A rank may own a node that none of its cells touches: the ranks that see it as a ghost tell.
    ghosts, owners = np.asarray(imap.ghosts), np.asarray(imap.owners)
    values = found.array[imap.size_local :]
    told = mesh.comm.alltoall([(ghosts[owners == rank], values[owners == rank]) for rank in range(mesh.comm.size)])
    result = found.array[: imap.size_local].copy()
    for where, value in told:
        result[where - imap.local_range[0]] = value
    return result
