"""Layered stacks in one dimension, or extruded across their plane in two and three.

x runs through the layers from `left` (x = 0, or the inner radius) to `right`; y from `bottom` (y = 0) to `top` (y = width);
z from `front` (z = 0) to `back` (z = depth).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ssbsim.case import BicrystalGeometry, LayersGeometry
from ssbsim.geometry.extrude import extrude_stack
from ssbsim.geometry.grading import graded_coordinates
from ssbsim.geometry.mesh_data import Grain, MeshData
from ssbsim.geometry.registry import register_geometry


@register_geometry(LayersGeometry, is_quick=True)
def build_layers(geometry: LayersGeometry, folder: Path) -> MeshData:
    """Mesh of a LayersGeometry."""
    grains = tuple(Grain(name, phase) for name, phase in geometry.grain_phases().items())
    spacing = geometry.spacing
    stack = graded_coordinates(
        [layer.thickness for layer in geometry.layers],
        interface=spacing.interface,
        bulk=spacing.bulk,
        terminal=spacing.terminal,
        growth=spacing.growth,
        refinement=spacing.refinement,
        names=[grain.name for grain in grains],
    )
    sides = (geometry.width, geometry.depth)[: geometry.dimension - 1]
    extents = [side for side in sides if side is not None]
    across = spacing.transverse
    if across is None:
        across = geometry.width / 4.0 if geometry.width is not None else spacing.bulk
    stack = replace(stack, coordinates=stack.coordinates + geometry.inner_radius)
    return extrude_stack(stack, grains, extents=extents, size=across, refinement=spacing.refinement)


@register_geometry(BicrystalGeometry, is_quick=True)
def build_bicrystal(geometry: BicrystalGeometry, folder: Path) -> MeshData:
    """Mesh of a BicrystalGeometry, which is a stack of two grains with or without a core between them."""
    return build_layers(geometry.as_layers(), folder)
