"""A mesh that would never be finished is refused at once, with the number of its cells."""

from __future__ import annotations

import math

import pytest
from geometry_cases import build

from ssbsim.case import BricksGeometry, CompositeGeometry, PolycrystalGeometry
from ssbsim.errors import MeshError
from ssbsim.geometry.limits import least_filled_cells

UM, MM = 1e-6, 1e-3
SPACING = {"interface": UM, "bulk": UM}
PARTICLES = {"phase": "a", "size": 3 * MM, "volume_fraction": 0.4, "gap": UM}


def polycrystal(dimension: int, **more: object) -> PolycrystalGeometry:
    return PolycrystalGeometry(dimension=dimension, grain="g", seed=1, spacing=SPACING, **more)


@pytest.mark.parametrize(
    ("geometry", "number"),
    [
        (polycrystal(2, grains=4, grain_size=18 * MM), "at least 2.35e+09 cells (4 grains of 0.018 m)"),
        (polycrystal(3, grains=4, grain_size=18 * MM), "at least"),
        (polycrystal(2, length=18 * MM, width=18 * MM, grain_size=18 * MM), "at least 7.48e+08 cells"),
        (
            CompositeGeometry(
                dimension=2, length=18 * MM, width=18 * MM, particles=PARTICLES, electrolyte={"phase": "b"},
                spacing=SPACING, seed=1,
            ),
            "at least 7.48e+08 cells",
        ),
        (BricksGeometry(bricks=[1, 1], size=18 * MM, core_width=0.0, grain="g", spacing=SPACING), "boxes)"),
    ],
)  # fmt: skip
def test_a_grain_of_millimetres_in_a_mesh_of_micrometres_is_refused_with_its_number(geometry: object, number: str):
    with pytest.raises(MeshError, match="The mesh would have") as caught:
        build(geometry)
    assert number in str(caught.value)
    assert "the most is" in str(caught.value)
    assert caught.value.hint


def test_the_least_number_is_that_of_regular_simplices():
    assert least_filled_cells((3.0, 2.0), 1.0) == pytest.approx(6.0 / (math.sqrt(3.0) / 4.0))
    assert least_filled_cells((3.0, 2.0, 1.0), 0.5) == pytest.approx(6.0 * 8 * 6.0 * math.sqrt(2.0))
    assert least_filled_cells((1.0, 1.0), 1.0, grains=1e6, refinement=3) == pytest.approx(9 * 4e6)
