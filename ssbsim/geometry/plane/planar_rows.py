"""Closed polygons moved inwards, level by level, and squeezed where there is too little room.

Corners move as `ssbsim.geometry.rows` says. A vertex between two corners may also slide along the polygon without
changing its distance; it does, so that the rows near a corner are not cut off by the corner's own way. With t_a, t_b the
ways of the corners at both ends of a polygon of length L along it, at arc length s it slides by

    t_a max(0, 1 - s / D_a) + t_b max(0, 1 - (L - s) / D_b),    D = min(L, 3 |t|).

Where the levels would meet those of another part of the polygon, or turn over, the last level at each vertex is put at a
share w(v) <= 1 of its depth, and those before as `squeeze_levels` says; w varies along the polygon no faster than `SLOPE`
times arc length over depth. Any unit of length.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ssbsim.geometry.arrays import Bool, Float, Int
from ssbsim.geometry.rows import solve_displacements, squeeze_levels

CORNER = np.deg2rad(20.0)
"""A polygon that turns by more has a corner; below, it is a smooth curve."""

FLATTEST_FILM_END, FLATTEST_END = np.deg2rad(172.0), np.deg2rad(150.0)
"""Films and rows that meet a side without rows at a larger angle than this taper off."""

SLOPE = 0.5
"""Largest change of the squeezing factor along a piece as long as the rows are deep."""

SMALLEST_ANGLE = 0.02
"""Smallest sine of the corners of a cell in a row that is left as it is."""

_ATTEMPTS = 60


@dataclass(frozen=True, eq=False)
class Ring:
    """Closed polygons around a grain, the grain to the left of each side.

    Attributes:
        points: Vertices, shape (n, 2); side i runs from vertex i to vertex `following[i]`.
        following: Next vertex, shape (n,).
        depths: Distance of every level from side i, from 0, shape (n, k + 1); 0 throughout for sides without rows.
    """

    points: Float
    following: Int
    depths: Float

    @property
    def has_rows(self) -> Bool:
        """Whether rows lie along each side, shape (n,)."""
        return np.asarray(self.depths[:, -1] > 0.0)


@dataclass(frozen=True, eq=False)
class Lining:
    """How a ring moves inwards.

    Attributes:
        levels: Positions of every vertex on every level, shape (n, k + 1, 2).
        moves: Whether each vertex moves, shape (n,).
        slides: Whether it slides along its next (1) or previous (-1) side, which has no rows; 0 if not, shape (n,).
        factors: Squeezing factors, shape (n,).
        bad: Vertices at which cells turn over or levels cross; empty if all is well.
    """

    levels: Float
    moves: Bool
    slides: Int
    factors: Float
    bad: Int


def line_ring(ring: Ring, *, may_squeeze: bool) -> Lining:
    """Move a ring inwards."""
    ways, slides, is_corner = _find_ways(ring, FLATTEST_END if may_squeeze else FLATTEST_FILM_END)
    chains = _find_chains(ring, is_corner)
    count = len(ring.points)
    factors: Float = np.ones(count)
    if may_squeeze:
        factors = _limit_slope(ring, _first_factors(ring, ways, chains), ring.depths[:, -1].max())
    for attempt in range(_ATTEMPTS):
        levels = _place(ring, ways, factors, chains)
        bad = _find_bad(ring, levels, close=may_squeeze and attempt < _ATTEMPTS // 3)
        if not len(bad) or not may_squeeze:
            break
        preceding = _invert(ring.following)
        near = np.unique(np.concatenate([bad, ring.following[bad], preceding[bad]]))
        factors[near] *= 0.8
        factors = _limit_slope(ring, factors, ring.depths[:, -1].max())
    return Lining(levels=levels, moves=ways.moving, slides=slides, factors=factors, bad=bad)


def _invert(following: Int) -> Int:
    preceding = np.empty_like(following)
    preceding[following] = np.arange(len(following))
    return preceding


def _cross(a: Float, b: Float) -> Float:
    return np.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])


def _directions(ring: Ring) -> tuple[Float, Float]:
    """Unit vector along every side, and its length."""
    sides = ring.points[ring.following] - ring.points
    lengths = np.linalg.norm(sides, axis=1)
    return sides / lengths[:, None], lengths


@dataclass(frozen=True, eq=False)
class _Ways:
    """Displacement of every vertex per distance from its previous and from its next side, and those distances."""

    shares: Float
    profile: Int
    profiles: Float

    @property
    def moving(self) -> Bool:
        return np.asarray((self.shares != 0.0).any(axis=(1, 2)) & self.profiles[self.profile, -1].any(axis=1))

    def squeezed(self, vertices: Int, factors: Float) -> Float:
        """Displacements of vertices on all levels, shape (m, k + 1, 2)."""
        moved = np.zeros((len(vertices), self.profiles.shape[1], 2))
        for side in (0, 1):
            for number in range(len(self.profiles)):
                chosen = np.flatnonzero(self.profile[vertices, side] == number)
                depths = squeeze_levels(np.asarray(self.profiles[number]), factors[chosen])
                moved[chosen] += depths[:, :, None] * self.shares[vertices[chosen], side][:, None, :]
        return moved


def _find_ways(ring: Ring, flattest_end: float) -> tuple[_Ways, Int, Bool]:
    """How all vertices move, which ones slide, and which are corners."""
    along, _ = _directions(ring)
    inward = np.column_stack([-along[:, 1], along[:, 0]])
    count = len(along)
    before = _invert(ring.following)
    vertex = np.tile(np.arange(count), 2)
    sides = np.concatenate([before, np.arange(count)])
    shares, _ = solve_displacements(vertex, inward[sides], np.repeat(np.eye(2), count, axis=0), count)
    turn = np.arctan2(_cross(along[before], along), (along[before] * along).sum(axis=1))
    lined = ring.has_rows
    ahead, behind = lined & ~lined[before], ~lined & lined[before]
    mixed = ahead | behind
    # The inner angle is pi - turn; a flat or reflex end lets the rows taper off.
    shares[mixed & (np.pi - turn > flattest_end)] = 0.0
    profiles, number = np.unique(ring.depths, axis=0, return_inverse=True)
    number = number.reshape(-1)
    ways = _Ways(shares=shares, profile=np.column_stack([number[before], number]), profiles=profiles)
    slides = np.where(behind & ways.moving, 1, np.where(ahead & ways.moving, -1, 0))
    is_corner = (np.abs(turn) > CORNER) | (number != number[before]) | ~ways.moving
    return ways, slides, np.asarray(is_corner)


@dataclass(frozen=True, eq=False)
class _Chains:
    """Lined sides between two corners: vertices inside (-1: no chain), and for them the ends, arc lengths, directions."""

    number: Int
    first: Int
    last: Int
    lengths: Float
    side_chain: Int
    arc: Float
    tangent: Float
    start: Float
    end: Float


def _find_chains(ring: Ring, is_corner: Bool) -> _Chains:
    along, lengths = _directions(ring)
    count = len(along)
    before = _invert(ring.following)
    number, side_chain = np.full(count, -1), np.full(count, -1)
    arc: Float = np.zeros(count)
    tangent = along + along[before]
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1), 1e-300)[:, None]
    first: list[int] = []
    last: list[int] = []
    totals: list[float] = []
    starts: list[Float] = []
    ends: list[Float] = []
    lined = ring.has_rows
    for corner in np.flatnonzero(is_corner & lined):
        vertex, total, chain = int(corner), 0.0, len(first)
        while True:
            side_chain[vertex] = chain
            total += lengths[vertex]
            side, vertex = vertex, int(ring.following[vertex])
            if is_corner[vertex] or not lined[vertex]:
                break
            number[vertex], arc[vertex] = chain, total
        first.append(int(corner))
        last.append(vertex)
        totals.append(total)
        starts.append(along[corner])
        ends.append(along[side])
    return _Chains(
        number=number,
        first=np.array(first, dtype=np.int64),
        last=np.array(last, dtype=np.int64),
        lengths=np.array(totals),
        side_chain=side_chain,
        arc=arc,
        tangent=tangent,
        start=np.array(starts).reshape(-1, 2),
        end=np.array(ends).reshape(-1, 2),
    )


def _place(ring: Ring, ways: _Ways, factors: Float, chains: _Chains) -> Float:
    """Positions on all levels, shape (n, k + 1, 2)."""
    moved = ways.squeezed(np.arange(len(factors)), factors)
    inside = np.flatnonzero(chains.number >= 0)
    if len(inside):
        chain = chains.number[inside]
        arc, total = chains.arc[inside], chains.lengths[chain]
        slide = np.zeros((len(inside), moved.shape[1]))
        for corners, along, distance in ((chains.first, chains.start, arc), (chains.last, chains.end, total - arc)):
            ends = corners[chain]
            moves = ways.squeezed(ends, np.minimum(factors[ends], factors[inside]))
            way = np.einsum("ckd,cd->ck", moves, along[chain])
            reach = np.minimum(total, 3.0 * np.abs(way[:, -1]))
            slide += way * np.maximum(0.0, 1.0 - distance / np.maximum(reach, 1e-300))[:, None]
        moved[inside] += slide[:, :, None] * chains.tangent[inside][:, None, :]
    return np.asarray(ring.points[:, None, :] + moved)


def _first_factors(ring: Ring, ways: _Ways, chains: _Chains) -> Float:
    """Factors that keep sides from vanishing and opposite rows from meeting."""
    import shapely

    factors = np.ones(len(ring.points))
    deepest = ways.squeezed(np.arange(len(factors)), factors)[:, -1]
    shrink = np.einsum("cd,cd->c", deepest[chains.first], chains.start)
    shrink = shrink - np.einsum("cd,cd->c", deepest[chains.last], chains.end)
    limits = np.minimum(1.0, 0.6 * chains.lengths / np.maximum(shrink, 1e-300))
    np.minimum.at(factors, chains.first, limits)
    np.minimum.at(factors, chains.last, limits)
    along, lengths = _directions(ring)
    free = np.flatnonzero(~ring.has_rows)
    ends = ring.following[free]
    shrink = ((deepest[free] - deepest[ends]) * along[free]).sum(axis=1)
    limits = np.minimum(1.0, 0.7 * lengths[free] / np.maximum(shrink, 1e-300))
    np.minimum.at(factors, free, limits)
    np.minimum.at(factors, ends, limits)
    # How far can each vertex go before it meets the other side? Rows are met half way, other sides at the end.
    way = _place(ring, ways, factors, chains)[:, -1] - ring.points
    going = np.flatnonzero((way != 0.0).any(axis=1))
    sides = shapely.linestrings(np.stack([ring.points, ring.points[ring.following]], axis=1))
    rays = shapely.linestrings(np.stack([ring.points[going], ring.points[going] + 3.5 * way[going]], axis=1))
    which, hit = shapely.STRtree(sides).query(rays, predicate="intersects")
    vertex = going[which]
    before = _invert(ring.following)
    inward = np.column_stack([-along[:, 1], along[:, 0]])
    apart = (hit != vertex) & (hit != before[vertex])
    unit = way[vertex] / np.linalg.norm(way[vertex], axis=1)[:, None]
    apart &= (inward[hit] * unit).sum(axis=1) < -0.7
    own, other = chains.side_chain[vertex], chains.side_chain[hit]
    if len(chains.first):
        joined = (chains.last[own] == chains.first[other]) | (chains.last[other] == chains.first[own])
        apart &= ~((own >= 0) & (other >= 0) & (own != other) & joined)
    vertex, hit = vertex[apart], hit[apart]
    gap = -((ring.points[vertex] - ring.points[hit]) * inward[hit]).sum(axis=1)
    share = gap / np.minimum((way[vertex] * inward[hit]).sum(axis=1), -1e-300)
    room = np.where(ring.has_rows[hit], 0.35, 0.7) * share
    np.minimum.at(factors, vertex, factors[vertex] * np.clip(room, 0.02, 1.0))
    return factors


def _limit_slope(ring: Ring, factors: Float, depth: float) -> Float:
    """Let factors rise along the ring from each small one no faster than allowed."""
    steps = SLOPE * np.linalg.norm(ring.points[ring.following] - ring.points, axis=1) / depth
    limited = factors.copy()
    for _ in range(len(factors)):
        previous = limited.copy()
        np.minimum.at(limited, ring.following, previous + steps)
        np.minimum(limited, previous[ring.following] + steps, out=limited)
        if np.array_equal(previous, limited):
            break
    return limited


def _find_bad(ring: Ring, levels: Float, *, close: bool) -> Int:
    """Vertices with cells that turn over, or whose last level meets another part of it."""
    import shapely

    lined = np.flatnonzero(ring.has_rows)
    ends = ring.following[lined]
    a, b = levels[lined, :-1], levels[ends, :-1]
    c, d = levels[ends, 1:], levels[lined, 1:]
    is_bad = np.zeros(lined.shape, dtype=bool)
    for corner, ahead, behind in ((a, b, d), (b, c, a), (c, d, b), (d, a, c)):
        out, back = ahead - corner, behind - corner
        product = np.linalg.norm(out, axis=-1) * np.linalg.norm(back, axis=-1)
        is_bad |= ((product > 0.0) & (_cross(out, back) <= SMALLEST_ANGLE * product)).any(axis=1)
    length = np.linalg.norm(levels[ends, 0] - levels[lined, 0], axis=1)
    if close:
        is_bad |= np.linalg.norm(c[:, -1] - d[:, -1], axis=1) < 0.25 * length
    last = levels[:, -1]
    ring_sides = shapely.linestrings(np.stack([last, last[ring.following]], axis=1))
    tree = shapely.STRtree(ring_sides)
    first, second = tree.query(ring_sides, predicate="intersects")
    after = ring.following
    apart = (first < second) & (after[first] != second) & (after[second] != first)
    # Loops that touch in a vertex from the start do so without rows there.
    still = (levels[:, -1] == levels[:, 0]).all(axis=1)
    apart &= ~(still[first] & still[second])
    crossing = np.concatenate([first[apart], second[apart]])
    if close:
        lengths = np.linalg.norm(last[after] - last, axis=1)
        first, second = tree.query(ring_sides, predicate="dwithin", distance=0.25 * lengths)
        gap = shapely.distance(ring_sides[first], ring_sides[second])
        before_moving = shapely.linestrings(np.stack([ring.points, ring.points[after]], axis=1))
        gap_before = shapely.distance(before_moving[first], before_moving[second])
        apart = ring.has_rows[first] & (first != second) & (gap < np.minimum(0.25 * lengths[second], 0.25 * gap_before))
        forward = backward = first
        before = _invert(after)
        for _ in range(3):
            forward, backward = after[forward], before[backward]
            apart &= (forward != second) & (backward != second)
        crossing = np.concatenate([crossing, first[apart]])
    return np.asarray(np.unique(np.concatenate([lined[is_bad], ends[is_bad], crossing, after[crossing]])))
