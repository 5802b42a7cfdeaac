"""Smooth interfaces from the stairs of pixels.

The vertices x0 of all curves of an image together become those x that minimise

    sum_i |x_i - x0_i|^2 + sum_i sigma_i^4 |x''_i|^2,    x''_i from x_(i-1), x_i, x_(i+1) and their distances in x0,

a smoothing spline (Whittaker 1922, doi:10.1017/S0013091500077853; Reinsch 1967, doi:10.1007/BF02162161) with lengths in
pixels: waves of wavelength l along a curve keep 1 / (1 + (2 pi sigma / l)^4) of their height, so that steps vanish and a
circle of radius R shrinks only by (sigma / R)^4. The second sum leaves out nodes, which makes ends and junctions free to
turn. Nodes on walls slide along them. sigma is the smoothing asked for, but no more than an eighth of the curve's length.
Each curve is then divided into chords and moved along its normals until it encloses what its stairs enclosed: every
grain keeps the area of its pixels exactly.

Where curves would cross, touch, or meet at less than 10 degrees, they are taken back in steps towards the middles of the
edges of the pixels, which never do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssbsim.geometry.arrays import Float, Int
from ssbsim.geometry.images.outlines import Curve, Outlines

# Share of the smoothing displacement that stays, by the number of times that a curve was taken back; from the second
# on it keeps all its vertices, and the last is the curve as it was traced.
_SHARES = (1.0, 1.0, 0.5, 0.0)
_FLATTEST_CHORD = 0.1
_LEAST_GAP = 0.1
_LEAST_ANGLE = np.deg2rad(10.0)


@dataclass(frozen=True, eq=False)
class FairCurve:
    """A smooth interface: indices into the points, first and last the same where it is closed, and its grains."""

    vertices: Int
    left: int
    right: int


@dataclass(frozen=True, eq=False)
class FairOutlines:
    """Smooth interfaces of an image.

    Attributes:
        points: Coordinates in units of the shortest edge of a pixel; the nodes first, shape (n, 2).
        curves: The interfaces.
        node_count: Number of nodes.
        untouched: Number of curves that were left as traced, since they would cross others otherwise.
    """

    points: Float
    curves: tuple[FairCurve, ...]
    node_count: int
    untouched: int


def fair_outlines(
    outlines: Outlines, shape: Sequence[int], *, aspect: Sequence[float], smoothing: float, chord: float
) -> FairOutlines:
    """Smooth the outlines of an image.

    Args:
        outlines: From `trace_outlines`.
        shape: Number of pixels along x and y.
        aspect: Edges of a pixel in units of the shorter one.
        smoothing: sigma, in pixels.
        chord: Longest chord of a curve that bends, in units of the shorter edge; shorter where it bends strongly.
    """
    scale = np.asarray(aspect, dtype=np.float64)
    box = np.asarray(shape) * scale
    nodes = outlines.nodes * scale
    smooth_nodes, smooth_curves = _smooth(outlines, np.asarray(shape), scale, smoothing)
    level = np.zeros(len(outlines.curves), dtype=np.int64)
    shaped: list[Float | None] = [None] * len(level)
    while True:
        share = np.ones(len(nodes))
        for curve, own in zip(outlines.curves, level, strict=True):
            if not curve.is_closed:
                for node in (curve.start, curve.end):
                    share[node] = min(share[node], _SHARES[own])
        placed = nodes + share[:, None] * (smooth_nodes - nodes)
        for index, curve in enumerate(outlines.curves):
            if shaped[index] is None:
                shaped[index] = _shape_curve(
                    curve, smooth_curves[index], placed, nodes, scale, int(level[index]), chord
                )
        inner = [points for points in shaped if points is not None]
        found = _number(outlines.curves, inner, placed)
        bad = _find_conflicts(found, box) & (level < len(_SHARES) - 1)
        if not bad.any():
            return FairOutlines(found.points, found.curves, len(nodes), int((level == len(_SHARES) - 1).sum()))
        moved = {n for i in np.flatnonzero(bad) for n in (outlines.curves[i].start, outlines.curves[i].end)} - {-1}
        level[bad] += 1
        for index, curve in enumerate(outlines.curves):
            if bad[index] or curve.start in moved or curve.end in moved:
                shaped[index] = None


def _smooth(outlines: Outlines, shape: Int, scale: Float, smoothing: float) -> tuple[Float, list[Float]]:
    from scipy.sparse import coo_array, eye_array
    from scipy.sparse.linalg import splu

    count = len(outlines.nodes)
    starts = count + np.concatenate([[0], np.cumsum([len(curve.middles) for curve in outlines.curves])]).astype(
        np.int64
    )
    x0 = np.vstack([outlines.nodes.astype(np.float64), *(curve.middles for curve in outlines.curves)]) * scale
    triples, weights = [], []
    for curve, first, last in zip(outlines.curves, starts[:-1], starts[1:], strict=True):
        own = np.arange(first, last)
        line = (
            np.concatenate([own[-1:], own, own[:1]])
            if curve.is_closed
            else np.concatenate([[curve.start], own, [curve.end]])
        )
        steps = np.linalg.norm(np.diff(x0[line], axis=0), axis=1)
        triples.append(np.column_stack([line[:-2], line[1:-1], line[2:]]))
        before, after = 2.0 / (steps[:-1] + steps[1:]) / steps[:-1], 2.0 / (steps[:-1] + steps[1:]) / steps[1:]
        own_weight = min(smoothing, float(steps.sum()) / 8.0) ** 2
        weights.append(own_weight * np.column_stack([before, -before - after, after]))
    if not triples:
        return x0, []
    triple, weight = np.vstack(triples), np.vstack(weights)
    rows = np.repeat(np.arange(len(triple)), 3)
    bend = coo_array((weight.ravel(), (rows, triple.ravel())), shape=(len(triple), len(x0))).tocsr()
    system = (eye_array(len(x0)) + bend.T @ bend).tocsr()
    x = x0.copy()
    for axis in range(2):
        is_on_wall = np.zeros(len(x0), dtype=bool)
        is_on_wall[:count] = (outlines.nodes[:, axis] == 0) | (outlines.nodes[:, axis] == shape[axis])
        free, on_wall = np.flatnonzero(~is_on_wall), np.flatnonzero(is_on_wall)
        right = x0[free, axis] - system[free][:, on_wall] @ x0[on_wall, axis]
        if free.size:
            x[free, axis] = splu(system[free][:, free].tocsc()).solve(right)
    return x[:count], [x[a:b] for a, b in zip(starts[:-1], starts[1:], strict=True)]


def _shape_curve(
    curve: Curve, smooth: Float, placed: Float, nodes: Float, scale: Float, level: int, chord: float
) -> Float:
    """Vertices of a curve between its nodes: chords that enclose the same area as the stairs."""
    middles = curve.middles * scale
    fine = middles + _SHARES[level] * (smooth - middles)
    stairs = curve.corners * scale
    if curve.is_closed:
        fine = np.vstack([fine, fine[:1]])
    else:
        fine = np.vstack([placed[curve.start], fine, placed[curve.end]])
        stairs = np.vstack([placed[curve.start], stairs, placed[curve.end]])
    target = _swept(stairs)
    line = _divide(fine, chord, target) if level == 0 else fine
    if level < len(_SHARES) - 1:
        line = _restore_area(line, target, is_closed=curve.is_closed)
    return line[:-1] if curve.is_closed else line[1:-1]


def _divide(fine: Float, chord: float, target: float) -> Float:
    """As few chords of equal length as the chord length, the bending and the area allow."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(fine, axis=0), axis=1))])
    length = along[-1]
    is_closed = bool((fine[0] == fine[-1]).all())
    is_straight = not is_closed and abs(_swept(fine[[0, -1]]) - target) < 1e-9 * length
    least = 6 if is_closed else 1 if is_straight else 2
    most = max(len(fine) - 1, least)
    count = min(max(least, int(np.ceil(length / chord * (1.0 - 1e-9)))), most)
    if is_straight:
        count = 1
    while True:
        at = np.linspace(0.0, length, count + 1)
        line = np.column_stack([np.interp(at, along, fine[:, axis]) for axis in range(2)])
        line[0], line[-1] = fine[0], fine[-1]
        there = np.column_stack([np.interp(along, at, line[:, axis]) for axis in range(2)])
        if count >= most or np.linalg.norm(there - fine, axis=1).max() <= _FLATTEST_CHORD:
            return line
        count = min(most, count + max(1, count // 4))


def _restore_area(line: Float, target: float, *, is_closed: bool) -> Float:
    """Move the inner vertices along their normals by one distance, so that the line sweeps the target area."""
    line = line.copy()
    for _ in range(40):
        missing = target - _swept(line)
        if is_closed:
            before, after = line[np.r_[-2, 0 : len(line) - 2]], line[1:]
        else:
            before, after = line[:-2], line[2:]
        if not len(after) or abs(missing) <= 1e-14 * (1.0 + abs(target)):
            break
        across = after - before
        gradient = 0.5 * np.column_stack([across[:, 1], -across[:, 0]])
        size = np.linalg.norm(gradient, axis=1)
        if size.sum() < 1e-12:
            break
        step = missing / size.sum() * gradient / np.maximum(size, 1e-300)[:, None]
        if is_closed:
            line = line + np.vstack([step, step[:1]])
        else:
            line[1:-1] += step
    return line


def _swept(line: Float) -> float:
    """Area swept by the ray from the origin along a line, positive counter-clockwise."""
    origin = line[0]
    x, y = (line - origin).T
    about_first = 0.5 * float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))
    end = line[-1]
    return about_first + 0.5 * float(origin[0] * end[1] - origin[1] * end[0])


