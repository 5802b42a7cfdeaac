"""The forms of a cell: what its parts store and dissipate, summed, and what follows from that by differentiation.

The equations are those of :mod:`~ssbsim.physics.functional`; every integral is one of the measures of the placement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import dolfinx
import ufl
from ufl.algorithms import expand_derivatives

from ssbsim.physics.mobility import MobilityMatrix
from ssbsim.physics.operations import Operations
from ssbsim.physics.placement import Placement
from ssbsim.physics.state import State
from ssbsim.physics.ufl_operations import ufl_operations


@dataclass(frozen=True)
class Parameters:
    """Numbers of the forms that change while a cell is solved; all are 1 at first.

    Args:
        tau: Size of the implicit step.
        planes: Share of the charge and of the sites that planes carry, 1 but on the way to a first state.
        weights: A factor of every phase, interface and terminal that stores or dissipates, by name, always 1 but where one
            part is asked for alone.
    """

    tau: Any
    planes: Any
    weights: Mapping[str, Any]

    @classmethod
    def of(cls, placement: Placement, constant: Callable[[float], Any]) -> Parameters:
        """Those of a cell; ``constant`` makes a number a parameter of the forms."""
        stores = [name for name, model in placement.terminals.items() if model.applied]
        names = (*placement.phases, *(interface.name for interface in placement.interfaces), *stores)
        return cls(constant(1.0), constant(1.0), {name: constant(1.0) for name in names})


@dataclass(frozen=True)
class Forms:
    """The equations of a cell, compiled; built by :func:`build_forms`.

    Args:
        residual: ``q(y) + tau dR/dy``; the target of the step is subtracted as a vector.
        jacobian: Its derivative; with a lagged mobility without that of the mobility, which makes it symmetric.
        charges: ``q(y)``.
        compile_dissipated: Makes the form of :attr:`dissipated`.
        reference_amounts: q of the reference composition of every phase.
        stern_charge: Scalar forms of the charge on electrodes behind a Stern capacity.
    """

    residual: Any
    jacobian: Any
    charges: Any
    compile_dissipated: Callable[[], Any]
    reference_amounts: Any
    stern_charge: Mapping[str, Any]

    @cached_property
    def dissipated(self) -> Any:
        """``dR/dy``, compiled when first asked for; collective."""
        return self.compile_dissipated()

    def stern_charges(self) -> dict[str, float]:
        """Charge on electrodes behind a Stern capacity, this rank's part (scaled)."""
        return {name: float(dolfinx.fem.assemble_scalar(form)) for name, form in self.stern_charge.items()}


def build_forms(
    placement: Placement, y: Any, rest: Any, parameters: Parameters, constant: Callable[[float], Any], *, lagged: bool
) -> Forms:
    """Assemble and compile the forms; collective.

    Args:
        placement: What is where.
        y: The unknowns, a function on its space.
        rest: What rounding took from them; gradients and jumps are those of ``y + rest``. Where two neighbours differ in the
            last digits of y, these say by how much.
        parameters: Numbers that change while it is solved.
        constant: Makes a number a parameter of the forms.
        lagged: Leave the derivative of the mobility out of the Jacobian.
    """
    frozen = dolfinx.fem.Function(placement.space, name="frozen")
    # The same values as y under another name. It lets the Jacobian leave the mobility out; and FFCx (0.9 to 0.11) reuses
    # the value that a coefficient has at the point of a one-point rule at the points of every other rule of the kernel.
    y_again = dolfinx.fem.Function(placement.space, y.x, name="y again")
    measures = placement.measures
    test, trial = ufl.TestFunction(placement.space), ufl.TrialFunction(placement.space)
    sums = _Sums(placement, y, rest, test, parameters, ufl_operations(y, frozen=frozen, lagged=y_again), constant)
    sums.add_phases()
    sums.add_interfaces()
    stern_charge = sums.add_terminals()
    # Differentiated once, not again in each of the forms that they enter: most of the set-up of a small case.
    charges = expand_derivatives(ufl.derivative(sums.form(sums.storage), y, test))
    dissipated = expand_derivatives(ufl.derivative(sums.form(sums.dissipation), y, test))
    residual = charges + parameters.tau * dissipated
    jacobian = ufl.derivative(residual, y, trial)
    if not lagged:
        jacobian = jacobian + ufl.derivative(residual, y_again, trial)

    def compiled(form: Any) -> Any:
        groups: dict[Any, list[Any]] = {y_again: [], y: []}
        for integral in form.integrals():
            groups[y_again if measures.is_gradient(integral) else y].append(integral)
        totals = [
            ufl.replace(ufl.Form(integrals), {frozen: values}) for values, integrals in groups.items() if integrals
        ]
        return dolfinx.fem.form(sum(totals[1:], totals[0]))

    return Forms(
        residual=compiled(residual),
        jacobian=compiled(jacobian),
        charges=compiled(charges),
        compile_dissipated=lambda: compiled(dissipated),
        reference_amounts=dolfinx.fem.form(sums.reference),
        stern_charge={name: dolfinx.fem.form(form) for name, form in stern_charge.items()},
    )


