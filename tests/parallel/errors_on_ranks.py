"""Run under mpirun by test_errors.py: what every rank gets when rank 0 fails, as JSON."""

from __future__ import annotations

import json
import sys

from mpi4py import MPI
from mpi_runner import abort_on_error
from pydantic_core import PydanticCustomError

from ssbsim import CaseError
from ssbsim._parallel import on_root

COMM = MPI.COMM_WORLD


class Unportable(Exception):  # noqa: N818
    """An exception whose copy cannot be made, as many have."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} {second}")


def ours() -> None:
    raise CaseError("what", where="where", hint="hint")


def unportable() -> None:
    raise Unportable("two", "words")


def validation() -> None:
    from pydantic_core import ValidationError

    custom = PydanticCustomError("custom", "no such thing")
    raise ValidationError.from_exception_data("x", [{"type": custom, "loc": ("x",), "input": 1}])


if __name__ == "__main__":
    abort_on_error()
    seen = []
    for work in (ours, unportable, validation):
        try:
            on_root(COMM, work)
            seen.append(["nothing", ""])
        except Exception as error:
            seen.append([type(error).__name__, str(error)])
    value = on_root(COMM, lambda: 42)
    everyone = COMM.gather([seen, value], root=0)
    if COMM.rank == 0:
        sys.stdout.write(json.dumps(everyone) + "\n")
