"""Overlay plots: lines are exact, open points are simulated."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ssbsim.commands.validate._rows import Curve, Panel
from ssbsim.results.pictures.style import LINES, WIDTH, style

Floats = npt.NDArray[np.float64]

_MARKERS = "osD^vP"
_MOST_POINTS = 45
_HEIGHT = 2.7  # inches of one row of panels


def draw_overlay(panels: Sequence[Panel], stem: Path, *, title: str) -> list[Path]:
    """Draw panels side by side (at most three in a row) and save them as PNG and SVG.

    Args:
        panels: The diagrams.
        stem: Path without suffix.
        title: Heading of the figure.

    Returns:
        The files written.
    """
    from matplotlib.figure import Figure

    across = min(len(panels), 3) if len(panels) != 4 else 2
    down = math.ceil(len(panels) / across)
    with style():
        width = WIDTH if across > 1 else 0.62 * WIDTH
        figure = Figure(figsize=(width, _HEIGHT * down + 0.25))
        figure.set_layout_engine("constrained", w_pad=0.06, h_pad=0.05)
        figure.suptitle(title, fontsize=9)
        grid = figure.subplots(down, across, squeeze=False)
        for axes in grid.reshape(-1)[len(panels) :]:
            axes.set_visible(False)
        for axes, panel in zip(grid.reshape(-1), panels, strict=False):
            _draw(axes, panel)
        paths = [stem.with_suffix(suffix) for suffix in (".png", ".svg")]
        for path in paths:
            figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    return paths


def _draw(ax: Any, panel: Panel) -> None:
    for curve in panel.exact:
        ax.plot(curve.x, curve.y, color=_colour(curve), zorder=2, label=curve.label or None)
    for curve in panel.approximate:
        ax.plot(
            curve.x,
            curve.y,
            color=_colour(curve),
            linestyle=(0, (4, 2)),
            linewidth=0.9,
            zorder=1,
            label=curve.label or None,
        )
    for curve in panel.simulated:
        x, y = _thinned(curve, panel)
        ax.plot(
            x,
            y,
            linestyle="none",
            marker=_MARKERS[curve.colour % len(_MARKERS)],
            markersize=4,
            markerfacecolor="white",
            markeredgewidth=0.9,
            color=_colour(curve),
            zorder=3,
            label=curve.label or None,
        )
    if panel.log_x:
        ax.set_xscale("log")
        _label_few(ax, panel)
    if panel.log_y:
        ax.set_yscale("log")
    if panel.x_range is not None:
        ax.set_xlim(*panel.x_range)
    if panel.y_range is not None:
        ax.set_ylim(*panel.y_range)
    ax.set_xlabel(panel.x_label)
    ax.set_ylabel(panel.y_label)
    ax.set_title(panel.title)
    if any(curve.label for curve in (*panel.exact, *panel.approximate, *panel.simulated)):
        ax.legend(frameon=False, fontsize=7, handlelength=1.6, labelspacing=0.3)


def _label_few(ax: Any, panel: Panel) -> None:
    """Plain numbers at the points themselves where a logarithmic axis holds few of them and no power of ten but one."""
    places = np.unique(np.concatenate([np.asarray(curve.x, dtype=np.float64) for curve in panel.simulated]))
    if len(places) <= 5 and places[-1] < 30.0 * places[0]:
        from matplotlib.ticker import FixedLocator, NullLocator

        ax.xaxis.set_major_locator(FixedLocator(list(places)))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.set_xticklabels([f"{place:g}" for place in places])


def _colour(curve: Curve) -> str:
    return LINES[curve.colour % len(LINES)]


def _thinned(curve: Curve, panel: Panel) -> tuple[Floats, Floats]:
    """Few enough points to tell apart, evenly spread over the axis they are drawn on."""
    x, y = np.asarray(curve.x, dtype=np.float64), np.asarray(curve.y, dtype=np.float64)
    if panel.x_range is not None:
        inside = (x >= panel.x_range[0]) & (x <= panel.x_range[1])
        x, y = x[inside], y[inside]
    if len(x) <= _MOST_POINTS:
        return x, y
    place = np.log(np.maximum(x, 1e-300)) if panel.log_x else x
    wanted = np.linspace(place.min(), place.max(), _MOST_POINTS)
    picked = np.unique(np.argmin(np.abs(place[:, None] - wanted[None, :]), axis=0))
    return x[picked], y[picked]
