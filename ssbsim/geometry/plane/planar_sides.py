"""Sides of grains in the plane: which follow one another around a grain, and the points along each.

Facet f has two sides, 2 f and 2 f + 1: side 2 f runs with the facet, as its first grain sees it (to the left), side
2 f + 1 against it. Any unit of length.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ssbsim.errors import MeshError
from ssbsim.geometry.arrays import Float, Int
from ssbsim.geometry.partition import Partition


def _integers(array: Int) -> list[int]:
    numbers: list[int] = array.ravel().tolist()
    return numbers


_NEAR = 0.35
"""Points of the two sides closer than this, relative to their distance from the next ones, become one."""


class Sides:
    """Points along facets, and all other points of a mesh in the plane.

    Rows that end on a facet leave a stack of points there, counted from one of its ends. When the facet is divided, the
    stacks of its two sides are merged: points close to each other become one, and points of one side between those of
    the other are kept in mind, to cut the cells there.
    """

    def __init__(self, points: Float, facets: Int) -> None:
        self._points, self._facets = [points], facets
        self._count = len(points)
        self._joined: Float | None = points
        self._stacks: dict[tuple[int, bool, int], Int] = {}
        self._same: dict[int, int] = {}
        self._chains: dict[int, Int] = {}
        self._place: dict[int, dict[int, int]] = {}

    @property
    def points(self) -> Float:
        """All points so far, shape (n, 2)."""
        if self._joined is None:
            self._points = [np.vstack(self._points)]
            self._joined = self._points[0]
        return self._joined

    def add(self, points: Float) -> Int:
        """Add points; their numbers."""
        numbers = np.arange(self._count, self._count + len(points))
        self._points.append(points)
        self._count += len(points)
        self._joined = None
        return numbers

    def tail(self, sides: Int) -> Int:
        """First vertex of every side."""
        return np.asarray(self._facets[sides // 2, sides % 2])

    def stack(self, side: int, *, at_tail: bool, ids: Int) -> None:
        """Register points that lie on a side, in order from one of its ends."""
        facet, which = divmod(side, 2)
        key = (facet, at_tail == (which == 0), which)
        self._stacks[key] = np.concatenate([self._stacks.get(key, np.zeros(0, dtype=np.int64)), ids])

    def resolve(self, ids: Int) -> Int:
        """The same points after merging."""
        if not self._same:
            return ids
        flat = np.array([self._same.get(number, number) for number in _integers(ids)], dtype=np.int64)
        return flat.reshape(ids.shape)

    def divide(self, facet: int, start: float, end: float, divide: Callable[[float, float, float], Float]) -> None:
        """Fix the points of a facet: its stacks, and between them those that `divide` gives.

        Args:
            facet: The facet.
            start: Size wanted at its first vertex, where there is no stack.
            end: Size wanted at its second vertex.
            divide: Gives the inner positions on a line, from its length and the sizes at its ends.
        """
        a, b = (int(vertex) for vertex in self._facets[facet])
        points = self.points
        length = float(np.linalg.norm(points[b] - points[a]))
        along = (points[b] - points[a]) / length
        first, distances = self._merge(facet, True, a)
        last, back = self._merge(facet, False, b)
        if len(first):
            start = float(np.diff(distances, prepend=0.0)[-1])
        if len(last):
            end = float(np.diff(back, prepend=0.0)[-1])
        low = float(distances[-1]) if len(first) else 0.0
        high = length - (float(back[-1]) if len(last) else 0.0)
        positions: Float = np.zeros(0)
        if high > low:
            positions = low + divide(high - low, start, end)
        new = self.add(points[a] + positions[:, None] * along)
        numbers = np.concatenate([first, new, last[::-1]]).astype(np.int64)
        places = np.concatenate([distances, positions, length - back[::-1]])
        order = np.argsort(places, kind="stable")
        chain = np.concatenate([[a], numbers[order], [b]])
        self._chains[facet] = chain
        self._place[facet] = {number: place for place, number in enumerate(_integers(chain))}

    def _merge(self, facet: int, is_first: bool, vertex: int) -> tuple[Int, Float]:
        """Points of both sides from one end, with their distances from it, in order."""
        points = self.points
        ids, other = (self._stacks.get((facet, is_first, which), np.zeros(0, dtype=np.int64)) for which in (0, 1))
        distances, others = (np.linalg.norm(points[part] - points[vertex], axis=1) for part in (ids, other))
        if not len(ids) or not len(other):
            merged = np.concatenate([ids, other]).astype(np.int64)
            return merged, np.concatenate([distances, others])
        spacing = np.minimum(np.diff(others, prepend=0.0), np.append(np.diff(others), np.inf))
        gap = np.abs(others[:, None] - distances[None, :])
        nearest = gap.argmin(axis=1)
        is_same = gap[np.arange(len(other)), nearest] < _NEAR * spacing
        for number, target in zip(other[is_same], ids[nearest[is_same]], strict=True):
            self._same[int(number)] = int(target)
        merged = np.concatenate([ids, other[~is_same]]).astype(np.int64)
        places = np.concatenate([distances, others[~is_same]])
        order = np.argsort(places, kind="stable")
        return merged[order], places[order]

    def chain(self, side: int) -> Int:
        """All points along a divided side, in its direction."""
        chain = self._chains[side // 2]
        return chain[::-1] if side % 2 else chain

    def between(self, side: int, start: int, end: int) -> Int:
        """Points along a divided side strictly between two of them."""
        place = self._place[side // 2]
        low, high = sorted((place[start], place[end]))
        inner = self._chains[side // 2][low + 1 : high]
        return inner[::-1] if side % 2 else inner

    def hanging(self) -> dict[tuple[int, int], list[int]]:
        """Points of one side between neighbouring points of the other side's stacks, in order from the first of these."""
        found: dict[tuple[int, int], list[int]] = {}
        for (facet, is_first, _), ids in self._stacks.items():
            chain, place = self._chains[facet], self._place[facet]
            path = [
                place[int(chain[0 if is_first else -1])],
                *(place[number] for number in _integers(self.resolve(ids))),
            ]
            for low, high in zip(path[:-1], path[1:], strict=True):
                step = 1 if high > low else -1
                inner = _integers(chain[low + step : high : step]) if abs(high - low) > 1 else []
                if inner:
                    found[int(chain[low]), int(chain[high])] = inner
        return found


