"""What every module of the package imports, read from its text: imports inside functions count, those for types do not."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import ssbsim

FOLDER = Path(ssbsim.__file__).parent


@dataclass(frozen=True)
class Import:
    """One name that a module takes from another one.

    Attributes:
        line: Where it stands.
        module: The module, `ssbsim.case`; itself taken by name, as in `from ssbsim import case`, it has no `name`.
        name: What is taken from there; nothing where it is the module.
    """

    line: int
    module: str
    name: str = ""


@cache
def modules() -> Mapping[str, Path]:
    """Files of the package by the names of their modules."""
    return {_module_name(path): path for path in sorted(FOLDER.rglob("*.py"))}


@cache
def imports_of(module: str) -> tuple[Import, ...]:
    """What a module of the package imports, of the package or from elsewhere."""
    path = modules()[module]
    return imports_in(path, package=module if path.stem == "__init__" else module.rpartition(".")[0])


def imports_in(path: Path, *, package: str = "") -> tuple[Import, ...]:
    """What a file imports that stands in a package."""
    return tuple(_found(ast.parse(path.read_text(encoding="utf-8")), package))


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Sets of nodes that can all be reached from one another, without those of one node."""
    reach = {node: _reachable(graph, node) for node in graph}
    found = {tuple(sorted(a for a in graph if a in reach[b] and b in reach[a])) for b in graph}
    return sorted(list(circle) for circle in found if len(circle) > 1 or (circle and circle[0] in graph[circle[0]]))


def _reachable(graph: Mapping[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for node in graph.get(waiting.pop(), set()) - seen:
            seen.add(node)
            waiting.append(node)
    return seen


def _module_name(path: Path) -> str:
    parts = path.relative_to(FOLDER.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _found(node: ast.AST, package: str) -> Iterator[Import]:
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        for child in node.orelse:
            yield from _found(child, package)
        return
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(node.lineno, alias.name)
    if isinstance(node, ast.ImportFrom):
        base = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
        module = ".".join([*base, *([node.module] if node.module else [])])
        for alias in node.names:
            is_module = f"{module}.{alias.name}" in modules()
            yield (
                Import(node.lineno, f"{module}.{alias.name}") if is_module else Import(node.lineno, module, alias.name)
            )
    for child in ast.iter_child_nodes(node):
        yield from _found(child, package)
