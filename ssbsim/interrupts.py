"""Ctrl-C, SIGTERM (what a batch system sends) and SIGHUP: asked for in a handler, obeyed where nothing is lost.

A signal may arrive while PETSc, MPI or Gmsh is at work, on one rank of several. Inside :func:`deferred` its handler only notes
it, and the ranks agree on it at safe points (:func:`stop_if_asked`): between iterations of Newton's method, solves, steps and
studies. Inside :func:`immediate`, for work on one rank that loses nothing, the handler raises. Either way :class:`Interrupted`,
a ``KeyboardInterrupt``, reaches the caller, and the handlers of before come back. A second signal ends the process at once.

Handlers are set in the main thread only, as Python demands; a signal that is ignored (``nohup``) or that has a handler of the
caller's own is left alone.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mpi4py import MPI

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: A second signal within so many seconds is the first one, sent twice: to a process and to its group.
_SAME = 0.5


class Interrupted(KeyboardInterrupt):
    """Somebody asked for the end of the work.

    Args:
        number: The signal.
        advice: How to go on, in sentences.
        is_agreed: Whether every rank raises it.
    """

    def __init__(self, number: int, advice: str = "", *, is_agreed: bool = False) -> None:
        super().__init__(number, advice)
        self.number = number
        self.advice = advice
        self.is_agreed = is_agreed

    @property
    def exit_code(self) -> int:
        """What shells say of a process that the signal has ended: 130 for SIGINT, 143 for SIGTERM."""
        return 128 + self.number

    def __str__(self) -> str:
        return f"interrupted by {signal.Signals(self.number).name}" + (f"\n{self.advice}" if self.advice else "")


class _Watch:
    """What is known of signals in this process."""

    def __init__(self) -> None:
        self.before: dict[int, Any] = {}
        self.received = 0
        self.at = 0.0
        self.raises = False
        self.may_end = False

    def handle(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self.received:
            if now - self.at > _SAME:
                signal.signal(number, signal.SIG_DFL)
                os.kill(os.getpid(), number)
            return
        self.received, self.at = number, now
        if self.raises:
            raise Interrupted(number)


_watch = _Watch()


@contextmanager
def _watching(*, raises: bool) -> Iterator[None]:
    is_first = not _watch.before and threading.current_thread() is threading.main_thread()
    raised_before = _watch.raises
    try:
        _watch.raises = raises
        if is_first:
            _watch.received = 0
            for one in SIGNALS:
                if signal.getsignal(one) in (signal.SIG_DFL, signal.default_int_handler):
                    _watch.before[one] = signal.signal(one, _watch.handle)
        if raises:
            _raise_if_received()
        yield
    except Exception as error:
        # What a signal breaks in passing, such as a compiler that it ends as well, is no error of its own.
        if _watch.received and is_first:
            raise Interrupted(_watch.received) from error
        raise
    finally:
        _watch.raises = raised_before
        if is_first:
            for number, handler in _watch.before.items():
                signal.signal(number, handler)
            _watch.before.clear()
            _watch.received = 0


@contextmanager
def deferred() -> Iterator[None]:
    """Inside, a signal is noted and obeyed at the next :func:`stop_if_asked`."""
    with _watching(raises=False):
        yield


@contextmanager
def immediate() -> Iterator[None]:
    """Inside, a signal raises at once: for work that loses nothing and that no other rank waits for but in ``on_root``."""
    with _watching(raises=True):
        yield


@contextmanager
def own_process() -> Iterator[None]:
    """As :func:`immediate`, for a whole command; foreign code that may take long then ends the process (:func:`foreign`)."""
    _watch.may_end = True
    try:
        with immediate():
            yield
    finally:
        _watch.may_end = False


@contextmanager
def foreign() -> Iterator[None]:
    """Around foreign code that may take long and loses nothing, where no Python runs and no handler is heard."""
    numbers = list(_watch.before) if _watch.may_end and _watch.raises else []
    for number in numbers:
        signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, _watch.handle)


def asked(comm: MPI.Comm) -> int:
    """The signal that any rank has received, or 0; collective."""
    if comm.size == 1:
        return _watch.received
    from mpi4py import MPI

    return int(comm.allreduce(_watch.received, op=MPI.MAX))


def stop_if_asked(comm: MPI.Comm) -> None:
    """A safe point; collective.

    Raises:
        Interrupted: A rank has received a signal; on every rank.
    """
    number = asked(comm)
    if number:
        raise Interrupted(number, is_agreed=True)


def _raise_if_received() -> None:
    if _watch.received:
        raise Interrupted(_watch.received)
