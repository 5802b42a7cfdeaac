"""From a case to its mesh: one builder per kind of geometry.

A kind is a class of the case (`ssbsim/case/geometries`) and a function in a file in `ssbsim/geometry/kinds` that is marked
`register_geometry`; both are found by being there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from ssbsim._discovery import import_modules
from ssbsim.case import GeometrySection
from ssbsim.errors import MeshError
from ssbsim.geometry.coordinates import COORDINATES
from ssbsim.geometry.mesh_data import MeshData
from ssbsim.geometry.progress import progress

Builder = Callable[[Any, Path], MeshData]
"""Takes the geometry section of the case and the folder that relative paths start from."""

_BUILDERS: dict[str, Builder] = {}
_QUICK: set[str] = set()


def register_geometry(schema: type[GeometrySection], *, is_quick: bool = False) -> Callable[[Builder], Builder]:
    """Mark a function as the builder of a kind of geometry.

    Args:
        schema: The kind as it stands in a case.
        is_quick: Whether building takes no longer than reading the mesh from a file, so that keeping it is no use.
    """

    def register(builder: Builder) -> Builder:
        _BUILDERS[schema.name()] = builder
        if is_quick:
            _QUICK.add(schema.name())
        return builder

    return register


def is_quick(kind: str) -> bool:
    """Whether meshes of this kind are built as fast as they are read."""
    _import_kinds()
    return kind in _QUICK


def list_geometries() -> tuple[str, ...]:
    """The registered kinds of geometry, sorted."""
    _import_kinds()
    return tuple(sorted(_BUILDERS))


def build_geometry(case: Any) -> MeshData:
    """Build and validate the mesh of a case. Call it on one rank only.

    Args:
        case: A Case; its `geometry` says what to build and its `source` where relative paths start.

    Raises:
        MeshError: if the geometry cannot be meshed, or the mesh is not fit for a calculation.
    """
    _import_kinds()
    kind = case.geometry.kind
    if kind not in _BUILDERS:
        near = get_close_matches(kind, _BUILDERS, n=1)
        raise MeshError(
            f"There is no geometry of kind '{kind}'.",
            where="geometry.kind",
            hint=f"did you mean '{near[0]}'?" if near else "known kinds: " + ", ".join(sorted(_BUILDERS)),
        )
    progress("building")
    mesh = _group_by_grain(_BUILDERS[kind](case.geometry, case_folder(case)))
    mesh = replace(mesh, coordinates=COORDINATES[case.geometry.coordinates])
    progress("checking")
    mesh.validate()
    return mesh


def case_folder(case: Any) -> Path:
    """Where relative paths of a case start."""
    source = getattr(case, "source", None)
    return Path(source).parent if source is not None else Path()


def _group_by_grain(mesh: MeshData) -> MeshData:
    """Cells in the order of their grains, facets in that of their boundaries, as mesh files hold them."""
    cells = np.argsort(mesh.cell_grain, kind="stable")
    facets = np.argsort(mesh.facet_boundary, kind="stable")
    return replace(
        mesh,
        cells=mesh.cells[cells],
        cell_grain=mesh.cell_grain[cells],
        boundary_facets=mesh.boundary_facets[facets],
        facet_boundary=mesh.facet_boundary[facets],
    )


def _import_kinds() -> None:
    package = import_module("ssbsim.geometry.kinds")
    import_modules(package.__name__, package.__path__)
