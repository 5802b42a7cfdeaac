"""Sites of a plane."""

from __future__ import annotations

from typing import Literal

from ssbsim.case.laws.base import LawModel
from ssbsim.document.citations import Citation
from ssbsim.document.quantities import AreaDensity, EnergyEv


class SegregationLaw(LawModel):
    """Sites in the plane of the interface.

    Attributes:
        species: The species that occupies them.
        density: Sites per area (mol/m^2).
        energy: Standard potential of the sites (eV); negative attracts.
    """

    law: Literal["segregation"] = "segregation"
    species: str
    density: AreaDensity
    energy: EnergyEv

    says = (
        "N sites per area for one species at `energy` above those of the first-named phase; charge `zF N (x - x_bulk)`"
    )
    acts_on = "plane"
    species_keys = {"species": "both"}
    loads_plane = True
    sources = (Citation(("J. Maier",), 1995, "Prog. Solid State Chem.", "23", "171", "10.1016/0079-6786(95)00004-E"),)
