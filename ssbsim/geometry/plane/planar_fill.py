"""Inside of closed polygons, filled with triangles that keep their sides.

Gmsh places the inner points (frontal Delaunay; Rebay 1993, doi:10.1006/jcph.1993.1097). Sizes grow from the polygons
inwards: from the length s of the nearest side, at its distance d, to

    s + (bulk - s) min(1, d / D),    D = (bulk - s_min) / (growth - 1),

with s_min the length of the shortest side: nowhere faster than `growth` allows. Lengths are of order 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ssbsim.errors import MeshError
from ssbsim.geometry.arrays import Float, Int
from ssbsim.geometry.gmsh_session import gmsh_session
from ssbsim.geometry.plane.polygons import FRONTAL_DELAUNAY, loop_area, turn_left


def group_loops(points: Float, loops: Sequence[Int], *, where: str) -> list[list[Int]]:
    """Loops of every piece of a grain: its outer one first, then its holes.

    Args:
        points: Coordinates, shape (n, 2).
        loops: Vertices of closed polygons that have the grain to their left.
        where: The grain, for messages.

    Raises:
        MeshError: where a hole has nothing around it.
    """
    import shapely

    areas = [loop_area(points[loop]) for loop in loops]
    pieces = [[loop] for loop, area in zip(loops, areas, strict=True) if area > 0.0]
    holes = [loop for loop, area in zip(loops, areas, strict=True) if area <= 0.0]
    outer = [shapely.Polygon(points[piece[0]]) for piece in pieces]
    for hole in holes:
        around = list(range(len(pieces)))
        if len(pieces) > 1:
            # A hole may touch its outer loop in a vertex; most of it is inside all the same.
            inside = shapely.Polygon(points[hole]).representative_point()
            around = [number for number in around if outer[number].contains(inside)]
        if not around:
            raise MeshError(
                "The outline of a grain is turned inside out.",
                where=where,
                hint="the first of the two sides of a facet is the grain that its normal points into",
            )
        pieces[min(around, key=lambda number: outer[number].area)].append(hole)
    return pieces


def fill_loops(
    points: Float, pieces: Sequence[Sequence[Int]], names: Sequence[str], *, bulk: float, growth: float
) -> tuple[Float, list[Int]]:
    """Triangles inside polygons with holes, all in one go; no point is added on a side.

    Args:
        points: Coordinates, shape (n, 2).
        pieces: Of every piece its loops, the outer one first, all with the inside to their left.
        names: Names of the pieces, for messages.
        bulk: Largest size.
        growth: Largest ratio of the sizes of neighbouring cells.

    Returns:
        The points inside, numbered after those given, shape (m, 2); and of each piece its triangles.

    Raises:
        MeshError: where a piece cannot be filled.
    """
    loops = [loop for piece in pieces for loop in piece]
    sides = np.concatenate([np.linalg.norm(points[np.roll(loop, -1)] - points[loop], axis=1) for loop in loops])
    number = np.concatenate(loops)
    with gmsh_session("filling the grains with triangles") as gmsh:
        for option, value in FRONTAL_DELAUNAY.items():
            gmsh.option.setNumber(option, value)
        mesh = gmsh.model.mesh
        next_tag = 1
        curves: list[int] = []
        for piece in pieces:
            outlines = []
            for loop in piece:
                curve = gmsh.model.addDiscreteEntity(1)
                tags = np.arange(next_tag, next_tag + len(loop))
                next_tag += len(loop)
                mesh.addNodes(1, curve, tags, np.column_stack([points[loop], np.zeros(len(loop))]).ravel())
                mesh.addElementsByType(curve, 1, [], np.column_stack([tags, np.roll(tags, -1)]).ravel())
                outlines.append(gmsh.model.geo.addCurveLoop([curve]))
                curves.append(curve)
            gmsh.model.geo.addPlaneSurface(outlines)
        gmsh.model.geo.synchronize()
        field = mesh.field.add("Extend")
        mesh.field.setNumbers(field, "CurvesList", curves)
        mesh.field.setNumber(field, "SizeMax", bulk)
        mesh.field.setNumber(field, "DistMax", max(bulk - float(sides.min()), 1e-6 * bulk) / (growth - 1.0))
        mesh.field.setNumber(field, "Power", 1)
        mesh.field.setAsBackgroundMesh(field)
        mesh.generate(2)
        parts = [mesh.getNodes(2, surface)[:2] for _, surface in gmsh.model.getEntities(2)]
        cells = [np.asarray(mesh.getElementsByType(2, surface)[1]) for _, surface in gmsh.model.getEntities(2)]
        on_sides = len(mesh.getNodes(1)[0])
    inner = np.concatenate([part[1].reshape(-1, 3)[:, :2] for part in parts])
    inner_tags = np.concatenate([part[0] for part in parts])
    lookup = np.full(int(max(inner_tags.max(initial=0), next_tag)) + 1, -1, dtype=np.int64)
    lookup[1:next_tag] = number
    lookup[inner_tags.astype(np.int64)] = len(points) + np.arange(len(inner))
    everything = np.vstack([points, inner])
    triangles: list[Int] = []
    for piece, name, nodes in zip(pieces, names, cells, strict=True):
        found: Int = lookup[nodes.astype(np.int64)].reshape(-1, 3)
        turned = turn_left(everything, found, sum(loop_area(points[loop]) for loop in piece))
        if on_sides != len(number) or turned is None:
            place = ", ".join(f"{value:.3g}" for value in points[piece[0]].mean(axis=0))
            raise MeshError(
                "A grain cannot be filled with cells: its outline crosses itself, or is too narrow somewhere.",
                where=f"grain '{name}', around ({place}) of the largest extent",
                hint="use a size along interfaces (spacing.transverse) closer to that of the smallest part",
            )
        triangles.append(turned)
    return inner, triangles
