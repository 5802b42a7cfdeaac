"""The grid that fields live on in a run folder: plain arrays, one rank, metres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ssbsim.errors import ResultsError
from ssbsim.geometry.mesh_data import CELL_DIMENSION

# Number of a cell in the VTK file format.
CELL_VTK_TYPE = {"interval": 3, "triangle": 5, "tetrahedron": 10}


@dataclass(frozen=True)
class Grid:
    """Points and cells with the phase and grain of each cell.

    Points are listed twice (or more often) where a field may jump, once for each side, so that a value per point can
    hold the jump.

    Args:
        points: Coordinates in metres, shape (n, 3); unused coordinates are zero.
        cells: Indices into ``points``, shape (m, vertices per cell).
        cell_type: "interval", "triangle" or "tetrahedron".
        phase: Index into ``phase_names`` of each cell, shape (m,).
        grain: Index into ``grain_names`` of each cell, shape (m,).
        phase_names: Names of the phases.
        grain_names: Names of the grains.

    Raises:
        ResultsError: Shapes or indices that do not fit together.
    """

    points: npt.NDArray[np.float64]
    cells: npt.NDArray[np.int64]
    cell_type: str
    phase: npt.NDArray[np.int32]
    grain: npt.NDArray[np.int32]
    phase_names: tuple[str, ...]
    grain_names: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.cell_type not in CELL_DIMENSION:
            raise _misfit(f"Cells of type {self.cell_type!r} cannot be stored.", f"Use one of {list(CELL_DIMENSION)}.")
        points = np.ascontiguousarray(self.points, dtype=np.float64)
        cells = np.ascontiguousarray(self.cells, dtype=np.int64)
        if points.ndim != 2 or points.shape[1] != 3 or not np.isfinite(points).all():
            raise _misfit(f"Points must be finite, of shape (n, 3), not {points.shape}.", "Pad with zeros to 3D.")
        vertices = CELL_DIMENSION[self.cell_type] + 1
        if cells.ndim != 2 or cells.shape[1] != vertices or len(cells) == 0:
            raise _misfit(f"Cells must have shape (m, {vertices}) with m > 0, not {cells.shape}.", "")
        if cells.min() < 0 or cells.max() >= len(points):
            raise _misfit(f"Cells name points {cells.min()} to {cells.max()} of {len(points)}.", "")
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "cells", cells)
        for kind in ("phase", "grain"):
            index = np.ascontiguousarray(getattr(self, kind), dtype=np.int32)
            names = tuple(getattr(self, f"{kind}_names"))
            if index.shape != (len(cells),) or index.min() < 0 or index.max() >= len(names):
                raise _misfit(f"Every cell needs one {kind} among the {len(names)} names {names}.", "")
            object.__setattr__(self, kind, index)
            object.__setattr__(self, f"{kind}_names", names)

    @property
    def dimension(self) -> int:
        """1, 2 or 3."""
        return CELL_DIMENSION[self.cell_type]


def _misfit(what: str, hint: str) -> ResultsError:
    return ResultsError(what, where="the grid of the run's fields", hint=hint)
