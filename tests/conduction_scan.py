"""Conduction through two layers and the contact between them, scanned over thirty decades of every number it hangs on.

The composition is uniform and neutral (a drop far below kT/e leaves it so where the Debye length is long), so that linear
elements are exact and the current is that of three resistances in series::

    I = V / (L/sigma_1 + R + L/sigma_2),     sigma = D c F^2/(R T)

A point is right when every reading of the current is within 1e-6 of that, or it is refused with an error of ssbsim.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from samples import make_case, run_studies, simulation

from ssbsim import SsbsimError
from ssbsim.constants import FARADAY, GAS_CONSTANT

USUAL = {
    "resistance": 1e-4,
    "ratio": 1.0,
    "permittivity": 20.0,
    "concentration": 5e3,
    "length": 1e-8,
    "temperature": 298.15,
    "drop": 1e-6,
}
RANGES = {
    "resistance": np.logspace(-15, 15, 31),
    "ratio": np.logspace(-30, 0, 31),
    "permittivity": np.logspace(0, 30, 31),
    "concentration": np.logspace(-24, 6, 31),
    "length": np.logspace(-18, 12, 31),
    "temperature": np.array([1, 2, 3, 5, 10, 30, 100, 300, 1000, 2000, 3000.0]),
    "drop": np.logspace(-30, 0, 31),
}
REAL = {
    "resistance": (1e-12, 1e12),
    "ratio": (1e-14, 1.0),
    "permittivity": (1.0, 1e5),
    "concentration": (1e-6, 1e5),
    "length": (1e-10, 1e-1),
    "temperature": (10.0, 3000.0),
    "drop": (1e-15, 1.0),
}
"""Numbers that real cells have: nothing may be refused there."""


@dataclass(frozen=True)
class Point:
    """What became of one point of the scan; ``error`` is relative, the largest of all readings, or None if refused."""

    name: str
    value: float
    error: float | None
    words: str = ""

    @property
    def is_real(self) -> bool:
        low, high = REAL[self.name]
        return low <= self.value <= high


def two_layers(numbers: Mapping[str, float]) -> Any:
    def phase(diffusivity: float) -> dict[str, Any]:
        c = numbers["concentration"]
        return {
            "permittivity": numbers["permittivity"],
            "species": {"Li+": {"diffusivity": diffusivity}},
            "sites": [{"name": "A", "statistics": "dilute", "density": c, "standard_potential": {"Li+": 0.0}}],
            "concentration": {"Li+": c},
        }

    length = numbers["length"]
    return make_case(
        temperature=numbers["temperature"],
        geometry={
            "kind": "layers",
            "layers": [{"phase": name, "thickness": length} for name in "ef"],
            "spacing": {"interface": length / 10, "bulk": length / 10},
        },
        phases={"e": phase(1e-12), "f": phase(1e-12 * numbers["ratio"])},
        interfaces={
            "e|f": {
                "contact": "broken",
                "laws": [{"law": "resistive", "species": "Li+", "resistance": numbers["resistance"]}],
            }
        },
        terminals={
            "left": {"kind": "reservoir", "species": ("Li+",), "potential": numbers["drop"]},
            "right": {"kind": "reservoir", "species": ("Li+",), "potential": 0.0},
        },
        study=[{"kind": "steady"}],
        solver={"coarse_mesh": "warn"},
    )


def look_at(name: str, value: float, **more: float) -> Point:
    """Solve one point of the scan."""
    numbers = USUAL | more | {name: value}
    unit = FARADAY**2 * numbers["concentration"] / (GAS_CONSTANT * numbers["temperature"])
    sigma = 1e-12 * unit * np.array([1.0, numbers["ratio"]])
    exact = numbers["drop"] / (float((numbers["length"] / sigma).sum()) + numbers["resistance"])
    try:
        with simulation(two_layers(numbers)) as made:
            last = run_studies(made)[-1]
            if last.flows["Li+"].is_nothing:
                return Point(name, value, None, f"marked as not resolved below {last.flows['Li+'].bound:.1e} mol/s")
            flows, cuts = made.flows(), made.currents_through_cuts() or {}
            found = [made.current("left", flows), -made.current("right", flows), cuts["smallest"], cuts["largest"]]
    except SsbsimError as error:
        return Point(name, value, None, str(error).splitlines()[0])
    return Point(name, value, float(np.max(np.abs(np.array(found) / exact - 1.0))))


def main() -> None:
    """Print the whole scan: ``./with-env python3 tests/conduction_scan.py``."""
    points = [look_at(name, float(value)) for name, values in RANGES.items() for value in values]
    for point in points:
        outcome = point.words if point.error is None else f"{point.error:.1e}"
        print(f"{point.name:14} {point.value:8.1e}  {'real' if point.is_real else '    '}  {outcome}")
    refused = [point for point in points if point.error is None]
    wrong = [point for point in points if point.error is not None and point.error > 1e-6]
    print(f"{len(points)} points, {len(refused)} refused ({sum(p.is_real for p in refused)} real), {len(wrong)} wrong")


if __name__ == "__main__":
    main()
