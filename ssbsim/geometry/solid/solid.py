"""Grains in space, filled with tetrahedra.

The triangles of the partition are kept. Grains without rows are filled inside their surface; the others are lined with
rows of prisms (`lining`) first, and what is left is filled. Where rows from several sides would run into each other they
are made lower, and end, films last. Grains fit together because they share triangles. Volumes
are those of the polyhedra that the partition describes, up to rounding.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ssbsim.case import Spacing
from ssbsim.errors import MeshError
from ssbsim.geometry._facets import contains_facets
from ssbsim.geometry._simplex import signed_measures
from ssbsim.geometry.arrays import Float, Int
from ssbsim.geometry.gmsh_session import gmsh_session
from ssbsim.geometry.mesh_data import MeshData
from ssbsim.geometry.partition import Partition
from ssbsim.geometry.progress import progress
from ssbsim.geometry.solid.crossings import find_crossings
from ssbsim.geometry.solid.inset import GrainSurface
from ssbsim.geometry.solid.lining import Lining, RowKind, line_grain
from ssbsim.geometry.solid.shells import enclosed_volume, find_shells, group_pieces, pair_across_edges
from ssbsim.geometry.solid.tetrahedra import fill_bodies

# Rows are made flatter by these factors where they stand in the way of what is to be filled; films never are.
_SQUEEZES = (1.0, 0.5, 0.2, 0.0)

# A point of the surface has neither rows nor film after so many.
_STRIKES = 3

# Where rows are low on more than this part of the interfaces a note says so; so much of a film may be missing at most.
_NOTED, _LARGEST_GAP = 0.01, 0.05


@dataclass(frozen=True, eq=False)
class _Filling:
    """Cells and wall facets of one grain: its vertices in the partition come first, then new points.

    Bare: without rows. Areas: of faces with rows, with low ones, and without the film asked for, as in `Lining`.
    """

    outer: Int
    points: Float
    cells: Int
    cell_grain: Int
    wall_facets: Int
    wall: Int
    is_bare: bool = False
    areas: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def renumber(self, count: int) -> _Filling:
        """The same with new points numbered from `count` on, and the others as in the partition."""
        number = np.concatenate([self.outer, count + np.arange(len(self.points))])
        return replace(self, cells=number[self.cells], wall_facets=number[self.wall_facets])


def mesh_solid(partition: Partition, spacing: Spacing, *, where: str = "geometry") -> MeshData:
    """Fill the grains of a partition in space.

    Args:
        partition: Closed surfaces of triangles.
        spacing: Cell sizes.
        where: The place, for messages.

    Raises:
        MeshError: where a surface is not closed or crosses itself, or cells do not fit in.
    """
    scale = float(np.ptp(partition.points, axis=0).max())
    sizes = _Sizes(
        interface=spacing.interface / scale,
        along=min(spacing.transverse or spacing.bulk, spacing.bulk) / scale,
        terminal=(spacing.terminal or spacing.bulk) / scale,
        bulk=spacing.bulk / scale,
        growth=spacing.growth,
    )
    points = np.asarray(partition.points / scale, dtype=np.float64)
    fillings, filled, bare, count = [], [], [], len(points)
    with gmsh_session("filling the grains"):
        for grain in range(len(partition.grains)):
            progress("filling grains", grain, len(partition.grains))
            facets, side = _facets_of(partition, grain)
            if len(facets):
                filling = _fill_grain(partition, points, grain, facets, side, sizes, scale, where)
                fillings.append(filling.renumber(count))
                filled.append(partition.grains[grain].name)
                if filling.is_bare:
                    bare.append(partition.grains[grain].name)
                count += len(filling.points)
    notes = [f"no room for rows of thin cells in {len(bare)} grains, '{bare[0]}' first"] if bare else []
    notes += _describe_gaps([filling.areas for filling in fillings if not filling.is_bare], where)
    cells = np.vstack([filling.cells for filling in fillings])
    used, vertices = np.unique(cells, return_inverse=True)
    # Points of the partition stay as they were, bit by bit.
    everything = np.vstack([partition.points, *(filling.points * scale for filling in fillings)])
    mesh = MeshData(
        points=everything[used],
        cell_type="tetrahedron",
        cells=vertices.reshape(-1, 4),
        cell_grain=np.concatenate([filling.cell_grain for filling in fillings]),
        grains=partition.grains,
        boundary_facets=np.searchsorted(used, np.vstack([filling.wall_facets for filling in fillings])),
        facet_boundary=np.concatenate([filling.wall for filling in fillings]),
        boundaries=partition.boundaries,
        notes=(*partition.notes, *notes),
    )
    check_films(partition, mesh, used, where)
    return mesh


def check_films(partition: Partition, mesh: MeshData, used: Int, where: str) -> None:
    """Raise where two grains touch although a film was to lie between them: it would be short-circuited there."""
    wanted = (partition.film > 0.0).any(axis=1)
    films = {int(grain) for grain in partition.film_grain[partition.film > 0.0]}
    touching = [facets for pair, facets in mesh.interface_facets().items() if not films & set(pair)]
    if not wanted.any() or not touching:
        return
    count = len(partition.points)
    facets = np.sort(partition.facets[wanted], axis=1)
    open_facets = used[np.vstack(touching)]
    open_facets = open_facets[(open_facets < count).all(axis=1)]
    is_open = contains_facets(open_facets, facets, max(count, 1))
    if is_open.any():
        place = ", ".join(f"{value:.4g}" for value in partition.points[open_facets[is_open][0]].mean(axis=0))
        raise MeshError(
            f"The film has {int(is_open.sum())} holes: two grains touch where their corners are too sharp for it.",
            where=f"{where}, first around ({place}) m",
            hint="make the core or coating thinner, spacing.transverse larger, grains larger, or use another seed",
        )


def _describe_gaps(areas: list[tuple[float, float, float]], where: str) -> list[str]:
    """Notes on how much of the interfaces has low rows or no film."""
    area, low, gap = (sum(column) for column in zip(*areas, strict=True)) if areas else (0.0, 0.0, 0.0)
    if gap > _LARGEST_GAP * area:
        raise MeshError(
            f"The film finds no room on {100 * gap / area:.2g} % of the surfaces of the grains.",
            where=where,
            hint="make the core or coating thinner, spacing.transverse larger, or grains larger or smoother",
        )
    notes = []
    if low > _NOTED * area:
        notes.append(
            f"rows of thin cells are less than half as high as asked for on {100 * low / area:.2g} % of the interfaces"
        )
    if gap > 0.0:
        notes.append(f"films end in sharp corners, on {100 * gap / area:.2g} % of the surfaces of the grains")
    return notes


@dataclass(frozen=True)
class _Sizes:
    interface: float
    along: float
    terminal: float
    bulk: float
    growth: float


def _facets_of(partition: Partition, grain: int) -> tuple[Int, Int]:
    """Facets of a grain and the side on which it lies."""
    first, second = (np.flatnonzero(partition.sides[:, side] == grain) for side in (0, 1))
    return np.concatenate([first, second]), np.repeat([0, 1], [len(first), len(second)])


def _fill_grain(
    partition: Partition, points: Float, grain: int, facets: Int, side: Int, sizes: _Sizes, scale: float, where: str
) -> _Filling:
    place = f"grain '{partition.grains[grain].name}', {where}"
    outer, local = np.unique(partition.facets[facets], return_inverse=True)
    inward = local.reshape(-1, 3)
    triangles = np.where(side[:, None] == 0, inward, inward[:, ::-1])
    partner = pair_across_edges(points[outer], triangles, where=place)
    kind, kinds = _row_kinds(partition, facets, side, find_shells(partner), sizes, scale)
    surface = GrainSurface(
        points=points[outer],
        triangles=triangles,
        partner=partner,
        wall=partition.wall[facets].astype(np.int64),
        beyond=partition.sides[facets, 1 - side].astype(np.int64),
        kind=kind,
    )
    problem: MeshError | None = None
    bare = None if any(k.film > 0.0 for k in kinds) else replace(surface, kind=np.full(len(facets), -1))
    for squeeze in _SQUEEZES if kinds else (1.0,):
        try:
            if squeeze == 0.0 and bare is not None:
                surface, kinds = bare, []
            filling = _line_and_fill(surface, kinds, outer, squeeze, sizes, scale, grain, place)
            return replace(filling, is_bare=squeeze == 0.0)
        except MeshError as error:
            problem = problem or error
    raise problem or MeshError("A grain cannot be filled.", where=place)


def _line_and_fill(
    surface: GrainSurface,
    kinds: list[RowKind],
    outer: Int,
    squeeze: float,
    sizes: _Sizes,
    scale: float,
    grain: int,
    place: str,
) -> _Filling:
    """A grain with rows, lower or none where those from several sides would run into each other."""
    strikes = np.zeros(len(surface.points), dtype=np.int64)
    while True:
        lining = line_grain(
            surface,
            kinds,
            along=sizes.along,
            bulk=sizes.bulk,
            growth=sizes.growth,
            squeeze=squeeze,
            strikes=strikes,
            unit=scale,
            grain=grain,
            where=place,
        )
        try:
            return _fill_inside(surface.points, surface.triangles, outer, lining, grain, sizes, place)
        except MeshError:
            feet = np.concatenate([np.arange(len(surface.points)), lining.foot])
            met = feet[find_crossings(np.vstack([surface.points, lining.points]), lining.inner)]
            met = np.unique(met[met >= 0])
            if not (strikes[met] < _STRIKES).any():
                raise
            strikes[met] += 1


def _fill_inside(
    points: Float, triangles: Int, outer: Int, lining: Lining, grain: int, sizes: _Sizes, place: str
) -> _Filling:
    coordinates = np.vstack([points, lining.points])
    shells = find_shells(pair_across_edges(coordinates, lining.inner, where=place))
    pieces = group_pieces(coordinates, lining.inner, shells, where=place)
    bodies = [[lining.inner[shells == number] for number in piece] for piece in pieces]
    filled, inside = fill_bodies(coordinates, bodies, bulk=sizes.bulk, growth=sizes.growth, names=[place] * len(bodies))
    cells = np.vstack([lining.cells, *inside])
    volume = enclosed_volume(points, triangles)
    if abs(float(signed_measures(filled, cells).sum()) - volume) > 1e-10 * volume:
        raise MeshError(
            "The rows of cells of a grain overlap.",
            where=place,
            hint="lower spacing.transverse or spacing.junction, or use another seed",
        )
    return _Filling(
        outer=outer,
        points=filled[len(points) :],
        cells=cells,
        cell_grain=np.concatenate([lining.cell_grain, np.full(sum(len(part) for part in inside), grain)]),
        wall_facets=lining.wall_facets,
        wall=lining.wall,
        areas=(lining.area, lining.low_area, lining.open_area),
    )


def _row_kinds(
    partition: Partition, facets: Int, side: Int, shells: Int, sizes: _Sizes, scale: float
) -> tuple[Int, list[RowKind]]:
    """Kind of rows on every facet of a grain, and the kinds."""
    film = partition.film[facets, side] / scale
    film_grain = partition.film_grain[facets, side]
    wall = partition.wall[facets]
    rows_wanted = sizes.interface < sizes.along * (1.0 - 1e-9)
    has_rows = (film > 0.0) | (partition.resolved[facets] & rows_wanted)
    # Rows slide along walls only: where one facet of a shell has rows, all its facets between grains have.
    has_rows |= (wall < 0) & np.isin(shells, np.unique(shells[has_rows]))
    ends = np.isin(wall, [i for i, name in enumerate(partition.boundaries) if name in ("left", "right")])
    at_terminal = ends & (sizes.terminal < sizes.along * (1.0 - 1e-9))
    first = np.where(at_terminal, sizes.terminal, min(sizes.interface, sizes.along))
    mirrored = (partition.film_grain[facets, 1 - side] == film_grain) & (partition.film[facets, 1 - side] > 0.0)
    has_rows |= at_terminal
    table = np.column_stack([film, film_grain, first, mirrored])
    kind = np.full(len(facets), -1)
    if not has_rows.any():
        return kind, []
    distinct, kind[has_rows] = np.unique(table[has_rows], axis=0, return_inverse=True)
    return kind, [RowKind(float(f), int(g), float(h), bool(m)) for f, g, h, m in distinct]
