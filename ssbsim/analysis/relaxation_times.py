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
    """Both as arrays by rising frequency, whichever way they were sorted.

    Of passive cells Re Z >= 0, and of those with capacitances Im Z <= 0: a table of -Im Z, as instruments write it, has the
    wrong sign nearly everywhere. Inductance of leads at the highest frequencies is no fault.

    Raises:
        ResultsError: They do not make a spectrum, with the first entry that is wrong.
    """
    f, z = np.asarray(frequency, dtype=np.float64), np.asarray(impedance, dtype=np.complex128)
    if f.ndim != 1 or f.shape != z.shape or len(f) < 4:
        raise ResultsError(
            "This is not an impedance spectrum.",
            where=f"frequency of shape {f.shape}, impedance of shape {z.shape}",
            hint="Give two arrays of equal length with at least four frequencies above 0 and finite impedances.",
        )
    _refuse(~np.isfinite(f) | ~np.isfinite(z), "hold no number", "Leave out the rows that were not measured.", f)
    _refuse(f <= 0.0, "have a frequency that is not above 0", "Give Hz, and leave out the value at direct current.", f)
    _refuse(z == 0.0, "have an impedance of 0", "Leave out the rows that were not measured.", f)
    order = np.argsort(f, kind="stable")
    f, z = f[order], z[order]
    _refuse(
        np.concatenate([[False], f[1:] == f[:-1]]),
        "repeat the frequency of another one",
        "Take the mean of repeated measurements, and give spectra of several states one by one.",
        f,
    )
    if np.count_nonzero(z.real < 0.0) > len(z) / 2:
        raise ResultsError(
            "The real part of the impedance is negative at most frequencies: a cell at rest has a positive one.",
            where="impedance",
            hint="Check the columns and the sign of the current, which counts into the terminal whose potential counts.",
        )
    if np.count_nonzero(z.imag > 0.0) > len(z) / 2:
        raise ResultsError(
            "The imaginary part of the impedance is positive at most frequencies: this is -Im Z, as instruments tabulate it.",
            where="impedance",
            hint="Change its sign: Z = Re - 1j * column.",
        )
    return f, z


def _refuse(wrong: npt.NDArray[np.bool_], what: str, advice: str, frequency: Floats) -> None:
    if wrong.any():
        first = int(np.argmax(wrong))
        raise ResultsError(
            f"{np.count_nonzero(wrong)} of {len(wrong)} entries of the spectrum {what}.",
            where=f"entry {first + 1}, at {frequency[first]:g} Hz",
            hint=advice,
        )
