"""The picture of a fitted map: measured, fitted, and what is left."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt

from ssbsim.results.pictures.style import LINES, WIDTH, new_figure, scaled_unit, style

Floats = npt.NDArray[np.float64]


def fit_picture(measured: Floats, fitted: Floats, deviation: Floats | None, pixel: float) -> bytes:
    """A png: three maps, or in one dimension two panels of lines.

    Args:
        measured: The map, NaN where it is not used, shape (n_x, n_y).
        fitted: The model, same shape.
        deviation: Standard deviation of every pixel; without it the residual is shown as it is.
        pixel: Edge of a pixel (m).
    """
    residual = measured - fitted if deviation is None else (measured - fitted) / deviation
    label = "residual" if deviation is None else "residual / standard deviation"
    factor, unit = scaled_unit(pixel * max(measured.shape), "m")
    extent = [0.0, measured.shape[0] * pixel * factor, 0.0, measured.shape[1] * pixel * factor]
    with style():
        if measured.shape[1] == 1:
            figure = new_figure(0.45 * WIDTH)
            left, right = figure.subplots(1, 2)
            x = (np.arange(len(measured)) + 0.5) * pixel * factor
            left.plot(x, measured[:, 0], ".", color=LINES[1], markersize=3, label="measured")
            left.plot(x, fitted[:, 0], color=LINES[0], label="fitted")
            left.set_ylabel("isotope fraction")
            left.legend()
            right.plot(x, residual[:, 0], ".", color=LINES[2], markersize=3)
            right.set_ylabel(label)
            for axes in (left, right):
                axes.set_xlabel(f"x ({unit})")
        else:
            shape = extent[3] / extent[1]
            figure = new_figure(min(max(WIDTH / 3.0 * shape + 0.9, 1.6), 9.0))
            low, high = float(np.nanmin(measured)), float(np.nanmax(measured))
            reach = float(np.nanmax(np.abs(residual))) or 1.0
            panels = (
                ("measured", measured, "viridis", low, high),
                ("fitted", fitted, "viridis", low, high),
                (label, residual, "RdBu_r", -reach, reach),
            )
            row = figure.subplots(1, 3)
            row[0].set_ylabel(f"y ({unit})")
            for axes, (title, values, colours, start, end) in zip(row, panels, strict=True):
                picture = axes.imshow(values.T, origin="lower", extent=extent, cmap=colours, vmin=start, vmax=end)
                axes.set_title(title)
                axes.set_xlabel(f"x ({unit})")
                figure.colorbar(picture, ax=axes, location="bottom", aspect=25)
        stream = io.BytesIO()
        figure.savefig(stream, format="png")
    return stream.getvalue()
