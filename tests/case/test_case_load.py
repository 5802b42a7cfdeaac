from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssbsim.case import (
    BicrystalGeometry,
    Case,
    EquilibriumStudy,
    FileGeometry,
    LayersGeometry,
    ReservoirTerminal,
    Spacing,
    TransientStudy,
    load_case,
    parse_case,
    revise_case,
)
from ssbsim.document.problems import InvalidCaseError

CONFIGS = Path(__file__).parents[2] / "configs"


def test_a_case_is_in_si_units(case_text: str) -> None:
    case = parse_case(case_text)
    assert isinstance(case.geometry, LayersGeometry)
    assert [layer.thickness for layer in case.geometry.layers] == [2e-8, 1e-8]
    assert case.geometry.spacing.terminal == case.geometry.spacing.bulk == 1e-9
    law = case.interfaces["left_phase|right_phase"].laws[0]
    assert law.law == "resistive"
    assert law.resistance == 1e-3
    right = case.terminals["right"]
    assert isinstance(right, ReservoirTerminal)
    assert right.species == ("Li+",)
    assert right.potential == 0.01
    first, second = case.study
    assert isinstance(first, EquilibriumStudy)
    assert isinstance(second, TransientStudy)
    assert second.output_times.until(second.duration) == (1e-6, 1e-5, 1e-3)


EXAMPLES = sorted(path for path in CONFIGS.glob("*.yaml") if path.stem != "expected")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_loads(path: Path) -> None:
    case = load_case(path)
    assert case.title
    assert case.source == path


def test_resolved_text_gives_an_equal_case(case_text: str, tmp_path: Path) -> None:
    case = parse_case(case_text)
    text = case.to_yaml(tmp_path / "resolved.yaml")
    assert load_case(tmp_path / "resolved.yaml") == case
    # the second time nothing is a default any more, and nothing else has changed
    assert parse_case(text).to_yaml() == text.replace("  # default", "")


def test_cases_that_differ_are_not_equal(case_text: str) -> None:
    assert parse_case(case_text) != parse_case(case_text.replace("298.15", "298.16"))


def test_defaults_are_marked_and_given_values_are_not(case_text: str) -> None:
    lines = parse_case(case_text).to_yaml().splitlines()
    assert "    growth: 1.3  # default" in lines
    assert "    terminal: 1e-09 m  # default" in lines
    assert "temperature: 298.15 K" in lines
    assert "        charge: 1  # default" in lines


def test_a_phase_from_the_library_is_written_without_defaults_that_would_override_it() -> None:
    text = load_case(CONFIGS / "llto_bicrystal.yaml").to_yaml()
    assert "  grain:\n    material: LLTO\n  core:\n" in text


def test_odd_texts_survive_the_round_trip(case_text: str) -> None:
    case = revise_case(parse_case(case_text), title='a: "b" # c \\ \t\x7f\u2028 é 😀 - [')
    assert parse_case(case.to_yaml()) == case


NUMBERS = st.floats(min_value=1e-12, max_value=1e3)


@given(
    thickness=NUMBERS, density=NUMBERS, potential=st.floats(-1e3, 1e3), width=NUMBERS, tolerance=st.floats(1e-9, 0.1)
)
def test_any_numbers_survive_the_round_trip(
    thickness: float, density: float, potential: float, width: float, tolerance: float
) -> None:
    case = Case.model_validate(
        {
            "temperature": 300.0,
            "geometry": {
                "kind": "layers",
                "layers": [{"phase": "a", "thickness": thickness}],
                "spacing": {"interface": 1e-15, "bulk": thickness},
            },
            "phases": {
                "a": {
                    "permittivity": 1.0 + width,
                    "species": {"Mg2+": {}},
                    "sites": [
                        {"name": "s", "density": density, "width": width, "standard_potential": {"Mg2+": potential}}
                    ],
                    "concentration": {"Mg2+": density / 2.0},
                }
            },
            "terminals": {"left": {"kind": "electrode", "potential": potential}},
            "study": [{"kind": "transient", "duration": thickness, "tolerance": tolerance}],
        }
    )
    assert parse_case(case.to_yaml()) == case


def test_python_may_pass_numbers_in_storage_units() -> None:
    spacing = Spacing(interface=1e-10, bulk=1e-9)
    assert BicrystalGeometry(length=2e-7, core_width=1e-9, spacing=spacing).length == 2e-7


