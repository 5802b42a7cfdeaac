"""Cases of wires, balls and bodies of revolution, and what is known of their parts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from samples import (
    NM,
    layers,
)

from ssbsim.analysis import exact
from ssbsim.constants import FARADAY, GAS_CONSTANT, VACUUM_PERMITTIVITY
from ssbsim.geometry import Grain, MeshData
from ssbsim.geometry.coordinates import COORDINATES
from ssbsim.studies import Simulation
from ssbsim.studies.snapshot import Snapshots

TEMPERATURE, SALT, PERMITTIVITY = 298.15, 100.0, 20.0
KT = GAS_CONSTANT * TEMPERATURE / FARADAY
DEBYE = float(exact.debye_length_binary(TEMPERATURE, PERMITTIVITY, concentration=SALT))
IONS = ("A+", "B-")
#: Charge per area of a slope of one kT/e over one Debye length.
UNIT_CHARGE = VACUUM_PERMITTIVITY * PERMITTIVITY * KT / DEBYE

BODY = {"cylindrical": "cylinder", "spherical": "sphere"}
curved = pytest.mark.parametrize("coordinates", ["cylindrical", "spherical"])


def radial(coordinates: str, *parts: tuple[str, float], inner: float = 0.0, **more: Any) -> dict[str, Any]:
    return layers(*parts, **more) | {"coordinates": coordinates, "inner_radius": inner * NM}


def disc(n: int, radius: float, *, inner: float = 0.0) -> MeshData:
    """Half a disc, or half a ring, in rings of triangles around the axis x = 0: a ball, or a shell, when it turns."""
    points, cells, walls = [], [], {"inside": [], "outside": []}
    radii = np.linspace(inner, radius, n + 1)
    angles = np.linspace(-0.5 * math.pi, 0.5 * math.pi, 2 * n + 1)
    index: dict[tuple[int, int], int] = {}
    for i, r in enumerate(radii):
        for j, angle in enumerate(angles):
            if r > 0.0 or j == 0:
                index[i, j] = len(points)
                points.append((max(r * math.cos(angle), 0.0) if 0 < j < 2 * n else 0.0, r * math.sin(angle)))
            else:
                index[i, j] = index[i, 0]
    for i in range(n):
        for j in range(2 * n):
            a, b, c, d = index[i, j], index[i + 1, j], index[i + 1, j + 1], index[i, j + 1]
            cells += [(a, b, c)] if a == d else [(a, b, c), (a, c, d)]
    walls["outside"] = [(index[n, j], index[n, j + 1]) for j in range(2 * n)]
    walls["inside"] = [(index[0, j], index[0, j + 1]) for j in range(2 * n)] if inner > 0.0 else []
    names = [name for name, facets in walls.items() if facets]
    return MeshData(
        points=np.array(points),
        cell_type="triangle",
        cells=np.array(cells),
        cell_grain=np.zeros(len(cells)),
        grains=(Grain("e", "e"),),
        boundary_facets=np.array([facet for name in names for facet in walls[name]]),
        facet_boundary=np.repeat(range(len(names)), 2 * n),
        boundaries=tuple(names),
        coordinates=COORDINATES["axisymmetric"],
    )


def profile(made: Simulation, name: str) -> tuple[np.ndarray, np.ndarray]:
    """x (m) and a field, in rising x, on one rank."""
    snapshots = Snapshots(made)
    assert snapshots.layout is not None
    x = snapshots.layout.points[:, 0]
    order = np.argsort(x, kind="stable")
    return x[order], snapshots.take()[name][order]
