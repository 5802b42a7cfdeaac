"""``history.csv``: one row a step, the unit of each column in its name, as in "time [s]".

A row reaches the file in one piece. A kill may still cut the last one short; it then lacks its end of line, and the
reader leaves it out.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ssbsim.errors import ResultsError
from ssbsim.results import whole_files

FILE = "history.csv"


class HistoryWriter:
    """Appends rows to ``history.csv``; the first row fixes the columns."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._columns: list[str] = []
        self.rows = 0

    def take_up(self, rows: int) -> None:
        """Go on after so many rows of an earlier run; what comes after them goes.

        Raises:
            ResultsError: There are fewer.
        """
        text = self._path.read_bytes() if self._path.is_file() else b""
        lines = text.split(b"\n")[:-1][: rows + 1 if rows else 0]
        if rows and len(lines) < rows + 1:
            raise ResultsError(
                f"The history holds {max(len(lines) - 1, 0)} complete rows, and its run had written {rows}.",
                where=str(self._path),
                hint="The file was changed: restore it from a copy, or start the run anew.",
            )
        if lines or text:
            whole_files.write_bytes(self._path, b"".join(line + b"\n" for line in lines))
        self._columns = next(csv.reader([lines[0].decode("utf-8")])) if lines else []
        self.rows = rows

    def sync(self) -> None:
        """Flush the rows to the disk."""
        if self._path.is_file():
            with self._path.open("rb+") as file:
                os.fsync(file.fileno())

    def append(self, row: Mapping[str, float | int | str]) -> None:
        """Write one row and hand it to the operating system.

        Raises:
            ResultsError: The row has other columns than the first one.
        """
        if self._columns and set(row) != set(self._columns):
            missing, extra = sorted(set(self._columns) - set(row)), sorted(set(row) - set(self._columns))
            raise ResultsError(
                "A row of the history has other columns than the rows before it.",
                where=f"{self._path}: missing {missing}, new {extra}",
                hint="Give every column at every step; use NaN where a value does not exist.",
            )
        rows = [] if self._columns else [list(row)]
        self._columns = self._columns or list(row)
        rows.append([_text(row[column]) for column in self._columns])
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerows(rows)
        try:
            with self._path.open("ab", buffering=0) as file:
                file.write(buffer.getvalue().encode("utf-8"))
        except OSError as error:
            raise whole_files.cannot_write(self._path, error) from error
        self.rows += 1


def _text(value: float | int | str) -> str:
    if isinstance(value, str):
        return value.replace("\n", " ")
    # item() turns numpy numbers into Python ones, whose repr is the shortest text that reads back exactly.
    return repr(value.item() if hasattr(value, "item") else value)


def read_history(folder: Path) -> Any:
    """The history as a ``pandas.DataFrame``, without a last row that is not complete.

    Raises:
        ResultsError: There is no history (yet).
    """
    import pandas as pd

    path = folder / FILE
    text = path.read_bytes().decode("utf-8") if path.is_file() else ""
    text = text[: text.rfind("\n") + 1]
    if not text:
        raise ResultsError(
            "The run has no history (so far).", where=str(path), hint="Wait for the first step, or look at log.txt."
        )
    return pd.read_csv(io.StringIO(text), float_precision="round_trip")
