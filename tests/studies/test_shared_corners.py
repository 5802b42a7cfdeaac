"""Terminals that share an edge or a corner."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import ssbsim
from ssbsim.case import parse_case

CORNER = """
title: terminals that share a corner
temperature: 300 K
geometry:
  kind: layers
  dimension: 2
  width: 20 nm
  layers: [{{phase: e, thickness: 20 nm}}]
  spacing: {{interface: 2 nm, bulk: 2 nm, transverse: 2 nm}}
phases:
  e: {{material: reference-one-ion}}
terminals:
{terminals}
study: [{{kind: steady}}]
solver: {{coarse_mesh: warn}}
"""


def test_terminals_that_share_a_corner(tmp_path: Path) -> None:
    def terminals(**potentials: float) -> str:
        line = "  {}: {{kind: reservoir, species: Li+, potential: {} mV}}\n"
        return "".join(line.format(name, value) for name, value in potentials.items())

    text = CORNER.format(terminals=terminals(left=0.0, bottom=5.0, right=10.0))
    with pytest.raises(ssbsim.CaseError, match="share an edge or corner"):
        ssbsim.run(parse_case(text, name="corner", folder=tmp_path), tmp_path / "refused", report=False)
    text = CORNER.format(terminals=terminals(left=0.0, right=10.0))
    results = ssbsim.run(parse_case(text, name="corner", folder=tmp_path), tmp_path / "kept", report=False)
    currents = results.history[["current left [A/m^2]", "current right [A/m^2]"]].iloc[-1].to_numpy()
    assert abs(currents.sum()) < 1e-8 * np.abs(currents).max()
