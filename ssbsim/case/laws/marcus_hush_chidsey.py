"""Charge transfer after Marcus, Hush and Chidsey."""

from __future__ import annotations

from typing import Annotated, Literal

from ssbsim.case.laws.base import LawModel
from ssbsim.document import units
from ssbsim.document.citations import Citation
from ssbsim.document.quantities import CurrentDensity, Quantity


class MarcusHushChidseyLaw(LawModel):
    """Charge transfer whose current saturates once the overpotential exceeds the reorganization energy.

    Attributes:
        species: The species that crosses.
        exchange_current: In A/m^2; the slope of the current at equilibrium, against zF eta/(RT).
        reorganization_energy: Of the bath (eV).
    """

    law: Literal["marcus_hush_chidsey"] = "marcus_hush_chidsey"
    species: str
    exchange_current: CurrentDensity
    reorganization_energy: Annotated[float, Quantity(units.ENERGY, at_least=0.01)]

    says = (
        "`i = sign(z) i0 k(zF eta/RT)/k'(0)`, `k(u) = sinh(u/2) integral exp(-(x - u)^2/(4L)) / cosh(x/2) dx`, "
        "L the reorganization energy over kT"
    )
    acts_on = "jump"
    species_keys = {"species": "both"}
    crosses = True
    ties_potentials = True
    sources = (
        Citation(("C. E. D. Chidsey",), 1991, "Science", "251", "919", "10.1126/science.251.4996.919"),
        Citation(
            ("Y. Zeng", "R. B. Smith", "P. Bai", "M. Z. Bazant"),
            2014,
            "J. Electroanal. Chem.",
            "735",
            "77",
            "10.1016/j.jelechem.2014.09.038",
        ),
    )
