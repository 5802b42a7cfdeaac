"""A box divided into convex cells that share their faces and vertices.

A face is a segment (2D) or a polygon (3D) with a cell on each side. Its normal, to the left of a segment (a, b) or
about which a polygon turns counter-clockwise, points into the first of its `sides`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from scipy.spatial import cKDTree

from ssbsim.geometry.arrays import Float, Int
from ssbsim.geometry.connectivity import connected_parts
from ssbsim.geometry.grains.power_diagram import PowerDiagram, PowerFaces, make_images, power_faces
from ssbsim.geometry.partition import OUTSIDE

Loop = tuple[int, ...]

SAME_PLACE = 1e-7
"""Points closer than this are one, where cells have a size about 1."""


@dataclass(frozen=True, eq=False)
class Tessellation:
    """Cells in a box with a corner at the origin.

    Attributes:
        points: Vertices, shape (p, d).
        loops: Vertices of every face, in order.
        sides: Cells that the normal of each face points into and away from, `OUTSIDE` beyond a wall, shape (k, 2).
        wall: Wall of each face (0, 1: both ends of x, 2, 3: of y, 4, 5: of z), -1 inside, shape (k,).
        grain: Grain of each cell, shape (c,); cells of a periodic tessellation may be pieces of one grain.
        box: Extents, shape (d,).
        cuts: Values of x, besides the walls, at which planes divide the box.
    """

    points: Float
    loops: tuple[Loop, ...]
    sides: Int
    wall: Int
    grain: Int
    box: Float
    cuts: tuple[float, ...] = ()

    @property
    def dimension(self) -> int:
        """2 or 3."""
        return int(self.points.shape[1])

    def face_vectors(self) -> Float:
        """Normal of every face times its measure, shape (k, d)."""
        if self.dimension == 2:
            ends = self.points[np.array(self.loops).reshape(-1, 2)]
            along = ends[:, 1] - ends[:, 0]
            return np.column_stack([-along[:, 1], along[:, 0]])
        face, a, b = self._fans()
        vectors = np.zeros((len(self.loops), 3))
        np.add.at(vectors, face, 0.5 * np.cross(a, b))
        return vectors

    def face_measures(self) -> Float:
        """Length or area of every face, shape (k,)."""
        if self.dimension == 2:
            return np.asarray(np.linalg.norm(self.face_vectors(), axis=1))
        face, a, b = self._fans()
        measures = np.zeros(len(self.loops))
        np.add.at(measures, face, 0.5 * np.linalg.norm(np.cross(a, b), axis=1))
        return measures

    def cell_measures(self) -> Float:
        """Area or volume of every cell, shape (c,)."""
        # Gauss: the measure is the integral of x . n / d over the surface; each fan triangle of a face is flat.
        if self.dimension == 2:
            ends = self.points[np.array(self.loops).reshape(-1, 2)]
            flux = np.sum(ends[:, 0] * self.face_vectors(), axis=1) / 2.0
        else:
            face, a, b = self._fans()
            middle = self._middles()[face]
            flux = np.zeros(len(self.loops))
            np.add.at(flux, face, np.sum(middle * np.cross(a, b), axis=1) / 6.0)
        measures = np.zeros(len(self.grain) + 1)
        np.add.at(measures, self.sides[:, 1], flux)
        np.add.at(measures, self.sides[:, 0], -flux)
        return measures[:-1]

    def cell_thicknesses(self) -> Float:
        """Diameter of the ball inside each cell if it touched all faces: 2 d V / S, shape (c,)."""
        surfaces = np.zeros(len(self.grain) + 1)
        for side in (0, 1):
            np.add.at(surfaces, self.sides[:, side], self.face_measures())
        return 2.0 * self.dimension * self.cell_measures() / surfaces[:-1]

    def edges(self) -> Int:
        """Pairs of vertices joined by an edge, sorted, shape (e, 2)."""
        ends = np.array([edge for loop in self.loops for edge in loop_edges(loop)])
        return np.asarray(np.unique(np.sort(ends, axis=1), axis=0))

    def edge_lengths(self) -> Float:
        """Length of every edge, shape (e,)."""
        ends = self.points[self.edges()]
        return np.asarray(np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1))

    def _middles(self) -> Float:
        return np.array([self.points[list(loop)].mean(axis=0) for loop in self.loops])

    def _fans(self) -> tuple[Int, Float, Float]:
        """Triangles (middle of the face, a, b): face, a - middle, b - middle."""
        face = np.repeat(np.arange(len(self.loops)), [len(loop) for loop in self.loops])
        ends = np.array([edge for loop in self.loops for edge in loop_edges(loop)])
        middle = self._middles()[face]
        return face, self.points[ends[:, 0]] - middle, self.points[ends[:, 1]] - middle


def loop_edges(loop: Sequence[int]) -> list[tuple[int, int]]:
    """Edges of a face: the segment itself, or those around a polygon."""
    if len(loop) == 2:
        return [(loop[0], loop[1])]
    return list(zip(loop, [*loop[1:], loop[0]], strict=True))


def tessellate(diagram: PowerDiagram, *, thinnest: float = 0.0) -> Tessellation:
    """The cells of a power diagram inside its box.

    A periodic one is cut off at the walls. Pieces of grains thinner than `thinnest` times the size of the grain (at
    most 1) are left out there, and their neighbours grow into their place.
    """
    if diagram.periodic:
        return _cut_out(diagram, thinnest)
    count, faces = len(diagram.seeds), diagram.faces
    i, site = faces.pairs.T
    is_wall = (site >= count) & (diagram.images.owner[site] == i)
    chosen = np.flatnonzero((site < count) | is_wall)
    sides = np.column_stack([i, np.where(is_wall, OUTSIDE, site)])
    wall = np.where(is_wall, diagram.images.wall[site], -1)
    return _from_faces(faces, chosen, sides, wall, np.arange(count), diagram.box)


def _from_faces(faces: PowerFaces, chosen: Int, sides: Int, wall: Int, grain: Int, box: Float) -> Tessellation:
    points = faces.points.copy()
    for side in (np.zeros_like(box), box):
        points = np.where(np.abs(points - side) < SAME_PLACE, side, points)
    number = same_places(points)
    loops, used = [], []
    for f in chosen:
        loop = tuple(dict.fromkeys(int(number[v]) for v in faces.ring[faces.start[f] : faces.start[f + 1]]))
        if len(loop) >= len(box):
            loops.append(loop)
            used.append(f)
    return compact(Tessellation(points, tuple(loops), sides[used], wall[used], grain, box))


def same_places(points: Float) -> Int:
    """For every point the first one at the same place, shape (p,)."""
    near = cKDTree(points).query_pairs(SAME_PLACE, output_type="ndarray")
    label = connected_parts(near.T, len(points))
    first = np.unique(label, return_index=True)[1]
    return np.asarray(first[label])


def compact(cells: Tessellation) -> Tessellation:
    """Without vertices that no face has, and without cells that have no face."""
    used, vertex = np.unique(np.concatenate([np.array(loop) for loop in cells.loops]), return_inverse=True)
    alive = np.unique(cells.sides[cells.sides != OUTSIDE])
    number = np.full(len(cells.grain) + 1, OUTSIDE)
    number[alive] = np.arange(len(alive))
    ends = np.cumsum([len(loop) for loop in cells.loops])
    loops = tuple(tuple(int(v) for v in part) for part in np.split(vertex.reshape(-1), ends[:-1]))
    return replace(cells, points=cells.points[used], loops=loops, sides=number[cells.sides], grain=cells.grain[alive])


def _cut_out(diagram: PowerDiagram, thinnest: float) -> Tessellation:
    box = diagram.box
    top = float(diagram.weights.max())
    # Sites within this distance of the box can have a cell in it, even where others nearby are left out.
    radius = float(np.sqrt(diagram.faces.power.max() + top)) + 2.0 * thinnest
    corners = np.repeat(diagram.faces.pairs[:, 0], np.diff(diagram.faces.start))
    reach = float(np.linalg.norm(diagram.faces.points[diagram.faces.ring] - diagram.seeds[corners], axis=1).max())
    while True:
        pieces = _cut_images(diagram, radius, 2.0 * radius + reach, thinnest)
        if abs(pieces.cell_measures().sum() / box.prod() - 1.0) < SAME_PLACE:
            return pieces
        radius *= 1.5


def _cut_images(diagram: PowerDiagram, radius: float, margin: float, thinnest: float) -> Tessellation:
    box = diagram.box
    images = make_images(diagram.seeds, box, margin, periodic=True)
    near = np.all((images.sites >= -radius) & (images.sites <= box + radius), axis=1)
    order = np.concatenate([np.flatnonzero(near), np.flatnonzero(~near)])
    sites, owner, inner = images.sites[order], images.owner[order], int(near.sum())
    while True:
        pieces, site = _cut_sites(sites, diagram.weights[owner], inner, box)
        pieces = replace(pieces, grain=owner[site])
        volume = pieces.cell_measures()
        largest = np.zeros(len(diagram.seeds))
        np.maximum.at(largest, pieces.grain, volume)
        whole = np.bincount(pieces.grain, weights=volume) ** (1.0 / len(box))
        least = thinnest * np.minimum(whole, 1.0)[pieces.grain]
        thin = (pieces.cell_thicknesses() < least) & (volume < largest[pieces.grain])
        if not thin.any():
            return pieces
        sites, owner = np.delete(sites, site[thin], axis=0), np.delete(owner, site[thin])
        inner -= int(thin.sum())


def _cut_sites(sites: Float, weights: Float, inner: int, box: Float) -> tuple[Tessellation, Int]:
    """The cells of the first `inner` sites as far as they lie in the box, and the site of each."""
    faces = power_faces(sites, weights, inner)
    cell = np.where(faces.pairs < inner, faces.pairs, OUTSIDE)
    low, high = np.full((inner, len(box)), np.inf), np.full((inner, len(box)), -np.inf)
    at = np.repeat(np.arange(len(cell)), np.diff(faces.start))
    for side in (0, 1):
        of, ring = cell[at, side], faces.points[faces.ring]
        np.minimum.at(low, of[of >= 0], ring[of >= 0])
        np.maximum.at(high, of[of >= 0], ring[of >= 0])
    inside = np.append(np.all((high > 0.0) & (low < box), axis=1), False)
    cell = np.where(inside[cell], cell, OUTSIDE)
    chosen = np.flatnonzero((cell != OUTSIDE).any(axis=1))
    pieces = _from_faces(faces, chosen, cell, np.full(len(cell), -1), np.arange(inner), box)
    for axis, side in product(range(len(box)), (0, 1)):
        pieces = _cut(pieces, axis, side)
    return replace(pieces, grain=np.arange(len(pieces.grain))), pieces.grain


def _cut(cells: Tessellation, axis: int, side: int) -> Tessellation:
    """Cut off what lies beyond a wall of the box and close the cells there."""
    level = side * cells.box[axis]
    height = (cells.points[:, axis] - level) * (1 - 2 * side)
    height[np.abs(height) < SAME_PLACE] = 0.0
    points, crossings = [*cells.points], dict[tuple[int, int], int]()
    on_wall: dict[int, dict[int, None]] = {}

    def crossing(a: int, b: int) -> int:
        a, b = min(a, b), max(a, b)
        if (a, b) not in crossings:
            crossings[a, b] = len(points)
            # In this form a coordinate that both ends share is kept bit by bit: walls stay flat.
            part = height[a] / (height[a] - height[b])
            place = cells.points[a] + part * (cells.points[b] - cells.points[a])
            place[axis] = level
            points.append(place)
        return crossings[a, b]

    loops, inside = [], []
    for f, loop in enumerate(cells.loops):
        cut: list[int] = []
        ring = loop_edges(loop) if len(loop) > 2 else [(loop[0], loop[1]), (loop[1], loop[1])]
        for a, b in ring:
            if height[a] >= 0.0:
                cut.append(a)
            if height[a] * height[b] < 0.0:
                cut.append(crossing(a, b))
        if all(v < len(height) and height[v] <= 0.0 for v in cut) or len(cut) < cells.dimension:
            continue
        loops.append(tuple(cut))
        inside.append(f)
        for v in cut:
            if v >= len(height) or height[v] == 0.0:
                for cell in cells.sides[f]:
                    on_wall.setdefault(int(cell), {})[v] = None
    on_wall.pop(OUTSIDE, None)
    array = np.array(points)
    # Vertices on the plane itself lie on it exactly.
    array[: len(height)][height == 0.0, axis] = level
    inward = np.zeros(cells.dimension)
    inward[axis] = 1.0 - 2.0 * side
    caps, owners = [], []
    for cell, vertices in on_wall.items():
        ring_of = order_loop(array, list(vertices), inward)
        if len(ring_of) >= cells.dimension:
            caps.append(ring_of)
            owners.append(cell)
    ends = np.column_stack([owners, np.full(len(owners), OUTSIDE)])
    return compact(
        replace(
            cells,
            points=array,
            loops=(*loops, *caps),
            sides=np.concatenate([cells.sides[inside], ends.astype(np.int64)]),
            wall=np.concatenate([cells.wall[inside], np.full(len(caps), 2 * axis + side)]),
        )
    )


def order_loop(points: Float, vertices: Sequence[int], normal: Float) -> Loop:
    """Corners of a convex face in order around (3D), or the ends of a segment with points on it (2D)."""
    places = points[list(vertices)]
    if len(normal) == 2:
        along = places @ np.array([normal[1], -normal[0]])
        order = np.argsort(along, kind="stable")
        return (vertices[order[0]], vertices[order[-1]]) if len(vertices) > 1 else tuple(vertices)
    away = places - places.mean(axis=0)
    first = np.cross(normal, np.eye(3)[np.argmin(np.abs(normal))])
    first /= np.linalg.norm(first)
    angle = np.arctan2(away @ np.cross(normal, first) / np.linalg.norm(normal), away @ first)
    return tuple(vertices[k] for k in np.argsort(angle, kind="stable"))
