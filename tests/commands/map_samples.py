"""Rows and squares of grains for fits, and maps of them made by finite volumes and implicit Euler steps.

Nothing here uses ssbsim to make a map: cell centres instead of vertices, another grid, another time stepping.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from samples import lattice_gas, make_case
from scipy.sparse import coo_array, eye_array
from scipy.sparse.linalg import splu

from ssbsim.case import Case
from ssbsim.geometry import Grain, MeshData
from ssbsim.geometry.extrude import split_boxes

UM = 1e-6
GRAIN = 20 * UM
#: LLTO at 25 C: tracer diffusivity in a grain, and D_gb/w of its boundaries with w = 1 nm.
BULK, PERMEABILITY, WIDTH = 2.6e-12, 1.4e-17 / 1e-9, 1e-9
RATIO = BULK / (PERMEABILITY * WIDTH)
OUTSIDE, INSIDE = 0.95, 0.0759

Array = np.ndarray[Any, Any]


def study(**given: Any) -> dict[str, Any]:
    image = {"pixel": UM} | given.pop("image", {})
    basis = {"kind": "tracer", "species": "Li+", "source": "left", "fraction": OUTSIDE, "initial": INSIDE}
    return basis | {"duration": 3600.0, "image": image} | given


def parts(bulk: float, permeability: float) -> dict[str, Any]:
    law = {"law": "grain_boundary", "species": "Li+", "permeability": permeability, "width": WIDTH}
    return {
        "phases": {"e": lattice_gas(0.5) | {"species": {"Li+": {"diffusivity": bulk, "haven_ratio": 0.3}}}},
        "interfaces": {"e|e": {"contact": "broken", "laws": [law]}},
        "solver": {"coarse_mesh": "warn"},
    }


def row_case(
    grains: int = 4, size: float = UM, *, bulk: float = BULK, permeability: float = PERMEABILITY, **given: Any
) -> Case:
    """A row of grains of 20 um, the case of which says these values."""
    geometry = {
        "kind": "layers",
        "dimension": 1,
        "layers": [{"phase": "e", "thickness": GRAIN}] * grains,
        "spacing": {"interface": size, "bulk": size, "growth": 1.3},
    }
    whole = parts(bulk, permeability)
    if grains == 1:
        whole["interfaces"] = {}
    return make_case(geometry=geometry, study=[study(**given)], **whole)


def square_case(*, bulk: float = BULK, permeability: float = PERMEABILITY, linear: str = "auto", **given: Any) -> Case:
    """Four square grains of 20 um: 0 and 1 at the left, 2 and 3 at the right, 0 and 2 below."""
    sides = {side: side for side in ("left", "right", "bottom", "top")}
    names = {f"e.{i}": "e" for i in range(4)}
    case = parts(bulk, permeability) | {"solver": {"coarse_mesh": "warn", "linear": linear}}
    geometry = {"kind": "file", "path": "none.msh", "unit": 1.0, "grains": names, "boundaries": sides}
    return make_case(geometry=geometry, study=[study(**given)], **case)


def square_mesh(cells: int) -> MeshData:
    """Their mesh, so many cells across a grain."""
    fine = np.kron(np.array([[0, 1], [2, 3]]), np.ones((cells, cells), dtype=int))
    n = len(fine)
    index = np.arange((n + 1) ** 2).reshape(n + 1, n + 1)
    axis = np.linspace(0.0, 2 * GRAIN, n + 1)
    sides = [index[0], index[-1], index[:, 0], index[:, -1]]
    return MeshData(
        points=np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2),
        cell_type="triangle",
        cells=split_boxes(index),
        cell_grain=np.repeat(fine.reshape(-1), 2),
        grains=tuple(Grain(f"e.{i}", "e") for i in range(4)),
        boundary_facets=np.vstack([np.stack([side[:-1], side[1:]], axis=1) for side in sides]),
        facet_boundary=np.repeat(np.arange(4), n),
        boundaries=("left", "right", "bottom", "top"),
    )


def finite_volumes(
    labels: Array,
    cell: float,
    permeability: Any,
    *,
    bulk: float = BULK,
    duration: float = 3600.0,
    steps: int = 1500,
    exchange: float | None = None,
) -> Array:
    """Isotope fraction of every cell of a grid.

    Args:
        labels: Grain of every cell, shape (n_x, n_y).
        cell: Edge of a cell.
        permeability: One for all boundaries, or by pair of labels (lower first).
        bulk: Diffusivity.
        duration: Time.
        steps: Of implicit Euler.
        exchange: Surface exchange coefficient at the left; without it the face has the outside fraction.
    """
    number = np.arange(labels.size).reshape(labels.shape)
    rows, columns, values = [], [], []
    for axis in range(2):
        low = [slice(None), slice(None)]
        high = [slice(None), slice(None)]
        low[axis], high[axis] = slice(None, -1), slice(1, None)
        one, other = labels[tuple(low)], labels[tuple(high)]
        resistance = np.full(one.shape, cell / bulk)
        for i, j in np.argwhere(one != other):
            pair = tuple(sorted((int(one[i, j]), int(other[i, j]))))
            resistance[i, j] += 1.0 / (permeability[pair] if isinstance(permeability, dict) else permeability)
        a, b, g = number[tuple(low)].ravel(), number[tuple(high)].ravel(), (1.0 / (cell * resistance)).ravel()
        rows += [a, b, a, b]
        columns += [a, b, b, a]
        values += [g, g, -g, -g]
    face = 1.0 / (cell * (0.5 * cell / bulk + (1.0 / exchange if exchange else 0.0)))
    rows.append(number[0])
    columns.append(number[0])
    values.append(np.full(labels.shape[1], face))
    matrix = coo_array((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))).tocsc()
    step = duration / steps
    solve = splu((eye_array(labels.size) + step * matrix).tocsc()).solve
    source = np.zeros(labels.size)
    source[number[0]] = step * face * OUTSIDE
    u = np.full(labels.size, INSIDE)
    for _ in range(steps):
        u = solve(u + source)
    return u.reshape(labels.shape)


def pixels(u: Array, cells: int) -> Array:
    """Means over pixels of so many cells of a row."""
    means: Array = u.reshape(-1, cells, 1).mean(axis=1)
    return means


def row_map(grains: int = 4, permeability: Any = PERMEABILITY, **given: Any) -> Array:
    """The map of a row: 5 cells a pixel of 1 um."""
    labels = np.repeat(np.arange(grains), 100)[:, None]
    return pixels(finite_volumes(labels, 0.2 * UM, permeability, **given), 5)


def square_map(permeability: Any = PERMEABILITY, **given: Any) -> Array:
    """The map of the square, in pixels of 1 um."""
    labels = np.kron(np.array([[0, 1], [2, 3]]), np.ones((20, 20), dtype=int))
    return finite_volumes(labels, UM, permeability, steps=600, **given)


def counted(fraction: Array, counts: int, seed: int) -> Array:
    """A ratio of Poisson counts: a scatter of 1/sqrt(counts) in each isotope, 2 % for 2500."""
    rng = np.random.default_rng(seed)
    one, other = rng.poisson(counts * fraction), rng.poisson(counts * (1.0 - fraction))
    return one / (one + other)
