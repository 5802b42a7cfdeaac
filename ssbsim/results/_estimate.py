"""How much the saved fields of a run will take on the disk, before it starts.

Numbers per saved step, in bytes: a value of a field keeps nearly its 8 bytes (zlib finds little in the digits of a
smooth field), a used coordinate of a point about 4, a vertex of a cell about 2.5, and each cell 0.2 for its phase, grain
and type. On meshes of 300 to 130,000 unordered cells, 1D to 3D, with 2 and 8 smooth fields, the sum was 0.85 to 1.20
times the size that was written.
"""

from __future__ import annotations

_FIXED = 4_000
_PER_VALUE = 7.6
_PER_COORDINATE = 4.0
_PER_VERTEX = 2.5
_PER_CELL = 0.2


def estimate_output(grid_points: int, n_cells: int, n_fields: int, n_steps: int, *, dimension: int = 2) -> int:
    """The size of the saved fields in bytes, within a factor of two unless fields are constant over large parts.

    Args:
        grid_points: Points of the grid, doubled ones included.
        n_cells: Cells (intervals, triangles or tetrahedra).
        n_fields: Saved fields; a vector counts three.
        n_steps: Saved steps.
        dimension: 1, 2 or 3.
    """
    values = grid_points * (n_fields * _PER_VALUE + dimension * _PER_COORDINATE)
    mesh = n_cells * ((dimension + 1) * _PER_VERTEX + _PER_CELL)
    return round(n_steps * (_FIXED + values + mesh))
