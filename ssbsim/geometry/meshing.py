"""From a partition to a mesh: the one way in for all generators of microstructures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ssbsim.case import Spacing
from ssbsim.geometry._facets import connected_pieces
from ssbsim.geometry.mesh_data import Grain, MeshData, piece_letters
from ssbsim.geometry.partition import Partition
from ssbsim.geometry.progress import progress
from ssbsim.geometry.refine import refine_mesh


def mesh_partition(partition: Partition, spacing: Spacing, *, where: str = "geometry") -> MeshData:
    """Fill the grains of a partition with cells, with rows of thin ones at resolved interfaces.

    Args:
        partition: The grains, by their outlines.
        spacing: Cell sizes; `transverse` is the bulk size when not given, `junction` as `transverse`.
        where: The place in the case, for messages.

    Returns:
        A valid mesh. Grains without cells are left out. Where a grain falls apart, its largest piece keeps its name and
        the others are lettered, `name` b, c, ..; films stay one grain.

    Raises:
        MeshError: where cells do not fit in.
    """
    progress("meshing")
    if spacing.remesher == "mmg":
        from ssbsim.geometry.solid.anisotropy import mesh_anisotropic

        mesh = mesh_anisotropic(partition, spacing, where=where)
    elif partition.dimension == 2:
        from ssbsim.geometry.plane.planar import mesh_planar

        mesh = mesh_planar(partition, spacing, where=where)
    else:
        from ssbsim.geometry.solid.solid import mesh_solid

        mesh = mesh_solid(partition, spacing, where=where)
    films = np.unique(partition.film_grain[partition.film > 0.0])
    mesh = refine_mesh(_name_pieces(mesh, frozenset(int(film) for film in films)), spacing.refinement)
    mesh.validate()
    return mesh


def _name_pieces(mesh: MeshData, films: frozenset[int]) -> MeshData:
    """Make disconnected pieces of a grain grains of their own, unless it is a film; leave out grains without cells."""
    pieces = connected_pieces(mesh.cells, mesh.cell_grain, len(mesh.points))
    measures = np.bincount(pieces, weights=mesh.cell_measures())
    owners = np.zeros(len(measures), dtype=np.int64)
    owners[pieces] = mesh.cell_grain
    grains: list[Grain] = []
    new_number = np.zeros(len(measures), dtype=np.int32)
    for old, grain in enumerate(mesh.grains):
        own = np.flatnonzero(owners == old)
        if not len(own):
            continue
        if old in films:
            new_number[own] = len(grains)
            grains.append(grain)
            continue
        # Equal pieces come in the order of their cells.
        for rank, piece in enumerate(own[np.argsort(-measures[own], kind="stable")]):
            new_number[piece] = len(grains)
            grains.append(replace(grain, name=grain.name + piece_letters(rank)))
    return replace(mesh, cell_grain=new_number[pieces], grains=tuple(grains))
