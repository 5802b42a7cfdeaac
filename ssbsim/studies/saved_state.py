"""The state of a simulation as arrays that any number of ranks can take up again.

Nodes are in an order that does not depend on how the mesh was distributed (:mod:`~ssbsim.discretization.nodes`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ssbsim.case import Case
from ssbsim.errors import CheckpointError
from ssbsim.solvers import TimePoint
from ssbsim.studies.outside import AppliedValues
from ssbsim.studies.simulation import Simulation, UnderWay

Floats = npt.NDArray[np.float64]

_NAMES = ("y", "q", "rate", "supply", "slope")
#: What begins the names of the arrays of a study that is under way.
_STUDY = "study "
#: Coordinates of one mesh, over its extent, differ by no more.
_SAME_PLACE = 1e-9


def gather_state(simulation: Simulation) -> tuple[dict[str, Floats], dict[str, Any]] | None:
    """The last accepted state on rank 0, ``None`` elsewhere; collective.

    Returns:
        Arrays ``x`` (coordinates of the nodes, m), ``y``, ``q``, ``rate``, ``supply``, ``slope`` (scaled, one row per node,
        one column per field) and those of the study under way, and the rest: time (scaled), step, applied values and the
        numbers of the study.
    """
    point, unknowns = simulation.point, simulation.functional.placement.unknowns
    parts = (point.y, point.q, point.rate, point.supply, point.slope)
    under_way = simulation.under_way
    of_study = {} if under_way is None else under_way.arrays()
    gathered = [
        simulation.node_order.gather(unknowns.table(np.zeros_like(point.q) if part is None else part)) for part in parts
    ]
    arrays = {name: part for name, part in zip(_NAMES, gathered, strict=True) if part is not None}
    x = simulation.node_order.coordinates
    if x is None:
        return None
    arrays |= {"x": x * simulation.scales.length}
    arrays |= {f"{_STUDY}{name}": array for name, array in of_study.items()}
    meta = {
        "fields": list(unknowns.names),
        "scaled time": point.time,
        "rate is known": point.rate is not None,
        "slope is known": point.slope is not None,
        "step": simulation.step,
        "under way": None if under_way is None else dict(under_way.numbers),
        "applied shifts": simulation.applied.rows(),
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
    order = simulation.node_order
    problem = simulation.comm.bcast(_misfit(simulation, arrays, meta), root=0)
    if problem:
        raise CheckpointError(
            f"The saved state does not fit this case: {problem}.",
            where="checkpoint",
            hint="Continue with the case file that made it; geometry, mesh and species must be the same.",
        )
    y, q, rate, supply, slope = (order.scatter(arrays.get(name)).reshape(-1) for name in _NAMES)
    of_study = {name.removeprefix(_STUDY): a for name, a in arrays.items() if name.startswith(_STUDY)}
    if "applied shifts" in meta:
        applied = AppliedValues.from_rows(meta["applied shifts"])
    else:
        # Written by an earlier version, which kept whole numbers.
        applied = simulation.outside.less_origins(AppliedValues.from_rows(meta["applied"]))
    simulation.outside.write(applied)
    point = TimePoint(
        meta["scaled time"],
        y,
        q,
        rate if meta["rate is known"] else None,
        supply,
        slope if meta["slope is known"] else None,
    )
    numbers = meta["under way"]
    simulation.accept(point, None if numbers is None else UnderWay(numbers, lambda: of_study))
    simulation.step = int(meta["step"])
    simulation.integrator.restore(point)


def _misfit(simulation: Simulation, arrays: Mapping[str, Floats], meta: Mapping[str, Any]) -> str:
    """Why a saved state cannot be that of the simulation, on rank 0; empty if it can."""
    x, fields = simulation.node_order.coordinates, list(simulation.functional.placement.unknowns.names)
    if x is None:
        return ""
    there = [arrays.get(name, np.empty(0)) for name in ("x", *_NAMES)]
    n = there[0].shape[:1]
    if [part.shape for part in there] != [(*n, 3), *([(*n, len(meta["fields"]))] * len(_NAMES))] or not all(
        part.dtype.kind in "fiu" and np.isfinite(part).all() for part in there
    ):
        return "its arrays are not those of a state"
    if list(meta["fields"]) != fields:
        return f"it holds the fields {', '.join(meta['fields'])}"
    if arrays["x"].shape != x.shape:
        return f"it holds {len(arrays['x'])} nodes and the case has {len(x)}"
    if not np.max(np.abs(arrays["x"] / simulation.scales.length - x), initial=0.0) <= _SAME_PLACE:
        return "its nodes lie elsewhere"
    return ""


def fingerprints(case: Case, studies: int) -> dict[str, str]:
    """Hashes of the parts of a case that a state and the files beside it depend on: all but solver, title and later studies, and
    of the output what the saved fields are.

    Args:
        case: A resolved case.
        studies: How many of its studies the state has seen.
    """
    data = case.model_dump(mode="json", exclude={"title", "source", "output", "solver", "study"})
    output = case.model_dump(mode="json", include={"output"})["output"]
    data |= {f"output.{name}": output[name] for name in ("fields", "length_unit")}
    data |= {f"study[{i}]": study.model_dump(mode="json") for i, study in enumerate(case.study[:studies])}
    return {name: hashlib.sha256(json.dumps(part, sort_keys=True).encode()).hexdigest() for name, part in data.items()}


def differences(case: Case, meta: Mapping[str, Any]) -> list[str]:
    """Names of the parts of a case in which it differs from the one that made a checkpoint."""
    now = fingerprints(case, int(meta["study"]) + 1)
    return [name for name, hashed in meta["case"].items() if now.get(name) != hashed]
