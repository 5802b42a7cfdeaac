"""Short ways to build the meshes of these tests."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ssbsim.case import FileGeometry, LayersGeometry
from ssbsim.geometry import MeshData, build_geometry

NM = 1e-9
MESHES = Path(__file__).parents[2] / "meshes"


def build(geometry: Any, source: Path | None = None) -> MeshData:
    return build_geometry(SimpleNamespace(geometry=geometry, source=source))


def layers(*thicknesses: float, dimension: int = 1, phases: str = "", refinement: int = 1, **spacing: Any) -> MeshData:
    """A stack (nm) of the phases a, b, .. of 20 nm x 10 nm across."""
    names = phases or "abcdefgh"[: len(thicknesses)]
    sizes = {"interface": 0.1, "bulk": 5.0, **spacing}
    lengths = {key: value if key == "growth" else value * NM for key, value in sizes.items()}
    extent = {"width": 20 * NM, "depth": 10 * NM}
    return build(
        LayersGeometry(
            layers=[
                {"phase": phase, "thickness": thickness * NM}
                for phase, thickness in zip(names, thicknesses, strict=True)
            ],
            dimension=dimension,
            spacing={**lengths, "refinement": refinement},
            **dict(list(extent.items())[: dimension - 1]),
        )
    )


def from_file(path: Path, grains: dict[str, str], boundaries: dict[str, str], unit: float = 1.0) -> MeshData:
    return build(FileGeometry(path=path, unit=unit, grains=grains, boundaries=boundaries))
