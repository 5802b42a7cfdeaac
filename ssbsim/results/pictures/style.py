"""What all pictures share: sizes, colours, units on axes, and the shading of regions.

Colours of lines are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), told apart with any common colour
vision; line styles differ as well, so that a copy in grey still reads. Widths fit two columns of a journal (180 mm).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from ssbsim.constants import FARADAY
from ssbsim.results._names import split_unit

WIDTH = 7.1  # inches, 180 mm
LINES = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.5, 1)), (0, (6, 1.5, 1.5, 1.5)), (0, (8, 2)), (0, (3, 1)), "-")
TINTS = ("#E9EEF4", "#F8E0BD", "#DCEBD8", "#F0DCE8", "#E4E4E4", "#FBF3C4", "#D5EAF3")
_SETTINGS = {
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.titlesize": 8,
    "legend.fontsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "lines.linewidth": 1.3,
    "axes.formatter.useoffset": False,
    "savefig.dpi": 300,
    "svg.fonttype": "none",  # text stays text, so that it can be edited
    "svg.hashsalt": "ssbsim",
}
_PREFIXES = {-15: "f", -12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T"}
# Units whose first symbol takes a prefix; "m" only alone, as its powers would be prefixed too.
_PREFIXABLE = re.compile(r"(V|eV|A|C|s|W|J|S|F)(?=$|[/ ])|m$")
_SUPERSCRIPT = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
_SPECIES = re.compile(r"\b(\d*)([A-Z][a-z]?|e)(\d*)([+-])(?=\s|$|,|\))")


@contextmanager
def style() -> Iterator[None]:
    """The settings of ssbsim's pictures, for the time of a ``with`` block."""
    import matplotlib

    with matplotlib.rc_context(_SETTINGS):
        yield


def pretty_name(name: str) -> str:
    """Raise charges and mass numbers: "Li+" becomes "Li⁺", "6Li+" "⁶Li⁺"."""

    def raised(match: re.Match[str]) -> str:
        mass, symbol, number, sign = match.groups()
        return mass.translate(_SUPERSCRIPT) + symbol + (number + sign).translate(_SUPERSCRIPT)

    return _SPECIES.sub(raised, name)


def pretty_unit(unit: str) -> str:
    """Raise powers: "mol/m^3" becomes "mol/m³"; "ohm" becomes "Ω"; no unit for pure numbers."""
    if unit == "1":
        return ""
    raised = re.sub(r"(?:\^|\*\*)(-?\d+)", lambda match: match[1].translate(_SUPERSCRIPT), unit)
    return re.sub(r"\bohm\b", "Ω", raised).replace("*", " ")


def scaled_unit(size: float, unit: str) -> tuple[float, str]:
    """A factor and a unit that bring numbers of this size near one, as in (1e3, "mV") for 0.02 and "V"."""
    if not math.isfinite(size) or size <= 0:
        return 1.0, pretty_unit(unit)
    power = 3 * math.floor(math.log10(size * 1.0000001) / 3)
    if power == -3 and size >= 0.1:  # 0.25 V reads better than 250 mV
        power = 0
    if _PREFIXABLE.match(unit):
        power = min(max(power, min(_PREFIXES)), max(_PREFIXES))
        return 10.0**-power, _PREFIXES[power] + pretty_unit(unit)
    power = math.floor(math.log10(size * 1.0000001))
    if -2 <= power <= 4:
        return 1.0, pretty_unit(unit)
    return 10.0**-power, f"10{str(power).translate(_SUPERSCRIPT)} {pretty_unit(unit)}".strip()


def quantity_text(value: float, unit: str) -> str:
    """A number with a prefixed unit, as in "1 ms"."""
    factor, text = scaled_unit(abs(value), unit)
    return f"{value * factor:.4g} {text}".strip()


def axis_label(name: str, unit_text: str) -> str:
    """Name and unit for an axis, as in "potential (mV)"."""
    return f"{pretty_name(name)} ({unit_text})" if unit_text else pretty_name(name)


def is_flat(values: npt.NDArray[np.float64], noise: float = 0.0) -> bool:
    """Whether values differ by rounding only: less than 1e-9 of their size, or than ``noise``."""
    finite = values[np.isfinite(values)]
    return len(finite) == 0 or bool(np.ptp(finite) <= max(1e-9 * np.abs(finite).max(), noise))


