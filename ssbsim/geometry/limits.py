"""How many cells a mesh may have: what is larger is refused with its number before time and memory go into it.

A mesh of boxes is made of arrays and is limited by memory; one that Gmsh fills, by time. The least number of cells of the latter
is that of regular simplices with edges of the largest size asked for, ``V / (c h^d)``, c = sqrt(3)/4 in the plane and
1/(6 sqrt(2)) in space, and of a few cells for every grain.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ssbsim.errors import MeshError

MAXIMUM_CELLS = 50_000_000
"""More cells than this do not fit the memory of a workstation."""

MAXIMUM_FILLED = 10_000_000
"""More cells than this take Gmsh hours."""

_SHARE = {2: math.sqrt(3.0) / 4.0, 3: 1.0 / (6.0 * math.sqrt(2.0))}
_OF_A_GRAIN = {2: 4, 3: 12}


def least_filled_cells(extents: Sequence[float], size: float, *, grains: float = 0.0, refinement: int = 1) -> float:
    """Cells that a box filled by Gmsh has at least.

    Args:
        extents: Of the box (m), two or three.
        size: Largest cell size (m).
        grains: Number of grains in it.
        refinement: Parts of every edge.
    """
    dimension = len(extents)
    filled = math.prod(extent / size for extent in extents) / _SHARE[dimension]
    return float(max(filled, _OF_A_GRAIN[dimension] * grains) * refinement**dimension)


def refuse_above(limit: int, count: float, *, how: str = "", least: bool = False, where: str, hint: str) -> None:
    """Raise a `MeshError` where a mesh would have more cells than a limit.

    Args:
        limit: Most that there may be.
        count: Cells that there would be.
        how: Where the number comes from, for the message.
        least: Whether there may be more than this.
        where: The key to change.
        hint: What to try.
    """
    if count > limit:
        words = f"{'at least ' if least else ''}{count:.3g} cells{f' ({how})' if how else ''}"
        raise MeshError(f"The mesh would have {words}; the most is {limit:.0e}.", where=where, hint=hint)


__all__ = ["MAXIMUM_CELLS", "MAXIMUM_FILLED", "least_filled_cells", "refuse_above"]
