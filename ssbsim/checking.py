"""Before anything is solved: does the case make sense, and is its mesh fine enough?

:func:`check` resolves the materials, builds the mesh and lists phases, grains, interfaces and terminals with their
measures. It needs no FEniCSx. The mesh is held against the Debye length wherever a space charge must be expected: at
perfect contacts of two phases, at planes that carry charge or segregation sites, and at blocking electrodes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ssbsim.case import Case, Interface
from ssbsim.discretization.scaling import Scales
from ssbsim.errors import MeshError
from ssbsim.geometry import Grain, MeshData, build_geometry
from ssbsim.materials import resolve_case
from ssbsim.physics import NUMPY, PhaseModel, debye_length, phase_model
from ssbsim.results import estimate_output

#: Cell size at a space charge, in Debye lengths: above the first a warning, above the second an error.
WARN_ABOVE = 0.5
REFUSE_ABOVE = 1.0
#: Cell size that resolves a space-charge layer to about 1 %, in Debye lengths.
ENOUGH = 0.25


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

    def __str__(self) -> str:
        parts = [f"{self.case.title}  ({self.case.temperature:g} K)"]
        for title in ("phases", "grains", "interfaces", "terminals"):
            rows = getattr(self, title)
            if rows:
                parts.append(_table(title.capitalize(), rows))
        parts.append(_table("Size", [self.totals]))
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


def check(case: Case) -> CheckReport:
    """Validate a case, build its mesh and report both.

    Args:
        case: From :func:`ssbsim.load_case`; materials may still be names.

    Raises:
        CaseError, MeshError: The case or its mesh cannot be used at all.
    """
    case = resolve_case(case)
    mesh = build_geometry(case)
    mesh.validate()
    return report_on(case, mesh)


def report_on(case: Case, mesh: MeshData) -> CheckReport:
    """The report of a resolved case and its mesh."""
    scales = Scales(case.temperature, 1e-9, 1e3, 1e-12)
    models = {name: phase_model(name, phase, scales) for name, phase in case.phases.items()}
    debye = {
        name: debye_length(model) * scales.length
        for name, model in models.items()
        if model.permittivity is not None and model.charges
    }
    sizes = mesh.cell_sizes()
    planes = _space_charge_planes(case, mesh, sizes)
    warnings: list[str] = []
    problems: list[str] = []
    for name, phase, size, is_certain in planes:
        ratio = size / debye.get(phase, math.inf)
        if ratio <= WARN_ABOVE:
            continue
        text = (
            f"The cells of '{phase}' at '{name}' are {size * 1e9:.3g} nm, {ratio:.3g} Debye lengths "
            f"({debye[phase] * 1e9:.3g} nm): the space charge there is not resolved. "
            f"A spacing of {ENOUGH * debye[phase] * 1e9:.2g} nm would do{_cost(case, mesh, ENOUGH * debye[phase], name)}."
        )
        refused = ratio > REFUSE_ABOVE and is_certain and case.solver.coarse_mesh == "error"
        (problems if refused else warnings).append(text)
    warnings += [
        f"Grain '{name}' is made of pieces that meet in points or edges only, and conducts through them. "
        "Give each piece a name of its own, or let them meet in facets."
        for name in mesh.split_grains()
    ]
    n_fields = len({k for model in models.values() for k in model.charges}) + 1
    nodes = len(mesh.points) * (2 if case.solver.element_order == 2 else 1)
    unknowns = nodes * n_fields
    saved = _saved_steps(case)
    output = estimate_output(len(mesh.points), len(mesh.cells), 3 + 3 * n_fields, saved, dimension=mesh.dimension)
    return CheckReport(
        case=case,
        mesh=mesh,
        phases=tuple(_phase_row(case, mesh, sizes, models[n], scales, debye.get(n)) for n in case.phases),
        grains=tuple(_grain_rows(mesh, sizes, debye)),
        interfaces=tuple(_interface_rows(case, mesh)),
        terminals=tuple(_terminal_rows(case, mesh)),
        totals={
            "dimension": mesh.dimension,
            "cells": len(mesh.cells),
            "vertices": len(mesh.points),
            "unknowns": unknowns,
            "memory": _bytes(_memory(mesh.dimension, nodes, n_fields)),
            "saved steps": saved,
            "output": _bytes(output),
        },
        warnings=tuple(warnings),
        problems=tuple(problems),
        notes=mesh.notes,
    )


class _Plane(NamedTuple):
    """A plane with a space charge on one side.

    Args:
        name: Interface or terminal.
        phase: Phase on this side.
        size: Largest cell size on it (m).
        is_certain: Whether the space charge belongs to the physics asked for.
    """

    name: str
    phase: str
    size: float
    is_certain: bool


def _space_charge_planes(case: Case, mesh: MeshData, sizes: npt.NDArray[np.float64]) -> list[_Plane]:
    """Planes where a space charge must be expected, once for each phase that touches them."""
    found: dict[tuple[str, str], _Plane] = {}

    def add(name: str, facets: npt.NDArray[np.int64], phases: Iterable[str], *, certain: bool = True) -> None:
        touches = _cells_with(mesh, facets)
        for phase in phases:
            here = [g for g, grain in enumerate(mesh.grains) if grain.phase == phase]
            chosen = touches & np.isin(mesh.cell_grain, here)
            if chosen.any():
                size = float(sizes[chosen].max())
                before = found.get((name, phase), _Plane(name, phase, 0.0, False))
                found[name, phase] = _Plane(name, phase, max(before.size, size), before.is_certain or certain)

    for (a, b), facets in mesh.interface_facets().items():
        first, second = mesh.grains[a], mesh.grains[b]
        key = case.interface_between(first, second)
        entry = case.interfaces[key[0]] if key else Interface()
        laws = {law.law for law in entry.laws}
        certain = (entry.contact == "perfect" and first.phase != second.phase) or laws & {"fixed_charge", "segregation"}
        if certain or "capacitive" in laws:
            # The layers of a capacity may be meant to be lumped into it, so their mesh is a warning at most.
            name = _plane_name(case, first, second)
            add(name, facets, dict.fromkeys((first.phase, second.phase)), certain=bool(certain))
    for name, terminal in case.terminals.items():
        if terminal.kind == "electrode" and name in mesh.boundaries:
            facets = mesh.boundary_facets[mesh.facet_boundary == mesh.boundaries.index(name)]
            add(name, facets, mesh.phases)
    return list(found.values())


def _plane_name(case: Case, first: Grain, second: Grain) -> str:
    """Name of a contact: as the case writes it, else its phases in the order of the case."""
    key = case.interface_between(first, second)
    order = list(case.phases)
    return key[0] if key else "|".join(sorted((first.phase, second.phase), key=order.index))


def _cells_with(mesh: MeshData, facets: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Cells that have one of the facets."""
    on_plane = np.zeros(len(mesh.points), dtype=np.bool_)
    on_plane[facets.reshape(-1)] = True
    return np.asarray(on_plane[mesh.cells].sum(axis=1) >= mesh.dimension)


