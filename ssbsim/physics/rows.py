"""Which rows of the equations are fixed by terminals, absent, or hold at every instant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import dolfinx
import numpy as np
import numpy.typing as npt

from ssbsim.discretization import DistributedMesh
from ssbsim.physics.phases import PhaseModel
from ssbsim.physics.terminals import Applied
from ssbsim.physics.unknowns import Unknowns

Ints = npt.NDArray[np.int32]


@dataclass(frozen=True)
class FixedRows:
    """Rows of one field that a terminal fixes, on this rank.

    Args:
        terminal: Name of the terminal; empty for fields that do not exist in a phase.
        field: Species or ``"phi"``.
        rows: Owned local rows.
        applied: The value.
    """

    terminal: str
    field: str
    rows: Ints
    applied: Applied


@dataclass(frozen=True)
class FloatingTerminal:
    """A terminal that is given a current: its rows move together with its unknown potential.

    Args:
        terminal: Name of the terminal.
        rows: Those that it fixes; their ``applied`` shows the values found last.
        current: What it is given, into the cell (scaled, of the whole terminal).
    """

    terminal: str
    rows: tuple[FixedRows, ...]
    current: Applied


@dataclass(frozen=True)
class Rows:
    """Owned rows of a kind, on this rank.

    Args:
        fixed: Rows that terminals fix.
        floating: Terminals with an unknown potential.
        shared: Pairs of terminals that share nodes, with the field that both fix.
        absent: Rows of unknowns that exist in no phase around the node.
        instantaneous: For every owned row, whether it holds at every instant: phi where no conductor is near.
    """

    fixed: list[FixedRows]
    floating: tuple[FloatingTerminal, ...]
    shared: tuple[tuple[str, str, str], ...]
    absent: Ints
    instantaneous: npt.NDArray[np.bool_]


def find_rows(
    mesh: DistributedMesh,
    space: Any,
    unknowns: Unknowns,
    terminals: Mapping[str, Any],
    phases: Mapping[str, PhaseModel],
    phase_cells: Mapping[str, Ints],
    interfaces: Mapping[str, Ints],
) -> Rows:
    """Find the rows that terminals fix, those of unknowns that are absent, and those that hold at every instant.

    Args:
        mesh: The distributed mesh.
        space: The broken space; its components are the unknowns.
        unknowns: The unknowns of a node.
        terminals: Terminal models by name.
        phases: Phase models by name.
        phase_cells: Owned cells of every phase.
        interfaces: Facets of every interface, as (cell, facet) of the first side, which has the unknowns of its laws.
    """
    n_nodes = space.dofmap.index_map.size_local

    def near(chosen: Callable[[PhaseModel], bool]) -> npt.NDArray[np.bool_]:
        """Owned nodes that touch one of some phases; collective."""
        dofs = [space.dofmap.list[cells].reshape(-1) for name, cells in phase_cells.items() if chosen(phases[name])]
        found = np.zeros(n_nodes, dtype=np.bool_)
        found[owned_nodes(space, np.concatenate([np.empty(0, dtype=np.int32), *dofs]))] = True
        return found

    fixed: list[FixedRows] = []
    shared: set[tuple[str, str, str]] = set()
    for name, model in terminals.items():
        nodes = terminal_nodes(mesh, space, name)
        for quantity, applied in model.fixed.items():
            rows = unknowns.rows(nodes, quantity)
            for other in fixed:
                if other.field == quantity:
                    # A node belongs to the first terminal that names it, or its supply would be counted twice.
                    if mesh.comm.allreduce(len(np.intersect1d(rows, other.rows))):
                        shared.add((other.terminal, name, quantity))
                    rows = np.setdiff1d(rows, other.rows)
            fixed.append(FixedRows(name, quantity, rows, applied))

    floating = tuple(
        FloatingTerminal(name, tuple(rows for rows in fixed if rows.terminal == name), model.current)
        for name, model in terminals.items()
        if model.current is not None
    )

    absent = np.empty(n_nodes * len(unknowns), dtype=np.bool_)
    instantaneous = np.empty(n_nodes * len(unknowns), dtype=np.bool_)
    for unknown in unknowns:
        unknowns.column(absent, unknown.name)[:] = ~near(unknown.exists_in)
        unknowns.column(instantaneous, unknown.name)[:] = ~near(unknown.is_stored_in)
        if unknown.interface:
            nodes = facet_nodes(mesh, space, interfaces[unknown.interface])
            unknowns.column(absent, unknown.name)[nodes] = False
    return Rows(fixed, floating, tuple(sorted(shared)), np.flatnonzero(absent).astype(np.int32), instantaneous)


def owned_nodes(space: Any, nodes: Ints) -> Ints:
    """Owned nodes of a space among those that any rank names; collective."""
    imap = space.dofmap.index_map
    flag = dolfinx.la.vector(imap, 1)
    flag.array[:] = 0.0
    flag.array[nodes] = 1.0
    flag.scatter_reverse(dolfinx.la.InsertMode.add)
    return np.flatnonzero(flag.array[: imap.size_local] > 0).astype(np.int32)


def terminal_nodes(mesh: DistributedMesh, space: Any, name: str) -> Ints:
    """Owned nodes on a boundary; collective."""
    return facet_nodes(mesh, space, mesh.terminal_entities(name))


def facet_nodes(mesh: DistributedMesh, space: Any, entities: Ints) -> Ints:
    """Owned nodes of (cell, facet of it) that any rank names, on the side of the cell; collective."""
    layout, facets = space.dofmap.dof_layout, range(mesh.facets_per_cell)
    closure = np.array([layout.entity_closure_dofs(mesh.dim - 1, f) for f in facets], dtype=np.int32)
    return owned_nodes(space, space.dofmap.list[entities[:, :1], closure[entities[:, 1]]].reshape(-1))
