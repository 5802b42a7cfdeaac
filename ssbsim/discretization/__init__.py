"""The mesh in memory, spaces broken at interfaces, the measures of all integrals, and the scales of the problem.

The scales need no FEniCSx; what does is loaded at first use, so that a case can be checked without it.
"""

from typing import TYPE_CHECKING

from ssbsim._lazy import lazy_names
from ssbsim.discretization.scaling import Scales

if TYPE_CHECKING:
    from ssbsim.discretization.broken_space import broken_space
    from ssbsim.discretization.distributed_mesh import DistributedMesh, InteriorFacets, gather_rows, levels
    from ssbsim.discretization.measures import Measures
    from ssbsim.discretization.nodes import NodeOrder, from_cells, node_coordinates
    from ssbsim.discretization.numbered_facets import facet_numbers

__getattr__ = lazy_names(
    __name__,
    {
        "DistributedMesh": "distributed_mesh",
        "InteriorFacets": "distributed_mesh",
        "Measures": "measures",
        "NodeOrder": "nodes",
        "broken_space": "broken_space",
        "facet_numbers": "numbered_facets",
        "from_cells": "nodes",
        "gather_rows": "distributed_mesh",
        "levels": "distributed_mesh",
        "node_coordinates": "nodes",
    },
)

__all__ = [
    "DistributedMesh",
    "InteriorFacets",
    "Measures",
    "NodeOrder",
    "Scales",
    "broken_space",
    "facet_numbers",
    "from_cells",
    "gather_rows",
    "levels",
    "node_coordinates",
]
