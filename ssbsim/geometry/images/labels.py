"""Grains of a labelled image: connected parts, small parts merged, names.

Pixels are connected through their edges in 2D and faces in 3D. Parts are numbered in the order of their first pixel,
which is the one furthest to the left, then lowest, then in front.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ssbsim.errors import MeshError
from ssbsim.geometry.arrays import Labels
from ssbsim.geometry.connectivity import connected_parts
from ssbsim.geometry.mesh_data import Grain, piece_letters


def find_parts(labels: Labels) -> Labels:
    """Number of the connected part of equal labels that every pixel belongs to, from 0 in the order of first pixels."""
    index = np.arange(labels.size, dtype=np.int32).reshape(labels.shape)
    pairs = [(index[low][same], index[high][same]) for low, high, same in _equal_neighbours(labels)]
    first, second = (np.concatenate(side) for side in zip(*pairs, strict=True))
    return connected_parts((first, second), labels.size).astype(np.int32).reshape(labels.shape)


def merge_small_parts(labels: Labels, *, smaller_than: int, pixel: Sequence[float]) -> tuple[Labels, int, int]:
    """Give connected parts of fewer pixels to the neighbour with the longest common boundary, the smallest first.

    Args:
        labels: Label of every pixel.
        smaller_than: Parts of so many pixels stay.
        pixel: Edges of a pixel (m), which say how much a face of it counts.

    Returns:
        The labels, the number of parts that were merged, and the number of their pixels.
    """
    labels = labels.copy()
    merged = changed = 0
    while True:
        parts = find_parts(labels)
        sizes = np.bincount(parts.ravel())
        if len(sizes) == 1 or sizes.min() >= smaller_than:
            return labels, merged, changed
        neighbour = _longest_neighbours(parts, pixel, len(sizes))
        label_of_part = np.empty(len(sizes), dtype=np.int32)
        label_of_part[parts.ravel()] = labels.ravel()
        is_given, is_taker = np.zeros((2, len(sizes)), dtype=bool)
        # In one round no part both gives and takes.
        for part in np.lexsort([np.arange(len(sizes)), sizes]):
            if sizes[part] >= smaller_than:
                break
            if not (is_taker[part] or is_given[neighbour[part]]):
                is_given[part] = is_taker[neighbour[part]] = True
                label_of_part[part] = label_of_part[neighbour[part]]
                merged += 1
                changed += int(sizes[part])
        labels = label_of_part[parts]


def refuse_small_parts(labels: Labels, *, smallest: int, names: Sequence[str]) -> None:
    """Raise a MeshError where a connected part has fewer pixels; `names` says what the labels are called."""
    parts = find_parts(labels)
    sizes = np.bincount(parts.ravel())
    small = np.flatnonzero(sizes < smallest)
    if small.size:
        at = np.unravel_index(int(np.argmax(parts.ravel() == small[0])), parts.shape)
        place = ", ".join(str(int(i)) for i in at)
        raise MeshError(
            f"{small.size} connected parts have fewer than {smallest} pixels.",
            where=f"geometry.smallest_part; the first has {sizes[small[0]]} of '{names[labels[at]]}' "
            f"at pixel ({place}) from the lower left corner",
            hint=f"write 'merge_smaller_than: {smallest}' to give them to their neighbours, or clean the image",
        )


def name_grains(
    labels: Labels, phases: Sequence[str], names: Sequence[str], *, are_whole: bool
) -> tuple[Labels, tuple[Grain, ...]]:
    """The grain of every pixel, and the grains: the connected parts of the labels.

    Args:
        labels: Label of every pixel, an index into `phases`.
        phases: Phase of every label.
        names: Name of every label.
        are_whole: Whether a label is meant to be one grain: then its largest part has the name of the label and the
            others are lettered. Otherwise parts are numbered through all labels of one name, if there are several.
    """
    parts = find_parts(labels)
    sizes = np.bincount(parts.ravel())
    label_of_part = np.empty(len(sizes), dtype=np.int32)
    label_of_part[parts.ravel()] = labels.ravel()
    label_of_each = [int(label) for label in label_of_part]
    owners = [names[label] for label in label_of_each]
    members: dict[str, list[int]] = {}
    for part, owner in enumerate(owners):
        members.setdefault(owner, []).append(part)
    found = [""] * len(sizes)
    for owner, own in members.items():
        if are_whole:
            ranked = sorted(own, key=lambda part: (-sizes[part], part))
            for rank, part in enumerate(ranked):
                found[part] = owner + piece_letters(rank)
        else:
            for count, part in enumerate(own, start=1):
                found[part] = f"{owner}.{count}" if len(own) > 1 else owner
    return parts, tuple(Grain(name, phases[label]) for name, label in zip(found, label_of_each, strict=True))


def _equal_neighbours(
    labels: Labels,
) -> list[tuple[tuple[slice, ...], tuple[slice, ...], NDArray[np.bool_]]]:
    result = []
    for axis in range(labels.ndim):
        low = tuple(slice(None, -1) if a == axis else slice(None) for a in range(labels.ndim))
        high = tuple(slice(1, None) if a == axis else slice(None) for a in range(labels.ndim))
        result.append((low, high, labels[low] == labels[high]))
    return result


def _longest_neighbours(parts: Labels, pixel: Sequence[float], count: int) -> NDArray[np.int64]:
    """The part with which each part has the longest boundary; of equal ones the one with the lowest number."""
    keys, weights = [], []
    # In units of the smallest face, rounded: sums are whole numbers, the same in any order.
    faces = np.prod(pixel) / np.asarray(pixel)
    for axis, (low, high, same) in enumerate(_equal_neighbours(parts)):
        a, b = parts[low][~same].astype(np.int64), parts[high][~same].astype(np.int64)
        keys += [a * count + b, b * count + a]
        weights += [np.full(2 * len(a), np.rint(1024 * faces[axis] / faces.min()))]
    unique, inverse = np.unique(np.concatenate(keys), return_inverse=True)
    lengths = np.bincount(inverse, weights=np.concatenate(weights))
    owner, other = np.divmod(unique, count)
    order = np.lexsort([other, -lengths, owner])
    first = order[np.unique(owner[order], return_index=True)[1]]
    result: NDArray[np.int64] = other[first]
    return result
