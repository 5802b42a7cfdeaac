"""The elementary functions that a law needs, in UFL for the solver and in NumPy for single points.

A law is written once, over an :class:`Operations`; the solver differentiates the UFL form of it, and the initial state,
the tests and the reports evaluate the NumPy form of the same text.
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
        gradient_squared: ``|grad f|^2`` of a field.
    """

    exp: Callable[[Any], Any]
    ln: Callable[[Any], Any]
    maximum: Callable[[Any, Any], Any]
    gradient_squared: Callable[[Any], Any]


def _no_gradient(values: Any) -> Any:
    raise TypeError("numbers at a point have no gradient")


NUMPY = Operations(np.exp, np.log, np.maximum, _no_gradient)
