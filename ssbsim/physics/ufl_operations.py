"""The functions of a law in UFL: to evaluate it, and to differentiate it in an unknown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import ufl

from ssbsim.physics.operations import Operations, same


def _gradient_product(one: Any, other: Any) -> Any:
    return ufl.inner(ufl.grad(one), ufl.grad(other))


#: To evaluate: nothing is differentiated, so nothing needs to be kept from it.
UFL = Operations(ufl.exp, ufl.ln, ufl.max_value, _gradient_product, same, same)


def ufl_operations(y: Any, *, frozen: Any, lagged: Any) -> Operations:
    """The operations over an unknown whose derivatives will be taken.

    Args:
        y: The unknown.
        frozen: Stands for y in what is constant for every derivative.
        lagged: Stands for y in what is constant for the residual.
    """
    return replace(UFL, frozen=_in_place_of(y, frozen), lagged=_in_place_of(y, lagged))


def _in_place_of(y: Any, other: Any) -> Callable[[Any], Any]:
    """Replaces y in an expression; one without y, a number among them, comes back as it is."""

    def replaced(expression: Any) -> Any:
        return ufl.replace(expression, {y: other}) if isinstance(expression, ufl.core.expr.Expr) else expression

    return replaced
