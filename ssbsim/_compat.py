"""The only module that knows which DOLFINx is installed, or that DOLFINx has a C++ layer.

Supported: DOLFINx 0.9 (Debian 13) to 0.11 (Debian unstable, conda-forge). Every function here hides one change between
those releases; when the oldest release is dropped, its branch goes and nothing else changes.
"""

from __future__ import annotations

import ctypes
import os
import stat
import tempfile
from pathlib import Path
from typing import Any

import petsc4py

# Options come from the case. PETSc would also read a file `petscrc` in the working directory, which may lie beside a case.
petsc4py.init(["ssbsim", "-skip_petscrc"])

import dolfinx  # noqa: E402
import dolfinx.cpp  # noqa: E402
import dolfinx.fem.petsc  # noqa: E402
import dolfinx.jit  # noqa: E402
import numpy as np  # noqa: E402
import numpy.typing as npt  # noqa: E402
from mpi4py import MPI  # noqa: E402
from petsc4py import PETSc  # noqa: E402

from ssbsim.errors import ResultsError  # noqa: E402

_VERSION = tuple(int(part) for part in dolfinx.__version__.split(".")[:2])

if _VERSION < (0, 9):
    raise ImportError(f"ssbsim needs DOLFINx 0.9 or newer; found {dolfinx.__version__}. Run it through ./with-env.")


def _folder_of_compiled_forms() -> Path:
    """The folder that DOLFINx means to use, or, where it cannot be written, one of the user's own among temporary files."""
    wanted = Path(dolfinx.jit.DOLFINX_DEFAULT_JIT_OPTIONS["cache_dir"][0])
    try:
        wanted.mkdir(parents=True, exist_ok=True)
        if os.access(wanted, os.W_OK | os.X_OK):
            return wanted
    except OSError:
        pass
    own = Path(tempfile.gettempdir()) / f"ssbsim-{os.getuid()}"
    own.mkdir(mode=0o700, exist_ok=True)
    state = own.lstat()
    # What lies there is loaded and run.
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.getuid() or state.st_mode & 0o077:
        raise ResultsError(
            f"Neither {wanted} nor {own} can be used for compiled forms.",
            where="XDG_CACHE_HOME",
            hint="Let XDG_CACHE_HOME name a folder of your own that can be written.",
        )
    return own


dolfinx.jit.DOLFINX_DEFAULT_JIT_OPTIONS["cache_dir"] = (_folder_of_compiled_forms(), "Folder of compiled forms.")

#: Tag of the messages in which an index map finds out who shares its entries.
_INDEX_MAP_TAG = 3101


def versions() -> dict[str, str]:
    """Versions of the finite-element stack, for the provenance of a run."""
    petsc = ".".join(str(part) for part in PETSc.Sys.getVersion())
    return {
        "dolfinx": dolfinx.__version__,
        "petsc": petsc,
        "mpi": MPI.Get_library_version().split("\n")[0].strip("\0 "),
    }


def option_is_used(name: str) -> bool:
    """Whether PETSc has asked for an option (full name, without the dash)."""
    options = PETSc.Options()
    if hasattr(options, "used"):
        return bool(options.used(name))
    # petsc4py before 3.24 does not pass this question on; its library does. PetscBool is an enum or a byte: both fit.
    library, answer = ctypes.CDLL(PETSc.__file__), ctypes.c_int(0)
    library.PetscOptionsUsed(None, name.encode(), ctypes.byref(answer))
    return answer.value != 0


def create_mesh(comm: MPI.Comm, cells: npt.NDArray[np.int64], points: npt.NDArray[np.float64], element: Any) -> Any:
    """A mesh distributed with facet ghosts, from the cells and points that each rank hands in (may be none)."""
    if _VERSION >= (0, 10):
        part = dolfinx.mesh.create_cell_partitioner(dolfinx.mesh.GhostMode.shared_facet, 2)
    else:
        part = dolfinx.mesh.create_cell_partitioner(dolfinx.mesh.GhostMode.shared_facet)
    if comm.size == 1:
        part = None
    return dolfinx.mesh.create_mesh(comm, cells=cells, x=points, e=element, partitioner=part)


def index_map(
    comm: MPI.Comm, size_local: int, ghosts: npt.NDArray[np.int64], owners: npt.NDArray[np.int32]
) -> dolfinx.common.IndexMap:
    """An index map with this rank's owned range and ghosts."""
    if _VERSION >= (0, 11):
        return dolfinx.cpp.common.IndexMap(comm, size_local, ghosts, owners, _INDEX_MAP_TAG)
    return dolfinx.cpp.common.IndexMap(comm, size_local, ghosts, owners)


def space_with_dofs(space: Any, imap: dolfinx.common.IndexMap, cell_dofs: npt.NDArray[np.int32]) -> Any:
    """The blocked ``space`` with another numbering of its dofs.

    Args:
        space: A blocked Lagrange space; gives mesh, element, block size and the layout of dofs on a cell.
        imap: Index map of the new blocks.
        cell_dofs: New block of every cell-local dof, shape ``(cells, dofs per cell)``, ghost cells included.
    """
    cpp = dolfinx.cpp
    bs = space.dofmap.index_map_bs
    adjacency = cpp.graph.AdjacencyList_int32(np.ascontiguousarray(cell_dofs, dtype=np.int32))
    dofmap = cpp.fem.DofMap(space.dofmap.dof_layout, imap, bs, adjacency, bs)
    element = space._cpp_object.element
    mesh = space.mesh
    if _VERSION >= (0, 10):
        cpp_space = cpp.fem.FunctionSpace_float64(mesh._cpp_object, element, dofmap)
    else:
        cpp_space = cpp.fem.FunctionSpace_float64(mesh._cpp_object, element, dofmap, space.value_shape)
    return dolfinx.fem.FunctionSpace(mesh, space.ufl_element(), cpp_space)


def input_global_indices(mesh: Any) -> npt.NDArray[np.int64]:
    """Input index of every local geometry node."""
    return np.asarray(mesh.geometry.input_global_indices)


def cell_nodes(mesh: Any) -> npt.NDArray[np.int32]:
    """Local geometry nodes of every cell, shape ``(cells, corners)``."""
    return np.asarray(mesh.geometry.dofmaps[0] if _VERSION >= (0, 11) else mesh.geometry.dofmap)


def expression(expr: Any, points: npt.NDArray[np.float64], comm: MPI.Comm) -> Any:
    """A compiled expression at reference points."""
    return dolfinx.fem.Expression(expr, points, comm=comm)


def evaluate(expression: Any, mesh: Any, cells: npt.NDArray[np.int32], size: int) -> npt.NDArray[np.float64]:
    """Values of a compiled expression on cells, shape ``(cells, points, size)``."""
    values = np.asarray(expression.eval(mesh, cells))
    return values.reshape(len(cells), -1, size)
