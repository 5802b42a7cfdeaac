"""Every way in which a case can be wrong, with the exact message."""

from __future__ import annotations

from pathlib import Path

import pytest

from ssbsim.case import load_case, parse_case
from ssbsim.document.problems import InvalidCaseError

# (what is replaced, by what, what is said, where, hint)
REJECTIONS = [
    ("title:", "titel:", "unknown key 'titel'", "case:1, titel", "did you mean 'title'?"),
    (
        "interface: 0.1 nm",
        "interfaec: 0.1 nm",
        "unknown key 'interfaec'",
        "case:8, geometry.spacing.interfaec",
        "did you mean 'interface'?",
    ),
    (
        "thickness: 20 nm",
        "thickness: 20 nmm",
        "'nmm' is not a unit",
        "case:6, geometry.layers[0].thickness",
        "did you mean 'nm'?",
    ),
    (
        "thickness: 20 nm",
        "thickness: 20 mV",
        "expected a length, but 'mV' is a potential",
        "case:6, geometry.layers[0].thickness",
        "write a length, for example '200 nm'",
    ),
    (
        "thickness: 20 nm",
        "thickness: 0 nm",
        "expected a length above 0 m, found '0 nm'",
        "case:6, geometry.layers[0].thickness",
        "",
    ),
    (
        "298.15 K",
        "25",
        "expected a temperature with its unit, found the bare number 25",
        "case:2, temperature",
        "write for example '298.15 K'",
    ),
    ("298.15 K", "-300 degC", "expected a temperature above 0 K, found '-300 degC'", "case:2, temperature", ""),
    (
        "temperature: 298.15 K\n",
        "",
        "the key 'temperature' is missing",
        "case:1, temperature",
        "add 'temperature: 298.15 K'",
    ),
    (
        "bulk: 1 nm",
        "bulk: 1 nm, growth: 3",
        "expected a number of at most 2, found 3",
        "case:8, geometry.spacing.growth",
        "",
    ),
    (
        "bulk: 1 nm",
        "bulk: 1 nm, growth: 1",
        "expected a number above 1, found 1",
        "case:8, geometry.spacing.growth",
        "",
    ),
    (
        "bulk: 1 nm",
        "bulk: 1 pm",
        "spacing.interface (1e-10 m) is larger than spacing.bulk (1e-12 m)",
        "case:8, geometry.spacing",
        "the bulk size is the largest one",
    ),
    ("kind: layers", "kind: layer", "'layer' is not a known kind", "case:3, geometry", "did you mean 'layers'?"),
    (
        "kind: layers",
        "kind: layers\n  dimension: 2",
        "a 2D geometry needs width",
        "case:3, geometry",
        "add width: 100 nm, or set dimension: 1",
    ),
    (
        "kind: layers",
        "kind: layers\n  width: 3 nm",
        "a 1D geometry has no width",
        "case:3, geometry",
        "remove width or set dimension: 2",
    ),
    (
        "phase: left_phase,",
        "phase: left_phaes,",
        "'left_phaes' is not a phase of this case",
        "case:6, geometry.layers[0].phase",
        "did you mean 'left_phase'?",
    ),
    (
        "permittivity: 10",
        "permittivity: 0.5",
        "expected a number of at least 1, found 0.5",
        "case:11, phases.left_phase.permittivity",
        "",
    ),
    (
        "sites: [{name: A, density",
        "sites: [{name: A, statistics: site-limited, density",
        "expected one of dilute, site_limited; found 'site-limited'",
        "case:13, phases.left_phase.sites[0].statistics",
        "did you mean 'site_limited'?",
    ),
    (
        "Li+: {diffusivity: 1e-12 m^2/s}",
        "Li+: {diffusivity: -1e-12 m^2/s}",
        "expected a diffusivity above 0 m^2/s, found '-1e-12 m^2/s'",
        "case:12, phases.left_phase.species.Li+.diffusivity",
        "",
    ),
    (
        "Li+: {diffusivity: 1e-12 m^2/s}",
        "Li+: {charge: 2}",
        "species 'Li+' has charge +2, but its name says +1",
        "case:12, phases.left_phase.species",
        "remove charge or rename the species",
    ),
    (
        "species: Li+, resistance",
        "species: Li, resistance",
        "'Li' is not a species of the phases here",
        "case:23, interfaces.left_phase|right_phase.laws[0].species",
        "did you mean 'Li+'?",
    ),
    (
        "law: resistive",
        "law: resistve",
        "'resistve' is not a known law",
        "case:23, interfaces.left_phase|right_phase.laws[0]",
        "did you mean 'resistive'?",
    ),
    (
        "contact: broken",
        "contact: perfect",
        "the law 'resistive' acts on a jump, but the contact is perfect and nothing jumps",
        "case:21, interfaces.left_phase|right_phase",
        "write 'contact: broken', or remove the law",
    ),
    (
        "left_phase|right_phase:",
        "left_phase|middle:",
        "'middle' is not a phase or grain of this case",
        "case:21, interfaces.left_phase|middle",
        "use one of 'left_phase', 'right_phase'",
    ),
    (
        "left_phase|right_phase:",
        "left_phase|left_phase:",
        "'left_phase' and 'left_phase' do not touch",
        "case:21, interfaces.left_phase|left_phase",
        "the contacts are 'left_phase|right_phase'",
    ),
    (
        "left_phase|right_phase:",
        "left_phase | right_phase:",
        "the interface 'left_phase | right_phase' has spaces in its name",
        "case:21, interfaces.left_phase | right_phase",
        "write it as 'left_phase|right_phase'",
    ),
    (
        "left_phase|right_phase:",
        "right_phase|left_phase: {}\n  left_phase|right_phase:",
        "'left_phase|right_phase' is the same interface as 'right_phase|left_phase'",
        "case:22, interfaces.left_phase|right_phase",
        "keep one of them",
    ),
    (
        "left_phase|right_phase:",
        "left_phase-right_phase:",
        "the interface 'left_phase-right_phase' does not name two sides",
        "case:21, interfaces.left_phase-right_phase",
        "write it as 'grain|core'",
    ),
    (
        "  left: {kind",
        "  lfet: {kind",
        "'lfet' is not a boundary of this geometry",
        "case:25, terminals.lfet",
        "did you mean 'left'?",
    ),
    (
        "species: Li+, potential",
        "species: Na+, potential",
        "'Na+' is not a species of the phases here",
        "case:26, terminals.right.species",
        "use 'Li+'",
    ),
    (
        "species: Li+, potential: 10 mV",
        "species: Li+",
        "a reservoir has either a potential or an electrochemical_potential",
        "case:26, terminals.right",
        "give exactly one",
    ),
    (
        "kind: transient",
        "kind: transcient",
        "'transcient' is not a known kind",
        "case:29, study[1]",
        "did you mean 'transient'?",
    ),
    (
        "terminals: {right:",
        "terminals: {rigth:",
        "'rigth' is not a terminal of this case",
        "case:32, study[1].terminals.rigth",
        "did you mean 'right'?",
    ),
    (
        "duration: 1 ms",
        "duration: 1 us",
        "an output time (1e-05 s) lies after the end of the study (1e-06 s)",
        "case:29, study[1]",
        "make duration longer, or remove the time",
    ),
    (
        "[1 us, 10 us]",
        "[10 us, 1 us]",
        "the list of output times does not rise",
        "case:31, study[1].output_times",
        "write each time once, in rising order",
    ),
    (
        "[1 us, 10 us]",
        "{every: 1 us, count: 3}",
        "output times are given in more than one way, or not completely",
        "case:31, study[1].output_times",
        "give a list, {every: 1 s}, {count: 10}, or {from: 1 us, to: 1 s, per_decade: 5}",
    ),
    (
        "study:",
        "solver: {element_order: 3}\nstudy:",
        "expected one of 1, 2; found 3",
        "case:27, solver.element_order",
        "",
    ),
    (
        "study:",
        "output: {fields: [potentail]}\nstudy:",
        "expected one of potential, electrochemical_potential, concentration, occupancy, charge_density, flux; "
        "found 'potentail'",
        "case:27, output.fields[0]",
        "did you mean 'potential'?",
    ),
    ("title: two layers", "title: 5", "expected a text, found 5", "case:1, title", ""),
    ("title: two layers", "source: x", "unknown key 'source'", "case:1, source", "remove it; it is set on loading"),
    (
        "title: two layers",
        "title: !!python/object/apply:os.system [ls]",
        "the tag 'tag:yaml.org,2002:python/object/apply:os.system' is not allowed",
        "case:1, title",
        "remove the word that begins with '!'",
    ),
    (
        "title: two layers",
        "title: one\ntitle: two",
        "the key 'title' is written twice (first in line 1)",
        "case:2, title",
        "keep one",
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "what", "where", "hint"), REJECTIONS, ids=[f"{i}:{row[2][:50]}" for i, row in enumerate(REJECTIONS)]
)
def test_message(case_text: str, old: str, new: str, what: str, where: str, hint: str) -> None:
    assert old in case_text
    with pytest.raises(InvalidCaseError) as caught:
        parse_case(case_text.replace(old, new, 1))
    assert (caught.value.what, caught.value.where, caught.value.hint) == (what, where, hint)
    assert caught.value.exit_code == 2


