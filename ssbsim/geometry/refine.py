"""Dividing every simplex of a mesh into r^d of equal measure, without leaving its shape (edgewise subdivision).

A simplex whose vertices are ordered, v_0 .. v_d, is the set r >= x_1 >= x_2 >= .. >= x_d >= 0 of a space in which v_i
has i coordinates r followed by zeros. The unit boxes of that space are cut around their diagonals into d! simplices
each (Freudenthal 1942, doi:10.2307/1968813); r^d of those fill the set, and they are the parts (Edelsbrunner and
Grayson 2000, doi:10.1007/s004540010063). What this does to a face depends on the order of the vertices of the face only:
taken by their numbers in the mesh, neighbours fit. The parts of a simplex have at most d!/2 shapes however large r is,
in two dimensions that of the simplex itself, so that an angle or a thin layer is the same after any division.

With the weights w_i = x_i - x_(i+1) (x_0 = r, x_(d+1) = 0) a new point is v_a + sum_i (w_i / r) (v_i - v_a), where v_a is
the first vertex of non-zero weight. Written so, points on a plane of constant coordinate stay on it bit by bit, and a
point of division r is bit by bit one of division 2 r.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations, permutations, product

import numpy as np
from numpy.typing import NDArray

from ssbsim.errors import MeshError
from ssbsim.geometry._facets import facet_keys
from ssbsim.geometry.arrays import Float, Int
from ssbsim.geometry.limits import MAXIMUM_CELLS, refuse_above
from ssbsim.geometry.mesh_data import MeshData


def refine_mesh(mesh: MeshData, r: int) -> MeshData:
    """Divide every edge of a mesh into r, every cell into r^d cells of equal measure and every boundary facet likewise.

    Vertices keep their numbers, new ones follow; the parts of a cell follow one another in the order of the cells. Same
    mesh, same result, bit by bit.

    Args:
        mesh: A valid mesh.
        r: Number of parts of every edge; 1 gives the mesh back.

    Raises:
        MeshError: where r is not a positive whole number, or there would be too many cells.
    """
    if r < 1 or r != int(r):
        raise MeshError(
            f"The refinement {r} is not a positive whole number.",
            where="geometry.spacing.refinement",
            hint="1 leaves the cells as they are, 2 halves them",
        )
    if r == 1:
        return mesh
    count = len(mesh.cells) * r**mesh.dimension
    refuse_above(MAXIMUM_CELLS, count, where="geometry.spacing.refinement", hint="use a smaller refinement")
    cells, cells_are_odd = _sort_rows(mesh.cells)
    facets, facets_are_odd = _sort_rows(mesh.boundary_facets)
    points, cell_lattice, facet_lattice = _number_points(mesh.points, cells, facets, r)
    return replace(
        mesh,
        points=points,
        cells=_divide(cell_lattice, cells_are_odd, r),
        cell_grain=np.repeat(mesh.cell_grain, r**mesh.dimension),
        boundary_facets=_divide(facet_lattice, facets_are_odd, r),
        facet_boundary=np.repeat(mesh.facet_boundary, r ** (mesh.dimension - 1)),
    )


def divide_triangles(points: Float, triangles: Int, r: int) -> tuple[Float, Int]:
    """Divide every edge of triangles in space into r, every triangle into r^2, those of a triangle one after the other.

    Args:
        points: Coordinates, shape (n, 3).
        triangles: Vertices, shape (k, 3).
        r: Number of parts of every edge.

    Returns:
        Points, the given ones first, and triangles that turn like theirs.
    """
    ordered, are_odd = _sort_rows(triangles)
    divided, lattice, _ = _number_points(points, ordered, ordered[:0, :2], r)
    return divided, _divide(lattice, are_odd, r)


def _number_points(points: Float, cells: Int, facets: Int, r: int) -> tuple[Float, Int, Int]:
    """The points of the divided mesh: its vertices, then those inside edges, triangles and tetrahedra.

    Returns:
        Coordinates (m), and the number of every point of the lattices of the sorted cells and the sorted facets, one
        column for each of `_weights`.
    """
    simplices = (cells, facets)
    lattices = [np.empty((len(s), math.comb(r + s.shape[1] - 1, r)), dtype=np.int64) for s in simplices]
    coordinates = [points]
    start = 0
    for size in range(1, min(cells.shape[1], r) + 1):
        inner = _weights(size, r, least=1)
        faces = [_faces(s, size) for s in simplices]
        stacked = np.vstack([face.reshape(-1, size) for face in faces])
        if size == 1:
            numbers, vertices = stacked[:, 0], np.arange(len(points))[:, None]
        else:
            _, first, numbers = np.unique(facet_keys(stacked, len(points)), return_index=True, return_inverse=True)
            vertices = stacked[first]
            coordinates.append(_place(points[vertices], inner, r))
        split = faces[0].shape[0] * faces[0].shape[1]
        for s, lattice, face, own in zip(simplices, lattices, faces, np.split(numbers, [split]), strict=True):
            inside = start + own[:, None] * len(inner) + np.arange(len(inner))
            columns = _columns(s.shape[1], size, r, inner)
            lattice[:, columns] = inside.reshape(len(s), face.shape[1] * len(inner))
        start += len(vertices) * len(inner)
    return np.vstack(coordinates), lattices[0], lattices[1]


def _place(corners: Float, weights: list[tuple[int, ...]], r: int) -> Float:
    at = np.repeat(corners[:, :1], len(weights), axis=1)
    for i in range(1, corners.shape[1]):
        share = np.array([w[i] / r for w in weights])
        at += share[None, :, None] * (corners[:, i] - corners[:, 0])[:, None, :]
    return at.reshape(-1, at.shape[-1])


def _sort_rows(simplices: Int) -> tuple[Int, NDArray[np.bool_]]:
    """Vertices in increasing order, and whether that is an odd permutation of each simplex."""
    order = np.argsort(simplices, axis=1)
    inversions = np.zeros(len(simplices), dtype=np.int64)
    for i, j in combinations(range(simplices.shape[1]), 2):
        inversions += order[:, i] > order[:, j]
    return np.take_along_axis(simplices, order, axis=1), inversions % 2 == 1


def _faces(simplices: Int, size: int) -> Int:
    """Faces of so many vertices of every simplex, shape (m, number of faces, size)."""
    chosen = list(combinations(range(simplices.shape[1]), size))
    return simplices[:, np.array(chosen, dtype=np.int64).reshape(-1, size)]


def _weights(parts: int, total: int, *, least: int = 0) -> list[tuple[int, ...]]:
    """Every way to write the total as a sum of so many parts that are at least so large."""
    if parts == 1:
        return [(total,)] if total >= least else []
    return [(w, *rest) for w in range(least, total + 1) for rest in _weights(parts - 1, total - w, least=least)]


def _columns(vertices: int, size: int, r: int, inner: list[tuple[int, ...]]) -> list[int]:
    """Where the points inside the faces of so many vertices stand in `_weights` of the simplex."""
    where = {w: i for i, w in enumerate(_weights(vertices, r))}
    columns = []
    for face in combinations(range(vertices), size):
        for w in inner:
            full = [0] * vertices
            for corner, weight in zip(face, w, strict=True):
                full[corner] = weight
            columns.append(where[tuple(full)])
    return columns


def _parts(dimension: int, r: int) -> tuple[list[list[int]], list[bool]]:
    """The parts of a simplex as indices into `_weights`, and whether each is turned inside out."""
    where = {w: i for i, w in enumerate(_weights(dimension + 1, r))}
    parts, are_odd = [], []
    for corner in product(range(r), repeat=dimension):
        for path in permutations(range(dimension)):
            x = list(corner)
            steps = [tuple(x)]
            for axis in path:
                x[axis] += 1
                steps.append(tuple(x))
            full = [(r, *step, 0) for step in steps]
            if all(a >= b for step in full for a, b in zip(step, step[1:], strict=False)):
                parts.append([where[tuple(a - b for a, b in zip(s, s[1:], strict=False))] for s in full])
                are_odd.append(sum(path[i] > path[j] for i, j in combinations(range(dimension), 2)) % 2 == 1)
    return parts, are_odd


def _divide(lattice: Int, simplices_are_odd: NDArray[np.bool_], r: int) -> Int:
    dimension = next(d for d in range(4) if math.comb(r + d, d) == lattice.shape[1])
    parts, are_odd = _parts(dimension, r)
    divided = lattice[:, np.array(parts, dtype=np.int64)]
    turned = simplices_are_odd[:, None] ^ np.array(are_odd)[None, :]
    if dimension:
        divided[turned] = divided[turned][:, [*range(dimension - 1), dimension, dimension - 1]]
    return divided.reshape(-1, dimension + 1)
