"""An error on rank 0 reaches every rank, also when its class cannot be copied."""

from __future__ import annotations

from pathlib import Path

import pytest
from mpi_runner import mpi_json

pytestmark = pytest.mark.parallel

SCRIPT = Path(__file__).parent / "errors_on_ranks.py"


@pytest.mark.parametrize("ranks", [1, 2])
def test_every_rank_raises(ranks: int) -> None:
    everyone = mpi_json(ranks, SCRIPT, timeout=60.0)
    assert len(everyone) == ranks
    for rank, (seen, value) in enumerate(everyone):
        assert value == 42
        ours, unportable, foreign = seen
        assert ours == ["CaseError", "what\n  where: where\n  try:   hint"]
        assert unportable[0] == ("Unportable" if rank == 0 else "RuntimeError")
        assert "two words" in unportable[1]
        assert foreign[0] == ("ValidationError" if rank == 0 else "RuntimeError")
        assert "no such thing" in foreign[1]
