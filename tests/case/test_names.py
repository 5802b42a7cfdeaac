"""One rule for every name that a case gives, and nothing that breaks the programs that read names later."""

from __future__ import annotations

import json

import pytest

from ssbsim.case import parse_case
from ssbsim.document.problems import InvalidCaseError

BAD = ['a"b', "a<b", "a&b", "$a$", "a\\b", "a\nb", "a|b", "a[b]", "{a}", " a", "a  b", "", "a\u2028b", "a" * 101]
GOOD = ["6Li+", "V_Li'", "grain.1", "left grain", "Äther", "二", "Li(i)•", "PT-VOLUME/1"]


def one_phase(phase: str = "e", species: str = "A", site: str = "A", layer: str = "b") -> str:
    phase, species, site, layer = map(json.dumps, (phase, species, site, layer))
    return f"""\
temperature: 300 K
geometry: {{kind: layers, layers: [{{phase: {phase}, thickness: 5 nm, name: {layer}}}], spacing: {{interface: 1 nm, bulk: 1 nm}}}}
phases:
  {phase}:
    permittivity: 10
    species: {{{species}: {{charge: 1}}}}
    sites: [{{name: {site}, density: 1000 mol/m^3}}]
    concentration: {{{species}: 500 mol/m^3}}
terminals: {{left: {{kind: electrode, potential: 0 V}}}}
study: [{{kind: equilibrium}}]
"""


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("where", ["phase", "species", "site", "layer"])
def test_a_name_that_breaks_the_rule_is_refused_with_its_line(where: str, name: str) -> None:
    if not name and where == "layer":
        return  # the layer has no name then
    with pytest.raises(InvalidCaseError, match="a name") as caught:
        parse_case(one_phase(**{where: name}))
    line = {"phase": 4, "species": 6, "site": 7, "layer": 2}[where]
    assert f"case:{line}" in [problem.place for problem in caught.value.problems]


@pytest.mark.parametrize("name", GOOD)
def test_the_names_of_the_field_and_of_any_language_pass(name: str) -> None:
    species = name if name != "6Li+" else "7Li+"
    case = parse_case(one_phase(name, species, name, name))
    assert parse_case(case.to_yaml()) == case


@pytest.mark.parametrize("name", ["\\ud800", "\\0"])
def test_a_name_that_cannot_be_written_is_refused(name: str) -> None:
    with pytest.raises(InvalidCaseError):
        parse_case(one_phase().replace('"A"', f'"{name}"'))