@dataclass(frozen=True, eq=False)
class _Numbered:
    points: Float
    curves: tuple[FairCurve, ...]


def _number(curves: Sequence[Curve], inner: Sequence[Float], nodes: Float) -> _Numbered:
    start = len(nodes)
    numbered = []
    for curve, points in zip(curves, inner, strict=True):
        own = np.arange(start, start + len(points))
        start += len(points)
        ends = (own[:0], own[:1]) if curve.is_closed else ([curve.start], [curve.end])
        vertices = np.concatenate([ends[0], own, ends[1]]).astype(np.int64)
        numbered.append(FairCurve(vertices, curve.left, curve.right))
    return _Numbered(np.vstack([nodes, *inner]), tuple(numbered))


def _find_conflicts(found: _Numbered, box: Float) -> NDArray[np.bool_]:
    """Curves that cross, touch or nearly touch another one or themselves, or leave the box."""
    bad = np.zeros(len(found.curves), dtype=bool)
    if not len(bad):
        return bad
    points = found.points
    segments = np.vstack([np.column_stack([c.vertices[:-1], c.vertices[1:]]) for c in found.curves])
    owner = np.repeat(np.arange(len(bad)), [len(c.vertices) - 1 for c in found.curves])
    lengths = np.linalg.norm(points[segments[:, 1]] - points[segments[:, 0]], axis=1)
    bad[owner[lengths < _LEAST_GAP]] = True
    on_wall: NDArray[np.bool_] = np.any((points <= 0.0) | (points >= box), axis=1)
    for end in (0, 1):
        inside = segments[:, end]
        gap = np.minimum(points[inside], box - points[inside]).min(axis=1)
        other = on_wall[segments[:, 1 - end]]
        # Neither over the wall, nor along it after leaving it.
        least = np.where(other, np.sin(_LEAST_ANGLE) * lengths, _LEAST_GAP)
        bad[owner[~on_wall[inside] & (gap < least)]] = True
    pairs = _near_pairs(points, segments)
    bad[owner[_are_in_conflict(points, segments, pairs)]] = True
    # Nodes along a wall keep their order and a distance from each other and the corners.
    bad |= _crowded_on_walls(found, box)
    return bad


