"""The whole input file as one immutable value."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Protocol

from pydantic import Field, model_validator

from ssbsim.case._checks import find_problems
from ssbsim.case._contact import Interface
from ssbsim.case._names import Name
from ssbsim.case._output import Output
from ssbsim.case._phase import Phase
from ssbsim.case._solver import Solver
from ssbsim.case.geometries import Geometry
from ssbsim.case.studies import Study
from ssbsim.case.terminals import Terminal
from ssbsim.document.model import Model
from ssbsim.document.problems import problems_error
from ssbsim.document.quantities import Temperature


class NamedPart(Protocol):
    """A grain: it has a name and a phase."""

    @property
    def name(self) -> str:
        """Name of the grain."""

    @property
    def phase(self) -> str:
        """Name of its phase."""


class Case(Model):
    """A simulation: all numbers in SI units, energies in eV per particle.

    Attributes:
        title: One line for plots and reports.
        temperature: In K.
        geometry: Where the phases are.
        phases: By name.
        interfaces: By name ``a|b``, of phases or grains; those not named are perfect.
        terminals: By boundary (left, right, bottom, top, front, back or a name of the mesh); others are symmetry.
        study: One or more, in order, each from the state that the last one left.
        output: What is written.
        solver: How the equations are solved.
        source: File that the case came from; not part of its value.
    """

    title: str = ""
    temperature: Temperature
    geometry: Geometry
    phases: Annotated[dict[Name, Phase], Field(min_length=1)]
    interfaces: dict[str, Interface] = {}
    terminals: dict[Name, Terminal] = {}
    study: Annotated[tuple[Study, ...], Field(min_length=1)]
    output: Output = Output()
    solver: Solver = Solver()
    source: Annotated[Path | None, Field(exclude=True)] = None

    @model_validator(mode="after")
    def _check_combinations(self) -> Case:
        problems = find_problems(self)
        if problems:
            raise problems_error(problems)
        return self

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Case) and self.model_dump() == other.model_dump()

    def interface_between(self, first: NamedPart, second: NamedPart) -> tuple[str, bool] | None:
        """Key of the entry of ``interfaces`` for the contact of two grains, by grain names first, then by phases.

        Returns:
            The key and whether it names the two the other way round, or None where no entry fits.
        """
        for a, b in ((first.name, second.name), (first.phase, second.phase)):
            if f"{a}|{b}" in self.interfaces:
                return f"{a}|{b}", False
            if f"{b}|{a}" in self.interfaces:
                return f"{b}|{a}", True
        return None

    def to_yaml(self, path: Path | str | None = None) -> str:
        """The case as YAML with every default written out and marked; also written to ``path`` when given."""
        from ssbsim.case._dump import dump_resolved

        text = dump_resolved(self)
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text
