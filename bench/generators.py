"""Time and memory of every geometry generator against the number of cells; every point is a process of its own.

Memory is the peak of the process over what it had after its imports, per cell: generator, Gmsh, and the finished mesh.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

NM = 1e-9
COUNTS = (1, 2, 4)
"""Sizes of the body, in steps: grains or particles times this, or more pixels."""


def _case() -> Any:
    import ssbsim.case

    return ssbsim.case


def layers(dimension: int, n: int, folder: Path) -> Any:
    thin = {"interface": 0.1 * NM, "bulk": 5 * NM, "transverse": 2.5 * NM / n}
    sides = {name: 50 * NM for name in ("width", "depth")[: dimension - 1]}
    layer = [{"phase": "a", "thickness": 50 * NM}, {"phase": "b", "thickness": 50 * NM}]
    return _case().LayersGeometry(layers=layer, dimension=dimension, spacing=thin, **sides)


def bicrystal(dimension: int, n: int, folder: Path) -> Any:
    thin = {"interface": 0.1 * NM, "bulk": 5 * NM, "transverse": 2.5 * NM / n}
    sides = {name: 50 * NM for name in ("width", "depth")[: dimension - 1]}
    return _case().BicrystalGeometry(length=100 * NM, core_width=1 * NM, dimension=dimension, spacing=thin, **sides)


def bricks(dimension: int, n: int, folder: Path) -> Any:
    spacing = {"interface": 0.25 * NM, "bulk": 5 * NM, "growth": 1.6}
    count = [8 * n] * 2 if dimension == 2 else [n, 2, 2]
    return _case().BricksGeometry(bricks=count, size=20 * NM, core_width=1 * NM, spacing=spacing)


def polycrystal(dimension: int, n: int, folder: Path) -> Any:
    spacing = {"interface": 0.5 * NM, "bulk": 5 * NM} if dimension == 2 else {"interface": 4 * NM, "bulk": 4 * NM}
    grains = (100 if dimension == 2 else 30) * n * n
    return _case().PolycrystalGeometry(dimension=dimension, grains=grains, grain_size=50 * NM, seed=1, spacing=spacing)


def composite(dimension: int, n: int, folder: Path) -> Any:
    across = 1e-6 * n ** (2 / dimension)
    spacing = {"interface": 5 * NM, "bulk": 100 * NM, "transverse": 20 * NM}
    if dimension == 3:
        spacing |= {"interface": 40 * NM, "transverse": 40 * NM}
    return _case().CompositeGeometry(
        dimension=dimension,
        length=across,
        **{name: across for name in ("width", "depth")[: dimension - 1]},
        particles={"phase": "p", "size": 250 * NM, "volume_fraction": 0.35 if dimension == 2 else 0.2, "gap": 30 * NM},
        electrolyte={"phase": "e"},
        seed=1,
        spacing=spacing,
    )


def image(dimension: int, n: int, folder: Path) -> Any:
    """Cells of random points, as pixels or voxels."""
    from scipy.spatial import cKDTree

    pixels = (150 * n if dimension == 2 else 20 * n,) * dimension
    generator = np.random.default_rng(1)
    seeds = generator.random((20 * n**dimension, dimension)) * pixels
    place = np.stack(np.meshgrid(*map(np.arange, pixels), indexing="ij"), axis=-1).reshape(-1, dimension) + 0.5
    label = cKDTree(seeds).query(place)[1].reshape(pixels) % 3
    path = folder / "image.npy"
    np.save(path, label.astype(np.uint8))
    spacing = {"interface": 2 * NM, "bulk": 20 * NM, "transverse": 5 * NM}
    if dimension == 3:
        spacing |= {"interface": 5 * NM}
    return _case().ImageGeometry(
        path=path,
        pixel=(2 * NM,) * dimension if dimension == 2 else (5 * NM,) * 3,
        labels={0: "a", 1: "b", 2: "c"},
        merge_smaller_than=30,
        spacing=spacing,
    )


def file(dimension: int, n: int, folder: Path) -> Any:
    """A mesh of layers that was saved."""
    from ssbsim.geometry import save_mesh

    mesh = build(layers(dimension, n, folder))
    save_mesh(mesh, folder / "mesh.msh")
    groups = {grain.name: grain.phase for grain in mesh.grains}
    return _case().FileGeometry(
        path=folder / "mesh.msh", unit=1.0, grains=groups, boundaries={name: name for name in mesh.boundaries}
    )


def build(geometry: Any) -> Any:
    from ssbsim.geometry import build_geometry

    return build_geometry(SimpleNamespace(geometry=geometry, source=None))


KINDS: dict[str, Callable[[int, int, Path], Any]] = {
    "bicrystal": bicrystal,
    "bricks": bricks,
    "composite": composite,
    "file": file,
    "image": image,
    "layers": layers,
    "polycrystal": polycrystal,
}


def one(kind: str, dimension: int, n: int) -> dict[str, float]:
    """Build in this process."""
    import tempfile

    from ssbsim.geometry import list_geometries

    list_geometries()
    with tempfile.TemporaryDirectory() as folder:
        geometry = KINDS[kind](dimension, n, Path(folder))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.perf_counter()
        mesh = build(geometry)
        seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "grains": len(mesh.grains),
        "cells": len(mesh.cells),
        "seconds": seconds,
        "megabytes": (peak - before) / 1024.0,
        "quality": float(mesh.cell_qualities().min()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the smallest body of each kind only")
    parser.add_argument("--kinds", nargs="+", default=sorted(KINDS), choices=sorted(KINDS))
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        kind, dimension, n = arguments.one.split(",")
        sys.stdout.write(json.dumps(one(kind, int(dimension), int(n))) + "\n")
        return
    sys.stdout.write("| kind | | grains | cells | s | us per cell | MB | kB per cell | smallest scaled Jacobian |\n")
    sys.stdout.write("| --- " * 9 + "|\n")
    for kind in arguments.kinds:
        for dimension in (2, 3):
            for n in COUNTS[:1] if arguments.quick else COUNTS:
                command = [sys.executable, __file__, "--one", f"{kind},{dimension},{n}"]
                done = subprocess.run(command, capture_output=True, text=True, cwd=Path.cwd())
                if done.returncode != 0:
                    reason = [line for line in done.stderr.splitlines() if line.startswith("ssbsim.errors")]
                    reason = reason or done.stderr.strip().splitlines()[-1:]
                    sys.stdout.write(f"| {kind} | {dimension}D | {reason[0]} |\n")
                    continue
                found = json.loads(done.stdout.splitlines()[-1])
                cells, seconds, memory = found["cells"], found["seconds"], found["megabytes"]
                sys.stdout.write(
                    f"| {kind} | {dimension}D | {found['grains']:,} | {cells:,} | {seconds:.2f} | "
                    f"{1e6 * seconds / cells:.0f} | {memory:.0f} | {1024 * memory / cells:.2f} | {found['quality']:.1e} |\n"
                )
                sys.stdout.flush()


if __name__ == "__main__":
    main()
