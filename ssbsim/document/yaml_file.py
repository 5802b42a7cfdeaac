"""YAML as plain data, with the line of every key: a closed reader that knows text, numbers, true, false and null.

Tags are refused, so a file cannot name an object to build; a key written twice is an error; anchors, aliases and the
merge key ``<<`` work.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ssbsim.document.problems import InvalidCaseError, KeyPath, Problem

_CORE = "tag:yaml.org,2002:"

#: Values in one file, aliases written out.
MAXIMUM_SIZE = 1_000_000


@dataclass
class YamlDocument:
    """Plain data of a YAML file and where each key stands.

    Attributes:
        name: Name of the file, for messages.
        data: Dicts, lists, strings, numbers, booleans and None.
        lines: Line (from 1) of each key path.
    """

    name: str
    data: Any = None
    lines: dict[KeyPath, int] = field(default_factory=dict)

    def place(self, path: KeyPath) -> str:
        """File and line of a key, or of the nearest key above it."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return f"{self.name}:{self.lines[path[:length]]}"
        return self.name


def read_yaml(path: Path | str) -> YamlDocument:
    """Read a YAML file.

    Raises:
        InvalidCaseError: The file is missing, is not text, or is not plain YAML.
    """
    name = str(path)
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InvalidCaseError(name, [Problem(f"there is no file '{name}'", hint="check the path")]) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise InvalidCaseError(name, [Problem(f"'{name}' cannot be read: {reason}", hint="check the path")]) from None
    return parse_yaml(text, name)


def parse_yaml(text: str, name: str) -> YamlDocument:
    """Read YAML text; ``name`` stands for the file in messages.

    Raises:
        InvalidCaseError: The text is not plain YAML.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    document = YamlDocument(name)
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{name}:{mark.line + 1}" if mark is not None else name
        what = "the file is not valid YAML: " + str(error.problem or error.context)
        hint = "look at the indentation, the colons, and the brackets and quotes that are not closed"
        raise InvalidCaseError(name, [Problem(what, hint=hint, place=place)]) from None
    except YAMLError as error:
        first = str(error).splitlines()[0]
        raise InvalidCaseError(name, [Problem(f"the file is not valid YAML: {first}", place=name)]) from None
    except RecursionError:
        raise InvalidCaseError(name, [_too_deep(name)]) from None
    if root is None:
        raise InvalidCaseError(name, [Problem("the file is empty", place=name, hint="start from a file in configs/")])
    reader = _Reader(document)
    try:
        if _expanded_size(root, {}) > MAXIMUM_SIZE:
            what = f"the file stands for more than {MAXIMUM_SIZE:,} values once its aliases are written out"
            raise InvalidCaseError(name, [Problem(what, place=name, hint="remove aliases of aliases")])
        document.data = reader.build(root, ())
    except RecursionError:
        raise InvalidCaseError(name, [_too_deep(name)]) from None
    if reader.problems:
        raise InvalidCaseError(name, reader.problems)
    return document


def _too_deep(name: str) -> Problem:
    return Problem("the file is nested too deeply", place=name, hint="look for brackets that are not closed")


def _expanded_size(node: Any, sizes: dict[int, int]) -> int:
    """Number of values below a node with every alias written out; a node within itself counts once."""
    known = sizes.get(id(node))
    if known is None:
        sizes[id(node)] = known = 1
        if not isinstance(node.value, str):
            for item in node.value:
                known += sum(_expanded_size(part, sizes) for part in (item if isinstance(item, tuple) else (item,)))
        sizes[id(node)] = known
    return known


class _Reader:
    def __init__(self, document: YamlDocument) -> None:
        self.document = document
        self.problems: list[Problem] = []
        self._open: list[Any] = []

    def build(self, node: Any, path: KeyPath) -> Any:
        self.document.lines.setdefault(path, node.start_mark.line + 1)
        if any(node is parent for parent in self._open):
            self._complain(node, path, "an alias refers to itself", "write the values out")
            return None
        kind = type(node).__name__
        tag = str(getattr(node.ctag, "uri", node.tag) if hasattr(node, "ctag") else node.tag)
        if not tag.startswith(_CORE) or tag[len(_CORE) :] not in _KNOWN_TAGS:
            self._complain(node, path, f"the tag '{node.tag}' is not allowed", "remove the word that begins with '!'")
            return None
        self._open.append(node)
        try:
            if kind == "MappingNode":
                return self._mapping(node, path)
            if kind == "SequenceNode":
                return [self.build(item, (*path, index)) for index, item in enumerate(node.value)]
            return self._scalar(node, path, tag[len(_CORE) :])
        finally:
            self._open.pop()

    def _mapping(self, node: Any, path: KeyPath) -> dict[str, Any]:
        result: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _CORE + "merge":
                sources = value_node.value if type(value_node).__name__ == "SequenceNode" else [value_node]
                for source in sources:
                    values = self.build(source, path)
                    if not isinstance(values, dict):
                        self._complain(source, path, "'<<' needs a mapping to merge", "refer to an anchored mapping")
                        continue
                    merged = {**values, **merged}
                continue
            if type(key_node).__name__ != "ScalarNode":
                self._complain(key_node, path, "a key is a list or a mapping", "write keys as plain words")
                continue
            key = str(key_node.value)
            here = (*path, key)
            if key in result:
                first = self.document.lines.get(here, 0)
                self._complain(key_node, here, f"the key '{key}' is written twice (first in line {first})", "keep one")
                continue
            self.document.lines[here] = key_node.start_mark.line + 1
            result[key] = self.build(value_node, here)
        return {**merged, **result}

    def _scalar(self, node: Any, path: KeyPath, tag: str) -> Any:
        text = str(node.value)
        try:
            if tag == "null":
                return None
            if tag == "bool":
                return text.lower() == "true"
            if tag == "int":
                return int(text.replace("_", ""), 0 if text.lstrip("+-").lower().startswith(("0x", "0o")) else 10)
            if tag == "float":
                number = float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))
                if not math.isfinite(number):
                    self._complain(node, path, f"'{text}' is not a finite number", "write a finite number")
                return number
        except ValueError:
            self._complain(node, path, f"'{text}' is not a number", "write it as 1.5 or 1.5e-9")
            return None
        return text

    def _complain(self, node: Any, path: KeyPath, what: str, hint: str) -> None:
        place = f"{self.document.name}:{node.start_mark.line + 1}"
        self.problems.append(Problem(what, path, hint, place))


_KNOWN_TAGS = ("map", "seq", "str", "null", "bool", "int", "float", "timestamp", "merge", "value")
