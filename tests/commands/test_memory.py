"""What a run keeps in memory."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from samples import lattice_gas, make_case, reservoir

import ssbsim
from ssbsim.studies import Snapshots

CORE = lattice_gas(sites=[{"name": "A", "density": 1e4, "standard_potential": {"Li+": 0.05}}])
CELL: dict[str, Any] = {
    "geometry": {
        "kind": "bicrystal",
        "grain": "g",
        "core": "c",
        "length": 2e-8,
        "core_width": 1e-9,
        "spacing": {"interface": 2e-10, "bulk": 1e-9},
    },
    "phases": {"g": lattice_gas(), "c": CORE},
    "terminals": {"left": reservoir(), "right": reservoir()},
}


def test_no_field_of_a_study_outlives_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the fields at the ends of 3 and of 12 studies there are never more than those of one."""
    made: list[weakref.ref[np.ndarray[Any, Any]]] = []
    alive: list[int] = []
    take = Snapshots.take

    def watched(self: Snapshots) -> Any:
        gc.collect()
        alive.append(sum(reference() is not None for reference in made))
        fields = take(self)
        made.extend(weakref.ref(values) for values in fields.values())
        return fields

    monkeypatch.setattr(Snapshots, "take", watched)
    for count in (1, 4):
        made.clear()
        alive.clear()
        studies: list[dict[str, Any]] = [
            {"kind": "equilibrium"},
            {"kind": "steady", "terminals": {"right": {"potential": 0.01}}},
            {"kind": "steady", "terminals": {"right": {"potential": 0.0}}},
        ]
        case = make_case(**CELL, study=studies * count, solver={"coarse_mesh": "warn"})
        results = ssbsim.run(case, tmp_path / f"run{count}", report=False, show_progress=False)
        assert len(alive) == 3 * count
        # Those of the step before may still be with the writer of the files.
        assert max(alive) <= len(made) // len(alive)
        assert "space-charge potential" in results.summary["quantities"]
