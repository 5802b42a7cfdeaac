"""Currents, amounts, voltages and step sizes against time."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt

from ssbsim.results._names import split_unit
from ssbsim.results._reader import Results
from ssbsim.results.pictures.style import (
    axis_label,
    line_looks,
    new_figure,
    pretty_name,
    scale_values,
    scaled_unit,
    spans_decades,
    style,
)

# First word of a column, and the title of its panel.
_KINDS = {
    "current": "current",
    "voltage": "voltage",
    "applied": "applied potential",
    "charge": "charge",
    "amount": "relative change of amount",
    "step size": "time step",
}
_STEP = "step"


def draw_history(results: Results) -> Any | None:
    """A figure with a panel for each kind of quantity in the history; None when there are fewer than two steps."""
    table = results.history
    panels = _panels([str(column) for column in table.columns if not table[column].isna().all()])
    # A potential that is held says nothing against time.
    x, label, factor, is_logarithmic = _abscissa(table)
    seen = table[np.isfinite(x)]
    panels = {key: columns for key, columns in panels.items() if key[0] != "applied" or _changes(seen[columns])}
    # Studies outside of time have no step size.
    panels = {
        key: columns
        for key, columns in panels.items()
        if key[0] != "step size" or (table[columns].to_numpy(dtype=float) > 0).any()
    }
    if len(table) < 2 or not panels:
        return None
    with style():
        figure = new_figure(0.7 + 1.35 * len(panels))
        rows = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
        for axes, (kind, columns) in zip(rows, panels.items(), strict=True):
            _draw_panel(axes, kind, columns, table, x * factor)
            if is_logarithmic:
                axes.set_xscale("log")
            axes.set_xlim(*_limits(x * factor, label, is_logarithmic=is_logarithmic))
        rows[-1].set_xlabel(label)
        is_counted = label == _STEP
        if is_counted:
            rows[-1].xaxis.get_major_locator().set_params(integer=True)
        _mark_studies(rows, table, x * factor - (0.5 if is_counted else 0.0))
        figure.align_ylabels(rows)
    return figure


def _panels(columns: list[str]) -> dict[tuple[str, str], list[str]]:
    """Columns by kind and unit, in the order of ``_KINDS``."""
    panels: dict[tuple[str, str], list[str]] = {}
    for kind in _KINDS:
        for column in columns:
            name, unit = split_unit(column)
            if re.match(rf"{kind}\b", name):
                panels.setdefault((kind, unit), []).append(column)
    return panels


def _changes(table: Any) -> bool:
    return bool((table.nunique() > 1).any())


def _abscissa(table: Any) -> tuple[npt.NDArray[np.float64], str, float, bool]:
    """Time where it grows from row to row, else the number of the row."""
    if "time [s]" in table.columns:
        time = table["time [s]"].to_numpy(dtype=float)
        positive = time[time > 0]
        if len(positive) > 1 and (np.diff(time) >= 0).all() and len(np.unique(time)) > 0.5 * len(time):
            is_logarithmic = spans_decades(positive)
            if is_logarithmic:  # the start has no place on a logarithmic axis
                time = np.where(time > 0, time, np.nan)
            factor, unit = (1.0, "s") if is_logarithmic else scaled_unit(float(positive.max()), "s")
            return time, axis_label("time", unit), factor, is_logarithmic
    return np.arange(1, len(table) + 1, dtype=float), _STEP, 1.0, False


def _draw_panel(axes: Any, key: tuple[str, str], columns: list[str], table: Any, x: npt.NDArray[np.float64]) -> None:
    kind, unit = key
    title = _KINDS[kind]
    curves = {column: table[column].to_numpy(dtype=float) for column in columns}
    if kind == "amount":
        curves = {column: _relative_change(values) for column, values in curves.items()}
        unit = "1"
    if kind == "step size":
        curves = {column: np.where(values > 0, values, np.nan) for column, values in curves.items()}
    stacked = np.concatenate(list(curves.values()))
    if len(curves) == 1 and kind != "step size":
        title = f"{title}{split_unit(columns[0])[0].removeprefix(kind)}"
    sizes = np.abs(stacked[np.isfinite(stacked)])
    if kind == "current" and np.median(sizes) < 1e-3 * sizes.max():
        # A current that dies away, of either sign: ten decades at most, below which it is rounding.
        curves = {column: np.abs(values) for column, values in curves.items()}
        stacked = np.maximum(np.abs(stacked), 1e-10 * sizes.max())
        title = f"magnitude of {title}"
    factor = scale_values(axes, stacked, f"{title} [{unit}]")
    if title.startswith("magnitude"):
        shown = stacked[np.isfinite(stacked)] * factor
        axes.set_ylim(0.5 * shown.min(), 2 * shown.max())
    marker = "o" if len(x) < 30 else ""
    for look, (column, values) in zip(line_looks(len(curves), is_sequence=False), curves.items(), strict=True):
        name = pretty_name(split_unit(column)[0].removeprefix(kind).strip())
        axes.plot(x, values * factor, label=name, marker=marker, markersize=2.5, **look)
    if len(curves) > 1:
        axes.legend(frameon=False, handlelength=3, loc="best")


def _relative_change(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    start = values[0] if len(values) else 0.0
    return (values - start) / start if start else values - start


def _limits(x: npt.NDArray[np.float64], label: str, *, is_logarithmic: bool) -> tuple[float, float]:
    low, high = float(np.nanmin(x)), float(np.nanmax(x))
    if label == _STEP:
        return low - 0.5, high + 0.5
    margin = 0.0 if is_logarithmic else 0.02 * (high - low)
    return low - margin, high + margin


def _mark_studies(rows: Any, table: Any, x: npt.NDArray[np.float64]) -> None:
    """A line where one study ends and the next begins, with the names of the studies on top."""
    if "study" not in table.columns:
        return
    studies = table["study"].to_numpy()
    starts = [0, *(np.flatnonzero(studies[1:] != studies[:-1]) + 1)]
    to_axes = rows[0].transData + rows[0].transAxes.inverted()
    low, high = rows[0].get_xlim()
    # Where a study starts, as a share of the width; one without any time has no place on a logarithmic axis.
    shares = [float(to_axes.transform((np.clip(x[i], low, high), 0))[0]) for i in starts if np.isfinite(x[i])]
    names = [str(studies[i]) for i in starts if np.isfinite(x[i])]
    for k, (share, name) in enumerate(zip(shares, names, strict=True)):
        if k > 0:
            for axes in rows:
                axes.plot([share, share], [0, 1], color="#9A9A9A", linewidth=0.6, zorder=0, transform=axes.transAxes)
        end = shares[k + 1] if k + 1 < len(shares) else 1.0
        if len(starts) > 1 and end - share > 0.011 * len(name):
            place = {"transform": rows[0].transAxes, "fontsize": 7, "color": "#444444"}
            rows[0].text(share + (0.004 if k else 0.0), 1.03, name, **place)
