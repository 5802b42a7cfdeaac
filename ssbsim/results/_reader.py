"""Reading a run folder back: tables, arrays and profiles, also while the run is still going."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ssbsim.errors import ResultsError
from ssbsim.results import _checkpoint, _fields, _history
from ssbsim.results._folder import read_marker
from ssbsim.results._grid import Grid
from ssbsim.results._names import nearest, split_unit
from ssbsim.results._profile import AXES, line_through

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from ssbsim.results._vtu import VtuFile


@dataclass(frozen=True)
class SavedStep:
    """One saved state of the fields.

    Args:
        file: Path of its VTU file.
        time: Seconds.
        study: Name of the study that made it.
        step: Number of the step within the run.
    """

    file: Path
    time: float
    study: str
    step: int


class Results:
    """What a run left behind. Made by ``open_results``.

    Everything is read when it is first asked for, and kept. Open the folder again to see what a run that is still
    going has added.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = Path(path)
        read_marker(self.path)

    @cached_property
    def summary(self) -> dict[str, Any]:
        """``summary.json``: {"format": 1, "quantities": {name: {"value", "unit", "how"}}}. Written at the end."""
        return self._json("summary.json")

    @cached_property
    def audit(self) -> dict[str, Any]:
        """``audit.json``: the balances of charge and of each species."""
        return self._json("audit.json")

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """``provenance.json``: versions, options, command line."""
        return self._json("provenance.json")

    def table(self, name: str) -> pd.DataFrame:
        """A table that a study left, by the name of its file without extension, as in ``table("impedance")``.

        Raises:
            ResultsError: There is none of this name.
        """
        import pandas

        return pandas.read_csv(self._left(f"{name}.csv"), float_precision="round_trip")

    def table_names(self, *beginnings: str) -> list[str]:
        """Names of the tables that studies left: those that are one of these words, or begin with one that ends in "_"."""
        there = [str(file) for file in read_marker(self.path).get("files", []) if str(file).endswith(".csv")]
        names = sorted(file.removesuffix(".csv") for file in there)
        return [n for n in names if any(n == b or (b.endswith("_") and n.startswith(b)) for b in beginnings)]

    @property
    def impedance(self) -> pd.DataFrame:
        """The impedance spectrum, a row a frequency; of several studies take ``table("impedance_2")`` and so on.

        The contributions of phases and interfaces are in ``table("impedance_contributions")``.

        Raises:
            ResultsError: The run has none, or several.
        """
        return self.table("impedance")

    def array(self, name: str) -> npt.NDArray[Any]:
        """An array that a study left, by the name of its file without extension.

        Raises:
            ResultsError: There is none of this name.
        """
        array: npt.NDArray[Any] = np.load(self._left(f"{name}.npy"), allow_pickle=False)
        return array

    def _left(self, name: str) -> Path:
        there = sorted(str(file) for file in read_marker(self.path).get("files", []))
        if name in there and (self.path / name).is_file():
            return self.path / name
        suffix = Path(name).suffix
        same = ", ".join(file.removesuffix(suffix) for file in there if file.endswith(suffix))
        raise ResultsError(
            f"The run has no {name}.", where=str(self.path), hint=f"There is: {same or 'none of the kind'}."
        )

    @cached_property
    def resolved(self) -> dict[str, Any]:
        """``resolved.yaml``: the case with every default and library value filled in."""
        from ruamel.yaml import YAML

        content: dict[str, Any] = YAML(typ="safe", pure=True).load(self._file("resolved.yaml"))
        return content

    @cached_property
    def history(self) -> pd.DataFrame:
        """``history.csv``: a row a step; the columns carry their units, as in "time [s]"."""
        table: pd.DataFrame = _history.read_history(self.path)
        return table

    @cached_property
    def steps(self) -> tuple[SavedStep, ...]:
        """The saved states of the fields, in the order they were made."""
        folder = self.path / "fields"
        return tuple(SavedStep(folder / s["file"], s["time"], s["study"], s["step"]) for s in self._names["steps"])

    @cached_property
    def times(self) -> npt.NDArray[np.float64]:
        """Time of each saved state in seconds; studies without a time repeat one."""
        return np.array([step.time for step in self.steps])

    @cached_property
    def grid(self) -> Grid:
        """Points (m), cells, and phase and grain of each cell."""
        return self.read_step(0).grid(self._names)

    @property
    def cells(self) -> npt.NDArray[np.int64]:
        """Indices into the points, shape (m, vertices)."""
        return self.grid.cells

    @property
    def phase(self) -> npt.NDArray[np.int32]:
        """Index into ``grid.phase_names`` of each cell."""
        return self.grid.phase

    @property
    def grain(self) -> npt.NDArray[np.int32]:
        """Index into ``grid.grain_names`` of each cell."""
        return self.grid.grain

    @property
    def field_names(self) -> dict[str, str]:
        """Names of the saved fields, with the unit of each."""
        return dict(split_unit(name) for name in self._names["point_data"])

    @cached_property
    def fields(self) -> xr.Dataset:
        """Every field at every saved state.

        Variables have the names of the fields without units, which are in ``attrs["units"]``; dims (time, point), and
        (time, point, component) for vectors. Coordinates: time (s), study and step along time; x, y, z (m) along point.
        This reads all saved states; ``profile`` reads one.
        """
        import xarray as xr

        stacks: dict[str, list[npt.NDArray[np.float64]]] = {name: [] for name in self._names["point_data"]}
        for index in range(len(self.steps)):
            state = self.read_step(index)
            for name, stack in stacks.items():
                stack.append(state.values(name))
        variables = {}
        for name, stack in stacks.items():
            bare, unit = split_unit(name)
            dims = ("time", "point", "component")[: 1 + stack[0].ndim]
            variables[bare] = (dims, np.stack(stack), {"units": unit, "long_name": bare})
        points = self.grid.points
        coordinates: dict[str, Any] = {
            "time": ("time", self.times, {"units": "s"}),
            "study": ("time", [step.study for step in self.steps]),
            "step": ("time", [step.step for step in self.steps]),
            **{axis: ("point", points[:, i], {"units": "m"}) for i, axis in enumerate(AXES)},
        }
        if any(dims[-1] == "component" for dims, _, _ in variables.values()):
            coordinates["component"] = list(AXES)
        return xr.Dataset(variables, coordinates, attrs={"run": self.path.name})

    def profile(
        self, field: str, time: int | float = -1, axis: str = "x", *, through: tuple[float, ...] | None = None
    ) -> pd.DataFrame:
        """One field along a straight line, with both values where it jumps between grains.

        Args:
            field: Its name, with or without the unit.
            time: A whole number counts saved states (-1 is the last one); a float is a time in seconds, which must be
                one of ``times`` (the last state at that time is taken).
            axis: Direction of the line.
            through: The other coordinates of the line in metres; by default the middle of the grid.

        Returns:
            Columns: the axis (m), "value" (in the unit of the field, see ``attrs["units"]``), and "grain" (name).
            Of a vector, the component along the axis.

        Raises:
            ResultsError: No such field, time or line.
        """
        return profiles_of(self, [self._full_name(field)], self._index(time), axis, through)[0]

    def read_step(self, index: int) -> VtuFile:
        """Read one saved state from the disk; nothing of it is kept."""
        from ssbsim.results._vtu import VtuFile

        return VtuFile(self.steps[index].file)

    def checkpoint(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """The newest complete checkpoint: arrays and meta data."""
        return _checkpoint.read_checkpoint(self.path)

    def __repr__(self) -> str:
        lines = [f"Results of {self.path}"]
        try:
            grid, steps = self.grid, self.steps
        except ResultsError as error:
            lines.append(f"  fields   {error.what}")
        else:
            studies = list(dict.fromkeys(step.study for step in steps))
            lines += [
                f"  grid     {len(grid.cells)} cells in {grid.dimension}D; grains {', '.join(grid.grain_names)}",
                f"  studies  {', '.join(studies)}",
                f"  states   {len(steps)}, from {self.times[0]:g} s to {self.times[-1]:g} s",
                f"  fields   {', '.join(f'{n} [{u}]' if u else n for n, u in self.field_names.items())}",
            ]
        try:
            for name, entry in self.summary.get("quantities", {}).items():
                lines.append(f"  {name}: {value_text(entry)}")
        except ResultsError:
            lines.append("  summary  none: the run is still going, or stopped before its end")
        return "\n".join(lines)

    @cached_property
    def _names(self) -> dict[str, Any]:
        return _fields.read_names(self.path)

    def _full_name(self, field: str) -> str:
        names: list[str] = self._names["point_data"]
        for name in names:
            if field in (name, split_unit(name)[0]):
                return name
        raise ResultsError(
            f"There is no field {field!r} in this run.",
            where=str(self.path),
            hint=nearest(field, list(self.field_names)),
        )

    def _index(self, time: int | float) -> int:
        times = self.times
        if isinstance(time, (int, np.integer)):
            if -len(times) <= time < len(times):
                return int(time) % len(times)
            what = f"There is no saved state {time}: there are {len(times)}."
        else:
            hits = np.flatnonzero(np.isclose(times, time, rtol=1e-9, atol=0.0))
            if len(hits):
                return int(hits[-1])
            what = f"No state was saved at {time:g} s."
        listed = ", ".join(f"{t:g}" for t in times[:20]) + (", ..." if len(times) > 20 else "")
        raise ResultsError(what, where=str(self.path), hint=f"Saved times in s: {listed}.")

    def _json(self, name: str) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self._file(name).read_text(encoding="utf-8"))
        return content

    def _file(self, name: str) -> Path:
        path = self.path / name
        if not path.is_file():
            raise ResultsError(
                f"The run has no {name}.",
                where=str(self.path),
                hint="It is written when the run ends. If the run is over, log.txt says why it stopped.",
            )
        return path


