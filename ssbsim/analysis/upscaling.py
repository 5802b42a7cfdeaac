r"""What a resolved boundary is as one of zero thickness: excess impedance, its capacitance, and fits of its resistance.

A stack of length L with one boundary in it, and the bulk (conductivity sigma, permittivity eps) on both sides, has the
area-specific impedance Z. A boundary of zero thickness, put into bulk of the same length, gives the same if it has the excess::

    Z_b(f) = Z(f) - L/(sigma + 2 pi i f eps),        R = Z_b(0) = V_b/i,   V_b = V - i L/sigma
    C = Im(1/Z_b)/(2 pi f)  at the frequency where -Im Z_b is largest, which for an ideal arc is 1/(2 pi R C)

The excess may be negative where the boundary is more than its core: what is left to the model with zero thickness is the bulk of
the whole length. Temperature: the permeability R_gas T H/(z^2 F^2 c R) is Arrhenius in the law, so that::

    ln(R/T) = ln(R0/T0) + (Ea/k) (1/T - 1/T0)

Drop: ``i = (V0/R) sinh(V_b/V0)``, the form that thermally activated motion over n equal barriers in series takes (V0 = 2 n kT/e).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssbsim.case import Case, Interface, dump_interface
from ssbsim.case.laws.grain_boundary import GrainBoundaryLaw
from ssbsim.constants import BOLTZMANN_EV

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

#: Deviation from Ohm's law that makes the law a sinh.
MATTERS = 0.02
#: What is worth a warning: a misfit of the law, an arc this flat, a capacitance that changes with temperature.
_MISFIT, _DEPRESSED, _DRIFT = 0.02, 0.9, 0.1


@dataclass(frozen=True)
class BoundaryArc:
    """The arc of a boundary in the impedance plane.

    Attributes:
        resistance: ohm m2, at the lowest frequency.
        capacitance: F/m2, at the summit.
        frequency: Of the summit, Hz.
        height: Summit over that of a semicircle, 1; below 1 the arc is depressed, and one capacitance says less.
    """

    resistance: float
    capacitance: float
    frequency: float
    height: float


def boundary_arc(
    frequency: Floats, impedance: Complexes, *, length: float, conductivity: float, permittivity: float
) -> BoundaryArc | None:
    """The arc of the excess impedance; None where its summit lies outside of the frequencies.

    Args:
        frequency: Rising, Hz.
        impedance: Of the whole stack, ohm m2.
        length: Of the stack, m.
        conductivity: Of the bulk, S/m.
        permittivity: Of the bulk, absolute, F/m.
    """
    omega = 2.0 * np.pi * frequency
    excess = impedance - length / (conductivity + 1j * omega * permittivity)
    top = int(np.argmax(-excess.imag))
    if top in (0, len(frequency) - 1):
        return None
    resistance = float(excess[0].real)
    return BoundaryArc(
        resistance=resistance,
        capacitance=float((1.0 / excess[top]).imag / omega[top]),
        frequency=float(frequency[top]),
        height=float(-2.0 * excess[top].imag / resistance),
    )


@dataclass(frozen=True)
class ArrheniusFit:
    """A resistance against temperature.

    Attributes:
        resistance: At ``at``, ohm m2.
        at: K.
        activation_energy: Of the permeability, eV.
        residual: Largest relative difference of a resistance from the fit.
    """

    resistance: float
    at: float
    activation_energy: float
    residual: float


def fit_arrhenius(temperature: Floats, resistance: Floats, *, at: float) -> ArrheniusFit:
    """Straight line through ln(R/T) against 1/T; one temperature gives no activation energy."""
    x = 1.0 / temperature - 1.0 / at
    y = np.log(resistance / temperature)
    slope, value = np.polyfit(x, y, 1) if len(temperature) > 1 else (0.0, float(y[0]))
    miss = np.abs(np.expm1(value + slope * x - y))
    return ArrheniusFit(
        resistance=float(at * np.exp(value)),
        at=at,
        activation_energy=float(slope * BOLTZMANN_EV),
        residual=float(miss.max()),
    )


@dataclass(frozen=True)
class SinhFit:
    """A current against the drop.

    Attributes:
        potential: V0, or None where the law is to be ohmic.
        nonlinearity: Largest ``R i/V_b - 1`` in magnitude, with its sign.
        residual: Largest relative difference of a current from the law.
    """

    potential: float | None
    nonlinearity: float
    residual: float


def fit_sinh(drop: Floats, current: Floats, *, resistance: float, matters: float) -> SinhFit:
    """V0 of the sinh law by least squares of ln i, with R given.

    Args:
        drop: Across the boundary, V, positive.
        current: A/m2.
        resistance: For small drops, ohm m2.
        matters: Relative deviation from Ohm's law below which the law stays ohmic.
    """
    from scipy.optimize import minimize_scalar

    ratio = resistance * current / drop
    deviation = float((ratio - 1.0)[np.argmax(np.abs(ratio - 1.0))])
    if deviation <= matters:  # sublinear as well: a sinh only ever grows
        return SinhFit(None, deviation, abs(deviation))

    def miss(log_potential: float) -> Floats:
        x = drop / np.exp(log_potential)
        return np.asarray(np.log(np.sinh(x) / x / ratio))

    # sinh(x)/x = ratio is between x^2/6 and e^x: the roots of single points lie well within.
    low, high = np.log(drop.max() / (np.log(ratio.max()) + 20.0)), np.log(100.0 * drop.max())
    found = minimize_scalar(
        lambda v: float(np.sum(miss(v) ** 2)), bounds=(low, high), method="bounded", options={"xatol": 1e-10}
    )
    return SinhFit(float(np.exp(found.x)), deviation, float(np.abs(np.expm1(miss(found.x))).max()))


@dataclass(frozen=True)
class BoundaryAt:
    """The boundary at one temperature.

    Args:
        temperature: K.
        resistance: For small drops, ohm m2.
        capacitance: F/m2; nan where the impedance has no arc.
        height: Of the arc over that of a semicircle.
        bulk_conductivity: S/m.
        applied: Potentials applied to the stack, V.
        drop: What of them falls over the boundary, V.
        current: A/m2.
        sinh_potential: V0 of these currents, V; nan where they are ohmic or grow more slowly.
        nonlinearity: Largest deviation from Ohm's law.
        misfit: Of the law with this V0, relative.
    """

    temperature: float
    resistance: float
    capacitance: float
    height: float
    bulk_conductivity: float
    applied: tuple[float, ...]
    drop: tuple[float, ...]
    current: tuple[float, ...]
    sinh_potential: float
    nonlinearity: float
    misfit: float


@dataclass(frozen=True)
class UpscaledBoundary:
    """What ``upscale`` found; the same on every rank.

    Args:
        law: The law of the boundary of zero thickness.
        phase: Phase of the grains.
        points: One for each temperature, rising.
        arrhenius: The fit of the resistances.
        warnings: Where the law says less than the resolved boundary.
    """

    law: GrainBoundaryLaw
    phase: str
    points: tuple[BoundaryAt, ...]
    arrhenius: ArrheniusFit
    warnings: tuple[str, ...]

    @property
    def known(self) -> BoundaryAt:
        """The point at the temperature of the law."""
        return next(p for p in self.points if p.temperature == self.law.at)

    def interface(self) -> Interface:
        """The broken interface with the law."""
        law = {name: getattr(self.law, name) for name in self.law.model_fields_set}
        return Interface.model_validate({"contact": "broken", "laws": [law]})

    def to_yaml(self) -> str:
        """The interface as the part of a case file."""
        return dump_interface(f"{self.phase}|{self.phase}", self.interface())

    def table(self) -> dict[str, list[float]]:
        """Columns of ``upscaling.csv``: a row for each temperature and drop."""
        rows = [(p, i) for p in self.points for i in range(len(p.applied))]
        by_point: Mapping[str, Callable[[BoundaryAt], float]] = {
            "temperature [K]": lambda p: p.temperature,
            "resistance [ohm m^2]": lambda p: p.resistance,
            "capacitance [F/m^2]": lambda p: p.capacitance,
            "height of the arc [1]": lambda p: p.height,
            "bulk conductivity [S/m]": lambda p: p.bulk_conductivity,
            "sinh potential [V]": lambda p: p.sinh_potential,
        }
        columns = {name: [read(p) for p, _ in rows] for name, read in by_point.items()}
        columns["applied [V]"] = [p.applied[i] for p, i in rows]
        columns["drop at the boundary [V]"] = [p.drop[i] for p, i in rows]
        columns["current [A/m^2]"] = [p.current[i] for p, i in rows]
        return columns


def boundary_law(case: Case, phase: str, carrier: str, points: tuple[BoundaryAt, ...]) -> UpscaledBoundary:
    """The law that fits the points, and what it cannot say of them.

    Args:
        case: The resolved case; its temperature, or the next one to it, is the one that the law names.
        phase: Phase of the grains.
        carrier: The species that crosses.
        points: Rising temperatures, of the same drops.
    """
    known = min(points, key=lambda p: abs(p.temperature - case.temperature))
    fit = fit_arrhenius(
        np.array([p.temperature for p in points]), np.array([p.resistance for p in points]), at=known.temperature
    )
    law: dict[str, Any] = {"law": "grain_boundary", "species": carrier, "resistance": _six(fit.resistance)}
    law["at"] = known.temperature
    warnings = []
    if len(points) > 1:
        law["activation_energy"] = _six(max(fit.activation_energy, 0.0))
        if fit.activation_energy < 0.0:
            warnings.append("The resistance rises with temperature, which the law cannot: it has no activation energy.")
        elif fit.residual > _MISFIT:
            warnings.append(
                f"The resistance is not Arrhenius: the law is up to {fit.residual:.2g} (relative) off. Upscale for a "
                "narrower range of temperatures."
            )
    law["haven_ratio"] = case.phases[phase].species[carrier].haven_ratio
    if math.isfinite(known.capacitance):
        law["capacitance"] = _six(known.capacitance)
        if known.height < _DEPRESSED:
            warnings.append(
                f"The arc has {known.height:.2g} of the height of a semicircle; one capacitance is not all of it."
            )
        drift = max(abs(p.capacitance / known.capacitance - 1.0) for p in points)
        if drift > _DRIFT:
            warnings.append(f"The capacitance changes by {drift:.2g} (relative) with temperature; the law's does not.")
    else:
        warnings.append("The impedance shows no arc of the boundary; the law has no capacitance.")
    if math.isfinite(known.sinh_potential):
        law["sinh_potential"] = _six(known.sinh_potential)
        if known.misfit > _MISFIT:
            warnings.append(
                f"The currents are no sinh of the drop: the law is up to {known.misfit:.2g} (relative) off."
            )
    elif known.nonlinearity < -MATTERS:
        warnings.append(
            f"Under {known.applied[-1]:g} V the current falls short of Ohm's law by up to {-known.nonlinearity:.2g} "
            "(relative); the law is ohmic, so use it for smaller drops at a boundary."
        )
    return UpscaledBoundary(GrainBoundaryLaw.model_validate(law), phase, points, fit, tuple(warnings))


def _six(value: float) -> float:
    """Six significant digits."""
    return float(f"{value:.6g}")
