"""Outlines of the grains of a labelled 2D image, as curves from node to node.

A node is a corner of pixels where three or more grains meet, or where an interface ends at a wall. Between nodes a
curve passes the edges of pixels; its vertices are the middles of these edges, so that it cuts the corners of the
stairs. Coordinates are in pixels.

Where two pixels of one grain meet in a corner only (a checkerboard), the grain passes through that corner: the two
other pixels are cut off from one another there. Where both pairs do so, the grain with fewer pixels passes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssbsim.geometry.arrays import Float, Int

# Directions east, north, west, south: step between corners, and the pixels (offset from the upper right one of the
# corner) to the left and to the right of that step.
_STEP = ((1, 0), (0, 1), (-1, 0), (0, -1))
_LEFT = ((0, 0), (-1, 0), (-1, -1), (0, -1))
_RIGHT = ((0, -1), (0, 0), (-1, 0), (-1, -1))
# Where two pixels are joined at a corner, the lower left one to the upper right one or the other two: the direction to
# leave with by that of arrival, around the pixel that is cut off.
_RISING = (1, 0, 3, 2)
_FALLING = (3, 2, 1, 0)


@dataclass(frozen=True, eq=False)
class Curve:
    """An interface between two nodes, or a closed one.

    Attributes:
        start: Index of the first node, -1 for a closed curve.
        end: Index of the last node, -1 for a closed curve.
        middles: Middles of the pixel edges passed, in order, shape (n, 2).
        corners: Corners passed: those at both ends of every edge, in order, shape (n + 1, 2).
        left: Grain to the left of its direction.
        right: Grain to the right.
    """

    start: int
    end: int
    middles: Float
    corners: Int
    left: int
    right: int

    @property
    def is_closed(self) -> bool:
        """Whether it has no ends."""
        return self.start < 0


@dataclass(frozen=True, eq=False)
class Outlines:
    """All interfaces of an image.

    Attributes:
        nodes: Corners of pixels, shape (k, 2).
        curves: The interfaces; every pair of touching grains has at least one.
        joined: Number of corners where two pixels of a grain were joined.
    """

    nodes: Int
    curves: tuple[Curve, ...]
    joined: int


def trace_outlines(grains: NDArray[np.int32]) -> Outlines:
    """Curves between the grains of an image, axes x and y; the same image gives the same curves in the same order."""
    exits = _find_exits(grains)
    degree = exits.sum(axis=-1)
    corners = _corner_pixels(grains)
    rising = corners[..., 0] == corners[..., 3]
    falling = corners[..., 1] == corners[..., 2]
    sizes = np.bincount(grains.ravel())
    falling_is_smaller = sizes[corners[..., 1]] < sizes[corners[..., 0]]
    is_crossed = degree == 4
    joins_rising = is_crossed & rising & ~(falling & falling_is_smaller)
    joins_falling = is_crossed & falling & ~joins_rising
    is_node = ((degree == 1) | (degree >= 3)) & ~joins_rising & ~joins_falling
    number = np.full(is_node.shape, -1, dtype=np.int64)
    nodes = np.argwhere(is_node)
    number[is_node] = np.arange(len(nodes))
    tracer = _Tracer(grains, exits, joins_rising, joins_falling, number)
    curves = [
        tracer.follow(int(i), int(j), direction)
        for i, j in nodes
        for direction in range(4)
        if exits[i, j, direction] and not tracer.is_passed(int(i), int(j), direction)
    ]
    for direction in (0, 1):
        for i, j in np.argwhere(exits[..., direction]):
            if not tracer.is_passed(int(i), int(j), direction):
                curves.append(tracer.follow(int(i), int(j), direction))
    return Outlines(nodes, tuple(curves), int(joins_rising.sum() + joins_falling.sum()))


class _Tracer:
    def __init__(
        self,
        grains: NDArray[np.int32],
        exits: NDArray[np.bool_],
        joins_rising: NDArray[np.bool_],
        joins_falling: NDArray[np.bool_],
        number: Int,
    ) -> None:
        self.grains = grains
        self.exits = exits
        self.joins_rising = joins_rising
        self.joins_falling = joins_falling
        self.number = number
        self.passed = np.zeros_like(exits)

    def is_passed(self, i: int, j: int, direction: int) -> bool:
        return bool(self.passed[i, j, direction])

    def follow(self, i: int, j: int, direction: int) -> Curve:
        """The curve that leaves a corner in a direction, up to the next node or back to its beginning."""
        start = int(self.number[i, j])
        grains = self.grains
        left = int(grains[i + _LEFT[direction][0], j + _LEFT[direction][1]])
        right = int(grains[i + _RIGHT[direction][0], j + _RIGHT[direction][1]])
        corners, middles = [(i, j)], []
        while not self.passed[i, j, direction]:
            self.passed[i, j, direction] = True
            di, dj = _STEP[direction]
            middles.append((i + di / 2.0, j + dj / 2.0))
            i, j = i + di, j + dj
            self.passed[i, j, (direction + 2) % 4] = True
            corners.append((i, j))
            if self.number[i, j] >= 0:
                break
            direction = self._turn(i, j, direction)
        end = int(self.number[i, j]) if start >= 0 else -1
        return Curve(start, end, np.array(middles), np.array(corners, dtype=np.int64), left, right)

    def _turn(self, i: int, j: int, direction: int) -> int:
        if self.joins_rising[i, j]:
            return _RISING[direction]
        if self.joins_falling[i, j]:
            return _FALLING[direction]
        back = (direction + 2) % 4
        return next(d for d in range(4) if d != back and self.exits[i, j, d])


def _find_exits(grains: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether an interface leaves each corner to the east, north, west and south, shape (nx + 1, ny + 1, 4)."""
    nx, ny = grains.shape
    exits = np.zeros((nx + 1, ny + 1, 4), dtype=bool)
    across_y = grains[:, 1:] != grains[:, :-1]
    across_x = grains[1:, :] != grains[:-1, :]
    exits[:-1, 1:-1, 0] = exits[1:, 1:-1, 2] = across_y
    exits[1:-1, :-1, 1] = exits[1:-1, 1:, 3] = across_x
    return exits


def _corner_pixels(grains: NDArray[np.int32]) -> NDArray[np.int32]:
    """Grains of the pixels at the lower left, lower right, upper left and upper right of each corner (edges repeated)."""
    padded = np.pad(grains, 1, mode="edge")
    return np.stack([padded[:-1, :-1], padded[1:, :-1], padded[:-1, 1:], padded[1:, 1:]], axis=-1)
