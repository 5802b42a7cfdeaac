r"""A small model that has the frequency response of a large one: Galerkin projection on a rational Krylov space.

The responses u_j at real shifts s_j > 0 and their derivatives span the space; among all their combinations that have the drive
at the driven terminal, the one is taken whose residual is orthogonal to all that do not touch it::

    u(s) = u_1 + sum_i c_i(s) q_i,     q_i (K + s C) u(s) + s <q_i, g> = 0

Where C and K are symmetric (at equilibrium) the error of Y is the square of that of u, so that a space with u and du/ds at s_j
gives Y and three derivatives there, and Y has a positive real part whatever the space: it is the energy of an actual field. All
poles of Y lie on the negative real axis, so that real shifts serve for imaginary s too (V. Druskin, V. Simoncini, Syst. Control
Lett. 60 (2011) 546, doi 10.1016/j.sysconle.2011.04.013, also for the choice of shifts).

In such a space the residual keeps its direction and only its size depends on s::

    residual(s) ~ prod_j (s - s_j)^m / det(Q (K + s C) Q)

The next shift is the frequency at which ``|residual|^2/(|Y| sqrt(w))`` is largest: the error of Y is ``residual (K + s C)^-1
residual``, in which the inverse falls with w, at most as 1/w; the root lies between. The estimate of the error is the largest
change of Y, over all frequencies, by the shift added last, that is the error of the model before; the model that is used is better.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ssbsim.errors import ConvergenceError
from ssbsim.solvers.frequency_response import FrequencyResponse, ResponseMatrices

Floats = npt.NDArray[Any]
Complexes = npt.NDArray[np.complex128]

#: Vectors from every shift: the response and its derivative.
_ORDER = 2
#: Shifts after which a model that still changes is given up.
_MOST_SHIFTS = 40
#: A vector that loses so much when the others are taken out of it adds nothing.
_DEPENDENT = 1e-12
#: Shifts are not set closer together than by this factor.
_APART = 1.2


class ReducedModel:
    """The model; it grows by :meth:`add`.

    Args:
        response: The cell.

    Attributes:
        fields: u_1 and the orthonormal q_i, one in each row; owned rows.
        shifts: Shifts so far.
    """

    def __init__(self, response: FrequencyResponse) -> None:
        self._response = response
        self.shifts: list[float] = []
        self.fields: Floats = np.empty((0, len(response.drive.lift)))
        self._zeros: list[float] = []
        self._storage: Floats = np.empty((0, 0))
        self._dissipation: Floats = np.empty((0, 0))

    def add(self, shift: float, tolerance: float) -> None:
        """Solve at a shift and take the response into the space."""
        response = self._response
        response.set_shift(shift)
        self.shifts.append(shift)
        u = response.solution(tolerance)
        if not len(self.fields):
            self.fields = u[None, :]
            self._zeros.append(shift)
        else:
            self._join(u - self.fields[0], shift)
        for _ in range(_ORDER - 1):
            self._join(response.derivative(u), shift)
        self._storage, self._dissipation = self.quadratic(response.matrices)

    def quadratic(self, matrices: ResponseMatrices) -> tuple[Floats, Floats]:
        """C and K of the cell, or of a part of it, in the space."""
        driven = np.zeros(len(self.fields))
        driven[0] = 1.0
        return self._response.quadratic(matrices, self.fields, driven)

    def coefficients(self, frequencies: Floats) -> Complexes:
        """``(1, c_1, c_2, ..)`` at every angular frequency, shape (frequencies, fields)."""
        result = np.ones((len(frequencies), len(self.fields)), dtype=np.complex128)
        for i, w in enumerate(frequencies):
            matrix, scale = self._scaled(float(w))
            right = self._dissipation[1:, 0] + 1j * w * self._storage[1:, 0]
            result[i, 1:] = -scale * np.linalg.solve(matrix, scale * right)
        return result

    def admittance(self, frequencies: Floats) -> Complexes:
        """Y at every angular frequency."""
        x = self.coefficients(frequencies)
        dissipated = np.einsum("fi,ij,fj->f", x.conj(), self._dissipation, x)
        stored = np.einsum("fi,ij,fj->f", x.conj(), self._storage, x)
        return np.asarray(dissipated + 1j * frequencies * stored)

    def worst(self, frequencies: Floats) -> float:
        """The frequency at which the next shift helps most."""
        indicator = np.empty(len(frequencies))
        admittance = self.admittance(frequencies)
        for i, w in enumerate(frequencies):
            matrix, scale = self._scaled(float(w))
            size = np.linalg.slogdet(matrix)[1] - 2.0 * np.log(scale).sum()
            residual = np.log(np.abs(1j * w - np.array(self._zeros))).sum() - size
            near = np.min(np.abs(np.log(w / np.array(self.shifts)))) < np.log(_APART)
            indicator[i] = -np.inf if near else 2.0 * residual - np.log(np.abs(admittance[i])) - 0.5 * np.log(w)
        return float(frequencies[int(np.argmax(indicator))])

    def _scaled(self, w: float) -> tuple[Complexes, Floats]:
        """``Q (K + i w C) Q`` with rows and columns scaled to a diagonal near 1, and the scale."""
        matrix = self._dissipation[1:, 1:] + 1j * w * self._storage[1:, 1:]
        scale = 1.0 / np.sqrt(np.abs(np.diag(matrix)))
        return matrix * scale[:, None] * scale[None, :], scale

    def _join(self, field: Floats, shift: float) -> None:
        response = self._response
        size = float(np.sqrt(response.dot(field, field)))
        for _ in range(2):
            others = self.fields[1:]
            field = field - response.dot(others, field) @ others
        left = float(np.sqrt(response.dot(field, field)))
        if left > _DEPENDENT * size:
            self.fields = np.vstack([self.fields, field / left])
            self._zeros.append(shift)


def reduce_response(response: FrequencyResponse, frequencies: Floats, tolerance: float) -> tuple[ReducedModel, float]:
    """Build the model for a range of angular frequencies.

    Args:
        response: The cell.
        frequencies: Where it has to be right; rising.
        tolerance: Relative error of Y allowed.

    Returns:
        The model and the estimate of its error.

    Raises:
        ConvergenceError: The tolerance is not reached.
    """
    low, high = float(frequencies[0]), float(frequencies[-1])
    grid = np.geomspace(low / 2.0, high * 2.0, 1 + max(8, round(10.0 * np.log10(4.0 * high / low))))
    model = ReducedModel(response)
    before: Any = None
    change = np.inf
    shift = low
    for count in range(_MOST_SHIFTS):
        model.add(shift, tolerance)
        now = model.admittance(frequencies)
        if before is not None:
            change = float(np.max(np.abs(before / now - 1.0)))
            if change <= tolerance and count > 1:
                return model, change
        before = now
        shift = high if count == 0 and high > _APART * low else model.worst(grid)
    raise ConvergenceError(
        f"The reduced model still changes by {change:.2g} after {_MOST_SHIFTS} shifts; {tolerance:.2g} was asked for.",
        where="impedance",
        hint="Raise the tolerance of the study, make the range of frequencies smaller, or use method: direct.",
    )
