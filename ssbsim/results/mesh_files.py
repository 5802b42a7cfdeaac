"""A mesh in a folder: for ssbsim and Gmsh (``mesh.msh``), for ParaView (``mesh.vtu``), as a picture, and a report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ssbsim.geometry import MeshData, save_mesh
from ssbsim.results import whole_files
from ssbsim.results._fields import LENGTH_UNITS
from ssbsim.results._grid import Grid


def write_mesh_files(
    mesh: MeshData,
    folder: Path,
    report: Mapping[str, Any],
    report_text: str,
    *,
    length_unit: str = "nm",
    picture: bool = True,
) -> list[Path]:
    """Write the files of a mesh; each appears whole or not at all.

    Args:
        mesh: A valid mesh.
        folder: Made if it is not there; files of the same names are replaced.
        report: For mesh_report.json.
        report_text: For mesh_report.md.
        length_unit: Of the coordinates in mesh.vtu; those in mesh.msh are metres.
        picture: Draw mesh.png.

    Returns:
        The files.

    Raises:
        ResultsError: One cannot be written.
    """
    from ssbsim.results._vtu import write_vtu

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise whole_files.cannot_write(folder, error) from error
    names = ("mesh.msh", "mesh.vtu", "mesh_report.json", "mesh_report.md", *(["mesh.png"] if picture else []))
    paths = [folder / name for name in names]

    def save(temporary: Path) -> None:
        named = temporary.with_name(f"{temporary.name}.msh")  # the format goes by the extension
        try:
            save_mesh(mesh, named)
            named.replace(temporary)
        finally:
            named.unlink(missing_ok=True)

    whole_files.replace_file(paths[0], save)
    about = {
        "length_unit": length_unit,
        "metres_per_length_unit": LENGTH_UNITS[length_unit],
        "phase_names": mesh.phases,
        "grain_names": tuple(grain.name for grain in mesh.grains),
    }
    write_vtu(paths[1], _grid(mesh), {}, about)
    whole_files.write_text(paths[2], whole_files.to_json(report))
    whole_files.write_text(paths[3], report_text)
    if picture:
        from ssbsim.results.pictures.draw import picture_bytes
        from ssbsim.results.pictures.geometry import draw_geometry

        whole_files.write_bytes(paths[4], picture_bytes(draw_geometry(mesh), "png", dpi=200))
    return paths


def _grid(mesh: MeshData) -> Grid:
    points = np.zeros((len(mesh.points), 3))
    points[:, : mesh.dimension] = mesh.points
    return Grid(
        points=points,
        cells=mesh.cells,
        cell_type=mesh.cell_type,
        phase=mesh.cell_phase,
        grain=mesh.cell_grain,
        phase_names=mesh.phases,
        grain_names=tuple(grain.name for grain in mesh.grains),
    )
