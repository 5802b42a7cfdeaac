"""Grain sizes and boundary densities of a polycrystal.

The equivalent diameter of a grain is that of the circle or ball of equal measure. Straight lines at random through the
body meet P_L boundaries per length, which follows from the boundary length per area L_A (2D) or the boundary area per
volume S_V (3D) without drawing any line:

    L_A = (pi / 2) P_L,    S_V = 2 P_L,    mean intercept  l = 1 / P_L

(J. C. Russ, R. T. Dehoff, Practical Stereology, doi:10.1007/978-1-4615-1233-2). Walls of the body are no boundaries.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ssbsim.errors import MeshError
from ssbsim.geometry.mesh_data import MeshData


@dataclass(frozen=True)
class GrainStatistics:
    """Sizes of grains and density of their boundaries.

    Attributes:
        grains: Number of grains.
        mean_diameter: Mean equivalent diameter (m).
        log_spread: Standard deviation of the logarithm of the diameter.
        boundary_density: Boundary length per area, or area per volume (1/m).
        mean_intercept: Mean length of random lines in a grain (m); infinite without boundaries.
    """

    grains: int
    mean_diameter: float
    log_spread: float
    boundary_density: float
    mean_intercept: float


def grain_statistics(measures: ArrayLike, boundary: float, dimension: int) -> GrainStatistics:
    """Statistics of grains of given measures.

    Args:
        measures: Area (m^2) or volume (m^3) of every grain.
        boundary: Length (m) or area (m^2) of all boundaries between them, each counted once.
        dimension: 2 or 3.
    """
    sizes = np.asarray(measures, dtype=float)
    ball = math.pi / 4.0 if dimension == 2 else math.pi / 6.0
    diameters = (sizes / ball) ** (1.0 / dimension)
    density = boundary / float(sizes.sum())
    per_crossing = math.pi / 2.0 if dimension == 2 else 2.0
    return GrainStatistics(
        grains=len(sizes),
        mean_diameter=float(diameters.mean()),
        log_spread=float(np.log(diameters).std()),
        boundary_density=density,
        mean_intercept=per_crossing / density if density > 0.0 else math.inf,
    )


def mesh_statistics(mesh: MeshData, phase: str) -> GrainStatistics:
    """Statistics of the grains of one phase of a mesh in 2D or 3D.

    Pieces of one grain (`grain.7`, `grain.7b`) count as one. A surface that a grain shares with another phase counts
    half, so that a boundary core, which has a grain on either side, counts once.

    Raises:
        MeshError: if the phase has no grain, or the mesh is in 1D.
    """
    ours = {number for number, grain in enumerate(mesh.grains) if grain.phase == phase}
    if not ours or mesh.dimension == 1:
        raise MeshError(
            f"The mesh has no grains of '{phase}' in 2D or 3D.", where="statistics", hint="name a phase of the mesh"
        )
    whole: dict[str, float] = {}
    for grain, measure in zip(mesh.grains, mesh.grain_measures().values(), strict=True):
        if grain.phase == phase:
            name = re.sub(r"(?<=\d)[a-z]+$", "", grain.name)
            whole[name] = whole.get(name, 0.0) + measure
    boundary = sum(measure * 0.5 * ((a in ours) + (b in ours)) for (a, b), measure in mesh.interface_measures().items())
    return grain_statistics(list(whole.values()), boundary, mesh.dimension)
