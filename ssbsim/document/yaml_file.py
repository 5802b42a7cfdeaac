"""YAML as plain data, with the line of every key: a closed reader that knows text, numbers, true, false and null.

Tags are refused, so a file cannot name an object to build; a key written twice is an error; anchors, aliases and the
merge key ``<<`` work. Plain words mean what they mean in the core schema of YAML 1.2 (``yes`` and ``on`` are texts, ``010`` is 10);
a file that asks for YAML 1.1 is refused. The text comes as events from libyaml where ruamel.yaml has it, and no data is built of
a file that is too long, too deep or stands for too many values.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from ssbsim.document.plain_files import NO_FILE, why_unreadable
from ssbsim.document.problems import InvalidCaseError, KeyPath, Problem, describe

_CORE = "tag:yaml.org,2002:"

#: Values in one file, aliases written out.
MAXIMUM_SIZE = 100_000
#: Bytes of a file.
MAXIMUM_LENGTH = 2_000_000
#: Signs of a text that ruamel.yaml itself, a twentieth as fast, may look at again.
_SHORT = 100_000
#: Lists and mappings within one another; a case needs ten.
MAXIMUM_DEPTH = 50

_TOO_DEEP = "the file is nested too deeply"
_KNOWN_TAGS = ("map", "seq", "str", "null", "bool", "int", "float", "timestamp", "merge", "value")
_NULLS = ("", "~", "null", "Null", "NULL")
_BOOLS = ("true", "True", "TRUE", "false", "False", "FALSE")
_INT = re.compile(r"[-+]?[0-9][0-9_]*|[-+]?0o[0-7]+|[-+]?0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
#: What no text of a case may hold, written or escaped: other programs end at it, or cannot encode it.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NOT_YAML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


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
    name = str(path).encode("utf-8", "backslashreplace").decode("utf-8")
    reason = why_unreadable(Path(path), largest=MAXIMUM_LENGTH)
    text = ""
    if not reason:
        try:
            text = Path(path).read_bytes().decode("utf-8")
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            problem = Problem(
                f"'{name}' cannot be read: it is not UTF-8 text", hint="save it as UTF-8", place=f"{name}:{line}"
            )
            raise InvalidCaseError(name, [problem]) from None
        except OSError as error:
            reason = error.strerror or str(error)
    if reason == NO_FILE:
        raise InvalidCaseError(name, [Problem(f"there is no file '{name}'", hint="check the path")])
    if reason:
        raise InvalidCaseError(name, [Problem(f"'{name}' cannot be read: {reason}", hint="check the path")])
    return parse_yaml(text, name)


def parse_yaml(text: str, name: str) -> YamlDocument:
    """Read YAML text; ``name`` stands for the file in messages.

    Raises:
        InvalidCaseError: The text is not plain YAML.
    """
    document = YamlDocument(name)
    root = _compose(text.removeprefix("\ufeff").replace("\r\n", "\n"), name)
    if root is None:
        raise InvalidCaseError(name, [Problem("the file is empty", place=name, hint="start from a file in configs/")])
    reader = _Reader(document)
    document.data = reader.build(root, ())
    if reader.problems:
        raise InvalidCaseError(name, reader.problems)
    return document


@dataclass
class _Node:
    """A value of the file: a text, or the nodes in a list, or in turn the keys and values of a mapping."""

    tag: str
    line: int
    text: str | None = None
    parts: list[_Node] = field(default_factory=list)
    #: Values that it stands for, aliases written out; one until it is complete.
    size: int = 1
    #: Lists and mappings within one another, likewise.
    depth: int = 1
    is_mapping: bool = False


def _parse(text: str, name: str) -> _Node | None:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    if find_spec("_ruamel_yaml") is not None:
        try:
            return _nodes(YAML(typ="safe", pure=False).parse(text), name)
        except YAMLError:
            if len(text) > _SHORT:
                raise
    # libyaml knows YAML 1.1 only, which allows less: no 'a:b' between brackets.
    return _nodes(YAML(typ="safe", pure=True).parse(text), name)


def _compose(text: str, name: str) -> _Node | None:
    """The nodes of a text."""
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    found = _NOT_YAML.search(text)
    if found is not None:
        line = text.count("\n", 0, found.start()) + 1
        _refuse(name, line, f"the control character U+{ord(found[0]):04X} is no part of YAML", "remove it")
    try:
        return _parse(text, name)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = "the file is not valid YAML: " + str(error.problem or error.context)
        hint = "look at the indentation, the colons, and the brackets and quotes that are not closed"
        _refuse(name, mark.line + 1 if mark is not None else 1, what, hint)
    except YAMLError as error:
        _refuse(
            name, 1, f"the file is not valid YAML: {str(error).splitlines()[0]}", "compare it with a file in configs/"
        )


def _nodes(events: Any, name: str) -> _Node | None:
    root: _Node | None = None
    open_nodes: list[_Node] = []
    anchors: dict[str, _Node] = {}
    for number, event in enumerate(events):
        kind, line = type(event).__name__, event.start_mark.line + 1
        if number > 2 * MAXIMUM_SIZE:
            what = f"the file holds more than {MAXIMUM_SIZE:,} values"
            _refuse(name, line, what, "long lists of data belong into files of their own")
        if kind == "DocumentStartEvent":
            if root is not None:
                _refuse(name, line, "a second document begins", "remove the line '---' and what follows")
            if event.version not in (None, (1, 2)):
                version = ".".join(map(str, event.version))
                hint = "remove the line that begins with '%YAML'; 'yes' and 'on' are texts, write true and false"
                _refuse(name, line, f"the file asks for YAML {version}; cases are YAML 1.2", hint)
            continue
        if kind in ("SequenceEndEvent", "MappingEndEvent"):
            node = open_nodes.pop()
            node.size = 1 + sum(part.size for part in node.parts)
            node.depth = 1 + max((part.depth for part in node.parts), default=0)
            if len(open_nodes) + node.depth > MAXIMUM_DEPTH:
                _refuse(name, line, _TOO_DEEP, "remove aliases of aliases")
            if node.size > MAXIMUM_SIZE:
                what = f"the file stands for more than {MAXIMUM_SIZE:,} values once its aliases are written out"
                _refuse(
                    name,
                    node.line,
                    what,
                    "remove aliases of aliases; long lists of data belong into files of their own",
                )
            continue
        if kind == "AliasEvent":
            if event.anchor not in anchors:
                _refuse(
                    name,
                    line,
                    f"the file is not valid YAML: there is no anchor '&{event.anchor}'",
                    "write the value out",
                )
            node = anchors[event.anchor]
        elif kind in ("ScalarEvent", "SequenceStartEvent", "MappingStartEvent"):
            tag = str(getattr(getattr(event, "ctag", None), "uri", None) or event.tag or "")
            if kind == "ScalarEvent":
                if not tag or tag == "!":
                    tag = _CORE + ("str" if tag or not event.implicit[0] else _meaning(event.value))
                node = _Node(tag, line, event.value)
            else:
                is_mapping = kind == "MappingStartEvent"
                node = _Node(tag or _CORE + ("map" if is_mapping else "seq"), line, is_mapping=is_mapping)
            if event.anchor is not None:
                anchors[event.anchor] = node
        else:
            continue
        if open_nodes:
            open_nodes[-1].parts.append(node)
        elif root is None:
            root = node
        if kind in ("SequenceStartEvent", "MappingStartEvent"):
            open_nodes.append(node)
            if len(open_nodes) > MAXIMUM_DEPTH:
                _refuse(name, line, _TOO_DEEP, "look for brackets that are not closed")
    return root


def _meaning(text: str) -> str:
    """Tag of a plain word in the core schema."""
    if text in _NULLS:
        return "null"
    if text in _BOOLS:
        return "bool"
    if text == "<<":
        return "merge"
    if _INT.fullmatch(text):
        return "int"
    return "float" if _FLOAT.fullmatch(text) else "str"


def _refuse(name: str, line: int, what: str, hint: str) -> NoReturn:
    raise InvalidCaseError(name, [Problem(what, hint=hint, place=f"{name}:{line}")])


class _Reader:
    def __init__(self, document: YamlDocument) -> None:
        self.document = document
        self.problems: list[Problem] = []
        self._open: list[_Node] = []

    def build(self, node: _Node, path: KeyPath) -> Any:
        self.document.lines.setdefault(path, node.line)
        if any(node is parent for parent in self._open):
            self._complain(node, path, "an alias refers to itself", "write the values out")
            return None
        if not node.tag.startswith(_CORE) or node.tag[len(_CORE) :] not in _KNOWN_TAGS:
            self._complain(node, path, f"the tag '{node.tag}' is not allowed", "remove the word that begins with '!'")
            return None
        if node.text is not None:
            return self._scalar(node, node.text, path, node.tag[len(_CORE) :])
        self._open.append(node)
        try:
            if node.is_mapping:
                return self._mapping(node, path)
            return [self.build(item, (*path, index)) for index, item in enumerate(node.parts)]
        finally:
            self._open.pop()

    def _mapping(self, node: _Node, path: KeyPath) -> dict[str, Any]:
        result: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in zip(node.parts[::2], node.parts[1::2], strict=True):
            if key_node.tag == _CORE + "merge":
                is_list = value_node.text is None and not value_node.is_mapping
                for source in value_node.parts if is_list else [value_node]:
                    values = self.build(source, path)
                    if not isinstance(values, dict):
                        self._complain(source, path, "'<<' needs a mapping to merge", "refer to an anchored mapping")
                        continue
                    merged = {**values, **merged}
                continue
            if key_node.text is None:
                self._complain(key_node, path, "a key is a list or a mapping", "write keys as plain words")
                continue
            key = key_node.text
            here = (*path, key)
            if _CONTROL.search(key):
                self._complain(key_node, path, f"the key {ascii(key)} holds a control character", "remove it")
                continue
            if key in result:
                first = self.document.lines.get(here, 0)
                self._complain(key_node, here, f"the key '{key}' is written twice (first in line {first})", "keep one")
                continue
            self.document.lines[here] = key_node.line
            result[key] = self.build(value_node, here)
        return {**merged, **result}

    def _scalar(self, node: _Node, text: str, path: KeyPath, tag: str) -> Any:
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
                    self._complain(node, path, f"{describe(text)} is not a finite number", "write a finite number")
                return number
        except ValueError:
            self._complain(node, path, f"{describe(text)} is not a number", "write it as 1.5 or 1.5e-9")
            return None
        if _CONTROL.search(text):
            self._complain(node, path, f"the text {describe(ascii(text))} holds a control character", "remove it")
        return text

    def _complain(self, node: _Node, path: KeyPath, what: str, hint: str) -> None:
        self.problems.append(Problem(what, path, hint, f"{self.document.name}:{node.line}"))
