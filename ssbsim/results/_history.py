"""``history.csv``: one row a step, the unit of each column in its name, as in "time [s]".

A row reaches the file in one piece. A kill may still cut the last one short; it then lacks its end of line, and the
reader leaves it out.
"""

from __future__ import annotations

import csv
import io
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
