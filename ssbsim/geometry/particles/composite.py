"""A composite electrode as a partition: separator, matrix, particles with coatings, voids, and grains in them.

The box has the separator at `left` and the current collector at `right`. Empty voids are grains of the placeholder
phase `void` here; the mesh of them is left out afterwards (`leave_out_holes`), and their surface becomes a boundary.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.spatial import cKDTree

from ssbsim.case import BOX_SIDES, VOID_BOUNDARY, CompositeGeometry
from ssbsim.geometry.arrays import Float, Int
from ssbsim.geometry.grains.region_grains import divide_regions
from ssbsim.geometry.mesh_data import Grain, MeshData
from ssbsim.geometry.particles.composite_bodies import WIDENING, Bodies, make_bodies
from ssbsim.geometry.particles.inclusions import divide, side_places, wanted_sizes
from ssbsim.geometry.particles.packing import ball_measure
from ssbsim.geometry.partition import OUTSIDE, Partition
from ssbsim.geometry.progress import progress
from ssbsim.geometry.solid.faces import triangulate_faces

_MATRIX, _SEPARATOR = 0, 1
_CELLS_ACROSS_GRAIN = 4.0


@dataclass
class _Surfaces:
    """Facets between regions, collected part by part. Regions: the matrix, the separator, then every inclusion."""

    points: list[Float] = field(default_factory=list)
    facets: list[Int] = field(default_factory=list)
    sides: list[Int] = field(default_factory=list)
    count: int = 0

    def add(self, points: Float, facets: Int, sides: Int) -> None:
        self.points.append(points)
        self.facets.append(facets + self.count)
        self.sides.append(np.broadcast_to(sides, (len(facets), 2)))
        self.count += len(points)


def make_composite(geometry: CompositeGeometry) -> Partition:
    """Partition of a composite electrode.

    Raises:
        MeshError: where particles and voids find no room.
    """
    generator = np.random.Generator(np.random.PCG64(geometry.seed))
    unit = max(geometry.extent)
    coating = geometry.particles.coating
    film = coating.thickness / unit if coating is not None else 0.0
    spacing, grain_size = geometry.spacing, geometry.electrolyte.grain_size
    limit = math.inf if grain_size is None else grain_size / _CELLS_ACROSS_GRAIN
    side = min(spacing.transverse or spacing.bulk, limit) / unit
    progress("packing particles")
    bodies = make_bodies(geometry, unit, side, generator, film=film)
    surfaces = _Surfaces()
    walls = _Walls(geometry, unit, bodies, side, min(spacing.bulk, limit) / unit, film)
    surfaces.add(*(walls.of_a_square() if geometry.dimension == 2 else walls.of_a_cube()))
    for number, body in enumerate(bodies.inclusions):
        surfaces.add(body.points, body.facets, np.array([_MATRIX, _SEPARATOR + 1 + number]))
    points, facets = np.vstack(surfaces.points), np.vstack(surfaces.facets)
    regions = np.vstack(surfaces.sides).astype(np.int64)
    counts = _grain_counts(geometry, bodies, unit)
    pieces = regions
    if counts:
        progress("dividing into grains")
        points, facets, regions, pieces = divide_regions(points, facets, regions, counts, spacing.growth, generator)
    return _partition(geometry, points, facets, regions, pieces, bodies.particles, unit)


@dataclass(frozen=True, eq=False)
class _Walls:
    """Walls of the box and the plane behind the separator: points, facets and the two regions of each.

    Attributes:
        geometry: The section of the case.
        unit: Length of the unit (m).
        bodies: Everything in the matrix.
        side: Largest side of facets on account of the matrix.
        wall_side: The same of segments on walls.
        film: Thickness of the coating.
    """

    geometry: CompositeGeometry
    unit: float
    bodies: Bodies
    side: float
    wall_side: float
    film: float

    def of_a_square(self) -> tuple[Float, Int, Int]:
        length, width = (extent / self.unit for extent in self.geometry.extent)
        start = self.geometry.composite_start / self.unit
        corners = np.array([[0.0, 0.0], [length, 0.0], [length, width], [0.0, width], [start, 0.0], [start, width]])
        if self.geometry.is_divided:
            edges = [(0, 4, _SEPARATOR), (4, 1, _MATRIX), (1, 2, _MATRIX), (2, 5, _MATRIX), (5, 3, _SEPARATOR)]
            edges += [(3, 0, _SEPARATOR), (4, 5, _SEPARATOR)]
        else:
            corners = corners[:4]
            edges = [(n, (n + 1) % 4, _MATRIX) for n in range(4)]
        parts, facets, sides, count = [corners], [], [], len(corners)
        nowhere = np.array([[-np.inf, -np.inf], [np.inf, np.inf]])
        for a, b, region in edges:
            is_plane = (a, b) == (4, 5)
            sizes = wanted_sizes(
                side_places(corners[a], corners[b]),
                -1,
                self.bodies.outlines,
                nowhere,
                self.side if is_plane else self.wall_side,
                self.film,
            )
            fractions = divide(sizes, float(np.linalg.norm(corners[b] - corners[a])), self.geometry.spacing.growth)[
                1:-1
            ]
            parts.append(corners[a] + fractions[:, None] * (corners[b] - corners[a]))
            chain = np.concatenate([[a], count + np.arange(len(fractions)), [b]])
            facets.append(np.column_stack([chain[:-1], chain[1:]]))
            sides.append(np.tile([region, _MATRIX if is_plane else OUTSIDE], (len(chain) - 1, 1)))
            count += len(fractions)
        return np.vstack(parts), np.vstack(facets), np.vstack(sides)

    def of_a_cube(self) -> tuple[Float, Int, Int]:
        extent = np.array(self.geometry.extent) / self.unit
        x = (
            [0.0, self.geometry.composite_start / self.unit, extent[0]]
            if self.geometry.is_divided
            else [0.0, extent[0]]
        )
        corners = np.array([[a, b, c] for a in x for b in (0.0, extent[1]) for c in (0.0, extent[2])])
        faces: list[list[int]] = []
        sides: list[tuple[int, int]] = []
        for n in range(len(x)):
            # The four corners at one x; with this turn the normal is along x.
            faces.append([4 * n, 4 * n + 2, 4 * n + 3, 4 * n + 1])
            before, behind = (
                OUTSIDE if n == 0 else _layer(n - 1, len(x)),
                OUTSIDE if n == len(x) - 1 else _layer(n, len(x)),
            )
            sides.append((behind, before))
        for n in range(len(x) - 1):
            for a, b in ((0, 1), (1, 3), (3, 2), (2, 0)):
                # Normals out of the box.
                faces.append([4 * n + a, 4 * n + b, 4 * n + 4 + b, 4 * n + 4 + a][::-1])
                sides.append((OUTSIDE, _layer(n, len(x))))
        filled = triangulate_faces(
            corners,
            [[face] for face in faces],
            self.side,
            growth=self.geometry.spacing.growth,
            limit=_size_beside(self.bodies),
        )
        return filled.points, filled.triangles, np.array(sides)[filled.face]


def _size_beside(bodies: Bodies) -> Callable[[Float], float]:
    """Sizes on walls: those of the triangles of the nearest body, growing with the distance to it.

    Wide triangles opposite small ones would leave cells without height between them.
    """
    sides, points = [], []
    for body in bodies.inclusions:
        corners = body.points[body.facets]
        lengths = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).mean(axis=1)
        ends = body.facets.ravel()
        total = np.bincount(ends, np.repeat(lengths, 3), len(body.points))
        sides.append(total / np.bincount(ends, minlength=len(body.points)))
        points.append(body.points)
    size, nearest = np.concatenate(sides), cKDTree(np.vstack(points))

    def limit(place: Float) -> float:
        distance, vertex = nearest.query(place)
        return float(size[vertex]) + WIDENING * float(distance)

    return limit


def _layer(number: int, planes: int) -> int:
    return _SEPARATOR if planes == 3 and number == 0 else _MATRIX


def _grain_counts(geometry: CompositeGeometry, bodies: Bodies, unit: float) -> dict[int, int]:
    """Number of grains of every region that is to be divided."""
    d, size = geometry.dimension, geometry.electrolyte.grain_size
    counts = {}
    if size is not None:
        measure = math.prod(geometry.extent) if not geometry.is_divided else geometry.composite_measure
        filled = sum(ball_measure(float(r) * unit, d) for r in bodies.radii)
        counts[_MATRIX] = max(1, round((measure - filled) / ball_measure(size / 2.0, d)))
    if geometry.particles.grains > 1:
        for number in range(bodies.particles):
            counts[_SEPARATOR + 1 + number] = geometry.particles.grains
    return counts


def _partition(
    geometry: CompositeGeometry,
    points: Float,
    facets: Int,
    regions: Int,
    pieces: Int,
    particles: int,
    unit: float,
) -> Partition:
    coating = geometry.particles.coating
    grains, number = _name_grains(geometry, regions, pieces, particles)
    sides = np.vectorize(number.__getitem__, otypes=[np.int32])(pieces)
    is_particle = (regions > _SEPARATOR) & (regions <= _SEPARATOR + particles)
    film = np.zeros(sides.shape)
    film_grain = np.full(sides.shape, -1, dtype=np.int32)
    if coating is not None:
        coated = ~is_particle & is_particle[:, ::-1]
        film[coated], film_grain[coated] = coating.thickness, len(grains)
        grains.append(Grain(coating.phase, coating.phase))
    used, facets = np.unique(facets, return_inverse=True)
    points, facets = points[used] * unit, facets.reshape(-1, geometry.dimension)
    wall = np.full(len(facets), -1, dtype=np.int32)
    for n, extent in enumerate(geometry.extent):
        # What lies in a wall lies in it exactly.
        for end, place in enumerate((0.0, extent)):
            near = np.abs(points[:, n] - place) < 1e-12 * unit
            points[near, n] = place
            wall[(sides == OUTSIDE).any(axis=1) & near[facets].all(axis=1)] = 2 * n + end
    is_hole = np.array([grain.phase == VOID_BOUNDARY for grain in grains] + [False])[sides].any(axis=1)
    return Partition(
        points=points,
        facets=facets.astype(np.int64),
        sides=sides,
        wall=wall,
        grains=tuple(grains),
        boundaries=BOX_SIDES[: 2 * geometry.dimension],
        film=film,
        film_grain=film_grain,
        resolved=(wall < 0) & ~is_hole,
    )


def _name_grains(
    geometry: CompositeGeometry, regions: Int, pieces: Int, particles: int
) -> tuple[list[Grain], dict[int, int]]:
    """Grains in the order matrix, separator, particles, voids; and the index of the grain of every piece."""
    inside = pieces[pieces != OUTSIDE]
    region_of = dict(zip(inside.tolist(), regions[pieces != OUTSIDE].tolist(), strict=True))
    by_region: dict[int, list[int]] = {}
    for piece in sorted(region_of):
        by_region.setdefault(region_of[piece], []).append(piece)
    grains: list[Grain] = []
    number = {OUTSIDE: OUTSIDE}
    total = _count_per_phase(geometry, by_region, particles)
    seen: dict[str, int] = {}
    for region in sorted(by_region):
        phase = _phase(geometry, region, particles)
        is_particle = _SEPARATOR < region <= _SEPARATOR + particles
        for n, piece in enumerate(by_region[region], start=1):
            seen[phase] = seen.get(phase, 0) + 1
            if is_particle and geometry.particles.grains > 1:
                name = f"{phase}.{region - _SEPARATOR}.{n}"
            else:
                name = f"{phase}.{seen[phase]}" if total[phase] > 1 else phase
            number[piece] = len(grains)
            grains.append(Grain(name, phase))
    return grains, number


def _count_per_phase(geometry: CompositeGeometry, by_region: dict[int, list[int]], particles: int) -> dict[str, int]:
    total: dict[str, int] = {}
    for region, pieces in by_region.items():
        phase = _phase(geometry, region, particles)
        total[phase] = total.get(phase, 0) + len(pieces)
    return total


def _phase(geometry: CompositeGeometry, region: int, particles: int) -> str:
    if region == _MATRIX:
        return geometry.electrolyte.phase
    if region == _SEPARATOR:
        return (geometry.separator.phase if geometry.separator else None) or geometry.electrolyte.phase
    if region <= _SEPARATOR + particles:
        return geometry.particles.phase
    return (geometry.voids.phase if geometry.voids else None) or VOID_BOUNDARY


def leave_out_holes(mesh: MeshData) -> MeshData:
    """The mesh without the cells of empty voids; their surface becomes the boundary `void`."""
    is_hole = np.array([grain.phase == VOID_BOUNDARY for grain in mesh.grains])
    if not is_hole.any():
        return mesh
    surface = [facets for (a, b), facets in mesh.interface_facets().items() if bool(is_hole[a]) != bool(is_hole[b])]
    is_solid = ~is_hole[mesh.cell_grain]
    used, cells = np.unique(mesh.cells[is_solid], return_inverse=True)
    facets = np.vstack([mesh.boundary_facets, *surface])
    boundary = np.full(len(facets), len(mesh.boundaries), dtype=np.int32)
    boundary[: len(mesh.boundary_facets)] = mesh.facet_boundary
    index = np.cumsum(~is_hole) - 1
    return replace(
        mesh,
        points=mesh.points[used],
        cells=cells.reshape(-1, mesh.dimension + 1),
        cell_grain=index[mesh.cell_grain[is_solid]].astype(np.int32),
        grains=tuple(grain for grain in mesh.grains if grain.phase != VOID_BOUNDARY),
        boundary_facets=np.searchsorted(used, facets),
        facet_boundary=boundary,
        boundaries=(*mesh.boundaries, VOID_BOUNDARY),
    )