def _cost(case: Case, mesh: MeshData, size: float, plane: str) -> str:
    """How many cells the mesh would have with a given size at a plane, as words."""
    spacing = getattr(case.geometry, "spacing", None)
    if spacing is None:
        return ""
    key = "terminal" if plane in case.terminals else "interface"
    line = {"dimension": 1, "width": None, "depth": None}
    across = {"transverse": None}

    def count(**sizes: float) -> int:
        along = case.geometry.model_copy(update={**line, "spacing": spacing.model_copy(update={**across, **sizes})})
        return len(build_geometry(case.model_copy(update={"geometry": along})).cells)

    try:
        cells = count(**{key: size})
    except MeshError:
        return ""
    per_layer = 1 if mesh.dimension == 1 else max(1, round(len(mesh.cells) / count()))
    return f" (geometry.spacing.{key}; about {cells * per_layer:,} cells instead of {len(mesh.cells):,})"


def _phase_row(
    case: Case, mesh: MeshData, sizes: npt.NDArray[np.float64], model: PhaseModel, scales: Scales, debye: float | None
) -> dict[str, Any]:
    here = np.isin(mesh.cell_grain, [g for g, grain in enumerate(mesh.grains) if grain.phase == model.name])
    sigma = sum(
        model.charges[k] ** 2 * m * g for (k, m), g in zip(model.mobility.items(), _bulk_exchange(model), strict=True)
    )
    conductivity = scales.conductivity * sigma + (case.phases[model.name].electronic_conductivity or 0.0)
    return {
        "phase": model.name,
        "electrostatics": case.phases[model.name].electrostatics,
        "species": ", ".join(model.charges) or "none",
        "conductivity [S/m]": _number(conductivity),
        "Debye length [nm]": "-" if debye is None else _number(debye * 1e9),
        "cells": int(here.sum()),
        "cell size [nm]": f"{_number(sizes[here].min() * 1e9)} to {_number(sizes[here].max() * 1e9)}"
        if here.any()
        else "-",
        "h/Debye, smallest": "-" if debye is None or not here.any() else _number(sizes[here].min() / debye),
    }


def _bulk_exchange(model: PhaseModel) -> list[float]:
    state: tuple[Mapping[str, Any], Any] = (model.bulk_potential, 0.0)
    g = model.exchange(state, state, NUMPY)
    return [float(g[k]) for k in model.mobility]


