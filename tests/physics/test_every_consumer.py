"""Every consumer takes every entry of a registry: laws of interfaces, statistics of sites, terminals, studies, geometries.

That each entry is right is tested beside it; here a new entry is refused by nobody who only knows the registry.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from law_examples import law_example, terminal_example
from samples import NM, lattice_gas, layers, make_case, reservoir

import ssbsim
from ssbsim.case import LAWS, Case
from ssbsim.geometry import list_geometries
from ssbsim.physics import SITE_STATISTICS, TERMINALS
from ssbsim.studies import STUDIES

#: One of every study, in an order that makes sense; what is not here fails the test below.
EVERY_STUDY: list[dict[str, Any]] = [
    {"kind": "equilibrium"},
    {"kind": "impedance", "frequencies": [1e2, 1e6], "terminal": "right"},
    {"kind": "steady", "terminals": {"right": {"potential": 0.001}}},
    {"kind": "transient", "duration": 1e-6, "terminals": {"right": {"potential": 0.002}}},
    {"kind": "effective_transport", "species": "Li+"},
    {"kind": "tracer", "species": "Li+", "source": "left", "fraction": 0.9, "duration": 1e-6},
]
SPACING = {"interface": 4 * NM, "bulk": 4 * NM}
#: One of every geometry, of the phases e and f; what is not here fails the test of its kind.
EVERY_GEOMETRY: dict[str, dict[str, Any]] = {
    "bicrystal": {"length": 12 * NM, "core_width": 4 * NM, "grain": "e", "core": "f", "spacing": SPACING},
    "bricks": {"bricks": [2, 1], "size": 8 * NM, "core_width": 4 * NM, "grain": "e", "core": "f", "spacing": SPACING},
    "composite": {
        "length": 20 * NM,
        "width": 20 * NM,
        "particles": {"phase": "f", "size": 10 * NM, "volume_fraction": 0.2, "gap": 2 * NM, "spread": 0.0},
        "electrolyte": {"phase": "e"},
        "spacing": SPACING,
    },
    "file": {
        "path": Path(__file__).parents[2] / "meshes" / "bicrystal_1d.msh",
        "unit": NM,
        "grains": {"grain.1": "e", "core": "f", "grain.2": "e"},
        "boundaries": {"left": "left", "right": "right"},
    },
    "image": {
        "path": "labels.npy",
        "pixel": 4 * NM,
        "labels": {1: {"phase": "e"}, 2: {"phase": "f"}},
        "spacing": SPACING,
    },
    "layers": {"layers": [{"phase": phase, "thickness": 4 * NM} for phase in "efe"], "spacing": SPACING},
    "polycrystal": {
        "dimension": 2,
        "grains": 2,
        "grain_size": 12 * NM,
        "core_width": 1 * NM,
        "grain": "e",
        "core": "f",
        "spacing": SPACING | {"interface": 1 * NM},
    },
}
IN_PLACE = [
    (name, contact) for name, law in LAWS.items() for contact in ("broken", "perfect")[: 1 + (law.acts_on == "plane")]
]


def cell(**parts: Any) -> Case:
    """Two grains between two reservoirs."""
    return make_case(
        **{
            "geometry": layers(("e", 4.0), ("f", 4.0), bulk=1.0),
            "phases": {"e": lattice_gas(0.5), "f": lattice_gas(0.5, permittivity=40.0)},
            "terminals": {"left": reservoir(), "right": reservoir()},
            "study": EVERY_STUDY,
            "solver": {"coarse_mesh": "warn"},
        }
        | parts
    )


def run(case: Case, folder: Path) -> Any:
    """The run, with check, tables and summary."""
    assert str(ssbsim.check(case))
    return ssbsim.run(case, folder / "run", report=False, show_progress=False)


def test_the_studies_here_are_all_that_there_are() -> None:
    assert {study["kind"] for study in EVERY_STUDY} == set(STUDIES)


@pytest.mark.parametrize(("name", "contact"), IN_PLACE)
def test_every_law_goes_through_every_study(name: str, contact: str, tmp_path: Path) -> None:
    """Where nothing crosses, studies of what does say so, and all others run."""
    interfaces = {"e|f": {"contact": contact, "laws": [law_example(name)]}}
    infinite = set()
    if contact == "broken" and not LAWS[name].crosses:
        infinite = {"effective_transport"} if LAWS[name].charges_sides else {"effective_transport", "impedance"}
    study = [one for one in EVERY_STUDY if one["kind"] not in infinite]
    assert run(cell(interfaces=interfaces, study=study), tmp_path).summary["quantities"]
    for kind in infinite:
        study = [one for one in EVERY_STUDY if one["kind"] in ("equilibrium", kind)]
        with pytest.raises(ssbsim.CaseError, match="Nothing conducts|No current answers"):
            run(cell(interfaces=interfaces, study=study), tmp_path / kind)


@pytest.mark.parametrize("statistics", SITE_STATISTICS)
def test_every_statistics_goes_through_every_study(statistics: str, tmp_path: Path) -> None:
    sites = [{"name": "A", "statistics": statistics, "density": 1e4, "standard_potential": {"Li+": 0.0}}]
    run(cell(phases={"e": lattice_gas(0.5, sites=sites), "f": lattice_gas(0.5, sites=sites)}), tmp_path)


@pytest.mark.parametrize("kind", TERMINALS)
def test_every_terminal_goes_through_every_study(kind: str, tmp_path: Path) -> None:
    left = terminal_example(kind, potential=0.0)
    holds = kind != "symmetry"  # else the other terminal is alone, and no current can alternate
    study = [one for one in EVERY_STUDY if holds or one["kind"] != "impedance"]
    run(cell(terminals={"left": left, "right": reservoir()}, study=study), tmp_path)


@pytest.mark.parametrize("kind", list_geometries())
def test_every_geometry_goes_through_check_mesh_run_and_report(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kind in EVERY_GEOMETRY, f"add an example of the geometry '{kind}' to EVERY_GEOMETRY"
    monkeypatch.chdir(tmp_path)
    np.save("labels.npy", np.array([[1, 1, 2, 2, 1, 1]] * 3))
    wanted = ("equilibrium", "steady", "effective_transport")
    case = cell(
        geometry={"kind": kind, **EVERY_GEOMETRY[kind]},
        terminals={side: reservoir() | {"phase": "e"} for side in ("left", "right")},
        study=[one for one in EVERY_STUDY if one["kind"] in wanted],
    )
    made = ssbsim.mesh_case(case, tmp_path / "mesh", show_progress=False)
    assert f"| kind | {kind} |" in made.markdown()
    assert (tmp_path / "mesh" / "mesh.png").stat().st_size > 0
    checked = ssbsim.check(case)
    assert {row["grain"] for row in checked.grains} == {row["grain"] for row in made.grains}
    results = ssbsim.run(case, tmp_path / "run", show_progress=False)
    left, right = (results.summary["quantities"][f"current of terminal {name}"]["value"] for name in ("left", "right"))
    assert right > 0.0
    assert abs(left + right) < 1e-8 * right
    assert "<img" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
