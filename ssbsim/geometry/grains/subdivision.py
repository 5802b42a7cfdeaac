"""A body divided into Voronoi grains along the facets of a mesh of it, so that no sliver can be cut off.

Cutting a body by planes leaves slivers wherever a plane grazes its surface. Here every cell of a well-shaped mesh goes
to the nearest seed, and the vertices between grains are moved onto the planes

    |x - s_a|^2 = |x - s_b|^2 = ...

between the seeds of the grains that meet there (the nearest such point), as far as no cell becomes worse than
`LEAST_QUALITY`; where it would, they go a half or a quarter of the way. Vertices of the surface stay, so the measure
and the outline of the body do not change, and a grain boundary ends in a vertex of the surface. Grains are thus Voronoi
cells up to about half a cell at the surface. The angles between grain boundaries, and with the surface, are those of
cells.

Seeds are spread by Lloyd's method (1982, doi:10.1109/TIT.1982.1056489) over the cells.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ssbsim.errors import MeshError
from ssbsim.geometry._simplex import scaled_jacobians, signed_measures
from ssbsim.geometry.arrays import Float, Int
from ssbsim.geometry.connectivity import connected_parts

LEAST_QUALITY = {2: 0.35, 3: 0.1}
"""Moving a vertex leaves no cell with a smaller scaled Jacobian, unless it had one before; by dimension."""

_SMALLEST = 0.1
"""Grains smaller than this part of the mean go to their neighbours."""

_LLOYD_STEPS = 4
_SWEEPS = 8
_TIDYING = 30


def divide_body(
    points: Float, cells: Int, fixed: NDArray[np.bool_], count: int, generator: np.random.Generator
) -> tuple[Float, Int]:
    """Divide a meshed body into grains.

    Args:
        points: Vertices, shape (n, d).
        cells: Simplices of the body, positively oriented, shape (m, d + 1).
        fixed: Whether a vertex must stay, shape (n,).
        count: Number of grains wanted. There may be fewer: small ones are dropped.
        generator: Source of the seeds.

    Returns:
        Points, moved, and the grain of every cell, numbered from 0 without holes.
    """
    seeds = _spread_seeds(points, cells, count, generator)
    middles = points[cells].mean(axis=1)
    label = np.asarray(cKDTree(seeds).query(middles)[1], dtype=np.int64)
    label = _tidy(points, cells, label)
    points = _settle(points, cells, label, seeds, fixed)
    return points, np.unique(label, return_inverse=True)[1].reshape(-1)


def facets_between(cells: Int, label: Int) -> tuple[Int, Int]:
    """Facets between cells of different labels.

    Returns:
        Vertices of every facet, its normal (as in Partition) into the first of its sides, shape (k, d); and the labels
        of the sides, shape (k, 2).
    """
    facets, owner = cell_facets(cells)
    first, second = _pairs(facets)
    differ = label[owner[first]] != label[owner[second]]
    first, second = first[differ], second[differ]
    return facets[first], np.column_stack([label[owner[first]], label[owner[second]]])


def cell_facets(cells: Int) -> tuple[Int, Int]:
    """All facets of positively oriented cells, normals inwards, and the cell of each."""
    corners = ((0, 1), (1, 2), (2, 0)) if cells.shape[1] == 3 else ((0, 1, 2), (0, 3, 1), (0, 2, 3), (1, 3, 2))
    facets = np.concatenate([cells[:, list(corner)] for corner in corners])
    return facets, np.tile(np.arange(len(cells)), len(corners))


def _pairs(facets: Int) -> tuple[Int, Int]:
    """Places of the two occurrences of every facet that occurs twice."""
    keys = np.sort(facets, axis=1)
    order = np.lexsort(keys.T[::-1])
    same = np.flatnonzero(np.all(keys[order[1:]] == keys[order[:-1]], axis=1))
    return order[same], order[same + 1]


def _spread_seeds(points: Float, cells: Int, count: int, generator: np.random.Generator) -> Float:
    middles, measures = points[cells].mean(axis=1), np.abs(signed_measures(points, cells))
    if count > len(cells):
        raise MeshError(
            f"{count} grains are more than there are cells to make them of.",
            where="geometry.particles.grains or electrolyte.grain_size",
            hint="ask for fewer grains, or make spacing.transverse smaller",
        )
    seeds: Float = middles[np.sort(generator.choice(len(cells), count, replace=False, p=measures / measures.sum()))]
    for _ in range(_LLOYD_STEPS):
        nearest = cKDTree(seeds).query(middles)[1]
        weight = np.bincount(nearest, measures, count)
        moment = np.column_stack([np.bincount(nearest, measures * x, count) for x in middles.T])
        taken = weight > 0.0
        seeds[taken] = moment[taken] / weight[taken, None]
    return seeds


def _tidy(points: Float, cells: Int, label: Int) -> Int:
    """Labels whose cells hang together by facets, also around every vertex, and none too small."""
    facets, owner = cell_facets(cells)
    first, second = _pairs(facets)
    links = np.column_stack([owner[first], owner[second]])
    measures = np.abs(signed_measures(points, cells))
    label = label.copy()
    for _ in range(_TIDYING):
        before = label.copy()
        _drop_loose(links, measures, label)
        _round_off(links, cells.shape[1], label)
        _unpinch(cells, label)
        if np.array_equal(before, label):
            return label
    # The last resort is always tidy.
    label[:] = label[0]
    return label


def _drop_loose(links: Int, measures: Float, label: Int) -> None:
    """Give all but the largest piece of each label, and small labels whole, to the neighbour they touch most."""
    count, total = len(label), float(measures.sum())
    for _ in range(count):
        inside = links[label[links[:, 0]] == label[links[:, 1]]]
        piece = connected_parts(inside.T, count)
        pieces = int(piece.max()) + 1
        weight = np.bincount(piece, measures, pieces)
        of_piece = np.zeros(pieces, dtype=np.int64)
        of_piece[piece] = label
        order = np.lexsort((np.arange(pieces), weight))
        largest = {int(of_piece[p]): int(p) for p in order}
        small = _SMALLEST * total / max(1, len(largest))
        loose = [p for p in order if largest[int(of_piece[p])] != p or (weight[p] < small and len(largest) > 1)]
        if not loose:
            return
        cut = links[piece[links[:, 0]] != piece[links[:, 1]]]
        ends = piece[cut]
        other = np.concatenate([label[cut[ends[:, 0] == loose[0], 1]], label[cut[ends[:, 1] == loose[0], 0]]])
        if not other.size:
            return
        label[piece == loose[0]] = np.argmax(np.bincount(other))


def _round_off(links: Int, corners: int, label: Int) -> None:
    """Give a cell with all but one of its facets on one other label to that label."""
    neighbours: list[list[int]] = [[] for _ in label]
    for a, b in links:
        neighbours[a].append(int(b))
        neighbours[b].append(int(a))
    for cell, near in enumerate(neighbours):
        votes = np.bincount(label[near]) if near else np.zeros(1, dtype=np.int64)
        best = int(np.argmax(votes))
        if best != label[cell] and votes[best] >= corners - 1:
            label[cell] = best


def _unpinch(cells: Int, label: Int) -> None:
    """Where the cells of a label around a vertex do not hang together, give the smaller part away."""
    corner = cells.shape[1]
    star = _stars(cells)
    mixed = [cell for cell in star if bool((label[cell] != label[cell[0]]).any())]
    for around in mixed:
        for name in np.unique(label[around]):
            own = around[label[around] == name]
            if len(own) == len(around):
                continue
            parts = _connected(cells[own], corner)
            if len(parts) > 1:
                keep = max(parts, key=len)
                rest = label[around[label[around] != name]]
                for part in parts:
                    if part is not keep:
                        label[own[part]] = np.argmax(np.bincount(rest))
                break


def _connected(cells: Int, corners: int) -> list[list[int]]:
    """Parts of a few cells that hang together by facets."""
    parts: list[list[int]] = []
    sets = [frozenset(map(int, cell)) for cell in cells]
    left = list(range(len(cells)))
    while left:
        part, todo = [], [left.pop(0)]
        while todo:
            cell = todo.pop()
            part.append(cell)
            near = [other for other in left if len(sets[cell] & sets[other]) == corners - 1]
            todo.extend(near)
            left = [other for other in left if other not in near]
        parts.append(part)
    return parts


def _stars(cells: Int) -> list[Int]:
    """Cells around every vertex that has any."""
    vertex = cells.reshape(-1)
    order = np.argsort(vertex, kind="stable")
    starts = np.flatnonzero(np.diff(vertex[order], prepend=-1))
    return [np.asarray(part // cells.shape[1]) for part in np.split(order, starts[1:])]


def _settle(points: Float, cells: Int, label: Int, seeds: Float, fixed: NDArray[np.bool_]) -> Float:
    """Move vertices between grains onto the planes between their seeds, and those next to them out of their way."""
    points = points.copy()
    stars = {int(v): star for v, star in zip(np.unique(cells), _stars(cells), strict=True)}
    meeting = {v: np.unique(label[star]) for v, star in stars.items() if not fixed[v]}
    border = [v for v, labels in meeting.items() if len(labels) > 1]
    beside = {int(u) for v in border for u in cells[stars[v]].reshape(-1)} - set(border)
    movable = sorted([*border, *(v for v in beside if not fixed[v])])
    rings = {v: np.setdiff1d(cells[stars[v]], v) for v in movable}
    groups = _independent(movable, rings)
    for _ in range(_SWEEPS):
        for group in groups:
            targets = [
                _onto_planes(points[v], seeds[meeting[v]]) if len(meeting[v]) > 1 else points[rings[v]].mean(axis=0)
                for v in group
            ]
            _move(points, cells, np.array(group), [stars[v] for v in group], np.array(targets))
    return points


def _independent(vertices: list[int], rings: dict[int, Int]) -> list[list[int]]:
    """Groups of vertices that have no cell in common."""
    colour: dict[int, int] = {}
    groups: list[list[int]] = []
    for v in vertices:
        taken = {colour[u] for u in map(int, rings[v]) if u in colour}
        colour[v] = next(n for n in range(len(taken) + 1) if n not in taken)
        if colour[v] == len(groups):
            groups.append([])
        groups[colour[v]].append(v)
    return groups


def _onto_planes(place: Float, seeds: Float) -> Float:
    """The nearest point that is equally far from all seeds."""
    matrix = 2.0 * (seeds[1:] - seeds[0])
    missing = np.sum(seeds[1:] ** 2, axis=1) - np.sum(seeds[0] ** 2) - matrix @ place
    return np.asarray(place + np.linalg.lstsq(matrix, missing, rcond=1e-6)[0])


def _move(points: Float, cells: Int, vertices: Int, stars: list[Int], targets: Float) -> None:
    """Move vertices that have no cell in common towards targets, as far as the quality of their cells allows."""
    starts = np.cumsum([0, *(len(star) for star in stars[:-1])])
    around = cells[np.concatenate(stars)]
    old = points[vertices].copy()
    corners = points[around]
    extent = np.ptp(corners.reshape(len(corners), -1, corners.shape[2]), axis=1).max(axis=1)
    longest = 0.5 * np.maximum.reduceat(extent, starts)
    step = targets - old
    step *= np.minimum(1.0, longest / np.maximum(np.linalg.norm(step, axis=1), 1e-300))[:, None]
    bound = np.minimum(LEAST_QUALITY[points.shape[1]], np.minimum.reduceat(scaled_jacobians(points, around), starts))
    moved = np.zeros(len(vertices), dtype=bool)
    for part in (1.0, 0.5, 0.25):
        points[vertices[~moved]] = (old + part * step)[~moved]
        moved |= np.minimum.reduceat(scaled_jacobians(points, around), starts) >= bound
    points[vertices[~moved]] = old[~moved]
