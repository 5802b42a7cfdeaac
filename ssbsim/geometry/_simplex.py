"""Measures, heights and shape of simplices, for many of them at once.

With vertices x_0 .. x_d and edge vectors e_i = x_i - x_0, the signed measure is det(e_1 .. e_d) / d!. The height over
a facet F is d * |measure| / |F|, so the smallest height belongs to the largest facet. The scaled Jacobian at a vertex
is the determinant of its edge vectors over the product of their lengths; divided by its value for the regular simplex
it is 1 for the best shape and 0 for a flat one (Knupp, SIAM J. Sci. Comput. 23 (2001) 193,
doi:10.1137/S1064827500371499). All lengths in metres.
"""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np

from ssbsim.geometry.arrays import Float, Int

# Verdict's normalisation: a regular triangle has sin(60 degrees), a regular tetrahedron 1/sqrt(2) at each vertex.
_REGULAR_JACOBIAN = {1: 1.0, 2: math.sqrt(3.0) / 2.0, 3: math.sqrt(0.5)}


def signed_measures(points: Float, cells: Int) -> Float:
    """Signed length, area or volume (m^d) of every cell, shape (m,); negative where a cell is inverted."""
    edges = points[cells[:, 1:]] - points[cells[:, :1]]
    return _determinants(edges) / math.factorial(edges.shape[1])


def facet_measures(points: Float, facets: Int) -> Float:
    """Measure of facets given as vertex tuples, shape (k,): 1 for a point, length of an edge, area of a triangle."""
    if facets.shape[1] == 1:
        return np.ones(len(facets))
    edges = points[facets[:, 1:]] - points[facets[:, :1]]
    if facets.shape[1] == 2:
        return _norm(edges[:, 0])
    return 0.5 * _norm(np.asarray(np.cross(edges[:, 0], edges[:, 1]), dtype=np.float64))


def smallest_heights(points: Float, cells: Int) -> Float:
    """Smallest height (m) of every cell, shape (m,): its thickness in its thinnest direction."""
    dimension = cells.shape[1] - 1
    measures = np.abs(signed_measures(points, cells))
    largest = np.zeros(len(cells))
    for vertices in combinations(range(dimension + 1), dimension):
        np.maximum(largest, facet_measures(points, cells[:, list(vertices)]), out=largest)
    heights: Float = np.divide(dimension * measures, largest, out=np.zeros(len(cells)), where=largest > 0.0)
    return heights


def longest_edges(points: Float, cells: Int) -> Float:
    """Longest edge (m) of every cell, shape (m,)."""
    longest = np.zeros(len(cells))
    for i, j in combinations(range(cells.shape[1]), 2):
        np.maximum(longest, _norm(points[cells[:, i]] - points[cells[:, j]]), out=longest)
    return longest


def scaled_jacobians(points: Float, cells: Int) -> Float:
    """Smallest scaled Jacobian over the vertices of every cell, shape (m,): 1 is regular, 0 flat, negative inverted."""
    dimension = cells.shape[1] - 1
    jacobians = signed_measures(points, cells) * math.factorial(dimension)
    lengths: dict[tuple[int, int], Float] = {}
    for i, j in combinations(range(dimension + 1), 2):
        lengths[i, j] = lengths[j, i] = _norm(points[cells[:, i]] - points[cells[:, j]])
    largest = np.zeros(len(cells))
    for i in range(dimension + 1):
        product = np.ones(len(cells))
        for j in range(dimension + 1):
            if j != i:
                product *= lengths[i, j]
        np.maximum(largest, product, out=largest)
    scaled = np.divide(jacobians, largest, out=np.zeros(len(cells)), where=largest > 0.0)
    return np.asarray(scaled / _REGULAR_JACOBIAN[dimension])


def _determinants(edges: Float) -> Float:
    if edges.shape[1] == 1:
        return edges[:, 0, 0].copy()
    if edges.shape[1] == 2:
        return edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0]
    return np.asarray(np.einsum("ij,ij->i", edges[:, 0], np.cross(edges[:, 1], edges[:, 2])), dtype=np.float64)


def _norm(vectors: Float) -> Float:
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", vectors, vectors)))
