"""A species that no terminal supplies beside one that flows."""

from __future__ import annotations

from pathlib import Path

import pytest

import ssbsim
from ssbsim.case import parse_case

SLOW = """
title: a blocked anion
temperature: 300 K
geometry: {{kind: layers, layers: [{{phase: e, thickness: 200 nm}}], spacing: {{interface: 0.2 nm, bulk: 5 nm, terminal: 0.5 nm}}}}
phases:
  e:
    permittivity: 100
    mobility: proportional
    species: {{Li+: {{diffusivity: 1e-12 m^2/s}}, X-: {{diffusivity: {slow} m^2/s}}}}
    sites:
      - {{name: a, statistics: dilute, density: 100 mol/m^3, standard_potential: {{Li+: 0 eV}}}}
      - {{name: b, statistics: dilute, density: 100 mol/m^3, standard_potential: {{X-: 0 eV}}}}
    concentration: {{Li+: 100 mol/m^3, X-: 100 mol/m^3}}
terminals:
  left: {{kind: reservoir, species: Li+, potential: 0 mV}}
  right: {{kind: reservoir, species: Li+, potential: 100 mV}}
study: [{{kind: steady}}]
"""


def test_steady_current_does_not_depend_on_a_blocked_species(tmp_path: Path) -> None:
    found = []
    for slow in ("1e-12", "1e-18"):
        case = parse_case(SLOW.format(slow=slow), name="slow", folder=tmp_path)
        results = ssbsim.run(case, tmp_path / slow, report=False, show_progress=False)
        found.append(results.history["current right [A/m^2]"].iloc[-1])
    assert found[1] == pytest.approx(found[0], rel=1e-6)
