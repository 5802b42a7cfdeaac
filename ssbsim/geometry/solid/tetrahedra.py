"""Bodies filled with tetrahedra inside closed triangulated surfaces that stay as they are.

Gmsh recovers the surface and inserts points (constrained Delaunay; Si 2015, doi:10.1145/2629697). Sizes grow from the
surface inwards: s + (growth - 1) d up to the bulk size, s being the size of the nearest triangle and d the distance to
it. Any unit of length.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ssbsim.errors import MeshError
from ssbsim.geometry._facets import build_facet_table, facet_keys
from ssbsim.geometry._simplex import signed_measures
from ssbsim.geometry.arrays import Float, Int
from ssbsim.geometry.gmsh_session import OWN_SIZES, gmsh_session, release_gmsh, stdout_closed

DELAUNAY, HXT = 1, 10


def fill_bodies(
    points: Float, bodies: Sequence[Sequence[Int]], *, bulk: float, growth: float, names: Sequence[str]
) -> tuple[Float, list[Int]]:
    """Tetrahedra of bodies, each for itself.

    Args:
        points: Coordinates, shape (n, 3).
        bodies: Of each body its shells, the outer one first, each with the vertices of its triangles, normals inwards.
        bulk: Largest size.
        growth: Largest ratio of the sizes of neighbouring cells.
        names: Names of the bodies, for messages.

    Returns:
        Points, the given ones first, and of each body its positively oriented tetrahedra.

    Raises:
        MeshError: where a surface crosses itself, or cannot be kept.
    """
    parts, cells, count = [points], [], len(points)
    with gmsh_session("filling a grain with tetrahedra") as gmsh:
        for shells, name in zip(bodies, names, strict=True):
            inner, tetrahedra = _fill(gmsh, points, shells, bulk, growth, name)
            used = np.unique(np.concatenate(shells))
            number = np.concatenate([used, count + np.arange(len(inner))])
            parts.append(inner)
            cells.append(number[tetrahedra])
            count += len(inner)
    return np.vstack(parts), cells


def _fill(gmsh: Any, points: Float, shells: Sequence[Int], bulk: float, growth: float, name: str) -> tuple[Float, Int]:
    used, local = np.unique(np.concatenate(shells), return_inverse=True)
    surface = local.reshape(-1, 3)
    # Gmsh has absolute tolerances: a body is about 1 long, whatever the size of the whole.
    corner, scale = points[used].min(axis=0), float(np.ptp(points[used], axis=0).max())
    own = (points[used] - corner) / scale
    for algorithm in (DELAUNAY, HXT):
        for option, value in {**OWN_SIZES, "Mesh.Optimize": 1, "Mesh.Algorithm3D": algorithm}.items():
            gmsh.option.setNumber(option, value)
        gmsh.model.add("body")
        try:
            inner, cells = _fill_once(gmsh, own, surface, [len(shell) for shell in shells], bulk / scale, growth)
        except Exception as error:
            # Gmsh raises bare exceptions; the other algorithm may succeed.
            if type(error) is not Exception:
                raise
            release_gmsh(gmsh)
            continue
        finally:
            gmsh.model.remove()
        inner = corner + scale * inner
        if _is_filled(np.vstack([points[used], inner]), surface, cells):
            return inner, cells
    raise MeshError(
        "A grain cannot be filled with cells: its surface crosses itself, or has edges that no mesh can keep.",
        where=name,
        hint="use a size along interfaces (spacing.transverse) closer to that of the smallest part, or another seed",
    )


def _fill_once(
    gmsh: Any, points: Float, surface: Int, counts: Sequence[int], bulk: float, growth: float
) -> tuple[Float, Int]:
    mesh = gmsh.model.mesh
    shells = np.split(surface, np.cumsum(counts)[:-1])
    tags = [gmsh.model.addDiscreteEntity(2) for _ in shells]
    mesh.addNodes(2, tags[0], np.arange(1, len(points) + 1), points.ravel())
    for tag, shell in zip(tags, shells, strict=True):
        mesh.addElementsByType(tag, 2, [], shell.ravel() + 1)
    body = gmsh.model.geo.addVolume([gmsh.model.geo.addSurfaceLoop([tag]) for tag in tags])
    gmsh.model.geo.synchronize()
    ends = points[surface[:, [0, 1, 2, 1, 2, 0]]].reshape(-1, 2, 3, 3)
    near = float(np.linalg.norm(ends[:, 0] - ends[:, 1], axis=-1).mean())
    gmsh.option.setNumber("Mesh.MeshSizeMax", max(bulk, near))
    if bulk > near:
        field = mesh.field.add("Extend")
        mesh.field.setNumbers(field, "SurfacesList", tags)
        mesh.field.setNumber(field, "SizeMax", bulk)
        mesh.field.setNumber(field, "DistMax", (bulk - near) / (growth - 1.0))
        mesh.field.setAsBackgroundMesh(field)
    with stdout_closed():
        mesh.generate(3)
    inner_tags, coordinates, _ = mesh.getNodes(3, body)
    _, nodes = mesh.getElementsByType(4, body)
    number = np.full(int(max(inner_tags.max(initial=0), len(points))) + 1, -1)
    number[1 : len(points) + 1] = np.arange(len(points))
    number[inner_tags.astype(np.int64)] = len(points) + np.arange(len(inner_tags))
    cells = number[nodes.astype(np.int64)].reshape(-1, 4)
    inner = coordinates.reshape(-1, 3)
    return inner, _orient(np.vstack([points, inner]), cells)


def _orient(points: Float, cells: Int) -> Int:
    inverted = signed_measures(points, cells) < 0.0
    return np.where(inverted[:, None], cells[:, [0, 1, 3, 2]], cells)


def _is_filled(points: Float, surface: Int, cells: Int) -> bool:
    """Whether the outer facets of the cells are exactly the surface."""
    if not len(cells) or cells.min() < 0 or (signed_measures(points, cells) <= 0.0).any():
        return False
    table = build_facet_table(cells, np.zeros(len(cells), dtype=np.int32), len(points))
    if len(table.crowded) or len(table.exterior) != len(surface):
        return False
    keys = facet_keys(np.vstack([table.exterior, surface]), len(points))
    return bool(np.array_equal(np.sort(keys[: len(surface)]), np.sort(keys[len(surface) :])))
