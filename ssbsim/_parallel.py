"""Work that one rank does for all: its result or its error reaches every rank."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from mpi4py import MPI

T = TypeVar("T")


def on_root(comm: MPI.Comm, work: Callable[[], T], *, share: bool = True) -> T | None:
    """Run ``work`` on rank 0; every rank gets its result, or raises the error that it raised there.

    Args:
        comm: Communicator; the call is collective.
        work: What to do on rank 0.
        share: Broadcast the result; otherwise the other ranks get ``None``.
    """
    result: T | None = None
    error: Exception | None = None
    if comm.rank == 0:
        try:
            result = work()
        except Exception as caught:  # every kind must reach the other ranks, or they wait for ever
            error = caught
    error = comm.bcast(error, root=0)
    if error is not None:
        raise error
    return comm.bcast(result, root=0) if share else result
