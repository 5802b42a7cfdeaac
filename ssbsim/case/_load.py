"""From a file to a Case."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from ssbsim.case._case import Case
from ssbsim.document.problems import InvalidCaseError
from ssbsim.document.reading import validate_document
from ssbsim.document.translation import translate
from ssbsim.document.yaml_file import YamlDocument, parse_yaml, read_yaml

#: Fields of a case that are no keys of its file.
_SET_ON_LOADING = ("source",)


def load_case(path: Path | str, *, trust_petsc_options: bool = False) -> Case:
    """Read, check and complete a case file, or the resolved.yaml of a run.

    Args:
        path: A YAML file.
        trust_petsc_options: Let the file set any PETSc option; some run code or write to any file.

    Returns:
        The case, in SI units, with ``source`` set and paths inside it made absolute.

    Raises:
        InvalidCaseError: The file cannot be used; every problem is listed with file, line and key.
    """
    case = validate_document(
        Case,
        read_yaml(path),
        folder=Path(path).resolve().parent,
        set_on_loading=_SET_ON_LOADING,
        is_trusted=trust_petsc_options,
    )
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
    start = folder if folder is not None else Path.cwd()
    return validate_document(Case, parse_yaml(text, name), folder=start, set_on_loading=_SET_ON_LOADING)


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
