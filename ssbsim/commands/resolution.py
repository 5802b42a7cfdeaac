"""Where a space charge must be expected, and how large the cells are there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ssbsim.case import Case, Interface
from ssbsim.discretization.scaling import Scales
from ssbsim.geometry import Grain, MeshData
from ssbsim.physics import PhaseModel, debye_length, phase_model


@dataclass(frozen=True)
class BulkPhases:
    """What the bulk of every phase says.

    Attributes:
        scales: Units of the models.
        models: By phase.
        debye: Debye length (m) of the phases that have one.
    """

    scales: Scales
    models: Mapping[str, PhaseModel]
    debye: Mapping[str, float]


class Plane(NamedTuple):
    """A plane with a space charge on one side.

    Args:
        name: Interface or terminal.
        phase: Phase on this side.
        size: Largest cell size on it (m).
        place: Grain and centre (m) of the cell that has it.
        debye: Debye length of the phase (m), infinite where it has none.
        coarse_share: Part of the cells on it that are larger than the Debye length.
        is_certain: Whether the space charge belongs to the physics asked for.
    """

    name: str
    phase: str
    size: float
    place: str
    debye: float
    coarse_share: float
    is_certain: bool


def bulk_phases(case: Case) -> BulkPhases:
    """Models and Debye lengths of the phases of a resolved case."""
    scales = Scales(case.temperature, 1e-9, 1e3, 1e-12)
    models = {name: phase_model(name, phase, scales) for name, phase in case.phases.items()}
    debye = {
        name: debye_length(model) * scales.length
        for name, model in models.items()
        if model.permittivity is not None and model.charges
    }
    return BulkPhases(scales, models, {name: length for name, length in debye.items() if math.isfinite(length)})


def space_charge_planes(
    case: Case, mesh: MeshData, sizes: npt.NDArray[np.float64], debye: Mapping[str, float]
) -> list[Plane]:
    """Planes where a space charge must be expected, once for each phase that touches them.

    Args:
        case: A resolved case.
        mesh: Its mesh.
        sizes: Of its cells (m).
        debye: Debye length (m) of the phases that have one.
    """
    facets: dict[str, list[npt.NDArray[np.int64]]] = {}
    is_certain: dict[str, bool] = {}
    for (a, b), shared in mesh.interface_facets().items():
        first, second = mesh.grains[a], mesh.grains[b]
        key = case.interface_between(first, second)
        entry = case.interfaces[key[0]] if key else Interface()
        perfect = entry.contact == "perfect" and first.phase != second.phase
        certain = perfect or any(law.loads_plane for law in entry.laws)
        if certain or any(law.charges_sides for law in entry.laws):
            # The layers of a capacity may be meant to be lumped into it, so their mesh is a warning at most.
            name = plane_name(case, first, second)
            facets.setdefault(name, []).append(shared)
            is_certain[name] = is_certain.get(name, False) or certain
    for name, terminal in case.terminals.items():
        if terminal.makes_space_charge and name in mesh.boundaries:
            facets[name] = [mesh.boundary_facets[mesh.facet_boundary == mesh.boundaries.index(name)]]
            is_certain[name] = True
    found, cell_phase = [], mesh.cell_phase
    for name, parts in facets.items():
        touching = np.unique(mesh.cells_at(np.vstack(parts))[:, 1])
        for phase, label in enumerate(mesh.phases):
            here = touching[cell_phase[touching] == phase]
            if here.size:
                worst, length = int(here[np.argmax(sizes[here])]), debye.get(label, math.inf)
                share = float(np.mean(sizes[here] > length))
                place = mesh.describe_place(worst)
                found.append(Plane(name, label, float(sizes[worst]), place, length, share, is_certain[name]))
    return found


def plane_name(case: Case, first: Grain, second: Grain) -> str:
    """Name of a contact: as the case writes it, else its phases in the order of the case."""
    key = case.interface_between(first, second)
    order = list(case.phases)
    return key[0] if key else "|".join(sorted((first.phase, second.phase), key=order.index))
