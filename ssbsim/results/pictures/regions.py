"""Regions along a line: which there are, where to look closely, and how to mark them on an axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ssbsim.results.pictures.style import scaled_unit, tint_of

if TYPE_CHECKING:
    import pandas as pd

_THIN = 0.1  # share of the whole length below which a layer cannot be seen
_WIDEST = 0.25  # half of a close-up, as a share of the whole length, above which it shows nothing new


@dataclass(frozen=True)
class Region:
    """A stretch of one grain on a line; positions in metres."""

    grain: str
    phase: str
    start: float
    stop: float


@dataclass(frozen=True)
class Window:
    """A part of a line to draw: positions in metres, and the place that the axis counts from."""

    start: float
    stop: float
    origin: float = 0.0
    label: str = ""


@dataclass(frozen=True)
class _Place:
    start: float
    stop: float
    label: str
    is_end: bool = False


def regions_of(profile: pd.DataFrame, axis: str, phase_of_grain: Mapping[str, str]) -> list[Region]:
    """The regions that a profile passes, in order."""
    position, grains = profile[axis].to_numpy(), profile["grain"].to_numpy()
    edges = [0, *(np.flatnonzero(grains[1:] != grains[:-1]) + 1), len(grains)]
    return [
        Region(grains[a], phase_of_grain[grains[a]], position[a], position[b - 1])
        for a, b in zip(edges, edges[1:], strict=False)
    ]


def close_ups(regions: Sequence[Region], profiles: Sequence[pd.DataFrame], axis: str) -> list[Window]:
    """At most two windows that show what the whole length hides, in order.

    Candidates are the interfaces (those around a thin layer together) and the two ends. A window reaches half as far
    again as where 95 % of the change of the given profiles near its place has happened, and at least three widths of
    its layer to each side. An end is shown only when much of all the change happens there.
    """
    low, high = regions[0].start, regions[-1].stop
    length = high - low
    places = [
        *_interfaces(regions, _THIN * length),
        _Place(low, low, "left end", True),
        _Place(high, high, "right end", True),
    ]
    middles = np.array([(place.start + place.stop) / 2 for place in places])
    changes = [_change_near(places, middles, profile, axis) for profile in profiles]
    total = max((sum(share for share, _ in change) for change in changes), default=0.0) or 1.0
    ranked: list[tuple[float, Window]] = []
    for i, place in enumerate(places):
        share = max((change[i][0] for change in changes), default=0.0) / total
        reach = max((change[i][1] for change in changes), default=0.0)
        width = place.stop - place.start
        if place.is_end and share < 0.05:
            continue
        half = 1.5 * reach if 1.5 * reach <= _WIDEST * length else 0.0
        half = min(max(half, 3 * width), _WIDEST * length)
        if half == 0.0:
            continue
        window = Window(max(place.start - half, low), min(place.stop + half, high), float(middles[i]), place.label)
        ranked.append((share + (1.0 if width > 0 else 0.0), window))
    ranked.sort(key=lambda item: -item[0])
    return sorted((window for _, window in ranked[:2]), key=lambda window: window.start)


def _interfaces(regions: Sequence[Region], thin: float) -> list[_Place]:
    places: list[_Place] = []
    for left, right in zip(regions, regions[1:], strict=False):
        here = _Place(right.start, right.start, f"{left.grain}|{right.grain}")
        if places and here.start - places[-1].stop < thin:
            is_first = places[-1].start == places[-1].stop
            places[-1] = replace(
                places[-1], stop=here.stop, label=f"centre of {left.grain}" if is_first else "interfaces"
            )
        else:
            places.append(here)
    return places


def _change_near(
    places: Sequence[_Place], middles: np.ndarray[Any, Any], profile: pd.DataFrame, axis: str
) -> list[tuple[float, float]]:
    """Change of a profile next to each place, up and down added up, and the distance that holds 95 % of it."""
    position, values = profile[axis].to_numpy(), profile["value"].to_numpy()
    grains = profile["grain"].to_numpy()
    # A jump at an interface has no width; only what changes within the grains says how far to look.
    steps = np.where(grains[1:] == grains[:-1], np.nan_to_num(np.abs(np.diff(values))), 0.0)
    centre = (position[1:] + position[:-1]) / 2
    owner = np.abs(centre[:, None] - middles[None, :]).argmin(axis=1)
    result = []
    for i, place in enumerate(places):
        is_own = owner == i
        own, at = steps[is_own], centre[is_own]
        distance = np.maximum(np.maximum(place.start - at, at - place.stop), 0.0)
        order = np.argsort(distance)
        running = np.cumsum(own[order])
        amount = float(running[-1]) if len(running) else 0.0
        reach = float(distance[order][np.searchsorted(running, 0.95 * amount)]) if amount > 0 else 0.0
        result.append((amount, reach))
    return result


def shade(axes: Any, regions: Sequence[Region], window: Window, factor: float, phases: Sequence[str]) -> None:
    """Tint the background by phase, with a thin line at every interface."""
    for region in regions:
        start, stop = max(region.start, window.start), min(region.stop, window.stop)
        if stop <= start:
            continue
        low, high = ((x - window.origin) * factor for x in (start, stop))
        axes.axvspan(low, high, facecolor=tint_of(region.phase, phases), edgecolor="none", zorder=0)
        if region.start > window.start:
            axes.axvline(low, color="#9A9A9A", linewidth=0.5, zorder=0.5)


def name_regions(axes: Any, regions: Sequence[Region], window: Window, width_in_points: float) -> None:
    """Write the names of the regions above an axis; those with no room are left out (a close-up shows them)."""
    span = window.stop - window.start
    last_end = -np.inf
    for region in regions:
        start, stop = max(region.start, window.start), min(region.stop, window.stop)
        needed = 4.2 * len(region.grain) + 4  # points that the name takes at 7 pt
        middle = ((start + stop) / 2 - window.start) / span * width_in_points
        is_roomy = (stop - start) / span * width_in_points > 0.3 * needed and middle - needed / 2 > last_end
        if stop > start and is_roomy:
            axes.annotate(
                region.grain,
                (middle / width_in_points, 1.0),
                xytext=(0, 3),
                xycoords="axes fraction",
                textcoords="offset points",
                ha="center",
                va="bottom",
                fontsize=7,
                color="#444444",
            )
            last_end = middle + needed / 2


def set_position_axis(axes: Any, window: Window, axis: str) -> float:
    """Limits and label of a position axis; returns the factor from metres to the unit of the axis."""
    size = max(abs(window.start - window.origin), abs(window.stop - window.origin))
    factor, unit = scaled_unit(size, "m")
    axes.set_xlim((window.start - window.origin) * factor, (window.stop - window.origin) * factor)
    axes.set_xlabel(f"distance from {window.label} ({unit})" if window.label else f"{axis} ({unit})")
    return factor
