"""The surface of a grain moved inwards: which way each vertex goes, and how far it may.

Every vertex v moves by u with n_f . u = d_f for the faces f with rows that meet there, d_f being the distance of the
row, and n_w . u = 0 for walls, along which it slides: the shortest such u; where too many faces meet, that of least
squares on the walls. Rows of two faces thus meet on the plane that halves their angle. Triangles around a vertex count
as one face where they continue each other without a sharp bend; its normal is then

    n ~ sum (e1 x e2) / (|e1|^2 |e2|^2)

over the corners, which is the radius for points on a sphere and the normal for points in a plane (Max 1999,
doi:10.1080/10867651.1999.10487501). A vertex in which the surface touches itself counts once for each of its sheets.

A face may move until it meets what comes from the other side: the radius of the largest ball inside that touches
the vertex (Ma, Bae & Choi 2012, doi:10.1007/s00371-011-0594-7), or the wall opposite. Any unit of length.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ssbsim.geometry._facets import unique_edges
from ssbsim.geometry.arrays import Bool, Float, Int
from ssbsim.geometry.connectivity import connected_parts
from ssbsim.geometry.solid.shells import next_side

SHARP = math.radians(40.0)
"""Triangles that bend more than this belong to two faces, as do those with other grains behind them."""


# Faces that bend less than about twice this angle (rad) at a vertex are moved as one.
_PARALLEL = 0.05

# Part of the distance wanted that every face must move where too many of them meet in a vertex.
_ADVANCE = 0.3


@dataclass(frozen=True, eq=False)
class GrainSurface:
    """The surface of a grain.

    Attributes:
        points: Coordinates of all points, shape (n, 3).
        triangles: Vertices, normals into the grain, shape (k, 3).
        partner: The side that lies on each side, see `shells.pair_across_edges`.
        wall: Wall of every triangle, -1 for the others, shape (k,).
        beyond: Grain behind every triangle, shape (k,).
        kind: Kind of rows on every triangle, -1 for none, shape (k,).
    """

    points: Float
    triangles: Int
    partner: Int
    wall: Int
    beyond: Int
    kind: Int


@dataclass(frozen=True, eq=False)
class InsetDirections:
    """How the vertices of a surface move.

    Attributes:
        fan: Number of the vertex of every corner, counting sheets apart, shape (k, 3).
        vertex: Point of each, shape (f,).
        moves: Whether a face with rows meets there, shape (f,).
        face_fan: Vertex of every pair of a vertex and a face there, shape (p,).
        face_normals: Normal of the face of every pair, shape (p, 3).
        face_kind: Its kind, -1 without rows, shape (p,).
        normals: Direction in which the faces with rows of each vertex go, shape (f, 3); 0 where nothing moves.
        corner: Whether it is where faces with rows meet one another, shape (f,).
    """

    fan: Int
    vertex: Int
    moves: Bool
    face_fan: Int
    face_normals: Float
    face_kind: Int
    normals: Float
    corner: Bool


def find_directions(surface: GrainSurface) -> InsetDirections:
    """Directions of all vertices of a surface."""
    triangles, partner = surface.triangles, surface.partner
    count = len(triangles)
    side = np.arange(3 * count)
    following = next_side(side)
    # Side s runs from its corner s to the next one, and its partner the other way.
    links = np.concatenate([np.stack([side, next_side(partner)]), np.stack([following, partner])], axis=1)
    fan = connected_parts(links, 3 * count)
    normal, _ = _unit(_cross(surface.points, triangles))
    here, there = side // 3, partner // 3
    smooth = (
        (surface.kind[here] == surface.kind[there])
        & (surface.wall[here] == surface.wall[there])
        & (surface.beyond[here] == surface.beyond[there])
        & ((normal[here] * normal[there]).sum(axis=1) > math.cos(SHARP))
    )
    face = connected_parts(links[:, np.concatenate([smooth, smooth])], 3 * count)
    face_normals = _face_normals(surface.points, triangles, face)
    first = np.unique(face, return_index=True)[1]
    face_fan, face_kind = fan[first], surface.kind[first // 3]
    fans = int(fan.max()) + 1
    vertex = np.zeros(fans, dtype=np.int64)
    vertex[fan] = triangles.ravel()
    with_rows = face_kind >= 0
    rows_there = np.bincount(face_fan[with_rows], minlength=fans)
    normals = np.zeros((fans, 3))
    np.add.at(normals, face_fan[with_rows], face_normals[with_rows])
    return InsetDirections(
        fan=fan.reshape(-1, 3),
        vertex=vertex,
        moves=rows_there > 0,
        face_fan=face_fan,
        face_normals=face_normals,
        face_kind=face_kind,
        normals=_unit(normals)[0],
        corner=rows_there > 1,
    )


def find_room(surface: GrainSurface, directions: InsetDirections, most: float) -> Float:
    """Distance that the faces at each vertex may move before they meet something, at most `most`, shape (f,)."""
    from scipy.spatial import cKDTree

    points = surface.points
    room = np.full(len(directions.vertex), np.inf)
    moving = np.flatnonzero(directions.moves)
    here, normals = points[directions.vertex[moving]], directions.normals[moving]
    radius = np.full(len(moving), most)
    tree = cKDTree(np.unique(here, axis=0))
    active = np.arange(len(moving))
    for _ in range(30):
        centre = here[active] + radius[active, None] * normals[active]
        distance, nearest = tree.query(centre)
        offset = tree.data[nearest] - here[active]
        ahead = (offset * normals[active]).sum(axis=1)
        inside = (distance < radius[active] * (1.0 - 1e-6)) & (ahead > 0.0)
        active, offset, ahead = active[inside], offset[inside], ahead[inside]
        if not len(active):
            break
        radius[active] = (offset**2).sum(axis=1) / (2.0 * ahead)
    room[moving] = radius
    for wall in np.unique(surface.wall[surface.kind < 0]):
        if wall < 0:
            continue
        triangle = points[surface.triangles[np.flatnonzero((surface.wall == wall) & (surface.kind < 0))[0]]]
        inward, _ = _unit(np.cross(triangle[1] - triangle[0], triangle[2] - triangle[0])[None])
        gap, towards = (here - triangle[0]) @ inward[0], -(normals @ inward[0])
        # A vertex on the wall slides along it.
        ahead = (towards > 1e-6) & (gap > 1e-9 * most)
        room[moving[ahead]] = np.minimum(room[moving[ahead]], gap[ahead] / towards[ahead])
    return room


def displace(directions: InsetDirections, distances: Float) -> Float:
    """Displacement of every vertex behind every row, shape (f, rows, 3).

    Args:
        directions: Of the vertices.
        distances: Distance of every kind of rows at every vertex behind every row, shape (kinds, f, rows).
    """
    kind, fan = directions.face_kind, directions.face_fan
    wanted = np.where(kind[:, None] >= 0, distances[kind, fan], 0.0)
    moved = np.zeros((*distances.shape[1:], 3))
    order = np.argsort(fan, kind="stable")
    counts = np.bincount(fan, minlength=len(moved))
    starts = np.cumsum(counts) - counts
    for number in np.unique(counts[directions.moves]):
        chosen = np.flatnonzero(directions.moves & (counts == number))
        pairs = order[starts[chosen][:, None] + np.arange(number)]
        normals, has_rows = directions.face_normals[pairs], (kind[pairs] >= 0)[..., None]
        walls = np.where(has_rows, 0.0, normals)
        # First stay on the walls, then serve the faces with rows as well as that leaves room for.
        along = np.eye(3) - np.linalg.pinv(walls, rcond=1e-6) @ walls
        found = along @ np.linalg.pinv(np.where(has_rows, normals @ along, 0.0), rcond=_PARALLEL) @ wanted[pairs]
        moved[chosen] = found.swapaxes(1, 2)
    # Where faces turn away from each other on a wall no way leads inwards: such a vertex stays.
    advance = (directions.face_normals[:, None] * moved[fan]).sum(axis=-1)
    lags = (kind >= 0) & (advance < _ADVANCE * wanted).any(axis=1)
    moved[fan[lags]] = 0.0
    # A wall along the axes is kept to the last bit.
    size = np.linalg.norm(moved, axis=-1, keepdims=True)
    return np.where(np.abs(moved) > 1e-12 * size, moved, 0.0)


def limit_slope(triangles: Int, positions: Float, values: Float, slope: float) -> Float:
    """Lower values until they change by at most `slope` per unit length along edges, shape (f,)."""
    edges = unique_edges(triangles)
    reach = slope * np.linalg.norm(positions[edges[:, 0]] - positions[edges[:, 1]], axis=1)
    limited = values.copy()
    while True:
        before = limited.copy()
        np.minimum.at(limited, edges[:, 0], before[edges[:, 1]] + reach)
        np.minimum.at(limited, edges[:, 1], before[edges[:, 0]] + reach)
        if np.array_equal(limited, before):
            return limited


def graded_distances(total: Float, first: float, rows: int, growth: float) -> Float:
    """Distances of the ends of rows: first, first q, first q^2, .. with q <= growth, adding up to each total.

    Where a total is less than so many first rows, they are equal.

    Returns:
        Shape (n, rows).
    """
    steps = np.arange(rows)
    low: Float = np.ones_like(total)
    high: Float = np.full_like(total, growth)
    for _ in range(60):
        middle = 0.5 * (low + high)
        short = first * (middle[:, None] ** steps).sum(axis=1) < total
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    sizes = high[:, None] ** steps
    return np.asarray(np.cumsum(sizes / sizes.sum(axis=1)[:, None], axis=1) * total[:, None])


def _face_normals(points: Float, triangles: Int, face: Int) -> Float:
    corners = points[triangles]
    ahead, back = np.roll(corners, -1, axis=1) - corners, np.roll(corners, 1, axis=1) - corners
    weight = (ahead**2).sum(axis=-1) * (back**2).sum(axis=-1)
    parts = (np.cross(ahead, back) / weight[..., None]).reshape(-1, 3)
    sums: Float = np.stack([np.bincount(face, weights=parts[:, axis]) for axis in range(3)], axis=1)
    normals = _unit(sums)[0]
    # Rounding of a wall along the axes would show.
    normals[np.abs(normals) < 1e-14] = 0.0
    return normals


def _cross(points: Float, triangles: Int) -> Float:
    a, b, c = points[triangles].swapaxes(0, 1)
    return np.asarray(np.cross(b - a, c - a), dtype=np.float64)


def _unit(vectors: Float) -> tuple[Float, Float]:
    length = np.linalg.norm(vectors, axis=-1)
    return vectors / np.where(length > 0.0, length, 1.0)[..., None], length
