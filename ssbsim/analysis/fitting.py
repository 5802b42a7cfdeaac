r"""Least squares in the logarithms of parameters, and what the data say of them.

Minimised is ``chi2 = sum (m - f(theta))^2 / v`` with the variance v of every datum, by a trust-region method of SciPy
(Branch, Coleman, Li, SIAM J. Sci. Comput. 21 (1999) 1, doi 10.1137/S1064827595289108) with the derivatives of the model.
The covariance of theta is that of the linearised problem, ``(J^T V^-1 J)^-1``. Scatter beyond the variances given
(chi2 larger than the degrees of freedom) widens it by ``chi2 / (n - p)``; without variances this factor is all there is.

A parameter p = p0 exp(theta) has the 95 % interval ``p exp(+-1.96 s)``. Where that spans more than a factor of ten each way
the linearisation means nothing and the parameter is called not determined, with the interval from zero to infinity; so is one
that went as far from its first value as it may, a factor of 1e5.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from ssbsim.errors import ConvergenceError

Floats = npt.NDArray[np.float64]
Model = Callable[[Floats], tuple[Floats, Floats]]

#: Standard deviations to either side of 95 %.
DEVIATIONS = NormalDist().inv_cdf(0.975)
#: Largest half interval of a logarithm that is still called a result.
_DETERMINED = math.log(10.0)
#: Farthest that a logarithm may go from its start.
_FARTHEST = math.log(1e5)
_MOST = 60
#: Eigenvalues of the normal equations below this part of the largest are rounding.
_NOTHING = 1e-13


@dataclass(frozen=True)
class LogFit:
    """A minimum.

    Args:
        theta: Logarithms of the parameters over their first values, shape (p,).
        covariance: Of theta, shape (p, p); infinite rows where the data say nothing.
        chi2: Weighted sum of squares.
        freedom: Data less parameters.
        evaluations: Of the model.
        fitted: The model there, shape (n,).
    """

    theta: Floats
    covariance: Floats
    chi2: float
    freedom: int
    evaluations: int
    fitted: Floats

    @property
    def deviation(self) -> Floats:
        """Standard deviation of theta."""
        deviations: Floats = np.sqrt(np.diag(self.covariance))
        return deviations

    @property
    def determined(self) -> npt.NDArray[np.bool_]:
        """Whether the data fix a parameter."""
        return (DEVIATIONS * self.deviation < _DETERMINED) & (np.abs(self.theta) < 0.999 * _FARTHEST)

    @property
    def correlation(self) -> Floats:
        """Correlation of theta; NaN where a deviation is infinite."""
        with np.errstate(invalid="ignore"):
            matrix: Floats = self.covariance / np.outer(self.deviation, self.deviation)
        return matrix

    def interval(self, index: int) -> tuple[float, float]:
        """Factors from the value to the ends of its 95 % interval."""
        if not self.determined[index]:
            return 0.0, math.inf
        reach = self.reach(float(self.deviation[index]))
        return 1.0 / reach, reach

    @staticmethod
    def reach(deviation: float) -> float:
        """Factor to the upper end of a 95 % interval for a standard deviation of a logarithm."""
        return math.exp(DEVIATIONS * deviation)

    def difference(self, one: int, other: int) -> float:
        """Standard deviation of ``theta[one] - theta[other]``, of the logarithm of a ratio."""
        c = self.covariance
        if not np.isfinite(c[[one, other], [one, other]]).all():
            return math.inf
        return math.sqrt(max(c[one, one] + c[other, other] - 2.0 * c[one, other], 0.0))


def fit_logarithms(
    model: Model, measured: Floats, start: Floats, *, variance: Floats | None = None, names: tuple[str, ...] = ()
) -> LogFit:
    """Fit a model to data.

    Args:
        model: Gives f and its derivatives, shapes (n,) and (n, p), at theta.
        measured: The data, shape (n,).
        start: First theta, shape (p,).
        variance: Of every datum, shape (n,); equal and unknown when not given.
        names: Of the parameters, for messages.

    Raises:
        ConvergenceError: No minimum was found.
    """
    from scipy.optimize import least_squares

    weight = np.ones_like(measured) if variance is None else 1.0 / np.sqrt(variance)
    seen: list[tuple[Floats, Floats, Floats]] = []
    count = 0

    def at(theta: Floats) -> tuple[Floats, Floats]:
        nonlocal count
        if not seen or not np.array_equal(seen[0][0], theta):
            count += 1
            seen[:] = [(theta.copy(), *model(theta))]
        return seen[0][1:]

    found = least_squares(
        lambda theta: weight * (at(theta)[0] - measured),
        start,
        jac=lambda theta: weight[:, None] * at(theta)[1],
        bounds=(-_FARTHEST, _FARTHEST),
        method="trf",
        x_scale=1.0,
        ftol=1e-10,
        xtol=1e-8,
        gtol=1e-14,
        max_nfev=_MOST,
    )
    if found.status <= 0:
        raise ConvergenceError(
            f"The fit found no minimum in {_MOST} steps.",
            where=", ".join(
                f"{n} at {math.exp(t):.4g} of its first value" for n, t in zip(names, found.x, strict=False)
            ),
            hint="Start nearer: change the values in the case. Or fit fewer parameters.",
        )
    chi2, freedom = 2.0 * float(found.cost), max(len(measured) - len(start), 1)
    widening = chi2 / freedom if variance is None else max(1.0, chi2 / freedom)
    return LogFit(
        theta=found.x,
        covariance=_inverse(found.jac.T @ found.jac) * widening,
        chi2=chi2,
        freedom=freedom,
        evaluations=count,
        fitted=at(found.x)[0],
    )


def _inverse(normal: Floats) -> Floats:
    """Inverse, with infinite rows for parameters that a null direction moves."""
    values, vectors = np.linalg.eigh(normal)
    is_determined = values > _NOTHING * max(float(values[-1]), 0.0)
    inverse: Floats = (vectors[:, is_determined] / values[is_determined]) @ vectors[:, is_determined].T
    lost = (vectors[:, ~is_determined] ** 2).sum(axis=1) > 1e-6
    inverse[lost, lost] = np.inf
    return inverse
