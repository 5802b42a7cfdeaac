"""Composite electrodes."""

from __future__ import annotations

import math
from pathlib import Path

from ssbsim.case import CompositeGeometry
from ssbsim.geometry.limits import MAXIMUM_FILLED, least_filled_cells, refuse_above
from ssbsim.geometry.mesh_data import MeshData
from ssbsim.geometry.meshing import mesh_partition
from ssbsim.geometry.particles.composite import leave_out_holes, make_composite
from ssbsim.geometry.registry import register_geometry


@register_geometry(CompositeGeometry)
def build_composite(geometry: CompositeGeometry, folder: Path) -> MeshData:
    """Mesh of a CompositeGeometry."""
    ball = math.pi * geometry.particles.size**geometry.dimension / (4.0 if geometry.dimension == 2 else 6.0)
    particles = geometry.particles.volume_fraction * geometry.composite_measure / ball
    refuse_above(
        MAXIMUM_FILLED,
        least_filled_cells(
            geometry.extent, geometry.spacing.bulk, grains=particles, refinement=geometry.spacing.refinement
        ),
        how=f"about {particles:.3g} particles of {geometry.particles.size:.3g} m",
        least=True,
        where="geometry.spacing.bulk",
        hint="check the units of the box, the particles and the spacing; raise spacing.bulk, or take a smaller box",
    )
    return leave_out_holes(mesh_partition(make_composite(geometry), geometry.spacing, where="geometry.particles"))
