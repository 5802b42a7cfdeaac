"""Run under mpirun by test_floating.py: potentials of terminals that are given a current, as JSON.

A cell is stepped under given potentials; its charges and currents are then given to the same cell, whose terminals of the
kind ``GivenCurrent`` find their potentials. One law class is all that such a terminal needs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import numpy as np
from mpi4py import MPI
from mpi_runner import abort_on_error
from samples import electrode, lattice_gas, layers, make_case, reservoir, salt

from ssbsim.geometry import build_geometry
from ssbsim.physics import TERMINALS, Applied
from ssbsim.physics.terminals.electrode import Electrode
from ssbsim.physics.terminals.reservoir import Reservoir
from ssbsim.studies import Simulation, gather_state

#: Potentials (V) of the terminals that float in the second run.
ASKED = (0.11, -0.07)


class GivenCurrentElectrode(Electrode):
    """An electrode at the potential at which it takes up a given current."""

    def __init__(self, terminal: Any, scales: Any, phase: Any) -> None:
        super().__init__(terminal, scales, phase)
        self.current = Applied(0.0)


class GivenCurrentReservoir(Reservoir):
    """A reservoir at the potential at which it supplies a given current."""

    def __init__(self, terminal: Any, scales: Any, phase: Any) -> None:
        super().__init__(terminal, scales, phase)
        self.current = Applied(0.0)


@contextmanager
def floating_terminals() -> Iterator[None]:
    """Terminals of a case at 0 V float, others do not."""
    kinds = {"electrode": (Electrode, GivenCurrentElectrode), "reservoir": (Reservoir, GivenCurrentReservoir)}
    originals = dict(TERMINALS)
    for kind, (fixed, given) in kinds.items():
        TERMINALS[kind] = lambda terminal, scales, phase, pair=(fixed, given): pair[terminal.potential == 0.0](
            terminal, scales, phase
        )
    try:
        yield
    finally:
        TERMINALS.update(originals)


MIXED = lattice_gas(0.4, permittivity=None, electrostatics="conductor", electronic_conductivity=1e-3)
#: Cells by name: phase, the terminal on the left and that on the right at a potential.
CELLS: dict[str, tuple[dict[str, Any], Any, Any]] = {
    "double layer": (salt(), lambda v: electrode(v), electrode(0.02)),
    "ions": (lattice_gas(0.9), lambda v: reservoir(potential=v), reservoir(potential=0.02)),
    "electrons": (MIXED, lambda v: electrode(v), electrode(0.02)),
    "two at once": (salt(), lambda v: electrode(v), None),
}
#: Steps of the march, in scaled time: a jump, then TR-BDF2 over short and long ones.
SIZES = (1e-3, 1e-2, 1e-1, 1.0, 100.0)


def cell(name: str, dimension: int, linear: str, values: tuple[float, float]) -> Any:
    phase, left, right = CELLS[name]
    size = {1: 10.0, 2: 6.0, 3: 3.0}[dimension]
    terminals = {"left": left(values[0]), "right": left(values[1]) if right is None else right}
    if right is None:
        terminals["bottom"] = reservoir("A+", "B-", potential=0.01)
    geometry = layers(("e", size), dimension=dimension, interface=0.3, terminal=0.3, bulk=1.0)
    return make_case(
        geometry=geometry, phases={"e": phase}, terminals=terminals, solver={"linear": linear, "coarse_mesh": "warn"}
    )


def given_to(made: Simulation, before: np.ndarray, report: Any, names: list[str], size: float) -> list[float]:
    """Mean current that each terminal took up over a step, scaled: the charging of its surface included."""
    result = []
    functional, point = made.functional, report.accepted
    for name in names:
        total = 0.0
        for fixed in functional.placement.rows.fixed:
            if fixed.terminal == name:
                lift = functional.placement.unknowns.charges.get(fixed.field, 1.0)
                stores = ~functional.placement.rows.instantaneous[fixed.rows]
                total += lift * made.sum(point.supply[fixed.rows][stores])
                charged = (point.supply - before)[fixed.rows][~stores]
                total += lift * made.sum(charged) / size
        result.append(total)
    return result


def fields(made: Simulation, point: Any) -> np.ndarray:
    """The fields of a point on rank 0 in an order that does not depend on how the mesh was shared out; none elsewhere."""
    made.point = point
    state = gather_state(made)
    return np.empty(0) if state is None else state[0]["y"]


def compare(name: str, dimension: int, linear: str) -> dict[str, Any]:
    """Steps of implicit Euler at given potentials, and the same with the currents given: potentials (V) and iterations."""
    names = ["left"] if CELLS[name][2] is not None else ["left", "right"]
    currents, states, plain = [], [], []
    given_potentials, floating = (cell(name, dimension, linear, values) for values in (ASKED, (0.0, 0.0)))
    # One mesh for both: Gmsh does not always make the same one twice.
    mesh = build_geometry(floating) if MPI.COMM_WORLD.rank == 0 else None
    with closing(Simulation(given_potentials, mesh, MPI.COMM_WORLD)) as made:
        point = made.point
        for size in SIZES:
            before = point.supply
            report = made.integrator.euler(point, size)
            assert report.accepted is not None, report
            point = report.accepted
            currents.append(given_to(made, before, report, names, size))
            states.append(fields(made, point))
            plain += [(r.linear_iterations, r.iterations) for r in report.newton]
    found, worst, bordered = [], 0.0, []
    with floating_terminals(), closing(Simulation(floating, mesh, MPI.COMM_WORLD)) as made:
        assert len(made.functional.placement.rows.floating) == len(names)
        point = made.point
        for size, given, state in zip(SIZES, currents, states, strict=True):
            for terminal, current in zip(made.functional.placement.rows.floating, given, strict=True):
                terminal.current.set(current)
            report = made.integrator.euler(point, size)
            assert report.accepted is not None, report
            point = report.accepted
            found.append([made.outside.potential(n) for n in names])
            worst = max(worst, float(np.abs(fields(made, point) - state).max(initial=0.0)))
            bordered += [(r.linear_iterations, r.iterations) for r in report.newton]
    return {"found": found, "worst": worst, "plain": plain, "bordered": bordered}


if __name__ == "__main__":
    abort_on_error()
    answers = {}
    for name in CELLS:
        for dimension, linear in ((1, "direct"), (2, "multigrid"), (3, "multigrid")):
            if name == "two at once" and dimension != 2:
                continue
            answers[f"{name} {dimension}D"] = compare(name, dimension, linear)
    if MPI.COMM_WORLD.rank == 0:
        sys.stdout.write(json.dumps(answers) + "\n")
