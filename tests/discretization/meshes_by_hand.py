"""Two meshes of triangles whose grains meet in a point."""

from __future__ import annotations

import numpy as np

from ssbsim.geometry import Grain, MeshData


def quadrants(n: int) -> MeshData:
    """The unit square in n x n squares of two triangles; its four quadrants are the grains 0 (lower left), 1, 2, 3."""
    x = np.linspace(0.0, 1.0, n + 1)
    points = np.stack(np.meshgrid(x, x, indexing="ij"), axis=-1).reshape(-1, 2)

    def corner(i: int, j: int) -> int:
        return i * (n + 1) + j

    cells, grain, left, right = [], [], [], []
    for i in range(n):
        for j in range(n):
            a, b, c, d = corner(i, j), corner(i + 1, j), corner(i + 1, j + 1), corner(i, j + 1)
            cells += [(a, b, c), (a, c, d)]
            grain += [(i >= n // 2) + 2 * (j >= n // 2)] * 2
    for j in range(n):
        left.append((corner(0, j), corner(0, j + 1)))
        right.append((corner(n, j), corner(n, j + 1)))
    return MeshData(
        points=points,
        cell_type="triangle",
        cells=np.array(cells),
        cell_grain=np.array(grain),
        grains=tuple(Grain(f"q{i}", "e") for i in range(4)),
        boundary_facets=np.array(left + right),
        facet_boundary=np.repeat([0, 1], n),
        boundaries=("left", "right"),
    )


def crossing() -> MeshData:
    """Four triangles around the middle of a square, each a grain: fewer cells than a grain usually has."""
    return MeshData(
        points=np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.5, 0.5]]),
        cell_type="triangle",
        cells=np.array([[0, 1, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4]]),
        cell_grain=np.arange(4),
        grains=tuple(Grain(f"t{i}", "e") for i in range(4)),
        boundary_facets=np.array([[3, 0], [1, 2]]),
        facet_boundary=np.array([0, 1]),
        boundaries=("left", "right"),
    )
