"""Division of straight lines into segments of graded sizes.

The wanted size along a line of length L is h(s) = min(h_max, h_a + k s, h_b + k (L - s)), with h_a and h_b the sizes at
its ends and k = ln(growth), so that neighbouring pieces have the ratio `growth`. A line is divided where the integral of
ds / h passes whole numbers, after scaling it up to the next one. Sizes at vertices are made to change by no more than k
along any line. Any unit of length.
"""

from __future__ import annotations

import math

import numpy as np

from ssbsim.geometry.arrays import Float, Int

_ROUNDING = 0.3
"""A line this share longer than its size is not divided: pieces of a curve need not be equal."""


def vertex_sizes(points: Float, lines: Int, sizes: Float, caps: Float, *, growth: float) -> Float:
    """Size at every vertex: the smallest of its cap, of the sizes and lengths of its lines, graded along lines.

    Args:
        points: Coordinates, shape (n, 2).
        lines: Vertices of every line, shape (k, 2).
        sizes: Largest size on every line, shape (k,).
        caps: Largest size at every vertex, shape (n,).
        growth: Largest ratio of neighbouring sizes.
    """
    lengths = np.linalg.norm(points[lines[:, 1]] - points[lines[:, 0]], axis=1)
    wanted = caps.copy()
    for end in (0, 1):
        np.minimum.at(wanted, lines[:, end], np.minimum(sizes, lengths))
    # A small size reaches as far as the largest one needs to grow; each pass carries it over one line.
    for _ in range(len(lines)):
        before = wanted.copy()
        for end in (0, 1):
            np.minimum.at(wanted, lines[:, end], before[lines[:, 1 - end]] + math.log(growth) * lengths)
        if np.array_equal(before, wanted):
            break
    return wanted


def divide_line(length: float, start: float, end: float, largest: float, *, growth: float) -> Float:
    """Positions of the inner points of a line, increasing, between 0 and `length`."""
    fewest = math.ceil(length / largest * (1.0 - 1e-9))
    slope = math.log(growth)
    start, end = min(start, largest), min(end, largest)
    if fewest <= 1 and length <= (1.0 + _ROUNDING) * min(start, end):
        return np.zeros(0)
    # h grows from the start up to s_1 and falls to the end from s_2 on, where it is smaller than the largest size.
    first, last = (largest - start) / slope, length - (largest - end) / slope
    if first > last:
        first = last = min(max(0.5 * (length + (end - start) / slope), 0.0), length)
    first, last = min(max(first, 0.0), length), min(max(last, 0.0), length)
    peak_start, peak_end = start + slope * first, end + slope * (length - last)
    rise = math.log(peak_start / start) / slope
    flat = (last - first) / largest
    fall = math.log(peak_end / end) / slope
    total = rise + flat + fall
    count = max(fewest, math.ceil(total * (1.0 - 1e-9)))
    steps = np.arange(1, count) * (total / count)
    rising = start * np.expm1(slope * np.minimum(steps, rise)) / slope
    falling = length - end * np.expm1(slope * np.minimum(total - steps, fall)) / slope
    level = first + (steps - rise) * largest
    return np.where(steps <= rise, rising, np.where(steps >= rise + flat, falling, level))
