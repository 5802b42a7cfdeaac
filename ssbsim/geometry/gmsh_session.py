"""Gmsh, quiet and leaving nothing behind.

Gmsh is one global state in a process and knows nothing of MPI: everything here is called on one rank only. Model in a
unit that makes lengths about 1: Gmsh takes points closer than its geometrical tolerance of 1e-8 for one.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ssbsim import interrupts
from ssbsim.errors import MeshError

OWN_SIZES = {
    "General.NumThreads": 1,
    "Mesh.MeshSizeFromPoints": 0,
    "Mesh.MeshSizeFromCurvature": 0,
    "Mesh.MeshSizeExtendFromBoundary": 0,
    "Mesh.RandomSeed": 1,
}
"""Options of Gmsh with which sizes come from our fields only, and a mesh is the same each time."""


@contextmanager
def gmsh_session(what: str) -> Iterator[Any]:
    """Give the `gmsh` module with an empty current model; afterwards finalise it, or restore a session of the caller.

    Gmsh writes nothing to the terminal and reads none of the user's option files (same input, same mesh). An interrupt
    is left to Python; a command of the terminal it ends at once, since Gmsh may compute for long.

    Args:
        what: What is being done, for messages: "reading cell.msh".

    Raises:
        MeshError: where Gmsh cannot be loaded, or raises anything inside the block.
    """
    try:
        import gmsh
    except (ImportError, OSError) as error:
        raise MeshError(
            "Gmsh cannot be loaded.",
            where=what,
            hint="install the Python package of Gmsh (Debian: python3-gmsh, conda-forge: python-gmsh) and the "
            "graphics libraries that it links to (libGLU, libXcursor, ...)",
        ) from error
    is_ours = not gmsh.isInitialized()
    if is_ours:
        gmsh.initialize(argv=[], readConfigFiles=False, run=False, interruptible=False)
    terminal = gmsh.option.getNumber("General.Terminal")
    previous = gmsh.model.getCurrent()
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.model.add("ssbsim")
        with interrupts.foreign():
            yield gmsh
    except Exception as error:
        # Gmsh raises bare exceptions; anything more specific is a fault of ours or of the caller and passes.
        if type(error) is not Exception:
            raise
        raise MeshError(
            f"Gmsh failed while {what}.",
            where=f"Gmsh {gmsh.__version__}",
            hint=_advise(str(error)),
        ) from error
    finally:
        if is_ours:
            gmsh.finalize()
        else:
            gmsh.model.setCurrent("ssbsim")
            gmsh.model.remove()
            if previous in gmsh.model.list():
                gmsh.model.setCurrent(previous)
            gmsh.option.setNumber("General.Terminal", terminal)


def release_gmsh(gmsh: Any) -> None:
    """Make Gmsh usable again after a mesher of its raised: until then it does nothing, and says "I'm busy".

    All options go back to their defaults, those that this module sets excepted.
    """
    gmsh.option.restoreDefaults()
    gmsh.option.setNumber("General.Terminal", 0)
    # As `gmsh.initialize` has it: raise, rather than print and go on.
    gmsh.option.setNumber("General.AbortOnError", 2)


@contextmanager
def stdout_closed() -> Iterator[None]:
    """Drop what is printed: parts of Gmsh write to standard output, past its logger, where they fail."""
    library = ctypes.CDLL(None)
    sys.stdout.flush()
    library.fflush(None)
    terminal = os.dup(1)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 1)
        yield
    finally:
        library.fflush(None)
        os.dup2(terminal, 1)
        os.close(terminal)


def _advise(message: str) -> str:
    lowered = message.lower()
    if "overlapping" in lowered or "intersect" in lowered:
        return "parts of the geometry overlap: join them with gmsh.model.occ.fragment before meshing"
    if "1d mesh" in lowered or "boundary" in lowered:
        return "a surface or volume is not closed, or a size is larger than the part: check the outline and the sizes"
    if "unknown" in lowered or "format" in lowered or "read" in lowered or "open" in lowered:
        return "check that the file is complete and is what its extension says; write it again as MSH 4.1"
    return "use a size closer to that of the smallest part, and a unit in which lengths are about 1"
