r"""Manufactured solutions: exact fields, the sources that make them exact, and the order at which ssbsim finds them.

One implicit step of size 1 from nothing, ``q(y) + dR/dy(y) = source``, holds every term of the functional at once: amounts, charge,
displacement, fluxes, interface laws and terminals. The case gives the fields and, independently of ssbsim's own forms, the strong
form of the equations written by hand; UFL differentiates it, and quadrature of high degree integrates it. Conditions at interfaces
and terminals get no source: the fields are chosen so that they fulfil them as they stand.

Everything is in the units of :class:`~ssbsim.discretization.Scales`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dolfinx
import numpy as np
import ufl

from ssbsim.commands.validate._rows import Row
from ssbsim.commands.validate._trial import Trial
from ssbsim.errors import ConvergenceError
from ssbsim.physics import POTENTIAL

Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Part:
    """What is exact in one phase.

    Args:
        fields: Electrochemical potential of every species (kT) and ``"phi"`` (kT/e), of the coordinate.
        concentrations: Concentration of every species from such fields, by hand.
        sources: Source of every field: ``c - div(M grad mu)`` and ``-rho - div(eps grad phi)``, or in a conductor
            ``- sum z c - div(sigma grad phi)``.
    """

    fields: Fields
    concentrations: Callable[[Fields], Fields]
    sources: Fields


@dataclass(frozen=True)
class Errors:
    """Errors of one solve: in L2 for fields, absolute for what terminals supply; scaled."""

    values: Mapping[str, float]


def solve_manufactured(
    trial: Trial,
    parts: Callable[[Any], Mapping[str, Part]],
    *,
    imposed: Mapping[tuple[str, str], float],
    supplies: Mapping[tuple[str, str], float],
) -> Errors:
    """Solve one step with the sources of an exact solution and compare.

    Args:
        trial: A fresh case with the phases that ``parts`` names.
        parts: Exact solution by phase, from the scaled coordinates.
        imposed: Value of every field that a terminal holds, by terminal and field.
        supplies: Exact rate (species) or charge (phi) that a terminal supplies, by terminal and field.

    Raises:
        ConvergenceError: Newton's method failed.
    """
    simulation = trial.simulation
    functional, solver = simulation.functional, simulation.solver
    domain = functional.placement.mesh.mesh
    exact = parts(ufl.SpatialCoordinate(domain))
    test = ufl.TestFunction(functional.placement.space)
    names = functional.placement.unknowns.names
    found = {name: functional.y[i] for i, name in enumerate(names)}
    load: Any = 0
    field_errors: Any = 0
    concentration_errors: Any = 0
    for phase in functional.placement.phase_cells:
        part, inside = exact[phase], functional.placement.measures.cells(phase, "exact")
        right, now = part.concentrations(part.fields), part.concentrations(found)
        for name, source in part.sources.items():
            load = load + source * test[names.index(name)] * inside
            difference = found[name] - part.fields[name]
            field_errors = field_errors + difference * difference * test[names.index(name)] * inside
        for name, value in right.items():
            difference = now[name] - value
            concentration_errors = concentration_errors + difference * difference * test[names.index(name)] * inside

    for fixed in functional.placement.rows.fixed:
        fixed.applied.set(imposed[fixed.terminal, fixed.field] - fixed.applied.origin)
    for name, model in functional.placement.terminals.items():
        for quantity, applied in model.applied.items():
            applied.set(imposed[name, quantity])
    target = solver.assemble(dolfinx.fem.form(load))
    report = solver.solve(target, 1.0)
    if not report.converged:
        raise ConvergenceError(
            f"The manufactured problem was not solved: {report.reason}.",
            where=trial.case.title,
            hint="Refine the mesh.",
        )
    values: dict[str, float] = {}
    for form, prefix in ((field_errors, "mu "), (concentration_errors, "c ")):
        squares = solver.assemble(dolfinx.fem.form(form)).reshape(-1, len(names))
        totals = {name: math.sqrt(max(simulation.sum(squares[:, i]), 0.0)) for i, name in enumerate(names)}
        potential = totals.pop(POTENTIAL)
        if form is field_errors:
            values["potential"] = potential
        values |= {prefix + name: value for name, value in totals.items()}
    supply = solver.unbalanced(target)
    for fixed in functional.placement.rows.fixed:
        if (fixed.terminal, fixed.field) in supplies:
            got = simulation.sum(supply[fixed.rows])
            held_at_once = simulation.sum(functional.placement.rows.instantaneous[fixed.rows]) > 0
            kind = f"current {fixed.field}"
            if fixed.field == POTENTIAL:
                kind = "charge" if held_at_once else "electronic current"
            values[kind] = abs(got - supplies[fixed.terminal, fixed.field])
    for terminal, charge in functional.forms.stern_charges().items():
        if (terminal, POTENTIAL) in supplies:
            got = simulation.sum(charge)
            values["charge"] = abs(got - supplies[terminal, POTENTIAL])
    return Errors(values)


def observed_orders(sizes: Sequence[float], errors: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Order of every error between the two finest of the sizes."""
    ratio = math.log(sizes[-2] / sizes[-1])
    return {name: math.log(errors[-2][name] / errors[-1][name]) / ratio for name in errors[-1]}


def order_rows(
    label: str, orders: Mapping[str, float], *, expected: float, tolerance: float, at_least: bool = False
) -> list[Row]:
    """Rows of the table for observed orders."""
    kind = "at least" if at_least else "absolute"
    return [
        Row(f"{label}: order of {name}", expected, float(np.float64(order)), tolerance, kind=kind)  # type: ignore[arg-type]
        for name, order in orders.items()
    ]
