"""Maps of every field of a 2D run at its last saved state, whole and close to the interfaces."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ssbsim.results._grid import Grid
from ssbsim.results._names import split_unit
from ssbsim.results._reader import Results
from ssbsim.results.pictures.mesh import cells_near, draw_interfaces, interface_edges, panel_height, set_aspect
from ssbsim.results.pictures.profiles import chosen_states, ordered_fields, windows_of
from ssbsim.results.pictures.regions import Window, set_position_axis
from ssbsim.results.pictures.style import (
    axis_label,
    is_flat,
    new_figure,
    noise_of,
    pretty_unit,
    scaled_unit,
    style,
    takes_logarithm,
)


def draw_maps(results: Results) -> Any | None:
    """A figure with a row of maps for each field; None but in 2D."""
    grid = results.grid
    if grid.dimension != 2:
        return None
    index, label = chosen_states(results)[-1]
    state, names = results.read_step(index), ordered_fields(results)
    windows = windows_of(results)[1][:2]
    edges = interface_edges(grid)
    with style():
        # Two panels a row: the whole and the close-up of one field, or two fields when there is no close-up.
        rows = -(-len(names) * len(windows) // 2)
        has_close_up = len(windows) > 1
        figure = new_figure(0.8 + rows * (panel_height(grid, columns=2) + (0.75 if has_close_up else 1.0)))
        panels = figure.subplots(rows, 2, squeeze=False)
        for axes in panels.ravel()[len(names) * len(windows) :]:
            axes.set_visible(False)
        for row, name in zip(panels.reshape(-1, len(windows)), names, strict=False):
            picture = None
            for axes, window in zip(row, windows, strict=True):
                picture = _map(axes, grid, window, edges, state.values(name), name) or picture
                if has_close_up and axes not in panels[-1]:  # all rows have the same axes
                    axes.set_xlabel("")
                    axes.tick_params(labelbottom=False)
            if picture is not None:
                bar = figure.colorbar(picture, ax=list(row), location="top", aspect=35 * len(windows), pad=0.02)
                bar.set_label(_label_and_scale(grid, state.values(name), name)[0])
        figure.suptitle(label, fontsize=8)
    return figure


def _map(
    axes: Any,
    grid: Grid,
    window: Window,
    edges: npt.NDArray[np.float64],
    values: npt.NDArray[np.float64],
    name: str,
) -> Any | None:
    """Draw one field in one window; returns what a colour bar needs, None when the field exists nowhere."""
    _, scale, norm, colours = _label_and_scale(grid, values, name)
    if values.ndim == 2:
        values = np.linalg.norm(values, axis=1)
    factor = set_position_axis(axes, window, "x")
    x, y = (grid.points[:, 0] - window.origin) * factor, grid.points[:, 1] * factor
    cells = grid.cells[cells_near(grid, window) & np.isfinite(values[grid.cells]).all(axis=1)]
    picture = None
    if len(cells):
        picture = axes.tripcolor(
            x, y, cells, np.nan_to_num(values * scale), shading="gouraud", norm=norm, cmap=colours, rasterized=True
        )
    draw_interfaces(axes, edges, factor, window.origin)
    low, high = y.min(), y.max()
    if window.label:
        half = 0.5 * np.ptp(y) / np.ptp(x) * (window.stop - window.start) * factor
        low, high = (low + high) / 2 - half, (low + high) / 2 + half
    axes.set_xlim((window.start - window.origin) * factor, (window.stop - window.origin) * factor)
    axes.set_ylim(low, high)
    set_aspect(axes, grid)
    size = max(abs(window.start - window.origin), abs(window.stop - window.origin))
    axes.set_ylabel(f"y ({scaled_unit(size, 'm')[1]})")
    return picture


def _label_and_scale(grid: Grid, values: npt.NDArray[np.float64], name_and_unit: str) -> tuple[str, float, Any, str]:
    """Label, factor, normalisation and colour map of a field."""
    from matplotlib.colors import LogNorm, Normalize

    name, unit = split_unit(name_and_unit)
    if values.ndim == 2:
        values, name = np.linalg.norm(values, axis=1), f"magnitude of {name}"
    used = values[np.unique(grid.cells)]
    finite = used[np.isfinite(used)]
    if len(finite) == 0:
        return axis_label(name, pretty_unit(unit)), 1.0, Normalize(0, 1), "viridis"
    if takes_logarithm(finite, unit):
        return axis_label(name, pretty_unit(unit)), 1.0, LogNorm(finite.min(), finite.max()), "viridis"
    scale, unit_text = scaled_unit(float(np.abs(finite).max()), unit)
    low, high = float(finite.min()) * scale, float(finite.max()) * scale
    if is_flat(finite, noise_of(name_and_unit, {})):
        low, high = low - (0.05 * abs(low) or 1.0), high + (0.05 * abs(high) or 1.0)
    # A field of both signs is white at zero, and red and blue mean the same size.
    is_signed = low < -0.02 * high and high > -0.02 * low
    if is_signed:
        low, high = -max(-low, high), max(-low, high)
    return axis_label(name, unit_text), scale, Normalize(low, high), "RdBu_r" if is_signed else "viridis"
