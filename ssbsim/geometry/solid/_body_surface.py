"""The facets that a remesher must respect: outer ones and those of interfaces, and which of them it may divide anew."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ssbsim.geometry._facets import facet_keys
from ssbsim.geometry.arrays import Float, Int
from ssbsim.geometry.connectivity import connected_parts
from ssbsim.geometry.mesh_data import MeshData

_SAME_PLANE = 1e-9
"""Largest distance of a point from a plane it is said to lie on, over the extent of the body."""

_SHARP = np.cos(np.radians(40.0))
"""Outer facets that meet at more than this angle have an edge between them; at less, the surface is curved. Mmg itself
takes more than 45 degrees for an edge, so that nothing between is left to it."""


class BodySurface:
    """The facets of interfaces and those on the outside, by what they separate and by plane.

    A facet is free to be divided anew when it has at each of its edges a facet of the same plane or a sharp edge.

    Attributes:
        facets: Shape (k, 3).
        reference: Index into `planes` and `names` of each, plus one.
        planes: Unit normal and offset (m) of each reference, shape (p, 4).
        names: Index of the boundary of each reference; -1 for an interface or an outer facet without name.
        is_free: Whether each facet may be divided anew.
        is_inner: Whether each facet is one of an interface.
        holds_free: Whether each reference has such facets.
        separating_edges: Edges between facets of the same plane that separate different things: a facet and the two places
            in it, when it is sorted, shape (e, 3).
    """

    def __init__(self, mesh: MeshData) -> None:
        outer = mesh.exterior_facets()
        inner = mesh.interface_facets()
        self.facets = np.vstack([outer, *inner.values()])
        boundary = _boundary_of(outer, mesh)
        counts = [len(facets) for facets in inner.values()]
        # What a facet separates: the outside under a name from 0 or without one (-1), or the pair -2, -3, ..
        side = np.concatenate([boundary, -2 - np.repeat(np.arange(len(counts)), counts)])
        self.is_inner = side <= -2
        corners = mesh.points[self.facets]
        extent = float(np.ptp(mesh.points, axis=0).max())
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normals /= np.linalg.norm(normals, axis=1)[:, None]
        largest = np.argmax(np.abs(normals), axis=1)
        normals *= np.sign(normals[np.arange(len(normals)), largest])[:, None]
        planes = np.column_stack([normals, np.einsum("ij,ij->i", normals, corners[:, 0])])
        plane = _group_planes(planes / np.array([1.0, 1.0, 1.0, extent]))
        _, first, reference = np.unique(np.column_stack([side, plane]), axis=0, return_index=True, return_inverse=True)
        self.reference = reference.reshape(-1) + 1
        self.planes, self.names = planes[first], np.maximum(side[first], -1)
        edges = np.sort(self.facets[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
        _, edge, count = np.unique(facet_keys(edges, len(mesh.points)), return_inverse=True, return_counts=True)
        order = np.argsort(edge, kind="stable")
        a, b = order[:-1], order[1:]
        shared = (edge[a] == edge[b]) & (count[edge[a]] == 2)
        a, b = a[shared], b[shared]
        left, right = a // 3, b // 3
        same_plane = plane[left] == plane[right]
        is_smooth = ~same_plane & (np.abs(np.einsum("ij,ij->i", normals[left], normals[right])) > _SHARP)
        self.is_free = np.ones(len(self.facets), dtype=bool)
        self.is_free[left[is_smooth]] = self.is_free[right[is_smooth]] = False
        self.holds_free = np.zeros(len(first), dtype=bool)
        self.holds_free[reference.reshape(-1)[self.is_free]] = True
        separating = a[same_plane & (side[left] != side[right])]
        ordered = np.sort(self.facets[separating // 3], axis=1)
        places = [np.argmax(ordered == edges[separating, i, None], axis=1) for i in range(2)]
        self.separating_edges = np.column_stack([separating // 3, *places])


def cut_open(mesh: MeshData, surface: BodySurface) -> tuple[Int, Int, Int, NDArray[np.bool_]]:
    """Give the two sides of kept interfaces points of their own.

    Corners of cells belong to the same point where their cells are joined through facets that are not kept.

    Returns:
        Point of the mesh that each point is or is a copy of; cells; facets of the surface, by sorted vertices of the mesh,
        with the other sides of the kept interfaces after them; which facets have such another side.
    """
    corners = np.arange(mesh.cells.size).reshape(mesh.cells.shape)
    opposite = np.array([[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]])
    of_facet = corners[:, opposite].reshape(-1, 3)
    nodes = np.take_along_axis(of_facet, np.argsort(mesh.cells.reshape(-1)[of_facet], axis=1), axis=1)
    vertices = mesh.cells.reshape(-1)[nodes]
    is_kept = ~surface.is_free & surface.is_inner
    keys = facet_keys(np.vstack([vertices, np.sort(surface.facets, axis=1)]), len(mesh.points))
    own, of_surface = keys[: len(vertices)], keys[len(vertices) :]
    by_key = np.argsort(own, kind="stable")
    a, b = by_key[:-1], by_key[1:]
    joined = own[a] == own[b]
    a, b = a[joined], b[joined]
    cut = np.isin(own[a], of_surface[is_kept])
    # Corners at one vertex that no facet joins (grains that meet in an edge) are one point all the same, unless cut.
    group = connected_parts((nodes[a[~cut]].reshape(-1), nodes[b[~cut]].reshape(-1)), corners.size)
    touches_cut = np.zeros(len(mesh.points), dtype=bool)
    touches_cut[surface.facets[is_kept]] = True
    vertex = mesh.cells.reshape(-1)
    label = np.where(touches_cut[vertex], group, -1)
    pairs, point = np.unique(np.column_stack([vertex, label]), axis=0, return_inverse=True)
    point = point.reshape(-1)
    first = by_key[np.searchsorted(own[by_key], of_surface)]
    second = by_key[np.searchsorted(own[by_key], of_surface, side="right") - 1]
    one, other = point[nodes[first]], point[nodes[second]]
    is_copy = is_kept & (one != other).any(axis=1)
    return pairs[:, 0], point.reshape(mesh.cells.shape), np.vstack([one, other[is_copy]]), is_copy


def _boundary_of(facets: Int, mesh: MeshData) -> Int:
    """Index into the boundaries of each outer facet; -1 where it has no name."""
    keys = facet_keys(np.vstack([mesh.boundary_facets, facets]), len(mesh.points))
    named, own = keys[: len(mesh.boundary_facets)], keys[len(mesh.boundary_facets) :]
    if not len(named):
        return np.full(len(facets), -1, dtype=np.int64)
    order = np.argsort(named, kind="stable")
    at = np.minimum(np.searchsorted(named[order], own), len(named) - 1)
    return np.where(named[order][at] == own, mesh.facet_boundary[order][at], -1).astype(np.int64)


def _group_planes(planes: Float) -> Int:
    """Number of the group of each row; rows of a group follow one another within the tolerance in every column."""
    group = np.zeros(len(planes), dtype=np.int64)
    for column in planes.T:
        order = np.argsort(column, kind="stable")
        steps = np.concatenate([[0], np.cumsum(np.diff(column[order]) > _SAME_PLANE)])
        own = np.empty(len(planes), dtype=np.int64)
        own[order] = steps
        group = np.unique(np.column_stack([group, own]), axis=0, return_inverse=True)[1].reshape(-1)
    return group
