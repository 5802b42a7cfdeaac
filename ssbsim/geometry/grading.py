"""Graded cell sizes along a stack of layers, exact and symmetric.

In a layer of thickness L with end sizes h_a and h_b, largest size H and growth ratio g, cell i of n has the size

    s_i = min(h_a q^i, h_b q^(n-1-i), H),   1 <= q <= g,   sum_i s_i = L,

with the smallest n for which q = g reaches L; q is then lowered until the cells end exactly at the end of the layer.
The end cells keep the sizes that were asked for, no cell is larger than H, and neighbours differ by at most q. Where
even q = 1 is too long (the layer holds less than one more end cell), all cells are made smaller by the same factor.

A layer between two interfaces that holds at most `THIN_LAYER_CELLS` interface cells gets uniform cells: it is a
boundary core, and its interior is as important as its ends. A layer thinner than the interface size gets two cells.
Which layers are to be treated so may be said instead: half a core at a mirror plane is, a brick between cores is not.
Where cells had to be made so much smaller that the ratio g fails across an interface, the neighbour starts from the
smaller size, and so on along the stack. This ends: once every layer has 1 / (g - 1) cells, fitting a whole number of
them changes no size by more than g.

Coordinates are integer multiples of one power of two, so that their differences are exact: mirrored layers give
bitwise mirrored cell sizes, and a refined mesh contains every point of the coarse one bit by bit. The price is a
relative rounding of 2e-16 L / h in a cell of size h of a stack of length L (2e-11 for 0.1 nm in 10 um).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssbsim.errors import MeshError
from ssbsim.geometry.arrays import Float, Int

THIN_LAYER_CELLS = 24
"""Layers between two interfaces with at most so many interface cells are uniform."""

MAXIMUM_CELLS = 2_000_000
"""More cells than this in one stack is taken for a mistake in a unit."""

# Sizes are even multiples of 2**(e - 53), with 2**(e - 1) <= length < 2**e: every coordinate is then a float.
_MANTISSA_BITS = 53

# Below this the rounding of a size would be seen (0.1 %).
_FEWEST_QUANTA = 1000

# A bound for a loop that ends by itself, see above; a smaller size travels one layer in a pass.
_PASSES_PER_LAYER = 20


@dataclass(frozen=True)
class GradedStack:
    """Points of a stack of layers.

    Attributes:
        coordinates: Increasing positions in metres from 0, shape (n + 1,).
        cell_layer: Index of the layer of every cell, shape (n,).
        notes: Sentences about layers that could not have the sizes asked for.
    """

    coordinates: Float
    cell_layer: NDArray[np.int32]
    notes: tuple[str, ...]


def graded_coordinates(
    thicknesses: Sequence[float],
    *,
    interface: float,
    bulk: float,
    terminal: float | None = None,
    growth: float = 1.3,
    refinement: int = 1,
    names: Sequence[str] = (),
    may_be_thin: Sequence[bool] = (),
) -> GradedStack:
    """Positions of the points along a stack of layers.

    Args:
        thicknesses: Thickness (m) of every layer, in order.
        interface: Cell size (m) at both sides of every interface between two layers.
        bulk: Largest cell size (m).
        terminal: Cell size (m) at the two outer ends; the bulk size when not given.
        growth: Largest ratio of neighbouring sizes, above 1.
        refinement: Every cell is divided into so many equal ones; the meshes are nested.
        names: Names of the layers for notes and messages.
        may_be_thin: For each layer, whether it gets uniform cells where it is thin; the inner ones when not given.

    Raises:
        MeshError: where a size is not positive, growth is not above 1, or the stack would need too many cells.
    """
    labels = [names[i] if i < len(names) else f"layer {i + 1}" for i in range(len(thicknesses))]
    outer = bulk if terminal is None else terminal
    _check_parameters(thicknesses, labels, interface, bulk, outer, growth, refinement)
    quantum = 2.0 ** (math.frexp(math.fsum(thicknesses))[1] - _MANTISSA_BITS)
    sizes, notes = _stack_sizes(list(thicknesses), labels, interface, bulk, outer, growth, may_be_thin)
    if sum(len(cells) for cells in sizes) * refinement > MAXIMUM_CELLS:
        raise _too_many_cells(", ".join(labels))
    parts = []
    for label, thickness, cells in zip(labels, thicknesses, sizes, strict=True):
        quanta = _to_quanta(cells, thickness, quantum)
        if (quanta < _FEWEST_QUANTA).any():
            raise MeshError(
                f"The cells of layer '{label}' are too small beside the whole stack to be told apart in double "
                "precision.",
                where=f"layer '{label}', smallest cell {cells.min():.3g} m",
                hint="use larger cells or thinner layers elsewhere",
            )
        parts.append(_subdivide(quanta, refinement))
    counts = [len(part) for part in parts]
    positions = np.concatenate([[0], *parts]).cumsum()
    coordinates = positions.astype(np.float64) * quantum
    return GradedStack(
        coordinates=coordinates,
        cell_layer=np.repeat(np.arange(len(parts), dtype=np.int32), counts),
        notes=tuple(notes),
    )


def graded_sizes(length: float, *, start: float, end: float, bulk: float, growth: float) -> Float:
    """Sizes (m) of the cells of one layer, shape (n,), with `start` and `end` the sizes at its two ends."""
    if start > end:
        return graded_sizes(length, start=end, end=start, bulk=bulk, growth=growth)[::-1]
    count = _cell_count(length, start, end, bulk, growth)
    sizes = _sizes(count, start, end, bulk, 1.0)
    if sizes.sum() < length:
        low, high = 1.0, growth
        # Each size is a monotone function of the ratio; halving ends when the two are neighbouring floats.
        while low < (middle := 0.5 * (low + high)) < high:
            low, high = (middle, high) if _sizes(count, start, end, bulk, middle).sum() < length else (low, middle)
        sizes = _sizes(count, start, end, bulk, high)
    return np.asarray(sizes * (length / float(sizes.sum())))


def _sizes(count: int, start: float, end: float, bulk: float, ratio: float) -> Float:
    steps = np.arange(count, dtype=np.float64)
    with np.errstate(over="ignore"):
        power = np.power(ratio, steps)
        return np.asarray(np.minimum(np.minimum(start * power, end * power[::-1]), bulk))


def _cell_count(length: float, start: float, end: float, bulk: float, growth: float) -> int:
    if length > MAXIMUM_CELLS * bulk:
        raise _too_many_cells(f"a layer of {length:.3g} m")
    # A sum a few roundings short of the length is not worth another cell.
    wanted = length * (1.0 - 1e-12)
    high = 1
    while _sizes(high, start, end, bulk, growth).sum() < wanted:
        high *= 2
        if high > 2 * MAXIMUM_CELLS:
            raise _too_many_cells(f"a layer of {length:.3g} m")
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _sizes(middle, start, end, bulk, growth).sum() < wanted else (low, middle)
    return high


def _stack_sizes(
    thicknesses: list[float],
    labels: list[str],
    interface: float,
    bulk: float,
    outer: float,
    growth: float,
    may_be_thin: Sequence[bool],
) -> tuple[list[Float], list[str]]:
    last = len(thicknesses)
    # One entry per end of a layer: outer end, interfaces, outer end.
    ends = [min(outer, bulk), *[min(interface, bulk)] * (last - 1), min(outer, bulk)]
    is_thin = may_be_thin or [0 < i < last - 1 for i in range(last)]
    notes = []
    for layer, thickness in enumerate(thicknesses):
        sides = [end for end in (layer, layer + 1) if 0 < end < last]
        if sides and thickness < interface * (1.0 - 1e-12):
            notes.append(
                f"layer '{labels[layer]}' ({thickness:.4g} m) is thinner than the interface size "
                f"({interface:.4g} m): it has two cells of {0.5 * thickness:.4g} m"
            )
            for end in (layer, layer + 1):
                ends[end] = min(ends[end], 0.5 * thickness)
    for passes_left in range(_PASSES_PER_LAYER * last, -1, -1):
        sizes = [_layer_sizes(thicknesses[i], ends[i], ends[i + 1], bulk, growth, is_thin[i]) for i in range(last)]
        steps = [(float(a[-1]), float(b[0])) for a, b in zip(sizes, sizes[1:], strict=False)]
        steep = [i for i, (a, b) in enumerate(steps) if max(a, b) > growth * min(a, b) * (1.0 + 1e-12)]
        if not passes_left:
            notes += [
                f"the cell sizes of '{labels[i]}' and '{labels[i + 1]}' at their interface differ by a factor "
                f"{max(steps[i]) / min(steps[i]):.3g}, more than the growth ratio: the layers hold too few cells"
                for i in steep
            ]
        if not steep:
            break
        for i in steep:
            ends[i + 1] = min(steps[i])
    return sizes, notes


def _layer_sizes(length: float, start: float, end: float, bulk: float, growth: float, may_be_thin: bool) -> Float:
    smallest = min(start, end)
    if may_be_thin and length <= THIN_LAYER_CELLS * smallest * (1.0 + 1e-12):
        count = math.ceil(length / smallest * (1.0 - 1e-12))
        return np.full(count, length / count)
    return graded_sizes(length, start=start, end=end, bulk=bulk, growth=growth)


def _to_quanta(sizes: Float, thickness: float, quantum: float) -> Int:
    """Round sizes to even multiples of the quantum that add up to the thickness, mirrored for mirrored sizes."""
    # Twice an even total, so that a symmetric layer of an even number of cells has an even half.
    total = 4 * round(thickness / (4.0 * quantum))
    if sizes[0] > sizes[-1]:
        return _to_quanta(sizes[::-1], thickness, quantum)[::-1]
    # Rounding positions and not sizes keeps the error of each within one step, however many there are.
    positions = np.concatenate([[0.0], np.cumsum(sizes, dtype=np.longdouble)]) / (2.0 * quantum)
    rounded: Int = 2 * np.rint(positions).astype(np.int64)
    rounded[-1] = total
    if np.array_equal(sizes, sizes[::-1]):
        half = len(rounded) // 2
        rounded[-half:] = total - rounded[:half][::-1]
        if len(rounded) % 2:
            rounded[half] = total // 2
    return np.diff(rounded)


def _subdivide(quanta: Int, refinement: int) -> Int:
    """Divide every even size into `refinement` parts, symmetric within the cell and nested for multiples."""
    if refinement == 1:
        return quanta
    step = np.arange(refinement + 1)
    forward = np.minimum(step, refinement - step)
    whole, rest = np.divmod(quanta[:, None], refinement)
    inner = forward * whole + forward * rest // refinement
    points = np.where(2 * step <= refinement, inner, quanta[:, None] - inner)
    parts: Int = np.diff(points, axis=1)
    if (parts <= 0).any():
        raise MeshError(
            f"refinement {refinement} makes cells too small to be told apart in double precision.",
            where="spacing.refinement",
            hint="use a smaller refinement",
        )
    return np.asarray(parts.reshape(-1), dtype=np.int64)


def _check_parameters(
    thicknesses: Sequence[float],
    labels: Sequence[str],
    interface: float,
    bulk: float,
    terminal: float,
    growth: float,
    refinement: int,
) -> None:
    if not thicknesses:
        raise MeshError("The stack has no layers.", where="geometry.layers", hint="give at least one layer")
    for label, thickness in zip(labels, thicknesses, strict=True):
        if not (math.isfinite(thickness) and thickness > 0.0):
            raise MeshError(
                f"The thickness {thickness:g} m is not positive.",
                where=f"layer '{label}'",
                hint="give every layer a positive thickness",
            )
    for name, size in (("interface", interface), ("bulk", bulk), ("terminal", terminal)):
        if not (math.isfinite(size) and size > 0.0):
            raise MeshError(
                f"The cell size {size:g} m is not positive.",
                where=f"spacing.{name}",
                hint="give a positive length, for example 0.1 nm",
            )
    if not (math.isfinite(growth) and growth > 1.0):
        raise MeshError(
            f"The growth ratio {growth:g} is not above 1.", where="spacing.growth", hint="1.2 to 1.5 is usual"
        )
    if refinement < 1 or refinement != int(refinement):
        raise MeshError(
            f"The refinement {refinement} is not a positive whole number.",
            where="spacing.refinement",
            hint="1 leaves the cells as they are, 2 halves them",
        )


def _too_many_cells(where: str) -> MeshError:
    return MeshError(
        f"More than {MAXIMUM_CELLS} cells would be needed along the stack.",
        where=where,
        hint="check the units of spacing.interface and spacing.bulk, or raise them",
    )
