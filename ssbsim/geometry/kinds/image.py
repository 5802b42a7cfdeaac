"""A labelled image in 2D or 3D, with its interfaces as the stairs of the pixels or smooth.

x runs from `left` (x = 0) to `right`, y from `bottom` to `top`, z from `front` to `back`; see `image_files` for the
axes of a file.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ssbsim.case import BOX_SIDES, ImageGeometry
from ssbsim.errors import MeshError
from ssbsim.geometry.arrays import Labels
from ssbsim.geometry.extrude import mesh_boxes
from ssbsim.geometry.grading import GradedStack
from ssbsim.geometry.images.fairing import FairOutlines, fair_outlines
from ssbsim.geometry.images.image_files import read_colours, read_labels
from ssbsim.geometry.images.labels import merge_small_parts, name_grains, refuse_small_parts
from ssbsim.geometry.images.outlines import trace_outlines
from ssbsim.geometry.images.voxel_surfaces import triangulate_voxels
from ssbsim.geometry.images.voxels import mesh_smooth_voxels
from ssbsim.geometry.limits import MAXIMUM_CELLS, refuse_above
from ssbsim.geometry.mesh_data import Grain, MeshData
from ssbsim.geometry.meshing import mesh_partition
from ssbsim.geometry.partition import OUTSIDE, Partition
from ssbsim.geometry.refine import refine_mesh
from ssbsim.geometry.registry import register_geometry


@register_geometry(ImageGeometry)
def build_image(geometry: ImageGeometry, folder: Path) -> MeshData:
    """Mesh of an ImageGeometry."""
    index, grains, pixel, notes = read_grains(geometry, folder)
    if geometry.interfaces == "voxel":
        mesh = _mesh_stairs(geometry, index, grains, pixel)
    elif index.ndim == 3:
        mesh = _mesh_smooth_solid(geometry, index, grains, pixel)
    else:
        partition = image_partition(geometry, index, grains, pixel)
        mesh = mesh_partition(partition, geometry.spacing)
        notes = (*notes, *(note for note in partition.notes if note not in mesh.notes))
    return replace(mesh, notes=(*notes, *mesh.notes))


def read_grains(
    geometry: ImageGeometry, folder: Path
) -> tuple[Labels, tuple[Grain, ...], tuple[float, ...], tuple[str, ...]]:
    """The grain of every pixel (axes x, y, z), the grains, the edges of a pixel (m), and notes.

    Raises:
        MeshError: where the image cannot be read or used.
    """
    path = folder / geometry.path
    parts = list(geometry.parts().values())
    labels = read_labels(path, list(geometry.labels)) if geometry.labels else read_colours(path, list(geometry.legend))
    pixel = geometry.pixel * (labels.ndim if len(geometry.pixel) == 1 else 1)
    if len(pixel) != labels.ndim:
        raise MeshError(
            f"The image has {labels.ndim} axes, but pixel has {len(pixel)} lengths.",
            where=f"geometry.pixel, {path}",
            hint="give one length, or one for each axis",
        )
    phases = [part.phase for part in parts]
    names = list(geometry.label_names())
    if geometry.grains == "none":
        # Labels of one phase are one from here on, so that a part of it may have several of them.
        phases = list(dict.fromkeys(phases))
        labels = np.array([phases.index(part.phase) for part in parts], dtype=np.int32)[labels]
        names = phases
    notes: tuple[str, ...] = ()
    if geometry.merge_smaller_than > 1:
        labels, merged, changed = merge_small_parts(labels, smaller_than=geometry.merge_smaller_than, pixel=pixel)
        if merged:
            notes = (f"{merged} parts of the image, {changed} pixels in all, were given to their neighbours",)
    if geometry.smallest_part > 1:
        refuse_small_parts(labels, smallest=geometry.smallest_part, names=phases)
    index, grains = name_grains(labels, phases, names, are_whole=geometry.grains == "label")
    lost = set(phases) - {grain.phase for grain in grains}
    if lost:
        raise MeshError(
            f"Nothing is left of the phase '{sorted(lost)[0]}': all its parts were given to their neighbours.",
            where="geometry.merge_smaller_than",
            hint="lower merge_smaller_than, or remove the phase from the labels and the case",
        )
    return index, grains, pixel, notes


def image_partition(
    geometry: ImageGeometry, index: Labels, grains: tuple[Grain, ...], pixel: tuple[float, ...]
) -> Partition:
    """The smooth interfaces of a 2D image, with films where there is a core."""
    unit = min(pixel)
    outlines = trace_outlines(index)
    spacing = geometry.spacing
    fair = fair_outlines(
        outlines,
        index.shape,
        aspect=[edge / unit for edge in pixel],
        smoothing=geometry.smoothing or 0.0,
        chord=(spacing.transverse or spacing.bulk) / unit,
    )
    walls = _walls(fair, index, [edge / unit for edge in pixel])
    points = np.vstack([fair.points, walls[0]]) * unit
    facets = np.vstack([*(np.column_stack([c.vertices[:-1], c.vertices[1:]]) for c in fair.curves), walls[1]])
    inner = [(curve.left, curve.right) for curve in fair.curves for _ in curve.vertices[1:]]
    sides = np.array([*inner, *((grain, OUTSIDE) for grain in walls[2])], dtype=np.int32)
    wall = np.concatenate([np.full(len(inner), -1), walls[3]]).astype(np.int32)
    notes = []
    if outlines.joined:
        notes.append(f"at {outlines.joined} corners of pixels a grain passes between two of its pixels that meet there")
    if fair.untouched:
        notes.append(f"{fair.untouched} interfaces were not smoothed, since they would cross others")
    return _with_films(geometry, points, facets, sides, wall, grains, tuple(notes))


def _with_films(
    geometry: ImageGeometry,
    points: NDArray[np.float64],
    facets: NDArray[np.int64],
    sides: Labels,
    wall: Labels,
    grains: tuple[Grain, ...],
    notes: tuple[str, ...],
) -> Partition:
    """A partition with half a core on both sides of every facet between two grains of one phase."""
    film = np.zeros(sides.shape)
    film_grain = np.full(sides.shape, -1, dtype=np.int32)
    if geometry.core_width > 0.0:
        phase = np.array([grain.phase for grain in grains])
        is_core = (wall < 0) & (phase[sides[:, 0]] == phase[sides[:, 1]])
        if not is_core.any():
            raise MeshError(
                "The image has no boundary between two grains of one phase, so that there is no core.",
                where="geometry.core_width",
                hint="remove core_width, or give the grains of a phase labels of their own",
            )
        film[is_core] = 0.5 * geometry.core_width
        film_grain[is_core] = len(grains)
        grains = (*grains, Grain(geometry.core, geometry.core))
    return Partition(
        points=points,
        facets=facets,
        sides=sides,
        wall=wall,
        grains=grains,
        boundaries=BOX_SIDES[: 2 * points.shape[1]],
        film=film,
        film_grain=film_grain,
        resolved=wall < 0,
        notes=notes,
    )


def _walls(
    fair: FairOutlines, index: Labels, edges: list[float]
) -> tuple[NDArray[np.float64], NDArray[np.int64], list[int], list[int]]:
    """Corners of the box, and the segments between them and the ends of interfaces: vertices, grain, wall."""
    nx, ny = index.shape
    box = np.array([nx * edges[0], ny * edges[1]])
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]) * box
    nodes = fair.points[: fair.node_count]
    first = len(fair.points)
    segments: list[tuple[int, int]] = []
    owner: list[int] = []
    wall: list[int] = []
    # Counter-clockwise, so that the normal points inwards: bottom, right, top, left.
    around = (
        (1, 0.0, 0, 1, 2, index[:, 0]),
        (0, box[0], 1, 2, 1, index[-1]),
        (1, box[1], 2, 3, 3, index[::-1, -1]),
        (0, 0.0, 3, 0, 0, index[0, ::-1]),
    )
    for axis, value, start, end, name, line in around:
        pixels = np.asarray(line)
        here = np.flatnonzero(nodes[:, axis] == value)
        along = nodes[here, 1 - axis]
        here = here[np.argsort(along if start < 2 else -along)]
        chain = [first + start, *(int(node) for node in here), first + end]
        segments += zip(chain[:-1], chain[1:], strict=True)
        changes = np.flatnonzero(np.diff(pixels))
        owner += [int(pixel) for pixel in pixels[np.concatenate([[0], changes + 1])]]
        wall += [name] * (len(chain) - 1)
    return corners, np.array(segments, dtype=np.int64), owner, wall


def _parts_of_a_pixel(geometry: ImageGeometry, pixel: tuple[float, ...]) -> int:
    """Into how many parts the cells of a mesh with one cell size are divided."""
    spacing = geometry.spacing
    sizes = [spacing.interface, spacing.terminal, spacing.transverse, spacing.junction]
    size = min(value for value in sizes if value is not None)
    return max(1, math.ceil(max(pixel) / size * (1.0 - 1e-12))) * spacing.refinement


def _mesh_stairs(
    geometry: ImageGeometry, index: Labels, grains: tuple[Grain, ...], pixel: tuple[float, ...]
) -> MeshData:
    parts = _parts_of_a_pixel(geometry, pixel)
    _check_count(index, parts, math.factorial(index.ndim))
    axes = [
        GradedStack(edge * (np.arange(n * parts + 1) / parts), np.repeat(np.arange(n, dtype=np.int32), parts), ())
        for n, edge in zip(index.shape, pixel, strict=True)
    ]
    return mesh_boxes(axes, index, grains)


def _mesh_smooth_solid(
    geometry: ImageGeometry, index: Labels, grains: tuple[Grain, ...], pixel: tuple[float, ...]
) -> MeshData:
    """Cells inside the faired faces of the voxels, or, where these cannot be filled, the voxels cut into tetrahedra."""
    spacing = geometry.spacing
    _check_count(index, 1, 12)
    voxels = mesh_smooth_voxels(index, grains, pixel=pixel, smoothing=geometry.smoothing or 0.0)
    along = min(spacing.bulk, spacing.transverse or spacing.bulk, spacing.junction or spacing.bulk)
    parts = max(1, math.ceil(max(pixel) / along * (1.0 - 1e-12)))
    size = max(pixel) / parts
    between = sum(int((np.diff(index, axis=axis) != 0).sum()) for axis in range(3))
    if 2 * between * parts**2 > MAXIMUM_TRIANGLES:
        raise MeshError(
            f"The interfaces would have {2.0 * between * parts**2:.3g} triangles: {between:,} faces of voxels, each side in "
            f"{parts} parts; the most is {MAXIMUM_TRIANGLES:.0e}.",
            where="geometry.spacing",
            hint="raise spacing.transverse (a voxel is enough), or cut the image",
        )
    surfaces = triangulate_voxels(
        voxels.points, index, parts=parts, size=size, bulk=spacing.bulk, growth=spacing.growth
    )
    partition = _with_films(geometry, *surfaces, grains, voxels.notes)
    has_rows = min(spacing.interface, spacing.terminal) < size * (1.0 - 1e-9)
    try:
        return mesh_partition(partition, spacing.model_copy(update={"transverse": size}))
    except MeshError as error:
        if spacing.remesher != "none":
            raise
        if geometry.core_width > 0.0 or has_rows:
            raise MeshError(
                f"The smooth image leaves no room for rows of thin cells or a core: {error.what}",
                where=error.where,
                hint="raise smoothing or merge_smaller_than, lower core_width, raise spacing.interface to the edge of a "
                "voxel (no rows), or use 'interfaces: voxel'",
            ) from error
    parts = _parts_of_a_pixel(geometry, pixel)
    _check_count(index, parts, 12)
    mesh = refine_mesh(voxels, parts)
    return replace(
        mesh, notes=(*mesh.notes, "all cells have one size: the smooth interfaces cannot be filled otherwise")
    )


MAXIMUM_TRIANGLES = MAXIMUM_CELLS // 10
"""On smooth interfaces, with at least some ten cells for each."""


def _check_count(index: Labels, parts: int, cells_per_pixel: int) -> None:
    count = index.size * parts**index.ndim * cells_per_pixel
    refuse_above(
        MAXIMUM_CELLS,
        count,
        how=f"each of {index.size:,} pixels in {parts}^{index.ndim} parts, {cells_per_pixel} cells each",
        where="geometry.spacing",
        hint="all cells of a mesh of voxels have one size, the smallest asked for: raise spacing.interface "
        "(one pixel is enough), lower spacing.refinement, or cut the image",
    )


__all__ = ["build_image", "image_partition", "read_grains"]
