"""Rows of thin cells along a surface, in the plane and in space.

A grain is lined with rows. The first ones fill its film, of thickness t, exactly; those beyond have the heights

    h_1, h_1 q, h_1 q^2, ...    up to h_n,    1 <= q <= growth.

A vertex v of the surface moves inwards. Behind row k it is displaced by u_v(k), which satisfies

    n_f . u_v(k) = d_f(k)    for the facets f at v,

with n_f the unit normal of the facet into the grain and d_f(k) the sum of the heights up to row k; d_f = 0 on walls and
other facets without rows, along which the vertex then slides. With fewer facets than directions u_v is the shortest
solution, with more (or nearly parallel ones, as on a curved surface) the least-squares one, that is the
pseudo-inverse. Rows of two facets thus meet on the bisector of the angle between them.

Between two levels a facet sweeps a prism. With the vertices of the facet in the order of their numbers, a_0 .. a_{d-1}
on the lower and b_0 .. b_{d-1} on the upper level, it consists of the d simplices (a_0 .. a_i, b_i .. b_{d-1}). The side
that two prisms share is cut in the same way by both, since the order is that of numbers (Dompierre et al. 1999, "How to
subdivide pyramids, prisms and hexahedra into tetrahedra"). Any unit of length.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ssbsim.geometry.arrays import Float, Int
from ssbsim.geometry.grading import THIN_LAYER_CELLS, graded_sizes


def film_levels(thickness: float, *, first: float, bulk: float, growth: float, is_mirrored: bool) -> Float:
    """Levels inside a film as shares of its thickness, from 0 at the surface to 1 at the grain, shape (n + 1,).

    Args:
        thickness: Thickness of the film.
        first: Cell height at the faces of the film.
        bulk: Largest height.
        growth: Largest ratio of neighbouring heights.
        is_mirrored: Whether the surface is the middle of a core, the other half of which lies behind it; if not, the
            film has two faces.
    """
    whole = 2.0 * thickness if is_mirrored else thickness
    if whole <= THIN_LAYER_CELLS * first * (1.0 + 1e-12):
        count = math.ceil(thickness / first * (1.0 - 1e-9))
        return np.asarray(np.linspace(0.0, 1.0, max(count, 1) + 1), dtype=np.float64)
    start = max(bulk, first) if is_mirrored else first
    heights = graded_sizes(thickness, start=start, end=first, bulk=max(bulk, first), growth=growth)
    levels: Float = np.concatenate([[0.0], np.cumsum(heights)]) / thickness
    levels[-1] = 1.0
    return levels


def row_levels(first: float, last: float, *, growth: float, room: float = math.inf) -> Float:
    """Distances of the rows beyond the film, shape (n + 1,), from 0: heights grow from `first` to below `last`.

    The next cell would be as high as `last`, which is the size along the surface. Rows that do not fit into `room` are
    left out; nothing is left where `first` is not smaller than `last`.
    """
    count = max(0, math.ceil(math.log(last / first) / math.log(growth) - 1e-9))
    levels = np.concatenate([[0.0], np.cumsum(first * growth ** np.arange(count))])
    return np.asarray(levels[levels <= room * (1.0 + 1e-12)])


def steeper_levels(levels: Float, first: float) -> Float:
    """As many levels as given, beginning with another height and ending with the same last one, shape (n + 1,)."""
    count = len(levels) - 1
    if count < 2:
        return np.asarray(levels * (first / levels[1] if count else 1.0))
    last = max(first, float(levels[-1] - levels[-2]))
    heights = first * (last / first) ** (np.arange(count) / (count - 1))
    return np.concatenate([[0.0], np.cumsum(heights)])


def squeeze_levels(levels: Float, factors: Float) -> Float:
    """Levels that end at a share of the last one, shape (m, n + 1).

    The first height is kept as long as it can be: first the rows beyond it grow more slowly, h_k becoming
    h_1 (h_k / h_1)^t, t < 1; once all are as high as the first one, they shrink together.

    Args:
        levels: Levels from 0, shape (n + 1,).
        factors: Shares, between 0 and 1, shape (m,).
    """
    heights = np.diff(levels)
    if not len(heights) or levels[-1] == 0.0:
        return np.zeros((len(factors), len(levels)))
    powers = np.linspace(0.0, 1.0, 65)
    reached = (heights[0] * (heights / heights[0]) ** powers[:, None]).sum(axis=1) / levels[-1]
    power = np.interp(factors, reached, powers)
    found = (heights / heights[0]) ** power[:, None]
    found *= (factors * levels[-1] / found.sum(axis=1))[:, None]
    squeezed: Float = np.concatenate([np.zeros((len(factors), 1)), np.cumsum(found, axis=1)], axis=1)
    squeezed[factors == 1.0] = levels
    return squeezed


def solve_displacements(
    vertex: Int, normals: Float, distances: Float, count: int, *, parallel: float = 1e-3
) -> tuple[Float, Float]:
    """Displacement of every vertex from the distances that its facets ask for.

    Args:
        vertex: Vertex of every pair of a vertex and a facet at it, shape (p,).
        normals: Unit normal into the grain of the facet of every pair, shape (p, d).
        distances: Distances of the facet of every pair, one per level, shape (p, k).
        count: Number of vertices.
        parallel: Directions in which the normals of a vertex spread less than this, relative to the largest singular
            value, are left free: larger values treat a curved surface as smooth.

    Returns:
        Displacements, shape (count, k, d), and of each vertex the largest error |n . u - d|, relative to its largest
        distance, shape (count,).
    """
    dimension, levels = normals.shape[1], distances.shape[1]
    order = np.argsort(vertex, kind="stable")
    degree = np.bincount(vertex, minlength=count)
    start = np.cumsum(degree) - degree
    moved = np.zeros((count, levels, dimension))
    error = np.zeros(count)
    for size in np.unique(degree[degree > 0]):
        chosen = np.flatnonzero(degree == size)
        pairs = order[start[chosen][:, None] + np.arange(size)]
        planes, wanted = normals[pairs], distances[pairs]
        inverse = np.linalg.pinv(planes, rcond=parallel)
        found = inverse @ wanted
        moved[chosen] = found.swapaxes(1, 2)
        rest = np.abs(planes @ found - wanted).max(axis=(1, 2))
        largest = np.abs(wanted).max(axis=(1, 2))
        error[chosen] = rest / np.where(largest > 0.0, largest, 1.0)
    return moved, error


def extrude_facets(facets: Int, levels: Int) -> tuple[Int, Int]:
    """Simplices of the prisms over facets, between consecutive levels.

    Args:
        facets: Vertices of every facet, as rows of `levels`, shape (m, d); normals into the grain.
        levels: Number of every vertex on every level, shape (n, k + 1), the same on two levels where it does not move.
            Vertices are sorted by the number on level 0, which all who share a vertex agree on.

    Returns:
        Simplices, positively oriented where the prisms are, shape (q, d + 1); collapsed ones are left out. And the row
        of each simplex, from 0, shape (q,).
    """
    size = facets.shape[1]
    order = np.argsort(levels[facets, 0], axis=1, kind="stable")
    ordered = np.take_along_axis(facets, order, axis=1)
    is_odd = _is_odd(order)
    simplices, rows = [], []
    for row in range(levels.shape[1] - 1):
        lower, upper = levels[ordered, row], levels[ordered, row + 1]
        for i in range(size):
            simplex = np.concatenate([lower[:, : i + 1], upper[:, i:]], axis=1)
            # (a_0 .. a_i, b_i .. b_{d-1}) turns like the facet followed by the way inwards, up to this sign.
            turned = is_odd ^ bool((size - 1 - i) % 2)
            simplex[turned, :2] = simplex[turned, 1::-1]
            corners = np.sort(simplex, axis=1)
            simplex = simplex[(corners[:, 1:] > corners[:, :-1]).all(axis=1)]
            simplices.append(simplex)
            rows.append(np.full(len(simplex), row, dtype=np.int64))
    if not simplices:
        return np.zeros((0, size + 1), dtype=np.int64), np.zeros(0, dtype=np.int64)
    return np.concatenate(simplices), np.concatenate(rows)


def _is_odd(order: Int) -> NDArray[np.bool_]:
    """Whether each permutation swaps an odd number of pairs."""
    odd = np.zeros(len(order), dtype=bool)
    for i in range(order.shape[1]):
        for j in range(i + 1, order.shape[1]):
            odd ^= order[:, i] > order[:, j]
    return odd
