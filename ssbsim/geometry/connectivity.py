"""What hangs together: parts of a graph, and loops of what follows one another."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray


def connected_parts(links: ArrayLike, count: int) -> NDArray[np.int64]:
    """Number of the part that each of so many things belongs to, in the order of their first members, shape (count,).

    Args:
        links: The two ends of every link between things, shape (2, n).
        count: Number of things.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    first, second = np.asarray(links, dtype=np.int64)
    graph = coo_array((np.ones(len(first)), (first, second)), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def closed_loops(following: Mapping[int, int]) -> list[list[int]]:
    """Loops of things in order, from what follows each; a loop starts with its first key, and loops in their order."""
    left = dict(following)
    loops = []
    while left:
        loop = [next(iter(left))]
        while (after := left.pop(loop[-1])) != loop[0]:
            loop.append(after)
        loops.append(loop)
    return loops
