"""Grains in the plane, lined with rows of thin cells and filled with triangles.

First the films are laid along the sides of each grain, then the rows along what is left of it (`planar_rows`), then
Gmsh fills the inside (`planar_fill`). Sides are divided once, so that the grains on both sides of it fit. Where rows
end at a side without rows (a wall, or an interface that is not resolved), their ends divide that side; if the grain
beyond has other points there, its cells are cut to fit. All films and areas are those of the partition exactly, up to the
tapering of films that meet a side without one at more than `FLATTEST_FILM_END`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ssbsim.case import Spacing
from ssbsim.errors import MeshError
from ssbsim.geometry.arrays import Float, Int
from ssbsim.geometry.mesh_data import MeshData
from ssbsim.geometry.partition import Partition
from ssbsim.geometry.plane.division import divide_line, vertex_sizes
from ssbsim.geometry.plane.planar_fill import fill_loops, group_loops
from ssbsim.geometry.plane.planar_rows import CORNER, Lining, Ring, line_ring
from ssbsim.geometry.plane.planar_sides import Sides, cut_to_fit, find_loops, vertex_turns
from ssbsim.geometry.plane.polygons import loop_area
from ssbsim.geometry.rows import extrude_facets, film_levels, row_levels, steeper_levels

FREE, INTERFACE, TERMINAL = 0, 1, 2
"""What lies along a facet: no rows, rows of an interface, rows of a wall."""

ROOM = 0.8
"""Rows are at most so deep, relative to the area of the grain over its outline (half the radius of a disc)."""


@dataclass(frozen=True)
class _Sizes:
    first: float
    terminal: float
    along: float
    junction: float
    bulk: float
    growth: float

    @property
    def has_rows(self) -> bool:
        return self.first < self.along * (1.0 - 1e-9)


def mesh_planar(partition: Partition, spacing: Spacing, *, where: str = "geometry") -> MeshData:
    """Fill the grains of a partition in the plane.

    A facet with a film on either side counts as resolved.

    Args:
        partition: Closed outlines of segments.
        spacing: Cell sizes.
        where: The place, for messages.

    Raises:
        MeshError: where outlines are not closed or cross, or a film is too thick.
    """
    return _Mesher(partition, spacing, where).mesh()


class _Mesher:
    def __init__(self, partition: Partition, spacing: Spacing, where: str) -> None:
        self.partition, self.where = partition, where
        self.scale = float(np.ptp(partition.points, axis=0).max())
        along = min(spacing.transverse or spacing.bulk, spacing.bulk)
        values = (min(spacing.interface, along), spacing.terminal, along, min(spacing.junction or along, along))
        first, terminal, along, junction = (value / self.scale for value in values)
        self.sizes = _Sizes(first, terminal, along, junction, spacing.bulk / self.scale, spacing.growth)
        self.film = partition.film / self.scale
        self.sides = Sides(np.asarray(partition.points / self.scale, dtype=np.float64), partition.facets)
        self.loops = find_loops(self.sides.points, partition, where=where)
        has_film = (partition.film > 0.0).any(axis=1)
        # An interface to be resolved by cells as high as long has no rows, but cells of that size.
        is_fine = partition.resolved | has_film
        self.kind = np.where(is_fine if self.sizes.has_rows else has_film, INTERFACE, FREE)
        if terminal < along * (1.0 - 1e-9):
            ends = [partition.boundaries.index(name) for name in ("left", "right") if name in partition.boundaries]
            self.kind[np.isin(partition.wall, ends) & (self.kind == FREE)] = TERMINAL
        largest = np.where(is_fine | (self.kind != FREE), self.sizes.along, self.sizes.bulk)
        degree, turn = vertex_turns(self.sides.points, partition.facets)
        at_interface = np.zeros(len(self.sides.points), dtype=bool)
        at_interface[partition.facets[is_fine]] = True
        is_junction = at_interface & ((degree != 2) | (turn > CORNER))
        caps = np.where(is_junction, self.sizes.junction, self.sizes.bulk)
        self.largest = largest
        self.wanted = vertex_sizes(self.sides.points, partition.facets, largest, caps, growth=spacing.growth)
        self.cells: list[Int] = []
        self.owners: list[Int] = []
        self.squeezed: dict[str, float] = {}
        self.bare_ends: list[str] = []

    def mesh(self) -> MeshData:
        """Make the mesh."""
        lined = np.flatnonzero(self.kind != FREE)
        starts = {grain: self._film_corners(grain) for grain in self.loops}
        self._divide(lined)
        outlines = {grain: self._lay_film(grain, starts[grain]) for grain in self.loops}
        inner = {grain: self._lay_rows(grain, *outlines[grain]) for grain in self.loops}
        self._divide(np.flatnonzero(self.kind == FREE))
        self._fill(inner)
        return self._finish()

    def _name(self, grain: int) -> str:
        return f"grain '{self.partition.grains[grain].name}', {self.where}"

    def _divide(self, facets: Int) -> None:
        sizes = self.sizes
        for facet in facets:
            a, b = self.partition.facets[facet]
            largest = float(self.largest[facet])

            def inner(length: float, start: float, end: float, largest: float = largest) -> Float:
                return divide_line(length, start, end, largest, growth=sizes.growth)

            self.sides.divide(int(facet), float(self.wanted[a]), float(self.wanted[b]), inner)

    def _film_depths(self, grain: int) -> Float:
        """Levels of the film along each side of the grain's loops, shape (n, k + 1)."""
        loop = np.concatenate(self.loops[grain])
        thickness = self.film[loop // 2, loop % 2]
        thickest = int(np.argmax(thickness))
        if thickness[thickest] == 0.0:
            return np.zeros((len(loop), 1))
        side = loop[thickest]
        opposite = self.film[side // 2, 1 - side % 2]
        levels = film_levels(
            float(thickness[thickest]),
            first=self.sizes.first,
            bulk=self.sizes.along,
            growth=self.sizes.growth,
            is_mirrored=bool(opposite > 0.0),
        )
        return thickness[:, None] * levels

    def _film_corners(self, grain: int) -> list[Int]:
        """Points of the film at the first corner of every side, registered on sides along which they slide."""
        depths = self._film_depths(grain)
        loop = np.concatenate(self.loops[grain])
        tails = self.sides.tail(loop)
        if depths.shape[1] == 1:
            return [np.array([tail]) for tail in tails]
        ring = Ring(self.sides.points[tails], _following(self.loops[grain]), depths)
        lining = line_ring(ring, may_squeeze=False)
        self._check_film(grain, ring, lining)
        return self._add_levels(lining, tails, loop, ring.following)

    def _add_levels(self, lining: Lining, ids: Int, sides: Int, following: Int) -> list[Int]:
        """Numbers of the points of all vertices on all levels; `sides` are the sides that start at each, or -1."""
        preceding = np.empty_like(following)
        preceding[following] = np.arange(len(following))
        paths: list[Int] = []
        for vertex in range(len(ids)):
            if not lining.moves[vertex]:
                paths.append(np.full(lining.levels.shape[1], ids[vertex]))
                continue
            new = self.sides.add(lining.levels[vertex, 1:])
            if lining.slides[vertex] == 1:
                self.sides.stack(int(sides[vertex]), at_tail=True, ids=new)
            elif lining.slides[vertex] == -1:
                self.sides.stack(int(sides[preceding[vertex]]), at_tail=False, ids=new)
            paths.append(np.concatenate([[ids[vertex]], new]))
        return paths

    def _lay_film(self, grain: int, corners: list[Int]) -> tuple[list[Int], list[Int]]:
        """Cells of the film; the outline beyond it: vertices and the side on which each begins, of every loop."""
        corners = [self.sides.resolve(path) for path in corners]
        depths = self._film_depths(grain)
        outline_ids: list[Int] = []
        outline_sides: list[Int] = []
        ids: list[int] = []
        known: list[Int | None] = []
        owner: list[int] = []
        rows: list[Float] = []
        loop_sizes = []
        at = 0
        for loop in self.loops[grain]:
            before = len(ids)
            for side in loop:
                film = depths[at, -1] > 0.0
                chain = self.sides.chain(int(side)) if film else corners[at][:1]
                ids += [int(number) for number in chain[: max(len(chain) - 1, 1)]]
                count = len(ids) - len(known)
                known += [corners[at], *[None] * (count - 1)]
                owner += [int(side)] * count
                rows += [depths[at]] * count
                at += 1
            loop_sizes.append(len(ids) - before)
        numbers, sides = np.array(ids), np.array(owner)
        following = _following_sizes(loop_sizes)
        paths = [np.array([number]) if path is None else path for number, path in zip(numbers, known, strict=True)]
        if depths.shape[1] > 1:
            ring = Ring(self.sides.points[numbers], following, np.array(rows))
            lining = line_ring(ring, may_squeeze=False)
            self._check_film(grain, ring, lining)
            for vertex in [number for number, path in enumerate(known) if path is None]:
                paths[vertex] = np.concatenate([[numbers[vertex]], self.sides.add(lining.levels[vertex, 1:])])
            self._extrude(ring, np.array(paths), self.partition.film_grain[sides // 2, sides % 2])
        start = 0
        for size in loop_sizes:
            part = range(start, start + size)
            loop_ids: list[int] = []
            loop_sides: list[int] = []
            for vertex in part:
                side, top = int(sides[vertex]), int(paths[vertex][-1])
                beyond = int(paths[following[vertex]][-1])
                inner: Int = np.zeros(0, dtype=np.int64)
                if self.kind[side // 2] != FREE and not rows[vertex][-1] > 0.0:
                    inner = self.sides.between(side, top, beyond)
                loop_ids += [top, *(int(number) for number in inner)]
                loop_sides += [side] * (1 + len(inner))
            outline_ids.append(np.array(loop_ids))
            outline_sides.append(np.array(loop_sides))
            start += size
        return outline_ids, outline_sides

    def _lay_rows(self, grain: int, loops: list[Int], loop_sides: list[Int]) -> list[tuple[Int, Int]]:
        """Rows beyond the film; of every loop inside them the vertices and sides."""
        sizes = self.sizes
        kind = self.kind[np.concatenate(loop_sides) // 2]
        ids, sides = np.concatenate(loops), np.concatenate(loop_sides)
        following = _following(loops)
        points = self.sides.points[ids]
        area = sum(loop_area(self.sides.points[loop]) for loop in loops)
        outline = float(np.linalg.norm(points[following] - points, axis=1).sum())
        room = ROOM * area / outline
        levels = row_levels(sizes.first, sizes.along, growth=sizes.growth, room=room)
        wall_levels = steeper_levels(levels, sizes.terminal)
        if (kind == TERMINAL).any() and not (sizes.has_rows and (kind == INTERFACE).any()):
            wall_levels = row_levels(sizes.terminal, sizes.along, growth=sizes.growth, room=room)
            levels = np.zeros(len(wall_levels))
            if any({INTERFACE, TERMINAL} <= set(self.kind[around // 2]) for around in loop_sides):
                # The rows would end on the top of a film, which is divided already.
                self.bare_ends.append(self.partition.grains[grain].name)
                levels = levels[:1]
        if len(levels) == 1 or not (kind != FREE).any():
            return list(zip(loops, loop_sides, strict=True))
        depths = np.where((kind == INTERFACE)[:, None], levels, np.where((kind == TERMINAL)[:, None], wall_levels, 0.0))
        ring = Ring(points, following, depths)
        lining = line_ring(ring, may_squeeze=True)
        if len(lining.bad):
            place = ", ".join(f"{value:.4g}" for value in ring.points[lining.bad[0]] * self.scale)
            raise MeshError(
                "The rows of thin cells do not fit into a grain, however flat they are made.",
                where=f"{self._name(grain)}, near ({place}) m",
                hint="use a smaller spacing.transverse or spacing.junction, or another seed",
            )
        smallest = float(lining.factors[lining.moves].min(initial=1.0))
        if smallest < 1.0:
            self.squeezed[self.partition.grains[grain].name] = smallest
        paths = np.array(self._add_levels(lining, ids, sides, following))
        self._extrude(ring, paths, np.full(len(ids), grain))
        parts = np.split(np.arange(len(ids)), np.cumsum([len(loop) for loop in loops])[:-1])
        return [(paths[part, -1], sides[part]) for part in parts]

    def _extrude(self, ring: Ring, paths: Int, owners: Int) -> None:
        lined = np.flatnonzero(ring.has_rows)
        facets = np.column_stack([lined, ring.following[lined]])
        for owner in np.unique(owners[lined]):
            cells, _ = extrude_facets(facets[owners[lined] == owner], paths)
            self.cells.append(cells)
            self.owners.append(np.full(len(cells), owner))

    def _fill(self, inner: dict[int, list[tuple[Int, Int]]]) -> None:
        pieces: list[list[Int]] = []
        grains: list[int] = []
        for grain, loops in inner.items():
            outlines = []
            for ids, sides in loops:
                ids = self.sides.resolve(ids)
                outline: list[int] = []
                for vertex, side, following in zip(ids, sides, np.roll(ids, -1), strict=True):
                    outline.append(int(vertex))
                    if self.kind[side // 2] == FREE:
                        between = self.sides.between(int(side), int(vertex), int(following))
                        outline += [int(number) for number in between]
                outlines.append(np.array(outline))
            found = group_loops(self.sides.points, outlines, where=self._name(grain))
            pieces += found
            grains += [grain] * len(found)
        names = [self.partition.grains[grain].name for grain in grains]
        new, triangles = fill_loops(self.sides.points, pieces, names, bulk=self.sizes.bulk, growth=self.sizes.growth)
        self.sides.add(new)
        self.cells += triangles
        self.owners += [np.full(len(part), grain) for part, grain in zip(triangles, grains, strict=True)]

    def _finish(self) -> MeshData:
        partition = self.partition
        cells = self.sides.resolve(np.concatenate(self.cells))
        cells, origin = cut_to_fit(cells, self.sides.hanging())
        owners = np.concatenate(self.owners)[origin]
        walls = np.flatnonzero(partition.wall >= 0)
        facets: list[Int] = [np.zeros((0, 2), dtype=np.int64)]
        names = [np.zeros(0, dtype=np.int32)]
        for facet in walls:
            chain = self.sides.chain(2 * int(facet))
            facets.append(np.column_stack([chain[:-1], chain[1:]]))
            names.append(np.full(len(chain) - 1, partition.wall[facet], dtype=np.int32))
        used, numbered = np.unique(cells, return_inverse=True)
        points = self.sides.points * self.scale
        # Given points come first and stay what they were, bit by bit.
        points[: len(partition.points)] = partition.points
        notes = partition.notes
        if self.squeezed:
            tightest = min(self.squeezed, key=lambda name: self.squeezed[name])
            notes += (
                f"rows of thin cells were made flatter where there was little room, in {len(self.squeezed)} grains; "
                f"most in '{tightest}', to {100.0 * self.squeezed[tightest]:.0f} % of their heights",
            )
        if self.bare_ends:
            notes += (
                f"no rows of thin cells at the terminal in {len(self.bare_ends)} grains, '{self.bare_ends[0]}' first, where "
                "a film without rows meets it: spacing.terminal needs a spacing.interface smaller than transverse there",
            )
        return MeshData(
            points=points[used],
            cell_type="triangle",
            cells=numbered.reshape(-1, 3),
            cell_grain=owners.astype(np.int32),
            grains=partition.grains,
            boundary_facets=np.searchsorted(used, np.concatenate(facets)),
            facet_boundary=np.concatenate(names),
            boundaries=partition.boundaries,
            notes=notes,
        )

    def _check_film(self, grain: int, ring: Ring, lining: Lining) -> None:
        """Raise where the film does not fit, naming the shortest side there."""
        if not len(lining.bad):
            return
        sides = ring.points[ring.following] - ring.points
        shortest = lining.bad[np.argmin(np.linalg.norm(sides[lining.bad], axis=1))]
        thickness, length = float(ring.depths.max()) * self.scale, float(np.linalg.norm(sides[shortest])) * self.scale
        at = ", ".join(f"{value:.4g}" for value in ring.points[shortest] * self.scale)
        raise MeshError(
            f"The film (up to {thickness:.4g} m on one side) is thicker than the grain allows, which has a side of "
            f"{length:.4g} m there.",
            where=f"{self._name(grain)}, near ({at}) m",
            hint="use a thinner core or coating, larger grains, or another seed",
        )


def _following(loops: list[Int]) -> Int:
    return _following_sizes([len(loop) for loop in loops])


def _following_sizes(sizes: list[int]) -> Int:
    starts = np.cumsum([0, *sizes[:-1]])
    return np.concatenate([start + np.roll(np.arange(size), -1) for start, size in zip(starts, sizes, strict=True)])
