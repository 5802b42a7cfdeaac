"""The state without fluxes."""

from typing import Literal

from ssbsim.case.studies.base import StateStudy


class EquilibriumStudy(StateStudy):
    """The state without fluxes; closed species keep their amount, open ones their reservoir potential.

    Attributes:
        terminals: New values at terminals from this study on.
    """

    ends_at_rest = True

    kind: Literal["equilibrium"] = "equilibrium"