def one_phase(phase: str) -> str:
    return f"""\
temperature: 298.15 K
geometry:
  kind: layers
  layers: [{{phase: a, thickness: 20 nm}}]
  spacing: {{interface: 0.1 nm, bulk: 1 nm}}
phases:
  a: {phase}
terminals: {{left: {{kind: electrode, potential: 0 V}}}}
study: [{{kind: equilibrium}}]
"""


SITE = "sites: [{name: A, density: 1000 mol/m^3}]"


@pytest.mark.parametrize(
    ("phase", "what", "where", "hint"),
    [
        ("{}", "a poisson phase needs a permittivity", "phases.a", "add for example 'permittivity: 100'"),
        (
            "{electrostatics: conductor}",
            "a conductor phase needs an electronic_conductivity",
            "phases.a",
            "add for example 'electronic_conductivity: 100 S/m'",
        ),
        (
            "{permittivity: 10, species: {Li+: {}}, concentration: {Li+: 1 mol/m^3}}",
            "species 'Li+' has no site to occupy",
            "phases.a.species.Li+",
            "add a site class, or 'Li+: 0 eV' to the standard_potential of one",
        ),
        (
            f"{{permittivity: 10, species: {{Li+: {{}}}}, {SITE}}}",
            "species 'Li+' has no concentration",
            "phases.a.concentration",
            "add 'concentration: {Li+: 8261 mol/m^3}'",
        ),
        (
            f"{{permittivity: 10, species: {{Li+: {{}}}}, {SITE}, concentration: {{Li+: -5 mol/m^3}}}}",
            "expected a concentration above 0 mol/m^3, found '-5 mol/m^3'",
            "phases.a.concentration.Li+",
            "",
        ),
        (
            f"{{permittivity: 10, species: {{Li+: {{}}}}, {SITE}, concentration: {{Li+: 1000 mol/m^3}}}}",
            "expected less than the 1000 mol/m^3 of sites, found 1000 mol/m^3",
            "phases.a.concentration.Li+",
            "lower the concentration, or raise the density of the sites",
        ),
        (
            "{permittivity: 10, species: {Li+: {}}, concentration: {Li+: 1 mol/m^3}, "
            "sites: [{name: A, density: 9 mol/m^3, standard_potential: {Li: 0 eV, Li+: 0 eV}}]}",
            "'Li' is not a species of this phase",
            "phases.a.sites[0].standard_potential.Li",
            "did you mean 'Li+'?",
        ),
        (
            "{permittivity: 10, species: {Li+: {}}, concentration: {Li+: 1 mol/m^3}, "
            "sites: [{name: A, density: 9 mol/m^3}, {name: A, density: 9 mol/m^3}]}",
            "two site classes have the name 'A'",
            "phases.a.sites[1].name",
            "rename one",
        ),
        (
            f"{{permittivity: 10, {SITE}, concentration: {{Li+: 1 mol/m^3}}, species: "
            "{Li+: {diffusivity: {value: 1e-12 m^2/s, activation_energy: 0.3 eV}}}}",
            "an activation energy needs the temperature at which the diffusivity holds",
            "phases.a.species.Li+.diffusivity",
            "add for example 'at: 298.15 K' beside activation_energy",
        ),
        (
            "{permittivity: 10, permitivity: 3}",
            "unknown key 'permitivity'",
            "phases.a.permitivity",
            "did you mean 'permittivity'?",
        ),
    ],
)
def test_impossible_phase(phase: str, what: str, where: str, hint: str) -> None:
    with pytest.raises(InvalidCaseError) as caught:
        parse_case(one_phase(phase))
    assert (caught.value.what, caught.value.hint) == (what, hint)
    assert caught.value.where == f"case:7, {where}"


