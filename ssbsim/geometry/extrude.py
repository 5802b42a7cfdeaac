"""Boxes between graded coordinates as a mesh: intervals, triangles in 2D, tetrahedra in 3D; a stack of layers extruded.

Every box of the grid is cut into d! simplices that share its main diagonal (Freudenthal 1942, doi:10.2307/1968813;
Kuhn 1960, doi:10.1147/rd.45.0518), the same way everywhere. All their dihedral angles are at most 90 degrees whatever
the sides of the box, so that the discrete Laplacian has no coupling of the wrong sign, and dividing every box by a
whole number gives a nested mesh. A general mesher keeps neither: cutting the prisms of an extruded mesh with Gmsh 4.13
gives obtuse tetrahedra and wrong signs in a fifth of the couplings. Points lie on the exact coordinates of the axes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from ssbsim.case import BOX_SIDES
from ssbsim.errors import MeshError
from ssbsim.geometry.arrays import Int
from ssbsim.geometry.grading import GradedStack
from ssbsim.geometry.limits import MAXIMUM_CELLS, refuse_above
from ssbsim.geometry.mesh_data import CELL_DIMENSION, Grain, MeshData


def extrude_stack(
    stack: GradedStack, grains: tuple[Grain, ...], *, extents: Sequence[float], size: float, refinement: int
) -> MeshData:
    """Extrude a stack along y, and along z if there are two extents.

    Args:
        stack: The graded coordinates along x, refined already.
        grains: The grain of every layer; empty extents give the 1D mesh.
        extents: Width (m), or width and depth (m).
        size: Largest cell size (m) across; cells across are uniform.
        refinement: Every cell across is divided into so many.

    Raises:
        MeshError: where an extent or the size is not positive, or there would be too many cells.
    """
    names = ("geometry.width", "geometry.depth")
    for name, value in (*zip(names, extents, strict=False), ("geometry.spacing.transverse", size)):
        if not (math.isfinite(value) and value > 0.0):
            raise MeshError(f"The length {value:g} m is not positive.", where=name, hint="give a positive length")
    across = [_uniform_axis(extent, size, refinement) for extent in extents]
    return mesh_boxes([stack, *across], np.arange(len(grains)).reshape(-1, *[1] * len(extents)), grains)


def mesh_boxes(axes: Sequence[GradedStack], block_grain: NDArray[np.integer], grains: tuple[Grain, ...]) -> MeshData:
    """The mesh of all boxes between the coordinates along x, y and z.

    Args:
        axes: Coordinates along each axis and the layer of every interval; one axis gives intervals.
        block_grain: Index into `grains` for each combination of layers, shape (layers of axis 1, .., of axis d).
        grains: The grains.

    Raises:
        MeshError: where there would be too many cells.
    """
    counts = [len(axis.cell_layer) for axis in axes]
    dimension = len(counts)
    cells_per_box = math.factorial(dimension)
    total = math.prod(counts) * cells_per_box
    refuse_above(
        MAXIMUM_CELLS,
        total,
        how=f"{' x '.join(f'{count:.6g}' for count in counts)} boxes",
        where="geometry.spacing",
        hint="raise the cell sizes, or make the extents across x smaller",
    )
    points = np.stack(np.meshgrid(*(axis.coordinates for axis in axes), indexing="ij"), axis=-1).reshape(-1, dimension)
    index = np.arange(len(points), dtype=np.int64).reshape([count + 1 for count in counts])
    sides = [split_boxes(np.take(index, end, axis=axis)) for axis in range(dimension) for end in (0, -1)]
    box_grain = block_grain[np.ix_(*(axis.cell_layer for axis in axes))]
    return MeshData(
        points=points,
        cell_type=next(name for name, d in CELL_DIMENSION.items() if d == dimension),
        cells=split_boxes(index),
        cell_grain=np.repeat(box_grain.reshape(-1), cells_per_box),
        grains=grains,
        boundary_facets=np.vstack(sides),
        facet_boundary=np.repeat(np.arange(2 * dimension, dtype=np.int32), [len(side) for side in sides]),
        boundaries=BOX_SIDES[: 2 * dimension],
        notes=tuple(dict.fromkeys(note for axis in axes for note in axis.notes)),
    )


def split_boxes(index: Int) -> Int:
    """Cut every box of a grid into simplices around its main diagonal.

    Args:
        index: Number of every grid point, shape (n_1 + 1, .., n_d + 1).

    Returns:
        Vertices of n_1 .. n_d times d! positively oriented simplices, those of one box beside each other, boxes in C
        order, shape (m, d + 1). A grid without axes (one point) gives that point.
    """
    dimension = index.ndim
    corners = [slice(None, -1), slice(1, None)]
    simplices = []
    for path in permutations(range(dimension)):
        at = [0] * dimension
        vertices = [index[tuple(corners[side] for side in at)]]
        for axis in path:
            at[axis] = 1
            vertices.append(index[tuple(corners[side] for side in at)])
        # An odd permutation of the axes turns the simplex inside out.
        inversions = sum(path[i] > path[j] for i in range(dimension) for j in range(i + 1, dimension))
        if inversions % 2:
            vertices[-2], vertices[-1] = vertices[-1], vertices[-2]
        simplices.append(np.stack(vertices, axis=-1))
    return np.stack(simplices, axis=-2).reshape(-1, dimension + 1)


def _uniform_axis(extent: float, size: float, refinement: int) -> GradedStack:
    count = max(1, math.ceil(extent / size * (1.0 - 1e-12))) * refinement
    refuse_above(
        MAXIMUM_CELLS,
        count,
        how="across x",
        where="geometry.spacing.transverse",
        hint="check the units of spacing.transverse, the width and the depth",
    )
    # Dividing first makes the points of a refined mesh bitwise equal to those of the coarse one.
    return GradedStack(extent * (np.arange(count + 1) / count), np.zeros(count, dtype=np.int32), ())
