"""Partitions of a box in the plane, from polygons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ssbsim.case import Spacing
from ssbsim.geometry.mesh_data import Grain
from ssbsim.geometry.partition import OUTSIDE, Partition

NM = 1e-9

FilmRule = Callable[[str, str], tuple[float, float]]


def spacing(**sizes: Any) -> Spacing:
    """Sizes in nm."""
    given = {"interface": 0.1, "bulk": 5.0, **sizes}
    return Spacing(**{key: value if key in ("growth", "refinement") else value * NM for key, value in given.items()})


def partition_of(
    points: Any,
    grains: Sequence[tuple[str, Sequence[Sequence[int]]]],
    *,
    core: FilmRule | float = 0.0,
    resolved: Callable[[str, str], bool] = lambda a, b: True,
    film_phase: str = "core",
) -> Partition:
    """Grains by name and loops of vertices (grain to the left); lengths in nm; outer sides must lie on the box."""
    points = np.asarray(points, dtype=float)
    names = [name for name, _ in grains]
    owner = {}
    for number, (_, loops) in enumerate(grains):
        for loop in loops:
            for a, b in zip(loop, np.roll(loop, -1), strict=True):
                owner[int(a), int(b)] = number
    facets, sides, wall, film, is_resolved = [], [], [], [], []
    box = points.max(axis=0)
    for (a, b), grain in owner.items():
        other = owner.get((b, a), OUTSIDE)
        if other > grain:
            continue
        facets.append((a, b))
        sides.append((grain, other))
        if other == OUTSIDE:
            ends = points[[a, b]]
            on = [(ends[:, 0] == 0), (ends[:, 0] == box[0]), (ends[:, 1] == 0), (ends[:, 1] == box[1])]
            wall.append([bool(side.all()) for side in on].index(True))
            film.append((0.0, 0.0))
            is_resolved.append(False)
            continue
        wall.append(-1)
        pair = names[grain].split(".")[0], names[other].split(".")[0]
        film.append(core(*pair) if callable(core) else (0.5 * core, 0.5 * core))
        is_resolved.append(resolved(*pair))
    thickness = np.array(film) * NM
    all_grains = [Grain(name, name.split(".")[0]) for name in names]
    if (thickness > 0.0).any():
        all_grains.append(Grain(film_phase, film_phase))
    return Partition(
        points=points * NM,
        facets=np.array(facets, dtype=np.int64),
        sides=np.array(sides, dtype=np.int32),
        wall=np.array(wall, dtype=np.int32),
        grains=tuple(all_grains),
        boundaries=("left", "right", "bottom", "top"),
        film=thickness,
        film_grain=np.where(thickness > 0.0, len(all_grains) - 1, -1).astype(np.int32),
        resolved=np.array(is_resolved),
    )


def quadrants(**options: Any) -> Partition:
    """Four squares of 50 nm."""
    points = [(50.0 * x, 50.0 * y) for y in range(3) for x in range(3)]
    squares = [[0, 1, 4, 3], [1, 2, 5, 4], [3, 4, 7, 6], [4, 5, 8, 7]]
    return partition_of(points, [(f"a.{n + 1}", [square]) for n, square in enumerate(squares)], **options)


def disc(count: int = 48, *, radius: float = 30.0, **options: Any) -> Partition:
    """A polygonal disc of the phase b in the middle of a box of 100 nm of the phase a."""
    angle = 2.0 * np.pi * np.arange(count) / count
    circle = 50.0 + radius * np.column_stack([np.cos(angle), np.sin(angle)])
    points = np.vstack([[(0, 0), (100, 0), (100, 100), (0, 100)], circle])
    around = list(range(4, 4 + count))
    return partition_of(points, [("a", [[0, 1, 2, 3], around[::-1]]), ("b", [around])], **options)


def curved_bicrystal(count: int = 24, **options: Any) -> Partition:
    """Two grains in a box of 200 nm x 100 nm, with a sine between them; fewer points for a straight boundary."""
    y = np.linspace(0.0, 100.0, count + 1)
    line = np.column_stack([100.0 + 15.0 * np.sin(2.0 * np.pi * y / 100.0), y])
    points = np.vstack([[(0, 0), (0, 100), (200, 0), (200, 100)], line])
    chain = list(range(4, 5 + count))
    return partition_of(points, [("a.1", [[0, *chain, 1]]), ("a.2", [[2, 3, *chain[::-1]]])], **options)


def bicrystal(length: float = 200.0, width: float = 20.0, **options: Any) -> Partition:
    """Two grains with a straight boundary across the box."""
    half = 0.5 * length
    points = [(0, 0), (half, 0), (length, 0), (length, width), (half, width), (0, width)]
    return partition_of(points, [("a.1", [[0, 1, 4, 5]]), ("a.2", [[1, 2, 3, 4]])], **options)


def triple(**options: Any) -> Partition:
    """Three grains that meet at 120 degrees in the middle of a box of 100 nm."""
    drop = 50.0 / np.sqrt(3.0)
    points = [(0, 0), (50, 0), (100, 0), (100, 50 + drop), (100, 100), (0, 100), (0, 50 + drop), (50, 50)]
    grains = [("a.1", [[0, 1, 7, 6]]), ("a.2", [[1, 2, 3, 7]]), ("a.3", [[7, 3, 4, 5, 6]])]
    return partition_of(points, grains, **options)


def needle(angle: float = 15.0, **options: Any) -> Partition:
    """A boundary that leaves the lower wall at a small angle (degrees)."""
    rise = 100.0 * np.tan(np.deg2rad(angle))
    points = [(0, 0), (50, 0), (150, 0), (150, rise), (150, 100), (0, 100)]
    return partition_of(points, [("a.1", [[1, 2, 3]]), ("a.2", [[0, 1, 3, 4, 5]])], **options)


def reflex(**options: Any) -> Partition:
    """A square of 50 nm in the corner of one of 100 nm."""
    points = [(0, 0), (50, 0), (100, 0), (100, 100), (0, 100), (0, 50), (50, 50)]
    return partition_of(points, [("a", [[0, 1, 6, 5]]), ("b", [[1, 2, 3, 4, 5, 6]])], **options)


def short_edge(length: float = 3.0, **options: Any) -> Partition:
    """Four grains, two of which share an edge that is short beside the depth of the rows."""
    low, high = 50.0 - 0.5 * length, 50.0 + 0.5 * length
    points = [(0, 0), (100, 0), (100, 100), (0, 100), (low, 50), (high, 50)]
    grains = [("a.1", [[0, 1, 5, 4]]), ("a.2", [[1, 2, 5]]), ("a.3", [[2, 3, 4, 5]]), ("a.4", [[3, 0, 4]])]
    return partition_of(points, grains, **options)
