r"""What a law of an interface gives: a storage and a dissipation per area, and what is linear in them.

Signs. A jump is *first-named minus second-named* side, ``jump(f) = f_a - f_b`` for the interface ``a|b``. A law drives
processes by affinities X, in kT, which are differences of electrochemical potentials: ``jump(mu_k)`` where a species k
crosses, ``mu_k,a - mu_l,b`` where it becomes another. The molar flux is the derivative of the dissipation psi, convex with
its minimum at X = 0::

    J = d psi / d X,       J_k = d psi / d mu_k,a  leaves the first side,  - d psi / d mu_k,b  enters the second

positive when mu is higher in a. For one species the overpotential is ``eta = jump(mu_k) / (z_k F)`` and the current from a
to b ``i = z_k F J_k``. Storage in J/m2 and dissipation in W/m2, both over RT and in units of the problem.

A law may have unknowns m of its own on the plane, such as the potential of an adsorbed species, which enter affinities as
potentials do. What the plane holds is the derivative of the storage in m, and changes with what arrives and leaves::

    d/dt dS/dm + d psi/dm = 0

On a perfect contact the potentials are continuous and jumps vanish: only laws that act on the plane itself make sense.
On a broken contact the laws of the plane act on both sides in equal halves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ssbsim.case import LawModel
from ssbsim.discretization.scaling import Scales
from ssbsim.geometry import Grain
from ssbsim.physics.operations import Operations, same
from ssbsim.physics.phases import PhaseModel
from ssbsim.physics.state import State

Floats = npt.NDArray[np.float64]


def _of_the_only_pair(values: Floats) -> Any:
    return float(values[0])


@dataclass(frozen=True)
class Contact:
    """Where a law acts: all that it is handed beside its own numbers.

    The defaults are those of one pair of grains, to evaluate a law in numbers.

    Args:
        scales: Units of the scaled problem.
        phases: Models of the first and the second phase, in numbers.
        grains: The pairs of grains that touch here, the one of the first-named side first.
        constant: Makes a number a parameter of the forms, so that a new value compiles nothing.
        on_facets: From one number for each pair of grains an expression that has them on their facets.
        phases_in_forms: The models with their numbers as parameters of the forms; ``phases`` where there are none.
    """

    scales: Scales
    phases: tuple[PhaseModel, PhaseModel]
    grains: Sequence[tuple[Grain, Grain]] = ((Grain("one", "first"), Grain("other", "second")),)
    constant: Callable[[float], Any] = same
    on_facets: Callable[[Floats], Any] = _of_the_only_pair
    phases_in_forms: tuple[PhaseModel, PhaseModel] | None = None


class InterfaceLaw:
    """A law in place; stores nothing and lets nothing through. A law overrides what it has, and ``__init__``.

    Args:
        law: The keys from the case.
        contact: Where it acts.
    """

    #: The class of its keys, with its facts.
    schema: ClassVar[type[LawModel]]
    #: Its own unknowns, in kT, which stand in ``a.more``: their rows count what the plane holds over time.
    internal: ClassVar[tuple[str, ...]] = ()

    def __init__(self, law: Any, contact: Contact) -> None:
        pass

    @property
    def width(self) -> float | None:
        """Thickness (m) of what has none here, where the case gives it."""
        return None

    def permeability(self, pair: int | None = None) -> float | None:
        """Of isotopes (m/s) on one pair of grains, or where pairs do not differ; ``None`` if the law knows no isotopes."""
        return None

    def storage(self, a: State, b: State, op: Operations) -> Any:
        """Stored energy per area, or ``None``."""
        return None

    def reference(self, a: State, b: State) -> Any:
        """Amounts that the plane holds beside neutral bulk, times test functions, or ``None``."""
        return None

    def affinities(self, a: State, b: State) -> tuple[Any, ...]:
        """X of every process."""
        return ()

    def dissipation(self, a: State, b: State, op: Operations) -> Any:
        """psi, or ``None``; what a rate depends on beside X is lagged."""
        return None

    def conductances(self, species: str, *, tracer: bool = False) -> Floats | None:
        """Flux of a species over a small jump of its mu in kT, for every pair of grains; ``None`` where none crosses.

        Args:
            species: The species.
            tracer: Instead the flux of its isotope over the jump of the isotope fraction.
        """
        return None


class OneSpecies(InterfaceLaw):
    """A law that lets one species through, at the small-signal conductance ``conductance`` on every pair of grains.

    Args:
        species: Name of the species.
        conductance: Flux over a small jump of mu in kT.
        contact: Where the law acts.
    """

    def __init__(self, species: str, conductance: float, contact: Contact) -> None:
        self.species = species
        self.conductance = contact.constant(conductance)
        self.pairs = len(contact.grains)

    def affinities(self, a: State, b: State) -> tuple[Any, ...]:
        """``jump(mu)``."""
        return (a.mu[self.species] - b.mu[self.species],)

    def conductances(self, species: str, *, tracer: bool = False) -> Floats | None:
        """The conductance; a tracer has the same, as a Haven ratio of 1 would give."""
        return np.full(self.pairs, float(self.conductance)) if species == self.species else None
