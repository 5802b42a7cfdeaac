"""The mesh: cell sizes in 1D, triangles in 2D, the outer surface in 3D.

Everything is drawn with matplotlib: off-screen rendering needs a graphics stack that compute nodes often lack.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ssbsim.results._grid import Grid
from ssbsim.results._reader import Results
from ssbsim.results.pictures.profiles import windows_of
from ssbsim.results.pictures.regions import Window, name_regions, set_position_axis, shade
from ssbsim.results.pictures.style import TINTS, WIDTH, new_figure, phase_patches, scaled_unit, style

_MOST_EDGES = 60_000  # cells above which edges would blacken the picture
_TALLEST = 3.0  # inches of a panel
_THINNEST = 0.15  # height over width of a strip below which the two axes get scales of their own
_EDGE = "#707070"


def draw_mesh(results: Results) -> Any:
    """A figure of the mesh."""
    with style():
        figure = (_sizes, _triangles, _surface)[results.grid.dimension - 1](results)
        if patches := phase_patches(results.grid.phase_names):
            figure.legend(handles=patches, loc="outside upper center", ncols=4, frameon=False)
    return figure


def panel_height(grid: Grid, *, columns: int) -> float:
    """Height in inches of one of so many panels side by side that show a 2D grid."""
    return float(np.clip((WIDTH / columns - 0.7) * _slenderness(grid), 0.7, _TALLEST))


def set_aspect(axes: Any, grid: Grid) -> None:
    """The same scale along x and y, but for a strip that would be too thin to see."""
    axes.set_aspect("equal" if _slenderness(grid) > _THINNEST else "auto")


def _slenderness(grid: Grid) -> float:
    extent = np.ptp(grid.points[:, :2], axis=0)
    return float(extent[1] / extent[0])


def interface_edges(grid: Grid) -> npt.NDArray[np.float64]:
    """Ends of the edges where two grains of a 2D grid meet, in metres, shape (k, 2, 2)."""
    points = grid.points[:, :2]
    edges = grid.cells[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)
    key = np.sort(_places(points)[edges], axis=1)
    grain = np.repeat(grid.grain, 3)
    order = np.lexsort((key[:, 1], key[:, 0]))
    key, grain, edges = key[order], grain[order], edges[order]
    is_pair = (key[1:] == key[:-1]).all(axis=1) & (grain[1:] != grain[:-1])
    found: npt.NDArray[np.float64] = points[edges[1:][is_pair]]
    return found


def draw_interfaces(axes: Any, edges: npt.NDArray[np.float64], factor: float, origin: float) -> None:
    """Black lines along the edges of ``interface_edges``."""
    from matplotlib.collections import LineCollection

    axes.add_collection(LineCollection(list((edges - [origin, 0.0]) * factor), colors="black", linewidths=0.3))


def cells_near(grid: Grid, window: Window) -> npt.NDArray[np.bool_]:
    """Which cells reach into a window along x."""
    x = grid.points[grid.cells][:, :, 0]
    is_near: npt.NDArray[np.bool_] = (x.max(axis=1) >= window.start) & (x.min(axis=1) <= window.stop)
    return is_near


def _places(points: Any) -> Any:
    """The same number for points at the same place: a grid lists a point once for each side of an interface."""
    # A billionth of the size is far below any cell, and far above the rounding of coordinates.
    rounded = np.round(points / (1e-9 * np.ptp(points, axis=0).max()))
    return np.unique(rounded, axis=0, return_inverse=True)[1].ravel()


def _sizes(results: Results) -> Any:
    grid = results.grid
    regions, windows = windows_of(results)
    ends = np.sort(grid.points[grid.cells][:, :, 0], axis=1)
    middle, size = ends.mean(axis=1), np.diff(ends, axis=1)[:, 0]
    figure = new_figure(2.6)
    panels = figure.subplots(1, len(windows), sharey=True, squeeze=False)[0]
    scale, unit = scaled_unit(float(np.median(size)), "m")
    for axes, window in zip(panels, windows, strict=True):
        factor = set_position_axis(axes, window, "x")
        shade(axes, regions, window, factor, grid.phase_names)
        name_regions(axes, regions, window, 72 * WIDTH / len(windows) * 0.75)
        axes.plot((middle - window.origin) * factor, size * scale, ".", color="black", markersize=3)
    panels[0].set_ylabel(f"cell size ({unit})")
    if size.max() > 5 * size.min():
        panels[0].set_yscale("log")
    return figure


def _triangles(results: Results) -> Any:
    grid = results.grid
    whole, *parts = windows_of(results)[1]
    height = panel_height(grid, columns=1)
    figure = new_figure(0.9 + height + (_TALLEST if parts else 0.0))
    rows = figure.subplots(
        2 if parts else 1, 1, squeeze=False, height_ratios=[height, _TALLEST - 0.5][: 1 + bool(parts)]
    )
    _draw_triangles(rows[0, 0], grid, whole)
    if parts:
        # Of two places one is enough for the mesh; the wider window has more to see.
        _draw_triangles(rows[1, 0], grid, max(parts, key=lambda window: window.stop - window.start))
    return figure


def _draw_triangles(axes: Any, grid: Grid, window: Window) -> None:
    from matplotlib.colors import ListedColormap

    factor = set_position_axis(axes, window, "x")
    is_near = cells_near(grid, window)
    cells, phase = grid.cells[is_near], grid.phase[is_near]
    points = (grid.points[:, :2] - [window.origin, 0.0]) * factor
    count = len(grid.phase_names)
    axes.tripcolor(
        points[:, 0],
        points[:, 1],
        cells,
        facecolors=phase.astype(float),
        cmap=ListedColormap([TINTS[i % len(TINTS)] for i in range(count)]),
        vmin=-0.5,
        vmax=count - 0.5,
        edgecolors=_EDGE if len(cells) <= _MOST_EDGES else "none",
        linewidth=0.15,
        rasterized=True,
    )
    draw_interfaces(axes, interface_edges(grid), factor, window.origin)
    low, high = points[:, 1].min(), points[:, 1].max()
    if window.label:
        middle, half = (low + high) / 2, 0.2 * (window.stop - window.start) * factor
        low, high = max(low, middle - half), min(high, middle + half)
    axes.set_xlim((window.start - window.origin) * factor, (window.stop - window.origin) * factor)
    axes.set_ylim(low, high)
    if window.label:
        axes.set_aspect("equal")
    else:
        set_aspect(axes, grid)
    size = max(abs(window.start - window.origin), abs(window.stop - window.origin))
    axes.set_ylabel(f"y ({scaled_unit(size, 'm')[1]})")


def _surface(results: Results) -> Any:
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection

    grid = results.grid
    faces = grid.cells[:, [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]].reshape(-1, 3)
    key = np.sort(_places(grid.points)[faces], axis=1)
    _, first, count = np.unique(key, axis=0, return_index=True, return_counts=True)
    outer = first[count == 1]
    factor, unit = scaled_unit(float(np.ptp(grid.points, axis=0).max()), "m")
    points = grid.points * factor
    figure = new_figure(4.2)
    axes = figure.add_subplot(projection="3d")
    colours = [TINTS[grid.phase[i // 4] % len(TINTS)] for i in outer]
    edges = _EDGE if len(outer) <= _MOST_EDGES else colours
    axes.add_collection3d(
        Poly3DCollection(points[faces[outer]], facecolors=colours, edgecolors=edges, linewidths=0.15, rasterized=True)
    )
    frame_box(axes, points, unit)
    return figure


def frame_box(axes: Any, points: npt.NDArray[np.float64], unit: str) -> None:
    """Limits, labels and ticks of 3D axes around points that are in this unit."""
    from matplotlib.ticker import MaxNLocator

    size = np.ptp(points, axis=0)
    for name, low, high in zip("xyz", points.min(axis=0), points.max(axis=0), strict=True):
        getattr(axes, f"set_{name}lim")(low, high)
        getattr(axes, f"set_{name}label")(f"{name} ({unit})", labelpad=14 if high - low > 0.6 * size.max() else 4)
        getattr(axes, f"{name}axis").set_major_locator(MaxNLocator(6 if high - low > 0.6 * size.max() else 3))
    axes.set_box_aspect(np.maximum(size, 0.15 * size.max()))
