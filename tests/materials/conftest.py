from __future__ import annotations

import pytest

MATERIAL = """\
title: test material
permittivity:
  value: 10
  source: a handbook
  method: measured
  temperature: 298 K
  uncertainty: 10 %
  basis: read
species:
  Li+:
    diffusivity:
      value: 1e-12 m^2/s
      source: a paper
      doi: 10.1000/xyz
      method: measured
      temperature: [290 K, 310 K]
      uncertainty: factor 2
      basis: memory
      confidence: 0.5
sites:
  - name: A
    density:
      {value: 1000 mol/m^3, source: x, method: y, temperature: any, uncertainty: exact (choice), basis: definition}
concentration:
  Li+: {value: 500 mol/m^3, source: x, method: y, temperature: any, uncertainty: +-3 mol/m^3, basis: fitted}
"""


@pytest.fixture
def material_text() -> str:
    return MATERIAL
