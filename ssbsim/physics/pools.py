r"""Pools: what exchanges a species, and so has one electrochemical potential where nothing flows.

At rest every mu is uniform wherever its species can go. The rows of an unknown that hang together by

* cells of a phase in which the species moves, or for phi the electrons of a conductor,
* contacts that are not broken, whose two sides are the same node,
* a law of a broken contact with the affinity ``X = u_1 - u_2`` (a species that crosses, or one that becomes another),

are one pool with one number u. Other affinities, such as that of two species which only cross together, are linear equations
of several pools, ``sum_i c_i u_i = 0``, and terminals give ``u = value``. What these leave open are the unknown numbers s, and
all levels are::

    u = T s + H a         a: the values that terminals apply

An unknown number belongs to what nothing supplies: with ``l = T_s`` on the rows of its pools, ``l . q`` is an amount that no
process changes. Rows that belong to no pool stand alone: phi in a Poisson phase, where Gauss's law holds at every node, and a
species in a phase where it does not move, which keeps its amount at every node.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ssbsim.geometry import connected_parts
from ssbsim.physics.laws import InterfaceLaw
from ssbsim.physics.phases import PhaseModel
from ssbsim.physics.placement import PlacedInterface, Placement
from ssbsim.physics.rows import FixedRows, facet_nodes
from ssbsim.physics.state import State
from ssbsim.physics.unknowns import Kind, Unknown, Unknowns

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
#: An equation ``sum c u = sum d a``: c by pool or by the name of a terminal whose potential is unknown, d by terminal value.
Equation = tuple[dict[Any, float], dict[int, float]]
_ZERO = 1e-12


@dataclass(frozen=True)
class Pools:
    """The pools of a cell; built by :func:`find_pools`.

    Args:
        of_row: Pool of every owned row, -1 for rows that stand alone.
        unknowns: Names of the unknowns of every pool.
        open_numbers: T, shape (pools, numbers).
        imposed: H, shape (pools, values of terminals).
        sources: The terminal values in the order of H.
        contradictions: Weights of terminal values whose sum must be zero, lest a current flows.
    """

    of_row: Longs
    unknowns: tuple[tuple[str, ...], ...]
    open_numbers: Floats
    imposed: Floats
    sources: Sequence[FixedRows]
    contradictions: tuple[Mapping[int, float], ...]

    def names(self, number: int) -> str:
        """What an unknown number is the level of, in words."""
        pools = np.flatnonzero(self.open_numbers[:, number])
        return " and ".join(dict.fromkeys(name for pool in pools for name in self.unknowns[pool]))

    def applied(self) -> Floats:
        """What the terminals give to every pool now: ``H a``."""
        return np.asarray(self.imposed @ np.array([source.applied.value for source in self.sources]).reshape(-1))

    def on_rows(self, levels: Floats) -> Floats:
        """Levels of pools, shape (..., pools), on owned rows; zero on rows that stand alone."""
        padded = np.concatenate([levels, np.zeros((*levels.shape[:-1], 1))], axis=-1)
        return np.asarray(padded[..., self.of_row])


def find_pools(placement: Placement) -> Pools:
    """The pools of a cell; collective."""
    mesh, unknowns = placement.mesh, placement.unknowns
    marks = _Marks(placement)
    grain_phase = [placement.phases[grain.phase] for grain in mesh.grains]
    in_bulk = [[_goes_through(unknown, phase) for phase in grain_phase] for unknown in unknowns]
    for column, carries in enumerate(in_bulk):
        cells = np.flatnonzero(np.array(carries, dtype=np.bool_)[mesh.cell_grain])
        nodes = placement.space.dofmap.list[cells]
        marks.put(
            nodes.reshape(-1), column, np.repeat(column * len(mesh.grains) + mesh.cell_grain[cells], nodes.shape[1])
        )
    marks.share()
    marks.count = len(unknowns) * len(mesh.grains)
    relations: list[dict[int, float]] = []
    for interface in placement.interfaces:
        affinities = [x for law in interface.laws for x in _coefficients(law, interface, unknowns)]
        if interface.broken and affinities:
            for grains, entities in _sides(placement, interface):
                relations += _tie(marks, affinities, grains, entities, in_bulk)
    of_row, pool_of = marks.parts()

    equations: list[Equation] = []
    floating = {terminal.terminal for terminal in placement.rows.floating}
    rows_of_pools = int(pool_of.max(initial=-1)) + 1
    for i, fixed in enumerate(placement.rows.fixed):
        rows = np.setdiff1d(fixed.rows, placement.rows.absent)
        alone = rows[of_row[rows] < 0]
        if mesh.comm.allreduce(len(alone)):
            of_row[alone] = rows_of_pools
            rows_of_pools += 1
        for pool in sorted(set().union(*mesh.comm.allgather({int(p) for p in of_row[rows]}))):
            left: dict[Any, float] = {pool: 1.0}
            if fixed.terminal in floating:
                left[fixed.terminal] = -float(unknowns.charge_numbers[unknowns.index(fixed.field)])
            equations.append((left, {i: 1.0}))
    of_row[placement.rows.absent] = -1
    equations += [(_summed((int(pool_of[mark]), c) for mark, c in relation.items()), {}) for relation in relations]
    solved, contradictions = eliminate(equations)
    return _assemble(placement, of_row, rows_of_pools, sorted(floating), solved, contradictions)


def _assemble(
    placement: Placement,
    of_row: Longs,
    count: int,
    floating: list[str],
    solved: Mapping[Any, Equation],
    contradictions: list[dict[int, float]],
) -> Pools:
    """T and H from what was solved for, for the pools that have rows."""
    comm, n = placement.mesh.comm, len(placement.unknowns)
    rows = np.flatnonzero(of_row >= 0)
    pairs = np.unique(np.stack([of_row[rows], rows % n], axis=1), axis=0)
    pairs = np.unique(np.concatenate(comm.allgather(pairs)), axis=0)
    members: list[list[str]] = [[] for _ in range(count)]
    for pool, column in pairs:
        members[pool].append(placement.unknowns.names[column])
    numbers = [pool for pool in range(count) if members[pool] and pool not in solved]
    numbers_of = {key: j for j, key in enumerate([*numbers, *(t for t in floating if t not in solved)])}
    open_numbers, imposed = np.zeros((count, len(numbers_of))), np.zeros((count, len(placement.rows.fixed)))
    for pool in range(count):
        left, right = solved.get(pool, ({pool: 1.0}, {}))
        for key, c in left.items():
            if key in numbers_of:
                open_numbers[pool, numbers_of[key]] = c
        for source, c in right.items():
            imposed[pool, source] = c
    return Pools(of_row, tuple(map(tuple, members)), open_numbers, imposed, placement.rows.fixed, tuple(contradictions))


def eliminate(equations: Iterable[Equation]) -> tuple[dict[Any, Equation], list[dict[int, float]]]:
    """Solve linear equations for as many of their variables as they determine.

    Returns:
        Of every variable that is solved for its weights of those that are not, and of the values on the right; and the
        weights of values whose sum must be zero.
    """
    solved: dict[Any, Equation] = {}
    contradictions = []
    for equation in equations:
        left, right = _substituted(equation, solved)
        if not left:
            if right:
                contradictions.append(right)
            continue
        pivot = max(left, key=lambda key: abs(left[key]))
        scale = left.pop(pivot)
        here = {pivot: ({key: -c / scale for key, c in left.items()}, {key: c / scale for key, c in right.items()})}
        for key, other in solved.items():
            if pivot in other[0]:
                # On the right-hand side of a solved variable, values add up with the sign of what is put in.
                others, values = other
                c = others.pop(pivot)
                solved[key] = (
                    _summed([*others.items(), *((k, c * v) for k, v in here[pivot][0].items())]),
                    _summed([*values.items(), *((k, c * v) for k, v in here[pivot][1].items())]),
                )
        solved |= here
    return solved, contradictions


def _substituted(equation: Equation, solved: Mapping[Any, Equation]) -> Equation:
    """An equation with the variables that are solved for put in."""
    left: list[tuple[Any, float]] = []
    right = list(equation[1].items())
    for key, c in equation[0].items():
        others, values = solved.get(key, ({key: 1.0}, {}))
        left += [(k, c * v) for k, v in others.items()]
        right += [(k, -c * v) for k, v in values.items()]
    return _summed(left), _summed(right)


def _summed(terms: Iterable[tuple[Any, float]]) -> dict[Any, float]:
    """Terms by key without those that cancel."""
    total: dict[Any, float] = {}
    for key, c in terms:
        total[key] = total.get(key, 0.0) + c
    return {key: c for key, c in total.items() if abs(c) > _ZERO}


def _goes_through(unknown: Unknown, phase: PhaseModel) -> bool:
    """Whether a phase conducts what an unknown is the potential of."""
    if unknown.kind is Kind.SPECIES:
        return unknown.name in phase.mobile_species
    return unknown.kind is Kind.POTENTIAL and phase.permittivity is None and float(phase.conductivity or 0.0) > 0.0


def _coefficients(law: InterfaceLaw, interface: PlacedInterface, unknowns: Unknowns) -> list[Floats]:
    """Weights of the unknowns of both sides in every affinity of a law, shape (2, unknowns): affinities are linear."""
    n = len(unknowns)
    one = np.eye(2 * n)
    a, b = unknowns.state(one[:n], interface.name), unknowns.state(one[n:])
    zero = State({k: 0.0 for k in a.mu}, 0.0, {k: 0.0 for k in a.more})
    at_zero = law.affinities(zero, zero)
    return [np.asarray(x - x0).reshape(2, n) for x, x0 in zip(law.affinities(a, b), at_zero, strict=True)]


def _sides(placement: Placement, interface: PlacedInterface) -> list[tuple[tuple[int, int], npt.NDArray[np.int32]]]:
    """Grains on the first and second side and the facets of every pair, the same pairs on all ranks; collective."""
    mesh = placement.mesh
    here = mesh.cell_grain[interface.entities[:, [0, 2]]]
    mine = {(int(a), int(b)) for a, b in np.unique(here, axis=0)}
    pairs = sorted(set().union(*mesh.comm.allgather(mine)))
    return [(pair, interface.entities[(here == pair).all(axis=1)]) for pair in pairs]


def _tie(
    marks: _Marks,
    affinities: Sequence[Floats],
    grains: tuple[int, int],
    entities: npt.NDArray[np.int32],
    in_bulk: Sequence[Sequence[bool]],
) -> list[dict[int, float]]:
    """Join what differences tie together on a pair of grains; returns the other equations. Collective."""
    needed = np.argwhere(np.any(np.stack(affinities) != 0.0, axis=0))
    mark_of = {}
    for side, column in needed:
        if in_bulk[column][grains[side]]:
            mark_of[side, column] = int(column) * len(in_bulk[column]) + grains[side]
            continue
        # An unknown of the plane, or a species that crosses into a phase where it then stays.
        nodes = marks.nodes(entities[:, 2 * side : 2 * side + 2])
        marks.put(nodes, int(column), np.full(len(nodes), marks.count))
        mark_of[side, column] = marks.count
        marks.count += 1
    relations = []
    for weights in affinities:
        terms = {mark_of[side, column]: float(weights[side, column]) for side, column in np.argwhere(weights)}
        if len(terms) == 2 and abs(sum(terms.values())) < _ZERO:
            marks.join(*terms)
        else:
            relations.append(terms)
    return relations


class _Marks:
    """Marks of rows that hang together, before it is known which marks are one.

    Args:
        placement: What is where.

    Attributes:
        count: Marks so far.
    """

    def __init__(self, placement: Placement) -> None:
        self._placement = placement
        self._map = placement.space.dofmap.index_map
        nodes = self._map.size_local + self._map.num_ghosts
        self._table: Longs = np.full((nodes, len(placement.unknowns)), -1, dtype=np.int64)
        self._joins: list[Longs] = []
        self.count = 0

    def put(self, nodes: npt.NDArray[Any], columns: Any, marks: Longs) -> None:
        """Mark unknowns at local nodes; a mark that is there already is the same one from now on."""
        before = self._table[nodes, columns]
        self._table[nodes, columns] = np.where(before < 0, marks, before)
        after = self._table[nodes, columns]
        self._joins.append(np.unique(np.stack([after, marks])[:, after != marks], axis=1))

    def join(self, one: int, other: int) -> None:
        """Two marks are one."""
        self._joins.append(np.array([[one], [other]], dtype=np.int64))

    def share(self) -> None:
        """Tell the owners of nodes what other ranks marked there; collective."""
        owned = self._map.size_local
        nodes, columns = np.nonzero(self._table[owned:] >= 0)
        ghosts = np.asarray(self._map.ghosts, dtype=np.int64)[nodes]
        mine = np.stack([ghosts, columns, self._table[owned:][nodes, columns]])
        everything = np.concatenate(self._placement.mesh.comm.allgather(mine), axis=1)
        first, last = self._map.local_range
        node, column, mark = everything[:, (everything[0] >= first) & (everything[0] < last)]
        self.put(node - first, column, mark)

    def nodes(self, entities: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """Owned nodes of facets that any rank names; collective."""
        return facet_nodes(self._placement.mesh, self._placement.space, entities)

    def parts(self) -> tuple[Longs, Longs]:
        """The part of every owned row, -1 without a mark, and of every mark; collective."""
        mine = np.concatenate([np.zeros((2, 0), dtype=np.int64), *self._joins], axis=1)
        joins = np.concatenate(self._placement.mesh.comm.allgather(mine), axis=1)
        part = connected_parts(joins, self.count)
        rows = self._table[: self._map.size_local].reshape(-1)
        return np.where(rows < 0, -1, part[rows] if self.count else -1), part


__all__ = ["Pools", "eliminate", "find_pools"]
