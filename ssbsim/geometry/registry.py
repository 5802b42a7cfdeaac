"""From a case to its mesh: one builder per kind of geometry.

A new kind is one file in `ssbsim/geometry/kinds`, found by being there, with a function marked `register_geometry`,
and one class in the schema of the case.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ssbsim.errors import MeshError
from ssbsim.geometry.mesh_data import MeshData

Builder = Callable[[Any, Path], MeshData]
"""Takes the geometry section of the case and the folder that relative paths start from."""

_BUILDERS: dict[str, Builder] = {}


def register_geometry(kind: str) -> Callable[[Builder], Builder]:
    """Mark a function as the builder of the geometry kind of this name."""

    def register(builder: Builder) -> Builder:
        _BUILDERS[kind] = builder
        return builder

    return register


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
    source = getattr(case, "source", None)
    folder = Path(source).parent if source is not None else Path()
    mesh = _BUILDERS[kind](case.geometry, folder)
    mesh.validate()
    return mesh


def _import_kinds() -> None:
    package = importlib.import_module("ssbsim.geometry.kinds")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")


__all__ = ["Builder", "build_geometry", "list_geometries", "register_geometry"]
