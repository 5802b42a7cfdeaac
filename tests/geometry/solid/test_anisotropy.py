"""Metric-based refinement through Mmg keeps the body and makes the cells thin where they were asked to be."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from geometry_cases import build

from ssbsim.case import LayersGeometry, PolycrystalGeometry, Spacing
from ssbsim.errors import MeshError
from ssbsim.geometry import Grain, MeshData, gmsh_session
from ssbsim.geometry.kinds.layers import build_layers
from ssbsim.geometry.solid._nearest import nearest_on_triangles

NM = 1e-9
SPACING = Spacing(interface=0.4 * NM, bulk=3 * NM, transverse=2 * NM)
BOX = 8.0


def block() -> MeshData:
    """Isotropic cells in a box of BOX nm, as one grain."""
    geometry = LayersGeometry(
        layers=[{"phase": "a", "thickness": BOX * NM}],
        dimension=3,
        width=BOX * NM,
        depth=BOX * NM,
        spacing={"interface": 2 * NM, "bulk": 2 * NM, "transverse": 2 * NM, "terminal": 2 * NM},
    )
    return build_layers(geometry, Path())


def split(mesh: MeshData, grain: np.ndarray) -> MeshData:
    count = int(grain.max()) + 1
    return replace(mesh, cell_grain=grain, grains=tuple(Grain(f"g.{i}", "p") for i in range(count)))


def bicrystal() -> MeshData:
    mesh = block()
    return split(mesh, (mesh.points[mesh.cells].mean(axis=1)[:, 0] > BOX / 2 * NM).astype(int))


def octants() -> MeshData:
    mesh = block()
    return split(mesh, (mesh.points[mesh.cells].mean(axis=1) > BOX / 2 * NM) @ np.array([1, 2, 4]))


def sphere(radius: float = 3.0, size: float = 1.5) -> MeshData:
    """A ball in the middle of the box, the outer facets without names."""
    with gmsh_session("meshing a ball in a box") as gmsh:
        box = gmsh.model.occ.addBox(0, 0, 0, BOX, BOX, BOX)
        ball = gmsh.model.occ.addSphere(BOX / 2, BOX / 2, BOX / 2, radius)
        gmsh.model.occ.fragment([(3, box)], [(3, ball)])
        gmsh.model.occ.synchronize()
        gmsh.option.setNumber("Mesh.MeshSizeMin", size)
        gmsh.option.setNumber("Mesh.MeshSizeMax", size)
        gmsh.model.mesh.generate(3)
        tags, coordinates, _ = gmsh.model.mesh.getNodes()
        volumes = [tag for _, tag in gmsh.model.getEntities(3)]
        cells = [gmsh.model.mesh.getElementsByType(4, tag)[1].reshape(-1, 4) for tag in volumes]
    where = np.zeros(int(tags.max()) + 1, dtype=int)
    where[tags.astype(int)] = np.arange(len(tags))
    points, joined = coordinates.reshape(-1, 3) * NM, where[np.vstack(cells).astype(int)]
    used, joined = np.unique(joined, return_inverse=True)
    joined = joined.reshape(-1, 4)
    inside = np.linalg.norm(points[used][joined].mean(axis=1) - BOX / 2 * NM, axis=1) < radius * NM
    return MeshData(
        points=points[used],
        cell_type="tetrahedron",
        cells=joined,
        cell_grain=inside.astype(int),
        grains=(Grain("matrix", "m"), Grain("ball", "b")),
        boundary_facets=np.empty((0, 3)),
        facet_boundary=np.empty(0),
        boundaries=(),
    )


@pytest.fixture
def refine():
    pytest.importorskip("mmgpy")
    from ssbsim.geometry.solid.anisotropy import refine_anisotropic

    return refine_anisotropic


def heights_at(mesh: MeshData) -> np.ndarray:
    """Heights (nm) over the facets of interfaces of the cells that have one."""
    facets = np.vstack(list(mesh.interface_facets().values()))
    on = np.zeros(len(mesh.points), dtype=bool)
    on[facets] = True
    cells = mesh.cells[on[mesh.cells].sum(axis=1) == 3]
    apex = cells[~on[cells]]
    return np.asarray(nearest_on_triangles(mesh.points[apex], mesh.points[facets])[0]) / NM


@pytest.mark.parametrize("body", [bicrystal, octants])
def test_flat_interfaces_stay_in_place(body, refine):
    before = body()
    after = refine(before, SPACING)
    after.validate()
    assert after.grains == before.grains
    assert after.boundaries == before.boundaries
    for measures in ("grain_measures", "interface_measures", "boundary_measures"):
        old, new = getattr(before, measures)(), getattr(after, measures)()
        assert new.keys() == old.keys()
        assert all(new[key] == pytest.approx(old[key], rel=1e-10) for key in old), measures
    for pair, facets in after.interface_facets().items():
        assert min(np.ptp(after.points[facets].reshape(-1, 3), axis=0)) == 0.0, pair
    assert after.cell_qualities().min() > 1e-2


def test_cells_are_thin_at_the_interface_and_wide_along_it(refine):
    before, after = bicrystal(), refine(bicrystal(), SPACING)
    assert np.median(heights_at(before)) > 1.5
    # The height of a regular cell is 0.8 of its size, and an edge counts as right between 0.7 and 1.4 of its wish.
    assert 0.5 * 0.4 < np.median(heights_at(after)) < 1.2 * 0.4
    assert np.percentile(heights_at(after), 90) < 2 * 0.4
    middle = after.interface_facets()[0, 1]
    inner = np.abs(after.points[middle][..., 1:] - BOX / 2 * NM).max(axis=(1, 2)) < BOX / 4 * NM
    area = after.facet_measures(middle[inner])
    assert np.sqrt(area.mean() * 4 / np.sqrt(3)) > 2 * SPACING.interface


def test_unresolved_interfaces_and_ends(refine):
    mesh = bicrystal()
    assert refine(mesh, SPACING, resolved=[]) is mesh
    ends = refine(mesh, SPACING.model_copy(update={"terminal": 0.5 * NM}), resolved=[])
    x = np.sort(ends.points[:, 0]) / NM
    assert x[x > 1e-3][0] < 1.0
    assert np.median(heights_at(ends)) > 0.8


def test_curved_interfaces_keep_their_triangles(refine):
    before = sphere()
    after = refine(before, SPACING)
    after.validate()
    centres = [mesh.points[np.sort(mesh.interface_facets()[0, 1])].mean(axis=1) for mesh in (before, after)]
    assert len(centres[0]) == len(centres[1])
    old, new = (np.sort(np.round(centre / NM, 9).view("f8,f8,f8").ravel()) for centre in centres)
    assert (old == new).all()
    assert after.grain_measures()["ball"] == pytest.approx(before.grain_measures()["ball"], rel=1e-12)
    assert sum(after.grain_measures().values()) == pytest.approx((BOX * NM) ** 3, rel=1e-12)
    assert 0.5 * 0.4 < np.median(heights_at(after)) < 1.2 * 0.4


def test_same_mesh_same_result(refine):
    first, second = (refine(bicrystal(), SPACING) for _ in range(2))
    assert first.content_hash() == second.content_hash()


def test_a_case_asks_for_it(refine):
    spacing = {"interface": 1 * NM, "bulk": 5 * NM, "remesher": "mmg"}
    geometry = PolycrystalGeometry(
        dimension=3, grains=3, grain_size=20 * NM, smallest_edge=0.0, orientations="none", spacing=spacing
    )
    mesh = build(geometry)
    plain = build(geometry.model_copy(update={"spacing": Spacing(interface=5 * NM, bulk=5 * NM)}))
    assert mesh.grain_measures() == pytest.approx(plain.grain_measures(), rel=1e-10)
    assert np.median(heights_at(mesh)) < 1.0 < 2.0 < np.median(heights_at(plain))
    with pytest.raises(MeshError, match="2 dimensions"):
        build(PolycrystalGeometry(dimension=2, grains=3, grain_size=20 * NM, spacing=spacing))


def test_says_what_is_missing(monkeypatch):
    from ssbsim.geometry.solid.anisotropy import refine_anisotropic

    monkeypatch.setitem(sys.modules, "mmgpy", None)
    with pytest.raises(MeshError, match="pip install mmgpy"):
        refine_anisotropic(bicrystal(), SPACING)


def test_wants_tetrahedra(refine, square):
    with pytest.raises(MeshError, match="2 dimensions"):
        refine(square, SPACING)


def test_nearest_point_of_a_triangle():
    triangle = np.array([[[0.0, 0, 0], [1, 0, 0], [0, 1, 0]]])
    points = np.array([[0.2, 0.2, 3.0], [-3.0, -4.0, 0.0], [1.0, 1.0, 0.0], [0.5, -2.0, 0.0]])
    distance, feet, index = nearest_on_triangles(points, triangle)
    np.testing.assert_allclose(distance, [3.0, 5.0, np.sqrt(0.5), 2.0])
    np.testing.assert_allclose(feet, [[0.2, 0.2, 0], [0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0]])
    assert (index == 0).all()
