"""What a check says of a mesh that is too coarse or falls apart, and how a run on it is marked."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from samples import NM, electrode, lattice_gas, layers, make_case, reservoir

import ssbsim
from ssbsim.case import Case
from ssbsim.commands.check_report import report_on
from ssbsim.errors import MeshError
from ssbsim.geometry import Grain, MeshData, build_geometry, save_mesh
from ssbsim.materials import resolve_case

HELD = {"kind": "reservoir", "species": ("Li+",), "electrochemical_potential": 0.0}
TWO = {"a": lattice_gas(0.4), "b": lattice_gas(0.5)}


def contact(size: float, *, dimension: int = 1, coarse_mesh: str = "warn", **parts: object) -> Case:
    """Two phases that touch; the cells there have a size (nm)."""
    return make_case(
        geometry=layers(("a", 10.0), ("b", 10.0), dimension=dimension, interface=size, bulk=max(size, 2.0)),
        phases=TWO,
        terminals={"left": HELD, "right": HELD},
        solver={"coarse_mesh": coarse_mesh},
        **parts,
    )


def test_numbers_of_a_run_on_a_mesh_that_is_too_coarse_are_marked_everywhere(tmp_path: Path):
    said: list[str] = []
    study = [{"kind": "equilibrium"}, {"kind": "impedance", "frequencies": {"from": 1.0, "to": 1e3, "per_decade": 2}}]
    run = ssbsim.run(contact(2.0, study=study), tmp_path / "coarse", show_progress=False, tell=said.append)
    summary = json.loads((tmp_path / "coarse" / "summary.json").read_text())
    assert [plane.split(":")[0] for plane in summary["coarse mesh"]] == ["a at a|b", "b at a|b"]
    assert summary["quantities"]
    assert all(entry["how"].startswith("MESH TOO COARSE (a at a|b: cells") for entry in summary["quantities"].values())
    assert (run.history["mesh too coarse [1]"] == 1).all()
    assert (run.table("impedance")["mesh too coarse [1]"] == 1).all()
    headline = next(text for text in said if text.startswith("Results"))
    assert headline.count("(mesh too coarse)") == len(summary["quantities"])
    assert "MESH TOO COARSE" in (tmp_path / "coarse" / "report.html").read_text()


def test_a_run_on_a_mesh_that_is_fine_has_no_marks(tmp_path: Path):
    run = ssbsim.run(contact(0.02), tmp_path / "fine", show_progress=False, report=False)
    assert "coarse mesh" not in run.summary
    assert not any("TOO COARSE" in entry["how"] for entry in run.summary["quantities"].values())
    assert "mesh too coarse [1]" not in run.history


@pytest.mark.parametrize("coarse_mesh", ["error", "warn"])
def test_where_the_spacing_is_enough_but_the_mesh_does_not_hold_it_place_share_and_remedy_are_named(coarse_mesh: str):
    asked = resolve_case(contact(0.02, dimension=2, coarse_mesh=coarse_mesh))
    found = build_geometry(contact(1.0, dimension=2))
    report = report_on(asked, found)
    texts = report.problems if coarse_mesh == "error" else report.warnings
    assert len(texts) == 2
    assert len(report.coarse) == (0 if coarse_mesh == "error" else 2)
    for text, grain in zip(texts, found.grains, strict=True):
        assert "The spacing asks for 0.02 nm" in text
        assert f"of grain '{grain.name}', at (" in text
        assert "100 % of the cells on this plane are larger than a Debye length" in text
        assert "spacing.transverse" in text
        assert "remesher: mmg" in text
    # Where the spacing itself is too large the message says what would do.
    assert all("would do" in text for text in report_on(resolve_case(contact(1.0, dimension=2)), found).warnings)


def two_squares(offset: tuple[float, float]) -> MeshData:
    """Two squares (nm) of two triangles; the second one moved."""
    square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    points = np.vstack([square, square + offset])
    cells = np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]])
    if offset == (1.0, 1.0):  # in one point
        points, cells = np.delete(points, 4, axis=0), np.array([[0, 1, 2], [0, 2, 3], [2, 4, 5], [2, 5, 6]])
    right = [5, 6] if offset != (1.0, 1.0) else [4, 5]
    return MeshData(
        points * NM, "triangle", cells, [0, 0, 1, 1], (Grain("g1", "e"), Grain("g2", "e")),
        np.array([[3, 0], right]), [0, 1], ("left", "right"),
    )  # fmt: skip


@pytest.mark.parametrize("offset", [(1.3, 0.0), (1.0, 1.0), (1.0, 5.0)])
@pytest.mark.parametrize("study", ["steady", "transient", "equilibrium"])
def test_terminals_on_parts_that_do_not_hang_together_are_refused_where_something_is_to_flow(
    tmp_path: Path, offset: tuple[float, float], study: str
):
    save_mesh(two_squares(offset), tmp_path / "m.msh")
    case = resolve_case(
        make_case(
            geometry={
                "kind": "file",
                "path": tmp_path / "m.msh",
                "unit": 1.0,
                "grains": {"g1": "e", "g2": "e"},
                "boundaries": {"left": "left", "right": "right"},
            },
            phases={"e": lattice_gas()},
            terminals={"left": reservoir(), "right": electrode()},
            study=[{"kind": study} | ({"duration": 1.0} if study == "transient" else {})],
        )
    )
    mesh = build_geometry(case)
    if study == "equilibrium":
        report_on(case, mesh)
        return
    with pytest.raises(MeshError, match="hangs together with no other terminal") as caught:
        report_on(case, mesh)
    assert "2 parts that share no facet" in str(caught.value)
    assert f"for the study '{study}'" in caught.value.where
