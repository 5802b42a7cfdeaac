"""The brick-layer model of a polycrystal: equal bricks with boundary cores between them, in 2D and 3D.

With bricks of edge d and cores of width w the structure repeats after d + w, as in the brick-layer model of Maier (Ber.
Bunsenges. Phys. Chem. 90 (1986) 26, doi:10.1002/bbpc.19860900105). Across x the walls are mirror planes in the middle
of a core, so that n bricks and n cores take n (d + w), and the cores have exactly the share of the section that they
have in the endless structure. Along x, where the terminals sit, a row begins and ends with a brick: n bricks and n - 1
cores in series. x runs from `left` to `right`, y from `bottom` to `top`, z from `front` to `back`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ssbsim.case import BricksGeometry
from ssbsim.geometry.extrude import mesh_boxes
from ssbsim.geometry.grading import GradedStack, graded_coordinates
from ssbsim.geometry.mesh_data import Grain, MeshData
from ssbsim.geometry.registry import register_geometry


@register_geometry(BricksGeometry, is_quick=True)
def build_bricks(geometry: BricksGeometry, folder: Path) -> MeshData:
    """Mesh of a BricksGeometry: grains in the order of its `places`, then the cores as one grain."""
    grains = tuple(Grain(name, phase) for name, phase in geometry.grain_phases().items())
    axes = [_row(geometry, axis) for axis in range(len(geometry.bricks))]
    # Every second layer of a row is a core; the cores have the last grain.
    has_cores = geometry.core_width > 0.0
    shape = [int(row.cell_layer[-1]) + 1 for row in axes]
    block_grain = np.full(shape, len(grains) - 1, dtype=np.int32)
    bricks = [slice(axis > 0, None, 2) if has_cores else slice(None) for axis in range(len(axes))]
    # Grains count x first, so the transpose of the blocks is in their order.
    block_grain[tuple(bricks)] = np.arange(len(geometry.places)).reshape(geometry.bricks[::-1]).T
    return mesh_boxes(axes, block_grain, grains)


class _Layer(NamedTuple):
    """One brick or core in a row; thickness in m."""

    name: str
    thickness: float
    is_core: bool


def _row(geometry: BricksGeometry, axis: int) -> GradedStack:
    """Coordinates along one axis, layer by layer."""
    spacing, width = geometry.spacing, geometry.core_width
    is_mirrored = axis > 0 and width > 0.0
    brick, core = _Layer("brick", geometry.edges[axis], False), _Layer("core", width, True)
    layers = [brick]
    for _ in range(geometry.bricks[axis] - 1):
        layers += [core, brick] if width > 0.0 else [brick]
    if is_mirrored:
        half = _Layer("half core at a wall", 0.5 * width, True)
        layers = [half, *layers, half]
    direction = f" along {'xyz'[axis]}"
    row = graded_coordinates(
        [layer.thickness for layer in layers],
        interface=spacing.interface,
        bulk=spacing.bulk,
        terminal=spacing.interface if is_mirrored else spacing.terminal if axis == 0 else spacing.bulk,
        growth=spacing.growth,
        refinement=spacing.refinement,
        names=[layer.name + direction for layer in layers],
        may_be_thin=[layer.is_core for layer in layers],
    )
    return replace(row, notes=tuple(dict.fromkeys(row.notes)))
