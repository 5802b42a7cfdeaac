"""From the data of a YAML file to a model, or to one error that lists every problem with its line."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from ssbsim.document.problems import InvalidCaseError, Problem
from ssbsim.document.translation import translate
from ssbsim.document.yaml_file import YamlDocument

M = TypeVar("M", bound=BaseModel)


def validate_document(
    model: type[M],
    document: YamlDocument,
    *,
    folder: Path,
    set_on_loading: Collection[str] = (),
    is_trusted: bool = False,
) -> M:
    """The data of a YAML file as a model.

    Args:
        model: What the file holds; its quantities need units there.
        document: The file.
        folder: Relative paths start here.
        set_on_loading: Fields of the model that are no keys of a file.
        is_trusted: Whoever reads the file vouches for it; models find it in the context of their validation.

    Raises:
        InvalidCaseError: With every problem of the file.
    """
    data = document.data
    if not isinstance(data, dict):
        hint = "write 'key: value' lines"
        raise InvalidCaseError(document.name, [Problem("the file is not a mapping of keys", (), hint, document.name)])
    problems: list[Problem] = []
    result = None
    context = {"units_required": True, "folder": folder, "is_trusted": is_trusted}
    try:
        result = model.model_validate(data, context=context)
    except ValidationError as error:
        problems = list(translate(error, model, document))
    for key in set_on_loading:
        if key in data:
            hint = "remove it; it is set on loading"
            problems.append(Problem(f"unknown key '{key}'", (key,), hint, document.place((key,))))
    if result is None or problems:
        line_of = {one: index for index, one in enumerate(dict.fromkeys(problems))}
        raise InvalidCaseError(document.name, sorted(line_of, key=lambda one: _line(one.place)))
    return result


def _line(place: str) -> int:
    number = place.rpartition(":")[2]
    return int(number) if number.isdigit() else 0
