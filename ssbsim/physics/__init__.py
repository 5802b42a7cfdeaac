"""The functional: phases, interfaces and terminals as pairs of scalar functions, in UFL.

The laws themselves need no FEniCSx; the functional is loaded at first use, so that a case can be checked without it.
"""

from typing import TYPE_CHECKING

from ssbsim._lazy import lazy_names
from ssbsim.physics.laws import INTERFACE_LAWS, Contact, InterfaceLaw, interface_laws, internal_unknowns
from ssbsim.physics.mobility import MobilityMatrix
from ssbsim.physics.operations import NUMPY, Operations
from ssbsim.physics.phases import PhaseModel, SiteClass, debye_length, phase_model
from ssbsim.physics.state import State
from ssbsim.physics.statistics import SITE_STATISTICS
from ssbsim.physics.terminals import TERMINALS, Applied, terminal_model
from ssbsim.physics.unknowns import POTENTIAL, Kind, Unknown, Unknowns, unknowns_of

if TYPE_CHECKING:
    from ssbsim.physics.functional import Functional, build_functional
    from ssbsim.physics.placement import PlacedInterface, Placement
    from ssbsim.physics.pools import Pools, find_pools
    from ssbsim.physics.rows import FixedRows
    from ssbsim.physics.ufl_operations import UFL

__getattr__ = lazy_names(
    __name__,
    {
        "UFL": "ufl_operations",
        "FixedRows": "rows",
        "Functional": "functional",
        "PlacedInterface": "placement",
        "Placement": "placement",
        "Pools": "pools",
        "build_functional": "functional",
        "find_pools": "pools",
    },
)

__all__ = [
    "INTERFACE_LAWS",
    "NUMPY",
    "POTENTIAL",
    "SITE_STATISTICS",
    "TERMINALS",
    "UFL",
    "Applied",
    "Contact",
    "FixedRows",
    "Functional",
    "InterfaceLaw",
    "Kind",
    "MobilityMatrix",
    "Operations",
    "PhaseModel",
    "PlacedInterface",
    "Placement",
    "Pools",
    "SiteClass",
    "State",
    "Unknown",
    "Unknowns",
    "build_functional",
    "debye_length",
    "find_pools",
    "interface_laws",
    "internal_unknowns",
    "phase_model",
    "terminal_model",
    "unknowns_of",
]
