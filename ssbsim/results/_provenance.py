"""``provenance.json``: what made the numbers of a run.

It holds versions, platform, command line and options. It holds neither the name of the machine nor paths on it, other
than that of the case file, so that a run folder can be published as it is.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

FORMAT = 1


def provenance(
    *,
    versions: Mapping[str, str] | None = None,
    case_file: str | Path | None = None,
    options: Mapping[str, Any] | None = None,
    command: Sequence[str] | None = None,
    ranks: int = 1,
) -> dict[str, Any]:
    """What is known about the making of a run, ready for ``RunFolder.write_json``.

    Args:
        versions: Versions of what the caller has loaded (dolfinx, petsc, ...), by name.
        case_file: The input file; kept as an absolute path.
        options: Options that the user gave.
        command: The command line; by default that of this process.
        ranks: Number of MPI processes.
    """
    import numpy as np

    words = list(sys.argv if command is None else command)
    return {
        "format": FORMAT,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {
            "ssbsim": _own_version(),
            "python": platform.python_version(),
            "numpy": np.__version__,
            **(versions or {}),
        },
        "platform": {"system": platform.system(), "machine": platform.machine(), "cpus": os.cpu_count()},
        "ranks": ranks,
        "command": [_without_folders(word) for word in words],
        "case_file": None if case_file is None else str(Path(case_file).absolute()),
        "options": {name: _without_folders(value) for name, value in (options or {}).items()},
    }


def _own_version() -> str:
    version = getattr(import_module("ssbsim"), "__version__", None)
    if version is None:
        try:
            version = metadata.version("ssbsim")
        except metadata.PackageNotFoundError:
            version = "unknown"
    return str(version)


def _without_folders(value: Any) -> Any:
    """Shorten absolute paths, alone or after "=", to their last part."""
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, Mapping):
        return {key: _without_folders(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_folders(item) for item in value]
    if not isinstance(value, str):
        return value
    option, equals, path = value.rpartition("=")
    return option + equals + (Path(path).name if path.startswith(("/", "~")) else path)
