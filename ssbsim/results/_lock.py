"""One run writes into a folder at a time.

While a run writes, ``.ssbsim-lock`` in its folder says who it is (host, process, a token of its own), the file is locked
by ``flock``, and a thread touches it every ten seconds. The operating system frees an ``flock`` when its process dies, however
it dies, so that on one machine, and on shared disks that know ``flock``, a lock that can be had belongs to nobody. Some shared
disks know it on each machine only, or not at all: there a lock of another machine counts until it was not touched for a minute.
A writer whose token is gone from the file has lost the folder and says so before it writes.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import socket
import threading
import time
import weakref
from pathlib import Path
from typing import Any

from ssbsim.errors import ResultsError

FILE = ".ssbsim-lock"
#: Seconds between signs of life, and without one after which the run of another machine is dead.
_TOUCHED_EVERY = 10.0
_SILENT = 60.0


class FolderLock:
    """The right to write into a folder, until ``release`` or the end of the process.

    Args:
        folder: The folder, which exists.

    Attributes:
        followed_a_death: Whether a run died here that held the lock before.

    Raises:
        ResultsError: Another run writes there.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._token = secrets.token_hex(8)
        descriptor, before = _acquire(self._path)
        self.followed_a_death = before is not None
        text = json.dumps({"host": socket.gethostname(), "process": os.getpid(), "token": self._token})
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text.encode(), 0)
        stop = threading.Event()
        threading.Thread(target=_touch, args=(descriptor, stop), daemon=True).start()
        self._release = weakref.finalize(self, _free, self._path, descriptor, stop, os.getpid())

    def release(self) -> None:
        """Let others write."""
        self._release()

    def verify(self) -> None:
        """Make sure that the folder is still ours.

        Raises:
            ResultsError: Another run has taken it.
        """
        if self._release.alive and _holder(self._path).get("token") != self._token:
            raise ResultsError(
                "Another run has taken the output folder, or its lock was removed.",
                where=str(self._path),
                hint="Continue this run into another folder: ssbsim run CASE --continue OLD --output NEW.",
            )


def _acquire(path: Path) -> tuple[int, dict[str, Any] | None]:
    """A descriptor that holds the lock, and what a run that died left in the file, if one did."""
    while True:
        is_new = not path.exists()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        before = _holder(path)
        silent = time.time() - os.fstat(descriptor).st_mtime
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise _refusal(path, before, "") from None
        except OSError:
            # A disk without flock: what the file says is all there is, on this machine too.
            if before and _is_alive(before, silent):
                os.close(descriptor)
                raise _refusal(path, before, _patience(silent)) from None
        try:
            is_same = os.fstat(descriptor).st_ino == path.stat().st_ino
        except FileNotFoundError:
            is_same = False
        if not is_same:
            # Its holder has just removed it.
            os.close(descriptor)
            continue
        if before and before.get("host") != socket.gethostname() and silent < _SILENT:
            os.close(descriptor)
            raise _refusal(path, before, _patience(silent))
        return descriptor, None if is_new else before


def _is_alive(holder: dict[str, Any], silent: float) -> bool:
    if holder.get("host") != socket.gethostname():
        return silent < _SILENT
    try:
        os.kill(int(holder.get("process", 0)), 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


def _patience(silent: float) -> str:
    return (
        f" If it is dead, try again in {max(1.0, _SILENT - silent):.0f} s: its last sign of life is {silent:.0f} s old."
    )


def _refusal(path: Path, holder: dict[str, Any], patience: str) -> ResultsError:
    who = f"process {holder.get('process', '?')} on {holder.get('host', 'an unknown machine')}"
    return ResultsError(
        f"Another run is writing into the output folder: {who}.",
        where=str(path.parent),
        hint=f"Choose another folder with --output, or wait until that run has ended.{patience}",
    )


def _holder(path: Path) -> dict[str, Any]:
    """What the lock says; a kill may have left nothing."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _touch(descriptor: int, stop: threading.Event) -> None:
    while not stop.wait(_TOUCHED_EVERY):
        try:
            os.utime(descriptor)
        except OSError:
            return


def _free(path: Path, descriptor: int, stop: threading.Event, process: int) -> None:
    # A fork of the process does not hold the lock.
    if os.getpid() == process:
        stop.set()
        try:
            if os.fstat(descriptor).st_ino == path.stat().st_ino:
                path.unlink()
        except OSError:
            pass
        os.close(descriptor)


def is_held(folder: Path) -> bool:
    """Whether a run writes into a folder at present; takes nothing."""
    path = folder / FILE
    if not path.exists():
        return False
    try:
        descriptor, _ = _acquire(path)
    except ResultsError:
        return True
    os.close(descriptor)
    return False
