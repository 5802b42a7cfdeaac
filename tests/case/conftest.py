from __future__ import annotations

import pytest

CASE = """\
title: two layers
temperature: 298.15 K
geometry:
  kind: layers
  layers:
    - {phase: left_phase, thickness: 20 nm}
    - {phase: right_phase, thickness: 10 nm}
  spacing: {interface: 0.1 nm, bulk: 1 nm}
phases:
  left_phase:
    permittivity: 10
    species: {Li+: {diffusivity: 1e-12 m^2/s}}
    sites: [{name: A, density: 1000 mol/m^3}]
    concentration: {Li+: 500 mol/m^3}
  right_phase:
    permittivity: 20
    species: {Li+: {diffusivity: 1e-13 m^2/s}}
    sites: [{name: B, density: 2000 mol/m^3}]
    concentration: {Li+: 600 mol/m^3}
interfaces:
  left_phase|right_phase:
    contact: broken
    laws: [{law: resistive, species: Li+, resistance: 10 ohm*cm^2}]
terminals:
  left: {kind: electrode, potential: 0 V, stern_capacitance: 10 uF/cm^2}
  right: {kind: reservoir, species: Li+, potential: 10 mV}
study:
  - {kind: equilibrium}
  - kind: transient
    duration: 1 ms
    output_times: [1 us, 10 us]
    terminals: {right: {potential: 20 mV}}
"""


@pytest.fixture
def case_text() -> str:
    return CASE
