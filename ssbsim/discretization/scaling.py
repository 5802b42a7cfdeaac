"""From SI to numbers of order one, and back.

Inside, potentials are in units of ``kT/e`` and electrochemical potentials in ``kT``; lengths in ``length``, concentrations
in ``concentration``, diffusivities in ``diffusivity``. All other units follow::

    time            = length^2 / diffusivity
    charge_density  = F concentration                 (C/m3)
    surface_charge  = F concentration length          (C/m2)
    capacitance     = surface_charge / (RT/F)         (F/m2)
    amount          = concentration length            (mol/m2, per area of the cell)
    current         = F concentration diffusivity / length   (A/m2)
    conductivity    = F^2 concentration diffusivity / (R T)  (S/m)
    permittivity    = F^2 concentration length^2 / (R T)     (F/m)

The scales are chosen from the case in SI, so the same case written in m, um or nm is the same problem to the solver.
"""

from __future__ import annotations

from dataclasses import dataclass

from ssbsim.constants import FARADAY, GAS_CONSTANT


@dataclass(frozen=True)
class Scales:
    """Units of the scaled problem, each in SI.

    Args:
        temperature: K.
        length: m.
        concentration: mol/m3.
        diffusivity: m2/s.
    """

    temperature: float
    length: float
    concentration: float
    diffusivity: float

    @property
    def time(self) -> float:
        """Unit of time (s)."""
        return self.length**2 / self.diffusivity

    @property
    def potential(self) -> float:
        """Unit of the electrostatic potential, RT/F (V)."""
        return GAS_CONSTANT * self.temperature / FARADAY

    @property
    def energy_ev(self) -> float:
        """Unit of electrochemical potential, kT, in eV per particle (the same number as ``potential``)."""
        return self.potential

    @property
    def charge_density(self) -> float:
        """Unit of charge density (C/m3)."""
        return FARADAY * self.concentration

    @property
    def surface_charge(self) -> float:
        """Unit of charge per area (C/m2)."""
        return self.charge_density * self.length

    @property
    def amount(self) -> float:
        """Unit of amount per area (mol/m2)."""
        return self.concentration * self.length

    @property
    def capacitance(self) -> float:
        """Unit of capacitance per area (F/m2)."""
        return self.surface_charge / self.potential

    @property
    def permittivity(self) -> float:
        """Unit of absolute permittivity (F/m)."""
        return self.charge_density * self.length**2 / self.potential

    @property
    def conductivity(self) -> float:
        """Unit of conductivity (S/m)."""
        return FARADAY * self.concentration * self.diffusivity / self.potential

    @property
    def current(self) -> float:
        """Unit of current density (A/m2)."""
        return FARADAY * self.concentration * self.diffusivity / self.length

    @property
    def flux(self) -> float:
        """Unit of molar flux (mol/(m2 s))."""
        return self.concentration * self.diffusivity / self.length

    @property
    def resistance(self) -> float:
        """Unit of area-specific resistance (ohm m2)."""
        return self.potential / self.current
