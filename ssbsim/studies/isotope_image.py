r"""The isotope fraction as an instrument would record it.

`sample` takes the finite-element field on a grid of pixels: the value at the centre of each, in a section across z in
three dimensions. `record` makes of it what a time-of-flight secondary-ion mass spectrometer gives: the beam spreads both
isotopes over a Gaussian of standard deviation `blur`, and every pixel counts ions, each isotope by itself a Poisson
number of the expectation ``n f`` or ``n (1 - f)``; the image is the ratio of the counts. (Isotope imaging of grain
boundaries: Hasegawa et al., J. Mater. Chem. A 12 (2024) 731, doi 10.1039/d3ta05012b.)

Axis 0 of an image is x, axis 1 is y; pixel (i, j) is centred at ((i + 1/2) p, (j + 1/2) p) from the lower corner.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ssbsim.geometry import Coordinates

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_CHUNK = 2_000_000


@dataclass(frozen=True)
class CornerValues:
    """A field with jumps: its values at the corners of every cell, in the order of the mesh.

    Args:
        points: Corners of the cells (m), shape (cells, d + 1, d).
        values: Field there, shape (cells, d + 1).
        grain: Grain index of every cell, shape (cells,).
        coordinates: What body the mesh stands for.
    """

    points: Floats
    values: Floats
    grain: npt.NDArray[np.int32]
    coordinates: Coordinates


def sample(field: CornerValues, pixel: float, *, height: float | None = None) -> tuple[Floats, npt.NDArray[np.int32]]:
    """Field and grain at the centres of pixels.

    Args:
        field: The field.
        pixel: Edge of a pixel (m).
        height: z of the section (m), in three dimensions; the middle when not given.

    Returns:
        Values, NaN where there is no cell, and grain indices, -1 there; both of shape (n_x, n_y), n_y = 1 in 1D.
    """
    dim = field.points.shape[2]
    low = field.points.min(axis=(0, 1))
    size = field.points.max(axis=(0, 1)) - low
    counts = [max(1, int(round(size[axis] / pixel))) if axis < dim else 1 for axis in range(2)]
    image = np.full(counts, np.nan)
    grain = np.full(counts, -1, dtype=np.int32)
    corners = (field.points - low) / pixel
    level = (0.5 * size[2] if height is None else height - low[2]) / pixel if dim == 3 else 0.0
    first = np.zeros((len(corners), 2), dtype=np.int64)
    last = np.zeros((len(corners), 2), dtype=np.int64)
    for axis in range(min(dim, 2)):
        first[:, axis] = np.clip(np.ceil(corners[:, :, axis].min(axis=1) - 0.5 - 1e-9), 0, counts[axis])
        last[:, axis] = np.clip(np.floor(corners[:, :, axis].max(axis=1) - 0.5 + 1e-9), -1, counts[axis] - 1)
    spans = np.maximum(last - first + 1, 0)
    if dim == 1:
        spans[:, 1] = 1
    if dim == 3:
        z = corners[:, :, 2]
        spans[(z.min(axis=1) > level + 1e-9) | (z.max(axis=1) < level - 1e-9)] = 0
    todo = np.flatnonzero(spans.prod(axis=1) > 0)
    for cells in _chunks(todo, spans.prod(axis=1)):
        number = spans[cells].prod(axis=1)
        cell = np.repeat(cells, number)
        step = np.arange(len(cell)) - np.repeat(np.cumsum(number) - number, number)
        place = first[cell] + np.stack([step // spans[cell, 1], step % spans[cell, 1]], axis=1)
        at = np.concatenate([place + 0.5, np.full((len(cell), 1), level)], axis=1)[:, :dim]
        weight = _barycentric(corners[cell], at)
        inside = weight.min(axis=1) >= -1e-9
        i, j = place[inside].T
        image[i, j] = (weight[inside] * field.values[cell[inside]]).sum(axis=1)
        grain[i, j] = field.grain[cell[inside]]
    return image, grain


def record(fraction: Floats, *, pixel: float, blur: float = 0.0, counts: float = 0.0, seed: int = 1) -> Floats:
    """What an instrument records of a map of isotope fractions.

    Args:
        fraction: Isotope fraction per pixel, shape (n_x, n_y); NaN where there is no material.
        pixel: Edge of a pixel (m).
        blur: Standard deviation of the beam (m).
        counts: Mean number of ions counted per pixel, both isotopes together; 0 for no noise.
        seed: Of the noise.

    Returns:
        The measured fraction, shape (n_x, n_y); NaN where there is no material, or nothing was counted.
    """
    from scipy.ndimage import gaussian_filter

    there = np.isfinite(fraction)
    marked = np.where(there, fraction, 0.0)
    if blur > 0.0:
        sigma = [blur / pixel if n > 1 else 0.0 for n in fraction.shape]
        whole = gaussian_filter(there.astype(np.float64), sigma, mode="nearest")
        marked = gaussian_filter(marked, sigma, mode="nearest") / np.where(there, whole, 1.0)
    if counts > 0.0:
        rng = np.random.default_rng(seed)
        one = rng.poisson(counts * np.clip(marked, 0.0, 1.0)).astype(np.float64)
        other = rng.poisson(counts * np.clip(1.0 - marked, 0.0, 1.0)).astype(np.float64)
        total = one + other
        marked = np.divide(one, total, out=np.full_like(one, np.nan), where=total > 0.0)
    measured: Floats = np.where(there, marked, np.nan)
    return measured


def boundary_steps(field: CornerValues) -> dict[str, npt.NDArray[np.float64]]:
    """Fraction on both sides of every contact of two grains.

    Returns:
        Columns, one row per pair of touching grains: ``first`` and ``second`` (grain indices, lower first), ``measure``
        (in the body for which the mesh stands), ``side first`` and ``side second`` (means over the contact).
    """
    dim = field.points.shape[2]
    scale = np.ptp(field.points.reshape(-1, dim), axis=0).max()
    keys = np.round(field.points.reshape(-1, dim) / scale * 1e11).astype(np.int64)
    _, vertex = np.unique(keys, axis=0, return_inverse=True)
    vertex = vertex.reshape(field.points.shape[:2])
    opposite = [[j for j in range(dim + 1) if j != i] for i in range(dim + 1)]
    facets = np.sort(vertex[:, opposite].reshape(-1, dim), axis=1)
    order = np.lexsort(facets.T[::-1])
    same = (facets[order][1:] == facets[order][:-1]).all(axis=1)
    one, two = order[:-1][same], order[1:][same]
    cell_one, cell_two = one // (dim + 1), two // (dim + 1)
    differs = field.grain[cell_one] != field.grain[cell_two]
    one, two, cell_one, cell_two = one[differs], two[differs], cell_one[differs], cell_two[differs]
    swap = field.grain[cell_one] > field.grain[cell_two]
    one, two = np.where(swap, two, one), np.where(swap, one, two)
    cell_one, cell_two = np.where(swap, cell_two, cell_one), np.where(swap, cell_one, cell_two)
    corner = np.array(opposite)
    at = field.points[cell_one[:, None], corner[one % (dim + 1)]]
    measure = _facet_measures(at) * field.coordinates.means(at[:, :, 0])
    means = [
        field.values[cell[:, None], corner[facet % (dim + 1)]].mean(axis=1)
        for cell, facet in ((cell_one, one), (cell_two, two))
    ]
    pairs, index = np.unique(
        np.stack([field.grain[cell_one], field.grain[cell_two]], axis=1), axis=0, return_inverse=True
    )
    index = index.reshape(-1)
    total = np.bincount(index, weights=measure, minlength=len(pairs))
    side = [np.bincount(index, weights=measure * mean, minlength=len(pairs)) / total for mean in means]
    return {
        "first": pairs[:, 0].astype(np.float64),
        "second": pairs[:, 1].astype(np.float64),
        "measure": total.astype(np.float64),
        "side first": side[0],
        "side second": side[1],
    }


def _chunks(cells: Ints, sizes: Ints) -> list[Ints]:
    if not len(cells):
        return []
    ends = np.cumsum(sizes[cells])
    cuts = np.flatnonzero(np.diff(ends // _CHUNK) > 0) + 1
    return np.split(cells, cuts)


def _barycentric(corners: Floats, at: Floats) -> Floats:
    edges = corners[:, 1:] - corners[:, :1]
    rest = np.linalg.solve(np.swapaxes(edges, 1, 2), (at - corners[:, 0])[:, :, None])[:, :, 0]
    return np.concatenate([1.0 - rest.sum(axis=1, keepdims=True), rest], axis=1)


def _facet_measures(at: Floats) -> Floats:
    if at.shape[1] == 1:
        return np.ones(len(at))
    edges = at[:, 1:] - at[:, :1]
    gram = np.einsum("nij,nkj->nik", edges, edges)
    measures: Floats = np.sqrt(np.maximum(np.linalg.det(gram), 0.0)) / (1.0 if at.shape[1] == 2 else 2.0)
    return measures
