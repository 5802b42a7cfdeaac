"""Run under mpirun by test_fit.py: a fit of the square, as JSON."""

from __future__ import annotations

import json

import numpy as np
from map_samples import counted, square_case, square_map, square_mesh
from mpi4py import MPI
from mpi_runner import abort_on_error

from ssbsim.analysis.map_fit import fit_map
from ssbsim.studies.tracer_map import TracerMap

COMM = MPI.COMM_WORLD


def main() -> None:
    case = square_case(tolerance=0.1, image={"counts": 2500.0})
    model = TracerMap(case, square_mesh(3) if COMM.rank == 0 else None, case.study[0], comm=COMM)
    measured = COMM.bcast(counted(square_map(), 2500, 1) if COMM.rank == 0 else None, root=0)
    found = fit_map(model, measured)
    model.destroy()
    values = [[v.value, v.deviation, v.low] for v in found.parameters]
    everyone = COMM.gather((values, found.chi2, float(np.abs(found.fitted).sum())), root=0)
    if COMM.rank == 0:
        print(json.dumps(everyone))


if __name__ == "__main__":
    abort_on_error()
    main()
