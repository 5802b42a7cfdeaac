"""What a mesh holds and how good it is: for the terminal, as ``mesh_report.json`` and as ``mesh_report.md``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ssbsim.case import Case
from ssbsim.commands.check_rows import grain_rows, interface_rows, terminal_rows
from ssbsim.commands.meshing import MadeMesh
from ssbsim.commands.prepare import prepare
from ssbsim.commands.resolution import bulk_phases, space_charge_planes
from ssbsim.commands.text_tables import MOST_ROWS, Row, markdown_table, number, table
from ssbsim.geometry import MeshData, mesh_statistics
from ssbsim.results import write_mesh_files

FORMAT = 1

#: Thickness over extent below which a grain is a layer and not a body: a ball has 1/3, a cube too.
_THIN = 0.15


@dataclass(frozen=True)
class MeshReport:
    """What a mesh holds and how good it is.

    Attributes:
        title: Of the case.
        facts: Size, quality and origin, by name; keys carry units.
        statistics: Rows: sizes of the grains of every phase that has several.
        layers: Rows: thickness of every thin grain and the cells across it.
        space_charge: Rows: cells in a Debye length where a space charge is to be expected.
        grains, interfaces, terminals: Rows as in the report of a check.
        numbers: The same for programs, in SI units.
        notes: Remarks of the mesh generator.
    """

    title: str
    facts: Mapping[str, Any]
    statistics: tuple[Row, ...]
    layers: tuple[Row, ...]
    space_charge: tuple[Row, ...]
    grains: tuple[Row, ...]
    interfaces: tuple[Row, ...]
    terminals: tuple[Row, ...]
    numbers: Mapping[str, Any]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        width = max(map(len, self.facts))
        facts = "\n".join(["Mesh", *(f"  {name.ljust(width)}  {value}" for name, value in self.facts.items())])
        tables = [table(title, rows) for title, rows in self._tables()]
        return "\n\n".join([self.title, facts, *tables, *(f"note: {note}" for note in self.notes)])

    def markdown(self) -> str:
        """As Markdown."""
        facts = [{"mesh": name, "": value} for name, value in self.facts.items()]
        tables = [markdown_table(title, rows) for title, rows in [("Mesh", facts), *self._tables()]]
        return "\n\n".join([f"# {self.title}", *tables, *(f"* {note}" for note in self.notes)]) + "\n"

    def _tables(self) -> list[tuple[str, tuple[Row, ...]]]:
        named = {
            "Statistics": self.statistics,
            "Thin layers": self.layers,
            "Space charge": self.space_charge,
            "Grains": self.grains,
            "Interfaces": self.interfaces,
            "Terminals": self.terminals,
        }
        return [(title, rows) for title, rows in named.items() if rows]


def mesh_case(
    case: Case | str | Path,
    output: str | Path | None = None,
    *,
    picture: bool = True,
    use_cache: bool = True,
    show_progress: bool = True,
    tell: Callable[[str], None] | None = None,
) -> MeshReport:
    """Make the mesh of a case, report on it and write both into a folder. Call it on one rank only.

    Args:
        case: A case, or the path of its file.
        output: Folder; by default ``runs/NAME-mesh`` below the working directory. Files of the same names are replaced.
        picture: Draw ``mesh.png``.
        use_cache: Take the mesh from those made before where it is there.
        show_progress: Show progress on stderr.
        tell: Receives the report as text, before anything is written.

    Raises:
        CaseError, MeshError: The case cannot be used, or has no mesh.
        ResultsError: A file cannot be written.
    """
    prepared = prepare(case, use_cache=use_cache, show_progress=show_progress)
    case, made = prepared.case, prepared.made
    report = describe_mesh(case, made)
    if tell is not None:
        tell(str(report))
    name = case.source.stem if case.source is not None else "case"
    folder = Path("runs") / f"{name}-mesh" if output is None else Path(output)
    unit = case.output.length_unit
    files = write_mesh_files(made.mesh, folder, report.numbers, report.markdown(), length_unit=unit, picture=picture)
    if tell is not None:
        tell(f"Written to {folder}: {', '.join(path.name for path in files)}")
    return report


def describe_mesh(case: Case, made: MadeMesh) -> MeshReport:
    """The report of a resolved case and its mesh.

    Raises:
        MeshError: where an interface or terminal of the case is not in the mesh.
    """
    mesh = made.mesh
    sizes, qualities = mesh.cell_sizes(), mesh.cell_qualities()
    quality = {
        "smallest": float(qualities.min()),
        "1 % quantile": float(np.quantile(qualities, 0.01)),
        "median": float(np.median(qualities)),
    }
    debye = bulk_phases(case).debye
    layers = thin_layers(case, mesh, sizes)
    planes = [plane for plane in space_charge_planes(case, mesh, sizes, debye) if plane.phase in debye]
    count = Counter(grain.phase for grain in mesh.grains)
    several = [phase for phase in mesh.phases if count[phase] > 1 and mesh.dimension > 1]
    statistics = {phase: mesh_statistics(mesh, phase) for phase in several}
    facts = {
        "kind": case.geometry.kind,
        "dimension": mesh.dimension,
        "coordinates": mesh.coordinates.name,
        "cells": f"{len(mesh.cells):,}",
        "vertices": f"{len(mesh.points):,}",
        "grains": f"{len(mesh.grains):,}",
        "pairs of grains that touch": f"{len(mesh.interface_facets()):,}",
        "cell size": f"{number(sizes.min() * 1e9)} nm to {number(sizes.max() * 1e9)} nm, "
        f"median {number(float(np.median(sizes)) * 1e9)} nm",
        "scaled Jacobian": f"smallest {number(quality['smallest'])}, 1 % of the cells below "
        f"{number(quality['1 % quantile'])}, median {number(quality['median'])}",
        "hash": mesh.content_hash(),
        "time": f"{made.seconds:.3g} s, " + ("kept from before" if made.is_from_cache else "made now"),
    }
    numbers = {
        "format": FORMAT,
        "title": case.title,
        "kind": case.geometry.kind,
        "dimension": mesh.dimension,
        "coordinates": mesh.coordinates.name,
        "cells": len(mesh.cells),
        "vertices": len(mesh.points),
        "cell size [m]": {"smallest": sizes.min(), "median": np.median(sizes), "largest": sizes.max()},
        "scaled Jacobian": quality,
        "thin layers": [
            {"grain": name, "thickness [m]": thickness, "cell height [m]": height, "cells across": thickness / height}
            for name, thickness, height in layers
        ],
        "space charge": [
            {
                "plane": plane.name,
                "phase": plane.phase,
                "cell size [m]": plane.size,
                "Debye length [m]": debye[plane.phase],
                "cells in a Debye length": debye[plane.phase] / plane.size,
            }
            for plane in planes
        ],
        "statistics": [
            {
                "phase": phase,
                "grains": one.grains,
                "mean diameter [m]": one.mean_diameter,
                "spread of the logarithm of the diameter": one.log_spread,
                "mean intercept [m]": one.mean_intercept,
                "boundary density [1/m]": one.boundary_density,
            }
            for phase, one in statistics.items()
        ],
        "grains": _grains(mesh),
        "interfaces": _interfaces(mesh),
        "boundaries": {
            name: {f"measure [{mesh.units.area}]": value} for name, value in mesh.boundary_measures().items()
        },
        "hash": mesh.content_hash(),
        "time [s]": made.seconds,
        "from cache": made.is_from_cache,
        "notes": mesh.notes,
    }
    return MeshReport(
        title=case.title or case.geometry.kind,
        facts=facts,
        statistics=tuple(
            {
                "phase": phase,
                "grains": one.grains,
                "mean diameter [nm]": number(one.mean_diameter * 1e9),
                "spread of its logarithm": number(one.log_spread),
                "mean intercept [nm]": number(one.mean_intercept * 1e9),
                "boundary density [1/m]": number(one.boundary_density),
            }
            for phase, one in statistics.items()
        ),
        layers=tuple(
            {
                "grain": name,
                "thickness [nm]": number(thickness * 1e9),
                "cell height [nm]": number(height * 1e9),
                "cells across": f"{thickness / height:.3g}",
            }
            for name, thickness, height in layers[:MOST_ROWS]
        ),
        space_charge=tuple(
            {
                "plane": plane.name,
                "phase": plane.phase,
                "largest cell [nm]": number(plane.size * 1e9),
                "Debye length [nm]": number(debye[plane.phase] * 1e9),
                "cells in a Debye length": f"{debye[plane.phase] / plane.size:.3g}",
            }
            for plane in planes
        ),
        grains=tuple(grain_rows(mesh, sizes, debye)),
        interfaces=tuple(interface_rows(case, mesh)),
        terminals=tuple(terminal_rows(case, mesh)),
        numbers=numbers,
        notes=mesh.notes,
    )


def thin_layers(case: Case, mesh: MeshData, sizes: npt.NDArray[np.float64]) -> list[tuple[str, float, float]]:
    """Grains that are layers, with their mean thickness and the median height of their cells (m), the thinnest first.

    The thickness is twice the measure over that of the surface, where walls count only if they carry a terminal: other
    walls cut through the layer, or are planes of symmetry inside it. Where the geometry has films of its own, these are
    the layers: the electrolyte between particles, or a flat grain, is none.
    """
    films = case.geometry.film_phases()
    if mesh.dimension == 1:
        thickness = np.bincount(mesh.cell_grain, weights=mesh.cell_measures(), minlength=len(mesh.grains))
    else:
        measures = np.array(list(mesh.grain_measures().values()))
        surface = np.zeros(len(mesh.grains))
        for (a, b), measure in mesh.interface_measures().items():
            surface[a] += measure
            surface[b] += measure
        for name, terminal in case.terminals.items():
            if terminal.holds_potential and name in mesh.boundaries:
                facets = mesh.boundary_facets[mesh.facet_boundary == mesh.boundaries.index(name)]
                which, cells = mesh.cells_at(facets).T
                np.add.at(surface, mesh.cell_grain[cells], mesh.facet_measures(facets[which]))
        thickness = np.divide(2.0 * measures, surface, out=np.full(len(measures), np.inf), where=surface > 0.0)
    whole = float(np.ptp(mesh.points, axis=0).max())
    order = np.argsort(mesh.cell_grain, kind="stable")
    starts = np.searchsorted(mesh.cell_grain[order], np.arange(len(mesh.grains) + 1))
    found = []
    for g, grain in enumerate(mesh.grains):
        cells = order[starts[g] : starts[g + 1]]
        corners = mesh.points[mesh.cells[cells].reshape(-1)]
        extent = whole if mesh.dimension == 1 else float(np.ptp(corners, axis=0).max())
        if thickness[g] < _THIN * extent if films is None else grain.phase in films:
            found.append((grain.name, float(thickness[g]), float(np.median(sizes[cells]))))
    return sorted(found, key=lambda layer: layer[1])


def _grains(mesh: MeshData) -> list[dict[str, Any]]:
    measures, counts = mesh.grain_measures(), mesh.cell_counts()
    unit = mesh.units.volume
    return [
        {
            "name": grain.name,
            "phase": grain.phase,
            "cells": counts[grain.name],
            f"measure [{unit}]": measures[grain.name],
        }
        for grain in mesh.grains
    ]


def _interfaces(mesh: MeshData) -> list[dict[str, Any]]:
    facets = mesh.interface_facets()
    return [
        {
            "grains": [mesh.grains[a].name, mesh.grains[b].name],
            "facets": len(facets[a, b]),
            f"measure [{mesh.units.area}]": measure,
        }
        for (a, b), measure in mesh.interface_measures().items()
    ]
