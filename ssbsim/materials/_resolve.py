"""From what a case says about its phases to complete phases, with the source of every value in use."""

from __future__ import annotations

from typing import Any

from ssbsim.case import Case, Phase, document_of, phase_problems, revise_case
from ssbsim.document.problems import InvalidCaseError, KeyPath, Problem, format_path
from ssbsim.document.units import CHARGE_DENSITY, CONCENTRATION, CONDUCTIVITY, DIFFUSIVITY, ENERGY, format_quantity
from ssbsim.errors import MaterialError
from ssbsim.materials._library import given_values, is_replaced, load_material
from ssbsim.materials._merge import merge_phases
from ssbsim.materials._provenance import Provenance


def resolve_phase(phase: Phase, where: str = "") -> Phase:
    """The phase with every value that its material gives and it does not override.

    Args:
        phase: As in the case.
        where: Place of the phase, for messages.

    Returns:
        A complete phase that no longer refers to a material.

    Raises:
        MaterialError: The material is unknown or its file incomplete.
        InvalidCaseError: With the overrides the phase is not complete or not possible.
    """
    complete = _merged(phase, where)
    problems = phase_problems(complete)
    if problems:
        raise InvalidCaseError(where or "the phase", [Problem(p.what, p.path, p.hint, where) for p in problems])
    return complete


def resolve_case(case: Case) -> Case:
    """The case with complete phases, checked once more as a whole.

    Raises:
        MaterialError: A material is unknown or its file incomplete; every such phase is named.
        InvalidCaseError: What the case says does not fit its materials.
    """
    phases: dict[str, Phase] = {}
    errors: list[MaterialError] = []
    for name, phase in case.phases.items():
        try:
            phases[name] = _merged(phase, "")
        except MaterialError as error:
            path: KeyPath = ("phases", name, "material")
            where = error.where or f"{document_of(case).place(path)}, {format_path(path)}"
            errors.append(MaterialError(error.what, where=where, hint=error.hint))
    if len(errors) == 1:
        raise errors[0]
    if errors:
        text = "\n".join(f"{number}. {error}" for number, error in enumerate(errors, start=1))
        raise MaterialError(f"{len(errors)} materials cannot be used\n{text}")
    return revise_case(case, phases=phases)


def phase_provenance(phase: Phase, where: str = "") -> tuple[Provenance, ...]:
    """The source of every value of a phase, as the case has it (before :func:`resolve_phase`).

    Args:
        phase: As in the case.
        where: Place of the phase, which stands as the source of the values that the case gives itself.
    """
    given = given_values(phase)
    records: list[Provenance] = []
    if phase.material is not None:
        library = load_material(phase.material).provenance
        records += [record for path, record in library.items() if not is_replaced(path, given)]
    for path, value in given.items():
        records.append(
            Provenance(
                path=format_path(path),
                value=_text(path, value),
                material="",
                source=where or "the case",
                doi="",
                method="given in the case",
                temperature="not stated",
                uncertainty="not stated",
                basis="case",
            )
        )
    return tuple(records)


def _merged(phase: Phase, where: str) -> Phase:
    if phase.material is None:
        return phase
    try:
        return merge_phases(load_material(phase.material).phase, phase)
    except MaterialError as error:
        raise MaterialError(error.what, where=error.where or where, hint=error.hint) from None


def _text(path: KeyPath, value: Any) -> str:
    """The value with the storage unit that its key has."""
    dimensions = {
        "electronic_conductivity": CONDUCTIVITY,
        "excess_charge": CHARGE_DENSITY,
        "density": CONCENTRATION,
        "activation_energy": ENERGY,
        "value": DIFFUSIVITY,
    }
    parents = {"standard_potential": ENERGY, "concentration": CONCENTRATION}
    dimension = parents.get(str(path[-2])) if len(path) > 1 and path[-2] in parents else dimensions.get(str(path[-1]))
    return format_quantity(value, dimension) if dimension is not None else str(value)


def case_provenance(case: Case) -> dict[str, tuple[Provenance, ...]]:
    """The source of every value of every phase, by the name of the phase; for a case before :func:`resolve_case`."""
    document = document_of(case)
    return {name: phase_provenance(phase, document.place(("phases", name))) for name, phase in case.phases.items()}
