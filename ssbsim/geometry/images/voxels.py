"""Smooth interfaces in a labelled 3D image: a tetrahedral mesh of the voxels whose corners have moved.

Every voxel is cut into the 12 tetrahedra between its centre and two triangles on each face, so that no tetrahedron has
all its vertices on an interface and none need become flat when the interface does. The corners of voxels on interfaces
are faired as in `fairing`: they minimise

    sum_i |x_i - x0_i|^2 + sigma^4 sum_i |L x_i|^2,    L x_i = (4 / n_i) sum_j (x_j - x_i)

over the n_i neighbours j of i along edges of voxels on the interface; on lines where three grains meet, or two meet a
wall, over the two neighbours on that line; not at the ends of such lines. Points stay on their walls and edges of the
box. Then each interface between two grains is moved along its normals until the grains have the volumes of their voxels
(least squares over the interfaces), and the other corners follow (harmonic displacement, a few sweeps of Jacobi).

Where a cell would become worse than `LEAST_QUALITY`, its vertices go back towards the corners of the voxels they came
from, halving until all cells are good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ssbsim.case import BOX_SIDES
from ssbsim.geometry import _simplex
from ssbsim.geometry.arrays import Bool, Float, Int, Labels
from ssbsim.geometry.mesh_data import Grain, MeshData

LEAST_QUALITY = 0.05
"""Smallest scaled Jacobian that smoothing may leave where voxels are cubes (theirs is 0.5); in voxels of unequal edges it
is measured in units of these."""

_OUTSIDE = -1
_SWEEPS = 12


def mesh_smooth_voxels(
    index: Labels, grains: tuple[Grain, ...], *, pixel: Sequence[float], smoothing: float
) -> MeshData:
    """Mesh a labelled 3D image with smooth interfaces.

    Args:
        index: Grain of every voxel.
        grains: The grains.
        pixel: Edges of a voxel (m).
        smoothing: sigma, in voxels.
    """
    shape = np.array(index.shape)
    number = _number_corners(index)
    corners = np.stack(np.meshgrid(*(np.arange(n + 1.0) for n in shape), indexing="ij"), axis=-1).reshape(-1, 3)
    cells, eight = _cut_voxels(number)
    edges = _interface_edges(index, number)
    is_on_wall = (corners == 0.0) | (corners == shape)
    smooth = _fair(corners, edges, is_on_wall, smoothing)
    smooth = _restore_volumes(smooth, corners, index, is_on_wall)
    moved = _follow(smooth - corners, edges, is_on_wall, shape + 1)
    points, factor = _keep_quality(corners, moved, cells, eight)
    sides, _, walls = wall_quads(index)
    restrained = int((factor[edges.is_surface] < 1.0).sum())
    notes = (
        (f"{restrained} of {int(edges.is_surface.sum())} points of interfaces were smoothed less, to keep good cells",)
        if restrained
        else ()
    )
    return MeshData(
        points=points * np.asarray(pixel),
        cell_type="tetrahedron",
        cells=cells,
        cell_grain=np.repeat(index.reshape(-1), 12),
        grains=grains,
        boundary_facets=cut_quads(sides),
        facet_boundary=np.repeat(walls, 2),
        boundaries=BOX_SIDES,
        notes=notes,
    )


@dataclass(frozen=True, eq=False)
class _InterfaceEdges:
    """Edges of voxels on interfaces.

    Attributes:
        surface: Those between two grains, vertices, shape (a, 2).
        lines: Those where three grains meet, or two at a wall, or two cross, shape (b, 2).
        is_surface: Whether each corner is on an interface.
    """

    surface: Int
    lines: Int
    is_surface: Bool


def _cut_voxels(number: Int) -> tuple[Int, Int]:
    """Twelve tetrahedra for every voxel, centres numbered after the corners; and the eight corners of each voxel."""
    at = [slice(None, -1), slice(1, None)]
    eight = np.stack([number[at[i], at[j], at[k]].ravel() for i in (0, 1) for j in (0, 1) for k in (0, 1)], axis=1)
    centre = number.size + np.arange(len(eight), dtype=np.int64)
    cells = []
    for triangle in _FACE_TRIANGLES:
        cells.append(np.column_stack([eight[:, list(triangle)], centre]))
    return np.stack(cells, axis=1).reshape(-1, 4), eight


# Corner (i, j, k) of a voxel is 4 i + 2 j + k. Each face is cut from its lowest to its highest corner, the same way on
# both sides; triangles turn so that the centre lies on their positive side.
def _face_triangles() -> tuple[tuple[int, int, int], ...]:
    step = (4, 2, 1)
    triangles = []
    for axis in range(3):
        u, v = step[(axis + 1) % 3], step[(axis + 2) % 3]
        for side in (0, 1):
            o = side * step[axis]
            for a, b, c in ((o, o + u, o + u + v), (o, o + u + v, o + v)):
                triangles.append((a, b, c) if side == 0 else (a, c, b))
    return tuple(triangles)


_FACE_TRIANGLES = _face_triangles()


def _interface_edges(index: Labels, number: Int) -> _InterfaceEdges:
    padded = np.pad(index, 1, constant_values=_OUTSIDE)
    surface, lines = [], []
    for axis in range(3):
        # The four voxels around every edge along this axis, in turn.
        along = [slice(1, -1) if a == axis else slice(None) for a in range(3)]
        core = padded[tuple(along)]
        others = [a for a in range(3) if a != axis]
        around = []
        for du, dv in ((0, 0), (1, 0), (1, 1), (0, 1)):
            cut = [slice(None)] * 3
            for a, d in zip(others, (du, dv), strict=True):
                cut[a] = slice(d, core.shape[a] - 1 + d)
            around.append(core[tuple(cut)])
        ring = np.stack(around, axis=-1)
        ordered = np.sort(ring, axis=-1)
        distinct = 1 + (np.diff(ordered, axis=-1) != 0).sum(axis=-1)
        has_outside = ordered[..., 0] == _OUTSIDE
        crosses = (ring[..., 0] == ring[..., 2]) & (ring[..., 1] == ring[..., 3]) & (distinct == 2)
        is_line = (distinct >= 3) | (crosses & ~has_outside)
        is_plain = (distinct == 2) & ~has_outside & ~crosses
        low = number[tuple(slice(None, -1) if a == axis else slice(None) for a in range(3))]
        high = number[tuple(slice(1, None) if a == axis else slice(None) for a in range(3))]
        surface.append(np.column_stack([low[is_plain], high[is_plain]]))
        lines.append(np.column_stack([low[is_line], high[is_line]]))
    found = np.vstack(surface), np.vstack(lines)
    is_surface = np.zeros(number.size, dtype=bool)
    for edges in found:
        is_surface[edges.ravel()] = True
    return _InterfaceEdges(found[0], found[1], is_surface)


def _fair(corners: Float, edges: _InterfaceEdges, is_on_wall: Bool, smoothing: float) -> Float:
    from scipy.sparse import coo_array, diags_array, eye_array
    from scipy.sparse.linalg import cg

    count = len(corners)
    on_line = np.bincount(edges.lines.ravel(), minlength=count)
    plain = (on_line == 0) & edges.is_surface
    # An end of a line at an edge of the box has one line on each of its walls, which do not continue each other.
    straight = (on_line == 2) & (is_on_wall.sum(axis=1) <= 1)
    links = []
    for pairs, wanted in ((edges.surface, plain), (edges.lines, straight)):
        both = np.vstack([pairs, pairs[:, ::-1]])
        links.append(both[wanted[both[:, 0]]])
    link = np.vstack(links)
    if not len(link) or smoothing == 0.0:
        return corners
    valence = np.bincount(link[:, 0], minlength=count)
    weight = np.divide(np.where(on_line == 0, 4.0, 2.0), valence, out=np.zeros(count), where=valence > 0)
    mean = coo_array((weight[link[:, 0]], (link[:, 0], link[:, 1])), shape=(count, count))
    laplacian = (mean - diags_array(weight * valence)).tocsr()
    smooth = corners.copy()
    for axis in range(3):
        free = np.flatnonzero(edges.is_surface & ~is_on_wall[:, axis])
        bend = laplacian[:, free]
        system = eye_array(len(free)) + smoothing**4 * (bend.T @ bend)
        # In displacements: the right side is what the stairs are bent by.
        right = -(smoothing**4) * (bend.T @ (laplacian @ corners[:, axis]))
        found, _ = cg(system, right, rtol=1e-6, maxiter=2000)
        smooth[free, axis] += found
    return smooth


def interface_quads(index: Labels) -> tuple[Int, Int]:
    """Faces of voxels between two grains: corners, turned towards the upper one, shape (k, 4), and the lower and upper
    grain of each, shape (k, 2). The mesh cuts each of them from its first to its third corner."""
    number = _number_corners(index)
    quads, grains = [], []
    for axis in range(3):
        below, above = (np.delete(np.moveaxis(index, axis, 0), end, axis=0) for end in (-1, 0))
        differs = below != above
        inner = np.moveaxis(number, axis, 0)[1:-1]
        # Both others in turn: u x v points along the axis.
        if axis == 1:
            differs, inner = differs.swapaxes(1, 2), inner.swapaxes(1, 2)
            below, above = below.swapaxes(1, 2), above.swapaxes(1, 2)
        quads.append(_quads_of(inner)[differs])
        grains.append(np.column_stack([below[differs], above[differs]]).astype(np.int64))
    return np.vstack(quads), np.vstack(grains)


def wall_quads(index: Labels) -> tuple[Int, Int, Labels]:
    """Faces of voxels on walls, turned into the box: corners, shape (k, 4), grain and wall of each."""
    number = _number_corners(index)
    quads, grains, walls = [], [], []
    for axis in range(3):
        for end in (0, -1):
            corners, labels = np.take(number, end, axis=axis), np.take(index, end, axis=axis)
            # The first of the other axes and the second turn along the axis but for y, and must turn inwards.
            around = _quads_of(corners).reshape(-1, 4)
            quads.append(around if (end == 0) != (axis == 1) else around[:, [0, 3, 2, 1]])
            grains.append(labels.ravel().astype(np.int64))
            walls.append(np.full(labels.size, 2 * axis + (end == -1), dtype=np.int32))
    return np.vstack(quads), np.concatenate(grains), np.concatenate(walls)


def _number_corners(index: Labels) -> Int:
    shape = np.array(index.shape) + 1
    return np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)


def _quads_of(plane: Int) -> Int:
    """Squares of planes of corners (last two axes), from the lowest corner along the first one, shape (.., 4)."""
    at = (slice(None, -1), slice(1, None))
    return np.stack([plane[..., at[i], at[j]] for i, j in ((0, 0), (1, 0), (1, 1), (0, 1))], axis=-1)


def cut_quads(quads: Int) -> Int:
    """Two triangles of every square, those of a square one after the other."""
    return quads[:, [[0, 1, 2], [0, 2, 3]]].reshape(-1, 3)


def _restore_volumes(smooth: Float, corners: Float, index: Labels, is_on_wall: Bool) -> Float:
    """Move every interface along its normals by one distance each, so that grains regain their volumes."""
    from scipy.sparse import coo_array
    from scipy.sparse.linalg import lsqr

    quads, pairs = interface_quads(index)
    triangles, pairs = cut_quads(quads), np.repeat(pairs, 2, axis=0)
    if not len(triangles):
        return smooth
    flipped = pairs[:, 0] > pairs[:, 1]
    triangles[flipped] = triangles[flipped][:, [0, 2, 1]]
    pairs = np.sort(pairs, axis=1)
    grain_count = int(index.max()) + 1
    codes, patch = np.unique(pairs[:, 0] * grain_count + pairs[:, 1], return_inverse=True)
    first, second = np.divmod(codes, grain_count)
    points = smooth.copy()
    for _ in range(3):
        # Volume that the first grain of each interface gained since the stairs, from the tetrahedra swept.
        gained = np.bincount(patch, weights=_swept_volumes(corners, points, triangles), minlength=len(codes))
        normals = np.cross(
            points[triangles[:, 1]] - points[triangles[:, 0]], points[triangles[:, 2]] - points[triangles[:, 0]]
        )
        at = np.zeros_like(points)
        for column in range(3):
            for axis in range(3):
                at[:, axis] += np.bincount(triangles[:, column], weights=normals[:, axis], minlength=len(points))
        at[is_on_wall] = 0.0
        low, high = np.full(len(points), len(codes)), np.full(len(points), -1)
        np.minimum.at(low, triangles.ravel(), np.repeat(patch, 3))
        np.maximum.at(high, triangles.ravel(), np.repeat(patch, 3))
        size = np.linalg.norm(at, axis=1)
        is_moving = (low == high) & (size > 1e-9)
        unit = np.divide(at, size[:, None], out=np.zeros_like(at), where=is_moving[:, None])
        # Change of volume of the first grain for a unit shift of its interface.
        share = (normals[:, None, :] * unit[triangles]).sum(axis=(1, 2)) / 6.0
        rate = np.bincount(patch, weights=share, minlength=len(codes))
        rows = np.concatenate([first, second])
        columns = np.concatenate([np.arange(len(codes))] * 2)
        matrix = coo_array((np.concatenate([rate, -rate]), (rows, columns)), shape=(grain_count, len(codes))).tocsr()
        excess = np.bincount(first, weights=gained, minlength=grain_count)
        excess -= np.bincount(second, weights=gained, minlength=grain_count)
        shift = np.clip(lsqr(matrix, -excess, atol=1e-10, btol=1e-10)[0], -0.5, 0.5)
        points += np.where(is_moving[:, None], shift[np.minimum(low, len(codes) - 1)][:, None] * unit, 0.0)
    return points


def _swept_volumes(before: Float, after: Float, triangles: Int) -> Float:
    """Volume between each triangle before and after, positive where it moved along its normal."""
    p, q = before[triangles], after[triangles]
    volume = np.zeros(len(triangles))
    # The prism between both, cut into three tetrahedra by the order of its vertices, alike in neighbours up to the
    # sides of the prism, whose volumes cancel only if cut alike: sort the vertices first.
    order = np.argsort(triangles, axis=1)
    odd = _is_odd(order)
    p, q = np.take_along_axis(p, order[..., None], axis=1), np.take_along_axis(q, order[..., None], axis=1)
    for tetrahedron in (
        (p[:, 0], p[:, 1], p[:, 2], q[:, 2]),
        (p[:, 0], p[:, 1], q[:, 2], q[:, 1]),
        (p[:, 0], q[:, 1], q[:, 2], q[:, 0]),
    ):
        a, b, c, d = tetrahedron
        volume += np.einsum("ij,ij->i", np.cross(b - a, c - a), d - a) / 6.0
    return np.where(odd, -volume, volume)


def _is_odd(order: Int) -> Bool:
    inversions = np.zeros(len(order), dtype=np.int64)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        inversions += order[:, i] > order[:, j]
    odd: Bool = inversions % 2 == 1
    return odd


def _follow(displacement: Float, edges: _InterfaceEdges, is_on_wall: Bool, shape: Int) -> Float:
    """Displacements of all corners: those of interfaces as given, the others near the mean of their neighbours."""
    size = tuple(int(n) for n in shape)
    fixed = edges.is_surface.reshape(size)
    on_wall = is_on_wall.reshape(*size, 3)
    given = displacement.reshape(*size, 3)
    field = np.where(fixed[..., None], given, 0.0)
    for _ in range(_SWEEPS):
        total, count = np.zeros_like(field), np.zeros((*size, 1))
        for axis in range(3):
            low = tuple(slice(None, -1) if a == axis else slice(None) for a in range(3))
            high = tuple(slice(1, None) if a == axis else slice(None) for a in range(3))
            total[low] += field[high]
            total[high] += field[low]
            count[low] += 1.0
            count[high] += 1.0
        field = np.where(fixed[..., None], given, np.where(on_wall, 0.0, total / count))
    return field.reshape(-1, 3)


def _keep_quality(corners: Float, moved: Float, cells: Int, eight: Int) -> tuple[Float, Float]:
    """Corners and centres in the places where all cells are good, and the share of the displacement kept."""
    factor = np.ones(len(corners))
    centres = np.empty((len(eight), 3))
    doubtful: Int = np.arange(len(eight))
    while True:
        placed = corners + factor[:, None] * moved
        centres[doubtful] = _place_centres(placed[eight[doubtful]])
        points = np.vstack([placed, centres])
        checked = cells.reshape(-1, 12, 4)[doubtful].reshape(-1, 4)
        bad = checked[_simplex.scaled_jacobians(points, checked) < LEAST_QUALITY, :3]
        if not bad.size:
            return points, factor
        vertices = np.unique(bad)
        factor[vertices] = np.where(factor[vertices] < 0.2, 0.0, 0.85 * factor[vertices])
        is_changed = np.zeros(len(corners), dtype=bool)
        is_changed[vertices] = True
        doubtful = np.flatnonzero(is_changed[eight].any(axis=1))


# To the faces and corners of a cube.
_DIRECTIONS = np.array([d for d in np.ndindex(3, 3, 3) if sum(i != 1 for i in d) in (1, 3)]) - 1.0
_GOOD_ENOUGH = 0.12
_STEPS = 12


def _place_centres(eight: Float) -> Float:
    """The centre of every voxel: the mean of its corners, or from there to where its worst cell is best (pattern search).

    Cells of a voxel share no other point that may move, so that voxels are independent.
    """
    centres: Float = eight.mean(axis=1)
    best = np.concatenate([_worst_quality(eight[part], centres[part, None])[:, 0] for part in _portions(len(eight))])
    for sweep in range(_STEPS):
        active = np.flatnonzero(best < _GOOD_ENOUGH)
        for part in _portions(len(active)):
            own = active[part]
            tried = centres[own, None] + 0.2 * 0.7**sweep * _DIRECTIONS
            quality = _worst_quality(eight[own], tried)
            choice = quality.argmax(axis=1)
            reached = np.take_along_axis(quality, choice[:, None], axis=1)[:, 0]
            better = reached > best[own]
            centres[own[better]] = tried[better, choice[better]]
            best[own[better]] = reached[better]
    return centres


def _portions(count: int) -> list[slice]:
    """Voxels that are looked at together, to keep memory small."""
    return [slice(start, start + 250) for start in range(0, count, 250)]


_FACES = np.array(_FACE_TRIANGLES)


def _worst_quality(eight: Float, centres: Float) -> Float:
    """Smallest scaled Jacobian in every voxel with each of several centres, shape (voxels, centres)."""
    voxels, choices = centres.shape[:2]
    corners = np.broadcast_to(eight[:, None], (voxels, choices, 8, 3))
    points = np.concatenate([corners, centres[:, :, None]], axis=2).reshape(-1, 3)
    cells = np.column_stack([_FACES, np.full(len(_FACES), 8)])
    numbered = (9 * np.arange(voxels * choices)[:, None, None] + cells).reshape(-1, 4)
    worst: Float = _simplex.scaled_jacobians(points, numbered).reshape(voxels, choices, 12).min(axis=2)
    return worst
