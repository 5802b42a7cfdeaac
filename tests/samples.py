"""Small cases that the tests change: everything in SI, as keyword arguments of a Case."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from mpi4py import MPI

from ssbsim.case import Case
from ssbsim.geometry import build_geometry
from ssbsim.studies import STUDIES, Simulation, StepRecord

NM = 1e-9
TEMPERATURE = 298.15


def lattice_gas(filling: float = 0.5, **changes: Any) -> dict[str, Any]:
    """Li+ on one class of sites; the background neutralises it."""
    phase = {
        "permittivity": 20.0,
        "species": {"Li+": {"diffusivity": 1e-12}},
        "sites": [{"name": "A", "density": 1e4, "standard_potential": {"Li+": 0.0}}],
        "concentration": {"Li+": 1e4 * filling},
    }
    return phase | changes


def salt(concentration: float = 100.0, **changes: Any) -> dict[str, Any]:
    """A dilute binary salt without background."""
    phase = {
        "permittivity": 20.0,
        "species": {"A+": {"diffusivity": 1e-12}, "B-": {"diffusivity": 2e-12}},
        "sites": [
            {"name": "a", "statistics": "dilute", "density": concentration, "standard_potential": {"A+": 0.0}},
            {"name": "b", "statistics": "dilute", "density": concentration, "standard_potential": {"B-": 0.0}},
        ],
        "concentration": {"A+": concentration, "B-": concentration},
    }
    return phase | changes


def layers(*thicknesses: tuple[str, float], dimension: int = 1, **spacing: float) -> dict[str, Any]:
    """A stack of (phase, thickness in nm); spacings in nm."""
    sizes = {"interface": 1.0, "bulk": 1.0, "growth": 1.3} | spacing
    geometry: dict[str, Any] = {
        "kind": "layers",
        "dimension": dimension,
        "layers": [{"phase": name, "thickness": nm * NM} for name, nm in thicknesses],
        "spacing": {k: v if k == "growth" else v * NM for k, v in sizes.items()},
    }
    total = sum(nm for _, nm in thicknesses) * NM
    if dimension > 1:
        geometry["width"] = total
    if dimension > 2:
        geometry["depth"] = total
    return geometry


def electrode(potential: float = 0.0, **more: Any) -> dict[str, Any]:
    return {"kind": "electrode", "potential": potential} | more


def reservoir(*species: str, potential: float = 0.0) -> dict[str, Any]:
    return {"kind": "reservoir", "species": species or ("Li+",), "potential": potential}


def make_case(**parts: Any) -> Case:
    """A case; without arguments 10 nm of a lattice gas between two reservoirs."""
    defaults: dict[str, Any] = {
        "title": "sample",
        "temperature": TEMPERATURE,
        "geometry": layers(("e", 10.0)),
        "phases": {"e": lattice_gas()},
        "terminals": {"left": reservoir(), "right": reservoir()},
        "study": [{"kind": "equilibrium"}],
    }
    return Case.model_validate(defaults | parts)


@contextmanager
def simulation(case: Case, comm: MPI.Comm = MPI.COMM_WORLD) -> Iterator[Simulation]:
    """A simulation of a case, freed at the end."""
    made = Simulation(case, build_geometry(case) if comm.rank == 0 else None, comm)
    try:
        yield made
    finally:
        made.close()


def apply(made: Simulation, values: Mapping[tuple[str, str], float]) -> None:
    """Let terminals apply other values (scaled), by terminal and quantity; the rest stays."""
    now = made.outside.now()
    made.outside.write(replace(now, terminals={**now.terminals, **values}))


def run_study(made: Simulation, index: int, observe: Callable[[StepRecord], None]) -> None:
    """Run one study of the case from the present state."""
    study = made.case.study[index]
    STUDIES[study.kind](made, study, index, observe)


def run_studies(made: Simulation, observe: Callable[[StepRecord], None] | None = None) -> list[StepRecord]:
    """Run every study of the case and return what an observer saw."""
    records: list[StepRecord] = []

    def keep(record: StepRecord) -> None:
        records.append(record)
        if observe is not None:
            observe(record)

    for index in range(len(made.case.study)):
        run_study(made, index, keep)
    return records


def newton_iterations(records: list[StepRecord]) -> list[int]:
    return [report.iterations for record in records for report in record.report.newton]


def values(summary: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of a summary.json."""
    return {name: entry["value"] for name, entry in summary["quantities"].items()}
