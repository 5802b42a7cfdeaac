from __future__ import annotations

from pathlib import Path

import pytest

from ssbsim.constants import AVOGADRO
from ssbsim.errors import MaterialError
from ssbsim.materials import list_materials, load_material, resolve_phase


def write(folder: Path, text: str, name: str = "mine.yaml") -> str:
    (folder / name).write_text(text)
    return str(folder / name)


@pytest.mark.parametrize("name", list_materials())
def test_every_entry_is_complete(name: str) -> None:
    material = load_material(name)
    assert material.name == name
    assert material.title
    assert material.notes
    assert material.phase.material is None
    assert resolve_phase(material.phase) == material.phase


@pytest.mark.parametrize("name", list_materials())
def test_every_value_of_every_entry_says_where_it_comes_from(name: str) -> None:
    for path, record in load_material(name).provenance.items():
        where = f"{name}: {path}"
        assert record.source, where
        assert record.method, where
        assert record.temperature, where
        assert record.uncertainty, where
        assert record.basis in ("read", "memory", "fitted", "definition"), where
        assert (record.confidence is not None) == record.is_from_memory, where


def test_llto_numbers_follow_from_its_cell_and_composition() -> None:
    volume = 7.737e-10 * 7.742e-10 * 7.785e-10
    phase = load_material("LLTO").phase
    assert phase.concentration["Li+"] == pytest.approx(0.29 * 8 / volume / AVOGADRO, rel=1e-3)
    assert phase.sites[0].density == pytest.approx(0.43 * 8 / volume / AVOGADRO, rel=1e-3)


def test_llto_flags_what_is_from_memory() -> None:
    provenance = load_material("LLTO").provenance
    assert [record.path for record in provenance.values() if record.is_from_memory] == ["permittivity"]


def test_cores_share_the_grain_except_where_they_say_so() -> None:
    grain = load_material("LLTO").phase
    for name in ("LLTO-grain-boundary-core-charged", "LLTO-grain-boundary-core-Li-poor"):
        core = load_material(name)
        assert core.phase.species == grain.species
        assert core.phase.sites[0].density == grain.sites[0].density
        assert core.phase.permittivity == 50.0
        assert core.provenance[("permittivity",)].material == name
        assert core.provenance[("species", "Li+", "diffusivity", "value")].material == "LLTO"


def test_the_two_cores_draw_lithium_in_opposite_directions() -> None:
    assert load_material("LLTO-grain-boundary-core-charged").phase.excess_charge > 0.0
    poor = load_material("LLTO-grain-boundary-core-Li-poor").phase
    assert poor.excess_charge < 0.0
    assert poor.sites[0].standard_potential["Li+"] > 0.0


def test_an_unknown_name_lists_the_nearest() -> None:
    with pytest.raises(MaterialError) as caught:
        load_material("LTLO")
    assert caught.value.what == "there is no material 'LTLO' in the library"
    assert caught.value.hint.startswith("did you mean 'LLTO'?")
    assert "reference-binary" in caught.value.hint


def test_a_file_of_the_user_is_read(tmp_path: Path, material_text: str) -> None:
    material = load_material(write(tmp_path, material_text))
    assert material.name == "mine"
    assert material.phase.concentration == {"Li+": 500.0}
    assert material.phase.species["Li+"].diffusivity is not None
    record = material.provenance[("species", "Li+", "diffusivity", "value")]
    assert (record.value, record.temperature, record.confidence) == ("1e-12 m^2/s", "290 K to 310 K", 0.5)
    assert record.is_from_memory
    assert material.provenance[("sites", "A", "density")].path == "sites.A.density"


@pytest.mark.parametrize("key", ["value", "source", "method", "temperature", "uncertainty", "basis"])
def test_a_value_without_any_part_of_its_provenance_does_not_load(tmp_path: Path, material_text: str, key: str) -> None:
    lines = material_text.splitlines(keepends=True)
    text = "".join(line for i, line in enumerate(lines) if not (2 <= i <= 7 and line.startswith(f"  {key}:")))
    path = write(tmp_path, text)
    with pytest.raises(MaterialError) as caught:
        load_material(path)
    assert caught.value.what == f"the key '{key}' is missing"
    assert caught.value.where == f"{path}:2, permittivity.{key}"


@pytest.mark.parametrize(
    ("old", "new", "what", "where"),
    [
        (
            "1e-12 m^2/s",
            "1e-12",
            "expected a diffusivity with its unit, found the bare number 1e-12",
            "11, species.Li+.diffusivity",
        ),
        (
            "1e-12 m^2/s",
            "1e-12 m/s",
            "expected a diffusivity, but 'm/s' is not a diffusivity",
            "11, species.Li+.diffusivity",
        ),
        (
            "basis: read",
            "basis: guess",
            "expected one of read, memory, fitted, definition; found 'guess'",
            "8, permittivity.basis",
        ),
        (
            "basis: read",
            "basis: memory",
            "a value from memory says its confidence, and no other value does",
            "2, permittivity",
        ),
        (
            "      confidence: 0.5\n",
            "",
            "a value from memory says its confidence, and no other value does",
            "11, species.Li+.diffusivity",
        ),
        ("10 %", "small", "expected an uncertainty, found 'small'", "7, permittivity.uncertainty"),
        ("10 %", "exact (sure)", "a value that is read is not exact", "2, permittivity"),
        ("298 K", "298", "'298' has no unit", "6, permittivity.temperature"),
        ("298 K", "298 m", "expected a temperature, but 'm' is a length", "6, permittivity.temperature"),
        (
            "[290 K, 310 K]",
            "[310 K, 290 K]",
            "the range of temperature runs downwards",
            "16, species.Li+.diffusivity.temperature",
        ),
        ("title: test material\n", "", "the key 'title' is missing", "1, title"),
        ("source: a handbook", "sorce: a handbook", "unknown key 'sorce'", "4, permittivity.sorce"),
        ("permittivity:", "permitivity:", "unknown key 'permitivity'", "2, permitivity"),
        ("title: test", "material: LLTO\ntitle: test", "unknown key 'material'", "1, material"),
        ("title: test", "based_on: LTLO\ntitle: test", "there is no material 'LTLO'", "1, based_on"),
        (
            "500 mol/m^3",
            "5000 mol/m^3",
            "expected less than the 1000 mol/m^3 of sites, found 5000 mol/m^3",
            "25, concentration.Li+",
        ),
    ],
)
def test_an_incomplete_file_is_refused(
    tmp_path: Path, material_text: str, old: str, new: str, what: str, where: str
) -> None:
    assert old in material_text
    path = write(tmp_path, material_text.replace(old, new, 1))
    with pytest.raises(MaterialError) as caught:
        load_material(path)
    assert (caught.value.what, caught.value.where) == (what, f"{path}:{where}")


def test_a_bare_value_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "title: x\npermittivity: 10\n")
    with pytest.raises(MaterialError) as caught:
        load_material(path)
    assert caught.value.what == "the value 10 has no source"
    assert caught.value.where == f"{path}:2, permittivity"


def test_files_based_on_each_other_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "title: a\nbased_on: ./b.yaml\n", "a.yaml")
    write(tmp_path, "title: b\nbased_on: ./a.yaml\n", "b.yaml")
    with pytest.raises(MaterialError, match="based on each other"):
        load_material(str(tmp_path / "a.yaml"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MaterialError, match="there is no file"):
        load_material(str(tmp_path / "none.yaml"))
