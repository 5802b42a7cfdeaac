"""Physical constants, SI: exact by the SI of 2019 (BIPM, 9th brochure), but for the vacuum permittivity.

The latter is CODATA 2018, Tiesinga et al., Rev. Mod. Phys. 93 (2021) 025010, doi 10.1103/RevModPhys.93.025010. They are
written here and nowhere else in the package.
"""

ELEMENTARY_CHARGE = 1.602176634e-19
"""C."""
BOLTZMANN = 1.380649e-23
"""J/K."""
BOLTZMANN_EV = BOLTZMANN / ELEMENTARY_CHARGE
"""eV/K."""
AVOGADRO = 6.02214076e23
"""1/mol."""
FARADAY = ELEMENTARY_CHARGE * AVOGADRO
"""C/mol."""
GAS_CONSTANT = BOLTZMANN * AVOGADRO
"""J/(mol K)."""
VACUUM_PERMITTIVITY = 8.8541878128e-12
"""F/m."""
