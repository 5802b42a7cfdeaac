"""Every kind of geometry gives meshes on which Poisson's equation with a jump of the permittivity converges as it should.

Linear elements: order 2 of the potential in L2, 1 of the field in L2, 2 of the energy. Two families of problems:

* Kinked potentials that are exact without any charge on the interface, on meshes made anew with all sizes halved. Planes:
  phi = cos(k y) (A exp(k x) + B exp(-k x)) with A and B of each layer, which meets every plane obliquely. A dielectric disc
  or ball of radius a in the field E along x (Landau and Lifshitz, Electrodynamics of Continuous Media, section 8):
  phi = -E x (1 - beta) inside and -E x (1 - beta (a / r)^d) outside, beta = (e2 - e1) / (e2 + (d - 1) e1), which is the field
  2 e1 / (e1 + e2) or 3 e1 / (2 e1 + e2) inside. A curved interface is followed by chords, which are within h^2 of it.
* A smooth potential on the meshes of `spacing.refinement` 1, 2, .. , whose charge is spread over the grains and lies on
  the interfaces as the jump of permittivity times field.

The order is that in the inverse d-th root of the number of cells.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import ufl
from geometry_cases import MESHES, NM, build
from poisson import Body, Errors, solve

from ssbsim.case import (
    BicrystalGeometry,
    BricksGeometry,
    CompositeGeometry,
    FileGeometry,
    ImageGeometry,
    LayersGeometry,
    PolycrystalGeometry,
)
from ssbsim.geometry import MeshData, list_geometries
from ssbsim.geometry.refine import refine_mesh

LEVELS = (1, 2, 4)


def sizes(r: int, **lengths: float) -> dict[str, float]:
    """Spacing with every size (nm) divided by r."""
    return {name: value if name == "growth" else value * NM / r for name, value in lengths.items()}


def extents(dimension: int, across: float) -> dict[str, float]:
    return {name: across * NM for name in ("width", "depth")[: dimension - 1]}


# Kinked solutions, meshes made anew.


def kinked_layers(dimension: int, r: int) -> MeshData:
    thicknesses = [3.0, 4.0, 5.0]
    return build(
        LayersGeometry(
            layers=[{"phase": f"p{i}", "thickness": t * NM} for i, t in enumerate(thicknesses)],
            dimension=dimension,
            spacing=sizes(r, interface=1.0, bulk=2.0, transverse=2.0, growth=1.5),
            **extents(dimension, 6.0),
        )
    )


def kinked_bicrystal(dimension: int, r: int) -> MeshData:
    return build(
        BicrystalGeometry(
            length=12 * NM,
            core_width=2 * NM,
            dimension=dimension,
            spacing=sizes(r, interface=1.0, bulk=2.0, transverse=2.0, growth=1.5),
            **extents(dimension, 6.0),
        )
    )


def kinked_bricks(dimension: int, r: int) -> MeshData:
    """Two bricks that meet in a plane."""
    return build(
        BricksGeometry(
            bricks=[2, *[1] * (dimension - 1)],
            size=6 * NM,
            core_width=0.0,
            spacing=sizes(r, interface=2.0, bulk=2.0, growth=1.5),
        )
    )


def inclusion(dimension: int, r: int) -> MeshData:
    """One disc or ball of radius 5 nm in a box of 20 nm."""
    box, radius = 20.0, 5.0
    measure = np.pi * radius**2 if dimension == 2 else 4 / 3 * np.pi * radius**3
    return build(
        CompositeGeometry(
            dimension=dimension,
            length=box * NM,
            **extents(dimension, box),
            particles={
                "phase": "active",
                "size": 2 * radius * NM,
                "spread": 0.0,
                "volume_fraction": measure / box**dimension,
                "gap": 1 * NM,
            },
            electrolyte={"phase": "electrolyte"},
            # In 2D with a row of thin cells; a disc has 24 chords at least, a ball 320 triangles.
            spacing=sizes(r, interface=0.65, bulk=1.3, transverse=1.3)
            if dimension == 2
            else sizes(r, interface=1.6, bulk=1.6, transverse=1.6),
        )
    )


def through_planes(data: MeshData) -> Errors:
    """The kinked potential of a stack whose planes are across x, with the grains in the order of the layers."""
    body = Body(data, [1.0, 10.0, 3.0])
    values = [[1.0, 10.0, 3.0][g % 3] for g in range(len(data.grains))]
    ends = [data.points[data.cells[data.cell_grain == g]][..., 0].max() / body.length for g in range(len(data.grains))]
    assert ends == sorted(ends)
    k = 2.0
    # Continuity of the potential and of permittivity times field at every plane gives A and B of the next layer.
    factors = [(0.3, 1.0)]
    for end, here, following in zip(ends[:-1], values[:-1], values[1:], strict=True):
        grows, decays = factors[-1][0] * np.exp(k * end), factors[-1][1] * np.exp(-k * end)
        total, slope = grows + decays, (grows - decays) * here / following
        factors.append((0.5 * (total + slope) * np.exp(-k * end), 0.5 * (total - slope) * np.exp(k * end)))
    a, b = (body.by_grain([pair[i] for pair in factors]) for i in range(2))
    x = body.x
    along = ufl.cos(k * x[1]) if data.dimension > 1 else 1
    return solve(body, along * (a * ufl.exp(k * x[0]) + b * ufl.exp(-k * x[0])))


def around_an_inclusion(data: MeshData) -> Errors:
    """The disc or ball in a field along x. Its radius is known; where it lies, the mesh says."""
    d, outside, inside = data.dimension, 1.0, 10.0
    by_phase = {"electrolyte": outside, "active": inside}
    body = Body(data, [by_phase[grain.phase] for grain in data.grains])
    (facets,) = data.interface_facets().values()
    rim = data.points[np.unique(facets)] / body.length
    # |y|^2 = 2 c.y + (a^2 - |c|^2) holds for the points of the rim.
    centre = 0.5 * np.linalg.lstsq(np.insert(rim, d, 1.0, axis=1), (rim**2).sum(axis=1))[0][:d]
    radius = 0.25
    beta = (inside - outside) / (inside + (d - 1) * outside)
    shift = body.x - body.vector(centre)
    square = ufl.inner(shift, shift)
    far = shift[0] * (1 - beta * (radius**2 / square) ** (d / 2))
    near = shift[0] * (1 - beta)

    def slope(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        r2 = (y**2).sum(axis=-1)
        share = beta * (radius**2 / r2) ** (d / 2)
        gradient = share[..., None] * d * y[..., :1] * y / r2[..., None]
        gradient[..., 0] += 1 - share
        return y[..., 0] * (1 - share), gradient

    # No charge anywhere: the energy is half the integral of phi D_n over the sides of the box.
    nodes, weights = np.polynomial.legendre.leggauss(40)
    nodes, weights = 0.5 * (nodes + 1), 0.5 * weights
    mesh = np.stack(np.meshgrid(*[nodes] * (d - 1), indexing="ij"), axis=-1).reshape(-1, d - 1)
    weight = np.prod(np.stack(np.meshgrid(*[weights] * (d - 1), indexing="ij"), axis=-1).reshape(-1, d - 1), axis=1)
    energy = 0.0
    for axis in range(d):
        for side in (0.0, 1.0):
            potential, gradient = slope(np.insert(mesh, axis, side, axis=1) - centre)
            energy += 0.5 * outside * (2 * side - 1) * float(weight @ (potential * gradient[:, axis]))
    return solve(body, ufl.conditional(ufl.lt(square, radius**2), near, far), energy=energy)


# Smooth solutions, meshes divided.


def divided_layers(dimension: int, r: int) -> MeshData:
    return build(
        LayersGeometry(
            layers=[{"phase": f"p{i}", "thickness": 4 * NM} for i in range(3)],
            dimension=dimension,
            spacing={**sizes(1, interface=1.0, bulk=2.0, growth=1.5), "refinement": r},
        )
    )


def divided_bricks(dimension: int, r: int) -> MeshData:
    return build(
        BricksGeometry(
            bricks=[2] * dimension,
            size=10 * NM,
            core_width=2 * NM,
            spacing={**sizes(1, interface=1.0, bulk=4.0, growth=2.0), "refinement": r},
        )
    )


def divided_polycrystal(dimension: int, r: int) -> MeshData:
    # In 2D with cores and rows of thin cells at them.
    thin = {"core_width": 1 * NM} if dimension == 2 else {}
    return build(
        PolycrystalGeometry(
            dimension=dimension,
            grains=5,
            grain_size=20 * NM,
            seed=3,
            spacing={**sizes(1, interface=0.5 if thin else 6.0, bulk=6.0, growth=1.6), "refinement": r},
            **thin,
        )
    )


def divided_composite(dimension: int, r: int) -> MeshData:
    # In 2D with rows of thin cells.
    spacing = sizes(1, interface=0.5, bulk=4.0) if dimension == 2 else sizes(1, interface=5.0, bulk=5.0)
    return build(
        CompositeGeometry(
            dimension=dimension,
            length=20 * NM,
            **extents(dimension, 16.0),
            particles={"phase": "active", "size": 9 * NM, "volume_fraction": 0.1, "gap": 1.5 * NM},
            electrolyte={"phase": "electrolyte"},
            seed=1,
            spacing={**spacing, "refinement": r},
        )
    )


def divided_image(dimension: int, r: int) -> MeshData:
    if dimension == 3:
        return build(
            ImageGeometry(
                path=MESHES / "tomogram.tif",
                pixel=10 * NM,
                labels={1: "solid", 2: "particle"},
                spacing={**sizes(1, interface=10.0, bulk=40.0, transverse=10.0), "refinement": r},
            )
        )
    return build(
        ImageGeometry(
            path=MESHES / "micrograph.png",
            pixel=10 * NM,
            legend={"#4e79a7": "fast", "#f28e2b": "slow", "#404040": "poor"},
            merge_smaller_than=4,
            spacing={**sizes(1, interface=20.0, bulk=100.0, transverse=40.0), "refinement": r},
        )
    )


def divided_file(dimension: int, r: int) -> MeshData:
    groups = ("inclusion", "core", "matrix") if dimension == 2 else ("grain.left", "grain.right")
    name = "round_grain_2d.msh" if dimension == 2 else "tilted_boundary_3d.msh"
    boundaries = {"left": "left", "right": "right"}
    mesh = build(FileGeometry(path=MESHES / name, unit=NM, grains={g: g for g in groups}, boundaries=boundaries))
    return refine_mesh(mesh, r)


def smooth(data: MeshData) -> Errors:
    body = Body(data, [1.0, 10.0, 3.0])
    x = body.x
    exact = ufl.sin(3 * x[0] + 0.5)
    for axis in range(1, data.dimension):
        exact *= ufl.cos(2 * x[axis] + 0.3)
    return solve(body, exact, is_smooth=True)


Case = tuple[Callable[[int, int], MeshData], int, Callable[[MeshData], Errors], tuple[int, ...]]

CASES: dict[str, list[Case]] = {
    "bicrystal": [(kinked_bicrystal, d, through_planes, (1, 2)) for d in (2, 3)],
    "bricks": [
        *((kinked_bricks, d, through_planes, (1, 2)) for d in (2, 3)),
        (divided_bricks, 2, smooth, LEVELS),
    ],
    "composite": [
        (inclusion, 2, around_an_inclusion, LEVELS),
        (inclusion, 3, around_an_inclusion, (1, 2)),
        (divided_composite, 2, smooth, LEVELS),
        (divided_composite, 3, smooth, LEVELS),
    ],
    "file": [(divided_file, d, smooth, LEVELS) for d in (2, 3)],
    "image": [(divided_image, d, smooth, (1, 2)) for d in (2, 3)],
    "layers": [
        *((kinked_layers, d, through_planes, (1, 2)) for d in (2, 3)),
        (divided_layers, 1, smooth, LEVELS),
    ],
    "polycrystal": [(divided_polycrystal, 2, smooth, LEVELS), (divided_polycrystal, 3, smooth, LEVELS)],
}


def of_kind(kind: str) -> list[Any]:
    cases = CASES.get(kind, [None])
    return [pytest.param(kind, case, id=kind if case is None else f"{case[0].__name__}-{case[1]}d") for case in cases]


@pytest.mark.parametrize(("kind", "case"), [case for kind in list_geometries() for case in of_kind(kind)])
def test_order(kind: str, case: Case | None) -> None:
    assert case is not None, f"add the kind '{kind}' to CASES"
    make, dimension, problem, levels = case
    meshes = [make(dimension, r) for r in levels[-2:]]
    coarse, fine = (problem(mesh) for mesh in meshes)
    # Halved sizes do not halve the cells next to a graded region at once: the size is what the number of cells makes it.
    ratio = (len(meshes[1].cells) / len(meshes[0].cells)) ** (1 / dimension)
    assert ratio > 0.8 * levels[-1] / levels[-2]

    def order(name: str) -> float:
        return float(np.log(getattr(coarse, name) / getattr(fine, name)) / np.log(ratio))

    # The parts of a divided tetrahedron have two shapes besides its own, which spoils the first orders: in 3D a composite
    # has 1.72, 1.83 and, with r = 8, 1.90.
    slack = 0.25 if problem is smooth and dimension == 3 else 0.15
    assert 2.0 - slack < order("potential") < 2.6
    if problem is smooth:
        assert 1.0 - slack < order("field") < 1.3
    else:
        assert order("energy") > 2.0 - slack
    assert fine.potential < 0.01
