r"""Bulk diffusivity and permeability of boundaries from a map of isotope fractions.

The map is explained by the linear tracer model of the case, seen with the pixel and the beam of its tracer study. With
`counts` per pixel the variance of a pixel is that of a ratio of counts, ``f (1 - f) / counts``, at the f of the model (of the
map itself in the first round): weights from the scattered map would pull the fit towards its low pixels. Without counts
all pixels weigh the same and what is left over says how well they are known.

Time steps are fixed within a round, so that the model is smooth and its derivatives exact, and chosen by their error anew for
each; rounds end when the parameters stay.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ssbsim.analysis.fitting import LogFit, fit_logarithms
from ssbsim.errors import CaseError, ConvergenceError
from ssbsim.physics.conduction_parts import ConductionPart
from ssbsim.studies.tracer_map import TracerMap

Floats = npt.NDArray[np.float64]

_ROUNDS = 8
#: Residual (a fraction) without known variances, and standard deviations of likeness, that a model leaves which does not fit.
_LARGE, _STRUCTURED = 0.03, 5.0
#: Change of a logarithm from one round to the next that ends them, and in standard deviations.
_SETTLED, _OF_DEVIATION = 5e-4, 0.05
_WORDS = {
    "diffusivity": ("tracer diffusivity of", "m^2/s"),
    "permeability": ("permeability of", "m/s"),
    "surface_exchange": ("surface exchange of", "m/s"),
}


@dataclass(frozen=True)
class FittedValue:
    """A parameter, or a ratio of two.

    Args:
        name: With what it belongs to.
        unit: SI.
        value: Fitted.
        low: Lower end of the 95 % interval; 0 where the map does not determine it.
        high: Upper end; infinite where the map does not determine it.
        deviation: Standard deviation of its logarithm.
        start: First value; of a ratio that of the case.
        determined: Whether the map fixes it.
    """

    name: str
    unit: str
    value: float
    low: float
    high: float
    deviation: float
    start: float
    determined: bool


@dataclass(frozen=True)
class MapFit:
    """What a map says.

    Args:
        parameters: The fitted parameters.
        ratios: Of bulk to boundary diffusivity, where a boundary has a width.
        correlation: Of the logarithms of the parameters.
        chi2: Weighted sum of squares; that of the residual itself without counts.
        freedom: Pixels less parameters.
        has_variance: Whether the variance of the pixels was known.
        rounds: Choices of time steps and weights.
        evaluations: Of the model with its derivatives.
        steps: Time steps at the end.
        measured: The map as it was used, NaN where it was not, shape (n_x, n_y).
        fitted: The model.
        deviation: Standard deviation of every pixel, ``None`` where it is not known.
    """

    parameters: tuple[FittedValue, ...]
    ratios: tuple[FittedValue, ...]
    correlation: Floats
    chi2: float
    freedom: int
    has_variance: bool
    rounds: int
    evaluations: int
    steps: int
    measured: Floats
    fitted: Floats
    deviation: Floats | None

    @property
    def structure(self) -> float:
        """Standard deviations by which residuals of neighbouring pixels are more alike than those of independent ones.

        The sum of their products over that of independent residuals of the same size.
        """
        residual = (self.measured - self.fitted) / (1.0 if self.deviation is None else self.deviation)
        products = [p for a in (0, 1) for p in (np.delete(residual, 0, a) * np.delete(residual, -1, a)).ravel()]
        known = np.array([p for p in products if math.isfinite(p)])
        size = float(np.nanmean(residual**2))
        return float(known.sum() / (size * math.sqrt(len(known)))) if len(known) and size > 0.0 else 0.0

    @property
    def verdict(self) -> str:
        """Whether the model describes the map, in a sentence with its numbers."""
        per = self.chi2 / self.freedom
        if self.has_variance:
            said, misses = f"chi2 per degree of freedom is {per:.3g}", per > 1.0 + 5.0 * math.sqrt(2.0 / self.freedom)
        else:
            said, misses = f"the residual is {math.sqrt(per):.3g} per pixel", math.sqrt(per) > _LARGE
        if misses and self.structure > _STRUCTURED:
            return (
                f"The model does not describe the map: {said}, and residuals of neighbours are {self.structure:.2g} standard "
                "deviations more alike than noise is. Values and intervals may mean nothing"
            )
        return f"The model describes the map: {said}" if not misses else f"The model misses a part of the map: {said}"


def fit_map(
    model: TracerMap,
    measured: Floats,
    *,
    use: npt.NDArray[np.bool_] | None = None,
    tell: Callable[[str], None] | None = None,
) -> MapFit:
    """Fit the parameters of a model to a map; collective.

    Args:
        model: The model.
        measured: Isotope fractions, NaN where nothing is known, shape (n_x, n_y); the same on every rank.
        use: Pixels that may be used; all by default.
        tell: Receives a line a round.

    Raises:
        CaseError: Too few pixels.
        ConvergenceError: A solve failed, or no minimum was found.
    """
    used = np.isfinite(measured) & (model.grain >= 0)
    if use is not None:
        used &= use
    if np.count_nonzero(used) <= len(model.parts):
        raise CaseError(
            f"{np.count_nonzero(used)} pixels cannot fix {len(model.parts)} parameters.",
            where="the map",
            hint="Fit fewer parameters, or give a map with more pixels where the mesh has grains.",
        )
    counts = model.image.counts
    data, names = measured[used], tuple(_name(part) for part in model.parts)

    def at(theta: Floats) -> tuple[Floats, Floats]:
        image, derivatives = model.evaluate(theta)
        return image[used], derivatives[used]

    theta: Floats = np.zeros(len(names))
    expected: Floats = data
    evaluations = 0
    for number in range(1, _ROUNDS + 1):
        steps = model.choose_steps(theta)
        variance = _variance(expected, counts) if counts else None
        fit = fit_logarithms(at, data, theta, variance=variance, names=names)
        evaluations += fit.evaluations
        moved = np.abs(fit.theta - theta)[fit.determined]
        theta, expected = fit.theta, fit.fitted
        if tell is not None:
            now = ", ".join(f"{v:.4g}" for v in _values(model.parts, theta)[:6])
            tell(f"round {number}: {steps} time steps, {fit.evaluations} evaluations, {now}")
        near = np.maximum(_SETTLED, _OF_DEVIATION * fit.deviation[fit.determined])
        if number > 1 and (moved <= near).all():
            break
    else:
        raise ConvergenceError(
            f"The fit did not settle in {_ROUNDS} rounds of time steps and weights.",
            where=", ".join(names),
            hint="Lower the tolerance of the tracer study, or fit fewer parameters.",
        )
    fitted, _ = model.evaluate(theta)
    return MapFit(
        parameters=tuple(_parameter(model.parts, fit, i) for i in range(len(names))),
        ratios=tuple(_ratios(model.parts, fit)),
        correlation=fit.correlation,
        chi2=fit.chi2,
        freedom=fit.freedom,
        has_variance=bool(counts),
        rounds=number,
        evaluations=evaluations,
        steps=steps,
        measured=np.where(used, measured, np.nan),
        fitted=fitted,
        deviation=_deviation(fitted, counts) if counts else None,
    )


def _variance(fraction: Floats, counts: float) -> Floats:
    """Of a ratio of counts; at least that of half an ion."""
    least = 0.5 / counts
    f = np.clip(fraction, least, 1.0 - least)
    return np.asarray(f * (1.0 - f) / counts, dtype=np.float64)


def _deviation(fraction: Floats, counts: float) -> Floats:
    deviation: Floats = _variance(fraction, counts) ** 0.5
    return deviation


def _name(part: ConductionPart) -> str:
    return f"{_WORDS[part.kind][0]} {part.name}"


def _values(parts: Sequence[ConductionPart], theta: Floats) -> list[float]:
    return [part.value * math.exp(t) for part, t in zip(parts, theta, strict=True)]


def _parameter(parts: Sequence[ConductionPart], fit: LogFit, i: int) -> FittedValue:
    value = _values(parts, fit.theta)[i]
    low, high = fit.interval(i)
    return FittedValue(
        name=_name(parts[i]),
        unit=_WORDS[parts[i].kind][1],
        value=value,
        low=value * low,
        high=value * high,
        deviation=float(fit.deviation[i]),
        start=parts[i].value,
        determined=bool(fit.determined[i]),
    )


def _ratios(parts: Sequence[ConductionPart], fit: LogFit) -> list[FittedValue]:
    values = _values(parts, fit.theta)
    bulk: dict[str, int] = {part.phase: i for i, part in enumerate(parts) if part.kind == "diffusivity"}
    found = []
    for i, part in enumerate(parts):
        if part.kind != "permeability" or part.width is None or part.phase not in bulk:
            continue
        j = bulk[part.phase]
        both = bool(fit.determined[i] and fit.determined[j])
        deviation = fit.difference(i, j) if both else math.inf
        value = values[j] / (values[i] * part.width)
        reach = fit.reach(deviation) if both else math.inf
        found.append(
            FittedValue(
                name=f"bulk over boundary diffusivity of {part.name} (width {part.width:.4g} m)",
                unit="1",
                value=value,
                low=value / reach,
                high=value * reach,
                deviation=deviation,
                start=parts[j].value / (part.value * part.width),
                determined=both,
            )
        )
    return found


def as_quantities(fit: MapFit) -> dict[str, dict[str, Any]]:
    """The fitted values for a JSON file or a table."""
    return {
        value.name: {
            "value": value.value,
            "unit": value.unit,
            "low (95 %)": value.low,
            "high (95 %)": value.high,
            "relative standard deviation": value.deviation,
            "first value": value.start,
            "determined": value.determined,
        }
        for value in (*fit.parameters, *fit.ratios)
    }
