"""The mesh of a case: taken from those made before, or made with a line of progress."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from ssbsim.case import Case
from ssbsim.geometry import MeshData, build_geometry
from ssbsim.geometry.cache import MeshCache, mesh_key
from ssbsim.geometry.progress import listening
from ssbsim.geometry.registry import case_folder, is_quick
from ssbsim.results import Progress


@dataclass(frozen=True)
class MadeMesh:
    """A mesh and how it came about.

    Attributes:
        mesh: Valid.
        seconds: Time that making or finding it took.
        is_from_cache: Whether it was found among those made before.
    """

    mesh: MeshData
    seconds: float
    is_from_cache: bool


def make_mesh(case: Case, *, use_cache: bool = True, show_progress: bool = True) -> MadeMesh:
    """The mesh of a case. Call it on one rank only.

    Args:
        case: A case; only its geometry matters.
        use_cache: Look for the mesh among those made before (`ssbsim.geometry.cache`), and keep it there. Kinds that
            are built as fast as they are read are always built.
        show_progress: Show progress on stderr.

    Raises:
        MeshError: if the geometry cannot be meshed, or the mesh is not fit for a calculation.
    """
    started = time.perf_counter()
    if is_quick(case.geometry.kind):
        return MadeMesh(build_geometry(case), time.perf_counter() - started, False)
    cache = MeshCache.of_user() if use_cache else MeshCache(None)
    key = mesh_key(case.geometry, case_folder(case))
    found, remark = cache.find(key) if key is not None else (None, "")
    if found is not None:
        return MadeMesh(found, time.perf_counter() - started, True)
    with Progress("mesh", rank=0 if show_progress else 1, patience=2.0) as line:

        def hear(what: str, done: int, total: int) -> None:
            line.update(0.0, f"{what} {done} of {total}" if total else what)

        with listening(hear):
            mesh = build_geometry(case)
    if key is not None:
        cache.keep(key, mesh)
    if remark:
        mesh = replace(mesh, notes=(*mesh.notes, remark))
    return MadeMesh(mesh, time.perf_counter() - started, False)
