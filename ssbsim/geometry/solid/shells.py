"""Closed triangulated surfaces: which triangles belong together, and what encloses what.

A set of triangles that closes a body, all normals pointing into it, falls into shells: triangles joined by edges. Where
a body touches itself along an edge, four or more triangles meet there; two belong together when the wedge between them
is inside the body. A shell of positive volume is the outside of a piece; the others are the cavities of the smallest
piece around them. Signed volume by the divergence theorem, V = -1/6 sum a . (b x c) for normals inwards; inside or
outside by the solid angle (Van Oosterom & Strackee 1983, doi:10.1109/TBME.1983.325207). Any unit of length.
"""

from __future__ import annotations

from typing import overload

import numpy as np

from ssbsim.errors import MeshError
from ssbsim.geometry.arrays import Float, Int
from ssbsim.geometry.connectivity import connected_parts


def pair_across_edges(points: Float, triangles: Int, *, where: str) -> Int:
    """Which side lies on which: side 3 t + i is the edge of triangle t from its vertex i to the next one, shape (3 k,).

    Args:
        points: Coordinates, shape (n, 3).
        triangles: Vertices, normals into the body, shape (k, 3).
        where: The body, for messages.

    Raises:
        MeshError: where the surface has a rim, or passes through itself at an edge in which it touches itself.
    """
    sides = np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=-1).reshape(-1, 2)
    low, high = sides.min(axis=1), sides.max(axis=1)
    order = np.lexsort((high, low))
    starts = np.flatnonzero(np.diff(low[order], prepend=-1) | np.diff(high[order], prepend=-1))
    counts = np.diff(np.append(starts, len(order)))
    forward = (sides[:, 0] == low).astype(np.int64)
    if (2 * np.add.reduceat(forward[order], starts) != counts).any():
        edge = sides[order[starts[np.argmax(2 * np.add.reduceat(forward[order], starts) != counts)]]]
        place = ", ".join(f"{value:.6g}" for value in points[edge].mean(axis=0))
        raise MeshError(
            "The surface of a grain is not closed.",
            where=f"{where}, at ({place})",
            hint="facets must meet in whole edges and have a grain on each side",
        )
    partner = np.full(len(sides), -1)
    simple = starts[counts == 2]
    partner[order[simple]], partner[order[simple + 1]] = order[simple + 1], order[simple]
    for start, count in zip(starts[counts > 2], counts[counts > 2], strict=True):
        around = order[start : start + count]
        angle = _angles(points, triangles[around // 3], sides[around], int(low[around[0]]), int(high[around[0]]))
        turn = np.argsort(angle, kind="stable")
        # Going round the edge from low to high by the right hand, a triangle that runs along it backwards has its
        # normal ahead: the body lies between it and the next one.
        for here, following in zip(turn, np.roll(turn, -1), strict=True):
            if not forward[around[here]]:
                partner[around[here]], partner[around[following]] = around[following], around[here]
    is_single = (partner < 0) | (partner[partner] != np.arange(len(partner)))
    if is_single.any():
        place = ", ".join(f"{value:.6g}" for value in points[sides[np.argmax(is_single)]].mean(axis=0))
        raise MeshError(
            "Parts of the surface of a grain that meet in an edge pass through each other.",
            where=f"{where}, at ({place})",
            hint="use smoother or larger grains, or another seed",
        )
    return partner


def _angles(points: Float, triangles: Int, sides: Int, low: int, high: int) -> Float:
    axis = points[high] - points[low]
    axis = axis / np.linalg.norm(axis)
    apex = points[triangles.sum(axis=1) - sides.sum(axis=1)] - points[low]
    apex = apex - (apex @ axis)[:, None] * axis
    second = np.cross(axis, apex[0])
    return np.asarray(np.arctan2(apex @ second, apex @ apex[0] * np.linalg.norm(axis)) % (2.0 * np.pi))


@overload
def next_side(side: int) -> int: ...


@overload
def next_side(side: Int) -> Int: ...


def next_side(side: int | Int) -> int | Int:
    """The side of the same triangle that starts where this one ends."""
    return side - side % 3 + (side + 1) % 3


def find_shells(partner: Int) -> Int:
    """Number of the shell of every triangle, shape (k,), in the order of their first triangles."""
    count = len(partner) // 3
    return connected_parts((np.repeat(np.arange(count), 3), partner // 3), count)


def enclosed_volume(points: Float, triangles: Int) -> float:
    """Volume on the side of the normals; negative for a cavity."""
    a, b, c = (points[triangles] - points[triangles[0, 0]]).swapaxes(0, 1)
    return -float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum()) / 6.0


def group_pieces(points: Float, triangles: Int, shells: Int, *, where: str) -> list[list[int]]:
    """Shells of every piece of a body: its outside first, then its cavities.

    Raises:
        MeshError: where a cavity lies outside of every piece.
    """
    parts = [triangles[shells == number] for number in range(int(shells.max()) + 1)]
    volumes = [enclosed_volume(points, part) for part in parts]
    pieces = [[number] for number, volume in enumerate(volumes) if volume > 0.0]
    for number, volume in enumerate(volumes):
        if volume > 0.0:
            continue
        around = [piece for piece in pieces if len(pieces) == 1 or _is_inside(points, parts[piece[0]], parts[number])]
        if not around:
            raise MeshError(
                "The surface of a grain is turned inside out.",
                where=where,
                hint="the first of the two sides of a facet is the grain that its normal points into",
            )
        min(around, key=lambda piece: volumes[piece[0]]).append(number)
    return pieces


def _is_inside(points: Float, shell: Int, other: Int) -> bool:
    """Whether the shell `other` lies inside `shell`; they may touch, so its farthest triangle from it is looked at."""
    vertices = np.unique(shell)
    loose = other[~np.isin(other, vertices).any(axis=1)]
    candidates = loose if len(loose) else other
    eye = points[candidates[0]].mean(axis=0)
    a, b, c = (points[shell] - eye).swapaxes(0, 1)
    la, lb, lc = (np.linalg.norm(edge, axis=1) for edge in (a, b, c))
    numerator = np.einsum("ij,ij->i", a, np.cross(b, c))
    denominator = (
        la * lb * lc
        + np.einsum("ij,ij->i", a, b) * lc
        + np.einsum("ij,ij->i", b, c) * la
        + np.einsum("ij,ij->i", c, a) * lb
    )
    return bool(abs(np.arctan2(numerator, denominator).sum()) > np.pi)
