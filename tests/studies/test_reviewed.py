"""Cases that once gave an answer that looked right and was not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
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


def test_first_step_stays_short_whatever_was_asked_for(tmp_path: Path) -> None:
    case = ssbsim.load_case(Path(__file__).parents[2] / "configs" / "step_charging.yaml")
    study = case.study[-1]
    coarse = study.model_copy(update={"initial_step": study.duration})
    found = []
    for number, last in enumerate((study, coarse)):
        point = case.model_copy(update={"study": (*case.study[:-1], last)})
        results = ssbsim.run(point, tmp_path / str(number), report=False, show_progress=False)
        found.append(results.history["charge left [C/m^2]"].iloc[-1])
    assert found[1] == pytest.approx(found[0], rel=2e-3)
