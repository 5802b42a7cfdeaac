"""From a file to a Case, and from what validation found to sentences with a file, a line and the nearest right name."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from ._case import Case
from ._problems import InvalidCaseError, Problem
from ._translate import translate
from ._yaml import YamlDocument, parse_yaml, read_yaml

M = TypeVar("M", bound=BaseModel)


def load_case(path: Path | str) -> Case:
    """Read, check and complete a case file, or the resolved.yaml of a run.

    Args:
        path: A YAML file.

    Returns:
        The case, in SI units, with ``source`` set and paths inside it made absolute.

    Raises:
        InvalidCaseError: The file cannot be used; every problem is listed with file, line and key.
    """
    case = validate_document(Case, read_yaml(path), folder=Path(path).resolve().parent)
    return case.model_copy(update={"source": Path(path)})


def parse_case(text: str, *, name: str = "case", folder: Path | None = None) -> Case:
    """Read a case from YAML text.

    Args:
        text: As in a file.
        name: Stands for the file in messages.
        folder: Relative paths start here; the working directory when not given.

    Raises:
        InvalidCaseError: As for :func:`load_case`.
    """
    return validate_document(Case, parse_yaml(text, name), folder=folder if folder is not None else Path.cwd())


def revise_case(case: Case, **changes: object) -> Case:
    """A copy of ``case`` with some of its fields replaced, checked as a whole again.

    Raises:
        InvalidCaseError: The changes do not fit; places refer to the file that the case came from.
    """
    fields = {name: getattr(case, name) for name in case.model_fields_set} | changes
    try:
        return Case.model_validate(fields)
    except ValidationError as error:
        document = document_of(case)
        raise InvalidCaseError(document.name, list(translate(error, Case, document))) from None


def document_of(case: Case) -> YamlDocument:
    """The file of a case again, for the lines of its keys; empty when there is none."""
    if case.source is not None and case.source.is_file():
        return read_yaml(case.source)
    return YamlDocument("the case", {})


def validate_document(model: type[M], document: YamlDocument, *, folder: Path) -> M:
    """The data of a YAML file as a model; quantities need units and paths start at ``folder``.

    Raises:
        InvalidCaseError: With every problem of the file.
    """
    data = document.data
    if not isinstance(data, dict):
        hint = "write 'key: value' lines"
        raise InvalidCaseError(document.name, [Problem("the file is not a mapping of keys", (), hint, document.name)])
    problems: list[Problem] = []
    result = None
    try:
        result = model.model_validate(data, context={"units_required": True, "folder": folder})
    except ValidationError as error:
        problems = list(translate(error, model, document))
    if model is Case and "source" in data:
        path = ("source",)
        problems.append(Problem("unknown key 'source'", path, "remove it; it is set on loading", document.place(path)))
    if result is None or problems:
        line_of = {one: index for index, one in enumerate(dict.fromkeys(problems))}
        raise InvalidCaseError(document.name, sorted(line_of, key=lambda one: _line(one.place)))
    return result


def _line(place: str) -> int:
    number = place.rpartition(":")[2]
    return int(number) if number.isdigit() else 0
