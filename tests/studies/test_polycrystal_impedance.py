"""Impedance of a Voronoi polycrystal whose boundaries have no thickness: its limits at low and at high frequency."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from samples import lattice_gas, make_case, reservoir, run_studies, simulation

from ssbsim.case import Case, ImpedanceStudy
from ssbsim.constants import FARADAY, GAS_CONSTANT, VACUUM_PERMITTIVITY
from ssbsim.discretization import DistributedMesh, Scales
from ssbsim.geometry import build_geometry
from ssbsim.studies.effective_transport import effective_transport
from ssbsim.studies.impedance import Spectrum, impedance_spectrum

TEMPERATURE = 298.15
#: Of `lattice_gas`: c = 5e3 mol/m3, D = 1e-12 m2/s, permittivity 20.
CONDUCTIVITY = FARADAY**2 * 5e3 * 1e-12 / (GAS_CONSTANT * TEMPERATURE)
PERMITTIVITY = 20.0 * VACUUM_PERMITTIVITY
RESISTANCE, CAPACITANCE = 2e-4, 5e-3
EDGE = {2: 60e-9, 3: 40e-9}
METAL = {"kind": "electrode", "potential": 0.0}


def polycrystal(dimension: int, end: dict[str, Any], resistance: float, **parts: Any) -> Case:
    box = dict.fromkeys(("length", "width", "depth")[:dimension], EDGE[dimension])
    size = {2: 10e-9, 3: 20e-9}[dimension]
    law = {"law": "grain_boundary", "species": "Li+", "resistance": resistance, "capacitance": CAPACITANCE}
    geometry = {"kind": "polycrystal", "dimension": dimension, "grains": 6 if dimension == 2 else 3, "seed": 4}
    given: dict[str, Any] = {
        "geometry": geometry | box | {"grain": "e", "spacing": {"interface": size, "bulk": size}},
        "phases": {"e": lattice_gas()},
        "interfaces": {"e|e": {"contact": "broken", "laws": [law]}},
        "terminals": {"left": end, "right": end},
        "solver": {"coarse_mesh": "warn"},
    }
    return make_case(**given | parts)


def spectrum(case: Case, frequencies: tuple[float, ...]) -> Spectrum:
    study = ImpedanceStudy.model_validate({"frequencies": frequencies, "terminal": "right"})
    with simulation(case) as made:
        run_studies(made)
        return impedance_spectrum(made, study)


@pytest.mark.parametrize("dimension", [2, 3])
def test_at_low_frequency_it_is_the_steady_current(dimension: int) -> None:
    """dV/dI of two steady studies, 1e-5 V about equilibrium."""
    found = spectrum(polycrystal(dimension, reservoir(), RESISTANCE), (1e-4, 1.0))
    currents, bias = [], 1e-5
    for sign in (-1.0, 1.0):
        ends = {"left": reservoir(), "right": reservoir(potential=sign * bias)}
        with simulation(
            polycrystal(dimension, reservoir(), RESISTANCE, terminals=ends, study=[{"kind": "steady"}])
        ) as made:
            run_studies(made)
            currents.append(made.ionic_current(made.flows(), "right"))
            area = made.boundary_measures["right"]
    steady = 2.0 * bias * area / (currents[1] - currents[0])
    assert found.impedance[0].real == pytest.approx(steady, rel=1e-6)
    assert abs(found.impedance[0].imag) < 1e-6 * steady
    assert found.by_part["e|e"][0].real > 0.5 * steady


@pytest.mark.parametrize("dimension", [2, 3])
def test_at_high_frequency_it_is_the_geometric_capacitance(dimension: int) -> None:
    """Between metals: permittivity and capacitance of the boundaries, in the place of conductivity and 1/R.

    The steady conduction of the same grains gives it where R C is the permittivity over the conductivity of a grain.
    """
    alike = PERMITTIVITY / CONDUCTIVITY / CAPACITANCE
    frequency = 1e14
    case = polycrystal(dimension, METAL, RESISTANCE)
    fast = spectrum(case, (frequency / 10.0, frequency)).impedance[-1]
    mesh = DistributedMesh(MPI.COMM_SELF, build_geometry(case), 1e-8)
    conductor = polycrystal(dimension, METAL, alike)
    scales = Scales(TEMPERATURE, 1e-8, 1e3, 1e-12)
    found = effective_transport(conductor, mesh, scales, "Li+", axes=(0,), accuracy=1e-9)
    capacitance = found.along[0] / CONDUCTIVITY * PERMITTIVITY / EDGE[dimension]
    assert 1.0 / (2.0 * np.pi * frequency * -fast.imag) == pytest.approx(capacitance, rel=1e-6)
    assert abs(fast.real) < 1e-4 * abs(fast.imag)
    # The boundaries count: without them it would be that of plates.
    assert capacitance < 0.8 * PERMITTIVITY / EDGE[dimension]