def noise_of(name_and_unit: str, largest: Mapping[str, float]) -> float:
    """What rounding leaves of a field that is zero: 1e-12 V or eV, and 1e-12 of the charge of all ions.

    Args:
        name_and_unit: The field.
        largest: The largest value of each field of the run.
    """
    unit = split_unit(name_and_unit)[1]
    if unit in ("V", "eV"):
        return 1e-12
    if unit == "C/m^3":
        return 1e-12 * FARADAY * max((v for n, v in largest.items() if split_unit(n)[1] == "mol/m^3"), default=0.0)
    return 0.0


def spans_decades(values: npt.NDArray[np.float64], decades: float = 3.0) -> bool:
    """Whether all values are positive and cover more than so many decades."""
    finite = values[np.isfinite(values)]
    return bool(len(finite) and finite.min() > 0 and finite.max() > 10**decades * finite.min())


def takes_logarithm(values: npt.NDArray[np.float64], unit: str) -> bool:
    """Whether a logarithmic scale suits: a wide span, but never a potential, whose zero is a choice."""
    return unit not in ("V", "eV") and spans_decades(values)


def scale_values(axes: Any, values: npt.NDArray[np.float64], name_and_unit: str, noise: float = 0.0) -> float:
    """Choose unit, label, limits and linear or logarithmic scale of the y axis; returns the factor for the values."""
    name, unit = split_unit(name_and_unit)
    finite = values[np.isfinite(values)]
    size = float(np.abs(finite).max()) if len(finite) else 0.0
    flat = is_flat(values, noise)
    if flat and size <= noise:
        size = 0.0  # nothing but rounding about zero
    is_logarithmic = takes_logarithm(values, unit)
    factor, unit_text = (1.0, pretty_unit(unit)) if is_logarithmic else scaled_unit(size, unit)
    axes.set_ylabel(wrapped(axis_label(name, unit_text)))
    if is_logarithmic:
        axes.set_yscale("log")
    elif flat:
        middle = float(np.mean(finite)) * factor if size else 0.0
        half = 0.05 * abs(middle) if middle else 1.0
        axes.set_ylim(middle - half, middle + half)
    else:
        from matplotlib.ticker import MaxNLocator

        axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10], min_n_ticks=3))
    return factor


def wrapped(label: str, width: int = 21) -> str:
    """Break a label into lines, the unit on its own line when it does not fit."""
    import textwrap

    name, bracket, unit = label.partition(" (")
    if len(label) <= width:
        return label
    return "\n".join([*textwrap.wrap(name, width), *([f"({unit}"] if bracket else [])])


def line_looks(count: int, *, is_sequence: bool) -> list[dict[str, Any]]:
    """Colour and dashes of ``count`` lines: steps of one colour map for a sequence in time, else distinct ones."""
    if is_sequence and count > 2:
        from matplotlib import colormaps

        shades = colormaps["viridis"](np.linspace(0.0, 0.85, count))
        return [{"color": shade, "linestyle": DASHES[i % len(DASHES)]} for i, shade in enumerate(shades)]
    return [{"color": LINES[i % len(LINES)], "linestyle": DASHES[i % len(DASHES)]} for i in range(count)]


def new_figure(height: float) -> Any:
    """An empty figure of standard width that no window and no global state knows of."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height))
    figure.set_layout_engine("constrained", w_pad=0.08, h_pad=0.04)
    return figure


def legend_columns(count: int, most: int = 4) -> int:
    """Columns that fill the rows of a legend evenly."""
    return -(-count // -(-count // most))


def phase_patches(phases: Sequence[str]) -> list[Any]:
    """Entries of a legend for the colours of phases; none for a single phase."""
    from matplotlib.patches import Patch

    if len(phases) < 2:
        return []
    return [Patch(facecolor=tint_of(p, phases), edgecolor="#707070", linewidth=0.4, label=p) for p in phases]


def tint_of(phase: str, phases: Sequence[str]) -> str:
    """Background colour of a phase."""
    return TINTS[list(phases).index(phase) % len(TINTS)]
