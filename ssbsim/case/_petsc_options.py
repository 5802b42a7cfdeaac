"""Which PETSc options a case file may set: methods, tolerances, limits and parameters of preconditioners.

PETSc's options reach further than numerics. ``pc_type: python`` runs code, every viewer and many monitors write to any path
(``ksp_view: ":/path"``), types may name a library to load, and some abort the process. So the options pass a closed list,
by name and by value; what is not on it is refused. Names and meanings are those that PETSc prints with ``-help`` (3.22 to
3.25); the options of a solver inside a preconditioner carry a prefix.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Final

from ssbsim.document.problems import Problem, describe
from ssbsim.document.suggestions import did_you_mean, nearest

#: Prefixes of solvers inside a preconditioner; ``field_`` are the multigrid cycles of the preset ``multigrid``.
PREFIXES: Final = re.compile(
    r"(field_|border_)?((sub|redundant|mg_coarse|mg_levels|mg_levels_\d{1,2})_)?((sub|esteig)_)?(?=ksp_|pc_|mat_|snes_)"
)

_NUMBERS: Final = """
ksp_rtol ksp_atol ksp_divtol ksp_gmres_haptol ksp_gmres_breakdown_tolerance ksp_richardson_scale ksp_bcgsl_xres
ksp_chebyshev_esteig_steps snes_rtol snes_atol snes_stol snes_divergence_tolerance snes_ksp_ew_rtol0 snes_ksp_ew_rtolmax
snes_ksp_ew_gamma snes_ksp_ew_alpha snes_ksp_ew_alpha2 snes_ksp_ew_threshold snes_linesearch_alpha snes_linesearch_damping
snes_linesearch_maxstep snes_linesearch_minlambda snes_linesearch_rtol snes_linesearch_atol snes_linesearch_ltol
pc_factor_fill pc_factor_shift_amount pc_factor_zeropivot pc_factor_column_pivot pc_factor_nonzeros_along_diagonal
pc_sor_omega pc_sor_diagonal_shift pc_eisenstat_omega pc_jacobi_rowl1_scale pc_gamg_threshold pc_gamg_threshold_scale
pc_hypre_boomeramg_tol pc_hypre_boomeramg_truncfactor pc_hypre_boomeramg_strong_threshold pc_hypre_boomeramg_max_row_sum
pc_hypre_boomeramg_relax_weight_all pc_hypre_boomeramg_outer_relax_weight_all
mat_mumps_cntl_1 mat_mumps_cntl_2 mat_mumps_cntl_3 mat_mumps_cntl_4 mat_mumps_cntl_5 mat_mumps_cntl_7
"""
_WHOLE: Final = """
ksp_max_it ksp_min_it ksp_gmres_restart ksp_gcr_restart ksp_lgmres_augment ksp_bcgsl_ell ksp_fcg_mmax
ksp_check_norm_iteration snes_max_it snes_max_funcs snes_max_fail snes_max_linear_solve_fail snes_lag_jacobian
snes_lag_preconditioner snes_ksp_ew_version snes_linesearch_max_it snes_linesearch_order pc_factor_levels pc_sor_its
pc_sor_lits pc_asm_overlap pc_asm_blocks pc_asm_local_blocks pc_bjacobi_blocks pc_bjacobi_local_blocks pc_redundant_number
pc_mg_levels pc_gamg_agg_nsmooths pc_gamg_aggressive_coarsening pc_gamg_coarse_eq_limit pc_gamg_process_eq_limit
pc_hypre_boomeramg_max_iter pc_hypre_boomeramg_max_levels pc_hypre_boomeramg_P_max pc_hypre_boomeramg_agg_nl
pc_hypre_boomeramg_agg_num_paths pc_hypre_boomeramg_grid_sweeps_all pc_hypre_boomeramg_grid_sweeps_down
pc_hypre_boomeramg_grid_sweeps_up pc_hypre_boomeramg_grid_sweeps_coarse pc_hypre_boomeramg_max_coarse_size
pc_hypre_boomeramg_min_coarse_size pc_hypre_boomeramg_numfunctions pc_hypre_boomeramg_nodal_coarsen
pc_hypre_boomeramg_interp_refine
mat_mumps_icntl_6 mat_mumps_icntl_7 mat_mumps_icntl_8 mat_mumps_icntl_10 mat_mumps_icntl_12 mat_mumps_icntl_13
mat_mumps_icntl_14 mat_mumps_icntl_23 mat_mumps_icntl_24 mat_mumps_icntl_27 mat_mumps_icntl_28 mat_mumps_icntl_29
mat_mumps_icntl_35 mat_mumps_icntl_36 mat_mumps_icntl_38 mat_mumps_icntl_58
"""
_SWITCHES: Final = """
ksp_initial_guess_nonzero ksp_knoll ksp_lag_norm ksp_diagonal_scale ksp_diagonal_scale_fix ksp_cg_single_reduction
ksp_gmres_preallocate ksp_gmres_modifiedgramschmidt ksp_gmres_classicalgramschmidt ksp_lgmres_constant ksp_minres_qlp
ksp_richardson_self_scale ksp_reuse_preconditioner ksp_converged_use_initial_residual_norm ksp_bcgsl_pinv ksp_bcgsl_cxpoly
snes_ksp_ew snes_lag_jacobian_persists snes_lag_preconditioner_persists snes_force_iteration snes_linesearch_keeplambda
pc_factor_diagonal_fill pc_factor_in_place pc_factor_pivot_in_blocks pc_factor_reuse_fill pc_factor_reuse_ordering
pc_sor_backward pc_sor_forward pc_sor_symmetric pc_sor_local_backward pc_sor_local_forward pc_sor_local_symmetric
pc_eisenstat_no_diagonal_scaling pc_jacobi_abs pc_jacobi_fixdiagonal pc_gamg_repartition pc_gamg_reuse_interpolation
pc_gamg_use_sa_esteig pc_gamg_aggressive_square_graph pc_hypre_boomeramg_no_CF pc_hypre_boomeramg_nodal_relaxation
pc_hypre_boomeramg_keeptranspose mat_no_inode
"""
#: They print to the terminal; with anything but true they would open a viewer of any kind at any place.
_PRINTED: Final = """
ksp_monitor ksp_monitor_true_residual ksp_converged_reason ksp_view snes_monitor snes_converged_reason snes_view
snes_linesearch_monitor
"""
_RELAXATIONS: Final = (
    "Jacobi sequential-Gauss-Seidel SOR/Jacobi backward-SOR/Jacobi symmetric-SOR/Jacobi l1scaled-SOR/Jacobi "
    "Gaussian-elimination l1-Gauss-Seidel backward-l1-Gauss-Seidel CG Chebyshev FCF-Jacobi l1scaled-Jacobi"
)
_KINDS: Final = {
    "ksp_type": "preonly gmres fgmres lgmres pgmres cg fcg pipecg bcgs bcgsl ibcgs fbcgs cgs tfqmr gcr cr minres symmlq "
    "richardson chebyshev",
    "ksp_norm_type": "none preconditioned unpreconditioned natural",
    "ksp_pc_side": "left right symmetric",
    "ksp_gmres_cgs_refinement_type": "refine_never refine_ifneeded refine_always",
    "ksp_chebyshev_kind": "first fourth opt_fourth",
    "ksp_fcg_truncation_type": "standard notay",
    "snes_type": "newtonls",
    "snes_linesearch_type": "basic bt l2 cp nleqerr",
    "pc_type": "none jacobi pbjacobi vpbjacobi bjacobi sor eisenstat ilu icc lu cholesky asm redundant gamg hypre",
    "pc_factor_mat_solver_type": "petsc mumps superlu superlu_dist umfpack klu strumpack",
    "pc_factor_mat_ordering_type": "natural nd 1wd rcm qmd amd rowlength external",
    "pc_factor_shift_type": "none nonzero positive_definite inblocks",
    "pc_jacobi_type": "diagonal rowl1 rowmax rowsum",
    "pc_asm_type": "none restrict interpolate basic",
    "pc_asm_local_type": "additive multiplicative",
    "pc_mg_cycle_type": "v w",
    "pc_mg_type": "multiplicative additive full kaskade",
    "pc_gamg_type": "agg",
    "pc_hypre_type": "boomeramg",
    "pc_hypre_boomeramg_cycle_type": "V W",
    "pc_hypre_boomeramg_measure_type": "local global",
    "pc_hypre_boomeramg_coarsen_type": "CLJP Ruge-Stueben modifiedRuge-Stueben Falgout PMIS HMIS",
    "pc_hypre_boomeramg_interp_type": "classical direct multipass multipass-wts ext+i ext+i-cc standard standard-wts block "
    "block-wtd FF FF1 ext ad-wts ext-mm ext+i-mm ext+e-mm",
    "pc_hypre_boomeramg_relax_type_all": _RELAXATIONS,
    "pc_hypre_boomeramg_relax_type_down": _RELAXATIONS,
    "pc_hypre_boomeramg_relax_type_up": _RELAXATIONS,
    "pc_hypre_boomeramg_relax_type_coarse": _RELAXATIONS,
}
#: What each option takes: the name of a kind of value, or the words to choose from.
ALLOWED: Final[Mapping[str, str | tuple[str, ...]]] = {
    **dict.fromkeys(_NUMBERS.split(), "a number"),
    **dict.fromkeys(_WHOLE.split(), "a whole number"),
    **dict.fromkeys(_SWITCHES.split(), "true or false"),
    **dict.fromkeys(_PRINTED.split(), "true"),
    **{name: tuple(words.split()) for name, words in _KINDS.items()},
}

#: Beyond it, memory and loops of PETSc are at stake rather than an iteration.
_LARGEST_WHOLE = 1_000_000

_DANGERS: Final = (
    (r"python|shell", "it runs code that the file names"),
    (r"view|monitor|plot|log|info|trace|dump|tmpdir|ooc|icntl_(1|2|3|4|22)$|print|debug", "it can write to any file"),
    (r"options_file|dll|library|load|database", "it makes PETSc read another file"),
    (r"abort|debugger|fp_trap|malloc|signal|error", "it can end the process"),
)


def forbidden_options(options: Mapping[str, str | int | float | bool]) -> Iterator[Problem]:
    """What is wrong with the options of a file, by their keys."""
    for key, value in options.items():
        name = PREFIXES.sub("", key.removeprefix("-"), count=1)
        trust = "remove it, or, if you trust the file, run with --trust-petsc-options"
        if name not in ALLOWED:
            danger = next((why for pattern, why in _DANGERS if re.search(pattern, name)), "")
            guess = "" if danger else nearest(name, tuple(ALLOWED), cutoff=0.8)
            what = f"'{key}' is not among the PETSc options that a file may set" + (f": {danger}" if danger else "")
            yield Problem(what, (key,), f"{did_you_mean(name, (guess,))} Or {trust}" if guess else trust)
            continue
        allowed = ALLOWED[name]
        if not _fits(value, allowed):
            if isinstance(allowed, tuple):
                danger = next((why for pattern, why in _DANGERS if re.search(pattern, str(value).lower())), "")
                listed = "one of " + ", ".join(allowed) if len(allowed) > 1 else f"'{allowed[0]}'"
            else:
                danger = _DANGERS[1][1] if allowed == "true" else ""
                listed = allowed + (f" up to {_LARGEST_WHOLE:,}" if allowed == "a whole number" else "")
            what = f"expected {listed}, found {describe(value)}" + (f": {danger}" if danger else "")
            yield Problem(what, (key,), trust.replace("remove", "change"))


def _fits(value: str | int | float | bool, allowed: str | tuple[str, ...]) -> bool:
    if isinstance(allowed, tuple):
        return isinstance(value, str) and value.lower() in (word.lower() for word in allowed)
    if allowed == "true":
        return value is True
    if allowed == "true or false":
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return False
    if allowed == "a whole number":
        return isinstance(value, int) and abs(number) <= _LARGEST_WHOLE
    return math.isfinite(number)
