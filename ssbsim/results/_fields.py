"""Fields in time: one VTU file a step, bound together by ``fields.pvd``.

Layout (format 1)::

    fields.pvd           what ParaView and pyvista open; lists the steps
    fields/0000.vtu ...  one saved step each: points, cells, "phase" and "grain" of cells, the fields on points
    fields/names.json    units, names of phases and grains, and the time, study and step of each file

The VTU files are binary (appended, zlib), coordinates in the length unit of the run. Everything in ``names.json``
that a person wants to see in ParaView is also in the field data of each VTU file ("Information" panel).

A step is written in the order VTU, names.json, fields.pvd, each by an atomic rename: a list never names a file that
is not complete. ParaView needs times that grow from step to step. Studies without a time (equilibrium, steady) repeat
one, and then ``fields.pvd`` counts the steps instead; ``pvd_timestep`` in names.json says which of the two it is.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ssbsim.errors import ResultsError
from ssbsim.results import whole_files
from ssbsim.results._grid import Grid

FORMAT = 1
LENGTH_UNITS = {"m": 1.0, "mm": 1e-3, "um": 1e-6, "nm": 1e-9, "angstrom": 1e-10, "pm": 1e-12}


class FieldsWriter:
    """Writes the saved steps of one run.

    Args:
        folder: The run folder.
        grid: Where the fields live; the same for the whole run.
        length_unit: Unit of the coordinates in the files: one of ``LENGTH_UNITS``.
    """

    def __init__(self, folder: Path, grid: Grid, length_unit: str) -> None:
        if length_unit not in LENGTH_UNITS:
            raise ResultsError(
                f"Unknown length unit {length_unit!r} for the fields.",
                where="output.length_unit",
                hint=f"Use one of {', '.join(LENGTH_UNITS)}.",
            )
        self._folder = folder
        self._grid = grid
        self._names: list[str] = []
        self._steps: list[dict[str, Any]] = []
        self._header: dict[str, Any] = {
            "format": FORMAT,
            "length_unit": length_unit,
            "metres_per_length_unit": LENGTH_UNITS[length_unit],
            "cell_type": grid.cell_type,
            "phase_names": list(grid.phase_names),
            "grain_names": list(grid.grain_names),
        }
        (folder / "fields").mkdir(exist_ok=True)
        if (folder / "fields" / "names.json").is_file():
            before = read_names(folder)
            self._names, self._steps = before["point_data"], before["steps"]

    def append(self, time: float, study: str, step: int, point_data: Mapping[str, npt.ArrayLike]) -> Path:
        """Write one step and list it; returns the path of its VTU file."""
        where = f"fields of study {study!r} at time {time:g} s"
        if not math.isfinite(time):
            raise ResultsError(f"A saved step needs a finite time, not {time}.", where=where)
        from ssbsim.results._vtu import write_vtu  # loads VTK

        arrays = {name: self._checked(name, values, where) for name, values in point_data.items()}
        if self._steps and sorted(arrays) != sorted(self._names):
            raise ResultsError(
                f"The saved fields changed from {sorted(self._names)} to {sorted(arrays)}.",
                where=where,
                hint="Give the same fields at every step; use NaN where one does not exist.",
            )
        self._names = list(arrays)
        path = self._folder / "fields" / f"{len(self._steps):04d}.vtu"
        about: dict[str, Any] = {"time [s]": float(time), "study": study, "step": int(step)}
        write_vtu(path, self._grid, arrays, {**self._header, **about})
        self._steps.append({"file": path.name, "time": float(time), "study": study, "step": int(step)})
        self._write_lists()
        return path

    def _checked(self, name: str, values: npt.ArrayLike, where: str) -> npt.NDArray[np.float64]:
        array = np.ascontiguousarray(values, dtype=np.float64)
        n = len(self._grid.points)
        if array.shape not in {(n,), (n, 3)}:
            raise ResultsError(f"Field {name!r} has shape {array.shape}; expected ({n},) or ({n}, 3).", where=where)
        return array

    def _write_lists(self) -> None:
        _write_lists(self._folder, {**self._header, "point_data": self._names}, self._steps)


def _write_lists(folder: Path, header: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]) -> None:
    times = [step["time"] for step in steps]
    is_growing = all(late > early for early, late in zip(times, times[1:], strict=False))
    names = {**header, "pvd_timestep": "time [s]" if is_growing else "index of the saved step", "steps": steps}
    whole_files.write_text(folder / "fields" / "names.json", whole_files.to_json(names))
    stamps = map(repr, times) if is_growing else map(str, range(len(times)))
    rows = "".join(
        f'    <DataSet timestep="{stamp}" group="" part="0" file="fields/{step["file"]}"/>\n'
        for stamp, step in zip(stamps, steps, strict=True)
    )
    text = f'<?xml version="1.0"?>\n<VTKFile type="Collection" version="0.1">\n  <Collection>\n{rows}'
    whole_files.write_text(folder / "fields.pvd", text + "  </Collection>\n</VTKFile>\n")


def take_up_fields(folder: Path, states: int) -> None:
    """Keep the first saved states of a run folder and remove those after them.

    Raises:
        ResultsError: There are fewer.
    """
    listed = (folder / "fields" / "names.json").is_file()
    names = read_names(folder) if listed else {"steps": []}
    kept, gone = names["steps"][:states], names["steps"][states:]
    if len(kept) < states or not all((folder / "fields" / step["file"]).is_file() for step in kept):
        raise ResultsError(
            f"Of the {states} states that the run had saved some are gone.",
            where=str(folder / "fields"),
            hint="Files were removed: restore them from a copy, or start the run anew.",
        )
    if kept and gone:
        _write_lists(folder, names, kept)
    elif gone:
        for file in (folder / "fields.pvd", folder / "fields" / "names.json"):
            file.unlink(missing_ok=True)
    # A kill may have left a file that no list names.
    files = {step["file"] for step in kept}
    for file in (folder / "fields").glob("*.vtu"):
        if file.name not in files:
            file.unlink()


def read_names(folder: Path) -> dict[str, Any]:
    """The list of saved steps of a run folder.

    Raises:
        ResultsError: No step was saved, or the list has a format of a later version.
    """
    path = folder / "fields" / "names.json"
    if not path.is_file():
        raise ResultsError(
            "No fields were saved in this run (so far).",
            where=str(path),
            hint="Wait for the first output time, or ask for fields under `output:` in the case.",
        )
    names: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if names.get("format") != FORMAT:
        raise ResultsError(
            f"The fields have format {names.get('format')!r}; this ssbsim reads format {FORMAT}.",
            where=str(path),
            hint="Read them with the version in provenance.json; ParaView opens fields.pvd in any case.",
        )
    return names
