"""A Case as the text of resolved.yaml: every value written out in its storage unit, defaults marked.

Numbers are written with all their digits, so that reading the text gives an equal case.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from ssbsim.case._contact import Interface
from ssbsim.case._phase import Phase
from ssbsim.document.problems import KeyPath
from ssbsim.document.quantities import Quantity, quantity_of

if TYPE_CHECKING:
    from ssbsim.case._case import Case

_DEFAULT = "default"
_PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def dump_resolved(case: Case, *, notes: Mapping[KeyPath, str] | None = None) -> str:
    """The case as YAML, every default written out and marked with a comment.

    Args:
        case: Any case.
        notes: Comments for key paths, for example the source of a value; a list index is a number in the path.

    Returns:
        YAML that :func:`load_case` reads back as an equal case.
    """
    lines = ["# Written by ssbsim. Energies are per particle; '# default' marks what the input file did not say."]
    writer = _Writer(lines, notes or {})
    writer.model(case, 0, (), inherited=False)
    return "\n".join(lines) + "\n"


def dump_interface(name: str, interface: Interface) -> str:
    """An interface as YAML to paste into a case: only what was given, with its units.

    Args:
        name: ``a|b``.
        interface: Made from a mapping that names the law of every entry.
    """
    lines = ["interfaces:", f"  {_text(name)}:"]
    writer = _Writer(lines, {})
    writer.only_given = True
    writer.model(interface, 2, (), inherited=False)
    return "\n".join(lines) + "\n"


class _Writer:
    def __init__(self, lines: list[str], notes: Mapping[KeyPath, str]) -> None:
        self.lines = lines
        self.notes = notes
        self.only_given = False

    def model(self, model: BaseModel, depth: int, path: KeyPath, *, inherited: bool) -> None:
        """Write the fields of a model; ``inherited`` says that the whole model is a default."""
        fields = type(model).model_fields
        # the discriminator first: it says how to read the rest
        for name in sorted(fields, key=lambda key: key not in ("kind", "law", "name")):
            field = fields[name]
            value = getattr(model, name)
            if field.exclude or value is None:
                continue
            if self.only_given and name not in model.model_fields_set:
                continue
            is_default = inherited or (name not in model.model_fields_set and name not in ("kind", "law"))
            key = field.alias or name
            self.entry(key, value, quantity_of(field), depth, (*path, key), is_default)

    def entry(
        self, key: str, value: Any, quantity: Quantity | None, depth: int, path: KeyPath, is_default: bool
    ) -> None:
        """Write one key and what it holds."""
        head = "  " * depth + _text(key) + ":"
        comment = self.comment(path, is_default)
        if isinstance(value, BaseModel):
            self.lines.append(head + comment)
            # what a phase with a material does not say is the library's to say: a default here would override it
            outer, self.only_given = (
                self.only_given,
                self.only_given or (isinstance(value, Phase) and value.material is not None),
            )
            self.model(value, depth + 1, path, inherited=is_default)
            self.only_given = outer
        elif isinstance(value, dict):
            self.lines.append(head + (comment if value else " {}" + comment))
            for name, item in value.items():
                self.entry(str(name), item, quantity, depth + 1, (*path, str(name)), is_default)
        elif isinstance(value, tuple) and any(isinstance(item, BaseModel) for item in value):
            self.lines.append(head + comment)
            for index, item in enumerate(value):
                start = len(self.lines)
                self.model(item, depth + 2, (*path, index), inherited=is_default)
                self.lines[start] = "  " * (depth + 1) + "- " + self.lines[start].lstrip()
        elif isinstance(value, tuple):
            items = ", ".join(_scalar(item, quantity) for item in value)
            self.lines.append(f"{head} [{items}]{comment}")
        else:
            self.lines.append(f"{head} {_scalar(value, quantity)}{comment}")

    def comment(self, path: KeyPath, is_default: bool) -> str:
        """The comment behind a key."""
        parts = [_DEFAULT] if is_default else []
        if path in self.notes:
            parts.append(self.notes[path])
        return f"  # {'; '.join(parts)}" if parts else ""


def _scalar(value: Any, quantity: Quantity | None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and quantity is not None:
        return quantity.text(value)
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, Path):
        return _text(str(value))
    return _text(str(value))


def _text(text: str) -> str:
    is_plain = bool(text) and text[0] in _PLAIN and all(c in _PLAIN + "0123456789_.-+/" for c in text)
    if is_plain and text.lower() not in ("true", "false", "null", "yes", "no", "on", "off", "y", "n"):
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in quoted)
