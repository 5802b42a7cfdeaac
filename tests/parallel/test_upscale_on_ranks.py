"""A boundary is made into the same law on 1, 2 and 3 ranks, and refused with the same error on all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from mpi_runner import mpirun

from ssbsim.commands.upscale import upscale

pytestmark = pytest.mark.parallel

CASE = Path(__file__).parents[2] / "configs" / "llto_bicrystal_li_poor.yaml"
SCRIPT = f"""
import json
from mpi4py import MPI
import ssbsim
from ssbsim.commands.upscale import upscale

found = upscale({str(CASE)!r}, drops=(0.01, 0.1))
try:
    upscale({str(CASE)!r}, drops=(-1.0,))
except ssbsim.CaseError as error:
    refused = MPI.COMM_WORLD.allgather(error.what)
laws = MPI.COMM_WORLD.allgather(found.to_yaml())
if MPI.COMM_WORLD.rank == 0:
    print(json.dumps([found.table(), laws, refused]))
"""


def on_ranks(ranks: int) -> Any:
    done = mpirun(ranks, "-c", SCRIPT)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def test_the_law_does_not_depend_on_the_number_of_ranks() -> None:
    alone = upscale(CASE, drops=(0.01, 0.1))
    for ranks in (2, 3):
        table, laws, errors = on_ranks(ranks)
        for name, column in alone.table().items():
            assert table[name] == pytest.approx(column, rel=1e-8), name
        assert laws == [alone.to_yaml()] * ranks
        assert errors == ["The drops must be larger than zero, found -1."] * ranks
