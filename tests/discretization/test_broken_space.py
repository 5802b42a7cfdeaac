"""The broken space: how many dofs, which regions, what jumps; and the same on any number of ranks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from mpi_runner import mpi_json

SCRIPT = Path(__file__).parent / "spaces_on_ranks.py"
ALL = [(0, 1), (0, 2), (1, 3), (2, 3)]

#: Arguments of `sizes`, then nodes, regions and jumps expected. 7 x 7 vertices; a cut along an axis of the square
#: doubles 7 of them, and the point where four regions meet has four dofs.
SIZES: dict[str, tuple[list[Any], int, list[int], dict[str, float]]] = {
    "nothing broken": (["quadrants", []], 49, [0, 0, 0, 0], {"0|1": 0, "0|2": 0, "1|3": 0, "2|3": 0}),
    "one straight cut": (
        ["quadrants", [(0, 1), (2, 3)]],
        49 + 7,
        [0, 1, 0, 1],
        {"0|1": 0.5, "0|2": 0, "1|3": 0, "2|3": 0.5},
    ),
    "one grain cut out": (
        ["quadrants", [(1, 3), (2, 3)]],
        49 + 7,
        [0, 0, 0, 1],
        {"0|1": 0, "0|2": 0, "1|3": 0.5, "2|3": 0.5},
    ),
    "everything broken": (
        ["quadrants", ALL],
        4 * 16,
        [0, 1, 2, 3],
        {"0|1": 0.5, "0|2": 1.0, "1|3": 1.0, "2|3": 0.5},
    ),
    "a cut that leads round its end": (["quadrants", [(0, 1)]], 49, [0, 0, 0, 0], dict.fromkeys(["0|1"], 0.0)),
    "second order": (["quadrants", ALL, 2], 4 * 49, [0, 1, 2, 3], {"0|1": 0.5}),
    "one cell per grain": (["crossing", [(0, 1), (1, 2), (2, 3), (0, 3)]], 12, [0, 1, 2, 3], {"0|3": 1.5 * 2**0.5}),
}

#: Dimension, thicknesses, resistances of the contacts (ohm m^2), cell size; all lengths in mm.
RESISTANCES: dict[str, list[Any]] = {
    "square of two grains": [2, [0.5, 0.5], [30.0], 0.125],
    "square with a grain one cell wide": [2, [0.4, 0.1, 0.5], [30.0, 5.0], 0.1],
    "line of grains of one or two cells": [1, [0.3, 0.3, 0.4], [100.0, 1e-3], 0.3],
    "cube": [3, [0.5, 0.5], [30.0], 0.25],
}


@pytest.fixture(scope="module", params=[pytest.param(n, marks=pytest.mark.parallel) for n in (1, 2, 3, 5)])
def found(request: pytest.FixtureRequest) -> dict[str, Any]:
    tasks = [("sizes", spec[0]) for spec in SIZES.values()] + [("resistance", spec) for spec in RESISTANCES.values()]
    results = mpi_json(request.param, SCRIPT, json.dumps(tasks))
    return dict(zip([*SIZES, *RESISTANCES], results, strict=True)) | {"ranks": request.param}


@pytest.mark.parametrize("name", SIZES)
def test_every_region_has_its_own_dofs(found: dict[str, Any], name: str) -> None:
    _, dofs, regions, jumps = SIZES[name]
    result = found[name]
    assert result["dofs"] == dofs
    assert result["orphans"] == 0
    assert result["regions"] == regions
    assert result["value range"] == [0.0, max(regions)]
    assert {k: result["jumps"][k] for k in jumps} == pytest.approx(jumps, abs=1e-14)


@pytest.mark.parametrize("name", SIZES)
def test_every_facet_is_counted_once(found: dict[str, Any], name: str) -> None:
    length = 2**-0.5 if SIZES[name][0][0] == "crossing" else 0.5
    assert found[name]["areas"] == pytest.approx(dict.fromkeys(found[name]["areas"], length), rel=1e-14)
    assert found[name]["terminals"] == dict.fromkeys(("left", "right"), 1 if SIZES[name][0][0] == "crossing" else 6)


@pytest.mark.parametrize("name", RESISTANCES)
def test_grains_in_series_add_up_exactly(found: dict[str, Any], name: str) -> None:
    """Total over L/sigma + sum R to 1e-10; the grains are so much larger than the Debye length that nothing else counts."""
    result = found[name]
    assert result["found"] == pytest.approx(result["expected"], rel=1e-10)
    assert result["found at right"] == pytest.approx(result["expected"], rel=1e-10)


def test_there_are_more_ranks_than_cells_in_a_grain(found: dict[str, Any]) -> None:
    """What the case is for: with five ranks some rank owns at most one cell of the line."""
    if found["ranks"] == 5:
        assert found["line of grains of one or two cells"]["fewest cells"] <= 1
