"""A grain lined with rows of prisms on its faces: films first, then rows that grow.

Film rows have exact thickness. Behind them all faces with rows move by the same distance E_v at a vertex, in K rows

    h, h q, .., h q^(K-1),    sum = E_v,    1 <= q <= growth,

with h the first height of the face; where E_v < K h the rows are equal. E_v is the full height of the rows where there
is room, a part `SHARE` of the room (`inset.find_room`) elsewhere, and changes by at most `SLOPE` per unit length along
the surface. It is lowered further at prisms that would turn inside out, down to 0 where nothing else helps. Any unit of
length.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssbsim.errors import MeshError
from ssbsim.geometry._simplex import signed_measures
from ssbsim.geometry.arrays import Float, Int
from ssbsim.geometry.rows import extrude_facets, film_levels, row_levels
from ssbsim.geometry.solid.inset import (
    GrainSurface,
    InsetDirections,
    displace,
    find_directions,
    find_room,
    graded_distances,
    limit_slope,
)
from ssbsim.geometry.solid.walls import OutlineError, remesh_walls

SHARE = 0.5
"""Part of the room up to the middle of a grain that rows may take."""

SLOPE = 0.5
"""Change of the height of all rows per unit length along the surface."""

# A prism whose volume is less than this part of what its foot promises is squeezed.
_SMALLEST = 0.05
_TRIES = 30

# Where faces meet so sharply that a vertex would move by this many times the distance of its rows, it stays in place
# if there is no room for that: rows and films end there.
_STRETCH = 2.5


@dataclass(frozen=True)
class RowKind:
    """What the rows on a face are like.

    Attributes:
        film: Thickness of the film.
        film_grain: Grain of the film.
        first: Height of the first row, and of the first one behind the film.
        is_mirrored: Whether the other half of the film lies behind the face.
    """

    film: float
    film_grain: int
    first: float
    is_mirrored: bool


@dataclass(frozen=True, eq=False)
class Lining:
    """Rows of a grain.

    Attributes:
        points: New points, numbered after those of the surface, shape (n, 3).
        cells: Tetrahedra of the rows, shape (m, 4), and the grain of each.
        inner: Surface of what is left, normals inwards, shape (k, 3).
        wall_facets: Triangles of the grain on walls, shape (l, 3), and the wall of each.
        foot: Point of the surface on whose column each new point lies, -1 for those on walls, shape (n,).
        area: Area of the faces with rows.
        low_area: Part of it where the rows behind the film are less than half as high as asked for.
        open_area: Part of it that has no film although one is asked for.
    """

    points: Float
    cells: Int
    cell_grain: Int
    inner: Int
    wall_facets: Int
    wall: Int
    foot: Int
    area: float = 0.0
    low_area: float = 0.0
    open_area: float = 0.0


def line_grain(
    surface: GrainSurface,
    kinds: list[RowKind],
    *,
    along: float,
    bulk: float,
    growth: float,
    squeeze: float,
    strikes: Int,
    unit: float,
    grain: int,
    where: str,
) -> Lining:
    """Line a grain with rows.

    Args:
        surface: Its surface.
        kinds: The kinds of rows on it.
        along: Size along the surface, to which the heights of rows grow.
        bulk: Largest size.
        growth: Largest ratio of neighbouring heights.
        squeeze: Factor on the room for rows.
        strikes: How often the surface behind the rows was found to cross itself near a point, shape (n,): rows are lower
            there the first time and end the second time; the third time films end, too.
        unit: What 1 is in m, for messages.
        grain: Number of the grain.
        where: The grain, for messages.

    Raises:
        MeshError: where not even the film fits.
    """
    if not kinds:
        on_wall = surface.wall >= 0
        return Lining(
            points=np.empty((0, 3)),
            cells=np.empty((0, 4), dtype=np.int64),
            cell_grain=np.empty(0, dtype=np.int64),
            inner=surface.triangles,
            wall_facets=surface.triangles[on_wall],
            wall=surface.wall[on_wall],
            foot=np.empty(0, dtype=np.int64),
        )
    directions = find_directions(surface)
    with_rows = surface.kind >= 0
    feet = directions.fan[with_rows]
    columns = _Columns(surface, directions, kinds, feet, along, bulk, growth)
    heights = columns.fit(squeeze, strikes[directions.vertex], unit, where)
    places = columns.places(heights)
    is_new = (np.diff(places, axis=1) != 0.0).any(axis=2)
    levels = _number_levels(directions.vertex, is_new, len(surface.points))
    moved = places[:, 1:][is_new]
    try:
        walls = remesh_walls(
            surface, directions, levels, np.vstack([surface.points, moved]), bulk=bulk, growth=growth, where=where
        )
    except OutlineError as error:
        raise MeshError(
            "The rows of cells along an interface do not fit between the walls.",
            where=where,
            hint="lower spacing.transverse, or the thickness of films, or use another seed",
        ) from error
    cells, row, foot = _extrude(feet, levels)
    kind = surface.kind[with_rows][foot]
    film_rows = np.array([count if k.film > 0.0 else 0 for k, count in zip(kinds, columns.film_rows, strict=True)])
    film_grain = np.array([k.film_grain for k in kinds])
    on_wall = with_rows & (surface.wall >= 0)
    area, low_area, open_area = columns.areas(heights)
    return Lining(
        area=area,
        low_area=low_area,
        open_area=open_area,
        foot=np.concatenate([directions.vertex[np.nonzero(is_new)[0]], np.full(len(walls.points), -1)]),
        points=np.vstack([moved, walls.points]),
        cells=cells,
        cell_grain=np.where(row < film_rows[kind], film_grain[kind], grain),
        inner=np.vstack([levels[feet, -1], walls.inner]),
        wall_facets=np.vstack([surface.triangles[on_wall], walls.strips, walls.inner]),
        wall=np.concatenate([surface.wall[on_wall], walls.strip_wall, walls.inner_wall]),
    )


def _number_levels(vertex: Int, is_new: NDArray[np.bool_], first: int) -> Int:
    """Numbers of the points of every vertex, shape (f, rows + 1): the same where it does not move."""
    numbers = (first - 1 + np.cumsum(is_new)).reshape(is_new.shape)
    return np.column_stack([vertex, np.where(np.cumsum(is_new, axis=1) > 0, numbers, vertex[:, None])])


def _extrude(feet: Int, levels: Int) -> tuple[Int, Int, Int]:
    """Tetrahedra of the prisms, with the row and the foot of each; those without volume are left out."""
    rows = levels.shape[1] - 1
    # Told apart while they are cut, with the vertices in the same order as in the strips on walls.
    order = np.argsort(levels[:, 0], kind="stable")
    apart = np.empty_like(levels)
    apart[order] = np.arange(levels.size).reshape(levels.shape)
    cells, row = extrude_facets(feet, apart)
    foot = np.tile(np.arange(len(feet)), 3 * rows)
    cells = levels[order].ravel()[cells]
    ordered = np.sort(cells, axis=1)
    sound = (np.diff(ordered, axis=1) > 0).all(axis=1)
    return cells[sound], row[sound], foot[sound]


class _Columns:
    """Positions of the vertices behind all rows, for given heights."""

    def __init__(
        self,
        surface: GrainSurface,
        directions: InsetDirections,
        kinds: list[RowKind],
        feet: Int,
        along: float,
        bulk: float,
        growth: float,
    ) -> None:
        self._directions, self._kinds, self._feet, self._growth = directions, kinds, feet, growth
        self._points = surface.points
        unit = displace(directions, np.ones((len(kinds), len(directions.vertex), 1)))
        self._stretch = np.linalg.norm(unit[:, 0], axis=1)
        self._stays = np.zeros(len(directions.vertex), dtype=bool)
        self._here = surface.points[directions.vertex]
        thickest = max(kind.film for kind in kinds)
        beyond = row_levels(min(kind.first for kind in kinds), along, growth=growth)
        self._film = [
            film_levels(k.film, first=min(k.first, k.film), bulk=bulk, growth=growth, is_mirrored=k.is_mirrored)
            * k.film
            if k.film > 0.0
            else np.zeros(1)
            for k in kinds
        ]
        self.film_rows = [len(levels) - 1 for levels in self._film]
        self._thickest = thickest
        room = find_room(surface, directions, max((float(beyond[-1]) + thickest) / SHARE, 1e-12))
        self._most = float(beyond[-1])
        self._room = np.maximum(SHARE * room - thickest, 0.02 * room)
        # As many rows as fit where there is most room.
        widest = float(np.max(self._room[directions.moves & ~directions.corner], initial=0.0))
        extra = max(int(np.count_nonzero(beyond[1:] <= widest * (1.0 + 1e-9))), 1) if len(beyond) > 1 else 0
        self._most = float(beyond[extra])
        self.rows = max(self.film_rows) + extra

    def areas(self, heights: Float) -> tuple[float, float, float]:
        """Area of the feet, and that of feet with rows of less than half their height, and with no film in all corners."""
        a, b, c = self._here[self._feet].swapaxes(0, 1)
        area = 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1)
        stays = self._stays[self._feet].all(axis=1)
        low = stays | (heights[self._feet].mean(axis=1) < 0.5 * (1.0 - 1e-9) * self._most)
        return float(area.sum()), float(area[low].sum()), float(area[stays].sum()) * (self._thickest > 0.0)

    def fit(self, squeeze: float, strikes: Int, unit: float, where: str) -> Float:
        """Height of all rows behind the film at every vertex, shape (f,), such that all prisms are sound."""
        self._stays |= strikes > 2
        directions, feet = self._directions, self._feet
        heights: Float = np.minimum(np.where(directions.moves, self._room, np.inf), self._most) * squeeze
        heights *= np.array([1.0, 0.3, 0.0, 0.0])[np.minimum(strikes, 3)]
        for attempt in range(_TRIES):
            heights = limit_slope(feet, self._here, heights, SLOPE)
            bad, in_film = self._bad_feet(heights)
            if not bad.any():
                return heights
            worst = np.unique(feet[bad])
            heights[worst] *= 0.6 if attempt < _TRIES // 3 else 0.0
            if attempt >= _TRIES // 2:
                # Sharp corners first.
                is_last_resort = attempt >= 3 * _TRIES // 4
                self._stays[worst[is_last_resort | (self._stretch[worst] > _STRETCH)]] = True
        if in_film:
            raise MeshError(
                f"The film ({self._thickest * unit:.3g} m) is thicker than the grain allows.",
                where=where,
                hint="make the core or coating thinner, spacing.transverse larger, or grains larger",
            )
        raise MeshError(
            "The rows of cells along an interface do not fit into a grain.",
            where=where,
            hint="lower spacing.transverse or spacing.junction, or use another seed",
        )

    def places(self, heights: Float) -> Float:
        """Positions, shape (f, rows + 1, 3)."""
        distances = np.zeros((len(self._kinds), len(heights), self.rows))
        for number, (kind, film) in enumerate(zip(self._kinds, self._film, strict=True)):
            count = len(film) - 1
            distances[number, :, :count] = film[1:]
            extra = self.rows - count
            if extra:
                total = heights if self._most > 0.0 else np.full(len(heights), self._thickest)
                distances[number, :, count:] = kind.film + graded_distances(total, kind.first, extra, self._growth)
        moved = np.where(self._stays[:, None, None], 0.0, displace(self._directions, distances))
        return np.concatenate([self._here[:, None], self._here[:, None] + moved], axis=1)

    def _bad_feet(self, heights: Float) -> tuple[NDArray[np.bool_], bool]:
        """Feet of prisms that are too thin or turned inside out, and whether one of them is in a film."""
        places = self.places(heights)
        is_new = (np.diff(places, axis=1) != 0.0).any(axis=2)
        levels = _number_levels(self._directions.vertex, is_new, len(self._points))
        cells, row, foot = _extrude(self._feet, levels)
        volumes = signed_measures(np.vstack([self._points, places[:, 1:][is_new]]), cells)
        a, b, c = self._here[self._feet].swapaxes(0, 1)
        area = np.cross(b - a, c - a)
        normal = area / np.linalg.norm(area, axis=1)[:, None]
        # Mean height of each prism times its foot, a sixth of it being one tetrahedron of a right one.
        steps = np.diff(places, axis=1)[self._feet].mean(axis=1)
        promised = np.einsum("krx,kx->rk", steps, normal) * np.linalg.norm(area, axis=1) / 6.0
        poor = volumes <= _SMALLEST * np.abs(promised[row, foot])
        bad = np.zeros(len(self._feet), dtype=bool)
        bad[foot[poor]] = True
        return bad, bool((poor & (row < max(self.film_rows))).any())
