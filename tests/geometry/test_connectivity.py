"""Parts of a graph."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ssbsim.geometry.connectivity import closed_loops, connected_parts


@given(st.integers(1, 12).flatmap(lambda n: st.tuples(st.just(n), st.lists(st.tuples(*[st.integers(0, n - 1)] * 2)))))
def test_parts_are_those_reached_and_numbered_by_their_first_members(graph: tuple[int, list[tuple[int, int]]]) -> None:
    count, links = graph
    reached = np.eye(count, dtype=bool)
    for a, b in links:
        reached[a, b] = reached[b, a] = True
    for _ in range(count):
        reached = reached @ reached
    first = reached.argmax(axis=1)
    parts = connected_parts(np.array(links, dtype=np.int64).reshape(-1, 2).T, count)
    np.testing.assert_array_equal(parts, np.searchsorted(np.unique(first), first))


def test_links_said_often_hold() -> None:
    np.testing.assert_array_equal(connected_parts(([0] * 256, [1] * 256), 3), [0, 0, 1])


def test_loops_start_with_their_first_keys() -> None:
    assert closed_loops({4: 2, 0: 3, 2: 4, 3: 1, 1: 0, 7: 7}) == [[4, 2], [0, 3, 1], [7]]
