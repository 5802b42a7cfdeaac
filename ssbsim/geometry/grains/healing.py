"""Tessellations without tiny edges and faces.

An exact tessellation has edges of any length, down to zero, and each would ask for cells as small as itself. An edge
shorter than the tolerance becomes one point, shortest first, and the faces that have lost their area disappear; in 3D,
an edge that another corner of one of its faces nearly touches is bent to pass through that corner, which removes
narrow faces. Walls, their edges and corners, and planes between layers are kept: points only move along them. A change
is made only where every cell that it touches remains star-shaped about its centre, with room; so no cell is lost or
inverted. Faces in 3D may end up slightly bent. (R. Quey, P. R. Dawson, F. Barbe, doi:10.1016/j.cma.2011.01.002, remove
small edges of tessellations for the same reason.)

Lengths are in a unit in which cells have a size about 1.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from ssbsim.geometry.arrays import Float
from ssbsim.geometry.grains.tessellation import SAME_PLACE, Loop, Tessellation, compact, loop_edges
from ssbsim.geometry.partition import OUTSIDE

_ROOM = 0.05
"""Least distance from the centre of a cell to the planes of its faces, in sizes of the cell, after a change."""

_BEND = 0.5
"""Least cosine between a face and its parts after a change."""


def heal(cells: Tessellation, fraction: float, *, least: float = 0.0) -> Tessellation:
    """Remove edges shorter than a fraction of the size of the grains there.

    Args:
        cells: A tessellation.
        fraction: Tolerance over the equivalent diameter of the smallest grain at the edge (at most of the mean one).
        least: Smallest tolerance.
    """
    if fraction <= 0.0 and least <= 0.0:
        return cells
    net = _Net(cells, fraction, least)
    while True:
        changes = net.collapse_edges()
        if net.d == 3:
            changes += net.close_narrow_faces()
        if not changes:
            return net.result()


class _Net:
    """A tessellation under change: faces know their corners, corners their faces."""

    def __init__(self, cells: Tessellation, fraction: float, least: float = 0.0) -> None:
        self.cells = cells
        self.d = cells.dimension
        self.points: list[Float] = [np.array(point) for point in cells.points]
        self.loops: list[Loop] = list(cells.loops)
        self.sides = [(int(a), int(b)) for a, b in cells.sides]
        self.wall = [int(w) for w in cells.wall]
        planes = [(axis, level) for axis in range(self.d) for level in (0.0, float(cells.box[axis]))]
        planes += [(0, level) for level in cells.cuts]
        self.masks = [
            sum(1 << n for n, (axis, level) in enumerate(planes) if abs(point[axis] - level) < SAME_PLACE)
            for point in cells.points
        ]
        self.faces_of: list[dict[int, None]] = [{} for _ in self.points]
        self.faces_in: list[dict[int, None]] = [{} for _ in cells.grain]
        for f in range(len(self.loops)):
            self._link(f)
        measures = cells.cell_measures()
        ball = math.pi / 4.0 if self.d == 2 else math.pi / 6.0
        # Of the whole grain: its pieces in a periodic box are no reason for smaller cells.
        diameters = (np.bincount(cells.grain, weights=measures)[cells.grain] / ball) ** (1.0 / self.d)
        self.size = measures ** (1.0 / self.d)
        self.tolerance = np.maximum(fraction * np.minimum(diameters, diameters.mean()), least)

    def result(self) -> Tessellation:
        left = [f for f, loop in enumerate(self.loops) if loop]
        return compact(
            replace(
                self.cells,
                points=np.array(self.points),
                loops=tuple(self.loops[f] for f in left),
                sides=np.array([self.sides[f] for f in left]),
                wall=np.array([self.wall[f] for f in left]),
            )
        )

    def _link(self, f: int) -> None:
        for v in self.loops[f]:
            self.faces_of[v][f] = None
        for cell in self.sides[f]:
            if cell != OUTSIDE:
                self.faces_in[cell][f] = None

    def _unlink(self, f: int) -> None:
        for v in self.loops[f]:
            self.faces_of[v].pop(f, None)
        for cell in self.sides[f]:
            if cell != OUTSIDE:
                self.faces_in[cell].pop(f, None)

    def _around(self, *vertices: int) -> list[int]:
        """Cells that have one of these corners."""
        found = {cell for v in vertices for f in self.faces_of[v] for cell in self.sides[f]}
        return sorted(found - {OUTSIDE})

    def _limit(self, a: int, b: int) -> float:
        """Tolerance at an edge."""
        at = {cell for f in self.faces_of[a] if f in self.faces_of[b] for cell in self.sides[f]} - {OUTSIDE}
        return float(min((self.tolerance[cell] for cell in at), default=0.0))

    def collapse_edges(self) -> int:
        """Turn short edges into points; the number of those."""
        queue: list[tuple[float, int, int]] = []

        def push(edges: Iterable[tuple[int, int]]) -> None:
            for a, b in sorted({(min(edge), max(edge)) for edge in edges}):
                length = math.dist(self.points[a], self.points[b])
                if length < self._limit(a, b):
                    heapq.heappush(queue, (length, a, b))

        push(edge for loop in self.loops if loop for edge in loop_edges(loop))
        count = 0
        while queue:
            length, a, b = heapq.heappop(queue)
            current = any((a, b) in ((p, q), (q, p)) for f in self.faces_of[a] for p, q in loop_edges(self.loops[f]))
            if not current or math.dist(self.points[a], self.points[b]) != length or not self._merge(a, b):
                continue
            count += 1
            push(edge for f in self.faces_of[a] for edge in loop_edges(self.loops[f]) if a in edge)
        return count

    def _merge(self, a: int, b: int) -> bool:
        """Make b one with a, if a place can be found for it."""
        mask = self.masks[a] | self.masks[b]
        places = [v for v in (a, b) if self.masks[v] == mask]
        candidates: list[Float] = [self.points[v] for v in places]
        if len(places) == 2:
            candidates.insert(0, np.asarray(0.5 * (self.points[a] + self.points[b]), dtype=np.float64))
        faces = list(dict.fromkeys([*self.faces_of[a], *self.faces_of[b]]))
        changed: dict[int, list[Loop]] = {}
        for f in faces:
            loop = self.loops[f]
            if a in loop and b in loop and not any({a, b} == set(edge) for edge in loop_edges(loop)):
                return False
            loop = tuple(dict.fromkeys(a if v == b else v for v in loop))
            changed[f] = [loop] if len(loop) >= self.d else []
        cells = self._around(a, b)
        return any(self._apply(changed, cells, {a: place}, {a: mask}) for place in candidates)

    def close_narrow_faces(self) -> int:
        """Bend edges through corners of their faces that nearly touch them; the number of those."""
        count = 0
        for f in range(len(self.loops)):
            for edge in loop_edges(self.loops[f]) if self.loops[f] else ():
                if self._bend(f, *edge):
                    count += 1
                    break
        return count

    def _bend(self, f: int, a: int, b: int) -> bool:
        start, along = self.points[a], self.points[b] - self.points[a]
        length = float(np.linalg.norm(along))
        limit = 0.5 * self._limit(a, b)
        for c in self.loops[f]:
            if c in (a, b):
                continue
            fraction = float((self.points[c] - start) @ along) / length**2
            foot = start + fraction * along
            if not 0.0 < fraction < 1.0 or np.linalg.norm(self.points[c] - foot) >= limit:
                continue
            shared = self.masks[a] & self.masks[b]
            mask = self.masks[c] | shared
            # Where the edge may not leave its planes the corner comes to it, if its own planes let it.
            if shared & ~self.masks[c] and self.masks[c] & ~shared:
                continue
            place = self.points[c] if mask == self.masks[c] else foot
            changed: dict[int, list[Loop]] = {}
            for g in self.faces_of[a]:
                loop = self.loops[g]
                if g in self.faces_of[b] and any({a, b} == set(edge) for edge in loop_edges(loop)):
                    changed[g] = _insert(loop, a, b, c)
            if self._apply(changed, self._around(a, b, c), {c: place}, {c: mask}):
                return True
        return False

    def _apply(
        self, changed: dict[int, list[Loop]], cells: Sequence[int], places: dict[int, Float], masks: dict[int, int]
    ) -> bool:
        """Change faces and points; put all back if a cell does not take it."""
        room = {cell: self._room(cell) for cell in cells}
        old_loops = {f: self.loops[f] for f in changed}
        old_points = {v: self.points[v] for v in places}
        count = len(self.loops)
        for f, loops in changed.items():
            self._unlink(f)
            self.loops[f] = loops[0] if loops else ()
            for extra in loops[1:]:
                self.loops.append(extra)
                self.sides.append(self.sides[f])
                self.wall.append(self.wall[f])
        self.points[next(iter(places))] = places[next(iter(places))]
        current = [*(f for f in changed if self.loops[f]), *range(count, len(self.loops))]
        for f in current:
            self._link(f)
        if self._is_manifold(cells) and all(
            self._room(cell) >= min(_ROOM * self.size[cell], room[cell] / 2.0) for cell in cells
        ):
            self.masks.__setitem__(*next(iter(masks.items())))
            return True
        for f in reversed(current):
            self._unlink(f)
        del self.loops[count:], self.sides[count:], self.wall[count:]
        for f, loop in old_loops.items():
            self.loops[f] = loop
            self._link(f)
        for v, point in old_points.items():
            self.points[v] = point
        return False

    def _is_manifold(self, cells: Sequence[int]) -> bool:
        """Whether every edge of a cell (corner, in 2D) belongs to two of its faces."""
        for cell in cells:
            seen: dict[object, int] = {}
            for f in self.faces_in[cell]:
                parts = self.loops[f] if self.d == 2 else [frozenset(edge) for edge in loop_edges(self.loops[f])]
                for part in parts:
                    seen[part] = seen.get(part, 0) + 1
            if not seen or any(number != 2 for number in seen.values()):
                return False
        return True

    def _room(self, cell: int) -> float:
        """Least distance of the centre to the planes of the faces; negative where they cannot all be seen from it."""
        faces = self.faces_in[cell]
        loops = [self.loops[f] if self.sides[f][0] == cell else self.loops[f][::-1] for f in faces]
        if self.d == 2:
            ends = np.array([[self.points[v] for v in loop] for loop in loops])
            cross = ends[:, 0, 0] * ends[:, 1, 1] - ends[:, 0, 1] * ends[:, 1, 0]
            if cross.sum() <= 0.0:
                return -math.inf
            centre = (ends.sum(axis=1) * cross[:, None]).sum(axis=0) / (3.0 * cross.sum())
            a, b = ends[:, 0] - centre, ends[:, 1] - centre
            # Of a segment (a, b) the cell is to the left.
            height = (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]) / np.linalg.norm(b - a, axis=1)
            return float(height.min())
        corners = [np.array([self.points[v] for v in loop]) for loop in loops]
        sizes = [len(part) for part in corners]
        face = np.repeat(np.arange(len(loops)), sizes)
        a = np.concatenate(corners)
        b = np.concatenate([np.roll(part, -1, axis=0) for part in corners])
        middle = np.array([part.mean(axis=0) for part in corners])[face]
        area = 0.5 * np.cross(a - middle, b - middle)
        whole = np.zeros((len(loops), 3))
        np.add.at(whole, face, area)
        measure = np.linalg.norm(whole, axis=1)
        if measure.min() == 0.0:
            return -math.inf
        normal = whole / measure[:, None]
        size = np.linalg.norm(area, axis=1)
        # Slim parts at corners on a nearly straight line have no direction to speak of.
        counts = size > 1e-3 * self.size[cell] ** 2
        if np.any(np.sum(area * normal[face], axis=1)[counts] < _BEND * size[counts]):
            return -math.inf
        reference = a.mean(axis=0)
        volume = np.sum((middle - reference) * area, axis=1)
        centre = reference + 0.75 * ((a + b + middle) / 3.0 - reference).T @ volume / volume.sum()
        height = np.sum((centre - middle) * area, axis=1)[counts] / size[counts]
        return float(height.min())


def _insert(loop: Loop, a: int, b: int, c: int) -> list[Loop]:
    """The face with c put between a and b: one polygon, or, where c is one of its corners, the two parts it leaves."""
    n = len(loop)
    k = next(i for i in range(n) if {loop[i], loop[(i + 1) % n]} == {a, b})
    around = loop[k + 1 :] + loop[: k + 1]
    if c not in around:
        return [(*around, c)]
    split = around.index(c)
    return [part for part in (around[: split + 1], around[split:]) if len(part) >= 3]
