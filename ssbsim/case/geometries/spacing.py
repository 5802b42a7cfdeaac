"""Cell sizes, in every kind of geometry."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ssbsim.document.model import Model
from ssbsim.document.quantities import Count, Length, Number, problem


class Spacing(Model):
    """Cell sizes: fine at interfaces, coarse in the bulk, geometric growth between.

    Attributes:
        interface: Size at every interface (m).
        bulk: Largest size (m).
        terminal: Size at the two outer ends (m); as ``bulk`` when not given.
        growth: Largest ratio of the sizes of neighbouring cells, above 1 and at most 2.
        transverse: Size along interfaces in 2D and 3D (m). When not given: a quarter of the width for stacks, the bulk
            size for microstructures.
        junction: Size along interfaces where they meet or turn a corner (m); as ``transverse`` when not given.
        remesher: ``mmg`` makes cells thin at interfaces by a metric instead of by rows, in 3D microstructures whose grains
            leave no room for rows; needs the Python package mmgpy.
        refinement: Every cell size is divided by this; for convergence studies.
    """

    interface: Length
    bulk: Length
    terminal: Length = 0.0
    growth: Annotated[Number, Field(gt=1.0, le=2.0)] = 1.3
    transverse: Length | None = None
    junction: Length | None = None
    remesher: Literal["none", "mmg"] = "none"
    refinement: Annotated[Count, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _complete(self) -> Spacing:
        self._fill(terminal=self.bulk)
        if self.interface > self.bulk:
            raise problem(
                f"spacing.interface ({self.interface:g} m) is larger than spacing.bulk ({self.bulk:g} m)",
                "the bulk size is the largest one",
            )
        return self
