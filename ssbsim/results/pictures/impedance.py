"""Impedance spectra: Nyquist plot, Bode plots, and what every part contributes to the resistance."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ssbsim.results._names import split_unit
from ssbsim.results._reader import Results
from ssbsim.results.pictures.style import axis_label, line_looks, new_figure, scaled_unit, style

# Largest span of a Nyquist plot over that of the real axis: a blocking spectrum ends in a line that would flatten all else.
_TALL = 1.2
# Points closer together than this share of the width do not all carry their frequency.
_NEAR = 0.12


def draw_impedance(results: Results) -> Any | None:
    """A row of panels for each spectrum of the run; None when there is none."""
    names = results.table_names("impedance", "impedance_")
    spectra = [name for name in names if not name.startswith(("impedance_contributions", "impedance_py"))]
    if not spectra:
        return None
    with style():
        figure = new_figure(2.6 * len(spectra))
        rows = figure.subplots(len(spectra), 3, squeeze=False, width_ratios=[1.2, 1, 1])
        for (nyquist, size, shares), name in zip(rows, spectra, strict=True):
            table = results.table(name)
            parts = results.table(name.replace("impedance", "impedance_contributions", 1))
            z = table["Re Z [ohm m^2]"].to_numpy() + 1j * table["Im Z [ohm m^2]"].to_numpy()
            f = table["frequency [Hz]"].to_numpy()
            _draw_nyquist(nyquist, f, z)
            _draw_bode(size, f, z)
            _draw_parts(shares, f, parts)
    return figure


def _draw_nyquist(axes: Any, f: npt.NDArray[np.float64], z: npt.NDArray[np.complex128]) -> None:
    factor, unit = _area_unit(float(z.real.max()))
    x, y = z.real * factor, -z.imag * factor
    axes.plot(x, y, marker="o", markersize=2.2, linewidth=0.8, color="#0072B2")
    width = max(float(x.max() - min(x.min(), 0.0)), 1e-300)
    axes.set_xlim(min(0.0, float(x.min())) - 0.03 * width, float(x.max()) + 0.05 * width)
    axes.set_ylim(min(0.0, float(y.min())) - 0.02 * width, min(float(y.max()) * 1.1 + 0.03 * width, _TALL * width))
    axes.set_aspect("equal", adjustable="box")
    shown = (y <= _TALL * width) & np.isclose(np.log10(f) % 1.0, 0.0, atol=1e-6)
    last = complex(np.inf, 0.0)
    for i in np.flatnonzero(shown)[::-1]:
        if abs(complex(x[i], y[i]) - last) < _NEAR * width:
            continue
        last = complex(x[i], y[i])
        number, prefix = scaled_unit(float(f[i]), "s")
        place = {"textcoords": "offset points", "xytext": (3, 3), "fontsize": 6, "color": "#444444"}
        axes.annotate(f"{f[i] * number:.3g} {prefix.removesuffix('s')}Hz", (x[i], y[i]), **place)
    axes.set_xlabel(axis_label("Re Z", unit))
    axes.set_ylabel(axis_label("−Im Z", unit))


def _draw_bode(axes: Any, f: npt.NDArray[np.float64], z: npt.NDArray[np.complex128]) -> None:
    axes.loglog(f, np.abs(z), color="#000000", label="|Z|")
    axes.set_xlabel("frequency (Hz)")
    axes.set_ylabel("|Z| (Ω m²)")
    phase = axes.twinx()
    phase.semilogx(f, -np.angle(z, deg=True), color="#D55E00", linestyle=(0, (5, 1.5)))
    phase.set_ylabel("−phase (°)", color="#D55E00")
    phase.set_ylim(-2, 92)


def _draw_parts(axes: Any, f: npt.NDArray[np.float64], parts: Any) -> None:
    columns = [c for c in parts.columns if c.startswith("Re Z ")]
    values = {c: parts[c].to_numpy() for c in columns}
    largest = max((float(np.abs(v).max()) for v in values.values()), default=0.0)
    values = {c: v for c, v in values.items() if float(np.abs(v).max()) > 1e-12 * largest}
    for look, (column, part) in zip(line_looks(len(values), is_sequence=False), values.items(), strict=True):
        axes.loglog(f, np.where(part > 1e-12 * largest, part, np.nan), label=split_unit(column)[0][5:], **look)
    axes.set_xlabel("frequency (Hz)")
    axes.set_ylabel("Re Z of each part (Ω m²)")
    axes.legend(frameon=False, fontsize=6)


def _area_unit(size: float) -> tuple[float, str]:
    """Ohm m2, or ohm cm2 where that gives handier numbers."""
    return (1e4, "Ω cm²") if 1e-7 < size < 10.0 else scaled_unit(size, "ohm m^2")