def test_competing_species_fill_the_sites_together() -> None:
    text = (
        f"{{permittivity: 10, species: {{6Li+: {{}}, 7Li+: {{}}}}, {SITE}, "
        "concentration: {6Li+: 600 mol/m^3, 7Li+: 500 mol/m^3}}"
    )
    with pytest.raises(InvalidCaseError, match="found 1100 mol/m"):
        parse_case(one_phase(text))
    assert parse_case(one_phase(text.replace("600", "400"))).phases["a"].concentration == {"6Li+": 400.0, "7Li+": 500.0}


def test_a_phase_that_is_not_placed_is_refused() -> None:
    with pytest.raises(InvalidCaseError) as caught:
        parse_case(one_phase("{permittivity: 10}").replace("terminals:", "  b: {permittivity: 5}\nterminals:"))
    assert caught.value.what == "phase 'b' is not used by the geometry"
    assert caught.value.where == "case:8, phases.b"


def test_a_potential_that_nothing_fixes_is_refused() -> None:
    with pytest.raises(InvalidCaseError) as caught:
        parse_case(one_phase("{permittivity: 10}").replace("electrode, potential: 0 V", "symmetry"))
    assert caught.value.what == "no terminal fixes a potential, so the potential is only known up to a constant"
    assert caught.value.where == "case:8, terminals"


