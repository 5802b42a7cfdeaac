"""Results with a closed form, or one quadrature away from it, to overlay on simulations.

Everything takes and gives SI (m, V, K, mol/m3, mol/m2, C/m2, F/m2, ohm m2, Hz, J/mol); a quantity in natural units
says so. A potential is counted from the adjacent neutral bulk and a ``*_charge`` is the one on the electrode side of
a layer, with the sign of the potential: the layer itself holds the opposite. Arrays broadcast unless a function says
otherwise; wrong input is a ValueError. Needs numpy; scipy only for profiles, contacts, cores and charging.
"""

from ssbsim.analysis.exact.bikerman import bikerman_capacitance, bikerman_charge
from ssbsim.analysis.exact.brick_layer import (
    boundary_permeability,
    boundary_step_ratio,
    boundary_waiting_time,
    brick_layer_series,
    grain_filling_time,
    local_boundary_conductivity,
)
from ssbsim.analysis.exact.charging import StepCharging, linear_charging_time, step_charging_binary
from ssbsim.analysis.exact.contact import Contact, contact_of_two_phases, diffuse_potential
from ssbsim.analysis.exact.curved import (
    radial_diffusion,
    radial_double_layer,
    radial_layer,
    radial_uptake,
    screened_potential,
    shell_resistance,
)
from ssbsim.analysis.exact.debye import debye_length_binary, debye_length_lattice_gas, debye_length_one_ion
from ssbsim.analysis.exact.gouy_chapman import (
    gouy_chapman_capacitance,
    gouy_chapman_charge,
    gouy_chapman_potential,
    series_capacitance,
)
from ssbsim.analysis.exact.grain_boundary import (
    SegregatedCore,
    depletion_excess_resistance,
    gouy_chapman_parallel_excess,
    gouy_chapman_serial_excess,
    mott_schottky_potential,
    mott_schottky_resistance_ratio,
    mott_schottky_width,
    one_ion_excess_length,
    segregated_core,
)
from ssbsim.analysis.exact.impedance import (
    blocking_cell_impedance,
    finite_length_diffusion_impedance,
    finite_space_diffusion_impedance,
)
from ssbsim.analysis.exact.lattice_gas import (
    accumulation_width,
    depletion_width,
    lattice_gas_capacitance,
    lattice_gas_charge,
    lattice_gas_profile,
    lattice_gas_site_fraction,
    one_ion_capacitance,
    one_ion_charge,
    one_ion_profile,
)

__all__ = [
    "Contact",
    "SegregatedCore",
    "StepCharging",
    "accumulation_width",
    "bikerman_capacitance",
    "bikerman_charge",
    "blocking_cell_impedance",
    "boundary_permeability",
    "boundary_step_ratio",
    "boundary_waiting_time",
    "brick_layer_series",
    "contact_of_two_phases",
    "debye_length_binary",
    "debye_length_lattice_gas",
    "debye_length_one_ion",
    "depletion_excess_resistance",
    "depletion_width",
    "diffuse_potential",
    "finite_length_diffusion_impedance",
    "finite_space_diffusion_impedance",
    "gouy_chapman_capacitance",
    "gouy_chapman_charge",
    "gouy_chapman_parallel_excess",
    "gouy_chapman_potential",
    "gouy_chapman_serial_excess",
    "grain_filling_time",
    "lattice_gas_capacitance",
    "lattice_gas_charge",
    "lattice_gas_profile",
    "lattice_gas_site_fraction",
    "linear_charging_time",
    "local_boundary_conductivity",
    "mott_schottky_potential",
    "mott_schottky_resistance_ratio",
    "mott_schottky_width",
    "one_ion_capacitance",
    "one_ion_charge",
    "one_ion_excess_length",
    "one_ion_profile",
    "radial_diffusion",
    "radial_double_layer",
    "radial_layer",
    "radial_uptake",
    "screened_potential",
    "segregated_core",
    "series_capacitance",
    "shell_resistance",
    "step_charging_binary",
]
