r"""The functional of a cell: storage and dissipation of all phases, interfaces and terminals, as UFL.

Unknowns ``y = (mu_1 .. mu_n, phi)``, scaled. With the storage S(y) and the dissipation R(y) (integrals over phases,
interfaces and terminals), the fields obey, for every test function::

    d/dt q(y) + dR/dy = 0        rows that store over time: species, and phi in conductors
         q(y) = 0                rows that hold at every instant: phi in Poisson phases
    q(y) = dS/dy

q is the amount of a species at a node (``+c``), and at the rows of phi minus the charge (``-rho``) plus the divergence of
the displacement. One implicit step of size tau is the minimiser of ``S(y) + tau R(y) - <target, y>``; with the mobility
lagged that is strictly convex and its Hessian symmetric and positive. Amounts are conserved to rounding because q itself is
differenced in time. Either way the mobility is that of the state itself; lagged only means that the Jacobian leaves its
derivative out.

Storage is lumped and the mobility taken at the cell midpoint, see :mod:`~ssbsim.discretization.measures`.

Everything that a parameter study may change is a constant of the forms, so that a second value compiles nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import dolfinx

from ssbsim.case import Case
from ssbsim.discretization import DistributedMesh, Scales
from ssbsim.physics.forms import Forms, Parameters, build_forms
from ssbsim.physics.placement import Placement, place_cell


@dataclass(frozen=True)
class Functional:
    """A cell to solve; built by :func:`build_functional`.

    Args:
        placement: What is where.
        y: The unknowns, a function on the space of the placement.
        rest: What rounding took from y, zero but where a state was refined; what flows is made of differences of both.
        parameters: Numbers of the forms that change while it is solved.
        forms: The equations.
    """

    placement: Placement
    y: Any
    rest: Any
    parameters: Parameters
    forms: Forms


def build_functional(case: Case, mesh: DistributedMesh, scales: Scales) -> Functional:
    """Assemble the functional of a resolved case; collective.

    Args:
        case: A case whose phases are complete.
        mesh: Its mesh.
        scales: Its scales.

    Raises:
        CaseError, MeshError: An interface or terminal of the case has no facet, or a combination is impossible.
    """

    def constant(value: float) -> Any:
        return dolfinx.fem.Constant(mesh.mesh, float(value))

    placement = place_cell(case, mesh, scales, constant)
    y = dolfinx.fem.Function(placement.space, name="y")
    rest = dolfinx.fem.Function(placement.space, name="rest")
    parameters = Parameters.of(placement, constant)
    forms = build_forms(placement, y, rest, parameters, constant, lagged=case.solver.newton == "lagged")
    return Functional(placement, y, rest, parameters, forms)
