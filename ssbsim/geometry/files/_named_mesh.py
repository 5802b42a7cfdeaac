"""A mesh as it comes from a mesher or a file: blocks of elements of any kind, and named groups of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssbsim.geometry.arrays import Int


@dataclass(frozen=True)
class Block:
    """Elements of one kind.

    Attributes:
        label: Name of the kind for messages, for example "triangle 6" or "hexahedron".
        dimension: Topological dimension.
        order: 1 for straight elements, more for curved ones.
        nodes: Indices of points, shape (m, nodes per element).
    """

    label: str
    dimension: int
    order: int
    nodes: Int

    @property
    def is_linear_simplex(self) -> bool:
        """Whether it is a point, a straight line, a flat triangle or a straight tetrahedron."""
        return self.dimension == 0 or (self.order == 1 and self.nodes.shape[1] == self.dimension + 1)


@dataclass(frozen=True)
class Group:
    """Named elements of one dimension: `members` holds indices into blocks, keyed by the position of the block."""

    name: str
    dimension: int
    members: Mapping[int, Int]


@dataclass(frozen=True)
class NamedMesh:
    """Points in mesh units, shape (n, 3), with blocks of elements and named groups."""

    points: NDArray[np.float64]
    blocks: tuple[Block, ...]
    groups: tuple[Group, ...]

    @property
    def dimension(self) -> int:
        """Largest dimension of the elements; -1 when there are none."""
        return max((block.dimension for block in self.blocks if len(block.nodes)), default=-1)

    def elements(self, dimension: int) -> Int:
        """Nodes of all elements of one dimension, block after block, shape (m, dimension + 1).

        Only where all of them are linear simplices.
        """
        parts = [block.nodes for block in self.blocks if block.dimension == dimension]
        return np.vstack(parts) if parts else np.empty((0, dimension + 1), dtype=np.int64)

    def members(self, group: Group) -> Int:
        """Sorted indices into `elements` of the members of a group."""
        offset = 0
        parts = []
        for position, block in enumerate(self.blocks):
            if block.dimension == group.dimension:
                if position in group.members:
                    parts.append(group.members[position] + offset)
                offset += len(block.nodes)
        return np.unique(np.concatenate(parts)) if parts else np.empty(0, dtype=np.int64)
