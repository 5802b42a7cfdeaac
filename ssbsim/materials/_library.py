"""Material files: the fields of a phase, where every value carries its provenance.

A file is a YAML mapping with ``title``, optionally ``notes`` and ``based_on`` (another entry whose values hold where
this one says nothing), and the fields of :class:`ssbsim.case.Phase`. Each value is a mapping::

    permittivity:
      {value: 100, source: ..., doi: ..., method: ..., temperature: 298 K, uncertainty: factor 2, basis: read}

Choices (``electrostatics``, ``statistics``, ``background``, ``mobility``, ``charge``, names, and the temperature
``at`` which a diffusivity was measured) are plain.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ssbsim.case import Phase, is_material_file, phase_problems
from ssbsim.document.problems import InvalidCaseError, KeyPath, Problem, format_path
from ssbsim.document.reading import validate_document
from ssbsim.document.suggestions import did_you_mean
from ssbsim.document.translation import translate
from ssbsim.document.yaml_file import YamlDocument, read_yaml
from ssbsim.errors import MaterialError
from ssbsim.materials._merge import merge_phases
from ssbsim.materials._provenance import Provenance, SourcedValue

LIBRARY = Path(__file__).parent / "library"

_VALUES: tuple[tuple[str, ...], ...] = (
    ("permittivity",),
    ("electronic_conductivity",),
    ("excess_charge",),
    ("species", "*", "haven_ratio"),
    ("species", "*", "diffusivity"),
    ("species", "*", "diffusivity", "value"),
    ("species", "*", "diffusivity", "activation_energy"),
    ("sites", "*", "density"),
    ("sites", "*", "width"),
    ("sites", "*", "standard_potential", "*"),
    ("concentration", "*"),
)
_NOT_OF_THE_PHASE = ("title", "notes", "based_on")


@dataclass(frozen=True)
class Material:
    """An entry of the library.

    Attributes:
        name: As cases refer to it.
        title: One line for reports.
        notes: What a user should know before trusting it.
        phase: All values, complete and in SI units.
        provenance: One record for each value, by key path; site classes are named, not numbered.
        path: The file.
    """

    name: str
    title: str
    notes: str
    phase: Phase
    provenance: dict[KeyPath, Provenance] = field(repr=False)
    path: Path


def list_materials() -> tuple[str, ...]:
    """Names of the entries of the library."""
    return tuple(sorted(path.stem for path in LIBRARY.glob("*.yaml")))


def load_material(name: str) -> Material:
    """An entry of the library, or a material file of the user's own.

    Args:
        name: Name of an entry, or a path that ends in .yaml or contains a slash.

    Raises:
        MaterialError: There is no such material, or a value in it lacks its unit or provenance.
    """
    if is_material_file(name):
        return _load_file(Path(name), ())
    return _load_entry(name)


@lru_cache(maxsize=64)
def _load_entry(name: str) -> Material:
    if name not in list_materials():
        raise MaterialError(
            f"there is no material '{name}' in the library",
            hint=f"{did_you_mean(name, list_materials())} The library has {', '.join(list_materials())}.",
        )
    return _load_file(LIBRARY / f"{name}.yaml", ())


def _load_file(path: Path, parents: tuple[Path, ...]) -> Material:
    try:
        return _read_material(path, parents)
    except InvalidCaseError as error:
        raise MaterialError(error.what, where=error.where, hint=error.hint) from None


def _read_material(path: Path, parents: tuple[Path, ...]) -> Material:
    document = read_yaml(path)
    if not isinstance(document.data, dict):
        raise InvalidCaseError(document.name, [Problem("the file is not a mapping of keys", place=document.name)])
    data, name = document.data, path.stem
    problems = [
        Problem(f"'{key}' is not text", (key,), "write one line of text", document.place((key,)))
        for key in _NOT_OF_THE_PHASE
        if key in data and not isinstance(data[key], str)
    ]
    if "title" not in data:
        problems.append(Problem("the key 'title' is missing", ("title",), "add one line of text", document.place(())))
    if "material" in data:
        hint = "write 'based_on' instead"
        problems.append(Problem("unknown key 'material'", ("material",), hint, document.place(("material",))))
    values: dict[KeyPath, SourcedValue] = {}
    plain = {key: value for key, value in data.items() if key not in _NOT_OF_THE_PHASE}
    plain = _plain(plain, (), document, values, problems)
    if problems:
        raise InvalidCaseError(document.name, problems)
    phase = validate_document(Phase, YamlDocument(document.name, plain, document.lines), folder=path.parent)
    named = {_named(key, phase): value for key, value in values.items()}
    provenance = {key: _record(key, value, name) for key, value in named.items()}
    if "based_on" in data:
        base = _load_base(data["based_on"], path, parents, document)
        provenance = {
            **{key: record for key, record in base.provenance.items() if not is_replaced(key, given_values(phase))},
            **provenance,
        }
        phase = merge_phases(base.phase, phase)
    missing = [Problem(one.what, one.path, one.hint, document.place(one.path)) for one in phase_problems(phase)]
    if missing:
        raise InvalidCaseError(document.name, missing)
    return Material(name, data["title"], data.get("notes", ""), phase, provenance, path)


def _load_base(name: str, path: Path, parents: tuple[Path, ...], document: YamlDocument) -> Material:
    place = document.place(("based_on",))
    if path in parents:
        hint = "remove based_on from one of them"
        raise InvalidCaseError(
            document.name, [Problem("the entries are based on each other", ("based_on",), hint, place)]
        )
    base = path.parent / name if is_material_file(name) else LIBRARY / f"{name}.yaml"
    if not base.exists():
        problem = Problem(f"there is no material '{name}'", ("based_on",), did_you_mean(name, list_materials()), place)
        raise InvalidCaseError(document.name, [problem])
    return _load_file(base, (*parents, path))


def _is_value(path: KeyPath) -> bool:
    return any(
        len(path) == len(pattern) and all(want in ("*", item) for want, item in zip(pattern, path, strict=True))
        for pattern in _VALUES
    )


def _plain(
    node: Any, path: KeyPath, document: YamlDocument, values: dict[KeyPath, SourcedValue], problems: list[Problem]
) -> Any:
    """The data without provenance, which is collected in ``values``."""
    is_arrhenius = path[-1:] == ("diffusivity",) and isinstance(node, dict) and "source" not in node
    if _is_value(path) and not is_arrhenius:
        found = _sourced(node, path, document, problems)
        if found is None:
            return None
        values[path] = found
        return found.value
    if isinstance(node, dict):
        return {key: _plain(item, (*path, key), document, values, problems) for key, item in node.items()}
    if isinstance(node, list):
        return [_plain(item, (*path, index), document, values, problems) for index, item in enumerate(node)]
    return node


def _sourced(node: Any, path: KeyPath, document: YamlDocument, problems: list[Problem]) -> SourcedValue | None:
    if not isinstance(node, dict):
        hint = "write {value: ..., source: ..., method: ..., temperature: ..., uncertainty: ..., basis: ...}"
        problems.append(Problem(f"the value {node!r} has no source", path, hint, document.place(path)))
        return None
    lines = {key[len(path) :]: line for key, line in document.lines.items() if key[: len(path)] == path}
    try:
        return SourcedValue.model_validate(node)
    except ValidationError as error:
        for one in translate(error, SourcedValue, YamlDocument(document.name, node, lines)):
            problems.append(Problem(one.what, path + one.path, one.hint, one.place))
        return None


def _named(path: KeyPath, phase: Phase) -> KeyPath:
    """The path with the name of a site class in place of its number, and without short forms."""
    if path[-1] == "diffusivity":
        return (*path, "value")
    if path[0] == "sites" and isinstance(path[1], int):
        return ("sites", phase.sites[path[1]].name, *path[2:])
    return path


def is_replaced(path: KeyPath, given: Collection[KeyPath]) -> bool:
    """Whether a phase with the values ``given``, laid over another, replaces the value at ``path``.

    A diffusivity and the standard potentials of a site class are replaced as a whole.
    """
    whole = path[:3] if path[2:3] in (("diffusivity",), ("standard_potential",)) else path
    return any(other[: len(whole)] == whole for other in given)


def given_values(phase: Phase) -> dict[KeyPath, Any]:
    """The values that a phase gives itself, without defaults, by key path with site classes named."""
    given: dict[KeyPath, Any] = {}

    def collect(node: Any, path: KeyPath) -> None:
        if _is_value(path) and node is not None and not isinstance(node, dict):
            given[path] = node
        elif isinstance(node, dict):
            for key, item in node.items():
                collect(item, (*path, key))

    data = phase.model_dump(exclude_unset=True)
    data["sites"] = {site["name"]: site for site in data.get("sites", ())}
    collect(data, ())
    return given


def _record(path: KeyPath, value: SourcedValue, material: str) -> Provenance:
    return Provenance(
        path=format_path(path),
        value=str(value.value),
        material=material,
        source=value.source,
        doi=value.doi or "",
        method=value.method,
        temperature=value.temperature,
        uncertainty=value.uncertainty,
        basis=value.basis,
        confidence=value.confidence,
    )
