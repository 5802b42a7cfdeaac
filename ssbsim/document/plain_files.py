"""Is a path a plain file that can be read to its end?"""

from __future__ import annotations

import stat
from pathlib import Path

NO_FILE = "there is no such file"


def why_unreadable(path: Path, *, largest: int | None = None) -> str:
    """Why a file cannot be read, or an empty text. Devices and pipes are refused: they may never end, or never begin.

    Args:
        path: What somebody named.
        largest: Bytes beyond which the file is refused.
    """
    try:
        str(path.absolute()).encode("utf-8")
        found = path.stat()
    except UnicodeEncodeError:
        return "its path is not UTF-8 text"
    except (FileNotFoundError, NotADirectoryError):
        return NO_FILE
    except (OSError, ValueError, RuntimeError) as error:
        return getattr(error, "strerror", None) or str(error)
    if stat.S_ISDIR(found.st_mode):
        return "it is a directory"
    if not stat.S_ISREG(found.st_mode):
        return "it is a device or a pipe, not a file"
    if largest is not None and found.st_size > largest:
        return f"it has {found.st_size / 1e6:.1f} MB, and at most {largest / 1e6:g} MB are read"
    return ""


__all__ = ["NO_FILE", "why_unreadable"]
