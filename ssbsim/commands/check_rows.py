"""Rows of the tables about grains, interfaces and terminals: measures and cells, readable for a thousand grains."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ssbsim.case import Case, Interface
from ssbsim.commands.resolution import plane_name
from ssbsim.commands.text_tables import MOST_ROWS, Row, number, number_range
from ssbsim.errors import MeshError
from ssbsim.geometry import MeshData, check_terminal_area

#: Studies in which something flows between terminals.
_CONDUCTING = ("impedance", "steady", "transient")

_GRAIN_UNITS = {1: "length [nm]", 2: "area [nm^2]", 3: "volume [nm^3]"}
_FACET_UNITS = {1: "measure [1]", 2: "length [nm]", 3: "area [nm^2]"}


def grain_rows(mesh: MeshData, sizes: npt.NDArray[np.float64], debye: Mapping[str, float]) -> list[Row]:
    """One row for each grain; of many grains the first, and one row for the rest of every phase."""
    unit, factor = _GRAIN_UNITS[mesh.volume_dimension], 10.0 ** (9 * mesh.volume_dimension)
    measures = np.array(list(mesh.grain_measures().values())) * factor
    counts = np.array(list(mesh.cell_counts().values()))
    smallest = np.full(len(mesh.grains), np.inf)
    np.minimum.at(smallest, mesh.cell_grain, sizes)

    def row(name: str, phase: str, which: list[int]) -> Row:
        least = smallest[which].min()
        return {
            "grain": name,
            "phase": phase,
            unit: number_range(measures[which].min(), measures[which].max()),
            "cells": int(counts[which].sum()),
            "smallest cell [nm]": number(least * 1e9),
            "h/Debye": number(least / debye[phase]) if phase in debye else "-",
        }

    shown = len(mesh.grains) if len(mesh.grains) <= MOST_ROWS else MOST_ROWS - len(mesh.phases)
    rows = [row(grain.name, grain.phase, [g]) for g, grain in enumerate(mesh.grains[:shown])]
    for phase in mesh.phases:
        rest = [g for g, grain in enumerate(mesh.grains) if g >= shown and grain.phase == phase]
        if len(rest) == 1:
            rows.append(row(mesh.grains[rest[0]].name, phase, rest))
        elif rest:
            rows.append(row(f"... {len(rest)} more", phase, rest))
    return rows


def interface_rows(case: Case, mesh: MeshData) -> list[Row]:
    """One row for each entry of `interfaces`, and for each pair of phases that touch without one.

    Raises:
        MeshError: where an entry has no facet.
    """
    rows: dict[str, Row] = {}
    measures = mesh.interface_measures()
    unit = _FACET_UNITS[mesh.volume_dimension]
    for (a, b), facets in mesh.interface_facets().items():
        key = case.interface_between(mesh.grains[a], mesh.grains[b])
        name = plane_name(case, mesh.grains[a], mesh.grains[b])
        entry = case.interfaces[name] if key else Interface()
        row = rows.setdefault(
            name,
            {
                "interface": name,
                "contact": entry.contact if key else "perfect (default)",
                "laws": ", ".join(law.law for law in entry.laws) or "none",
                "pairs of grains": 0,
                "facets": 0,
                unit: 0.0,
            },
        )
        row["pairs of grains"] += 1
        row["facets"] += len(facets)
        row[unit] += measures[a, b] * 10.0 ** (9 * (mesh.volume_dimension - 1))
    for name in case.interfaces:
        if name not in rows:
            pairs = ", ".join(f"{mesh.grains[a].name}|{mesh.grains[b].name}" for a, b in list(measures)[:12])
            raise MeshError(
                f"Interface '{name}' has no facet: nothing of the mesh joins these two.",
                where=f"interfaces.{name}",
                hint=f"Touching here: {pairs or 'no two grains'}. Remove the entry or correct its name.",
            )
    return [{**row, unit: number(row[unit])} for row in rows.values()]


def terminal_rows(case: Case, mesh: MeshData) -> list[Row]:
    """One row for each terminal.

    Raises:
        MeshError: where a terminal lies on no boundary.
        CaseError: where it has no area.
    """
    rows = []
    measures = mesh.boundary_measures()
    for name, terminal in case.terminals.items():
        if name not in mesh.boundaries:
            raise MeshError(
                f"Terminal '{name}' lies on no boundary of the mesh.",
                where=f"terminals.{name}",
                hint="Boundaries here: " + (", ".join(mesh.boundaries) or "none") + ".",
            )
        check_terminal_area(name, measures[name])
        count = int((mesh.facet_boundary == mesh.boundaries.index(name)).sum())
        size = number(measures[name] * 10.0 ** (9 * (mesh.volume_dimension - 1)))
        rows.append(
            {"terminal": name, "kind": terminal.kind, "facets": count, _FACET_UNITS[mesh.volume_dimension]: size}
        )
    return rows


def refuse_terminals_apart(case: Case, mesh: MeshData) -> None:
    """Raise where a study needs conduction to a terminal that no part of the mesh joins with another one.

    Raises:
        MeshError: with the terminals and the parts.
    """
    studies = [study.kind for study in case.study if study.kind in _CONDUCTING]
    driving = [name for name, terminal in case.terminals.items() if terminal.holds_potential]
    if not studies or len(driving) < 2:
        return
    parts = mesh.parts()
    touched = {
        name: np.unique(
            parts[mesh.cells_at(mesh.boundary_facets[mesh.facet_boundary == mesh.boundaries.index(name)])[:, 1]]
        )
        for name in driving
    }
    for name in driving:
        others = np.concatenate([touched[other] for other in driving if other != name])
        if not np.isin(touched[name], others).any():
            raise MeshError(
                f"Terminal '{name}' lies on a part of the mesh that hangs together with no other terminal, "
                f"so that nothing can flow to it; the mesh has {parts.max() + 1} parts that share no facet.",
                where=f"terminals.{name}, for the study '{studies[0]}'",
                hint="Join the parts where they touch, so that they share facets; or remove the terminals of one part.",
            )
