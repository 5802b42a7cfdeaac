"""What a whole body conducts."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import model_validator

from ssbsim.case._sources import HASEGAWA_2024
from ssbsim.case.studies.base import StudyModel
from ssbsim.document.citations import Citation
from ssbsim.document.quantities import problem


class EffectiveTransportStudy(StudyModel):
    """Conductivity and tracer diffusivity of the whole box, with the brick layer beside them.

    Attributes:
        species: The species that moves.
        axes: Along which axes; all when not given.
    """

    sources: ClassVar[tuple[Citation, ...]] = (HASEGAWA_2024,)

    kind: Literal["effective_transport"] = "effective_transport"
    species: str
    axes: tuple[Literal["x", "y", "z"], ...] = ()

    @model_validator(mode="after")
    def _check_axes(self) -> EffectiveTransportStudy:
        if len(set(self.axes)) < len(self.axes):
            raise problem("an axis is named twice", "name each axis once")
        return self
