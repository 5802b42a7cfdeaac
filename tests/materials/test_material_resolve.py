from __future__ import annotations

from pathlib import Path

import pytest

from ssbsim.case import Phase, load_case, parse_case
from ssbsim.document.problems import InvalidCaseError
from ssbsim.errors import MaterialError
from ssbsim.materials import case_provenance, load_material, phase_provenance, resolve_case, resolve_phase

CONFIGS = Path(__file__).parents[2] / "configs"
EXAMPLES = sorted(path for path in CONFIGS.glob("*.yaml") if path.stem != "expected")


def case_with(phase: str) -> str:
    return f"""\
temperature: 298.15 K
geometry: {{kind: layers, layers: [{{phase: a, thickness: 20 nm}}], spacing: {{interface: 0.1 nm, bulk: 1 nm}}}}
phases:
  a: {phase}
terminals:
  left: {{kind: reservoir, species: Li+, potential: 0 V}}
study: [{{kind: equilibrium}}]
"""


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_resolves_and_survives_the_round_trip(path: Path) -> None:
    case = resolve_case(load_case(path))
    assert all(phase.material is None for phase in case.phases.values())
    again = parse_case(case.to_yaml())
    assert again == case
    assert resolve_case(again) == case


def test_a_phase_takes_what_it_does_not_say_from_the_library() -> None:
    entry = load_material("LLTO").phase
    assert resolve_phase(Phase(material="LLTO")) == entry


def test_overrides_replace_single_values() -> None:
    text = "{material: LLTO, permittivity: 50, species: {Li+: {haven_ratio: 0.81}}, concentration: {Li+: 8000 mol/m^3}}"
    phase = resolve_case(parse_case(case_with(text))).phases["a"]
    entry = load_material("LLTO").phase
    assert phase.permittivity == 50.0
    assert phase.species["Li+"].haven_ratio == 0.81
    assert phase.species["Li+"].diffusivity == entry.species["Li+"].diffusivity
    assert phase.concentration == {"Li+": 8000.0}
    assert phase.sites == entry.sites


def test_a_diffusivity_is_replaced_as_a_whole() -> None:
    text = "{material: LLTO, species: {Li+: {diffusivity: 1e-12 m^2/s}}}"
    diffusivity = resolve_case(parse_case(case_with(text))).phases["a"].species["Li+"].diffusivity
    assert diffusivity is not None
    assert diffusivity.at_temperature(500.0) == 1e-12


def test_site_classes_are_changed_by_name_and_new_ones_added() -> None:
    text = (
        "{material: LLTO, sites: [{name: A, density: 13000 mol/m^3}, "
        "{name: window, density: 36000 mol/m^3, standard_potential: {Li+: 0.3 eV}}]}"
    )
    sites = resolve_case(parse_case(case_with(text))).phases["a"].sites
    assert [(site.name, site.density) for site in sites] == [("A", 13000.0), ("window", 36000.0)]
    assert sites[0].standard_potential == {"Li+": 0.0}


def test_a_choice_of_the_library_holds_although_the_case_has_a_default() -> None:
    entry = resolve_phase(Phase(material="reference-binary"))
    assert entry.background == "none"
    assert entry.mobility == "proportional"


def test_provenance_names_the_library_the_case_and_what_is_from_memory() -> None:
    text = "{material: LLTO, species: {Li+: {diffusivity: 1e-12 m^2/s}}}"
    records = {record.path: record for record in case_provenance(parse_case(case_with(text)))["a"]}
    own = records["species.Li+.diffusivity.value"]
    assert (own.basis, own.material, own.value) == ("case", "", "1e-12 m^2/s")
    assert "species.Li+.diffusivity.activation_energy" not in records
    assert records["concentration.Li+"].material == "LLTO"
    assert [record.path for record in records.values() if record.is_from_memory] == ["permittivity"]


def test_overriding_a_value_from_memory_clears_its_flag() -> None:
    records = phase_provenance(Phase(material="LLTO", permittivity=77.0))
    assert not any(record.is_from_memory for record in records)
    assert [(record.value, record.basis) for record in records if record.path == "permittivity"] == [("77.0", "case")]


def test_the_material_file_is_found_beside_the_case(tmp_path: Path, material_text: str) -> None:
    (tmp_path / "mine.yaml").write_text(material_text)
    (tmp_path / "case.yaml").write_text(case_with("{material: ./mine.yaml}"))
    assert resolve_case(load_case(tmp_path / "case.yaml")).phases["a"].permittivity == 10.0
    (tmp_path / "mine.yaml").write_text(material_text.replace("  basis: read\n", ""))
    with pytest.raises(MaterialError) as caught:
        resolve_case(load_case(tmp_path / "case.yaml"))
    assert caught.value.where == f"{tmp_path.resolve() / 'mine.yaml'}:2, permittivity.basis"


def test_an_unknown_material_is_placed_in_the_case(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(case_with("{material: LLTo}"))
    with pytest.raises(MaterialError) as caught:
        resolve_case(load_case(path))
    assert caught.value.what == "there is no material 'LLTo' in the library"
    assert caught.value.where == f"{path}:4, phases.a.material"
    assert caught.value.hint.startswith("did you mean 'LLTO'?")


def test_what_only_the_material_can_tell_is_checked_once_it_is_known(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(case_with("{material: LLTO}").replace("species: Li+", "species: Na+"))
    case = load_case(path)
    with pytest.raises(InvalidCaseError) as caught:
        resolve_case(case)
    assert caught.value.what == "'Na+' is not a species of the phases here"
    assert caught.value.where == f"{path}:6, terminals.left.species"


def test_an_impossible_override_is_refused() -> None:
    case = parse_case(case_with("{material: LLTO, concentration: {Li+: 20000 mol/m^3}}"))
    with pytest.raises(InvalidCaseError, match="expected less than the 12250 mol/m"):
        resolve_case(case)


def test_two_unknown_materials_are_both_named() -> None:
    text = case_with("{material: foo}").replace("thickness: 20 nm}", "thickness: 20 nm}, {phase: b, thickness: 1 nm}")
    with pytest.raises(MaterialError) as caught:
        resolve_case(parse_case(text.replace("terminals:", "  b: {material: bar}\nterminals:")))
    assert "'foo'" in str(caught.value)
    assert "'bar'" in str(caught.value)