def _grain_rows(mesh: MeshData, sizes: npt.NDArray[np.float64], debye: Mapping[str, float]) -> list[dict[str, Any]]:
    unit = {1: "length [nm]", 2: "area [nm^2]", 3: "volume [nm^3]"}[mesh.dimension]
    measures, counts = mesh.grain_measures(), mesh.cell_counts()
    rows = []
    for g, grain in enumerate(mesh.grains[:40]):
        smallest = float(sizes[mesh.cell_grain == g].min())
        length = debye.get(grain.phase)
        rows.append(
            {
                "grain": grain.name,
                "phase": grain.phase,
                unit: _number(measures[grain.name] * 10.0 ** (9 * mesh.dimension)),
                "cells": counts[grain.name],
                "smallest cell [nm]": _number(smallest * 1e9),
                "h/Debye": "-" if length is None else _number(smallest / length),
            }
        )
    if len(mesh.grains) > 40:
        rows.append({"grain": f"... {len(mesh.grains) - 40} more"})
    return rows


def _interface_rows(case: Case, mesh: MeshData) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    measures = mesh.interface_measures()
    unit = {1: "measure [1]", 2: "length [nm]", 3: "area [nm^2]"}[mesh.dimension]
    for (a, b), facets in mesh.interface_facets().items():
        key = case.interface_between(mesh.grains[a], mesh.grains[b])
        name = _plane_name(case, mesh.grains[a], mesh.grains[b])
        entry = case.interfaces[name] if key else Interface()
        row = rows.setdefault(
            name,
            {
                "interface": name,
                "contact": entry.contact if key else "perfect (default)",
                "laws": ", ".join(law.law for law in entry.laws) or "none",
                "facets": 0,
                unit: 0.0,
            },
        )
        row["facets"] += len(facets)
        row[unit] += measures[a, b] * 10.0 ** (9 * (mesh.dimension - 1))
    for name in case.interfaces:
        if name not in rows:
            pairs = ", ".join(f"{mesh.grains[a].name}|{mesh.grains[b].name}" for a, b in list(measures)[:12])
            raise MeshError(
                f"Interface '{name}' has no facet: nothing of the mesh joins these two.",
                where=f"interfaces.{name}",
                hint=f"Touching here: {pairs or 'no two grains'}. Remove the entry or correct its name.",
            )
    return [{**row, unit: _number(row[unit])} for row in rows.values()]


def _terminal_rows(case: Case, mesh: MeshData) -> list[dict[str, Any]]:
    rows = []
    measures = mesh.boundary_measures()
    unit = {1: "measure [1]", 2: "length [nm]", 3: "area [nm^2]"}[mesh.dimension]
    for name, terminal in case.terminals.items():
        if name not in mesh.boundaries:
            raise MeshError(
                f"Terminal '{name}' lies on no boundary of the mesh.",
                where=f"terminals.{name}",
                hint="Boundaries here: " + (", ".join(mesh.boundaries) or "none") + ".",
            )
        count = int((mesh.facet_boundary == mesh.boundaries.index(name)).sum())
        size = _number(measures[name] * 10.0 ** (9 * (mesh.dimension - 1)))
        rows.append({"terminal": name, "kind": terminal.kind, "facets": count, unit: size})
    return rows


def _saved_steps(case: Case) -> int:
    each = {"equilibrium": 1, "steady": 1}
    return sum(
        len(s.output_times.until(s.duration)) if s.kind == "transient" else each.get(s.kind, 0) for s in case.study
    )


def _memory(dimension: int, nodes: int, n_fields: int) -> float:
    """Bytes expected: matrix of the node graph, factors or multigrid levels, vectors and the libraries.

    Neighbours per node are those of simplex meshes; the rest is chosen to meet the measurement in ``bench/README.md``.
    """
    neighbours = {1: 3, 2: 7, 3: 15}[dimension]
    matrix = nodes * neighbours * n_fields**2 * 12.0
    growth = {1: 3.0, 2: 6.0, 3: 5.0}[dimension]
    return 2.5e8 + matrix * (1.0 + growth) + nodes * n_fields * 8.0 * 60.0


def _bytes(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000.0:
            return f"about {size:.3g} {unit}"
        size /= 1000.0
    return f"about {size:.3g} TB"


def _number(value: float) -> str:
    return f"{value:.4g}"


def _table(title: str, rows: list[dict[str, Any]] | tuple[dict[str, Any], ...]) -> str:
    """A plain table with aligned columns."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    cells = [[str(row.get(c, "")) for c in columns] for row in rows]
    widths = [max(len(c), *(len(r[i]) for r in cells)) for i, c in enumerate(columns)]
    lines = [title, "  " + "  ".join(c.ljust(w) for c, w in zip(columns, widths, strict=True)).rstrip()]
    lines += ["  " + "  ".join(v.ljust(w) for v, w in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join(lines)


__all__ = ["ENOUGH", "REFUSE_ABOVE", "WARN_ABOVE", "CheckReport", "check", "report_on"]