def find_loops(points: Float, partition: Partition, *, where: str) -> dict[int, list[Int]]:
    """Of every grain its closed outlines, each as a sequence of sides with the grain to the left.

    Where a grain touches itself in a vertex, the sides that follow one another are those with the grain between them.

    Raises:
        MeshError: where an outline is not closed.
    """
    sides = np.arange(2 * len(partition.facets))
    owner = partition.sides.reshape(-1)
    tails = partition.facets[sides // 2, sides % 2]
    heads = partition.facets[sides // 2, 1 - sides % 2]
    starting: dict[tuple[int, int], list[int]] = {}
    own = _integers(np.flatnonzero(owner >= 0))
    for side in own:
        starting.setdefault((int(owner[side]), int(tails[side])), []).append(side)
    following: dict[int, int] = {}
    for side in own:
        grain, vertex = int(owner[side]), int(heads[side])
        candidates = starting.get((grain, vertex), [])
        if len(candidates) > 1:
            back = np.arctan2(*(points[tails[side]] - points[vertex])[::-1])
            ways = points[heads[candidates]] - points[vertex]
            # Turning right from the way back, the first side that starts here has the grain in between.
            turn = (back - np.arctan2(ways[:, 1], ways[:, 0])) % (2.0 * np.pi)
            candidates = [candidates[int(np.argmin(np.where(turn < 1e-12, 2.0 * np.pi, turn)))]]
        if not candidates:
            place = ", ".join(f"{value:.6g}" for value in partition.points[vertex])
            raise MeshError(
                "The outline of a grain is not closed.",
                where=f"grain '{partition.grains[grain].name}', {where}, at ({place}) m",
                hint="facets must meet in whole vertices and have a grain on each side",
            )
        following[side] = candidates[0]
    loops: dict[int, list[Int]] = {}
    seen: set[int] = set()
    for side in own:
        if side in seen:
            continue
        loop = []
        at = side
        while at not in seen:
            seen.add(at)
            loop.append(at)
            at = following[at]
        loops.setdefault(int(owner[side]), []).append(np.array(loop))
    return dict(sorted(loops.items()))


def vertex_turns(points: Float, facets: Int) -> tuple[Int, Float]:
    """Number of facets at every vertex, and the angle by which the line turns where there are two."""
    degree = np.bincount(facets.ravel(), minlength=len(points))
    ways = points[facets[:, 1]] - points[facets[:, 0]]
    ways = ways / np.linalg.norm(ways, axis=1)[:, None]
    total = np.zeros_like(points)
    np.add.at(total, facets[:, 0], ways)
    np.add.at(total, facets[:, 1], -ways)
    # Two unit vectors away from a vertex add up to 2 sin(turn / 2).
    return degree, 2.0 * np.arcsin(np.minimum(0.5 * np.linalg.norm(total, axis=1), 1.0))


def cut_to_fit(cells: Int, hanging: Mapping[tuple[int, int], list[int]]) -> tuple[Int, Int]:
    """Cut triangles at points on their sides.

    Args:
        cells: Vertices, shape (m, 3).
        hanging: Points between the two ends of a side, in order from the first end.

    Returns:
        Triangles, and the one that each comes from.
    """
    origin = np.arange(len(cells))
    both = {**hanging, **{(b, a): inner[::-1] for (a, b), inner in hanging.items()}}
    if not both:
        return cells, origin
    ends = np.unique(np.array(list(both)))
    result: list[list[int]] = []
    sources: list[int] = []
    near = np.flatnonzero(np.isin(cells, ends).sum(axis=1) >= 2)
    keep = np.ones(len(cells), dtype=bool)
    for number in near:
        waiting, parts = [cells[number].tolist()], []
        while waiting:
            cell = waiting.pop()
            for turn in range(3):
                a, b, c = cell[turn:] + cell[:turn]
                if (a, b) in both:
                    path = [a, *both[a, b], b]
                    waiting += [[low, high, c] for low, high in zip(path[:-1], path[1:], strict=True)]
                    break
            else:
                parts.append(cell)
        if len(parts) > 1:
            keep[number] = False
            result += parts
            sources += [int(number)] * len(parts)
    if not result:
        return cells, origin
    return np.vstack([cells[keep], np.array(result)]), np.concatenate([origin[keep], sources])
