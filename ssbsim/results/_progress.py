"""How far a study is: a bar with the time left on a terminal, now and then a plain line anywhere else."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    import rich.progress


class Progress:
    """Shows the progress of one study on stderr, as a context manager.

    ::

        with Progress("transient", total=duration, rank=comm.rank) as progress:
            progress.update(t, "t = 1 ms, 3 iterations")

    Args:
        title: Name of the study.
        total: What ``done`` reaches at the end; None when nobody knows (a spinner or plain counts then).
        rank: Ranks other than 0 show nothing.
        stream: Where to write; stderr by default.
        interval: Least seconds between two plain lines.
        patience: Seconds that all must take for the plain line at the end to be written.
    """

    def __init__(
        self,
        title: str,
        total: float | None = None,
        *,
        rank: int = 0,
        stream: TextIO | None = None,
        interval: float = 5.0,
        patience: float = 0.0,
    ) -> None:
        self._title = title
        self._total = total if total and total > 0 else None
        self._is_silent = rank != 0
        self._stream = sys.stderr if stream is None else stream
        self._interval = interval
        self._patience = patience
        self._done = 0.0
        self._text = ""
        self._start = self._last = time.monotonic()
        self._bar: rich.progress.Progress | None = None
        self._task: rich.progress.TaskID | None = None

    def __enter__(self) -> Progress:
        self._start = self._last = time.monotonic()
        if not self._is_silent and self._stream.isatty():
            self._bar = _make_bar(self._stream, has_total=self._total is not None)
            self._task = self._bar.add_task(self._title, total=self._total, text="")
            self._bar.start()
        return self

    def update(self, done: float, text: str = "") -> None:
        """Say how much is done (out of ``total``) and, in a few words, what is going on."""
        self._done, self._text = done, text
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, text=text)
        elif not self._is_silent and time.monotonic() - self._last >= self._interval:
            self._last = time.monotonic()
            self._line(self._state())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            if kind is None and self._task is not None and self._total is not None:
                self._bar.update(self._task, completed=self._total)
            self._bar.stop()
        elif not self._is_silent and time.monotonic() - self._start >= self._patience:
            elapsed = _duration(time.monotonic() - self._start)
            self._line(f"done in {elapsed}" if kind is None else f"stopped after {elapsed}, {self._state()}")

    def _state(self) -> str:
        elapsed = time.monotonic() - self._start
        parts = [f"{_duration(elapsed)} elapsed"]
        if self._total is not None:
            share = min(max(self._done / self._total, 0.0), 1.0)
            parts.insert(0, f"{100 * share:3.0f} %")
            if share > 0:
                parts.append(f"{_duration(elapsed * (1 - share) / share)} left")
        return ", ".join([*parts, self._text] if self._text else parts)

    def _line(self, text: str) -> None:
        self._stream.write(f"{self._title}: {text}\n")
        self._stream.flush()


def _make_bar(stream: TextIO, *, has_total: bool) -> rich.progress.Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        ProgressColumn,
        SpinnerColumn,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns: list[ProgressColumn] = [SpinnerColumn(), TextColumn("{task.description}", markup=False)]
    if has_total:
        columns += [BarColumn(bar_width=30), TaskProgressColumn()]
    columns.append(TimeElapsedColumn())
    if has_total:
        columns += [TextColumn("left"), TimeRemainingColumn()]
    columns.append(TextColumn("{task.fields[text]}", markup=False))
    return Progress(*columns, console=Console(file=stream), redirect_stdout=False)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