def _near_pairs(points: Float, segments: Int) -> Int:
    import shapely

    lines = shapely.linestrings(points[segments])
    first, second = shapely.STRtree(lines).query(lines, predicate="dwithin", distance=_LEAST_GAP)
    pairs: Int = np.column_stack([first, second])[first < second].astype(np.int64)
    return pairs


def _are_in_conflict(points: Float, segments: Int, pairs: Int) -> Int:
    """Segments that are near others without sharing a vertex, or leave a shared vertex in nearly one direction."""
    conflicts = []
    a, b = segments[pairs[:, 0]], segments[pairs[:, 1]]
    shares = np.zeros(len(pairs), dtype=bool)
    for i in (0, 1):
        for j in (0, 1):
            same = a[:, i] == b[:, j]
            shares |= same
            u = points[a[same, 1 - i]] - points[a[same, i]]
            v = points[b[same, 1 - j]] - points[b[same, j]]
            cosine = (u * v).sum(axis=1) / np.maximum(np.linalg.norm(u, axis=1) * np.linalg.norm(v, axis=1), 1e-300)
            conflicts.append(pairs[same][cosine > np.cos(_LEAST_ANGLE)])
    conflicts.append(pairs[~shares])
    found: Int = np.unique(np.concatenate(conflicts))
    return found


def _crowded_on_walls(found: _Numbered, box: Float) -> NDArray[np.bool_]:
    bad = np.zeros(len(found.curves), dtype=bool)
    ends = [(curve.vertices[side], index) for index, curve in enumerate(found.curves) for side in (0, -1)]
    vertex, owner = np.array(ends, dtype=np.int64).T
    for axis in (0, 1):
        for value in (0.0, box[axis]):
            here = found.points[vertex, axis] == value
            along = found.points[vertex[here], 1 - axis]
            order = np.argsort(along, kind="stable")
            placed = np.concatenate([[0.0], along[order], [box[1 - axis]]])
            close = np.diff(placed) < _LEAST_GAP
            touched = np.zeros(len(placed), dtype=bool)
            touched[:-1] |= close
            touched[1:] |= close
            bad[owner[here][order][touched[1:-1]]] = True
    return bad
