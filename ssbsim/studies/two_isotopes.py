r"""Two isotopes as two species of one sublattice: the same cell, with every name of the species written twice.

For a species s at concentration c and an isotope fraction f there are s' with ``f c`` and s'' with ``(1 - f) c`` on the
same sites, with the same standard potential, and at the same total filling. Boundaries let both through in proportion to
their concentration there. The face holds both isotopes at the composition outside: their electrochemical potentials
differ from those of the cell by ``kT ln(f_out/f)`` and ``kT ln((1 - f_out)/(1 - f))``.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from ssbsim.case import Case, LawModel, TracerStudy, TransientStudy, laws_that, split_interface
from ssbsim.errors import CaseError
from ssbsim.studies.isotope_image import CornerValues
from ssbsim.studies.recipes import run_transient
from ssbsim.studies.simulation import Simulation
from ssbsim.studies.snapshot import Snapshots

_MARKED, _OTHER = "tracer", "host"


def isotope_case(case: Case, study: TracerStudy) -> tuple[Case, tuple[str, str]]:
    """The case with two isotopes in the place of the species and a reservoir of both at the source only, and their names.

    Raises:
        CaseError: A boundary of the case lets the species through by a law that has no isotopes.
    """
    species = study.species
    sign = "+" if next(p.species[species].charge for p in case.phases.values() if species in p.species) > 0 else "-"
    names = (f"{_MARKED}{sign}", f"{_OTHER}{sign}")
    shares = (study.initial, 1.0 - study.initial)
    data: dict[str, Any] = case.model_dump(by_alias=True)
    for phase in data["phases"].values():
        if species not in phase["species"]:
            continue
        one = phase["species"].pop(species) | {"haven_ratio": 1.0}
        c = phase["concentration"].pop(species)
        for name, share in zip(names, shares, strict=True):
            phase["species"][name] = dict(one)
            phase["concentration"][name] = share * c
        for site in phase["sites"]:
            if species in site["standard_potential"]:
                value = site["standard_potential"].pop(species)
                site["standard_potential"] |= dict.fromkeys(names, value)
    for key, interface in case.interfaces.items():
        laws: list[LawModel] = []
        for law in interface.laws:
            laws += _for_isotopes(case, key, law, names) if species in _named(law) else [law]
        data["interfaces"][key]["laws"] = [law.model_dump(by_alias=True) for law in laws]
    data["terminals"] = {study.source: {"kind": "reservoir", "species": names, "potential": 0.0}}
    data["study"] = [_exchange_of(study).model_dump(by_alias=True)]
    return Case.model_validate(data | {"source": case.source}), names


def _exchange_of(study: TracerStudy) -> TransientStudy:
    return TransientStudy(duration=study.duration, tolerance=study.tolerance)


def _named(law: LawModel) -> set[str]:
    return {named.species for named in law.named_species()}


def _for_isotopes(case: Case, key: str, law: LawModel, isotopes: tuple[str, ...]) -> list[LawModel]:
    """The law of an interface for each isotope."""
    if not law.knows_isotopes:
        raise CaseError(
            f"The law '{law.law}' has no form for isotopes.",
            where=f"interfaces.{key}",
            hint=f"Use a law that knows isotopes ({laws_that(lambda law: law.knows_isotopes)}), or 'model: linear'.",
        )
    (species,) = _named(law)
    first = split_interface(key)[0]
    phase = case.phases[case.geometry.phase_of_grain(first) or first]
    return [
        law.for_isotope(
            isotope,
            temperature=case.temperature,
            charge=phase.species[species].charge,
            concentration=phase.concentration[species],
        )
        for isotope in isotopes
    ]


def exchange_two_isotopes(simulation: Simulation, study: TracerStudy) -> tuple[CornerValues | None, str]:
    """The isotope fraction on rank 0, and how it was made; collective."""
    case, isotopes = isotope_case(simulation.case, study)
    inner = Simulation(case, simulation.mesh_data, simulation.comm)
    try:
        now = inner.outside.now()
        values = dict(now.terminals)
        for k, ratio in zip(
            isotopes,
            (study.fraction / study.initial, (1.0 - study.fraction) / (1.0 - study.initial)),
            strict=True,
        ):
            values[study.source, k] += math.log(ratio)
        inner.outside.write(replace(now, terminals=values))
        run_transient(inner, _exchange_of(study), 0, lambda record: None)
        steps = inner.step
        snapshots = Snapshots(inner)
        fields, layout = snapshots.take(), snapshots.layout
    finally:
        inner.close()
    how = f"two isotopes, {steps} steps"
    if layout is None:
        return None, how
    both = [fields[f"concentration {k} [mol/m^3]"] for k in isotopes]
    fraction = both[0] / (both[0] + both[1])
    dim = layout.cells.shape[1] - 1
    here = np.isfinite(fraction[layout.cells]).all(axis=1)
    cells = layout.cells[here]
    return CornerValues(layout.points[cells][:, :, :dim], fraction[cells], layout.grain[here], layout.coordinates), how
