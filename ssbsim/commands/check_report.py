"""Before anything is solved: does the case make sense, and is its mesh fine enough?

The report lists phases, grains, interfaces and terminals with their
measures. It needs no FEniCSx. The mesh is held against the Debye length wherever a space charge must be expected: at
perfect contacts of two phases, at planes that carry charge or segregation sites, and at blocking electrodes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ssbsim.case import Case, GeometrySection
from ssbsim.commands.check_rows import grain_rows, interface_rows, refuse_terminals_apart, terminal_rows
from ssbsim.commands.resolution import BulkPhases, Plane, bulk_phases, space_charge_planes
from ssbsim.commands.text_tables import bytes_text, number, number_range, table
from ssbsim.errors import MeshError
from ssbsim.geometry import MeshData, build_geometry
from ssbsim.physics import NUMPY, internal_unknowns, unknowns_of
from ssbsim.results import estimate_output

#: Cell size at a space charge, in Debye lengths: above the first a warning, above the second an error.
WARN_ABOVE = 0.5
REFUSE_ABOVE = 1.0
#: Cell size that resolves a space-charge layer to about 1 %, in Debye lengths.
ENOUGH = 0.25
#: Grains with the same fault that are named one by one.
_MOST_NAMED = 5


@dataclass(frozen=True)
class CheckReport:
    """What a check found.

    Args:
        case: The resolved case.
        mesh: Its mesh.
        phases, grains, interfaces, terminals: Rows of the tables; keys carry units.
        totals: Cells, vertices, unknowns, memory and output expected.
        warnings: Sentences.
        problems: Sentences about what must be mended before a run.
        notes: Remarks of the mesh generator.
        coarse: Planes whose cells would be refused but for ``solver.coarse_mesh: warn``: numbers of the run depend on them.
    """

    case: Case
    mesh: MeshData
    phases: tuple[dict[str, Any], ...]
    grains: tuple[dict[str, Any], ...]
    interfaces: tuple[dict[str, Any], ...]
    terminals: tuple[dict[str, Any], ...]
    totals: dict[str, Any]
    warnings: tuple[str, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    coarse: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = [f"{self.case.title}  ({self.case.temperature:g} K)"]
        named = {
            "Phases": self.phases,
            "Grains": self.grains,
            "Interfaces": self.interfaces,
            "Terminals": self.terminals,
        }
        parts += [table(title, rows) for title, rows in named.items() if rows]
        parts.append(table("Size", [self.totals]))
        parts += [f"note: {note}" for note in self.notes]
        parts += [f"warning: {warning}" for warning in self.warnings]
        parts += [f"problem: {problem}" for problem in self.problems]
        return "\n\n".join(parts)

    def raise_for_problems(self) -> None:
        """Raise a :class:`~ssbsim.MeshError` if a run would be refused."""
        if self.problems:
            raise MeshError(
                "\n".join(self.problems),
                where=f"{self.case.source}: geometry.spacing" if self.case.source else "geometry.spacing",
                hint="Refine as said, or set solver.coarse_mesh: warn if the space charge there does not matter.",
            )


def report_on(case: Case, mesh: MeshData) -> CheckReport:
    """The report of a resolved case and its mesh."""
    bulk = bulk_phases(case)
    sizes = mesh.cell_sizes()
    terminals = tuple(terminal_rows(case, mesh))
    refuse_terminals_apart(case, mesh)
    warnings: list[str] = []
    problems: list[str] = []
    coarse: list[str] = []
    for plane in space_charge_planes(case, mesh, sizes, bulk.debye):
        ratio = plane.size / plane.debye
        if ratio <= WARN_ABOVE:
            continue
        text = (
            f"The cells of '{plane.phase}' at '{plane.name}' are {plane.size * 1e9:.3g} nm, {ratio:.3g} Debye lengths "
            f"({plane.debye * 1e9:.3g} nm): the space charge there is not resolved. {_remedy(case, mesh, plane)}"
        )
        if ratio <= REFUSE_ABOVE or not plane.is_certain:
            warnings.append(text)
        elif case.solver.coarse_mesh == "error":
            problems.append(text)
        else:
            warnings.append(text)
            coarse.append(f"{plane.phase} at {plane.name}: cells up to {ratio:.3g} Debye lengths")
    split = mesh.split_grains()
    warnings += [
        f"Grain '{name}' is made of pieces that meet in points or edges only, and conducts through them. "
        "Give each piece a name of its own, or let them meet in facets."
        for name in split[:_MOST_NAMED]
    ]
    if len(split) > _MOST_NAMED:
        warnings.append(f"So are {len(split) - _MOST_NAMED} more grains.")
    n_fields = len(unknowns_of(bulk.models, internal_unknowns(case.interfaces)))
    nodes = len(mesh.points) * (2 if case.solver.element_order == 2 else 1)
    unknowns = nodes * n_fields
    saved = sum(study.saved_steps() for study in case.study)
    output = estimate_output(len(mesh.points), len(mesh.cells), 3 + 3 * n_fields, saved, dimension=mesh.dimension)
    return CheckReport(
        case=case,
        mesh=mesh,
        phases=tuple(_phase_row(case, mesh, sizes, bulk, name) for name in case.phases),
        grains=tuple(grain_rows(mesh, sizes, bulk.debye)),
        interfaces=tuple(interface_rows(case, mesh)),
        terminals=terminals,
        totals={
            "dimension": mesh.dimension,
            "cells": len(mesh.cells),
            "vertices": len(mesh.points),
            "unknowns": unknowns,
            "memory": bytes_text(_memory(mesh.dimension, nodes, n_fields)),
            "saved steps": saved,
            "output": bytes_text(output),
        },
        warnings=tuple(warnings),
        problems=tuple(problems),
        notes=mesh.notes,
        coarse=tuple(coarse),
    )


def _remedy(case: Case, mesh: MeshData, plane: Plane) -> str:
    """What would resolve a plane; where the spacing asks for enough already, where the mesh does not hold it, and why."""
    enough = ENOUGH * plane.debye
    spacing = getattr(case.geometry, "spacing", None)
    asked = math.inf if spacing is None else spacing.terminal if plane.name in case.terminals else spacing.interface
    if asked / (spacing.refinement if spacing is not None else 1) > WARN_ABOVE * plane.debye:
        return f"A spacing of {enough * 1e9:.2g} nm would do{_cost(case, mesh, enough, plane.name)}."
    return (
        f"The spacing asks for {asked * 1e9:.3g} nm, but rows of thin cells are lower or missing where grains are thin or "
        f"their corners sharp: the largest is {plane.place}, and {100.0 * plane.coarse_share:.0f} % of the cells on this "
        "plane are larger than a Debye length. What helps: a smaller geometry.spacing.transverse and junction (about "
        f"{4.0 * plane.debye * 1e9:.2g} nm), a smaller growth, larger grains, or remesher: mmg."
    )


def _cost(case: Case, mesh: MeshData, size: float, plane: str) -> str:
    """How many cells the mesh would have with a given size at a plane, as words."""
    if not case.geometry.has_spacing:
        return ""
    key = "terminal" if plane in case.terminals else "interface"
    finer, line = case.geometry.along_x(**{key: size}), case.geometry.along_x()
    if finer is None or line is None:
        return f" (geometry.spacing.{key})"

    def count(geometry: GeometrySection) -> int:
        return len(build_geometry(case.model_copy(update={"geometry": geometry})).cells)

    try:
        cells = count(finer)
    except MeshError:
        return ""
    per_layer = 1 if mesh.dimension == 1 else max(1, round(len(mesh.cells) / count(line)))
    return f" (geometry.spacing.{key}; about {cells * per_layer:,} cells instead of {len(mesh.cells):,})"


def _phase_row(
    case: Case, mesh: MeshData, sizes: npt.NDArray[np.float64], bulk: BulkPhases, name: str
) -> dict[str, Any]:
    model, debye = bulk.models[name], bulk.debye.get(name)
    here = sizes[np.isin(mesh.cell_grain, [g for g, grain in enumerate(mesh.grains) if grain.phase == name])]
    sigma = float(model.mobilities(model.bulk, NUMPY).conductivity(model.charges)) if model.mobility else 0.0
    conductivity = bulk.scales.conductivity * sigma + (case.phases[name].electronic_conductivity or 0.0)
    return {
        "phase": name,
        "electrostatics": case.phases[name].electrostatics,
        "species": ", ".join(model.charges) or "none",
        "conductivity [S/m]": number(conductivity),
        "Debye length [nm]": "-" if debye is None else number(debye * 1e9),
        "cells": len(here),
        "cell size [nm]": number_range(here.min() * 1e9, here.max() * 1e9) if here.size else "-",
        "h/Debye, smallest": "-" if debye is None or not here.size else number(here.min() / debye),
    }


def _memory(dimension: int, nodes: int, n_fields: int) -> float:
    """Bytes expected: matrix of the node graph, factors or multigrid levels, vectors and the libraries.

    Neighbours per node are those of simplex meshes; the rest is chosen to meet the measurement in ``bench/README.md``.
    """
    neighbours = {1: 3, 2: 7, 3: 15}[dimension]
    matrix = nodes * neighbours * n_fields**2 * 12.0
    growth = {1: 3.0, 2: 6.0, 3: 5.0}[dimension]
    return 2.5e8 + matrix * (1.0 + growth) + nodes * n_fields * 8.0 * 60.0


__all__ = ["ENOUGH", "REFUSE_ABOVE", "WARN_ABOVE", "CheckReport", "report_on"]
