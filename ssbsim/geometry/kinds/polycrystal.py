"""Polycrystals: grains of one phase that fill a box.

Random numbers: one stream for the points, one for the sizes, one for the orientations, all from the seed of the case,
so that the same points come with or without orientations.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.special import ndtri

from ssbsim.case import BOX_SIDES, PolycrystalGeometry
from ssbsim.errors import MeshError
from ssbsim.geometry.arrays import Float
from ssbsim.geometry.grains.healing import heal
from ssbsim.geometry.grains.orientations import random_orientations
from ssbsim.geometry.grains.power_diagram import power_diagram, relax
from ssbsim.geometry.grains.tessellation import Tessellation, tessellate
from ssbsim.geometry.grains.textures import extrude, stack_layers, stretch
from ssbsim.geometry.limits import MAXIMUM_FILLED, least_filled_cells, refuse_above
from ssbsim.geometry.mesh_data import Grain, MeshData
from ssbsim.geometry.meshing import mesh_partition
from ssbsim.geometry.partition import OUTSIDE, Partition
from ssbsim.geometry.registry import register_geometry
from ssbsim.geometry.solid.faces import triangulate_faces

_POINTS, _SIZES, _ORIENTATIONS, _SHIFTS = range(4)
"""Streams of random numbers."""

_FRAMES = 6
"""How often the walls of a periodic box are placed anew where they cut off parts of grains too thin for cells."""


@register_geometry(PolycrystalGeometry)
def build_polycrystal(geometry: PolycrystalGeometry, folder: Path) -> MeshData:
    """Mesh of a PolycrystalGeometry."""
    refuse_above(
        MAXIMUM_FILLED,
        least_filled_cells(
            geometry.extents(),
            geometry.spacing.bulk,
            grains=geometry.number_of_grains(),
            refinement=geometry.spacing.refinement,
        ),
        how=f"{geometry.number_of_grains():.6g} grains of {geometry.mean_grain_size():.3g} m",
        least=True,
        where="geometry.spacing.bulk",
        hint="check the units of the box, the grains and the spacing; raise spacing.bulk, or take fewer grains",
    )
    problem: MeshError | None = None
    for frame in range(_FRAMES if geometry.periodic else 1):
        try:
            mesh = mesh_partition(divide_polycrystal(geometry, grow_grains(geometry, frame=frame)), geometry.spacing)
        except MeshError as error:
            problem = problem or error
            continue
        note = f"the frame of the periodic box was moved {frame} times, until no wall cut off parts too thin for cells"
        return replace(mesh, notes=(*mesh.notes, note)) if frame else mesh
    raise problem or MeshError("A polycrystal cannot be meshed.", where="geometry")


def grow_grains(geometry: PolycrystalGeometry, *, frame: int = 0) -> Tessellation:
    """The tessellation of a polycrystal, healed, in metres.

    Args:
        geometry: The section of the case.
        frame: Number of the place of the walls in a periodic structure, which looks the same through each of them.
    """
    box = np.array(geometry.extents())
    texture = geometry.texture
    axis = "xyz".index(texture.axis) if texture.axis is not None else 0
    plane = [k for k in range(len(box)) if not (geometry.goes_through() and k == axis)]
    factors = np.ones(len(box))
    if texture.aspect is not None:
        factors[axis] = texture.aspect
    across = (box / factors)[plane]
    unit = float((across.prod() / geometry.number_of_grains()) ** (1.0 / len(across)))
    if geometry.core_width > 0.0 and geometry.number_of_grains() == 1:
        raise MeshError(
            "A single grain has no boundary that could have a core.",
            where="geometry.core_width",
            hint="ask for two grains or more, or remove core and core_width",
        )
    cells = _tessellate(geometry, np.asarray(across / unit), frame)
    # A boundary core needs corners farther apart than it is wide.
    cells = heal(cells, geometry.smallest_edge, least=2.0 * geometry.core_width / unit)
    thinnest = float(cells.cell_thicknesses().min()) * unit
    if geometry.core_width >= thinnest:
        raise MeshError(
            f"The core ({geometry.core_width:g} m) is not thinner than the thinnest grain ({thinnest:g} m).",
            where="geometry.core_width",
            hint="use larger grains, a smaller spread, a larger smallest_edge, or a thinner core",
        )
    if geometry.goes_through():
        cells = extrude(cells, float(box[axis]) / unit, axis)
    return stretch(cells, unit * factors)


def _tessellate(geometry: PolycrystalGeometry, box: Float, frame: int) -> Tessellation:
    """Cells in a box in whose unit they have a mean size of 1."""
    shift = np.random.default_rng([geometry.seed, _SHIFTS, frame]).random(len(box)) if frame else np.zeros(len(box))
    count, layers = geometry.number_of_grains(), geometry.texture.layers or 1
    points = np.random.default_rng([geometry.seed, _POINTS])
    targets: Float | None = None
    if geometry.tessellation == "laguerre":
        targets = np.exp(len(box) * geometry.spread * _normal_sample(count, geometry.seed))
    slab = box.copy()
    slab[0] /= layers
    parts = []
    for share in np.array_split(np.arange(count), layers):
        seeds = points.random((len(share), len(box))) * slab
        sizes = None if targets is None else targets[share] * slab.prod() / targets[share].sum()
        diagram = relax(seeds, sizes, slab, steps=geometry.relaxation, periodic=geometry.periodic)
        if frame:
            moved = (diagram.seeds + shift * slab) % slab
            diagram = power_diagram(moved, diagram.weights, slab, periodic=True)
        parts.append(tessellate(diagram, thinnest=2.5 * geometry.smallest_edge))
    return stack_layers(parts)


def _normal_sample(count: int, seed: int) -> Float:
    """Standard normal numbers in random order that have, as a set, the quantiles and spread of the distribution."""
    quantiles = np.asarray(ndtri((np.arange(count) + 0.5) / count))
    spread = float(quantiles.std())
    return np.random.default_rng([seed, _SIZES]).permutation(quantiles / spread if spread > 0.0 else quantiles)


def divide_polycrystal(geometry: PolycrystalGeometry, cells: Tessellation) -> Partition:
    """The partition that the cells make: boundaries between grains, with half a core on either side, and walls."""
    spacing = geometry.spacing
    size = spacing.bulk if spacing.transverse is None else spacing.transverse
    of_cell = np.append(cells.grain, OUTSIDE)
    sides = of_cell[cells.sides]
    # Pieces of one grain may touch across a wall of the periodic box; there is no boundary.
    separating = np.flatnonzero(sides[:, 0] != sides[:, 1])
    points, sides, wall = cells.points, sides[separating], cells.wall[separating]
    if cells.dimension == 2:
        facets = np.array([cells.loops[f] for f in separating])
    else:
        edge = size if spacing.junction is None else spacing.junction
        divided = triangulate_faces(
            points, [[cells.loops[f]] for f in separating], size, edge_size=edge, growth=spacing.growth
        )
        points, facets = divided.points, divided.triangles
        sides, wall = sides[divided.face], wall[divided.face]
    grains = _name_grains(geometry)
    inside = wall < 0
    has_core = geometry.core_width > 0.0
    between = np.repeat(inside[:, None], 2, axis=1)
    return Partition(
        points=points,
        facets=facets,
        sides=sides.astype(np.int32),
        wall=wall.astype(np.int32),
        grains=grains,
        boundaries=BOX_SIDES[: 2 * cells.dimension],
        film=np.where(between, geometry.core_width / 2.0, 0.0),
        film_grain=np.where(between & has_core, len(grains) - 1, -1).astype(np.int32),
        resolved=inside,
    )


def _name_grains(geometry: PolycrystalGeometry) -> tuple[Grain, ...]:
    count, phase = geometry.number_of_grains(), geometry.grain
    turned = None
    if geometry.orientations == "random":
        turned = random_orientations(count, np.random.default_rng([geometry.seed, _ORIENTATIONS]))
    names = [phase] if count == 1 else [f"{phase}.{number}" for number in range(1, count + 1)]
    grains = [Grain(name, phase, None if turned is None else turned[k]) for k, name in enumerate(names)]
    if geometry.core_width > 0.0:
        grains.append(Grain(geometry.core, geometry.core))
    return tuple(grains)
