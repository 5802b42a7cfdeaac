r"""A phase: how charge is stored in it, what moves in it, and on which sites.

Diffusivity follows ``D(T) = D(T0) exp(-(Ea/k) (1/T - 1/T0))``. It is the tracer (self-) diffusivity of the neutral
bulk; the conductivity diffusivity is ``D_sigma = D / H`` with the Haven ratio H, and ``M = D_sigma c / (R T)`` there.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import Field, ValidationInfo, field_validator, model_validator

from ssbsim.case._names import Name
from ssbsim.case._sources import KILIC_2007, MAIER_1995
from ssbsim.case.statistics import STATISTICS, Statistics
from ssbsim.constants import BOLTZMANN_EV
from ssbsim.document.citations import Citation
from ssbsim.document.model import Model
from ssbsim.document.quantities import (
    BarrierEv,
    ChargeDensity,
    Concentration,
    Conductivity,
    Count,
    DiffusivityValue,
    EnergyEv,
    Number,
    Temperature,
    problem,
)

Electrostatics: TypeAlias = Literal["poisson", "conductor"]

_SIMPLE_ION = re.compile(r"\d*(?:[A-Z][a-z]?|e|h)(\d?)([+-])")
_OTHER_ION = re.compile(r"[^\s+-]*[^\s\d+-]([+-])")


@lru_cache(maxsize=256)
def parse_charge(name: str) -> int | None:
    """Charge number in the name of a species, or None when the name does not say it clearly.

    ``Li+`` is 1, ``Mg2+`` 2, ``e-`` -1, ``6Li+`` 1 (a leading number is the isotope) and ``TFSI-`` -1. In ``PF6-`` the
    digit could be either, so the charge must be given.
    """
    simple = _SIMPLE_ION.fullmatch(name)
    if simple is not None:
        size = int(simple[1] or "1")
        return (size if simple[2] == "+" else -size) if size else None
    other = _OTHER_ION.fullmatch(name)
    if other is not None:
        return 1 if other[1] == "+" else -1
    return None


class Diffusivity(Model):
    """A diffusivity, alone or with its dependence on temperature.

    Attributes:
        value: In m^2/s, at the temperature ``at``.
        at: Temperature of ``value`` (K); without it the diffusivity does not depend on temperature.
        activation_energy: In eV, at least 0.
    """

    value: DiffusivityValue
    at: Temperature | None = None
    activation_energy: BarrierEv = 0.0

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, data: Any) -> Any:
        return data if isinstance(data, (dict, Diffusivity)) else {"value": data}

    @model_validator(mode="after")
    def _check_reference(self) -> Diffusivity:
        if self.activation_energy > 0.0 and self.at is None:
            raise problem(
                "an activation energy needs the temperature at which the diffusivity holds",
                "add for example 'at: 298.15 K' beside activation_energy",
            )
        return self

    def log10_at_temperature(self, temperature: float) -> float:
        """Decimal logarithm of :meth:`at_temperature`, which may be beyond all floating-point numbers."""
        slope = 0.0 if self.at is None else self.activation_energy / BOLTZMANN_EV * (1.0 / temperature - 1.0 / self.at)
        return math.log10(self.value) - slope / math.log(10.0)

    def at_temperature(self, temperature: float) -> float:
        """Diffusivity in m^2/s at ``temperature`` in K; a case in which it is no sensible number was refused."""
        if self.at is None:
            return self.value
        return self.value * math.exp(-self.activation_energy / BOLTZMANN_EV * (1.0 / temperature - 1.0 / self.at))


class Species(Model):
    """What a mobile species is and how it moves in one phase.

    Attributes:
        charge: Charge number; read from the name (``Mg2+``) when not given.
        diffusivity: Tracer diffusivity in the neutral bulk; None where the species does not move.
        haven_ratio: Tracer over conductivity diffusivity.
    """

    charge: Count = 0
    diffusivity: Diffusivity | None = None
    haven_ratio: Annotated[Number, Field(gt=0.0)] = 1.0


class SiteClass(Model):
    """Equivalent sites that species may occupy.

    Attributes:
        name: Unique in the phase.
        statistics: ``site_limited`` (sites fill up) or ``dilute`` (they never do).
        density: Sites per volume (mol/m^3); for dilute statistics the concentration at zero standard potential.
        width: Width of the filling in units of RT; 1 is ideal.
        standard_potential: Standard chemical potential of each species (eV). Only the species named here can occupy
            the class; with nothing named every species of the phase can, at 0 eV.
    """

    sources: ClassVar[tuple[Citation, ...]] = (KILIC_2007, MAIER_1995)

    name: Name
    statistics: Statistics = "site_limited"
    density: Concentration
    width: Annotated[Number, Field(gt=0.0)] = 1.0
    standard_potential: dict[str, EnergyEv] = {}

    @property
    def capacity(self) -> float:
        """Concentration (mol/m3) at which the sites are full; infinite where they never are."""
        return STATISTICS[self.statistics].capacity * self.density


class Phase(Model):
    """A material in place: from the library, changed from it, or defined here.

    Attributes:
        material: Name of a library entry or path of a material file; the other fields then override its values.
        electrostatics: ``poisson`` or ``conductor`` (electroneutral, with an electronic potential).
        permittivity: Relative permittivity, at least 1; needed for poisson.
        electronic_conductivity: In S/m; needed for conductor.
        species: Mobile species by name.
        sites: Site classes.
        concentration: Composition of the neutral bulk (mol/m^3), for every species.
        background: ``neutral`` (fixed charge that neutralises ``concentration``) or ``none``.
        excess_charge: Fixed charge on top of the background (C/m^3).
        mobility: ``exchange`` (M ~ x times the share of vacant sites) or ``proportional`` (M ~ c).
    """

    material: str | None = None
    electrostatics: Electrostatics = "poisson"
    permittivity: Annotated[Number, Field(ge=1.0)] | None = None
    electronic_conductivity: Conductivity | None = None
    species: dict[Name, Species] = {}
    sites: tuple[SiteClass, ...] = ()
    concentration: dict[str, Concentration] = {}
    background: Literal["neutral", "none"] = "neutral"
    excess_charge: ChargeDensity = 0.0
    mobility: Literal["exchange", "proportional"] = "exchange"

    @field_validator("material", mode="after")
    @classmethod
    def _beside_the_case(cls, material: str | None, info: ValidationInfo) -> str | None:
        folder = info.context.get("folder") if info.context else None
        if material is None or folder is None or not is_material_file(material):
            return material
        return str((folder / material).resolve())

    @field_validator("species", mode="after")
    @classmethod
    def _read_charges(cls, species: dict[str, Species]) -> dict[str, Species]:
        for name, one in species.items():
            charge = parse_charge(name)
            if charge is not None:
                if "charge" in one.model_fields_set and one.charge != charge:
                    raise problem(
                        f"species '{name}' has charge {one.charge:+d}, but its name says {charge:+d}",
                        "remove charge or rename the species",
                    )
                one._fill(charge=charge)
            elif "charge" not in one.model_fields_set:
                raise problem(
                    f"the name '{name}' does not say the charge of the species",
                    f"add a charge, for example '{name}: {{charge: -1}}', or write the name as in Li+, Mg2+, e-",
                )
        return species

    def site_species(self, site: SiteClass) -> tuple[str, ...]:
        """Names of the species that can occupy ``site``."""
        return tuple(site.standard_potential) or tuple(self.species)


def is_material_file(material: str) -> bool:
    """Whether the text is the path of a material file rather than the name of a library entry."""
    return "/" in material or material.endswith((".yaml", ".yml"))
