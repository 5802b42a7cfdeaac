"""The house: which way imports flow between rooms, and what stands in one place only. See DESIGN and CONTRIBUTING."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator
from importlib import import_module

import pytest
from package_imports import FOLDER, Import, circles, imports_in, imports_of, modules

ROOMS = (
    "document",
    "case",
    "materials",
    "geometry",
    "discretization",
    "physics",
    "solvers",
    "studies",
    "results",
    "analysis",
    "sweep",
    "commands",
    "cli",
)
"""A module imports only from rooms before its own; modules at the top, which every room may use, from no room."""

ANYWHERE = ("document", "case", "materials", "geometry", "results")
"""Rooms that work without FEniCSx."""

FENICSX = ("basix", "dolfinx", "ffcx", "petsc4py", "ufl")

LONGEST = 400
"""Lines of a file."""

CONSTANTS = {
    "elementary charge": 1.602176634e-19,
    "Boltzmann's constant": 1.380649e-23,
    "Avogadro's constant": 6.02214076e23,
    "Faraday's constant": 96485.33212,
    "gas constant": 8.314462618,
    "vacuum permittivity": 8.8541878128e-12,
}


def room(module: str) -> str:
    """The room that a module stands in; nothing for those at the top."""
    first = module.split(".")[1] if "." in module else ""
    return first if first in ROOMS or (FOLDER / first).is_dir() else ""


def own(module: str) -> Iterator[Import]:
    """What a module imports of the package."""
    return (one for one in imports_of(module) if one.module.split(".")[0] == FOLDER.name)


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def test_every_folder_is_a_room() -> None:
    assert {path.parent.name for path in FOLDER.glob("*/__init__.py")} <= set(ROOMS)


def test_imports_come_from_rooms_before() -> None:
    assert [
        f"{module}, line {one.line}: {one.module}"
        for module in modules()
        for one in own(module)
        if room(one.module) and (not room(module) or ROOMS.index(room(one.module)) > ROOMS.index(room(module)))
    ] == []


def test_nothing_private_of_another_room() -> None:
    assert [
        f"{module}, line {one.line}: {one.module} {one.name}"
        for module in modules()
        for one in own(module)
        if room(one.module) not in ("", room(module)) and any(map(is_private, [*one.module.split("."), one.name]))
    ] == []


def test_no_circle_of_files() -> None:
    assert circles({module: {one.module for one in imports_of(module)} for module in modules()}) == []


def test_a_circle_is_found() -> None:
    graph = {"a": {"b", "d"}, "b": {"c"}, "c": {"a"}, "d": {"a"}, "e": {"e"}, "f": {"a"}}
    assert circles(graph) == [["a", "b", "c", "d"], ["e"]]


def test_what_others_import_is_there() -> None:
    assert [
        f"{path.relative_to(FOLDER.parent)}, line {one.line}: {one.module} {one.name}"
        for folder in ("bench", "docs", "meshes", "tests", "validation")
        for path in sorted((FOLDER.parent / folder).rglob("*.py"))
        for one in imports_in(path)
        if one.module.split(".")[0] == FOLDER.name and not is_there(one)
    ] == []


def is_there(one: Import) -> bool:
    return one.module in modules() and (not one.name or hasattr(import_module(one.module), one.name))


def test_files_have_one_idea() -> None:
    lengths = {module: len(path.read_text(encoding="utf-8").splitlines()) for module, path in modules().items()}
    assert {module: length for module, length in lengths.items() if length > LONGEST} == {}


def test_versions_of_dolfinx_in_one_place() -> None:
    found = []
    for module in set(modules()) - {"ssbsim._compat"}:
        named = [f"{one.module}.{one.name}" for one in imports_of(module)]
        named += [ast.unparse(node) for node in ast.walk(tree_of(module)) if isinstance(node, ast.Attribute)]
        found += [(module, name) for name in named if name.startswith(("dolfinx.cpp", "dolfinx.__version__"))]
    assert found == []


def test_rooms_without_fenicsx() -> None:
    assert [
        f"{module}, line {one.line}: {one.module}"
        for module in modules()
        for one in imports_of(module)
        if room(module) in ANYWHERE and one.module.split(".")[0] in FENICSX
    ] == []


def test_constants_in_one_place() -> None:
    assert [
        f"{module}, line {line}: {name}"
        for module in modules()
        if module != "ssbsim.constants"
        for line, value in numbers(tree_of(module))
        if (name := constant_near(value))
    ] == []


@pytest.mark.parametrize(
    ("text", "name"),
    [("F = 96485", "Faraday's constant"), ("e = '1.602e-19 * coulomb'", "elementary charge"), ("x = 8.31 + 1", "")],
)
def test_a_constant_is_found(text: str, name: str) -> None:
    assert [constant_near(value) for _, value in numbers(ast.parse(text))][0] == name


def tree_of(module: str) -> ast.Module:
    return ast.parse(modules()[module].read_text(encoding="utf-8"))


def constant_near(value: float) -> str:
    """Name of the constant that a number stands for; nothing for others."""
    return next((name for name, known in CONSTANTS.items() if math.isclose(value, known, rel_tol=3e-4)), "")


def numbers(tree: ast.Module) -> Iterator[tuple[int, float]]:
    """Numbers in the code and in its texts, with their lines; documentation is left out."""
    documentation = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or id(node) in documentation:
            continue
        if isinstance(node.value, (int, float)):
            yield node.lineno, float(node.value)
        elif isinstance(node.value, str):
            for found in re.findall(r"\d+\.?\d*(?:[eE][+-]?\d+)?", node.value):
                yield node.lineno, float(found)