def test_all_problems_are_listed_in_the_order_of_the_file(case_text: str) -> None:
    text = (
        case_text.replace("title", "titel")
        .replace("20 nm}", "20 nmm}")
        .replace("kind: equilibrium", "kind: equilibrum")
    )
    with pytest.raises(InvalidCaseError) as caught:
        parse_case(text)
    assert str(caught.value) == (
        "case has 3 problems\n"
        "  1. unknown key 'titel'\n"
        "     where: case:1, titel\n"
        "     try:   did you mean 'title'?\n"
        "  2. 'nmm' is not a unit\n"
        "     where: case:6, geometry.layers[0].thickness\n"
        "     try:   did you mean 'nm'?\n"
        "  3. 'equilibrum' is not a known kind\n"
        "     where: case:28, study[0]\n"
        "     try:   did you mean 'equilibrium'?"
    )
    assert [problem.path for problem in caught.value.problems][1] == ("geometry", "layers", 0, "thickness")


@pytest.mark.parametrize(
    ("text", "what", "where"),
    [
        ("", "the file is empty", "case"),
        ("- 1\n- 2\n", "the file is not a mapping of keys", "case"),
        ("a: [1, 2\nb: 3\n", None, "case:2"),
        ("a: &x\n  b: *x\n", "an alias refers to itself", "case:1, a.b"),
        ("a: .nan\n", "'.nan' is not a finite number", "case:1, a"),
        ("? [1]\n: 2\n", "a key is a list or a mapping", "case:1"),
    ],
)
def test_bad_yaml(text: str, what: str | None, where: str) -> None:
    with pytest.raises(InvalidCaseError) as caught:
        parse_case(text)
    assert caught.value.where == where
    if what is None:
        assert caught.value.what.startswith("the file is not valid YAML: ")
    else:
        assert caught.value.what == what


def test_missing_and_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(InvalidCaseError) as caught:
        load_case(tmp_path / "none.yaml")
    assert caught.value.what == f"there is no file '{tmp_path / 'none.yaml'}'"
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidCaseError, match="it is not UTF-8 text"):
        load_case(tmp_path / "binary.yaml")
    with pytest.raises(InvalidCaseError, match="it is a directory"):
        load_case(tmp_path)
