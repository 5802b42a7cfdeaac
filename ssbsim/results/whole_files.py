"""Files that are either whole or not there: write beside, flush to the disk, rename.

A rename within one folder is atomic on POSIX file systems, so that a reader, or whoever comes after a kill, sees the
old file or the new one and never a part.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ssbsim.errors import ResultsError

TEMPORARY_SUFFIX = ".tmp"


def sync_folder(folder: Path) -> None:
    """Flush a folder's list of names to the disk, so that a rename in it outlives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_file(path: Path, write: Callable[[Path], None]) -> None:
    """Let ``write`` make a file under a temporary name, then put it in the place of ``path`` in one step.

    Raises:
        ResultsError: The disk is full, or the folder is gone or read-only.
    """
    temporary = path.with_name(f".{path.name}{TEMPORARY_SUFFIX}")
    try:
        write(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise cannot_write(path, error) from error
        raise


def write_bytes(path: Path, data: bytes) -> None:
    """Write a whole file in one atomic step."""

    def write(temporary: Path) -> None:
        temporary.write_bytes(data)

    replace_file(path, write)


def write_text(path: Path, text: str) -> None:
    """Write a whole UTF-8 file in one atomic step."""
    write_bytes(path, text.encode("utf-8"))


def cannot_write(path: Path, error: OSError) -> ResultsError:
    """The error for a file that the operating system would not take."""
    return ResultsError(
        f"Cannot write {path.name}: {error.strerror or error}.",
        where=str(path),
        hint="Check the free space, the quota and the permissions there, or choose another folder with --output.",
    )


def to_json(data: Mapping[str, Any]) -> str:
    """JSON text of a dict that may hold numpy numbers, arrays and paths.

    Strict JSON knows neither NaN nor infinity; both become ``null``, which every reader understands as "no value".
    """
    return json.dumps(_plain(data), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if hasattr(value, "tolist"):  # numpy arrays and numpy scalars
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return value
