"""The fields at a point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class State:
    """The fields at a point: in a cell, or on one side of an interface.

    Args:
        mu: Electrochemical potential of every species (kT).
        phi: Electrostatic potential (kT/e).
        more: Further fields by name.
    """

    mu: Mapping[str, Any]
    phi: Any
    more: Mapping[str, Any] = field(default_factory=dict)
