r"""The mobility as a matrix over pairs of species.

Flux and dissipation (per volume, and time)::

    J_k = - sum_l M_kl grad mu_l,      1/2 sum_kl M_kl grad mu_k . grad mu_l

with ``M_kl = M_lk`` (Onsager, Phys. Rev. 37 (1931) 405, doi 10.1103/PhysRev.37.405). Free energy is spent and never won
where M is positive semi-definite. The conductivity is ``sum_kl z_k z_l M_kl``. A pair that is not there is zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ssbsim.errors import CaseError
from ssbsim.physics.operations import Operations

#: Smallest eigenvalue, over the largest, that rounding may leave of zero: the unit roundoff times some ten operations.
_ROUNDING = 1e-14


@dataclass(frozen=True)
class MobilityMatrix:
    """``M_kl`` by pair of species, symmetric: both orders of a pair are there.

    Args:
        entries: Numbers or expressions.
    """

    entries: Mapping[tuple[str, str], Any]

    def __getitem__(self, pair: tuple[str, str]) -> Any:
        return self.entries.get(pair, 0.0)

    @property
    def species(self) -> tuple[str, ...]:
        """The species that move."""
        return tuple(dict.fromkeys(k for k, _ in self.entries))

    def dissipation(self, mu: Mapping[str, Any], op: Operations) -> Any:
        """``1/2 sum_kl M_kl grad mu_k . grad mu_l``; ``None`` if nothing moves."""
        terms = [0.5 * m * op.gradient_product(mu[k], mu[j]) for (k, j), m in self.entries.items()]
        return sum(terms[1:], terms[0]) if terms else None

    def flux(self, species: str, gradients: Mapping[str, Any]) -> Any:
        """``J_k``, from the gradient (or one component of it) of every mu; zero where the species does not move."""
        return sum((-m * gradients[j] for (k, j), m in self.entries.items() if k == species), 0.0)

    def conductivity(self, charges: Mapping[str, int]) -> Any:
        """``sum_kl z_k z_l M_kl``."""
        return sum((charges[k] * charges[j] * m for (k, j), m in self.entries.items()), 0.0)

    def check(self, phase: str) -> None:
        """Make sure that the matrix, of numbers, is symmetric and positive semi-definite.

        Raises:
            CaseError: It is not, with the phase and the numbers.
        """
        names = self.species
        matrix = np.array([[float(self[k, j]) for j in names] for k in names]).reshape(len(names), len(names))
        lowest = float(np.min(np.linalg.eigvalsh(0.5 * (matrix + matrix.T)), initial=0.0))
        largest = float(np.max(np.abs(matrix), initial=0.0))
        asymmetry = float(np.max(np.abs(matrix - matrix.T), initial=0.0))
        if lowest >= -_ROUNDING * largest and asymmetry <= _ROUNDING * largest:
            return
        numbers = ", ".join(f"{k} with {j}: {float(m):.6g}" for (k, j), m in self.entries.items())
        fault = (
            "is not symmetric" if asymmetry > _ROUNDING * largest else "would win free energy instead of spending it"
        )
        raise CaseError(
            f"The mobility of phase '{phase}' {fault}: smallest eigenvalue {lowest:.3g} of ({numbers}).",
            where=f"phases.{phase}",
            hint="Let the coupling of two species be at most the geometric mean of their own mobilities, the same both ways.",
        )
