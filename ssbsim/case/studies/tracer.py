"""Isotope exchange from a face, and the image that an instrument would record of it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from ssbsim.case._sources import BANK_1985, CRANK_1975, HASEGAWA_2024, HOSEA_1996
from ssbsim.case.studies.base import StudyModel
from ssbsim.document.citations import Citation
from ssbsim.document.model import Model
from ssbsim.document.quantities import Count, Length, NonNegativeLength, Number, Permeability, Time, problem

NATURAL_LITHIUM_6 = 0.0759
"""Fraction of 6Li in natural lithium (M. Berglund, M. E. Wieser, Pure Appl. Chem. 83 (2011) 397,
doi 10.1351/PAC-REP-10-06-02; from memory)."""


class IsotopeImage(Model):
    """The image of a time-of-flight secondary-ion mass spectrometer.

    Attributes:
        pixel: Edge of a pixel (m).
        blur: Standard deviation of the beam (m).
        counts: Mean number of ions counted per pixel, of both isotopes together; 0 for no noise.
        seed: Of the noise.
        section: z of the section (m), in three dimensions; the middle when not given.
    """

    pixel: Length
    blur: NonNegativeLength = 0.0
    counts: Annotated[Number, Field(ge=0.0, le=1e15)] = 0.0
    seed: Annotated[Count, Field(ge=0)] = 1
    section: NonNegativeLength | None = None


class TracerStudy(StudyModel):
    """Isotopes of one species, exchanged through a face for a time and then frozen. The cell itself is at equilibrium.

    Attributes:
        species: The species whose isotopes exchange.
        source: The boundary that they enter by.
        fraction: Isotope fraction outside of it.
        initial: Isotope fraction in the cell at the start; that of 6Li in natural lithium when not given.
        surface_exchange: Surface exchange coefficient (m/s); without it the face itself has the fraction from outside.
        duration: Of the exchange (s).
        model: ``linear``, one equation for the fraction; or ``full``, two isotopes as species of their own on one
            sublattice, with all that the cell has.
        tolerance: Error of the fraction allowed per step (``linear``), or of the potentials in kT (``full``).
        image: What an instrument would record.
    """

    sources: ClassVar[tuple[Citation, ...]] = (CRANK_1975, HASEGAWA_2024, BANK_1985, HOSEA_1996)

    kind: Literal["tracer"] = "tracer"
    species: str
    source: str
    fraction: Annotated[Number, Field(ge=0.0, le=1.0)]
    initial: Annotated[Number, Field(ge=0.0, le=1.0)] = NATURAL_LITHIUM_6
    surface_exchange: Permeability | None = None
    duration: Time
    model: Literal["linear", "full"] = "linear"
    tolerance: Annotated[Number, Field(gt=0.0, le=0.1)] = 1e-4
    image: IsotopeImage | None = None

    @model_validator(mode="after")
    def _check(self) -> TracerStudy:
        if self.fraction == self.initial:
            raise problem("the fraction outside is that in the cell: nothing would happen", "change one of them")
        if self.model == "full":
            if self.surface_exchange is not None:
                raise problem("surface_exchange is for 'model: linear'", "remove it, or write 'model: linear'")
            if not (0.0 < self.fraction < 1.0 and 0.0 < self.initial < 1.0):
                raise problem(
                    "in 'model: full' both isotopes must be there, outside and inside, for their potentials to exist",
                    "use for example 0.999 instead of 1",
                )
        return self
