"""Nothing crosses."""

from __future__ import annotations

from typing import Literal

from ssbsim.case.laws.base import LawModel


class BlockingLaw(LawModel):
    """Nothing crosses."""

    law: Literal["blocking"] = "blocking"

    says = "nothing crosses"
    acts_on = "jump"
    blocks = True
