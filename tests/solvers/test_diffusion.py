"""Linear diffusion in time: second order, exact series, amounts kept."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from petsc4py import PETSc

from ssbsim.solvers.diffusion import integrate


def line(n: int) -> tuple[PETSc.Mat, PETSc.Mat]:
    """Lumped C and K of a line of unit length with n cells."""
    h = 1.0 / n
    capacity, conduction = (PETSc.Mat().createAIJ((n + 1, n + 1), nnz=3, comm=PETSc.COMM_SELF) for _ in range(2))
    for i in range(n + 1):
        capacity[i, i] = h if 0 < i < n else 0.5 * h
        conduction[i, i] = (2.0 if 0 < i < n else 1.0) / h
        for j in (i - 1, i + 1):
            if 0 <= j <= n:
                conduction[i, j] = -1.0 / h
    for matrix in (capacity, conduction):
        matrix.assemble()
    return capacity, conduction


def run(n: int, values: Any, fixed: list[int], until: list[float], **more: Any) -> tuple[np.ndarray[Any, Any], Any]:
    capacity, conduction = line(n)
    u = capacity.createVecRight()
    u.array[:] = values
    report = integrate(capacity, conduction, u, np.array(fixed, dtype=np.int32), until=until, **more)
    return u.array.copy(), report


def test_a_mode_decays_with_its_discrete_rate_and_the_error_follows_the_tolerance() -> None:
    n, time = 16, 0.1
    x = np.linspace(0.0, 1.0, n + 1)
    rate = 4.0 * n * n * math.sin(math.pi / (2 * n)) ** 2
    errors, steps = [], []
    for tolerance in (1e-4, 1e-5, 1e-6):
        u, report = run(n, np.sin(math.pi * x), [0, n], [time], tolerance=tolerance)
        errors.append(float(np.max(np.abs(u - math.exp(-rate * time) * np.sin(math.pi * x)))))
        steps.append(report.steps)
    assert errors[-1] < 1e-4
    # A local error per step of third order: a global one of second order in the number of steps.
    order = math.log(errors[0] / errors[-1]) / math.log(steps[-1] / steps[0])
    assert 1.7 < order < 3.0


def test_a_face_that_jumps_gives_the_textbook_profile_and_keeps_the_books() -> None:
    n, time = 200, 2e-3
    start = np.zeros(n + 1)
    start[0] = 1.0
    u, report = run(n, start, [0], [time / 2, time], tolerance=1e-6)
    x = np.linspace(0.0, 1.0, n + 1)
    exact = np.array([math.erfc(v / (2 * math.sqrt(time))) for v in x])
    assert u == pytest.approx(exact, abs=5e-4)
    assert report.supplied == pytest.approx(report.stored, rel=1e-10)
    assert report.stored == pytest.approx(2 * math.sqrt(time / math.pi) - 0.5 / n, rel=2e-2)


def test_output_times_are_hit_and_seen_in_order() -> None:
    seen: list[float] = []
    run(8, np.linspace(0, 1, 9), [0], [0.1, 0.25, 0.3], observe=lambda t, _: seen.append(t))
    assert seen == [0.1, 0.25, 0.3]


def test_an_exchanging_face_fills_as_a_lumped_body() -> None:
    """Slow exchange: u = 1 - exp(-k t / L) to first order in the Biot number."""
    n, k, time = 10, 1e-4, 5e3
    capacity, conduction = line(n)
    conduction[0, 0] = conduction[0, 0] + k
    conduction.assemble()
    load = capacity.createVecRight()
    load.array[0] = k
    u = capacity.createVecRight()
    report = integrate(capacity, conduction, u, np.empty(0, dtype=np.int32), until=[time], load=load, tolerance=1e-6)
    assert u.array == pytest.approx(1.0 - math.exp(-k * time), abs=1e-4)
    assert report.supplied == pytest.approx(report.stored, rel=1e-8)
