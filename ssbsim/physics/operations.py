"""The elementary functions that a law needs, in UFL for the solver and in NumPy for single points.

A law is written once, over an :class:`Operations`; the solver differentiates the UFL form of it, and the initial state,
the tests and the reports evaluate the NumPy form of the same text.

What differentiation shall leave alone is wrapped: ``frozen(f)`` where the value does not depend on what is frozen (the
shift of a logarithm of sums), ``lagged(f)`` where the Jacobian may leave a derivative out (a mobility). Both are f where
nothing is differentiated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Operations:
    """Functions of one backend.

    Args:
        exp: Exponential.
        ln: Natural logarithm.
        maximum: The larger of two.
        gradient_product: ``grad f . grad g`` of two fields.
        frozen: The same value, constant for every derivative.
        lagged: The same value, constant for the residual; the full Jacobian has its derivative, the lagged one has not.
    """

    exp: Callable[[Any], Any]
    ln: Callable[[Any], Any]
    maximum: Callable[[Any, Any], Any]
    gradient_product: Callable[[Any, Any], Any]
    frozen: Callable[[Any], Any]
    lagged: Callable[[Any], Any]


def same(value: Any) -> Any:
    """The value itself."""
    return value


def _no_gradient(one: Any, other: Any) -> Any:
    raise TypeError("numbers at a point have no gradient")


NUMPY = Operations(np.exp, np.log, np.maximum, _no_gradient, same, same)
