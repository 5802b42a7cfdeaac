"""The largest ball inside each of many convex cells, and the distance between convex bodies.

A cell is where n_k . x <= b_k for its planes k, with unit normals n_k outwards. Its largest ball has the centre x and the
radius r of the linear program

    maximise r    subject to    n_k . x + r <= b_k.

The convex hulls of two sets of points p and q are 1 / |y| apart, where y is the shortest vector with y . (q - p) >= 1
for all pairs: with n = y / |y| all of q lies at least that much further along n than all of p. It is found as a
non-negative least-squares problem (C. L. Lawson, R. J. Hanson, doi:10.1137/1.9781611971217, chapter 23).
"""

from __future__ import annotations

import numpy as np

from ssbsim.geometry.arrays import Float, Int


def inscribed_balls(cell: Int, normals: Float, offsets: Float) -> tuple[Float, Float]:
    """Centres and radii of the largest balls in convex cells.

    Args:
        cell: Cell that each plane bounds, shape (k,); every number from 0 on occurs.
        normals: Outward unit normals, shape (k, d).
        offsets: n . x on the planes, shape (k,).

    Returns:
        Shapes (n, d) and (n,). A radius is negative where no point is inside all planes of a cell.
    """
    from scipy.optimize import linprog
    from scipy.sparse import coo_array

    planes, d = normals.shape
    count = int(cell.max()) + 1
    # All cells are one program with unknowns (x, r) of each in turn: the sum of the radii is largest where each is.
    rows = np.repeat(np.arange(planes), d + 1)
    columns = (cell[:, None] * (d + 1) + np.arange(d + 1)).ravel()
    values = np.column_stack([normals, np.ones(planes)]).ravel()
    matrix = coo_array((values, (rows, columns)), shape=(planes, count * (d + 1))).tocsr()
    cost = np.tile(np.append(np.zeros(d), -1.0), count)
    solution = linprog(cost, A_ub=matrix, b_ub=offsets, bounds=(None, None), method="highs-ds").x.reshape(count, d + 1)
    return solution[:, :d], solution[:, d]


def hull_distance(one: Float, other: Float) -> float:
    """Distance between the convex hulls of two sets of points, shapes (n, d) and (m, d); 0 where they meet.

    Never more than the true distance: it is that between two parallel planes which have the hulls on either side.
    """
    from scipy.optimize import lsq_linear

    apart = (other[:, None] - one).reshape(-1, one.shape[1])
    scale = float(np.abs(apart).max())
    matrix = np.vstack([apart.T / scale, np.ones(len(apart))])
    right = np.append(np.zeros(one.shape[1]), 1.0)
    # Not nnls, which in SciPy 1.15 stops at wrong solutions of these.
    shares = lsq_linear(matrix, right, bounds=(0.0, np.inf), method="bvls", tol=1e-14).x
    normal = matrix[:-1] @ shares
    length = float(np.linalg.norm(normal))
    return max(0.0, float(np.min(apart @ normal)) / length) if length > 0.0 else 0.0
