"""Polygons in space, divided into triangles that fit together along shared edges.

Every edge is divided once, whichever faces share it. Sizes along an edge follow

    s(v) = min(edge size, distance from v to the edges of its faces that do not end in v),

relaxed so that s grows by at most `growth` - 1 per unit length, and between its ends as in `grading`: cells stay well
shaped beside short edges and in narrow faces. Inside a face the size is

    min(size, s_b + (growth - 1) d),   d the distance to the nearest division point b of the boundary,

which is what a geometric progression of cells from the boundary gives. Faces are filled in the plane of their vector
area (Newell). Faces that are not flat are lifted back by the height that is harmonic on the graph of their triangles,
so that no point rises above the highest boundary point (Tutte 1963, doi:10.1112/plms/s3-13.1.743). Any unit of length.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ssbsim.errors import MeshError
from ssbsim.geometry.arrays import Float, Int
from ssbsim.geometry.grading import graded_sizes
from ssbsim.geometry.plane.polygons import Polygon, fill_polygons

# Sweeps that spread small sizes along edges; each reaches one edge further, and sizes grow on the way.
_SWEEPS = 20


@dataclass(frozen=True, eq=False)
class TriangulatedFaces:
    """Triangles of a set of polygons.

    Attributes:
        points: Coordinates, shape (n, 3): first the points that were given, bit by bit, then new ones.
        triangles: Vertices of every triangle, turning as the loop of its face does, shape (k, 3).
        face: Index of the face of every triangle, in increasing order, shape (k,).
    """

    points: Float
    triangles: Int
    face: Int


def triangulate_faces(
    points: Float,
    faces: Sequence[Sequence[Sequence[int]]],
    size: float,
    *,
    edge_size: float | None = None,
    growth: float = 1.3,
    limit: Callable[[Float], float] | None = None,
    where: str = "geometry",
) -> TriangulatedFaces:
    """Divide polygons into triangles; faces that share an edge share its division.

    Args:
        points: Corners of the faces, shape (n, 3). Every corner on an edge must be a vertex of all faces there.
        faces: Of each face its loops of vertex numbers: the outer one first, then holes turning the other way.
        size: Size of the triangles inside a face.
        edge_size: Largest size along edges; as `size` when not given.
        growth: Largest ratio of the sizes of neighbouring triangles, above 1.
        limit: Largest size inside a face at a point, shape (3,).
        where: The place, for messages.

    Raises:
        MeshError: where a face is so bent that it folds over in its plane, or cannot be filled.
    """
    points = np.asarray(points, dtype=np.float64)
    scale = float(np.ptp(points, axis=0).max())
    divided = _divide_edges(points, faces, min(size, edge_size or size), growth)
    all_points, sizes = divided.points, divided.sizes
    planes, polygons = [], []
    for number, face in enumerate(faces):
        loops = [np.concatenate([divided.path(a, b)[:-1] for a, b in _edges(loop)]) for loop in face]
        vertices = np.concatenate(loops)
        plane = fit_plane(all_points, loops, scale=scale)
        polygons.append(
            Polygon(
                points=plane.flatten(all_points[vertices]),
                loops=tuple(loops),
                sizes=sizes[vertices] / scale,
                name=f"face {number}, {where}",
                limit=None if limit is None else plane.in_plane(limit),
            )
        )
        planes.append(plane)
    filled = fill_polygons(polygons, size=size / scale, growth=growth)
    parts, count = [all_points], len(all_points)
    triangles: list[Int] = []
    for polygon, plane, (new, parts_of_face) in zip(polygons, planes, filled, strict=True):
        corners = all_points[np.concatenate(polygon.loops)]
        height = _lift(parts_of_face, (corners - plane.origin) @ plane.axes[2], len(corners) + len(new))
        parts.append(plane.lift(new) + height[len(corners) :, None] * plane.axes[2])
        triangles.append(polygon.in_whole(parts_of_face, count))
        count += len(new)
    return TriangulatedFaces(
        points=np.vstack(parts),
        triangles=np.vstack(triangles),
        face=np.repeat(np.arange(len(faces)), [len(part) for part in triangles]),
    )


@dataclass(frozen=True, eq=False)
class _DividedEdges:
    points: Float
    sizes: Float
    paths: dict[tuple[int, int], Int]

    def path(self, a: int, b: int) -> Int:
        return self.paths[a, b] if a < b else self.paths[b, a][::-1]


def _divide_edges(points: Float, faces: Sequence[Sequence[Sequence[int]]], size: float, growth: float) -> _DividedEdges:
    edges = sorted({(min(edge), max(edge)) for face in faces for loop in face for edge in _edges(loop)})
    pairs = np.array(edges, dtype=np.int64)
    lengths = np.linalg.norm(points[pairs[:, 1]] - points[pairs[:, 0]], axis=1)
    if (short := np.flatnonzero(lengths == 0.0)).size:
        place = ", ".join(f"{value:.6g}" for value in points[pairs[short[0], 0]])
        raise MeshError("An edge has no length.", where=f"at ({place})", hint="merge equal points")
    room = _room(points, faces, size)
    for _ in range(_SWEEPS):
        before = room.copy()
        for near, far in ((0, 1), (1, 0)):
            np.minimum.at(room, pairs[:, near], room[pairs[:, far]] + (growth - 1.0) * lengths)
        if np.array_equal(room, before):
            break
    parts, sizes, paths, count = [points], [room], {}, len(points)
    for (a, b), length in zip(edges, lengths, strict=True):
        steps = graded_sizes(float(length), start=room[a], end=room[b], bulk=size, growth=growth)
        fractions = np.cumsum(steps)[:-1, None] / length
        parts.append(points[a] + fractions * (points[b] - points[a]))
        sizes.append(0.5 * (steps[:-1] + steps[1:]))
        paths[a, b] = np.concatenate([[a], count + np.arange(len(fractions)), [b]])
        count += len(fractions)
    return _DividedEdges(np.vstack(parts), np.concatenate(sizes), paths)


def _room(points: Float, faces: Sequence[Sequence[Sequence[int]]], size: float) -> Float:
    """Size at every corner: the distance to the nearest edge of its faces that does not end there."""
    room = np.full(len(points), size)
    for face in faces:
        pairs = np.array([edge for loop in face for edge in _edges(loop)], dtype=np.int64)
        corners = np.unique(pairs)
        start, along = points[pairs[:, 0]], points[pairs[:, 1]] - points[pairs[:, 0]]
        offset = points[corners][:, None] - start
        fraction = np.clip((offset * along).sum(axis=-1) / (along**2).sum(axis=-1), 0.0, 1.0)
        distance = np.linalg.norm(offset - fraction[..., None] * along, axis=-1)
        distance[(corners[:, None, None] == pairs).any(axis=-1)] = np.inf
        room[corners] = np.minimum(room[corners], distance.min(axis=1))
    return room


def _edges(loop: Sequence[int]) -> list[tuple[int, int]]:
    return [(int(a), int(b)) for a, b in zip(loop, [*loop[1:], loop[0]], strict=True)]


@dataclass(frozen=True, eq=False)
class Plane:
    """A plane in space with coordinates of its own.

    Attributes:
        origin: Point on it, shape (3,).
        axes: Its two axes and its normal: rows of a rotation, shape (3, 3).
        scale: Unit of its coordinates.
    """

    origin: Float
    axes: Float
    scale: float

    def flatten(self, points: Float) -> Float:
        """Coordinates in the plane of points in space, shape (n, 2)."""
        return np.asarray((points - self.origin) @ self.axes[:2].T / self.scale)

    def lift(self, places: Float) -> Float:
        """Points in space from coordinates in the plane, shape (n, 3)."""
        return np.asarray(self.origin + (places * self.scale) @ self.axes[:2])

    def in_plane(self, size: Callable[[Float], float]) -> Callable[[float, float], float]:
        """A size that depends on the place in space, by the coordinates in the plane."""
        origin, (first, second, _), scale = self.origin, self.axes, self.scale
        return lambda x, y: size(origin + scale * (x * first + y * second)) / scale


def fit_plane(points: Float, loops: Sequence[Int], *, scale: float = 1.0) -> Plane:
    """The plane of loops of points, in the direction of their vector area."""
    corners = points[np.concatenate(loops)]
    # Along a coordinate axis nothing may be rounded: a wall stays where it is.
    flat = np.flatnonzero((corners == corners[0]).all(axis=0))
    origin = np.where((corners == corners[0]).all(axis=0), corners[0], corners.mean(axis=0))
    area = np.zeros(3)
    for loop in loops:
        around = points[loop] - origin
        area += np.cross(around, np.roll(around, -1, axis=0)).sum(axis=0)
    normal = area / np.linalg.norm(area)
    if flat.size == 1:
        normal = np.where(np.arange(3) == flat[0], np.sign(normal), 0.0)
    helper = np.zeros(3)
    helper[(int(np.argmax(np.abs(normal))) + 1) % 3] = 1.0
    first = helper - (helper @ normal) * normal
    first /= np.linalg.norm(first)
    return Plane(origin, np.stack([first, np.cross(normal, first), normal]), scale)


def _lift(triangles: Int, height: Float, count: int) -> Float:
    """Heights of all points of a face from those of its boundary: each inner one the mean of its neighbours."""
    from scipy.sparse import coo_array
    from scipy.sparse.linalg import spsolve

    known = len(height)
    if count == known or not height.any():
        return np.concatenate([height, np.zeros(count - known)])
    a, b = np.concatenate([triangles, np.roll(triangles, 1, axis=1)]).T[:2]
    links = coo_array((np.ones(len(a)), (a, b)), shape=(count, count)).tocsr()
    links = links + links.T
    links.data[:] = 1.0
    inner = links[known:]
    matrix = coo_array((inner.sum(axis=1), (np.arange(count - known),) * 2)).tocsc() - inner[:, known:]
    solution = spsolve(matrix.tocsc(), inner[:, :known] @ height)
    return np.concatenate([height, np.atleast_1d(solution)])
