"""Labelled images from files: whole numbers or exact colours to the number of the part that every pixel belongs to.

Axes: an array of a .npy file is indexed [x, y] or [x, y, z], from the lower corner of the box. In a .png or .tif the
columns of a page run along x, its rows from the top of the box downwards (so that the picture is seen upright, x to the
right and y up), and the pages of a .tif follow one another along z.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ssbsim.errors import MeshError
from ssbsim.geometry.arrays import Labels

MAXIMUM_PIXELS = 20_000_000
"""Larger images are refused before they are read."""


def read_labels(path: Path, labels: Sequence[int]) -> Labels:
    """Read an image of whole numbers.

    Args:
        path: A .npy, .tif or .png file.
        labels: The numbers that may and must occur.

    Returns:
        Index into `labels` of every pixel; axes x, y and, in 3D, z.

    Raises:
        MeshError: where the file cannot be read, or its numbers are not those of `labels`.
    """
    values = _read_array(path) if path.suffix.lower() == ".npy" else _read_pages(path, as_colours=False)
    if values.dtype.kind == "b":
        values = values.astype(np.uint8)
    if values.dtype.kind not in "iu":
        raise MeshError(
            f"The image holds values of type {values.dtype}, not whole numbers.",
            where=str(path),
            hint="a label is a whole number: save array.astype('uint8')",
        )
    present, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    known = {int(label): index for index, label in enumerate(labels)}
    index = np.array([known.get(int(value), -1) for value in present], dtype=np.int32)
    _check_legend(
        "label",
        "labels",
        [str(int(v)) for v in present],
        index,
        counts,
        [str(v) for v in labels],
        values,
        present,
        path,
    )
    return np.ascontiguousarray(index[inverse].reshape(values.shape))


def read_colours(path: Path, legend: Sequence[str]) -> Labels:
    """Read an image of exact colours.

    Args:
        path: A .png or .tif file.
        legend: The colours that may and must occur: '#rrggbb' or the name of a colour.

    Returns:
        Index into `legend` of every pixel; axes x, y and, in 3D, z.

    Raises:
        MeshError: where the file cannot be read, or its colours are not those of `legend`.
    """
    if path.suffix.lower() == ".npy":
        raise MeshError(
            "An array has no colours.", where="geometry.legend", hint="write 'labels: {1: ...}' for a .npy file"
        )
    known: dict[int, int] = {}
    for index, colour in enumerate(legend):
        code = _parse_colour(colour)
        if code in known:
            raise MeshError(
                f"'{legend[known[code]]}' and '{colour}' are the same colour.",
                where="geometry.legend",
                hint="keep one of them",
            )
        known[code] = index
    values = _read_pages(path, as_colours=True)
    present, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    owner = np.array([known.get(int(value), -1) for value in present], dtype=np.int32)
    shown = [f"#{int(value):06x}" for value in present]
    _check_legend("colour", "legend", shown, owner, counts, list(legend), values, present, path)
    return np.ascontiguousarray(owner[inverse].reshape(values.shape))


def _check_legend(
    word: str,
    key: str,
    shown: list[str],
    index: Labels,
    counts: NDArray[np.int64],
    legend: list[str],
    values: NDArray[np.generic],
    present: NDArray[np.generic],
    path: Path,
) -> None:
    unknown = np.flatnonzero(index < 0)
    if unknown.size:
        worst = int(unknown[np.argmax(counts[unknown])])
        first = ", ".join(str(int(at[0])) for at in np.nonzero(values == present[worst]))
        more = f" ({unknown.size} {word}s are unknown in all)" if unknown.size > 1 else ""
        raise MeshError(
            f"The {word} {shown[worst]} of {counts[worst]} pixels stands for no phase{more}.",
            where=f"geometry.{key}; the first is pixel ({first}) from the lower left corner of {path}",
            hint=f"add it to {key}"
            + (", or save the image without smoothed edges and without loss (not from a .jpg)" * (word == "colour")),
        )
    absent = [name for position, name in enumerate(legend) if not (index == position).any()]
    if absent:
        raise MeshError(
            f"The {word} {absent[0]} does not occur in the image.",
            where=f"geometry.{key}, {path}",
            hint=f"remove it, or correct it: the image has {', '.join(shown[:8])}",
        )


def _parse_colour(colour: str) -> int:
    from PIL import ImageColor

    try:
        channels = ImageColor.getrgb(colour)
    except ValueError:
        near = get_close_matches(colour, ImageColor.colormap, n=1)
        raise MeshError(
            f"'{colour}' is not a colour.",
            where=f"geometry.legend.{colour}",
            hint=f"did you mean '{near[0]}'?" if near else "write it as '#rrggbb', for example '#ff8000'",
        ) from None
    return int(channels[0] << 16) + int(channels[1] << 8) + int(channels[2])


def _check_exists(path: Path) -> None:
    if path.is_file():
        return
    folder = path.parent
    beside = [p.name for p in folder.iterdir()] if folder.is_dir() else []
    near = get_close_matches(path.name, beside, n=1)
    raise MeshError(
        "There is no such image file.",
        where=str(path),
        hint=f"did you mean '{near[0]}'?" if near else "paths start at the folder of the case file",
    )


def _check_shape(shape: Iterable[int], path: Path) -> None:
    size = tuple(shape)
    if len(size) not in (2, 3) or 0 in size or math.prod(size) == 1:
        raise MeshError(
            f"The image has the shape {' x '.join(map(str, size)) or '()'}.",
            where=str(path),
            hint="an image has two or three axes and more than one pixel",
        )
    if math.prod(size) > MAXIMUM_PIXELS:
        raise MeshError(
            f"The image has {math.prod(size):,} pixels; the most that is read is {MAXIMUM_PIXELS:,}.",
            where=str(path),
            hint="cut a representative piece out of it, or scale it down with nearest-neighbour sampling",
        )


def _read_array(path: Path) -> NDArray[np.generic]:
    _check_exists(path)
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # a header may hold anything: shapes beyond all memory, brackets within brackets
        raise _unreadable(path, error) from error
    if not isinstance(array, np.ndarray) or array.dtype.hasobject or array.dtype.names:
        raise _unreadable(path, "it holds no plain array")
    _check_shape(array.shape, path)
    return np.array(array)


def _read_pages(path: Path, *, as_colours: bool) -> NDArray[np.generic]:
    from PIL import Image, UnidentifiedImageError

    _check_exists(path)
    pages = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                count = int(getattr(image, "n_frames", 1))
                _check_shape((*image.size, count)[: 2 if count == 1 else 3], path)
                for page in range(count):
                    image.seek(page)
                    pages.append(_page_colours(image, path) if as_colours else _page_labels(image, path))
    except Image.DecompressionBombError as error:
        raise MeshError(
            f"The image is too large; the most that is read is {MAXIMUM_PIXELS:,} pixels.",
            where=str(path),
            hint="cut a representative piece out of it",
        ) from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, KeyError, IndexError) as error:
        raise _unreadable(path, error) from error
    if len({page.shape for page in pages}) > 1:
        raise _unreadable(path, "its pages differ in size")
    upright = np.stack(pages)[:, ::-1, :].transpose(2, 1, 0)
    return upright[:, :, 0] if count == 1 else upright


def _page_labels(image: object, path: Path) -> NDArray[np.generic]:
    mode = str(getattr(image, "mode", ""))
    if mode in ("P", "RGB", "RGBA", "CMYK", "YCbCr", "LA", "PA", "La", "LAB", "HSV"):
        raise MeshError(
            f"The image has colours (mode {mode}), not labels.",
            where=str(path),
            hint="give a legend of colours instead of labels, or save it with one channel of whole numbers",
        )
    return np.asarray(image)


def _page_colours(image: object, path: Path) -> NDArray[np.generic]:
    mode = str(getattr(image, "mode", ""))
    if mode not in ("1", "L", "LA", "P", "PA", "RGB", "RGBA"):
        raise MeshError(
            f"The image has values of mode {mode}, not colours.",
            where=str(path),
            hint="give labels instead of a legend",
        )
    channels = np.asarray(image.convert("RGBA"), dtype=np.int32)  # type: ignore[attr-defined]
    if (channels[..., 3] != 255).any():
        raise MeshError(
            f"{np.count_nonzero(channels[..., 3] != 255)} pixels of the image are transparent.",
            where=str(path),
            hint="save it without transparency",
        )
    return np.asarray((channels[..., 0] << 16) + (channels[..., 1] << 8) + channels[..., 2])


def _unreadable(path: Path, reason: object) -> MeshError:
    return MeshError(
        f"The image cannot be read: {str(reason).splitlines()[0] if str(reason) else type(reason).__name__}.",
        where=str(path),
        hint="check that the file is complete and is what its extension says; labels are saved by numpy.save "
        "(without objects), as .tif, or as .png",
    )
