"""The run folder, as it is written. Nothing of a run is ever written outside it.

A hidden file ``.ssbsim-run`` marks a folder as a run folder and lists the free-form files that the run put there.
Only a folder with this mark is ever emptied, and only of what a run writes: notes and pictures that a user keeps there
stay.
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ssbsim.errors import ResultsError
from ssbsim.results import _checkpoint, _lock, whole_files
from ssbsim.results._fields import LENGTH_UNITS, FieldsWriter, take_up_fields
from ssbsim.results._grid import Grid
from ssbsim.results._history import FILE as HISTORY_FILE
from ssbsim.results._history import HistoryWriter
from ssbsim.results._log import FILE as LOG_FILE
from ssbsim.results._vtu import write_vtu

FORMAT = 1
MARKER = ".ssbsim-run"
FILES = (HISTORY_FILE, "fields.pvd", LOG_FILE, "report.html")
FOLDERS = {
    "fields": re.compile(r"\d{4,}\.vtu|names\.json"),
    _checkpoint.FOLDER: re.compile(r"\d{6,}\.(json|npz)"),
    "plots": re.compile(r"[a-z0-9_]+\.(png|svg|pdf)"),
}


class RunFolder:
    """A folder that takes everything one run leaves behind. Made on rank 0 only; other ranks hold None.

    Args:
        path: Made when it does not exist, with its parents.
        overwrite: Remove what an earlier run left there first. A run that died before its first checkpoint is replaced
            in any case.
        go_on: Keep what an earlier run left there, see :meth:`take_up`.

    Raises:
        ResultsError: The folder holds a run (without ``overwrite``), holds something and is no run folder, or another run
            writes into it.
    """

    def __init__(self, path: str | Path, *, overwrite: bool = False, go_on: bool = False) -> None:
        self.path = Path(path)
        self._fields: FieldsWriter | None = None
        self._written: list[str] = []
        self._states = 0
        self._lock = self._claim(overwrite, go_on)
        self._history = HistoryWriter(self.path)

    @classmethod
    def take_up(
        cls, source: str | Path, path: str | Path, held: Mapping[str, Any], *, overwrite: bool = False
    ) -> RunFolder:
        """A folder that holds what a run in ``source`` held at a checkpoint, to go on from there.

        Args:
            source: Folder of the run; it stays as it is, unless it is ``path`` itself.
            path: Where to go on.
            held: What :meth:`held` gave at the checkpoint.
            overwrite: Replace another run that ``path`` holds.

        Raises:
            ResultsError: As for a new folder, or the run has lost files.
        """
        source, path = Path(source), Path(path)
        wanted = {*held["files"], HISTORY_FILE, "fields.pvd", LOG_FILE}
        in_place = path.resolve() == source.resolve()
        folder = cls(path, overwrite=overwrite and not in_place, go_on=in_place)
        folder._written, folder._states = list(held["files"]), int(held["states"])
        try:
            for file in list(_files_of(source)):
                place = file.relative_to(source)
                is_wanted = place.parts[0] == "fields" or str(place) in wanted
                if is_wanted and not in_place:
                    (path / place).parent.mkdir(exist_ok=True)
                    shutil.copy2(file, path / place)
                elif in_place and not is_wanted and file.parent == source:
                    file.unlink()
            folder._history.take_up(int(held["rows"]))
            take_up_fields(path, folder._states)
            folder._mark()
        except OSError as error:
            folder.close()
            raise whole_files.cannot_write(path, error) from error
        except ResultsError:
            folder.close()
            raise
        return folder

    def held(self) -> dict[str, Any]:
        """What the folder holds of the run so far, as plain data, for :meth:`take_up`."""
        return {"rows": self._history.rows, "states": self._states, "files": list(self._written)}

    def close(self) -> None:
        """Let others write into the folder."""
        self._lock.release()

    @classmethod
    def refuse_taken(cls, path: Path, *, overwrite: bool = False) -> None:
        """Raise what making a RunFolder there would raise, if it would; claims nothing."""
        is_run = (path / MARKER).is_file()
        taken = not overwrite if is_run else any(path.iterdir()) if path.is_dir() else path.exists()
        if taken or _lock.is_held(path):
            cls(path, overwrite=overwrite).close()

    def __fspath__(self) -> str:
        return str(self.path)

    def __repr__(self) -> str:
        return f"RunFolder({str(self.path)!r})"

    def write_text(self, name: str, text: str) -> Path:
        """Write a text file into the folder in one atomic step; returns its path."""
        return self.write_bytes(name, text.encode("utf-8"))

    def write_bytes(self, name: str, data: bytes) -> Path:
        """Write any file into the folder in one atomic step; returns its path."""
        path = self.path / self._plain_name(name)
        if name not in self._written:
            self._written.append(name)
            self._mark()
        whole_files.write_bytes(path, data)
        return path

    def write_table(self, name: str, columns: Mapping[str, Any]) -> Path:
        """Write a csv file: columns by name with unit, as in "frequency [Hz]", equally long; numbers exactly."""
        rows = zip(*(np.asarray(values).tolist() for values in columns.values()), strict=True)
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
        return self.write_text(name, text.getvalue())

    def write_array(self, name: str, array: npt.ArrayLike) -> Path:
        """Write an array as npy, readable without pickle."""
        stream = io.BytesIO()
        np.save(stream, np.asarray(array), allow_pickle=False)
        return self.write_bytes(name, stream.getvalue())

    def write_json(self, name: str, data: Mapping[str, Any]) -> Path:
        """Write a JSON file in one atomic step; numpy values are allowed, NaN and infinities become null."""
        return self.write_text(name, whole_files.to_json(data))

    def write_map(self, name: str, grid: Grid, fields: Mapping[str, npt.NDArray[np.float64]], length_unit: str) -> Path:
        """Write a VTU file with fields on the points of a grid, by name and unit, beside those of the steps."""
        path = self.path / self._plain_name(name)
        if name not in self._written:
            self._written.append(name)
            self._mark()
        about = {"length_unit": length_unit, "metres_per_length_unit": LENGTH_UNITS[length_unit]}
        names = {"phases": list(grid.phase_names), "grains": list(grid.grain_names)}
        write_vtu(path, grid, fields, about | names)
        return path

    def open_fields(self, grid: Grid, length_unit: str = "nm") -> None:
        """Say where the fields live. Call it once, before the first ``append_fields``."""
        if self._fields is not None:
            raise ResultsError("The fields of this run are open already.", where=str(self.path))
        self._fields = FieldsWriter(self.path, grid, length_unit)

    def append_fields(self, time: float, study: str, step: int, point_data: Mapping[str, npt.ArrayLike]) -> Path:
        """Save one step.

        Args:
            time: Seconds since the start of the run.
            study: Name of the study that made it; the pictures show the last step of each.
            step: Number of the step within the run.
            point_data: Arrays of shape (n,) or (n, 3) by name and unit, as in "potential [V]"; NaN where a field does
                not exist. The same names at every step.

        Returns:
            The path of the VTU file.
        """
        if self._fields is None:
            raise ResultsError(
                "Fields were appended before their grid was given.", where=str(self.path), hint="Call open_fields."
            )
        self._lock.verify()
        file = self._fields.append(time, study, step, point_data)
        self._states += 1
        return file

    def append_history(self, row: Mapping[str, float | int | str]) -> None:
        """Append one row to ``history.csv``; keys carry units, as in "time [s]", and are the same in every row."""
        self._lock.verify()
        self._history.append(row)

    def write_checkpoint(self, arrays: Mapping[str, npt.ArrayLike], meta: Mapping[str, Any]) -> int:
        """Write a new checkpoint, keep the one before it, drop older ones; returns the number of the generation."""
        self._lock.verify()
        self._history.sync()
        return _checkpoint.write_checkpoint(self.path / _checkpoint.FOLDER, arrays, meta)

    def _plain_name(self, name: str) -> str:
        if not name or Path(name).name != name or name.startswith(".") or name in {*FILES, *FOLDERS}:
            raise ResultsError(
                f"{name!r} is no name for a file of a run.",
                where=str(self.path),
                hint=f"Give a plain file name, other than {', '.join([*FILES, *FOLDERS])}.",
            )
        return name

    def _claim(self, overwrite: bool, go_on: bool) -> _lock.FolderLock:
        marker = self.path / MARKER
        lock: _lock.FolderLock | None = None
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if not marker.is_file() and any(file.name != _lock.FILE for file in self.path.iterdir()):
                raise ResultsError(
                    "The output folder holds files and is not a run folder; nothing was touched.",
                    where=str(self.path),
                    hint="Choose another folder with --output.",
                )
            lock = _lock.FolderLock(self.path)
            is_run = marker.is_file()
            died_early = lock.followed_a_death and not _checkpoint.is_there(self.path)
            if go_on:
                read_marker(self.path)
                return lock
            if is_run and not overwrite and not died_early:
                raise ResultsError(
                    "The output folder already holds a run.",
                    where=str(self.path),
                    hint="Give --overwrite to replace the run, --continue to go on with it, or choose another folder with "
                    "--output.",
                )
            if is_run:
                _empty(self.path)
            marker.write_text(self._marker_text(), encoding="utf-8")
        except FileExistsError as error:
            what = "A part of the output path is a link that leads to no folder."
            if self.path.is_symlink():
                what = "The output path is a link that leads to no folder."
            elif self.path.is_file():
                what = "The output path is a file."
            raise ResultsError(what, where=str(self.path), hint="Choose another folder with --output.") from error
        except OSError as error:
            raise whole_files.cannot_write(self.path, error) from error
        except ResultsError:
            if lock is not None:
                lock.release()
            raise
        return lock

    def _mark(self) -> None:
        whole_files.write_text(self.path / MARKER, self._marker_text())

    def _marker_text(self) -> str:
        return whole_files.to_json({"what": "ssbsim run folder", "format": FORMAT, "files": self._written})


def read_marker(path: Path) -> dict[str, Any]:
    """What the marker of a run folder says.

    Raises:
        ResultsError: No run folder, or one of a later version.
    """
    marker = path / MARKER
    if not marker.is_file():
        raise ResultsError(
            "This is not a run folder." if path.is_dir() else "There is no such folder.",
            where=str(path),
            hint=f"Give the folder that `ssbsim run` named at its end (it holds a file {MARKER}).",
        )
    try:
        content = json.loads(marker.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        content = {}  # A kill within the very first write; the folder is empty but for the marker.
    if not isinstance(content, dict) or not isinstance(content.get("files", []), list):
        raise ResultsError(
            f"The file {MARKER} of the folder was not written by ssbsim; nothing was touched.",
            where=str(path),
            hint="Choose another folder.",
        )
    if content.get("format", FORMAT) != FORMAT:
        raise ResultsError(
            f"The run folder has format {content['format']!r}; this ssbsim reads format {FORMAT}.",
            where=str(path),
            hint="Use a later version of ssbsim.",
        )
    return content


def is_without_checkpoint(path: str | Path) -> bool:
    """Whether this is the folder of a run that has written no checkpoint."""
    return (Path(path) / MARKER).is_file() and not _checkpoint.is_there(Path(path))


def _empty(path: Path) -> None:
    """Remove what a run writes, and nothing else; the marker stays until the new run rewrites it."""
    for file in list(_files_of(path)):
        file.unlink()
    for name in FOLDERS:
        folder = path / name
        if folder.is_symlink():
            folder.unlink()
        elif folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _files_of(path: Path) -> Iterator[Path]:
    """What a run has written into a folder, its marker and its lock aside."""
    names = [name for name in read_marker(path).get("files", []) if Path(str(name)).name == name]
    for name in (*FILES, *names):
        for file in (path / name, path / f".{name}{whole_files.TEMPORARY_SUFFIX}"):
            if file.is_file() or file.is_symlink():
                yield file
    for name, pattern in FOLDERS.items():
        folder = path / name
        if folder.is_dir() and not folder.is_symlink():
            for file in folder.iterdir():
                bare = re.sub(rf"^\.(.*){re.escape(whole_files.TEMPORARY_SUFFIX)}$", r"\1", file.name)
                if pattern.fullmatch(bare) and not file.is_dir():
                    yield file
