"""The case that the measurements share: an LLTO bicrystal with a charged core, cells from 0.05 nm to 5 nm and finer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ssbsim.case import Case, load_case
from ssbsim.geometry import MeshData, build_geometry
from ssbsim.materials import resolve_case

_CONFIGS = Path(__file__).parents[1] / "configs"


def bicrystal(
    dimension: int, *, refinement: int = 1, across: int = 1, length: float = 200e-9, bulk: float = 5e-9, **solver: Any
) -> tuple[Case, MeshData]:
    """The case and its mesh.

    Args:
        dimension: 1, 2 or 3.
        refinement: Divides every cell along x (90 cells otherwise).
        across: Cells across the width of 50 nm, and across the depth.
        length: Total length (m).
        bulk: Largest cell size (m).
        solver: Entries of the case's ``solver``.
    """
    case = resolve_case(load_case(_CONFIGS / "llto_bicrystal.yaml"))
    width = 50e-9
    spacing = case.geometry.spacing
    update: dict[str, Any] = {"dimension": dimension, "length": length}
    for name in ("width", "depth")[: dimension - 1]:
        update[name] = width
    # `refinement` divides the cells across as well, so their size is multiplied by it beforehand.
    transverse = None if dimension == 1 else width / across * refinement * (1.0 + 1e-12)
    update["spacing"] = spacing.model_copy(
        update={"refinement": refinement, "transverse": transverse, "bulk": bulk, "terminal": bulk}
    )
    geometry = case.geometry.model_copy(update=update)
    settings = case.solver.model_copy(update=solver)
    case = case.model_copy(update={"geometry": geometry, "solver": settings})
    return case, build_geometry(case)
