"""A boundary and its interface law: resistance against temperature, and current against the drop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ssbsim.constants import BOLTZMANN_EV
from ssbsim.results.pictures.style import LINES, new_figure, style


def draw_upscaling(
    table: Mapping[str, Sequence[float]],
    *,
    at: float,
    resistance: float,
    activation_energy: float,
    sinh_potential: float | None,
) -> Any:
    """Points of the resolved boundary, and the law as lines.

    Args:
        table: Columns of ``upscaling.csv``.
        at: Temperature of the resistance of the law (K).
        resistance: Of the law (ohm m2).
        activation_energy: Of the permeability (eV).
        sinh_potential: Of the law (V), or None where it is ohmic.
    """
    kelvin, found = np.array(table["temperature [K]"]), np.array(table["resistance [ohm m^2]"])
    drop, current = np.array(table["drop at the boundary [V]"]), np.array(table["current [A/m^2]"])

    def law(temperature: Any) -> Any:
        slope = activation_energy / BOLTZMANN_EV * (1.0 / temperature - 1.0 / at)
        return resistance * temperature / at * np.exp(slope)

    with style():
        figure = new_figure(2.8)
        warm, ohm = figure.subplots(1, 2)
        line = np.linspace(kelvin.min() * 0.98, kelvin.max() * 1.02, 100)
        warm.semilogy(1e3 / line, law(line), color=LINES[1], label=f"law, {activation_energy:.3g} eV")
        warm.semilogy(1e3 / kelvin, found, "o", color=LINES[0], markersize=3.5, fillstyle="none", label="resolved")
        warm.set_xlabel("1000 K / T")
        warm.set_ylabel("resistance of the boundary (Ω m²)")
        warm.legend(frameon=False)
        for i, temperature in enumerate(np.unique(kelvin)):
            here, colour = kelvin == temperature, LINES[i % len(LINES)]
            v = np.geomspace(drop[here].min() * 0.8, drop[here].max() * 1.2, 100)
            v0 = sinh_potential
            i_law = v / law(temperature) if v0 is None else v0 * np.sinh(v / v0) / law(temperature)
            ohm.loglog(v * 1e3, i_law, color=colour, linewidth=0.9)
            ohm.loglog(drop[here] * 1e3, current[here], "o", color=colour, markersize=3.5, fillstyle="none")
            ohm.annotate(f" {temperature:g} K", (v[-1] * 1e3, i_law[-1]), color=colour, fontsize=6, va="center")
        ohm.margins(x=0.26)
        ohm.set_xlabel("drop at the boundary (mV)")
        ohm.set_ylabel("current (A/m²)")
    return figure
