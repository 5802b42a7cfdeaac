"""What thin cells at interfaces save: cells of isotropic meshes over those of anisotropic ones with the same size across.

    bicrystal, polycrystal in 2D: rows of thin cells; Debye length 1 nm, resolved by 8 cells at every boundary
    polycrystal, sphere in 3D: rows of prisms, and the metric (remesher: mmg)

Isotropic means the same sizes across and along: `transverse` equal to `interface`. Demanded: at most a fifth of the cells.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from ssbsim.case import BicrystalGeometry, PolycrystalGeometry, Spacing
from ssbsim.geometry import Grain, MeshData, build_geometry
from ssbsim.geometry.meshing import mesh_partition
from ssbsim.geometry.partition import OUTSIDE, Partition

NM = 1e-9
ACROSS = NM / 8.0


def _build(geometry: Any) -> MeshData:
    return build_geometry(SimpleNamespace(geometry=geometry, source=None))


def bicrystal(spacing: dict[str, Any]) -> MeshData:
    return _build(BicrystalGeometry(dimension=2, length=100 * NM, width=50 * NM, core_width=0.0, spacing=spacing))


def isotropic_bicrystal(spacing: dict[str, Any]) -> MeshData:
    """The same square, filled like a microstructure: a stack of layers has no other cells than rows."""
    x, y = np.array([0.0, 50.0, 100.0]) * NM, 50.0 * NM
    points = np.array([[x[0], 0], [x[1], 0], [x[2], 0], [x[0], y], [x[1], y], [x[2], y]])
    facets = np.array([[0, 1], [1, 2], [2, 5], [5, 4], [4, 3], [3, 0], [1, 4]])
    sides = np.array([[0, -1], [1, -1], [1, -1], [1, -1], [0, -1], [0, -1], [0, 1]])
    return mesh_partition(
        _partition(points, facets, sides, np.array([2, 2, 1, 3, 3, 0, -1]), ("g.1", "g.2")), Spacing(**spacing)
    )


def polycrystal(spacing: dict[str, Any], *, dimension: int = 2, grains: int = 20, size: float = 50.0) -> MeshData:
    return _build(
        PolycrystalGeometry(
            dimension=dimension,
            grains=grains,
            grain_size=size * NM,
            seed=1,
            # The metric needs plane faces.
            smallest_edge=0.0 if dimension == 3 else 0.1,
            spacing=spacing,
        )
    )


def sphere(spacing: dict[str, Any], *, radius: float = 5.0, box: float = 20.0) -> MeshData:
    """A ball in the middle of a cube; its surface has the edges that `transverse` asks for."""
    along = spacing["transverse"] / NM
    directions, triangles = _icosphere(max(round(1.1 * radius / along), 1))
    corners = np.array([[i & 1, i >> 1 & 1, i >> 2] for i in range(8)], dtype=float) * box
    points = np.vstack([corners, box / 2.0 + radius * directions]) * NM
    squares = [(0, 4, 6, 2), (1, 3, 7, 5), (0, 1, 5, 4), (2, 6, 7, 3), (0, 2, 3, 1), (4, 5, 7, 6)]
    walls = np.array([t for a, b, c, d in squares for t in ((a, b, c), (a, c, d))])
    # Normals of the walls point outwards here, and those of the ball into the matrix.
    sides = np.vstack([np.tile([OUTSIDE, 0], (12, 1)), np.tile([0, 1], (len(triangles), 1))])
    wall = np.concatenate([np.repeat(np.arange(6), 2), np.full(len(triangles), -1)])
    facets = np.vstack([walls, triangles + 8])
    return mesh_partition(_partition(points, facets, sides, wall, ("matrix", "ball")), Spacing(**spacing))


def _partition(points: Any, facets: Any, sides: Any, wall: Any, grains: tuple[str, ...]) -> Partition:
    names = ("left", "right", "bottom", "top", "front", "back")[: 2 * points.shape[1]]
    return Partition(
        points=points,
        facets=facets.astype(np.int64),
        sides=sides.astype(np.int32),
        wall=wall.astype(np.int32),
        grains=tuple(Grain(name, name) for name in grains),
        boundaries=names,
        film=np.zeros((len(facets), 2)),
        film_grain=np.full((len(facets), 2), -1, dtype=np.int32),
        resolved=wall < 0,
    )


def _icosphere(divisions: int) -> tuple[Any, Any]:
    """Unit vectors, and triangles with normals outwards: the faces of an icosahedron divided and pushed out."""
    golden = 0.5 * (1.0 + 5.0**0.5)
    ring = [(0.0, s, t * golden) for s in (1, -1) for t in (1, -1)]
    corners = np.array([np.roll(p, k) for k in range(3) for p in ring])
    edge = 2.0 + 1e-9
    near = np.linalg.norm(corners[:, None] - corners[None], axis=2) < edge
    faces = [
        (a, b, c) for a in range(12) for b in range(a) for c in range(b) if near[a, b] and near[b, c] and near[a, c]
    ]
    points, triangles = [], []
    n = divisions
    for a, b, c in faces:
        if np.linalg.det(corners[[a, b, c]]) < 0.0:
            b, c = c, b
        start = {
            (i, j): len(points) + k for k, (i, j) in enumerate((i, j) for i in range(n + 1) for j in range(n + 1 - i))
        }
        points += [corners[a] * (n - i - j) + corners[b] * i + corners[c] * j for i, j in start]
        for i, j in start:
            if i + j < n:
                triangles.append((start[i, j], start[i + 1, j], start[i, j + 1]))
            if i + j < n - 1:
                triangles.append((start[i + 1, j], start[i + 1, j + 1], start[i, j + 1]))
    directions = np.array(points) / np.linalg.norm(points, axis=1)[:, None]
    _, first, number = np.unique(np.round(directions, 9), axis=0, return_index=True, return_inverse=True)
    return directions[first], number.reshape(-1)[np.array(triangles)]


def sizes(across: float, along: float, bulk: float, growth: float = 1.3, **more: str) -> dict[str, Any]:
    return {"interface": across, "transverse": along, "bulk": bulk, "growth": growth, **more}


Make = Callable[[], MeshData]

#: Isotropic, and the anisotropic ones by name.
BODIES: dict[str, tuple[Make, dict[str, Make]]] = {
    "2D bicrystal, 100 nm x 50 nm": (
        lambda: isotropic_bicrystal(sizes(ACROSS, ACROSS, 5 * NM)),
        {"rows": lambda: bicrystal(sizes(ACROSS, 5 * NM, 5 * NM))},
    ),
    "2D polycrystal, 20 grains of 50 nm": (
        lambda: polycrystal(sizes(ACROSS, 1.01 * ACROSS, 5 * NM)),
        {"rows": lambda: polycrystal(sizes(ACROSS, 2.5 * NM, 5 * NM))},
    ),
    "3D sphere of 5 nm in 20 nm": (
        lambda: sphere(sizes(0.25 * NM, 0.25 * NM, 3 * NM)),
        {
            "rows": lambda: sphere(sizes(0.25 * NM, 1.5 * NM, 3 * NM)),
            "metric": lambda: sphere(sizes(0.25 * NM, 1.5 * NM, 3 * NM, remesher="mmg")),
        },
    ),
    "3D polycrystal, 5 grains of 20 nm": (
        lambda: polycrystal(sizes(0.5 * NM, 0.5 * NM, 4 * NM), dimension=3, grains=5, size=20.0),
        {
            "rows": lambda: polycrystal(sizes(0.5 * NM, 4 * NM, 4 * NM), dimension=3, grains=5, size=20.0),
            "metric": lambda: polycrystal(
                sizes(0.5 * NM, 4 * NM, 4 * NM, remesher="mmg"), dimension=3, grains=5, size=20.0
            ),
        },
    ),
}


def one(body: str, how: str) -> str:
    """Count in this process: cells, seconds, smallest scaled Jacobian."""
    isotropic, others = BODIES[body]
    began = time.perf_counter()
    mesh = others.get(how, isotropic)()
    return f"{len(mesh.cells)} {time.perf_counter() - began:.1f} {mesh.cell_qualities().min():.1e}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two dimensions only")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        sys.stdout.write(one(*arguments.one) + "\n")
        return
    sys.stdout.write("| body | mesh | cells | isotropic over it | s | smallest scaled Jacobian |\n")
    sys.stdout.write("| --- | --- | --- | --- | --- | --- |\n")
    for body, (_, others) in BODIES.items():
        if arguments.quick and body.startswith("3D"):
            continue
        reference = 0
        for how in ("isotropic", *others):
            done = subprocess.run(
                [sys.executable, __file__, "--one", body, how], capture_output=True, text=True, cwd=Path.cwd()
            )
            if done.returncode != 0:
                sys.stdout.write(f"| {body} | {how} | {done.stderr.strip().splitlines()[-1]} | | | |\n")
                continue
            cells, seconds, quality = done.stdout.split()
            reference = reference or int(cells)
            ratio = f"{reference / int(cells):.1f}" if how != "isotropic" else ""
            sys.stdout.write(f"| {body} | {how} | {int(cells):,} | {ratio} | {seconds} | {quality} |\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
