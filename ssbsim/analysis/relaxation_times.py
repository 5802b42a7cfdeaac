r"""Distribution of relaxation times of an impedance spectrum.

    Z(w) = R_inf + 1/(i w C) + sum_k R_k/(1 + i w tau_k),    all R_k >= 0, tau_k on a logarithmic grid

found by non-negative least squares with weights ``1/|Z|`` and a Tikhonov term ``reg |R|^2``, which spreads resistance over
neighbouring tau instead of letting noise decide (T. H. Wan, M. Saccoccio, C. Chen, F. Ciucci, Electrochim. Acta 184 (2015) 483, doi
10.1016/j.electacta.2015.09.097, with another basis). Of a ladder of R||C elements it is a line at every tau = R C of height R;
what it gives is the number of processes, and R and C of each as a first guess of a circuit.

Libraries: ``pyimpspec`` is well kept and offers several methods, but comes under the GPL and with a large set of other packages;
``impedance.py`` has none; ``pyDRTtools`` and ``hybrid-drt`` are tied to a graphical program or to solvers that Debian and
conda-forge do not carry. This takes SciPy alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ssbsim.errors import ResultsError

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

#: Resistance below which a process counts as none, over the whole.
_NOTHING = 1e-4


@dataclass(frozen=True)
class Relaxation:
    """One process: neighbouring lines of a distribution together.

    Args:
        resistance: Sum of the lines, in the unit of Z.
        time: Their mean time, in the logarithm (s).
    """

    resistance: float
    time: float

    @property
    def capacitance(self) -> float:
        """``tau/R``."""
        return self.time / self.resistance


@dataclass(frozen=True)
class RelaxationTimes:
    """A distribution.

    Args:
        time: Grid of tau (s), rising.
        resistance: R_k at each of them, in the unit of Z.
        series_resistance: R_inf.
        series_capacitance: C, infinite where the spectrum ends on the real axis.
        misfit: Root of the mean square of the relative deviation from the spectrum.
    """

    time: Floats
    resistance: Floats
    series_resistance: float
    series_capacitance: float
    misfit: float

    def processes(self, width: float = 0.3) -> list[Relaxation]:
        """Processes from fast to slow: the lines between one minimum of the smoothed distribution and the next.

        Args:
            width: Standard deviation of the smoothing, in decades of tau; wider than the lines of one broad process lie apart.
        """
        decades = np.log10(self.time)
        distance = decades[:, None] - decades[None, :]
        height = np.exp(-0.5 * (distance / width) ** 2) @ self.resistance
        inner = np.arange(1, len(height) - 1)
        minima = inner[(height[1:-1] < height[:-2]) & (height[1:-1] <= height[2:])]
        found = []
        for start, stop in zip([0, *minima], [*minima, len(height)], strict=True):
            lines = self.resistance[start:stop]
            total = float(lines.sum())
            if total > _NOTHING * self.resistance.sum():
                mean = float(np.sum(lines * np.log(self.time[start:stop])) / total)
                found.append(Relaxation(total, float(np.exp(mean))))
        return found


def distribution_of_relaxation_times(
    frequency: npt.ArrayLike, impedance: npt.ArrayLike, *, regularisation: float = 1e-6, per_decade: int = 20
) -> RelaxationTimes:
    """The distribution on a grid of times that reaches one decade beyond the frequencies on both sides.

    Args:
        frequency: Hz.
        impedance: Z, in any unit.
        regularisation: ``reg`` for ``|R|`` relative to the largest |Z|; larger for noisy spectra, about the square of the
            relative noise.
        per_decade: Times per factor of ten.

    Raises:
        ResultsError: There are fewer than four frequencies.
    """
    from scipy.optimize import nnls

    f, z = as_spectrum(frequency, impedance)
    w = 2.0 * np.pi * f
    low, high = np.log10(0.1 / w.max()), np.log10(10.0 / w.min())
    time = np.logspace(low, high, max(2, round((high - low) * per_decade)) + 1)
    blocking = 1.0 / (1j * w / w.min())
    columns = np.column_stack([np.ones(len(w), dtype=complex), blocking, 1.0 / (1.0 + 1j * w[:, None] * time)])
    size = np.abs(z).max()
    weighted = columns * (size / np.abs(z))[:, None]
    penalty = np.zeros((len(time), columns.shape[1]))
    penalty[:, 2:] = np.sqrt(regularisation * 2 * len(w)) * np.eye(len(time))
    matrix = np.vstack([weighted.real, weighted.imag, penalty])
    unit = z / np.abs(z)
    target = np.concatenate([unit.real, unit.imag, np.zeros(len(time))])
    found = nnls(matrix, target, maxiter=50 * matrix.shape[1])[0] * size
    left = np.abs(columns @ found / z - 1.0)
    elastance = float(found[1]) * w.min()
    return RelaxationTimes(
        time=time,
        resistance=found[2:],
        series_resistance=float(found[0]),
        series_capacitance=1.0 / elastance if elastance > 0.0 else np.inf,
        misfit=float(np.sqrt(np.mean(left**2))),
    )


def as_spectrum(frequency: Any, impedance: Any) -> tuple[Floats, Complexes]:
    """Both as arrays by rising frequency.

    Raises:
        ResultsError: They do not make a spectrum.
    """
    f, z = np.asarray(frequency, dtype=np.float64), np.asarray(impedance, dtype=np.complex128)
    if f.ndim != 1 or f.shape != z.shape or len(f) < 4 or not (f > 0).all() or not np.isfinite(z).all():
        raise ResultsError(
            "This is not an impedance spectrum.",
            where="frequency, impedance",
            hint="Give two arrays of equal length with at least four frequencies above 0 and finite impedances.",
        )
    order = np.argsort(f)
    return f[order], z[order]
