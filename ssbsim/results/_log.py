"""``log.txt``: everything the program says through the logger "ssbsim", with times."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from os import PathLike
from pathlib import Path

from ssbsim.results import whole_files

FILE = "log.txt"


def open_log(folder: str | PathLike[str], *, level: int = logging.INFO) -> ExitStack:
    """Send the logger "ssbsim" to ``log.txt`` in a run folder from now on.

    Args:
        folder: The run folder.
        level: The least severe messages that are kept.

    Returns:
        A context manager; leaving it, or its ``close()``, ends the log.

    Raises:
        ResultsError: The file cannot be written.
    """
    path = Path(folder) / FILE
    try:
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        raise whole_files.cannot_write(path, error) from error
    handler.setLevel(level)
    handler.setFormatter(logging.Formatter("%(asctime)s.%(msecs)03d %(levelname)-7s %(message)s", "%Y-%m-%d %H:%M:%S"))
    logger = logging.getLogger("ssbsim")
    level_before = logger.level
    logger.addHandler(handler)
    logger.setLevel(min(level, level_before or level))
    stack = ExitStack()
    stack.callback(handler.close)
    stack.callback(logger.setLevel, level_before)
    stack.callback(logger.removeHandler, handler)
    return stack
