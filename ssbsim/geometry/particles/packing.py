r"""Random packings of discs and spheres of several sizes in a box, none overlapping, all a given gap apart.

Diameters are log-normal, mu = ln(mean) - spread^2/2, drawn one in each of n equally probable classes and cut at
2.5 standard deviations, then multiplied by one factor so that they fill exactly the measure asked for.

Centres are found by annealing soft spheres at their full size. With the energy

    E = 1/2 sum_{i<j} max(0, R_i + R_j - |x_i - x_j|)^2 + 1/2 sum_{i, walls} max(0, R_i - distance)^2,    R = radius + gap/2,

(lengths in mean diameters; walls moved inwards by gap/2) the centres follow overdamped Langevin dynamics

    x <- x - dt dE/dx + sqrt(2 T dt) xi,    xi standard normal,

while T falls exponentially to almost nothing and is then 0; every few steps pairs of spheres of like size swap their
places with the probability min(1, exp(-change of E / T)). What is left of E is then minimised (L-BFGS-B, centres bounded
by the walls); E = 0 is a packing without overlap. Where it is not reached, cooling starts anew, about four times slower
each time. The swaps matter: they let a packing be denser than one that is only pushed or shaken. Spheres whose
diameters spread by 0.2 to 0.3 fill 0.62 (with half the gap) between walls six diameters apart, and 0.64 between walls
eight apart.

Sources: energy of soft spheres and the limit of random close packing: O'Hern et al., 10.1103/PhysRevE.68.011306;
swaps of places: Ninarello, Berthier and Coslovich, 10.1103/PhysRevX.7.021039; annealing: Kirkpatrick et al.,
10.1126/science.220.4598.671; log-normal sizes: Baranau and Tallarek, 10.1039/C3SM52959B.
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
from ssbsim.geometry.arrays import Float
from ssbsim.geometry.progress import progress

Integers = NDArray[np.intp]

RANDOM_CLOSE_PACKING = {2: 0.84, 3: 0.64}
"""Fraction that discs and spheres of one size fill at most without order, by dimension."""

_FURTHEST_DRAW = 2.5
"""Diameters are cut at this many standard deviations of their logarithm."""

_RESERVE = 5e-4
"""Overlaps are removed for radii larger by this fraction, so that what rounding leaves of them is none."""

_BEYOND = 0.03
"""How much more than random close packing of one size may be tried; several sizes fill a little more."""

_COOLING = (300, 1_200, 5_000, 20_000, 80_000, 320_000)
"""Steps from the highest to the lowest temperature, one attempt after the other."""

_STEPS_PER_SPHERE = 1_000
"""No more steps than this for every sphere."""

_HOT, _COLD = 2e-3, 1e-6
"""Temperatures (in units of mean diameter squared): overlaps of 6 % and of 0.1 % of a diameter."""

_TIME_STEP = 0.1
"""A sphere has up to 12 neighbours, and the steps of a spring of stiffness 12 are stable up to 2 / 12."""

_SETTLING = 1_000
"""Most steps without noise at the end."""

_GRID = 2.0**20
"""Places per mean diameter."""

_SWAP_EVERY, _TRIES = 20, 4
"""Steps between swaps, and the pairs tried then, per sphere."""

_LIKE_SIZE = 0.15
"""Spheres swap places where their radii differ by no more, in mean radii (a change that a margin of neighbours holds)."""

_MARGIN = 0.3
"""Neighbours are looked up again when a centre has moved by half of this, in mean radii."""


def draw_diameters(measure: float, mean: float, spread: float, dimension: int, generator: np.random.Generator) -> Float:
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
    radii: Float,
    extent: Sequence[float],
    gap: float,
    generator: np.random.Generator,
    *,
    where: str = "geometry",
) -> Float:
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
            "The largest particle does not fit into the box: with its gap to both walls it is "
            f"{2.0 * (largest + gap) / sides.min():.4g} times as wide as the box where that is narrowest.",
            where=where,
            hint="make size, spread or gap smaller, or the box larger",
        )
    unit = 2.0 * float(radii.mean())
    scaled = np.asarray(radii / unit, dtype=np.float64)
    room = np.asarray(sides / unit, dtype=np.float64)
    clearance = gap / unit
    reach = scaled + 0.5 * clearance
    filled = filled_fraction(scaled, room, clearance)
    centres = (
        None
        if filled > RANDOM_CLOSE_PACKING[dimension] + _BEYOND
        else _annealed(scaled, reach, room, clearance, generator)
    )
    if centres is None:
        raise MeshError(
            f"No packing was found: with half the gap around them the particles fill {filled:.3g} of the box; "
            f"random close packing is about {RANDOM_CLOSE_PACKING[dimension]} without walls, less in a small box.",
            where=where,
            hint="make volume_fraction or gap smaller, the box larger in particle diameters, or try another seed",
        )
    return centres * unit


def filled_fraction(radii: Float, extent: Sequence[float] | Float, gap: float) -> float:
    """Part of a box that balls with half the gap around them fill, of what the walls with theirs leave."""
    around = sum(ball_measure(float(r) + 0.5 * gap, len(extent)) for r in radii)
    return around / float(np.prod(np.asarray(extent) - gap))


def smallest_gap(centres: Float, radii: Float, extent: Sequence[float]) -> float:
    """Smallest distance (m) between the surfaces of two balls, or of a ball and a wall of the box."""
    margin = np.minimum(centres, np.asarray(extent) - centres).min(axis=1) - radii
    first, second = _close_pairs(centres, float("inf"))
    between = np.linalg.norm(centres[first] - centres[second], axis=1) - radii[first] - radii[second]
    return float(min(margin.min(), between.min(initial=np.inf)))


def _annealed(radii: Float, reach: Float, room: Float, gap: float, generator: np.random.Generator) -> Float | None:
    """Centres without overlap, or None where the slowest cooling leaves some."""
    low = np.broadcast_to((radii + gap)[:, None], (len(radii), len(room)))
    high = room - low
    for slowest in _COOLING:
        # A few spheres gain more from another start than from slow cooling.
        steps = min(slowest, _STEPS_PER_SPHERE * len(radii))
        centres = low + generator.random(low.shape) * (high - low)
        if len(radii) > 1:
            centres = _cooled(centres, reach * (1.0 + _RESERVE), room, 0.5 * gap, steps, generator)
            centres = _pushed_apart(np.clip(centres, low, high), reach * (1.0 + _RESERVE), low, high)
        if _is_free(centres, reach):
            return centres
    return None


def _cooled(
    centres: Float, reach: Float, room: Float, inset: float, steps: int, generator: np.random.Generator
) -> Float:
    """Centres after cooling in so many steps, each in the place of its sphere."""
    reach, holder = reach.copy(), np.arange(len(reach))
    near = _Neighbours(centres, reach)
    has_sizes = float(np.ptp(reach)) > 1e-9
    for step in range(steps + _SETTLING):
        if step % 1000 == 0:
            progress("packing particles", step, steps + _SETTLING)
        temperature = _HOT * (_COLD / _HOT) ** (step / steps) if step < steps else 0.0
        if temperature and has_sizes and step % _SWAP_EVERY == 0:
            near = _Neighbours(centres, reach)
            _swap(centres, reach, holder, near, room, inset, temperature, generator)
            near = _Neighbours(centres, reach)
        elif near.are_left(centres):
            near = _Neighbours(centres, reach)
        energy, slope = near.energy(centres, reach)
        slope -= np.maximum(reach[:, None] - (centres - inset), 0.0)
        slope += np.maximum(reach[:, None] - (room - inset - centres), 0.0)
        if temperature:
            noise = math.sqrt(2.0 * temperature * _TIME_STEP) * generator.standard_normal(centres.shape)
        elif energy == 0.0:
            break
        else:
            noise = np.zeros(centres.shape)
        centres = np.clip(centres - _TIME_STEP * slope + noise, inset, room - inset)
        # Rounding, so that last bits that differ between machines do not grow into other packings.
        centres = np.rint(centres * _GRID) / _GRID
    placed = np.empty_like(centres)
    placed[holder] = centres
    return placed


def _swap(
    centres: Float,
    reach: Float,
    holder: Integers,
    near: _Neighbours,
    room: Float,
    inset: float,
    temperature: float,
    generator: np.random.Generator,
) -> None:
    """Swap the reach of pairs of places, and the spheres that hold them, in place."""
    count = len(reach)
    order = np.argsort(reach, kind="stable")
    lower = generator.integers(0, count, _TRIES * count)
    upper = np.minimum(lower + generator.integers(1, max(2, count // 4), len(lower)), count - 1)
    first, second = order[lower], order[upper]
    # The change of energy is exact only where neither is a neighbour of the other.
    alike = (reach[second] - reach[first] < _LIKE_SIZE * reach.mean()) & (first != second)
    alike &= ~near.are_pairs(first, second)
    first, second = first[alike], second[alike]
    walls = np.concatenate([centres - inset, room - inset - centres], axis=1)

    def energy(places: Integers, other: Float) -> Float:
        at_walls = 0.5 * np.sum(np.maximum(other[:, None] - walls[places], 0.0) ** 2, axis=1)
        return np.asarray(at_walls + near.energy_at(places, other, reach))

    before = energy(np.arange(count), reach)
    change = energy(first, reach[second]) + energy(second, reach[first]) - before[first] - before[second]
    is_busy = np.zeros(count, dtype=bool)
    for k in np.flatnonzero(change < -temperature * np.log(generator.random(len(change)))):
        pair = [first[k], second[k]]
        if not is_busy[pair].any():
            reach[pair], holder[pair] = reach[pair[::-1]], holder[pair[::-1]]
            for place in pair:
                is_busy[near.around(place)] = True
            is_busy[pair] = True


class _Neighbours:
    """Pairs of spheres that overlap or may do so before a centre has moved by half a margin."""

    def __init__(self, centres: Float, reach: Float) -> None:
        self._centres, self._margin = centres.copy(), _MARGIN * float(reach.mean())
        first, second = _close_pairs(centres, 2.0 * float(reach.max()) + self._margin)
        apart = np.linalg.norm(centres[first] - centres[second], axis=1)
        near = apart < reach[first] + reach[second] + self._margin
        self.first, self.second, apart = first[near], second[near], apart[near]
        # Both directions, sorted by the first: neighbours of i are self._other[self._start[i] : self._start[i + 1]].
        origin = np.concatenate([self.first, self.second])
        order = np.argsort(origin, kind="stable")
        self._other = np.concatenate([self.second, self.first])[order]
        self._apart = np.concatenate([apart, apart])[order]
        self._start = np.concatenate([[0], np.cumsum(np.bincount(origin, minlength=len(reach)))])

    def are_left(self, centres: Float) -> bool:
        """Whether a centre has moved by more than half the margin."""
        return bool(np.max(np.sum((centres - self._centres) ** 2, axis=1)) > 0.25 * self._margin**2)

    def energy(self, centres: Float, reach: Float) -> tuple[float, Float]:
        """Energy of all overlaps, and its gradient."""
        across = centres[self.first] - centres[self.second]
        distance = np.maximum(np.sqrt(np.einsum("ij,ij->i", across, across)), 1e-12)
        overlap = np.maximum(reach[self.first] + reach[self.second] - distance, 0.0)
        push = (overlap / distance)[:, None] * across
        slope = np.empty(centres.shape)
        for axis in range(centres.shape[1]):
            slope[:, axis] = np.bincount(self.second, push[:, axis], len(centres))
            slope[:, axis] -= np.bincount(self.first, push[:, axis], len(centres))
        return 0.5 * float(np.dot(overlap, overlap)), slope

    def energy_at(self, places: Integers, other: Float, reach: Float) -> Float:
        """Energy of every place with its neighbours, were its sphere of another reach."""
        degree = self._start[places + 1] - self._start[places]
        owner = np.repeat(np.arange(len(places)), degree)
        entry = np.arange(len(owner)) + np.repeat(self._start[places] - (np.cumsum(degree) - degree), degree)
        overlap = np.maximum(other[owner] + reach[self._other[entry]] - self._apart[entry], 0.0)
        return np.asarray(np.bincount(owner, 0.5 * overlap**2, len(places)))

    def are_pairs(self, first: Integers, second: Integers) -> NDArray[np.bool_]:
        """Whether two are neighbours."""
        count = len(self._centres)
        keys = count * np.minimum(self.first, self.second) + np.maximum(self.first, self.second)
        return np.isin(count * np.minimum(first, second) + np.maximum(first, second), keys)

    def around(self, place: int) -> Integers:
        """The neighbours of one."""
        return np.asarray(self._other[self._start[place] : self._start[place + 1]])


def _pushed_apart(centres: Float, reach: Float, low: Float, high: Float) -> Float:
    near = _Neighbours(centres, reach)

    def energy(flat: Float) -> tuple[float, Float]:
        nonlocal near
        places = flat.reshape(centres.shape)
        if near.are_left(places):
            near = _Neighbours(places, reach)
        value, slope = near.energy(places, reach)
        return value, slope.reshape(-1)

    bounds = np.stack([low.reshape(-1), high.reshape(-1)], axis=1)
    options = {"maxiter": 400, "maxfun": 500, "ftol": 1e-16, "gtol": 1e-9, "maxcor": 12}
    found = minimize(energy, centres.reshape(-1), jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return np.clip(np.asarray(found.x, dtype=np.float64).reshape(centres.shape), low, high)


def _is_free(centres: Float, reach: Float) -> bool:
    first, second = _close_pairs(centres, 2.0 * float(reach.max()))
    distance = np.linalg.norm(centres[first] - centres[second], axis=1)
    return bool(np.all(distance >= reach[first] + reach[second]))


def _close_pairs(places: Float, distance: float) -> tuple[Integers, Integers]:
    if not math.isfinite(distance):
        first, second = np.triu_indices(len(places), 1)
        return first, second
    pairs = cKDTree(places).query_pairs(distance, output_type="ndarray")
    return pairs[:, 0], pairs[:, 1]
