"""Under mpirun: observed orders in space and time of the cases with a broken contact; a JSON list of rows at the end.

The same code as the validation cases, cut down to what a few oversubscribed ranks do in reasonable time.
"""

from __future__ import annotations

import json
import sys

from mpi4py import MPI
from mpi_runner import abort_on_error

from ssbsim.commands.validate import Bench, find_cases, load_case_file


def main() -> None:
    abort_on_error()
    comm = MPI.COMM_WORLD
    space, time = (load_case_file(path) for path in find_cases(["order_in_space", "order_in_time"]).values())
    space.PROBLEMS = {
        name: (space.PROBLEMS[name][0], degrees) for name, degrees in (("broken", (1, 2)), ("plane", (1,)))
    }
    time.CASES = {"broken": time.CASES["broken"]}
    time.STEPS, time.REFERENCE = (4, 8, 16), 96
    rows = [row for module in (space, time) for row in module.rows(Bench(comm))]
    everyone = comm.allgather([row.found for row in rows])
    if any(found != everyone[0] for found in everyone):
        raise SystemExit("the ranks do not agree")
    if comm.rank == 0:
        sys.stdout.write(json.dumps([[row.quantity, row.found, row.passed] for row in rows]) + "\n")


if __name__ == "__main__":
    main()
