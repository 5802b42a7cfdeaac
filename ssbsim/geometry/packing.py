r"""Random packings of discs and spheres of several sizes in a box, none overlapping, all a given gap apart.

Diameters are log-normal, mu = ln(mean) - spread^2/2, drawn one in each of n equally probable classes and cut at
2.5 standard deviations, then multiplied by one factor so that they fill exactly the measure asked for.

Centres are found by pushing soft spheres apart: the energy

    E = 1/2 sum_{i<j} max(0, R_i + R_j - |x_i - x_j|)^2,    R = radius + gap/2,

is minimised (L-BFGS-B, centres bounded by the walls) while the spheres swell to their full size; E = 0 is a packing
without overlap. A jammed state is shaken and minimised again. Discs reach a filled fraction of about 0.80 and spheres
0.62, somewhat below random close packing (0.84 and 0.64 for one size) and less where the box is only a few diameters
wide.

Sources: swelling and removal of overlaps: Jodrey and Tory, 10.1103/PhysRevA.32.2347; minimisation of the energy of
soft spheres and the limit of random close packing: O'Hern et al., 10.1103/PhysRevE.68.011306; log-normal sizes:
Baranau and Tallarek, 10.1039/C3SM52959B.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.spatial import cKDTree
from scipy.special import ndtri

from ssbsim.errors import MeshError

RANDOM_CLOSE_PACKING = {2: 0.84, 3: 0.64}
"""Fraction that discs and spheres of one size fill at most without order, by dimension."""

_FURTHEST_DRAW = 2.5
"""Diameters are cut at this many standard deviations of their logarithm."""

_SWELLING = (0.6, 0.75, 0.85, 0.92, 0.96, 0.985, 1.0)
"""Steps of the radii on the way to full size."""

_RESERVE = 2e-3
"""The energy is minimised for radii larger by this fraction, so that what rounding leaves of it is no overlap."""

_BEYOND = 0.03
"""How much more than random close packing of one size may be tried; several sizes fill a little more."""

_SHAKES = (8, 60, 1500)
"""How often a jammed packing is shaken before giving up: least and most, and this number over that of the balls."""


def draw_diameters(
    measure: float, mean: float, spread: float, dimension: int, generator: np.random.Generator
) -> NDArray[np.float64]:
    """Diameters (m) of balls that together have a given measure.

    Args:
        measure: Area (m^2) or volume (m^3) of all balls together.
        mean: Mean diameter (m); met up to the one factor that makes the measure exact.
        spread: Standard deviation of the logarithm of the diameter.
        dimension: 2 or 3.
        generator: Source of the draws.

    Returns:
        Diameters, the largest first; at least one.
    """
    unit = ball_measure(0.5, dimension)
    expected = unit * mean**dimension * math.exp(spread**2 * dimension * (dimension - 1) / 2.0)
    count = max(1, round(measure / expected))
    level = (np.arange(count) + generator.random(count)) / count
    normal = np.clip(ndtri(level), -_FURTHEST_DRAW, _FURTHEST_DRAW)
    drawn = mean * np.exp(spread * normal - 0.5 * spread**2)
    factor = (measure / (unit * float(np.sum(drawn**dimension)))) ** (1.0 / dimension)
    return np.sort(factor * drawn)[::-1].copy()


def ball_measure(radius: float, dimension: int) -> float:
    """Area (m^2) of a disc or volume (m^3) of a sphere."""
    return math.pi * radius**2 if dimension == 2 else 4.0 / 3.0 * math.pi * radius**3


def pack_balls(
    radii: NDArray[np.float64],
    extent: Sequence[float],
    gap: float,
    generator: np.random.Generator,
    *,
    where: str = "geometry",
) -> NDArray[np.float64]:
    """Centres (m) of balls in a box, at least a gap apart from one another and from the walls.

    Args:
        radii: Radius (m) of every ball.
        extent: Sides (m) of the box; its lower corner is the origin. As many as there are dimensions.
        gap: Smallest distance (m) between two balls, and between a ball and a wall.
        generator: Source of the first places and of the shaking.
        where: Place in the case, for messages.

    Returns:
        Centres, shape (n, d), in the order of the radii.

    Raises:
        MeshError: where a ball does not fit between the walls, or no place is found for all of them.
    """
    sides = np.asarray(extent, dtype=np.float64)
    dimension, largest = len(sides), float(radii.max())
    if 2.0 * (largest + gap) > sides.min():
        raise MeshError(
            f"A particle of {2.0 * largest:.3g} m with its gap ({gap:.3g} m) to both walls does not fit into the "
            f"{sides.min():.3g} m between them.",
            where=where,
            hint="make size, spread or gap smaller, or the box larger",
        )
    unit = 2.0 * float(radii.mean())
    scaled = np.asarray(radii / unit, dtype=np.float64)
    room = np.asarray(sides / unit, dtype=np.float64)
    clearance = gap / unit
    reach = scaled + 0.5 * clearance
    filled = sum(ball_measure(float(r), dimension) for r in reach) / float(np.prod(room - clearance))
    centres = (
        None
        if filled > RANDOM_CLOSE_PACKING[dimension] + _BEYOND
        else _relaxed(scaled, reach, room, clearance, generator)
    )
    if centres is None:
        raise MeshError(
            f"No packing was found: with half the gap around them the particles fill {filled:.3g} of the box; "
            f"random close packing is about {RANDOM_CLOSE_PACKING[dimension]} without walls, less in a small box.",
            where=where,
            hint="make volume_fraction or gap smaller, the box larger in particle diameters, or try another seed",
        )
    return centres * unit


def smallest_gap(centres: NDArray[np.float64], radii: NDArray[np.float64], extent: Sequence[float]) -> float:
    """Smallest distance (m) between the surfaces of two balls, or of a ball and a wall of the box."""
    margin = np.minimum(centres, np.asarray(extent) - centres).min(axis=1) - radii
    first, second = _close_pairs(centres, float("inf"))
    between = np.linalg.norm(centres[first] - centres[second], axis=1) - radii[first] - radii[second]
    return float(min(margin.min(), between.min(initial=np.inf)))


def _relaxed(
    radii: NDArray[np.float64],
    reach: NDArray[np.float64],
    room: NDArray[np.float64],
    gap: float,
    generator: np.random.Generator,
) -> NDArray[np.float64] | None:
    low = np.broadcast_to((radii + gap)[:, None], (len(radii), len(room)))
    high = room - low
    centres = low + generator.random(low.shape) * (high - low)
    for factor in _SWELLING:
        centres = _pushed_apart(centres, reach * factor * (1.0 + _RESERVE), low, high)
    least, most, share = _SHAKES
    for shake in range(max(least, min(most, share // len(radii)))):
        if _is_free(centres, reach):
            return centres
        # Large shakes find another arrangement, small ones the way out of a nearly open one.
        amplitude = 0.5 * 0.5 ** (shake % 6)
        moved = np.clip(centres + amplitude * generator.standard_normal(centres.shape), low, high)
        centres = _pushed_apart(moved, reach * (1.0 + _RESERVE), low, high)
    return centres if _is_free(centres, reach) else None


def _pushed_apart(
    centres: NDArray[np.float64], reach: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> NDArray[np.float64]:
    shape, widest = centres.shape, 2.0 * float(reach.max())
    # Neighbours are looked up again only when a centre has moved by half the margin that was looked beyond.
    margin = 0.3 * float(reach.mean())
    listed = [centres, *_neighbours(centres, reach, widest + margin, margin)]

    def energy(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        places = flat.reshape(shape)
        if np.max(np.sum((places - listed[0]) ** 2, axis=1)) > 0.25 * margin**2:
            listed[:] = [places.copy(), *_neighbours(places, reach, widest + margin, margin)]
        first, second = listed[1], listed[2]
        across = places[first] - places[second]
        distance = np.maximum(np.linalg.norm(across, axis=1), 1e-12)
        overlap = np.maximum(reach[first] + reach[second] - distance, 0.0)
        push = (overlap / distance)[:, None] * across
        gradient = np.empty(shape)
        for axis in range(shape[1]):
            gradient[:, axis] = np.bincount(second, push[:, axis], shape[0]) - np.bincount(
                first, push[:, axis], shape[0]
            )
        return 0.5 * float(np.dot(overlap, overlap)), gradient.reshape(-1)

    bounds = np.stack([low.reshape(-1), high.reshape(-1)], axis=1)
    options = {"maxiter": 400, "maxfun": 500, "ftol": 1e-16, "gtol": 1e-9, "maxcor": 12}
    found = minimize(energy, centres.reshape(-1), jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return np.clip(np.asarray(found.x, dtype=np.float64).reshape(shape), low, high)


def _neighbours(
    places: NDArray[np.float64], reach: NDArray[np.float64], distance: float, margin: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    first, second = _close_pairs(places, distance)
    apart = np.linalg.norm(places[first] - places[second], axis=1)
    near = apart < reach[first] + reach[second] + margin
    return first[near], second[near]


def _is_free(centres: NDArray[np.float64], reach: NDArray[np.float64]) -> bool:
    first, second = _close_pairs(centres, 2.0 * float(reach.max()))
    distance = np.linalg.norm(centres[first] - centres[second], axis=1)
    return bool(np.all(distance >= reach[first] + reach[second]))


def _close_pairs(places: NDArray[np.float64], distance: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    if not math.isfinite(distance):
        first, second = np.triu_indices(len(places), 1)
        return first, second
    pairs = cKDTree(places).query_pairs(distance, output_type="ndarray")
    return pairs[:, 0], pairs[:, 1]


__all__ = ["RANDOM_CLOSE_PACKING", "ball_measure", "draw_diameters", "pack_balls", "smallest_gap"]
