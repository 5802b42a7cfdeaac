"""Does a case make sense, and is its mesh fine enough? Solves nothing and needs no FEniCSx."""

from __future__ import annotations

from pathlib import Path

from ssbsim.case import Case
from ssbsim.commands.check_report import CheckReport
from ssbsim.commands.prepare import prepare


def check(case: Case | str | Path) -> CheckReport:
    """Validate a case, build its mesh and report both.

    Args:
        case: From :func:`ssbsim.load_case`, or the path of a file; materials may still be names.

    Raises:
        CaseError, MeshError: The case or its mesh cannot be used at all.
    """
    return prepare(case).checked
