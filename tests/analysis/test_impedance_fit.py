"""Circuits and distributions of relaxation times, of spectra that are known exactly."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from ssbsim.analysis.impedance_fit import fit_circuit
from ssbsim.analysis.relaxation_times import distribution_of_relaxation_times
from ssbsim.errors import ResultsError

FREQUENCY = np.logspace(-1, 8, 46)
S = 2j * np.pi * FREQUENCY
LADDER = {7e-9: 7e-5, 6e-4: 1.2e-3, 2e-2: 3e-4}  # s: ohm m2


def ladder() -> np.ndarray:
    return sum(r / (1.0 + S * t) for t, r in LADDER.items())


def cpe(r: float, q: float, alpha: float) -> np.ndarray:
    return r / (1.0 + r * q * S**alpha)


def test_a_ladder_has_a_line_at_every_time() -> None:
    found = distribution_of_relaxation_times(FREQUENCY, 2e-5 + ladder() + 1.0 / (S * 50.0))
    processes = found.processes()
    assert [p.time for p in processes] == pytest.approx(list(LADDER), rel=0.01)
    assert [p.resistance for p in processes] == pytest.approx(list(LADDER.values()), rel=5e-3)
    assert [p.capacitance for p in processes] == pytest.approx([t / r for t, r in LADDER.items()], rel=0.01)
    assert found.series_resistance == pytest.approx(2e-5, rel=0.01)
    assert found.series_capacitance == pytest.approx(50.0, rel=1e-2)
    assert found.misfit < 1e-3
    # Each line is narrow: nine tenths of it within a tenth of a decade.
    for time, resistance in LADDER.items():
        near = np.abs(np.log10(found.time / time)) < 0.1
        assert found.resistance[near].sum() == pytest.approx(resistance, rel=0.1)


def test_noise_does_not_make_processes() -> None:
    noise = np.random.default_rng(1).normal(0.0, 5e-3, (2, len(S)))
    z = ladder() * (1.0 + noise[0] + 1j * noise[1])
    processes = distribution_of_relaxation_times(FREQUENCY, z, regularisation=1e-3).processes()
    large = [p for p in processes if p.resistance > 0.02 * sum(LADDER.values())]
    assert [p.resistance for p in large] == pytest.approx(list(LADDER.values()), rel=0.1)


def test_a_circuit_is_found_and_its_elements_are_exact() -> None:
    pytest.importorskip("impedance")
    fit = fit_circuit(FREQUENCY[::-1], (2e-5 + ladder() + 1.0 / (S * 50.0))[::-1])
    assert fit.circuit == "R0-p(R1,C1)-p(R2,C2)-p(R3,C3)-C0"
    assert fit.values["R0"] == pytest.approx(2e-5, rel=1e-6)
    assert fit.values["C0"] == pytest.approx(50.0, rel=1e-6)
    for i, (time, resistance) in enumerate(LADDER.items(), start=1):
        assert fit.values[f"R{i}"] == pytest.approx(resistance, rel=1e-6)
        assert fit.values[f"C{i}"] == pytest.approx(time / resistance, rel=1e-6)
    assert fit.misfit < 1e-8


def test_constant_phase_elements_are_fitted() -> None:
    pytest.importorskip("impedance")
    fit = fit_circuit(FREQUENCY, 1e-5 + cpe(1e-4, 1e-4, 0.95) + cpe(1e-3, 0.1, 0.9), constant_phase=True)
    assert fit.circuit == "R0-p(R1,CPE1)-p(R2,CPE2)"
    expected = {"R0": 1e-5, "R1": 1e-4, "CPE1_0": 1e-4, "CPE1_1": 0.95, "R2": 1e-3, "CPE2_0": 0.1, "CPE2_1": 0.9}
    assert dict(fit.values) == pytest.approx(expected, rel=1e-5)


def test_uncertainties_cover_the_truth() -> None:
    """Over many draws the deviation is one standard deviation on average."""
    pytest.importorskip("impedance")
    rng, score = np.random.default_rng(2), []
    for _ in range(12):
        noise = rng.normal(0.0, 0.01, (2, len(S)))
        z = cpe(1e-4, 1e-4, 1.0) * (1.0 + noise[0] + 1j * noise[1])
        fit = fit_circuit(FREQUENCY, z, "p(R1,C1)", [2e-4, 5e-5])
        score += [(fit.values[k] - 1e-4) / fit.errors[k] for k in ("R1", "C1")]
    assert 0.5 < np.sqrt(np.mean(np.square(score))) < 1.6


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("impedance")
    with pytest.raises(ResultsError, match="first values"):
        fit_circuit(FREQUENCY, ladder(), "p(R1,C1)")
    with pytest.raises(ResultsError, match="does not take the circuit"):
        fit_circuit(FREQUENCY, ladder(), "p(R1,C1)", [1.0])
    with pytest.raises(ResultsError, match="not an impedance spectrum"):
        distribution_of_relaxation_times([1.0, 2.0], [1.0, 1.0])
    monkeypatch.setitem(sys.modules, "impedance.models.circuits", None)
    with pytest.raises(ResultsError, match="not installed"):
        fit_circuit(FREQUENCY, ladder())


def test_frequencies_may_be_sorted_either_way() -> None:
    one, other = (distribution_of_relaxation_times(FREQUENCY[::k], ladder()[::k]) for k in (1, -1))
    assert one.resistance == pytest.approx(other.resistance)


@pytest.mark.parametrize(
    ("frequency", "impedance", "message"),
    [
        (FREQUENCY, ladder().conj(), "this is -Im Z"),
        (FREQUENCY, -ladder(), "real part of the impedance is negative"),
        (
            np.where(FREQUENCY < 0.7, -FREQUENCY, FREQUENCY),
            ladder(),
            "5 of 46 entries of the spectrum have a frequency",
        ),
        (np.r_[0.0, FREQUENCY[1:]], ladder(), "entry 1, at 0 Hz"),
        (np.r_[FREQUENCY[1], FREQUENCY[1:]], ladder(), "repeat the frequency"),
        (FREQUENCY, np.r_[np.nan, ladder()[1:]], "hold no number"),
        (FREQUENCY, np.r_[ladder()[:-1], 0.0], "have an impedance of 0"),
        (FREQUENCY[:3], ladder()[:3], "not an impedance spectrum"),
    ],
)
def test_a_spectrum_of_wrong_sign_order_or_range_is_refused(
    frequency: np.ndarray, impedance: np.ndarray, message: str
) -> None:
    with pytest.raises(ResultsError) as caught:
        distribution_of_relaxation_times(frequency, impedance)
    assert message in str(caught.value)
    assert caught.value.hint


def test_a_fit_says_whether_it_describes_the_spectrum() -> None:
    pytest.importorskip("impedance")
    noise = np.random.default_rng(3).normal(0.0, 0.01, (2, len(S)))
    z = cpe(1e-4, 1e-4, 1.0) * (1.0 + noise[0] + 1j * noise[1])
    fine = fit_circuit(FREQUENCY, z, "p(R1,C1)", [2e-4, 5e-5])
    assert fine.runs < 3.0
    assert "describes the spectrum within" in fine.verdict
    wrong = fit_circuit(FREQUENCY, cpe(1e-4, 1e-4, 0.7), "p(R1,C1)", [2e-4, 5e-5])
    assert wrong.runs > 3.0
    assert "does not describe the spectrum: it misses it by" in wrong.verdict
