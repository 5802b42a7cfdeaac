"""Isotope exchange: the exact map, the image as an instrument would record it, and profiles along x."""

from __future__ import annotations

from typing import Any

import numpy as np

from ssbsim.results._reader import Results
from ssbsim.results.pictures.style import LINES, new_figure, scaled_unit, style


def draw_tracer(results: Results) -> Any | None:
    """Map, image and profile; None when the run recorded no image."""
    if "tracer_profile" not in results.table_names("tracer_profile", "tracer_profile"):
        return None
    exact, image = results.array("tracer_fraction"), results.array("tracer_image")
    profile = results.table("tracer_profile")
    x = profile["x [m]"].to_numpy()
    pixel = float(x[1] - x[0]) if len(x) > 1 else 2.0 * float(x[0])
    factor, unit = scaled_unit(len(x) * pixel, "m")
    extent = (0.0, exact.shape[0] * pixel * factor, 0.0, exact.shape[1] * pixel * factor)
    with style():
        is_flat = exact.shape[1] > 1
        figure = new_figure(4.6 if is_flat else 2.6)
        panels = figure.subplot_mosaic([["exact", "image"], ["profile", "profile"]] if is_flat else [["profile"]])
        if is_flat:
            low, high = float(np.nanmin(exact)), float(np.nanmax(exact))
            for name, values, title in (("exact", exact, "isotope fraction"), ("image", image, "as recorded")):
                axes = panels[name]
                shown = axes.imshow(values.T, origin="lower", extent=extent, vmin=low, vmax=high, cmap="cividis")
                axes.set_title(title)
                axes.set_xlabel(f"x ({unit})")
                axes.set_ylabel(f"y ({unit})")
            figure.colorbar(shown, ax=[panels["exact"], panels["image"]], shrink=0.8)
        axes = panels["profile"]
        for (column, label), colour, width in zip(
            (
                ("image, middle row", "as recorded, middle row"),
                ("fraction, middle row", "middle row"),
                ("fraction, mean over y", "mean over y"),
            ),
            (LINES[5], LINES[0], LINES[2]),
            (0.7, 1.2, 1.2),
            strict=True,
        ):
            axes.plot(x * factor, profile[column], color=colour, linewidth=width, label=label)
        axes.set_xlabel(f"x ({unit})")
        axes.set_ylabel("isotope fraction")
        axes.set_xlim(0.0, extent[1])
        axes.legend(frameon=False)
    return figure
