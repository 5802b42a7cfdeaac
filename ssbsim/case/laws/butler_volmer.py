"""Charge transfer after Butler and Volmer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ssbsim.case.laws.base import LawModel
from ssbsim.document.citations import Citation
from ssbsim.document.quantities import CurrentDensity, Number


class ButlerVolmerLaw(LawModel):
    """Charge transfer with an exchange current density.

    Attributes:
        species: The species that crosses.
        exchange_current: In A/m^2.
        transfer_coefficient: Between 0 and 1.
    """

    law: Literal["butler_volmer"] = "butler_volmer"
    species: str
    exchange_current: CurrentDensity
    transfer_coefficient: Annotated[Number, Field(gt=0.0, lt=1.0)] = 0.5

    says = "`i = sign(z) i0 [exp(a zF eta/RT) - exp(-(1-a) zF eta/RT)]`"
    acts_on = "jump"
    species_keys = {"species": "both"}
    crosses = True
    ties_potentials = True
    sources = (Citation(("M. Z. Bazant",), 2013, "Acc. Chem. Res.", "46", "1144", "10.1021/ar300145c"),)
