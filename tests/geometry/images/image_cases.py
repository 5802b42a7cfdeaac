"""Short ways to make label images and their geometries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssbsim.case import ImageGeometry
from ssbsim.geometry import MeshData
from ssbsim.geometry.kinds.image import build_image, image_partition, read_grains
from ssbsim.geometry.partition import OUTSIDE, Partition

NM = 1e-9


def section(path: Path, image: NDArray[Any], **changes: Any) -> ImageGeometry:
    """The geometry of an array that is saved to the path: label n is phase pn, pixels of 10 nm."""
    np.save(path, image)
    given: dict[str, Any] = {
        "labels": {int(label): f"p{label}" for label in np.unique(image)},
        "pixel": 10 * NM,
        "spacing": {"interface": 20 * NM, "bulk": 40 * NM, "transverse": 20 * NM},
        **changes,
    }
    return ImageGeometry(path=path, **given)


def mesh_image(folder: Path, image: NDArray[Any], **changes: Any) -> MeshData:
    mesh = build_image(section(folder / "image.npy", image, **changes), folder)
    mesh.validate()
    return mesh


def partition_of(folder: Path, image: NDArray[Any], **changes: Any) -> Partition:
    geometry = section(folder / "image.npy", image, **changes)
    index, grains, pixel, _ = read_grains(geometry, folder)
    return image_partition(geometry, index, grains, pixel)


def areas(partition: Partition) -> NDArray[np.float64]:
    """Area of every grain (m^2) from its outline, by the divergence theorem."""
    a, b = partition.points[partition.facets[:, 0]], partition.points[partition.facets[:, 1]]
    swept = 0.5 * (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
    total = np.zeros(len(partition.grains))
    np.add.at(total, partition.sides[:, 0], swept)
    inner = partition.sides[:, 1] != OUTSIDE
    np.add.at(total, partition.sides[inner, 1], -swept[inner])
    return total


def lengths(partition: Partition) -> NDArray[np.float64]:
    return np.linalg.norm(np.diff(partition.points[partition.facets], axis=1)[:, 0], axis=1)


def ball(size: int, radius: float, dimension: int, offset: float = 0.13) -> NDArray[np.uint8]:
    """A disc or ball, its centre a little off the middle of the image."""
    axis = np.arange(size) + 0.5 - size / 2 - offset
    squares = np.meshgrid(*[axis**2] * dimension, indexing="ij")
    return (sum(squares) < radius**2).astype(np.uint8)


def voronoi(shape: tuple[int, ...], count: int, seed: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    at = np.stack(np.meshgrid(*(np.arange(n) + 0.5 for n in shape), indexing="ij"), axis=-1)
    seeds = rng.random((count, len(shape))) * shape
    return ((at[..., None, :] - seeds) ** 2).sum(axis=-1).argmin(axis=-1).astype(np.uint8)


def blobs(shape: tuple[int, ...], seed: int) -> NDArray[np.uint8]:
    from scipy.ndimage import gaussian_filter

    field = gaussian_filter(np.random.default_rng(seed).normal(size=shape), 2.0, mode="wrap")
    return np.digitize(field, np.quantile(field, [0.35, 0.7])).astype(np.uint8)
