"""Make the example meshes and the example images of this folder; README.md says what they are.

    python meshes/make_meshes.py            writes them here
    python meshes/make_meshes.py FOLDER     writes them there

All coordinates are in nm. The layered ones come from ssbsim itself and are the same to the last bit on every machine;
the other two are drawn and meshed with Gmsh, as a user would, and change a little with its version.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssbsim.geometry import Grain, MeshData, extrude_stack, gmsh_session, graded_coordinates, save_mesh

NANOMETRE = 1e-9
EPSILON = 1e-3


def make_bicrystal(extents: Sequence[float]) -> MeshData:
    """Two LLTO grains of 49.5 nm with a core of 1 nm between them, extruded across the extents (nm)."""
    grains = (Grain("grain.1", "LLTO"), Grain("core", "LLTO-grain-boundary-core"), Grain("grain.2", "LLTO"))
    thicknesses = [49.5 * NANOMETRE, 1.0 * NANOMETRE, 49.5 * NANOMETRE]
    # The 3D example is coarser so that its file stays small.
    interface, bulk = (0.1 * NANOMETRE, 5.0 * NANOMETRE) if len(extents) < 2 else (0.25 * NANOMETRE, 10.0 * NANOMETRE)
    stack = graded_coordinates(thicknesses, interface=interface, bulk=bulk, names=[grain.name for grain in grains])
    metres = [extent * NANOMETRE for extent in extents]
    return extrude_stack(stack, grains, extents=metres, size=5.0 * NANOMETRE, refinement=1)


def make_round_grain(gmsh: Any) -> None:
    """A round grain of radius 20 nm with a core of 1 nm around it, in a matrix of 100 nm by 100 nm."""
    occ = gmsh.model.occ
    box = occ.addRectangle(-50.0, -50.0, 0.0, 100.0, 100.0)
    shell, grain = occ.addDisk(0.0, 0.0, 0.0, 21.0, 21.0), occ.addDisk(0.0, 0.0, 0.0, 20.0, 20.0)
    # Fragments keep the order of their parents: what only the box covers, the ring, the disk.
    _, parts = occ.fragment([(2, box)], [(2, shell), (2, grain)])
    occ.synchronize()
    inner = {tag for _, tag in parts[2]}
    ring = {tag for _, tag in parts[1]} - inner
    matrix = {tag for _, tag in parts[0]} - inner - ring
    for name, tags in (("matrix", matrix), ("core", ring), ("inclusion", inner)):
        gmsh.model.addPhysicalGroup(2, sorted(tags), name=name)
    sides = {
        "left": (-50.0, -50.0, -50.0, 50.0),
        "right": (50.0, -50.0, 50.0, 50.0),
        "bottom": (-50.0, -50.0, 50.0, -50.0),
        "top": (-50.0, 50.0, 50.0, 50.0),
    }
    for name, (x0, y0, x1, y1) in sides.items():
        found = occ.getEntitiesInBoundingBox(x0 - EPSILON, y0 - EPSILON, -1.0, x1 + EPSILON, y1 + EPSILON, 1.0, 1)
        gmsh.model.addPhysicalGroup(1, [tag for _, tag in found], name=name)
    # 0.5 nm at the ring, 8 nm from 24 nm away.
    _set_size_near(gmsh, "CurvesList", [tag for _, tag in gmsh.model.getBoundary([(2, tag) for tag in ring])], 0.5, 8.0)
    gmsh.model.mesh.generate(2)


def make_tilted_boundary(gmsh: Any) -> None:
    """A box of 60 x 20 x 20 nm, cut into two grains by a plane at 60 degrees to x."""
    geo = gmsh.model.geo
    lean = 20.0 / 3.0**0.5 / 2.0
    outline = [(0, 0), (30.0 - lean, 0), (60, 0), (60, 20), (30.0 + lean, 20), (0, 20)]
    points = [geo.addPoint(x, y, 0.0) for x, y in outline]
    left_loop, right_loop = [0, 1, 4, 5], [1, 2, 3, 4]
    lines: dict[tuple[int, int], int] = {}

    def line(a: int, b: int) -> int:
        if (b, a) in lines:
            return -lines[b, a]
        return lines.setdefault((a, b), geo.addLine(points[a], points[b]))

    for name, loop in (("grain.left", left_loop), ("grain.right", right_loop)):
        curves = [line(a, b) for a, b in zip(loop, loop[1:] + loop[:1], strict=True)]
        surface = geo.addPlaneSurface([geo.addCurveLoop(curves)])
        volume = next(tag for d, tag in geo.extrude([(2, surface)], 0.0, 0.0, 20.0) if d == 3)
        geo.synchronize()
        gmsh.model.addPhysicalGroup(3, [volume], name=name)
    for name, x in (("left", 0.0), ("right", 60.0)):
        found = gmsh.model.getEntitiesInBoundingBox(
            x - EPSILON, -EPSILON, -EPSILON, x + EPSILON, 20.0 + EPSILON, 20.0 + EPSILON, 2
        )
        gmsh.model.addPhysicalGroup(2, [tag for _, tag in found], name=name)
    middle = [tag for _, tag in gmsh.model.getEntities(2) if len(gmsh.model.getAdjacencies(2, tag)[0]) == 2]
    _set_size_near(gmsh, "SurfacesList", middle, 2.0, 6.0)
    gmsh.model.mesh.generate(3)


def make_micrograph() -> NDArray[np.uint8]:
    """A section of 96 x 64 pixels through 24 grains of three phases, between two layers of the first one.

    Rows from the top; red, green and blue of every pixel.
    """
    generator = np.random.Generator(np.random.PCG64(7))
    seeds = generator.random((24, 2)) * [96.0, 64.0]
    phase = generator.choice(3, size=24, p=[0.5, 0.3, 0.2])
    x, y = np.meshgrid(np.arange(96) + 0.5, np.arange(64) + 0.5)
    distance = (x[..., None] - seeds[:, 0]) ** 2 + (64.0 - y[..., None] - seeds[:, 1]) ** 2
    colours = np.array([[0x4E, 0x79, 0xA7], [0xF2, 0x8E, 0x2B], [0x40, 0x40, 0x40]], dtype=np.uint8)
    is_layer = (x < 5.0) | (x > 91.0)
    picture: NDArray[np.uint8] = colours[np.where(is_layer, 0, phase[distance.argmin(axis=-1)])]
    return picture


def make_tomogram() -> NDArray[np.uint8]:
    """A volume of 24 x 16 x 16 voxels, labels 1 and 2: a solid with five particles in it.

    Planes along z, in each of them rows from the top.
    """
    particles = [(6.0, 5.0, 5.0, 3.6), (7.0, 11.5, 11.0, 3.8), (13.5, 11.0, 3.5, 3.4), (14.5, 4.5, 10.5, 4.0)]
    particles.append((20.0, 11.0, 10.0, 3.3))
    z, y, x = np.meshgrid(np.arange(16) + 0.5, 16.0 - (np.arange(16) + 0.5), np.arange(24) + 0.5, indexing="ij")
    inside = [(x - a) ** 2 + (y - b) ** 2 + (z - c) ** 2 < r**2 for a, b, c, r in particles]
    return np.where(np.any(inside, axis=0), 2, 1).astype(np.uint8)


def write_images(folder: Path) -> list[Path]:
    """Write the labelled images into the folder."""
    from PIL import Image

    picture, volume = folder / "micrograph.png", folder / "tomogram.tif"
    Image.fromarray(make_micrograph()).save(picture)
    first, *others = (Image.fromarray(plane) for plane in make_tomogram())
    first.save(volume, save_all=True, append_images=others, compression="tiff_deflate")
    return [picture, volume]


def write_all(folder: Path) -> list[Path]:
    """Write every example into the folder."""
    written = []
    for name, extents in (("bicrystal_1d", []), ("bicrystal_2d", [20.0]), ("bicrystal_3d", [10.0, 10.0])):
        written.append(folder / f"{name}.msh")
        save_mesh(make_bicrystal(extents), written[-1], unit=NANOMETRE)
    for name, draw in (("round_grain_2d", make_round_grain), ("tilted_boundary_3d", make_tilted_boundary)):
        written.append(folder / f"{name}.msh")
        with gmsh_session(f"making {name}") as gmsh:
            gmsh.option.setNumber("General.NumThreads", 1)
            gmsh.option.setNumber("Mesh.Binary", 1)
            draw(gmsh)
            gmsh.write(str(written[-1]))
    return written


def _set_size_near(gmsh: Any, kind: str, tags: list[int], fine: float, coarse: float) -> None:
    fields = gmsh.model.mesh.field
    distance, size = fields.add("Distance"), fields.add("Threshold")
    fields.setNumbers(distance, kind, tags)
    fields.setNumber(distance, "Sampling", 200)
    for option, value in (("InField", distance), ("SizeMin", fine), ("SizeMax", coarse), ("DistMax", 3.0 * coarse)):
        fields.setNumber(size, option, value)
    fields.setAsBackgroundMesh(size)
    for option in ("MeshSizeFromPoints", "MeshSizeFromCurvature", "MeshSizeExtendFromBoundary"):
        gmsh.option.setNumber(f"Mesh.{option}", 0)


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for path in [*write_all(target), *write_images(target)]:
        sys.stdout.write(f"{path}  {path.stat().st_size / 1e3:.0f} kB\n")
