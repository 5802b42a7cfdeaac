"""The state that no longer changes."""

from typing import Literal

from ssbsim.case.studies.base import StateStudy


class SteadyStudy(StateStudy):
    """The state that no longer changes.

    Attributes:
        terminals: New values at terminals from this study on.
    """

    ends_at_rest = True

    kind: Literal["steady"] = "steady"
