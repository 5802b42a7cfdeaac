r"""What is solved for at every node, and what the rows of the equations count.

=========  ==========================  ===============================  =============================================
kind       unknown                     its row counts                   it holds
=========  ==========================  ===============================  =============================================
species    ``mu_k``, electrochemical   the species (mol)                over time: ``dq/dt + dR/dmu_k = 0``
           potential of the species
potential  ``phi``, electrostatic      charge: in a Poisson phase       at every instant in a Poisson phase, ``q = 0``;
           potential                   Gauss's law, in a conductor its  over time in a conductor
                                       electrons
internal   of a law of an interface,   what the law stores with it      over time, on the first side of the interface
           on its plane                                                 only
=========  ==========================  ===============================  =============================================

Where all potentials are raised by kT/e, an unknown grows by its charge number, z of a species and 1 of phi; with the same
numbers the rows of a node add up to charge, and what the outside supplies on them to current.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ssbsim.physics.phases import PhaseModel
from ssbsim.physics.state import State

#: Name of the electrostatic potential among the unknowns; every other is a species.
POTENTIAL = "phi"


class Kind(Enum):
    """What an unknown is."""

    SPECIES = "electrochemical potential of a species"
    POTENTIAL = "electrostatic potential"
    INTERNAL = "unknown of a law of an interface"


@dataclass(frozen=True)
class Unknown:
    """One number at every node.

    Args:
        name: Of the species, or ``"phi"``.
        kind: What it is.
        charge_number: By how much it grows where all potentials are raised by kT/e, and the charge of what its row counts.
        unit: Its unit in results; one unit is ``scales.potential`` of it.
        is_broken: Whether it may jump where an interface is broken.
        interface: The interface that an internal unknown belongs to.
        short_name: Its name for the law.
    """

    name: str
    kind: Kind
    charge_number: int
    unit: str
    is_broken: bool = True
    interface: str = ""
    short_name: str = ""

    def exists_in(self, phase: PhaseModel) -> bool:
        """Whether a phase has it; elsewhere its rows are empty."""
        return self.kind is Kind.POTENTIAL or (self.kind is Kind.SPECIES and self.name in phase.charges)

    def is_stored_in(self, phase: PhaseModel) -> bool:
        """Whether its row holds over time near a phase, and not at every instant."""
        return self.kind is not Kind.POTENTIAL or phase.permittivity is None


class Unknowns:
    """The unknowns of a node, in the order of its rows.

    Args:
        members: They; names are unique and there is one electrostatic potential.
    """

    def __init__(self, members: tuple[Unknown, ...]) -> None:
        self._members = members
        self._index = {unknown.name: i for i, unknown in enumerate(members)}

    def __iter__(self) -> Iterator[Unknown]:
        """The unknowns, in order."""
        return iter(self._members)

    def __len__(self) -> int:
        """Rows of a node."""
        return len(self._members)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of all, in order."""
        return tuple(self._index)

    @cached_property
    def species(self) -> tuple[str, ...]:
        """Names of the species, in order."""
        return tuple(unknown.name for unknown in self if unknown.kind is Kind.SPECIES)

    @cached_property
    def charges(self) -> dict[str, int]:
        """Charge number of every species."""
        return {unknown.name: unknown.charge_number for unknown in self if unknown.kind is Kind.SPECIES}

    @cached_property
    def charge_numbers(self) -> npt.NDArray[np.float64]:
        """Those of all, in order."""
        return np.array([float(unknown.charge_number) for unknown in self])

    @property
    def are_broken(self) -> bool:
        """Whether they may jump where an interface is broken: all or none, as they share the nodes of one space."""
        return all(unknown.is_broken for unknown in self)

    def index(self, name: str) -> int:
        """Place of an unknown among those of a node."""
        return self._index[name]

    def table(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Values on rows as a view of shape (nodes, unknowns)."""
        return values.reshape(-1, len(self))

    def column(self, values: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
        """Values of one unknown as a view of shape (nodes,)."""
        column: npt.NDArray[Any] = self.table(values)[:, self.index(name)]
        return column

    def rows(self, nodes: npt.NDArray[np.int32], name: str) -> npt.NDArray[np.int32]:
        """Rows of an unknown at some nodes."""
        return (nodes * len(self) + self.index(name)).astype(np.int32)

    def state(self, components: Any, interface: str = "") -> State:
        """The fields at a point, or at many.

        Args:
            components: Gives the unknown of an index: a function of UFL, or an array of shape (unknowns, ...).
            interface: Where the points lie on the first side of one; its own unknowns are then among the fields.
        """
        return State(
            {name: components[self.index(name)] for name in self.species},
            components[self.index(POTENTIAL)],
            {u.short_name: components[self.index(u.name)] for u in self if u.interface == interface != ""},
        )


def unknowns_of(phases: Mapping[str, PhaseModel], internal: Mapping[str, tuple[str, ...]]) -> Unknowns:
    """The unknowns of a cell: the species of its phases as they appear, the potential, and those that laws add.

    Args:
        phases: Models of the phases, by name.
        internal: Names of the unknowns of the laws of every interface.
    """
    charges = {k: z for model in phases.values() for k, z in model.charges.items()}
    species = tuple(Unknown(name, Kind.SPECIES, z, "eV") for name, z in charges.items())
    own = tuple(
        Unknown(f"{name} of {interface}", Kind.INTERNAL, 0, "eV", interface=interface, short_name=name)
        for interface, names in internal.items()
        for name in names
    )
    return Unknowns((*species, Unknown(POTENTIAL, Kind.POTENTIAL, 1, "V"), *own))
