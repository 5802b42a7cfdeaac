"""Work that one rank does for all: its result or its error reaches every rank."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from mpi4py import MPI

T = TypeVar("T")


def _portable(error: BaseException) -> BaseException:
    """The error itself if it survives the way to another rank, else one that says the same."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # whatever a foreign class does when it is copied
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def on_root(comm: MPI.Comm, work: Callable[[], T], *, share: bool = True) -> T | None:
    """Run ``work`` on rank 0; every rank gets its result, or raises the error that it raised there.

    Args:
        comm: Communicator; the call is collective.
        work: What to do on rank 0.
        share: Broadcast the result; otherwise the other ranks get ``None``.
    """
    result: T | None = None
    error: BaseException | None = None
    if comm.rank == 0:
        try:
            result = work()
        except (Exception, KeyboardInterrupt) as caught:  # every kind must reach the other ranks, or they wait for ever
            error = caught
    sent = comm.bcast(None if error is None else _portable(error), root=0)
    if error is not None:
        raise error
    if sent is not None:
        raise sent
    return comm.bcast(result, root=0) if share else result
