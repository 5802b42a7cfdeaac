"""When Newton's method has converged, and where it has not: updates in kT."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from mpi4py import MPI

Floats = npt.NDArray[np.float64]

#: Error left in y after a solve, in kT.
ERROR_LEFT = 1e-9
#: Updates below this that no longer shrink are rounding.
ROUNDING = 1e-6


def is_settled(updates: Sequence[float]) -> bool:
    """Whether full steps of Newton's method with these updates (kT) leave no error that matters."""
    step = updates[-1]
    if step == 0.0:
        return True
    if len(updates) == 1:
        return step < 0.1 * ERROR_LEFT
    theta = step / updates[-2] if updates[-2] > 0 else 0.0
    return (theta < 0.9 and step * theta / (1.0 - theta) < ERROR_LEFT) or (theta >= 0.5 and step < ROUNDING)


def largest_row(comm: MPI.Comm, update: Floats) -> tuple[int, int]:
    """Local row and rank of the largest update."""
    clean = np.nan_to_num(np.abs(update), nan=np.inf)
    row = int(np.argmax(clean)) if len(clean) else -1
    value = float(clean[row]) if len(clean) else -1.0
    everyone = comm.allgather((value, row))
    rank = max(range(len(everyone)), key=lambda r: everyone[r][0])
    return everyone[rank][1], rank


__all__ = ["ERROR_LEFT", "ROUNDING", "is_settled", "largest_row"]
