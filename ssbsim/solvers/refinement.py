r"""Flows of a steady state with all their digits, and products with C and K of the equations.

A flow is made of differences of y between neighbours, which rounding leaves with ``1e-16 y`` only: beside a contact of
1e10 ohm m2, or under a drop of 1e-15 V, nothing is left of them. Here y has a second part, ``rest``, so that the two together
carry some thirty digits; gradients and jumps are taken of each part by itself, where the difference of neighbours that are
nearly equal is exact. One step of Newton's method with the factors of an ordinary matrix improves the two parts by as many
digits as these factors are good for, as iterative refinement does (J. H. Wilkinson, Rounding Errors in Algebraic Processes,
1963; from memory); the sum of the parts is kept by the two-sum of D. E. Knuth (The Art of Computer Programming 2, section
4.2.2; from memory).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ssbsim.solvers.newton import ImplicitSolver

Floats = npt.NDArray[np.float64]

#: Step with which K is taken out of the Jacobian C + tau K without losing digits of it.
_LONG = 2.0**40


def refine(solver: ImplicitSolver, tau: float) -> None:
    """One step towards the steady state, linearised, whose digits go below the rounding of y to ``functional.rest``.

    Gradients and jumps then have all their digits however small they are beside y. Nothing is done where potentials of
    terminals are unknown.

    Args:
        solver: Solver of the steps; its functional holds the state.
        tau: Step. It starts from the amounts as they are, so that nothing is left of what rounding takes from them.
    """
    functional = solver.functional
    y, rest, n = functional.y.x.array, functional.rest.x.array, len(solver.free_rows)
    if functional.placement.rows.floating:
        return
    for fixed in functional.placement.rows.fixed:
        rest[fixed.rows] = fixed.applied.rest
    functional.rest.x.scatter_forward()
    solver.linearise(tau)
    stores = ~functional.placement.rows.instantaneous
    flows, charges = (solver.assemble(form) for form in (functional.forms.dissipated, functional.forms.charges))
    change = -solver.solve_linear(np.where(stores, tau * flows, charges))
    # y + rest + change, exactly but for the last digit of the rest.
    low = rest[:n] + change
    high = y[:n] + low
    part = high - y[:n]
    rest[:n] = (y[:n] - (high - part)) + (low - part)
    y[:n] = high
    for values in (functional.y, functional.rest):
        values.x.scatter_forward()


def conductance_of_rows(solver: ImplicitSolver) -> Floats:
    """Diagonal of ``K = d2R/dy2`` at the present state, on owned rows: what a drop of one over the cells around drives."""
    matrix = solver.new_matrix()
    found = []
    for tau in (_LONG, 0.0):
        solver.assemble_jacobian(matrix, tau)
        diagonal = matrix.getDiagonal()
        found.append(diagonal.array_r.copy())
        diagonal.destroy()
    matrix.destroy()
    result: Floats = (found[0] - found[1]) / _LONG
    return result


def stored(solver: ImplicitSolver, change: Floats) -> Floats:
    """``C dy`` at the present state, on all owned rows."""
    matrix = solver.new_matrix()
    solver.assemble_jacobian(matrix, 0.0)
    x, product = matrix.createVecs()
    x.array[:] = change
    matrix.mult(x, product)
    result: Floats = product.array_r.copy()
    for thing in (matrix, x, product):
        thing.destroy()
    return result
