"""What pydantic found, said in the words of someone who writes a case."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ssbsim.document.problems import KeyPath, Problem, describe
from ssbsim.document.quantities import quantity_of
from ssbsim.document.suggestions import did_you_mean, nearest
from ssbsim.document.yaml_file import YamlDocument

_BOUNDS = {
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("of at least", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("of at most", "le"),
}
_KINDS = {
    "float": "a number",
    "int": "a whole number",
    "string": "a text",
    "bool": "true or false",
    "dict": "a mapping",
    "model": "a mapping",
    "model_attributes": "a mapping",
    "dataclass": "a mapping",
    "list": "a list",
    "tuple": "a list",
    "path": "a path",
}


def translate(error: ValidationError, model: type[BaseModel], document: YamlDocument) -> Iterator[Problem]:
    """Every problem in ``error``, with its place in ``document``."""
    details = error.errors(include_url=False)
    misspelt = {
        (detail["loc"][:-1], nearest(str(detail["loc"][-1]), _fields_at(model, detail["loc"][:-1])))
        for detail in details
        if detail["type"] == "extra_forbidden"
    }
    for detail in details:
        if detail["type"] == "missing" and (detail["loc"][:-1], detail["loc"][-1]) in misspelt:
            continue  # said already, with the misspelt key
        if detail["type"] == "too_short" and detail["input"]:
            continue  # there are entries; what is wrong with them is said on its own
        path = _file_path(detail, document.data)
        if detail["type"] == "ssbsim_problems":
            for one in detail["ctx"]["problems"]:
                yield Problem(one.what, path + one.path, one.hint, document.place(path + one.path))
            continue
        what, hint = _sentence(detail, model)
        yield Problem(what, path, hint, document.place(path))


def _file_path(detail: ErrorDetails, data: Any) -> KeyPath:
    """The key path in the file: without the tags of unions and the keys of short forms."""
    location, is_about_a_key = detail["loc"], detail["type"] in ("missing", "extra_forbidden")
    path: list[str | int] = []
    current, may_be_tag = data, True
    for index, item in enumerate(location):
        is_last = index == len(location) - 1
        if isinstance(current, dict):
            if may_be_tag and item in (current.get("kind"), current.get("law")):
                may_be_tag = False
            elif item in current:
                current, may_be_tag = current[item], True
                path.append(item)
            elif is_last and is_about_a_key:
                path.append(item)
        elif isinstance(current, list) and isinstance(item, int) and item < len(current):
            current, may_be_tag = current[item], True
            path.append(item)
    return tuple(path)


def _sentence(detail: ErrorDetails, model: type[BaseModel]) -> tuple[str, str]:
    kind, context, given = detail["type"], detail.get("ctx", {}), detail["input"]
    location = detail["loc"]
    if kind == "ssbsim":
        return str(context["what"]), str(context["hint"])
    if kind == "extra_forbidden":
        return f"unknown key '{location[-1]}'", did_you_mean(str(location[-1]), _fields_at(model, location[:-1]))
    if kind == "missing":
        example = _example_at(model, location)
        return f"the key '{location[-1]}' is missing", f"add '{location[-1]}: {example}'" if example else "add it"
    if kind == "union_tag_not_found":
        key = str(context["discriminator"]).strip("'")
        if not isinstance(given, dict):
            return f"expected a mapping with the key '{key}', found {describe(given)}", f"write '{{{key}: ...}}'"
        return f"the key '{key}' is missing", f"'{key}' is one of {_list_tags(model, location)}"
    if kind == "union_tag_invalid":
        choices = re.findall(r"'([^']*)'", str(context["expected_tags"]))
        key = str(context["discriminator"]).strip("'")
        return f"'{context['tag']}' is not a known {key}", did_you_mean(str(context["tag"]), choices)
    if kind == "literal_error":
        choices = re.findall(r"'([^']*)'", str(context["expected"])) or re.findall(r"\d+", str(context["expected"]))
        listed = ", ".join(choices)
        hint = did_you_mean(str(given), choices) if isinstance(given, str) else ""
        return f"expected one of {listed}; found {describe(given)}", hint
    if kind in _BOUNDS:
        word, key = _BOUNDS[kind]
        return f"expected a number {word} {context[key]:g}, found {describe(given)}", ""
    if kind in ("too_short", "string_too_short"):
        return "expected at least one entry, found none", "add one"
    expected = _KINDS.get(kind.removesuffix("_type").removesuffix("_parsing"))
    if expected is not None:
        hint = "remove the quotation marks" if kind.startswith(("float", "int")) and isinstance(given, str) else ""
        return f"expected {expected}, found {describe(given)}", hint
    return f"{detail['msg']}; found {describe(given)}", ""


def _strip(annotation: Any) -> list[Any]:
    """The types behind Annotated, type aliases and unions, without None."""
    if typing.get_origin(annotation) is typing.Annotated:
        return _strip(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return [one for part in typing.get_args(annotation) if part is not type(None) for one in _strip(part)]
    return [annotation]


def _tag_of(candidate: Any) -> str | None:
    if isinstance(candidate, type) and issubclass(candidate, BaseModel):
        for name in ("kind", "law"):
            if name in candidate.model_fields:
                return str(candidate.model_fields[name].default)
    return None


def _types_at(model: type[BaseModel], location: Sequence[str | int]) -> list[Any]:
    current: list[Any] = [model]
    for item in location:
        chosen = [one for one in current if len(current) > 1 and _tag_of(one) == item]
        if chosen:
            current = chosen
            continue
        following: list[Any] = []
        for one in current:
            if isinstance(one, type) and issubclass(one, BaseModel):
                for name, field in one.model_fields.items():
                    if item in (name, field.alias):
                        following += _strip(field.annotation)
            elif typing.get_origin(one) in (dict, list, tuple):
                arguments = [part for part in typing.get_args(one) if part is not Ellipsis]
                following += _strip(arguments[-1])
        current = following
    return current


def _fields_at(model: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    names: dict[str, None] = {}
    for one in _types_at(model, location):
        if isinstance(one, type) and issubclass(one, BaseModel):
            for name, field in one.model_fields.items():
                if not field.exclude:
                    names[field.alias or name] = None
    return list(names)


def _list_tags(model: type[BaseModel], location: Sequence[str | int]) -> str:
    return ", ".join(tag for one in _types_at(model, location) if (tag := _tag_of(one)) is not None)


def _example_at(model: type[BaseModel], location: Sequence[str | int]) -> str:
    """An example of the missing key, when its type has one."""
    for parent in _types_at(model, location[:-1]):
        if isinstance(parent, type) and issubclass(parent, BaseModel):
            for name, field in parent.model_fields.items():
                if location[-1] in (name, field.alias):
                    quantity = quantity_of(field)
                    return quantity.dimension.example if quantity is not None else "..."
    return ""