def profiles_of(
    results: Results, names: Sequence[str], index: int, axis: str = "x", through: tuple[float, ...] | None = None
) -> list[pd.DataFrame]:
    """Profiles of several fields, by name with unit, of one saved state that is read once; see ``Results.profile``."""
    import pandas as pd

    grid, state = results.grid, results.read_step(index)
    line = line_through(grid, axis, through)
    grains = np.array(grid.grain_names, dtype=object)[grid.grain[line.cell]]
    tables = []
    for name in names:
        values = state.values(name)
        if values.ndim == 2:
            values = values[:, AXES.index(axis)]
        table = pd.DataFrame({axis: line.position, "value": line.interpolate(grid, values), "grain": grains})
        bare, unit = split_unit(name)
        table.attrs = {"field": bare, "units": unit, "time": results.steps[index].time}
        tables.append(table)
    return tables


def value_text(entry: Any) -> str:
    """A quantity of the summary as text, as in "0.201 V"."""
    value = entry.get("value") if isinstance(entry, dict) else entry
    unit = entry.get("unit", "") if isinstance(entry, dict) else ""
    if value is None:
        return "not available"
    number = f"{value:.6g}" if isinstance(value, float) else str(value)
    return number if unit in ("", "1") else f"{number} {unit}"


def open_results(folder: str | PathLike[str]) -> Results:
    """Open a run folder for reading.

    Raises:
        ResultsError: It is no run folder, or was written by a later version.
    """
    return Results(folder)
