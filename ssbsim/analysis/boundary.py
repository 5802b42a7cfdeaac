r"""One grain boundary, read from a profile across it.

The profile runs along x through grain "left", an optional core of finite width, and grain "right"; a point where a
quantity may jump is listed once for each grain it belongs to. Distances ``d`` count from the edge of the core into a
grain, and the bulk of a grain is its state at ``d = reach`` (by default its far end: give a reach when a terminal
with its own space charge sits there). On each side

    edge potential      phi(0) - phi_bulk                                            V, the space-charge potential
    depletion width     int_0^reach (1 - c/c_bulk) dd                                m, negative for an accumulation
    decay distance      d where |phi - phi_bulk| first falls to 1/e of its edge value  m
    charge              int_0^reach rho dd                                           C/m2
    excess resistance   int_0^reach (1/sigma - 1/sigma_bulk) dd                      ohm m2

and in the core ``int rho dx`` and ``int (1/sigma - 1/sigma_bulk) dx`` with the mean of the two bulk resistivities.
The two widths differ: a fully depleted layer (Mott-Schottky, width lambda*, u0 = z F phi0/RT large) has a depletion
width of ``lambda* (1 - sqrt(pi/u0)/2)`` and a decay distance of ``0.393 lambda*``.

Charges and concentrations are integrated by the trapezoidal rule, the exact rule of vertex-lumped linear elements, so
that amounts agree with the run's own. Resistivity spans decades from one point to the next and is integrated as an
exponential between points.

At equilibrium the conductivity ``sigma = F^2 sum z^2 M`` and the profile give the small-signal direct-current
resistance. A profile under current mixes the drop ``current * resistance`` into the potentials: take these from a run
at rest.

Source: J. Maier, Prog. Solid State Chem. 23 (1995) 171, doi 10.1016/0079-6786(95)00004-E (excess quantities of space
charges).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

_Array = NDArray[np.float64]


def _line(*columns: ArrayLike) -> list[_Array]:
    arrays: list[_Array] = [np.asarray(column, dtype=np.float64) for column in columns]
    shape = arrays[0].shape
    if len(shape) != 1 or any(array.shape != shape for array in arrays):
        raise ValueError(f"a profile is equally long one-dimensional arrays, got shapes {[a.shape for a in arrays]}")
    if shape[0] < 2:
        raise ValueError("a profile needs at least two points")
    if not all(bool(np.all(np.isfinite(array))) for array in arrays):
        raise ValueError("a profile holds values that are not finite; select the points where the field exists")
    if bool(np.any(np.diff(arrays[0]) < 0.0)):
        raise ValueError("positions must not fall along a profile; sort it first")
    return arrays


def _trapezoid(x: _Array, y: _Array) -> float:
    return float(np.sum(0.5 * (y[1:] + y[:-1]) * np.diff(x)))


def equivalent_width(x: ArrayLike, concentration: ArrayLike, *, bulk_concentration: float) -> float:
    """Width (m) of a fully depleted layer that misses as much of the ion: ``int (1 - c/c_bulk) dx``.

    Args:
        x: Positions, rising, m.
        concentration: mol/m3.
        bulk_concentration: mol/m3, larger than 0.
    """
    place, amount = _line(x, concentration)
    if not bulk_concentration > 0.0:
        raise ValueError(f"bulk_concentration must be larger than zero, got {bulk_concentration}")
    return _trapezoid(place, 1.0 - amount / bulk_concentration)


def decay_distance(distance: ArrayLike, potential: ArrayLike, *, bulk_potential: float) -> float:
    """Distance (m) from the first point to where ``|phi - phi_bulk|`` first falls to 1/e of its value there.

    Linear between points; nan when the profile starts at the bulk potential or never falls that far.

    Args:
        distance: Rising, m.
        potential: V.
        bulk_potential: V.
    """
    place, level = _line(distance, potential)
    size = np.abs(level - bulk_potential)
    target = size[0] * np.exp(-1.0)
    below = np.flatnonzero(size <= target)
    if size[0] == 0.0 or below.size == 0:
        return float("nan")
    after = int(below[0])
    part = (size[after - 1] - target) / (size[after - 1] - size[after])
    return float(place[after - 1] + part * (place[after] - place[after - 1]) - place[0])


def excess_resistance(x: ArrayLike, conductivity: ArrayLike, *, bulk_conductivity: float) -> float:
    """Resistance (ohm m2) beyond that of as much bulk: ``int (1/sigma - 1/sigma_bulk) dx``.

    Args:
        x: Positions, rising, m.
        conductivity: S/m, larger than 0.
        bulk_conductivity: S/m, larger than 0.
    """
    place, sigma = _line(x, conductivity)
    if not (bulk_conductivity > 0.0 and bool(np.all(sigma > 0.0))):
        raise ValueError("conductivities must be larger than zero: an excess resistance needs a path")
    resistivity = 1.0 / sigma
    step = np.diff(np.log(resistivity))
    flat = np.abs(step) < 1e-4
    # logarithmic mean, exact for an exponential; the plain mean where both agree to 1e-9
    exponential = np.diff(resistivity) / np.where(flat, 1.0, step)
    mean = np.where(flat, 0.5 * (resistivity[1:] + resistivity[:-1]), exponential)
    return float(np.sum((mean - 1.0 / bulk_conductivity) * np.diff(place)))


def resistance_ratio(excess: float, thickness: float, *, bulk_conductivity: float) -> float:
    """Resistance of a layer over that of as much bulk (1): ``1 + R_excess sigma_bulk/thickness``.

    Args:
        excess: R_excess, ohm m2.
        thickness: Of the layer, m; the choice is the reader's, so quote it with the ratio.
        bulk_conductivity: S/m.
    """
    if not (thickness > 0.0 and bulk_conductivity > 0.0):
        raise ValueError("thickness and bulk_conductivity must be larger than zero")
    return 1.0 + excess * bulk_conductivity / thickness


def equivalent_permeability(excess: float, *, bulk_diffusivity: float, bulk_conductivity: float) -> float:
    """Permeability (m/s) of a boundary without thickness, ``P = D_bulk/(sigma_bulk R_excess)``.

    With the conductivity diffusivity it is that of charge; a tracer needs the tracer D *and* the Haven ratio of the
    boundary, which a profile does not know. Infinite for no excess; nan for a boundary that conducts better than bulk.

    Args:
        excess: R_excess, ohm m2.
        bulk_diffusivity: m2/s.
        bulk_conductivity: S/m.
    """
    if not (bulk_diffusivity > 0.0 and bulk_conductivity > 0.0):
        raise ValueError("bulk_diffusivity and bulk_conductivity must be larger than zero")
    if excess <= 0.0:
        return float("inf") if excess == 0.0 else float("nan")
    return bulk_diffusivity / (bulk_conductivity * excess)


@dataclass(frozen=True)
class SpaceChargeLayer:
    """One side of a boundary; a quantity whose input was not given is nan.

    Attributes:
        grain: Label of the grain.
        edge_potential: Potential at the edge of the core against the bulk of this grain, V.
        depletion_width: ``int (1 - c/c_bulk)``, m; negative for an accumulation.
        decay_distance: Where the potential has fallen to 1/e, m.
        charge: C/m2.
        excess_resistance: ohm m2.
        bulk_potential: V.
        bulk_concentration: mol/m3.
        bulk_conductivity: S/m.
        residual: Part of the edge potential that still falls over the last fifth of the reach (1): small, or there is
            no bulk inside the reach.
    """

    grain: str | int
    edge_potential: float
    depletion_width: float
    decay_distance: float
    charge: float
    excess_resistance: float
    bulk_potential: float
    bulk_concentration: float
    bulk_conductivity: float
    residual: float


@dataclass(frozen=True)
class BoundaryAnalysis:
    """A grain boundary taken apart.

    Attributes:
        left: Space-charge layer on the side of smaller x.
        right: The other one.
        core_width: m; 0 for a boundary without thickness.
        core_charge: ``int rho`` over the core, C/m2; nan for a core without thickness.
        core_excess_resistance: ohm m2; 0 for a core without thickness.
    """

    left: SpaceChargeLayer
    right: SpaceChargeLayer
    core_width: float
    core_charge: float
    core_excess_resistance: float

    @property
    def space_charge_potential(self) -> float:
        """Potential at the edges of the core against the bulk, mean of both sides, V."""
        return 0.5 * (self.left.edge_potential + self.right.edge_potential)

    @property
    def layer_charge(self) -> float:
        """Charge of both layers, C/m2; its negative is the charge of a core without thickness."""
        return self.left.charge + self.right.charge

    @property
    def charge_imbalance(self) -> float:
        """Core and layers together, C/m2: zero if the boundary is neutral and the reach long enough."""
        return self.core_charge + self.layer_charge

    @property
    def layer_excess_resistance(self) -> float:
        """Excess resistance of both layers, ohm m2."""
        return self.left.excess_resistance + self.right.excess_resistance

    @property
    def excess_resistance(self) -> float:
        """Excess resistance of the whole boundary, ohm m2."""
        return self.core_excess_resistance + self.layer_excess_resistance

    @property
    def bulk_conductivity(self) -> float:
        """Harmonic mean of the two bulk conductivities, S/m."""
        return 2.0 / (1.0 / self.left.bulk_conductivity + 1.0 / self.right.bulk_conductivity)

    @property
    def thickness(self) -> float:
        """Core and the two depletion widths, m."""
        return self.core_width + self.left.depletion_width + self.right.depletion_width

    @property
    def ratio(self) -> float:
        """Resistance over that of as much bulk (1) for `thickness`; nan where layers accumulate more than the core."""
        if not self.thickness > 0.0:
            return float("nan")
        return resistance_ratio(self.excess_resistance, self.thickness, bulk_conductivity=self.bulk_conductivity)

    def permeability(self, bulk_diffusivity: float) -> float:
        """Equivalent permeability (m/s), see `equivalent_permeability`."""
        return equivalent_permeability(
            self.excess_resistance, bulk_diffusivity=bulk_diffusivity, bulk_conductivity=self.bulk_conductivity
        )


def _column(values: ArrayLike | None, like: _Array) -> _Array:
    """The values as an array, or nans for a quantity that was not given."""
    array: _Array = np.full_like(like, np.nan) if values is None else np.asarray(values, dtype=np.float64)
    if array.shape != like.shape:
        raise ValueError(f"every quantity needs one value per point: {array.shape} values, {like.shape} points")
    return array


def _section(position: _Array, mask: NDArray[np.bool_], columns: list[_Array]) -> tuple[_Array, list[_Array]]:
    """Rising unique positions under a mask, and the mean of each column over the points that share a position."""
    place, index = np.unique(position[mask], return_inverse=True)
    count = np.bincount(index)
    return place, [np.bincount(index, weights=column[mask]) / count for column in columns]


def _layer(grain: str | int, distance: _Array, columns: list[_Array], reach: float | None) -> SpaceChargeLayer:
    if reach is not None:
        if not 0.0 < reach <= distance[-1] * (1.0 + 1e-9):
            raise ValueError(f"reach {reach:g} m must be positive and inside grain {grain!r} of {distance[-1]:g} m")
        is_near = distance <= reach * (1.0 + 1e-9)
        distance, columns = distance[is_near], [column[is_near] for column in columns]
    if distance.size < 3:
        raise ValueError(f"grain {grain!r} has {distance.size} points within the reach; a layer needs at least three")
    potential, concentration, conductivity, charge_density = columns
    edge = float(potential[0] - potential[-1])
    late = float(np.interp(0.8 * distance[-1], distance, potential) - potential[-1])
    known = [bool(np.all(np.isfinite(column))) for column in columns]
    nan = float("nan")
    return SpaceChargeLayer(
        grain=grain,
        edge_potential=edge,
        depletion_width=(
            equivalent_width(distance, concentration, bulk_concentration=float(concentration[-1])) if known[1] else nan
        ),
        decay_distance=decay_distance(distance, potential, bulk_potential=float(potential[-1])),
        charge=_trapezoid(distance, charge_density) if known[3] else nan,
        excess_resistance=(
            excess_resistance(distance, conductivity, bulk_conductivity=float(conductivity[-1])) if known[2] else nan
        ),
        bulk_potential=float(potential[-1]),
        bulk_concentration=float(concentration[-1]),
        bulk_conductivity=float(conductivity[-1]),
        residual=abs(late / edge) if edge != 0.0 else 0.0,
    )


def analyse_boundary(
    x: ArrayLike,
    potential: ArrayLike,
    *,
    grain: Any,
    left: str | int,
    right: str | int,
    core: str | int | None = None,
    concentration: ArrayLike | None = None,
    conductivity: ArrayLike | None = None,
    charge_density: ArrayLike | None = None,
    reach: float | None = None,
) -> BoundaryAnalysis:
    """Take a grain boundary apart into core and two space-charge layers.

    Points may come in any order, and from a two- or three-dimensional run that is uniform across x: values that share a
    grain and a position are averaged.

    Args:
        x: Position of each point, m.
        potential: V.
        grain: Label of the grain each point belongs to, same length; points on an interface once for each grain.
        left: Label of the grain at smaller x.
        right: Label of the grain at larger x.
        core: Label of the core between them; None when the grains touch.
        concentration: Of the mobile ion, mol/m3.
        conductivity: S/m.
        charge_density: C/m3.
        reach: Length of grain, from the core, that belongs to the boundary, m; by default all of it.

    Raises:
        ValueError: A label without points, grains that do not touch, shapes that differ, or a reach beyond a grain.
    """
    position = np.asarray(x, dtype=np.float64)
    columns = [_column(values, position) for values in (potential, concentration, conductivity, charge_density)]
    labels = np.asarray(grain)
    if labels.shape != position.shape or position.ndim != 1:
        raise ValueError(f"x and grain must be equally long and one-dimensional, got {position.shape}, {labels.shape}")
    masks = {name: labels == name for name in (left, right, core) if name is not None}
    for name, mask in masks.items():
        if not bool(np.any(mask)):
            raise ValueError(f"no point belongs to grain {name!r}; the profile has {np.unique(labels).tolist()}")
    ends = {name: (float(position[mask].min()), float(position[mask].max())) for name, mask in masks.items()}
    order = [left, right] if core is None else [left, core, right]
    tolerance = 1e-9 * (max(end[1] for end in ends.values()) - min(end[0] for end in ends.values()))
    for first, second in zip(order[:-1], order[1:], strict=True):
        gap = ends[second][0] - ends[first][1]
        if abs(gap) > tolerance:
            raise ValueError(
                f"grain {first!r} ends at {ends[first][1]:g} m but {second!r} starts at {ends[second][0]:g} m; "
                "list a point on an interface once for each grain, and name the grain at smaller x as left"
            )
    left_distance, left_columns = _section(ends[left][1] - position, masks[left], columns)
    right_distance, right_columns = _section(position - ends[right][0], masks[right], columns)
    left_layer = _layer(left, left_distance, left_columns, reach)
    right_layer = _layer(right, right_distance, right_columns, reach)
    width, charge, excess = 0.0, float("nan"), 0.0
    if core is not None:
        place, (_, _, sigma, rho) = _section(position, masks[core], columns)
        width, charge = ends[core][1] - ends[core][0], _trapezoid(place, rho)
        bulk = 2.0 / (1.0 / left_layer.bulk_conductivity + 1.0 / right_layer.bulk_conductivity)
        excess = excess_resistance(place, sigma, bulk_conductivity=bulk) if np.isfinite(bulk) else float("nan")
    return BoundaryAnalysis(
        left=left_layer, right=right_layer, core_width=width, core_charge=charge, core_excess_resistance=excess
    )