class _Sums:
    """Storage S(y) and dissipation R(y) of a cell, and q of its reference composition, added up part by part."""

    def __init__(
        self,
        placement: Placement,
        y: Any,
        rest: Any,
        test: Any,
        parameters: Parameters,
        op: Operations,
        constant: Callable[[float], Any],
    ) -> None:
        self._placement, self._parameters, self._op, self._constant = placement, parameters, op, constant
        self._y, self._test_function = y, test
        self._rest = rest
        self._now = placement.unknowns.state(y)
        self._whole = placement.unknowns.state(y + rest)
        self._test = placement.unknowns.state(test)
        self.storage: list[Any] = []
        self.dissipation: list[Any] = []
        self._somewhere = placement.measures.cells(next(iter(placement.phases)), "storage")
        self.reference: Any = constant(0.0) * self._test.phi * self._somewhere

    def form(self, terms: list[Any]) -> Any:
        """The sum of some terms; of none, because conductors without ions store nothing, and nothing may dissipate, a zero."""
        if terms:
            return sum(terms[1:], terms[0])
        return self._constant(0.0) * self._now.phi * self._now.phi * self._somewhere

    def add_phases(self) -> None:
        """What phases store and dissipate."""
        placement, op = self._placement, self._op
        now, whole = self._now, self._whole
        for name, model in placement.phases_in_forms.items():
            part = self._parameters.weights[name]
            inside = placement.measures.cells(name, "storage")
            between = placement.measures.cells(name, "gradient")
            if model.sites:
                self.storage.append(part * model.pressure(now, op) * inside)
            if model.permittivity is not None:
                self.storage.append(part * model.fixed_storage(now.phi) * inside)
                self.storage.append(part * model.electrostatic_storage(whole.phi, op) * between)
            mobility = MobilityMatrix({pair: op.lagged(m) for pair, m in model.mobilities(now, op).entries.items()})
            dissipated = model.dissipation(whole, mobility, op)
            if dissipated is not None:
                self.dissipation.append(part * dissipated * between)
            for k, c in model.bulk_concentration.items():
                amount = self._constant(c)
                self.reference = self.reference + amount * self._test.mu[k] * inside
                if model.permittivity is None:
                    # In a conductor electrons neutralise the ions; its rows of phi count them.
                    self.reference = self.reference - model.charges[k] * amount * self._test.phi * inside

    def add_interfaces(self) -> None:
        """What interfaces store and dissipate."""
        planes = self._parameters.planes
        for interface in self._placement.interfaces:
            a, b = self._sides(self._y, interface.name)
            test_a, test_b = self._sides(self._test_function, interface.name)
            part, plane = self._parameters.weights[interface.name], self._placement.measures.interior(interface.name)
            for law in interface.laws:
                stored = law.storage(a, b, self._op)
                if stored is not None:
                    self.storage.append(part * (planes * stored if law.schema.loads_plane else stored) * plane)
                reference = law.reference(test_a, test_b)
                if reference is not None:
                    self.reference = self.reference + reference * plane
                dissipated = law.dissipation(a, b, self._op)
                if dissipated is not None:
                    rests = law.affinities(*self._sides(self._rest, interface.name))
                    # Affinities are differences, and that of two rests is no rounding of that of their wholes.
                    pairs = zip(law.affinities(a, b), rests, strict=True)
                    dissipated = ufl.replace(dissipated, {of_y: of_y + of_rest for of_y, of_rest in pairs})
                    self.dissipation.append(part * dissipated * plane)

    def add_terminals(self) -> dict[str, Any]:
        """What terminals store; returns the charge on those that do."""
        phi = self._now.phi
        charges = {}
        for name, model in self._placement.terminals.items():
            stored = model.storage(phi)
            if stored is not None:
                wall = self._placement.measures.exterior(name)
                self.storage.append(self._parameters.weights[name] * stored * wall)
                charges[name] = model.charge(phi) * wall
        return charges

    def _sides(self, function: Any, interface: str) -> tuple[State, State]:
        """The fields of a function on the first and the second side of an interface."""
        unknowns = self._placement.unknowns
        first, second = ([function[i](side) for i in range(len(unknowns))] for side in "+-")
        return unknowns.state(first, interface), unknowns.state(second)
