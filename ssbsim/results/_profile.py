"""Values along a straight line through a grid of simplices, with the jumps between grains kept.

Within a simplex the barycentric coordinates of a point on the line x(t) = x0 + t d are linear in t,
lambda(t) = a + b t, so that the part of the line inside is the interval of t where all of them are >= 0. Each cell
gives its own two ends; where two grains meet, both ends have the same t and may have different values.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ssbsim.errors import ResultsError
from ssbsim.results._grid import Grid

AXES = "xyz"
# A line exactly in the middle of a regular mesh runs along facets and meets cells twice, so it is put a little aside.
_ASIDE = (0.5 + 1.23e-4, 0.5 + 2.71e-4)


@dataclass(frozen=True)
class Line:
    """Places where a line enters and leaves cells, in order.

    Args:
        position: Coordinate along the axis in metres, shape (k,).
        cell: Index of the cell, shape (k,).
        weights: Barycentric coordinates in this cell, shape (k, vertices).
    """

    position: npt.NDArray[np.float64]
    cell: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]

    def interpolate(self, grid: Grid, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Values at ``position`` of a field given on the points of the grid, shape (n,)."""
        result: npt.NDArray[np.float64] = np.einsum("kv,kv->k", self.weights, values[grid.cells[self.cell]])
        return result


def line_through(grid: Grid, axis: str, through: tuple[float, ...] | None = None) -> Line:
    """The line along ``axis`` through the grid.

    Args:
        grid: The grid.
        axis: "x", "y" or "z", one that the grid has.
        through: The other coordinates of the line in metres, in the order x, y, z; by default the middle.

    Raises:
        ResultsError: No such axis, or the line misses the grid.
    """
    dimension = grid.dimension
    if axis not in tuple(AXES[:dimension]):
        raise ResultsError(
            f"A grid in {dimension}D has no axis {axis!r}.",
            where="profile",
            hint=f"Use one of {list(AXES[:dimension])}.",
        )
    along = AXES.index(axis)
    corners = grid.points[grid.cells][:, :, :dimension]
    if dimension == 1:
        order = np.argsort(corners[:, :, 0], axis=1)
        position = np.take_along_axis(corners[:, :, 0], order, axis=1)
        # Vertex k of the cell has weight one at its own end.
        weights = np.eye(2)[order]
        return _in_order(grid, position, np.arange(len(corners)), weights)
    others = [i for i in range(dimension) if i != along]
    low, high = grid.points[:, :dimension].min(axis=0), grid.points[:, :dimension].max(axis=0)
    if through is None:
        through = tuple(low[i] + _ASIDE[k] * (high[i] - low[i]) for k, i in enumerate(others))
    if len(through) != len(others):
        raise ResultsError(
            f"The line needs {len(others)} other coordinates, not {len(through)}.",
            where="profile",
            hint=f"Give `through` as ({', '.join(AXES[i] for i in others)}) in metres.",
        )
    base = np.zeros(dimension)
    base[others] = through
    is_near = np.ones(len(corners), dtype=bool)
    for i in others:
        is_near &= (corners[:, :, i].min(axis=1) <= base[i]) & (corners[:, :, i].max(axis=1) >= base[i])
    cell = np.flatnonzero(is_near)
    position, weights, is_hit = _clip(corners[cell], base, along)
    if not is_hit.any():
        raise ResultsError(
            "The line does not meet the grid.",
            where=f"profile along {axis} through {through} m",
            hint=f"The grid goes from {low} to {high} m.",
        )
    return _in_order(grid, position[is_hit], cell[is_hit], weights[is_hit])


def _clip(
    corners: npt.NDArray[np.float64], base: npt.NDArray[np.float64], along: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Ends of the line in each cell: t (k, 2), barycentric coordinates (k, 2, vertices), and whether it is met."""
    edges = np.swapaxes(corners[:, 1:] - corners[:, :1], 1, 2)
    inverse = np.linalg.inv(edges)
    a = np.einsum("kij,kj->ki", inverse, base - corners[:, 0])
    b = inverse[:, :, along]
    a = np.concatenate([1 - a.sum(axis=1, keepdims=True), a], axis=1)
    b = np.concatenate([-b.sum(axis=1, keepdims=True), b], axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        root = -a / b
    enter = np.where(b > 0, root, -np.inf).max(axis=1)
    leave = np.where(b < 0, root, np.inf).min(axis=1)
    is_parallel_outside = ((b == 0) & (a < 0)).any(axis=1)
    size = np.ptp(corners[:, :, along], axis=1)
    is_hit = (leave - enter > 1e-9 * size) & ~is_parallel_outside
    position = np.stack([enter, leave], axis=1)
    with np.errstate(invalid="ignore"):
        weights = a[:, None, :] + b[:, None, :] * position[:, :, None]
    return position, np.clip(weights, 0.0, 1.0), is_hit


def _in_order(
    grid: Grid,
    position: npt.NDArray[np.float64],
    cell: npt.NDArray[np.int64],
    weights: npt.NDArray[np.float64],
) -> Line:
    order = np.argsort(position.sum(axis=1), kind="stable")
    flat, cells = position[order].ravel() + 0.0, np.repeat(cell[order], 2)  # + 0.0: no "-0"
    corner_weights = weights[order].reshape(len(flat), -1)
    # Within a grain the end of one cell is the start of the next: keep it once.
    is_kept = np.ones(len(flat), dtype=bool)
    is_kept[2::2] = grid.grain[cells[2::2]] != grid.grain[cells[1:-1:2]]
    # ... unless the line left the grain in between (a hole, or a concave outline).
    is_kept[2::2] |= flat[2::2] - flat[1:-1:2] > 1e-6 * np.diff(flat)[2::2]
    return Line(flat[is_kept], cells[is_kept], corner_weights[is_kept])
