"""Where the interfaces and terminals of a case lie on the mesh, and which rows of the equations they touch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dolfinx
import numpy as np
import numpy.typing as npt

from ssbsim.case import Case, ReservoirTerminal
from ssbsim.discretization import DistributedMesh, Scales
from ssbsim.errors import CaseError, MeshError
from ssbsim.physics.facet_numbers import facet_numbers
from ssbsim.physics.interface_laws import interface_laws
from ssbsim.physics.phases import PhaseModel
from ssbsim.physics.terminals import POTENTIAL, Applied

Ints = npt.NDArray[np.int32]


@dataclass(frozen=True)
class PlacedInterface:
    """An interface of the case with its facets.

    Args:
        name: ``a|b`` as written in the case, or made from the two grains.
        broken: Whether fields may jump.
        laws: Scaled laws, bound to constants.
        entities: (cell_a, facet_a, cell_b, facet_b) of facets owned here.
        grain_pairs: Pairs of grain indices that it joins.
        phases: Names of the first and the second phase.
    """

    name: str
    broken: bool
    laws: Sequence[Any]
    entities: Ints
    grain_pairs: tuple[tuple[int, int], ...]
    phases: tuple[str, str]


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


def place_interfaces(
    case: Case,
    mesh: DistributedMesh,
    phases: Mapping[str, PhaseModel],
    scales: Scales,
    constant: Callable[[float], Any],
    bound_phases: Mapping[str, PhaseModel] | None = None,
) -> list[PlacedInterface]:
    """Give every declared interface its facets; contacts that are not declared are perfect and carry nothing.

    Raises:
        MeshError: An interface of the case has no facet.
    """
    grains = mesh.grains
    bound_phases = phases if bound_phases is None else bound_phases
    chosen: dict[str, list[tuple[int, int, bool]]] = {key: [] for key in case.interfaces}
    for low, high in sorted(mesh.interface_pairs()):
        found = case.interface_between(grains[low], grains[high])
        if found is not None:
            chosen[found[0]].append((low, high, found[1]))
    placed = []
    for name, pairs in chosen.items():
        if not pairs:
            touching = ", ".join(f"{grains[a].name}|{grains[b].name}" for a, b in sorted(mesh.interface_pairs())[:12])
            raise MeshError(
                f"Interface '{name}' has no facet: nothing of the mesh joins these two.",
                where=f"interfaces.{name}",
                hint=f"Touching here: {touching or 'no two grains'}. Remove the entry or correct its name.",
            )
        entry = case.interfaces[name]
        low, high, flipped = pairs[0]
        first, second = (high, low) if flipped else (low, high)
        entities, pair_of = _facets_of_pairs(mesh, pairs)
        laws = []
        for law in interface_laws(entry, scales, phases[grains[first].phase]):
            bound = law.bind(constant)
            if getattr(bound, "sides", None) is not None:
                bound.sides = (bound_phases[grains[first].phase], bound_phases[grains[second].phase])
            factors = law.pair_factors([(grains[a], grains[b]) for a, b, _ in pairs])
            if factors is not None:
                bound.resistance_factor, _ = facet_numbers(mesh, entities, factors[pair_of])
            laws.append(bound)
        placed.append(
            PlacedInterface(
                name=name,
                broken=entry.contact == "broken",
                laws=laws,
                entities=entities,
                grain_pairs=tuple((a, b) for a, b, _ in pairs),
                phases=(grains[first].phase, grains[second].phase),
            )
        )
    return placed


def _facets_of_pairs(mesh: DistributedMesh, pairs: Sequence[tuple[int, int, bool]]) -> tuple[Ints, Ints]:
    """Owned facets of pairs of grains, first-named side first, and the index of the pair of every facet."""
    n = len(mesh.grains)
    index = {a * n + b: i for i, (a, b, _) in enumerate(pairs)}
    keys = mesh.interior.grains[:, 0].astype(np.int64) * n + mesh.interior.grains[:, 1]
    pair_of = np.array([index.get(int(key), -1) for key in keys], dtype=np.int32)
    chosen = np.flatnonzero(pair_of >= 0)
    chosen = chosen[np.argsort(pair_of[chosen], kind="stable")]
    pair_of = pair_of[chosen]
    reverse = np.array([flipped for _, _, flipped in pairs], dtype=np.bool_)[pair_of]
    entities = np.where(
        reverse[:, None], mesh.interior.entities[chosen][:, [2, 3, 0, 1]], mesh.interior.entities[chosen]
    )
    return entities.astype(np.int32), pair_of


def broken_regions(mesh: DistributedMesh, interfaces: Sequence[PlacedInterface]) -> Ints:
    """Region of every grain: grains that perfect contacts join share one.

    Raises:
        CaseError: Perfect contacts through other grains join the two sides of a broken one.
    """
    broken = [pair for interface in interfaces if interface.broken for pair in interface.grain_pairs]
    regions = mesh.regions(broken)
    for one, other in broken:
        if regions[one] == regions[other]:
            raise CaseError(
                f"The contact of grains '{mesh.grains[one].name}' and '{mesh.grains[other].name}' is broken, "
                "but perfect contacts through other grains join the same two.",
                where="interfaces",
                hint="Break the other contacts too, or make this one perfect.",
            )
    return regions


def phase_at_terminal(case: Case, mesh: DistributedMesh, phases: Mapping[str, PhaseModel], name: str) -> PhaseModel:
    """The phase that a terminal touches.

    Raises:
        MeshError: The terminal lies on nothing.
        CaseError: A reservoir touches several phases, or one without its species.
    """
    if name not in mesh.boundaries:
        raise MeshError(
            f"Terminal '{name}' lies on no boundary of the mesh.",
            where=f"terminals.{name}",
            hint="Boundaries here: " + (", ".join(mesh.boundaries) or "none") + ".",
        )
    here = np.unique(mesh.cell_grain[mesh.terminal_entities(name)[:, 0]])
    touched = sorted({mesh.grains[g].phase for part in mesh.comm.allgather(here) for g in part})
    if not touched:
        raise MeshError(f"Terminal '{name}' has no facet.", where=f"terminals.{name}", hint="Check the mesh.")
    terminal = case.terminals[name]
    if isinstance(terminal, ReservoirTerminal):
        if terminal.phase is not None:
            if terminal.phase not in touched:
                raise CaseError(
                    f"Reservoir '{name}' does not touch phase '{terminal.phase}'.",
                    where=f"terminals.{name}.phase",
                    hint=f"It touches {', '.join(touched)}.",
                )
            touched = [terminal.phase, *(one for one in touched if one != terminal.phase)]
        elif len(touched) > 1 and terminal.electrochemical_potential is None:
            raise CaseError(
                f"Reservoir '{name}' touches several phases ({', '.join(touched)}), so 'potential' is ambiguous.",
                where=f"terminals.{name}",
                hint=f"Say from which bulk it counts, for example 'phase: {touched[0]}', or give 'electrochemical_potential'.",
            )
        missing = [k for k in terminal.species if not any(k in phases[p].charges for p in touched)]
        if missing:
            raise CaseError(
                f"Reservoir '{name}' holds {', '.join(missing)}, but touches only {', '.join(touched)}, which has none.",
                where=f"terminals.{name}.species",
                hint="Name a species of the phase that the terminal touches.",
            )
    return phases[touched[0]]


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
    layout, entities = space.dofmap.dof_layout, mesh.terminal_entities(name)
    facets = range(mesh.facets_per_cell)
    closure = np.array([layout.entity_closure_dofs(mesh.dim - 1, f) for f in facets], dtype=np.int32)
    return owned_nodes(space, space.dofmap.list[entities[:, :1], closure[entities[:, 1]]].reshape(-1))


@dataclass(frozen=True)
class Rows:
    """Owned rows of a kind, on this rank.

    Args:
        fixed: Rows that terminals fix.
        floating: Terminals with an unknown potential.
        shared: Pairs of terminals that share nodes, with the field that both fix.
        absent: Rows of species that exist in no phase around the node.
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
    species: Sequence[str],
    terminals: Mapping[str, Any],
    phases: Mapping[str, PhaseModel],
    phase_cells: Mapping[str, Ints],
) -> Rows:
    """Find the rows that terminals fix, those of absent species, and those of phi that hold at every instant.

    Args:
        mesh: The distributed mesh.
        space: The broken space; its last component is phi, the others are the species.
        species: Names of the species.
        terminals: Terminal models by name.
        phases: Phase models by name.
        phase_cells: Owned cells of every phase.
    """
    n_fields = len(species) + 1
    dofs, imap = space.dofmap.list, space.dofmap.index_map

    def marked(nodes: Ints) -> Ints:
        return owned_nodes(space, nodes)

    fixed: list[FixedRows] = []
    shared: set[tuple[str, str, str]] = set()
    for name, model in terminals.items():
        nodes = terminal_nodes(mesh, space, name)
        for quantity, applied in model.fixed.items():
            component = len(species) if quantity == POTENTIAL else species.index(quantity)
            rows = (nodes * n_fields + component).astype(np.int32)
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

    absent: list[npt.NDArray[Any]] = [np.empty(0, dtype=np.int32)]
    for i, k in enumerate(species):
        hosts = [cells for name, cells in phase_cells.items() if k in phases[name].charges]
        present = np.zeros(imap.size_local, dtype=np.bool_)
        present[marked(dofs[np.concatenate(hosts)].reshape(-1))] = True
        absent.append(np.flatnonzero(~present).astype(np.int32) * n_fields + i)

    conductors = [dofs[cells].reshape(-1) for name, cells in phase_cells.items() if phases[name].permittivity is None]
    instantaneous = np.zeros((imap.size_local, n_fields), dtype=np.bool_)
    instantaneous[:, -1] = True
    near = np.concatenate([np.empty(0, dtype=np.int32), *conductors])
    instantaneous[marked(near), -1] = False
    return Rows(
        fixed, floating, tuple(sorted(shared)), np.concatenate(absent).astype(np.int32), instantaneous.reshape(-1)
    )
