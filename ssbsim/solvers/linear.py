"""Linear solvers by name.

``direct``     MUMPS. Right in 1D and in small 2D.
``multigrid``  GMRES with one cycle of BoomerAMG for each field in turn (:mod:`~ssbsim.solvers.splitting`). Right in 3D and
               large 2D. Its residual is the preconditioned one, an estimate of the error of the update in kT: the plain one
               says nothing about mu where sites are empty and the rows of the matrix tiny.

The choice ``auto`` is by dimension and size, from measurement (see ``bench/``). PETSc options of the case override any of
these; an option that PETSc did not use is reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from petsc4py import PETSc

from ssbsim import _compat
from ssbsim.document.citations import Citation
from ssbsim.errors import CaseError

_PRESETS: dict[str, dict[str, str | int | float]] = {
    "direct": {
        "ksp_type": "preonly",
        "pc_type": "lu",
        "pc_factor_mat_solver_type": "mumps",
        "mat_mumps_icntl_14": 80,
    },
    "multigrid": {
        "ksp_type": "gmres",
        "ksp_gmres_restart": 60,
        # Relative to the update; already 1e-6 leaves the same converged state to 13 digits, because Newton corrects itself.
        "ksp_rtol": 1e-8,
        "ksp_max_it": 200,
        "pc_type": "python",
        "field_pc_type": "hypre",
        "field_pc_hypre_type": "boomeramg",
        "field_pc_hypre_boomeramg_coarsen_type": "HMIS",
        "field_pc_hypre_boomeramg_interp_type": "ext+i",
        "field_pc_hypre_boomeramg_P_max": 4,
    },
}

#: What the presets rest on.
PRESET_SOURCES: dict[str, tuple[Citation, ...]] = {
    "direct": (
        Citation(
            ("P. R. Amestoy", "I. S. Duff", "J. Koster", "J.-Y. L'Excellent"),
            2001,
            "SIAM J. Matrix Anal. Appl.",
            "23",
            "15",
            "10.1137/S0895479899358194",
        ),
    ),
    "multigrid": (
        Citation(
            ("V. E. Henson", "U. M. Yang"), 2002, "Appl. Numer. Math.", "41", "155", "10.1016/S0168-9274(01)00115-5"
        ),
        Citation(("J. Xu",), 1992, "SIAM Rev.", "34", "581", "10.1137/1034116"),
    ),
}

#: What a direct solver that gave up says of its matrix.
SINGULAR = "the matrix of the step is singular or could not be factorised"

#: Rows up to which a direct solve was the faster one, by dimension.
_DIRECT_UP_TO = {1: 10**9, 2: 20_000, 3: 10_000}


def choose_preset(linear: str, dimension: int, rows: int) -> str:
    """``direct`` or ``multigrid``: the case's own word, or by dimension and number of rows."""
    if linear != "auto":
        return linear
    return "direct" if rows <= _DIRECT_UP_TO[dimension] else "multigrid"


class SolverOptions:
    """PETSc options of one run under their own prefix, so that two runs in one process never mix.

    Args:
        prefix: Options prefix.
        preset: Name of the preset.
        user: Options of the case; they win.
    """

    def __init__(self, prefix: str, preset: str, user: Mapping[str, Any]) -> None:
        self.prefix = prefix
        self.preset = preset
        self.user = {str(k).lstrip("-"): v for k, v in user.items()}
        self.values: dict[str, Any] = {"snes_linesearch_type": "basic", **_PRESETS[preset], **self.user}
        database = PETSc.Options()
        # The unused ones are reported here, by name; PETSc's own list would also hold those of the preset.
        database.setValue("options_left", "no")
        for key, value in self.values.items():
            database.setValue(f"{prefix}{key}", _text(value))

    def unused(self) -> list[str]:
        """Options of the case that PETSc never asked for. Ask after a solve."""
        return [k for k in self.user if not _compat.option_is_used(f"{self.prefix}{k}")]

    def clear(self) -> None:
        """Remove the options from PETSc's database."""
        database = PETSc.Options()
        for key in self.values:
            if database.hasName(f"{self.prefix}{key}"):
                database.delValue(f"{self.prefix}{key}")


def _text(value: Any) -> str | None:
    if value is True or value is None:
        return None
    if isinstance(value, (str, int, float)):
        return str(value)
    raise CaseError(
        f"A PETSc option must be text, a number or true; found {value!r}.",
        where="solver.petsc_options",
        hint="Write for example ksp_rtol: 1e-8.",
    )


def raise_ours(error: PETSc.Error) -> None:
    """Raise what a function of ours raised while PETSc called it, which petsc4py keeps as the cause of its own error."""
    if error.__cause__ is not None:
        raise error.__cause__


def linear_reason(reason: int) -> str:
    """Why a linear solve stopped, by PETSc's number."""
    names = {v: k for k, v in vars(PETSc.KSP.ConvergedReason).items() if isinstance(v, int)}
    word = names.get(reason, str(reason))
    if "PC" in word:
        return SINGULAR
    return f"the linear solver stopped ({word.lower().replace('_', ' ')})"
