"""Where the phases, interfaces and terminals of a case lie on the mesh."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ssbsim.case import Case
from ssbsim.discretization import DistributedMesh, Measures, Scales, broken_space, facet_numbers
from ssbsim.errors import CaseError, MeshError
from ssbsim.physics.laws import Contact, InterfaceLaw, interface_laws, internal_unknowns
from ssbsim.physics.phases import PhaseModel, phase_model
from ssbsim.physics.rows import Rows, find_rows
from ssbsim.physics.terminals import terminal_model
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
    if held := terminal.held_species():
        phase = terminal.reference_phase()
        if phase is not None:
            if phase not in touched:
                raise CaseError(
                    f"Reservoir '{name}' does not touch phase '{phase}'.",
                    where=f"terminals.{name}.phase",
                    hint=f"It touches {', '.join(touched)}.",
                )
            touched = [phase, *(one for one in touched if one != phase)]
        elif len(touched) > 1 and terminal.counts_from_bulk():
            raise CaseError(
                f"Reservoir '{name}' touches several phases ({', '.join(touched)}), so 'potential' is ambiguous.",
                where=f"terminals.{name}",
                hint=f"Say from which bulk it counts, for example 'phase: {touched[0]}', or give 'electrochemical_potential'.",
            )
        missing = [k for k in held if not any(k in phases[p].charges for p in touched)]
        if missing:
            raise CaseError(
                f"Reservoir '{name}' holds {', '.join(missing)}, but touches only {', '.join(touched)}, which has none.",
                where=f"terminals.{name}.species",
                hint="Name a species of the phase that the terminal touches.",
            )
    return phases[touched[0]]


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
    unknowns = unknowns_of(phases, internal_unknowns(case.interfaces))
    order = case.solver.element_order
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
        rows=find_rows(
            mesh,
            space,
            unknowns,
            terminals,
            phases,
            phase_cells,
            {interface.name: interface.entities[:, :2] for interface in interfaces},
        ),
    )
