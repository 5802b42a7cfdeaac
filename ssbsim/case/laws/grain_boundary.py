r"""A boundary without thickness that lets one species through: how its resistance may be given.

What a tracer experiment fixes is the permeability ``P = D_gb / w``; the width w alone is never known, so it is stored
with what needs it. With the Haven ratio H of the boundary, the concentration c of the species in the neutral bulk of
the first-named side and its charge number z, the area-specific resistance is::

    R = R_gas T H / (z^2 F^2 c P),      P = D_gb / w,      R = w / sigma_gb

and with an activation energy ``P(T) = P(T0) exp(-(Ea/k) (1/T - 1/T0))``, whichever of the four was given at T0.

Where the drop V of the electrochemical potential over zF is large, the current may grow faster than it:
``i = (V0/R) sinh(V/V0)`` with the sinh potential V0, the same at all temperatures; R is its limit for small V.
(Brick layer and permeability: Hasegawa et al., J. Mater. Chem. A 12 (2024) 731, doi 10.1039/d3ta05012b.)
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ssbsim.case.laws.base import LawModel
from ssbsim.constants import BOLTZMANN_EV, FARADAY
from ssbsim.document.citations import Citation
from ssbsim.document.model import Model
from ssbsim.document.quantities import (
    Angle,
    AreaCapacitance,
    AreaResistance,
    BarrierEv,
    Conductivity,
    Count,
    DiffusivityValue,
    Length,
    Number,
    Permeability,
    PositivePotential,
    Temperature,
    problem,
)


class MisorientationClass(Model):
    """Boundaries between grains turned against each other by at most an angle.

    Attributes:
        up_to: Largest misorientation (degrees) of the class; a boundary belongs to the first class that holds it.
        factor: Its resistance is that of the law times this.
    """

    up_to: Angle
    factor: Annotated[Number, Field(gt=0.0)]


class GrainBoundaryLaw(LawModel):
    """Resistance and capacitance of a boundary of zero thickness.

    Attributes:
        species: The species that crosses.
        exchange: ``constant``, or ``proportional`` to the concentration of the species at the boundary (logarithmic mean of
            the two sides, so that isotopes cross in proportion to the difference of their fractions).
        permeability: Of a tracer, D_gb / w (m/s). Give this, or one of the next three.
        diffusivity: Of a tracer in the boundary, D_gb (m^2/s); needs the width.
        conductivity: Local conductivity of the boundary (S/m); needs the width.
        resistance: Area-specific resistance (ohm m^2).
        at: Temperature of the value given (K); without it the value is that at the temperature of the case.
        activation_energy: Of the permeability (eV).
        width: Of the boundary (m).
        haven_ratio: Tracer diffusivity over that of charge, in the boundary.
        capacitance: Per area (F/m^2).
        permittivity: Relative permittivity of the boundary; with the width it gives the capacitance.
        sinh_potential: Drop (V) beyond which the current grows faster than in proportion; ohmic when not given.
        spread: Standard deviation of the logarithm of the resistance from one pair of grains to the next.
        seed: Of that scatter.
        classes: By misorientation of the grains, rising; larger misorientations have the factor 1.
    """

    law: Literal["grain_boundary"] = "grain_boundary"
    species: str
    exchange: Literal["constant", "proportional"] = "constant"
    permeability: Permeability | None = None
    diffusivity: DiffusivityValue | None = None
    conductivity: Conductivity | None = None
    resistance: AreaResistance | None = None
    at: Temperature | None = None
    activation_energy: BarrierEv = 0.0
    width: Length | None = None
    haven_ratio: Annotated[Number, Field(gt=0.0)] = 1.0
    capacitance: AreaCapacitance | None = None
    permittivity: Annotated[Number, Field(ge=1.0)] | None = None
    sinh_potential: PositivePotential | None = None
    spread: Annotated[Number, Field(ge=0.0, le=5.0)] = 0.0
    seed: Annotated[Count, Field(ge=0)] = 1
    classes: tuple[MisorientationClass, ...] = ()

    says = (
        "`eta = R i`, or `i = (V0/R) sinh(eta/V0)`, with a resistance of its own for every pair of grains; charge "
        "`C jump(phi)` on the first side and its opposite on the second"
    )
    acts_on = "jump"
    species_keys = {"species": "both"}
    crosses = True
    ties_potentials = True
    knows_isotopes = True
    sources = (
        Citation(
            ("G. Hasegawa", "N. Kuwata", "T. Ohnishi", "K. Takada"),
            2024,
            "J. Mater. Chem. A",
            "12",
            "731",
            "10.1039/d3ta05012b",
        ),
    )

    @model_validator(mode="after")
    def _check(self) -> GrainBoundaryLaw:
        ways = ("permeability", "diffusivity", "conductivity", "resistance")
        given = [name for name in ways if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise problem(
                f"a grain boundary has one of permeability, diffusivity, conductivity, resistance; found {found}",
                "give exactly one, for example 'permeability: 1.4e-8 m/s'",
            )
        for name in ("diffusivity", "conductivity", "permittivity"):
            if getattr(self, name) is not None and self.width is None:
                raise problem(f"the {name} of a boundary means something only with its width", "add 'width: 1 nm'")
        if self.capacitance is not None and self.permittivity is not None:
            raise problem("the capacitance of the boundary is given twice", "remove capacitance or permittivity")
        if self.sinh_potential is not None and self.exchange == "proportional":
            raise problem(
                "a sinh_potential belongs to a current; an exchange in proportion to the concentration has none",
                "remove sinh_potential, or set exchange: constant",
            )
        if self.activation_energy > 0.0 and self.at is None:
            raise problem("an activation energy needs the temperature of the value", "add 'at: 298.15 K'")
        angles = [one.up_to for one in self.classes]
        if any(b <= a for a, b in zip(angles, angles[1:], strict=False)):
            raise problem("the misorientation classes do not rise", "order them by up_to")
        return self

    def for_isotope(self, isotope: str, *, temperature: float, charge: int, concentration: float) -> GrainBoundaryLaw:
        """The tracer permeability of this boundary, in proportion to the concentration of the isotope."""
        permeability = self.tracer_permeability(temperature, charge, concentration)
        return GrainBoundaryLaw(
            species=isotope,
            permeability=permeability,
            exchange="proportional",
            spread=self.spread,
            seed=self.seed,
            classes=self.classes,
        )

    def tracer_permeability(self, temperature: float, charge: int, concentration: float) -> float:
        """Permeability D_gb / w of a tracer (m/s).

        Args:
            temperature: K.
            charge: Charge number of the species.
            concentration: In the neutral bulk beside the boundary (mol/m3).
        """
        known_at = temperature if self.at is None else self.at
        width = self.width or math.nan
        if self.permeability is not None:
            value = self.permeability
        elif self.diffusivity is not None:
            value = self.diffusivity / width
        else:
            resistance = self.resistance if self.resistance is not None else width / (self.conductivity or math.nan)
            value = _resistance_times_permeability(known_at, charge, concentration, self.haven_ratio) / resistance
        return value * math.exp(-self.activation_energy / BOLTZMANN_EV * (1.0 / temperature - 1.0 / known_at))

    def log10_change(self, temperature: float) -> float:
        """Decimal logarithm of the Arrhenius factor; it need not be a number that a float holds."""
        known_at = temperature if self.at is None else self.at
        slope = self.activation_energy / BOLTZMANN_EV * (1.0 / temperature - 1.0 / known_at)
        return -slope / math.log(10.0)

    def area_resistance(self, temperature: float, charge: int, concentration: float) -> float:
        """Area-specific resistance (ohm m2); the arguments are those of `tracer_permeability`."""
        permeability = self.tracer_permeability(temperature, charge, concentration)
        return _resistance_times_permeability(temperature, charge, concentration, self.haven_ratio) / permeability


def _resistance_times_permeability(temperature: float, charge: int, concentration: float, haven: float) -> float:
    """``R P = R_gas T H / (z^2 F^2 c)`` (ohm m3/s)."""
    return BOLTZMANN_EV * temperature * haven / (charge * charge * FARADAY * concentration)
