r"""Equivalent circuits fitted to impedance spectra, through the library impedance.py.

The circuit is written as impedance.py writes it, for example ``R0-p(R1,C1)-p(R2,CPE2)``: ``-`` in series, ``p()`` in parallel.
Without a circuit the processes of the distribution of relaxation times are put in series, ``p(R,C)`` or ``p(R,CPE)`` each, with a
resistance where the spectrum does not end at zero and a capacitor (``C`` or ``CPE``) where it blocks at low frequency.

Least squares with weights ``1/|Z|``; uncertainties are standard deviations from the covariance of the fit, scaled by its
residual (M. D. Murbach et al., J. Open Source Softw. 5 (2020) 2349, doi 10.21105/joss.02349).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ssbsim.analysis.relaxation_times import as_spectrum, distribution_of_relaxation_times
from ssbsim.errors import ConvergenceError, ResultsError

#: Decades of tau within which lines belong to one element: a constant-phase element is broad.
_NARROW, _BROAD = 0.15, 0.5
#: Relative misfits of a fit that is good whatever its residuals look like, and of one that is not.
_GOOD, _BAD = 1e-3, 0.1
#: Standard deviations of the number of runs of signs above which residuals have a structure.
_STRUCTURED = 3.0
#: Processes with less than this share of the resistance do not become an element of their own.
_MINOR = 3e-3


@dataclass(frozen=True)
class CircuitFit:
    """A fitted circuit.

    Args:
        circuit: In the notation of impedance.py.
        values: Parameters by name; a CPE has ``_0`` (Q) and ``_1`` (alpha).
        errors: Standard deviation of each.
        impedance: The fit at the frequencies of the spectrum, in rising order.
        misfit: Root of the mean square of the relative deviation.
        runs: Standard deviations by which neighbouring residuals agree in sign more often than chance has it
            (the test of Wald and Wolfowitz, Ann. Math. Stat. 11 (1940) 147, from memory).
    """

    circuit: str
    values: Mapping[str, float]
    errors: Mapping[str, float]
    impedance: npt.NDArray[np.complex128]
    misfit: float
    runs: float

    @property
    def verdict(self) -> str:
        """Whether the circuit describes the spectrum, in a sentence with its numbers."""
        if self.misfit > _BAD or (self.misfit > _GOOD and self.runs > _STRUCTURED):
            return (
                f"{self.circuit} does not describe the spectrum: it misses it by {100.0 * self.misfit:.2g} %, and its "
                f"residuals keep their sign {self.runs:.2g} standard deviations more often than chance has it"
            )
        return f"{self.circuit} describes the spectrum within {100.0 * self.misfit:.2g} %"


def read_spectrum(results: Any, name: str = "impedance") -> tuple[npt.NDArray[np.float64], npt.NDArray[np.complex128]]:
    """Frequency (Hz) and impedance (ohm m2) of a run.

    Args:
        results: What `ssbsim.open_results` gives.
        name: Name of the table; ``impedance`` where the case has one impedance study.
    """
    table = results.table(name)
    return table["frequency [Hz]"].to_numpy(), (table["Re Z [ohm m^2]"] + 1j * table["Im Z [ohm m^2]"]).to_numpy()


def fit_circuit(
    frequency: npt.ArrayLike,
    impedance: npt.ArrayLike,
    circuit: str | None = None,
    guess: Sequence[float] | None = None,
    *,
    constant_phase: bool = False,
) -> CircuitFit:
    """Fit a circuit to a spectrum.

    Args:
        frequency: Hz.
        impedance: Z, in any unit; resistances come out in that unit and capacitances in s over it.
        circuit: The circuit; chosen from the distribution of relaxation times when not given.
        guess: First values of its parameters in their order; needed with ``circuit``.
        constant_phase: Of a circuit that is chosen, take constant-phase elements in place of capacitors.

    Raises:
        ResultsError: impedance.py is not installed, or the circuit or the guess do not fit together.
        ConvergenceError: The fit found no minimum.
    """
    f, z = as_spectrum(frequency, impedance)
    try:
        from impedance.models.circuits import CustomCircuit
    except ImportError as error:
        raise ResultsError(
            "Fitting circuits needs the package 'impedance' (impedance.py), which is not installed.",
            where="fit_circuit",
            hint="Install it with: pip install impedance",
        ) from error
    if circuit is None:
        circuit, guess = _circuit_of(f, z, constant_phase)
    if guess is None:
        raise ResultsError("A circuit of one's own needs first values.", where=circuit, hint="Give 'guess', in order.")
    try:
        model = CustomCircuit(circuit, initial_guess=list(guess))
        # Each step in proportion to what it changes: the parameters differ by many orders of magnitude.
        model.fit(f, z, weight_by_modulus=True, x_scale="jac", xtol=1e-15, gtol=1e-15, ftol=1e-15, maxfev=2_000)
    except RuntimeError as error:
        raise ConvergenceError(
            f"The fit of {circuit} found no minimum.",
            where="fit_circuit",
            hint="Give a better guess, or fewer elements.",
        ) from error
    except (ValueError, TypeError, AttributeError) as error:
        raise ResultsError(
            f"impedance.py does not take the circuit: {error}",
            where=circuit,
            hint="See its documentation; count the guess.",
        ) from error
    fitted = np.asarray(model.predict(f), dtype=np.complex128)
    names, _ = model.get_param_names()
    if not np.isfinite(fitted).all():
        raise ConvergenceError(f"The fit of {circuit} left numbers.", where="fit_circuit", hint="Give a better guess.")
    return CircuitFit(
        circuit=circuit,
        values=dict(zip(names, map(float, model.parameters_), strict=True)),
        errors=dict(zip(names, map(float, model.conf_), strict=True)),
        impedance=fitted,
        misfit=float(np.sqrt(np.mean(np.abs(fitted / z - 1.0) ** 2))),
        runs=_structure((fitted - z) / np.abs(z)),
    )


def _structure(residual: npt.NDArray[np.complex128]) -> float:
    """Standard deviations by which the signs of both parts change less often than chance has it."""
    fewer, variance = 0.0, 0.0
    for part in (residual.real, residual.imag):
        positive = part > 0.0
        n, m = float(positive.sum()), float((~positive).sum())
        total = n + m
        mean = 1.0 + 2.0 * n * m / total
        fewer += mean - (1.0 + np.count_nonzero(positive[1:] != positive[:-1]))
        variance += (mean - 1.0) * (mean - 2.0) / (total - 1.0)
    return float(fewer / np.sqrt(variance)) if variance > 0.0 else 0.0


def _circuit_of(f: Any, z: Any, constant_phase: bool) -> tuple[str, list[float]]:
    """A series circuit from the distribution of relaxation times, and its first values."""
    times = distribution_of_relaxation_times(f, z)
    processes = times.processes(_BROAD if constant_phase else _NARROW)
    whole = times.series_resistance + sum(p.resistance for p in processes)
    # At the lowest frequency the capacitor has a share of the impedance that can be seen.
    blocks = 1.0 / (2.0 * np.pi * f[0] * times.series_capacitance) > _MINOR * np.abs(z).max()
    parts: list[str] = []
    guess: list[float] = []
    if times.series_resistance > _MINOR * whole:
        parts.append("R0")
        guess.append(times.series_resistance)
    main = [process for process in processes if process.resistance > _MINOR * whole]
    for i, process in enumerate(main, start=1):
        parts.append(f"p(R{i},{'CPE' if constant_phase else 'C'}{i})")
        guess += [process.resistance, process.capacitance, *([0.95] if constant_phase else [])]
    if blocks:
        parts.append("CPE0" if constant_phase else "C0")
        guess += [times.series_capacitance, *([0.95] if constant_phase else [])]
    if not parts:
        raise ResultsError("The spectrum has no process to fit.", where="fit_circuit", hint="Give a circuit.")
    return "-".join(parts), guess
