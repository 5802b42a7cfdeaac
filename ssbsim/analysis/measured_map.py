"""Measured maps and grain maps from files, held against the mesh that is to explain them.

An array of a .npy file is indexed [x, y] from the lower corner of the box, as `tracer_image.npy` of a run is. In a .tif or
.csv the columns run along x and the rows from the top of the box downwards, as a picture is seen; a .csv of a single row or
column serves in one dimension.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ssbsim.errors import CaseError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: By how much a fraction may lie outside of 0 to 1: rounding of a file.
_ROUNDING = 1e-6
#: Largest whole number that every smaller one of is exact as a float.
_LARGEST_LABEL = 2.0**53
#: Part of the pixels in which a grain map and the mesh must agree.
_AGREED = 0.9


def read_map(path: Path, shape: tuple[int, int], pixel: float) -> Floats:
    """Isotope fractions from a file.

    Args:
        path: A .npy, .tif or .csv file.
        shape: Pixels of the section of the mesh, (n_x, n_y).
        pixel: Their edge (m).

    Returns:
        Fractions, NaN where nothing is known.

    Raises:
        CaseError: The file cannot be read, has another shape, or holds no fractions.
    """
    values = _read(path, shape, pixel).astype(np.float64)
    known = np.isfinite(values)
    if np.isinf(values).any() or not known.any():
        raise CaseError(
            "The map holds infinite values." if known.any() else "The map holds no number.",
            where=str(path),
            hint="Write NaN where nothing was measured, and fractions elsewhere.",
        )
    outside = known & ((values < -_ROUNDING) | (values > 1.0 + _ROUNDING))
    if outside.any():
        raise CaseError(
            f"{np.count_nonzero(outside)} of {values.size} pixels are no isotope fraction: "
            f"the values go from {np.nanmin(values):.4g} to {np.nanmax(values):.4g}.",
            where=str(path),
            hint="A fraction lies between 0 and 1: divide the counts of the isotope by those of all of them.",
        )
    return np.clip(values, 0.0, 1.0)


def read_grain_map(path: Path, shape: tuple[int, int], pixel: float) -> Ints:
    """Labels of grains from a file; negative where a pixel belongs to none.

    Raises:
        CaseError: The file cannot be read, has another shape, or holds no whole numbers.
    """
    values = _read(path, shape, pixel)
    labels = np.where(np.isnan(values), -1.0, values)
    if (np.abs(labels) > _LARGEST_LABEL).any() or (labels != np.rint(labels)).any():
        raise CaseError(
            "The grain map holds numbers that are not whole, or none that a label can be.",
            where=str(path),
            hint="A label is a whole number, the same in all pixels of one grain.",
        )
    return labels.astype(np.int64)


def pixels_in_their_grain(labels: Ints, grain: npt.NDArray[np.int32], names: list[str]) -> npt.NDArray[np.bool_]:
    """Pixels that lie in the same grain on a grain map and in the mesh.

    Every label stands for the grain of the mesh that has most of its pixels.

    Args:
        labels: The grain map; negative where a pixel belongs to no grain.
        grain: Grain index of every pixel in the mesh; -1 outside.
        names: Of the grains of the mesh.

    Raises:
        CaseError: Two labels stand for one grain, or the two maps are not of one structure.
    """
    both = (labels >= 0) & (grain >= 0)
    if not both.any():
        raise CaseError("No pixel of the grain map lies in a grain.", where="grain map", hint="Check its labels.")
    agrees = np.zeros(labels.shape, dtype=np.bool_)
    owner: dict[int, int] = {}
    for label in np.unique(labels[both]):
        here = both & (labels == label)
        best = int(np.argmax(np.bincount(grain[here], minlength=len(names))))
        if best in owner:
            raise CaseError(
                f"The labels {owner[best]} and {label} of the grain map both lie in the grain '{names[best]}' of the mesh.",
                where="grain map",
                hint="Build the geometry from this grain map, or check pixel size, axes and labels.",
            )
        owner[best] = int(label)
        agrees |= here & (grain == best)
    part = float(agrees.sum() / both.sum())
    if part < _AGREED:
        raise CaseError(
            f"Grain map and mesh agree in {100.0 * part:.0f} % of the pixels only.",
            where="grain map",
            hint="Build the geometry from this grain map, or check pixel size and axes (a .npy file is indexed [x, y]).",
        )
    return agrees


def _read(path: Path, shape: tuple[int, int], pixel: float) -> Floats:
    if not path.is_file():
        raise CaseError("There is no such file.", where=str(path), hint="Paths start at the working directory.")
    kind = path.suffix.lower()
    readers = {".npy": _npy, ".tif": _tif, ".tiff": _tif, ".csv": _csv}
    if kind not in readers:
        raise CaseError(f"A map cannot be a '{kind}' file.", where=str(path), hint="Use " + ", ".join(readers) + ".")
    try:
        values = np.asarray(readers[kind](path))
        if values.dtype.kind not in "biuf":
            raise ValueError(f"it holds values of type {values.dtype}")
    except Exception as error:  # a header may hold anything: shapes beyond all memory, brackets within brackets
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise CaseError(
            f"The map cannot be read: {reason}.",
            where=str(path),
            hint="A .npy holds a plain array, a .tif one channel of numbers, a .csv numbers and commas without a heading.",
        ) from error
    if values.ndim == 1 or (shape[1] == 1 and values.ndim == 2 and 1 in values.shape):
        values = values.reshape(-1, 1)
    if values.shape != shape:
        found = " x ".join(map(str, values.shape))
        raise CaseError(
            f"The map has {found} pixels (x, y), the section of the mesh {shape[0]} x {shape[1]} of {pixel:.6g} m.",
            where=str(path),
            hint="Check study.image.pixel, the axes (a .npy file is indexed [x, y]), and that map and mesh show the same part.",
        )
    return values.astype(np.float64)


def _npy(path: Path) -> Any:
    # Mapped, a file that is shorter than its header says takes no memory.
    return np.load(path, mmap_mode="r", allow_pickle=False)


def _csv(path: Path) -> Any:
    return _upright(np.loadtxt(path, delimiter=",", ndmin=2))


def _tif(path: Path) -> Any:
    from PIL import Image

    with Image.open(path) as image:
        if image.mode not in ("1", "L", "I", "I;16", "I;16B", "F"):
            raise ValueError(f"it has colours (mode {image.mode})")
        return _upright(np.asarray(image))


def _upright(rows: Any) -> Any:
    """Rows from the top downwards to an array indexed [x, y]."""
    return rows[::-1].T