def test_a_bicrystal_is_three_layers_or_two() -> None:
    spacing = Spacing(interface=1e-10, bulk=1e-9)
    layers = BicrystalGeometry(length=11e-9, core_width=1e-9, spacing=spacing).as_layers()
    assert layers.grain_phases() == {"grain.1": "grain", "core": "core", "grain.2": "grain"}
    assert sum(layer.thickness for layer in layers.layers) == pytest.approx(11e-9, rel=1e-15)
    bare = BicrystalGeometry(length=10e-9, core_width=0.0, spacing=spacing).as_layers()
    assert bare.grain_phases() == {"grain.1": "grain", "grain.2": "grain"}
    assert bare.contacts() == (("grain.1", "grain.2"),)


def test_layers_are_named_by_phase_and_number() -> None:
    geometry = LayersGeometry.model_validate(
        {
            "layers": [{"phase": p, "thickness": "1 nm"} for p in ("a", "b", "a")],
            "spacing": {"interface": "1 pm", "bulk": "1 nm"},
        }
    )
    assert geometry.grain_phases() == {"a.1": "a", "b": "b", "a.2": "a"}
    assert geometry.boundary_names() == ("left", "right")


def test_transverse_spacing_follows_the_width() -> None:
    data = {"kind": "layers", "dimension": 2, "width": 4e-9, "layers": [{"phase": "a", "thickness": 1e-9}]}
    geometry = LayersGeometry.model_validate({**data, "spacing": {"interface": 1e-10, "bulk": 1e-9}})
    assert geometry.spacing.transverse == 1e-9
    assert geometry.boundary_names() == ("left", "right", "bottom", "top")


def test_paths_start_at_the_case_file(case_text: str, tmp_path: Path) -> None:
    start, end = case_text.index("geometry:"), case_text.index("phases:")
    geometry = "geometry: {kind: file, path: grains.msh, unit: 1 um, grains: {a: left_phase, b: right_phase}}\n"
    (tmp_path / "case.yaml").write_text(case_text[:start] + geometry + case_text[end:])
    case = load_case(tmp_path / "case.yaml")
    assert isinstance(case.geometry, FileGeometry)
    assert case.geometry.path == tmp_path.resolve() / "grains.msh"
    assert case.geometry.unit == 1e-6


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ("{every: 0.4 ms}", (4e-4, 8e-4, 1e-3)),
        ("{every: 0.5 ms}", (5e-4, 1e-3)),
        ("{count: 4}", (2.5e-4, 5e-4, 7.5e-4, 1e-3)),
        ("{from: 1 us, to: 1 ms, per_decade: 1}", (1e-6, 1e-5, 1e-4, 1e-3)),
        ("[1 ms]", (1e-3,)),
    ],
)
def test_output_times(case_text: str, times: str, expected: tuple[float, ...]) -> None:
    study = parse_case(case_text.replace("[1 us, 10 us]", times)).study[1]
    assert isinstance(study, TransientStudy)
    assert study.output_times.until(study.duration) == pytest.approx(expected, rel=1e-12)
    assert study.output_times.until(study.duration)[-1] == study.duration


def test_merge_keys_and_anchors_work(case_text: str) -> None:
    end = case_text.index("interfaces:")
    text = case_text.replace("  left_phase:\n", "  left_phase: &electrolyte\n")
    merged = text[: text.index("  right_phase:\n")] + "  right_phase: {<<: *electrolyte, permittivity: 20}\n"
    case = parse_case(merged + case_text[end:])
    assert case.phases["right_phase"].permittivity == 20.0
    assert case.phases["right_phase"].concentration == case.phases["left_phase"].concentration


def test_revised_cases_are_checked(case_text: str) -> None:
    case = parse_case(case_text)
    assert revise_case(case, temperature=350.0).temperature == 350.0
    with pytest.raises(InvalidCaseError, match="fixes a potential"):
        revise_case(case, terminals={}, study=(EquilibriumStudy(),))
    assert isinstance(case, Case)


def test_the_case_needs_no_solver() -> None:
    code = "import sys, ssbsim.case; print([m for m in ('dolfinx', 'petsc4py', 'gmsh', 'pint') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
