"""Whether two run folders say the same."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import ssbsim
from ssbsim.results import Results

RELATIVE = 1e-8
#: Work, and estimates that are differences of nearly equal numbers: no results.
WORK = {"linear iterations", "local error [kT]"}
#: What tells of the run itself, not of its results.
OF_THE_RUN = {"log.txt", "provenance.json", "report.html", ".ssbsim-run", "check.txt"}
_ROUNDING = re.compile("imbalance|left over|relative|error estimate")


def differences_of_runs(found: Results | Path, expected: Results | Path) -> list[str]:
    """What differs: files, rows, or a number by more than 1e-8 of itself or of the largest beside it."""
    folders = [Path(run.path) if isinstance(run, Results) else run for run in (found, expected)]
    names = [_files(folder) for folder in folders]
    problems = [f"only in one: {name}" for name in sorted(names[0] ^ names[1])]
    for name in sorted(names[0] & names[1] - OF_THE_RUN):
        pair = [folder / name for folder in folders]
        if name.endswith(".json") and "/" not in name:
            one, other = (json.loads(path.read_text(encoding="utf-8")) for path in pair)
            problems += [f"{name}: {text}" for text in _of_data(one, other, "", 0.0)]
        elif name.endswith(".csv"):
            problems += [f"{name}: {text}" for text in _of_tables(*(pd.read_csv(path) for path in pair))]
        elif name.endswith(".npy"):
            problems += [f"{name}: {text}" for text in _of_arrays(*(np.load(path) for path in pair), 1.0)]
    if (folders[1] / "fields.pvd").is_file() and not problems:
        problems += list(_of_fields(*(ssbsim.open_results(folder) for folder in folders)))
    return problems


def _files(folder: Path) -> set[str]:
    # Numbers of checkpoints count how often they were written.
    every = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return {name for name in every if not name.startswith("checkpoint/")}


def _of_data(found: Any, expected: Any, where: str, scale: float) -> Iterator[str]:
    if isinstance(expected, dict):
        if set(found) != set(expected):
            yield f"{where}: keys {sorted(set(found) ^ set(expected))}"
            return
        numbers = [abs(v) for v in expected.values() if isinstance(v, float) and math.isfinite(v)]
        for key in set(expected) - {"how"}:
            yield from _of_data(found[key], expected[key], f"{where}.{key}", max(numbers, default=0.0))
    elif isinstance(expected, list):
        if len(found) != len(expected):
            yield f"{where}: {len(found)} instead of {len(expected)}"
        for i, (one, other) in enumerate(zip(found, expected, strict=False)):
            yield from _of_data(one, other, f"{where}[{i}]", scale)
    elif isinstance(expected, float) and _ROUNDING.search(where) and max(abs(found), abs(expected)) < 1e-6:
        return  # Roundings of larger numbers.
    elif isinstance(expected, float):
        if not abs(found - expected) <= RELATIVE * max(abs(expected), scale):
            yield f"{where}: {found!r} instead of {expected!r}"
    elif found != expected:
        yield f"{where}: {found!r} instead of {expected!r}"


def _of_tables(found: pd.DataFrame, expected: pd.DataFrame) -> Iterator[str]:
    if list(found.columns) != list(expected.columns) or len(found) != len(expected):
        yield f"{len(found)} rows instead of {len(expected)}, columns {set(found.columns) ^ set(expected.columns)}"
        return
    for name in expected.columns:
        if name in WORK:
            continue
        if not pd.api.types.is_numeric_dtype(expected[name]):
            if list(found[name].astype(str)) != list(expected[name].astype(str)):
                yield f"{name} differs"
            continue
        unit = re.search(r"\[.*\]", name)
        same = [c for c in expected.columns if c == name or (unit and unit[0] in c)]
        scale = np.nanmax(np.abs(expected[same].to_numpy(dtype=float)), initial=0.0)
        for text in _of_arrays(found[name].to_numpy(dtype=float), expected[name].to_numpy(dtype=float), scale):
            yield f"{name}: {text}"


def _of_arrays(found: Any, expected: Any, scale: float) -> Iterator[str]:
    if found.shape != expected.shape:
        yield f"shape {found.shape} instead of {expected.shape}"
    elif not np.allclose(found, expected, rtol=RELATIVE, atol=RELATIVE * float(scale), equal_nan=True):
        yield f"differs by {np.nanmax(np.abs(found - expected)):.3g}"


def _of_fields(found: Results, expected: Results) -> Iterator[str]:
    if [(s.time, s.study, s.step) for s in found.steps] != [(s.time, s.study, s.step) for s in expected.steps]:
        yield "fields: other states"
        return
    one, other = found.fields, expected.fields
    for name in other:
        here, there = np.asarray(one[name]), np.asarray(other[name])
        scale = float(np.nanmax(np.abs(there), initial=0.0))
        if str(name).startswith("charge density"):
            # Charge in a neutral bulk is the rounding of the charge of the ions.
            ions = [float(np.nanmax(np.abs(other[k]))) for k in other if str(k).startswith("concentration")]
            scale = max(scale, 96485.0 * max(ions, default=0.0))
        # A flux is a difference over one cell of potentials that are good to 1e-9 kT.
        scale *= 20.0 if str(name).startswith("flux") else 1.0
        for text in _of_arrays(here, there, scale):
            yield f"field {name}: {text}"
