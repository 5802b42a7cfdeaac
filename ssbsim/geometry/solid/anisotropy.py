"""Thin tetrahedra at interfaces by a metric, through Mmg: for bodies in which rows of prisms find no room.

At a point x with its nearest interface at the distance d and in the direction n, cells are to have the sizes

    across  a(x) = min(interface + (growth - 1) d, b(x)),      along  b(x) = min(transverse + (growth - 1) d, bulk),

which is the metric M(x) = I / b^2 + (1 / a^2 - 1 / b^2) n n^T: an edge e is as long as wanted where e^T M e = 1. Sizes
that follow the distance with the slope growth - 1 differ between neighbours by the ratio growth. On an interface itself n
spans the normals of all facets that meet in the point, so that cells are thin in two directions along a line where
interfaces meet. Mmg (Dapogny, Dobrzynski and Frey 2014, J. Comput. Phys. 262, 358, doi:10.1016/j.jcp.2014.01.005) splits,
collapses, swaps and moves until every edge is about one long; the height of a cell is then about 0.8 of its size. On
curved interfaces, and along lines where interfaces meet one another or a wall, it knows but one size in all directions,
the smallest: most of its cells are there.

Flat interfaces and walls are divided anew within their planes, so that grains keep their measures to rounding. Curved
ones keep their triangles; where they meet flat ones, Mmg may bend those, and then the result is refused. Mmg loses the
mark of a kept edge between two of its domains in some swaps, but not that of one on the outside: so the mesh is cut open
along curved interfaces, and joined again afterwards. Mmg is serial and has no random numbers: same mesh, same result.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from ssbsim.case import Spacing
from ssbsim.errors import MeshError
from ssbsim.geometry.arrays import Float, Int
from ssbsim.geometry.mesh_data import MeshData
from ssbsim.geometry.partition import Partition
from ssbsim.geometry.solid._body_surface import BodySurface, cut_open
from ssbsim.geometry.solid._nearest import nearest_on_triangles

_HINT = (
    "keep the faces of grains plane (smallest_edge: 0), since Mmg does badly where curved and flat interfaces meet; or set "
    "remesher: none"
)


def refine_anisotropic(
    mesh: MeshData,
    spacing: Spacing,
    *,
    resolved: Collection[tuple[int, int]] | None = None,
    where: str = "geometry.spacing",
) -> MeshData:
    """Make the cells thin across interfaces, keeping grains, interfaces and boundaries.

    Args:
        mesh: Tetrahedra; facets of curved interfaces have the size wanted along them.
        spacing: Cell sizes (m); `terminal` counts at the boundaries left and right, and `refinement` does not count.
        resolved: Pairs of grains (lower index first) whose interface is to have thin cells; all when not given.
        where: Place in the case, for messages.

    Returns:
        Tetrahedra with the same grains and boundaries in the same places.

    Raises:
        MeshError: where mmgpy is missing, the mesh is not one of tetrahedra, or Mmg fails.
    """
    mmgpy = _load_mmgpy(where)
    _check_dimension(mesh.dimension, where)
    along = spacing.transverse if spacing.transverse is not None else spacing.bulk
    sizes = _Sizes(spacing.interface, along, spacing.bulk, spacing.growth)
    ends = spacing.terminal if spacing.terminal < along else None
    metric = _metric(mesh, sizes, resolved, ends)
    if metric is None:
        return mesh
    refined = _remesh(mmgpy, mesh, metric, sizes, where)
    _compare(mesh, refined, where)
    return refined


def mesh_anisotropic(partition: Partition, spacing: Spacing, *, where: str = "geometry") -> MeshData:
    """Fill the grains of a partition with cells without rows, then make those at resolved interfaces thin.

    Args:
        partition: The grains, in three dimensions.
        spacing: Cell sizes (m), as in `refine_anisotropic`.
        where: Place in the case, for messages.

    Raises:
        MeshError: as `refine_anisotropic` and `mesh_solid`.
    """
    from ssbsim.geometry.solid.solid import mesh_solid

    _check_dimension(partition.dimension, where)
    _load_mmgpy(where)
    along = spacing.transverse if spacing.transverse is not None else spacing.bulk
    plain = spacing.model_copy(update={"interface": along, "terminal": spacing.bulk})
    beside = np.where(partition.film > 0.0, partition.film_grain, partition.sides)
    pairs = np.vstack(
        [
            beside[partition.resolved],
            *(np.column_stack([beside, partition.sides])[partition.resolved][:, [i, i + 2]] for i in (0, 1)),
        ]
    )
    resolved = {(min(a, b), max(a, b)) for a, b in zip(*pairs.T.tolist(), strict=True)}
    return refine_anisotropic(mesh_solid(partition, plain, where=where), spacing, resolved=resolved, where=where)


@dataclass(frozen=True)
class _Sizes:
    """Cell sizes (m) as functions of the distance to an interface."""

    first: float
    along: float
    bulk: float
    growth: float

    def at(self, distance: Float, first: Float) -> tuple[Float, Float]:
        """Sizes across and along."""
        wide = np.minimum(self.along + (self.growth - 1.0) * distance, self.bulk)
        return np.minimum(first + (self.growth - 1.0) * distance, wide), wide


def _check_dimension(dimension: int, where: str) -> None:
    if dimension != 3:
        raise MeshError(
            f"Mmg is asked for a mesh in {dimension} dimensions.",
            where=where,
            hint="set remesher: none; in two dimensions rows of thin cells do the same",
        )


def _load_mmgpy(where: str) -> Any:
    try:
        import mmgpy
    except ImportError as error:
        raise MeshError(
            "Mmg cannot be loaded, and the case asks for it.",
            where=where,
            hint="install it (pip install mmgpy), or set remesher: none",
        ) from error
    return mmgpy


def _metric(
    mesh: MeshData, sizes: _Sizes, resolved: Collection[tuple[int, int]] | None, ends: float | None
) -> Float | None:
    """Metric (1/m^2) at every vertex, shape (n, 3, 3); nothing where there is nothing to resolve."""
    groups = [
        (facets, sizes.first)
        for pair, facets in mesh.interface_facets().items()
        if (resolved is None or pair in resolved) and sizes.first < sizes.along
    ]
    if ends is not None:
        chosen = [i for i, name in enumerate(mesh.boundaries) if name in ("left", "right")]
        groups.append((mesh.boundary_facets[np.isin(mesh.facet_boundary, chosen)], ends))
    facets = np.vstack([np.empty((0, 3), dtype=np.int64), *(group for group, _ in groups)])
    if not len(facets):
        return None
    first = np.concatenate([np.full(len(group), size) for group, size in groups])
    distance, feet, facet = nearest_on_triangles(mesh.points, mesh.points[facets])
    on = np.zeros(len(mesh.points), dtype=bool)
    on[facets] = True
    directions = mesh.points - feet
    directions /= np.where(on, 1.0, np.maximum(distance, np.finfo(float).tiny))[:, None]
    projectors = directions[:, :, None] * directions[:, None, :]
    projectors[on] = _normal_spaces(mesh.points, facets)[on]
    distance[on] = 0.0
    across, along = sizes.at(distance, first[facet])
    identity = np.eye(3) / along[:, None, None] ** 2
    return np.asarray(identity + (across**-2 - along**-2)[:, None, None] * projectors)


def _normal_spaces(points: Float, facets: Int) -> Float:
    """Projector onto the normals of the facets that meet in each point, shape (n, 3, 3).

    Directions that hold less than a tenth of the mean of n n^T are the spread of normals on a curved surface.
    """
    corners = points[facets]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    areas = np.linalg.norm(normals, axis=1)
    products = normals[:, :, None] * normals[:, None, :] / areas[:, None, None]
    total = np.zeros((len(points), 3, 3))
    weight = np.zeros(len(points))
    for corner in range(3):
        np.add.at(total, facets[:, corner], products)
        np.add.at(weight, facets[:, corner], areas)
    values, vectors = np.linalg.eigh(total / np.where(weight > 0.0, weight, 1.0)[:, None, None])
    return np.asarray(np.einsum("nij,nj,nkj->nik", vectors, values > 0.1, vectors))


def _remesh(mmgpy: Any, mesh: MeshData, metric: Float, sizes: _Sizes, where: str) -> MeshData:
    """What Mmg makes of the mesh, in units of the largest cell."""
    unit = sizes.bulk
    surface = BodySurface(mesh)
    old_point, cells, facets, is_copy = cut_open(mesh, surface)
    remeshed = mmgpy.MmgMesh3D()
    remeshed.set_mesh_size(
        vertices=len(old_point), tetrahedra=len(cells), triangles=len(facets), edges=len(surface.separating_edges)
    )
    remeshed.set_vertices(mesh.points[old_point] / unit)
    remeshed.set_tetrahedra(cells.astype(np.int32), mesh.cell_grain.astype(np.int64) + 1)
    is_fixed = ~surface.is_free
    remeshed.set_triangles(
        facets.astype(np.int32), np.concatenate([surface.reference, surface.reference[is_copy]]).astype(np.int64)
    )
    fixed = np.flatnonzero(np.concatenate([is_fixed, is_fixed[is_copy]])).astype(np.int32)
    remeshed.set_required_triangles(fixed)
    # What is required only may still be split, in the end, where its mark was lost; what is parallel may not.
    remeshed.set_parallel_triangles(fixed)
    if len(surface.separating_edges):
        facet, places = surface.separating_edges[:, :1], surface.separating_edges[:, 1:]
        remeshed.set_edges(facets[facet, places].astype(np.int32))
        remeshed.set_required_edges(np.arange(len(surface.separating_edges), dtype=np.int32))
    rows, columns = np.triu_indices(3)
    remeshed["tensor"] = np.ascontiguousarray(metric[old_point][:, rows, columns] * unit**2)
    try:
        # The gradation is in the metric; sizes of kept triangles must not spread into the cells (nosizreq).
        remeshed.remesh(hgrad=-1.0, hgradreq=-1.0, nosizreq=1, hausd=1.0, hmin=0.1 * sizes.first / unit, verbose=-1)
    except Exception as error:
        raise MeshError(
            f"Mmg failed: {error}",
            where=where,
            hint=_HINT,
        ) from error
    return _collect(mesh, remeshed, surface, unit)


def _collect(mesh: MeshData, remeshed: Any, surface: BodySurface, unit: float) -> MeshData:
    """The mesh that Mmg made, with the names of the one before."""
    points = np.array(remeshed.get_vertices(), dtype=np.float64) * unit
    cells, grain = remeshed.get_tetrahedra_with_refs()
    triangles, reference = remeshed.get_triangles_with_refs()
    triangles, reference = np.asarray(triangles, dtype=np.int64), np.asarray(reference, dtype=np.int64)
    points, number = _join(points, mesh.points)
    cells, triangles = number[np.asarray(cells, dtype=np.int64)], number[triangles]
    known = (reference >= 1) & (reference <= len(surface.planes))
    triangles, reference = triangles[known], reference[known] - 1
    is_free = surface.holds_free[reference]
    _press(points, triangles[is_free], surface.planes[reference[is_free]])
    name = surface.names[reference]
    return MeshData(
        points=points,
        cell_type="tetrahedron",
        cells=cells,
        cell_grain=np.asarray(grain, dtype=np.int32) - 1,
        grains=mesh.grains,
        boundary_facets=triangles[name >= 0],
        facet_boundary=name[name >= 0],
        boundaries=mesh.boundaries,
        notes=mesh.notes,
    )


def _compare(before: MeshData, after: MeshData, where: str) -> None:
    """Refuse what Mmg made where a grain is not what it was, or a cell is not one."""
    old, new = before.grain_measures(), after.grain_measures()
    worst = max(old, key=lambda name: abs(new[name] / old[name] - 1.0))
    change = new[worst] / old[worst] - 1.0
    if abs(change) > 1e-9:
        raise MeshError(f"Mmg changed the volume of {worst} by {change:.1e} of it.", where=where, hint=_HINT)
    if after.cell_measures().min() <= 0.0 or after.interface_facets().keys() != before.interface_facets().keys():
        raise MeshError("Mmg left cells without volume, or changed which grains touch.", where=where, hint=_HINT)


def _join(points: Float, before: Float) -> tuple[Float, Int]:
    """Make copies of a point one again, with its old coordinates: a change of unit rounds.

    Returns:
        The points, and the number of each of the given ones among them.
    """
    from scipy.spatial import cKDTree

    distance, index = cKDTree(before).query(points, distance_upper_bound=1e-13 * float(np.ptp(before)))
    is_old = np.isfinite(distance)
    points = points.copy()
    points[is_old] = before[index[is_old]]
    label = np.where(is_old, index, len(before) + np.arange(len(points)))
    _, first, number = np.unique(label, return_index=True, return_inverse=True)
    return points[first], number.reshape(-1).astype(np.int64)


def _press(points: Float, triangles: Int, planes: Float) -> None:
    """Move the corners of triangles to the planes that they lie on but for rounding."""
    largest = np.argmax(np.abs(planes[:, :3]), axis=1)
    is_along_axis = np.abs(planes[np.arange(len(planes)), largest]) > 1.0 - 1e-14
    for chosen in (~is_along_axis, ~is_along_axis, is_along_axis):
        for corner in range(3):
            on, plane = triangles[chosen, corner], planes[chosen]
            off = np.einsum("ij,ij->i", points[on], plane[:, :3]) - plane[:, 3]
            points[on] -= off[:, None] * plane[:, :3]
    for corner in range(3):
        points[triangles[is_along_axis, corner], largest[is_along_axis]] = planes[is_along_axis, 3]
