"""Where the interfaces and terminals of a case lie on the mesh, and which rows of the equations they touch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dolfinx
import numpy as np
import numpy.typing as npt

from ssbsim.case import Case, ReservoirTerminal
from ssbsim.discretization import DistributedMesh, Measures, Scales, broken_space, facet_numbers
from ssbsim.errors import CaseError, MeshError
from ssbsim.physics.laws import Contact, InterfaceLaw, interface_laws
from ssbsim.physics.phases import PhaseModel, phase_model
from ssbsim.physics.terminals import Applied, terminal_model
from ssbsim.physics.unknowns import Unknowns, unknowns_of

Ints = npt.NDArray[np.int32]


@dataclass(frozen=True)
class PlacedInterface:
    """An interface of the case with its facets.

    Args:
        name: ``a|b`` as written in the case, or made from the two grains.
        broken: Whether fields may jump.
        laws: Its laws, with their numbers as parameters of the forms.
        entities: (cell_a, facet_a, cell_b, facet_b) of facets owned here.
        grain_pairs: Pairs of grain indices that it joins.
        pair_of_facet: Index of the pair of every facet.
        phases: Names of the first and the second phase.
    """

    name: str
    broken: bool
    laws: Sequence[InterfaceLaw]
    entities: Ints
    grain_pairs: tuple[tuple[int, int], ...]
    pair_of_facet: Ints
    phases: tuple[str, str]

    def conductances(self, species: str, *, tracer: bool = False) -> npt.NDArray[np.float64] | None:
        """Those of all laws together, see :meth:`~ssbsim.physics.laws.InterfaceLaw.conductances`."""
        found = [law.conductances(species, tracer=tracer) for law in self.laws]
        conducting = [g for g in found if g is not None]
        return sum(conducting[1:], conducting[0]) if self.broken and conducting else None


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
    phases_in_forms: Mapping[str, PhaseModel] | None = None,
) -> list[PlacedInterface]:
    """Give every declared interface its facets; contacts that are not declared are perfect and carry nothing.

    Args:
        case: A resolved case.
        mesh: Its mesh.
        phases: Models of its phases, in numbers.
        scales: Its scales.
        constant: Makes a number a parameter of the forms.
        phases_in_forms: The models with their numbers as parameters of the forms, where laws enter forms with phases.

    Raises:
        MeshError: An interface of the case has no facet.
    """
    grains = mesh.grains
    phases_in_forms = phases if phases_in_forms is None else phases_in_forms
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
        sides = (grains[first].phase, grains[second].phase)

        def on_facets(values: npt.NDArray[np.float64], facets: Ints = entities, pair: Ints = pair_of) -> Any:
            return facet_numbers(mesh, facets, values[pair])

        contact = Contact(
            scales=scales,
            phases=(phases[sides[0]], phases[sides[1]]),
            grains=[(grains[b], grains[a]) if flipped else (grains[a], grains[b]) for a, b, flipped in pairs],
            constant=constant,
            on_facets=on_facets,
            phases_in_forms=(phases_in_forms[sides[0]], phases_in_forms[sides[1]]),
        )
        placed.append(
            PlacedInterface(
                name=name,
                broken=entry.contact == "broken",
                laws=interface_laws(entry, contact),
                entities=entities,
                grain_pairs=tuple((a, b) for a, b, _ in pairs),
                pair_of_facet=pair_of,
                phases=sides,
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
) -> Rows:
    """Find the rows that terminals fix, those of unknowns that are absent, and those that hold at every instant.

    Args:
        mesh: The distributed mesh.
        space: The broken space; its components are the unknowns.
        unknowns: The unknowns of a node.
        terminals: Terminal models by name.
        phases: Phase models by name.
        phase_cells: Owned cells of every phase.
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
    return Rows(fixed, floating, tuple(sorted(shared)), np.flatnonzero(absent).astype(np.int32), instantaneous)


@dataclass(frozen=True)
class Placement:
    """What is where in a cell; built by :func:`place_cell`.

    Args:
        mesh: The distributed mesh.
        scales: Units.
        unknowns: What is solved for at every node.
        space: The space of the unknowns, broken at interfaces.
        measures: Integrals over phases, interfaces and terminals, by name.
        phases: Models of the phases, in numbers.
        phases_in_forms: The same with their numbers as parameters of the forms.
        phase_cells: Owned cells of every phase.
        interfaces: The interfaces with their laws and facets.
        terminals: Models of the terminals, by name.
        rows: The rows that terminals fix, that are absent and that hold at every instant.
    """

    mesh: DistributedMesh
    scales: Scales
    unknowns: Unknowns
    space: Any
    measures: Measures
    phases: Mapping[str, PhaseModel]
    phases_in_forms: Mapping[str, PhaseModel]
    phase_cells: Mapping[str, Ints]
    interfaces: Sequence[PlacedInterface]
    terminals: Mapping[str, Any]
    rows: Rows

    @property
    def n_owned_nodes(self) -> int:
        """Nodes owned here."""
        return int(self.space.dofmap.index_map.size_local)

    @property
    def n_rows(self) -> int:
        """Rows on all ranks."""
        return int(self.space.dofmap.index_map.size_global) * len(self.unknowns)

    @property
    def n_owned_rows(self) -> int:
        """Rows owned here."""
        return self.n_owned_nodes * len(self.unknowns)


def place_cell(case: Case, mesh: DistributedMesh, scales: Scales, constant: Callable[[float], Any]) -> Placement:
    """Put the phases, interfaces and terminals of a resolved case on its mesh; collective.

    Args:
        case: A case whose phases are complete.
        mesh: Its mesh.
        scales: Its scales.
        constant: Makes a number a parameter of the forms.

    Raises:
        CaseError, MeshError: An interface or terminal of the case has no facet, or a combination is impossible.
    """
    phases = {name: phase_model(name, phase, scales) for name, phase in case.phases.items()}
    phases_in_forms = {name: model.bind(constant) for name, model in phases.items()}
    phase_cells = {
        name: mesh.cells_of([g for g, grain in enumerate(mesh.grains) if grain.phase == name]) for name in phases
    }
    interfaces = place_interfaces(case, mesh, phases, scales, constant, phases_in_forms)
    unknowns, order = unknowns_of(phases), case.solver.element_order
    regions = broken_regions(mesh, interfaces if unknowns.are_broken else ())
    space = broken_space(mesh, components=len(unknowns), order=order, region_of_grain=regions)
    terminals = {}
    for name, terminal in case.terminals.items():
        model = terminal_model(terminal, scales, phase_at_terminal(case, mesh, phases, name))
        model.bind(constant)
        terminals[name] = model
    return Placement(
        mesh=mesh,
        scales=scales,
        unknowns=unknowns,
        space=space,
        measures=Measures(
            mesh,
            order=order,
            cells=phase_cells,
            interior={interface.name: interface.entities for interface in interfaces},
            exterior={name: mesh.terminal_entities(name) for name in terminals},
        ),
        phases=phases,
        phases_in_forms=phases_in_forms,
        phase_cells=phase_cells,
        interfaces=interfaces,
        terminals=terminals,
        rows=find_rows(mesh, space, unknowns, terminals, phases, phase_cells),
    )
