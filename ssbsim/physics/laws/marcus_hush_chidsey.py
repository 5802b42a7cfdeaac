r"""Charge transfer of one species after Marcus, Hush and Chidsey.

The rate is a sum over the states of the bath at energies x (kT) from the Fermi level, each a Marcus rate of the
reorganization energy L (kT). With ``u = jump(mu)/RT`` (positive from the first to the second side) and the Fermi function
(Chidsey, Science 251 (1991) 919, doi 10.1126/science.251.4996.919)::

    k(u) = integral exp(-(x + L - u)^2/(4L)) / (1 + exp(-x)) dx,       J = i0/(|z|F) [k(u) - k(-u)] / k(0)

Detailed balance ``k(u) = e^u k(-u)`` holds exactly, and with it ``2 k'(0) = k(0)``: i0 is the slope of the current there.
Taking the Gaussian apart, forward minus backward is an average of steps over bath energies y of the density
``exp(-(y -+ L)^2/(4L))``, and each step is the derivative of a convex function::

    k(u) - k(-u) = 1/2 integral_0^inf W(y) [tanh((u + y)/2) + tanh((u - y)/2)] dy
                 = integral_0^inf W(y) sinh(u)/(cosh(u) + cosh(y)) dy,      W = exp(-(y - L)^2/(4L)) + exp(-(y + L)^2/(4L))

    psi = RT i0/(|z|F) sum_q (v_q/p_q) ln(1 + p_q (cosh(u) - 1)),      p_q = 1/(1 + cosh(y_q)),  v_q ~ W(y_q) p_q,  sum v_q = 1

so that the current is odd, zero at equilibrium, has the slope i0 against ``|z|F eta/RT`` there, and saturates for
``|u|`` well above L. The curvature of each term is ``v_q [p_q + (1 - p_q) cosh(u)]/[1 + p_q (cosh(u) - 1)]^2 > 0``.

Nodes: the trapezoidal rule, y = 0, h, 2h, ... with h = min(1, L). The integrand has its nearest poles at a distance pi from
the real line, so that the rule is good to about ``exp(-2 pi^2/h) = 3e-9`` times ``exp(pi^2/(4L))`` of the Gaussian there:
2e-7 relative to direct integration from L = 1 up, at any u. The last node is 5.2 standard deviations ``sqrt(2L)`` above
L, beyond which 1e-7 of the weight lies: 14 nodes at 2 kT, 54 at 20 kT, 147 at 80 kT. They are rounded up to a multiple
of 16, so that a sweep of L seldom compiles anything. (The closed form of Zeng et al., J. Electroanal. Chem. 735 (2014) 77,
doi 10.1016/j.jelechem.2014.09.038, is within 10 % from 2 to 20 kT.)
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ssbsim.case.laws.marcus_hush_chidsey import MarcusHushChidseyLaw
from ssbsim.physics.laws.base import Contact, Floats, OneSpecies
from ssbsim.physics.operations import Operations
from ssbsim.physics.state import State

#: Standard deviations of the bath energy above the mean that are summed over.
_REACH = 5.2
#: The number of nodes is a multiple of this.
_BLOCK = 16


class MarcusHushChidsey(OneSpecies):
    """``i = sign(z) i0 [k(u) - k(-u)]/k(0)``."""

    schema = MarcusHushChidseyLaw

    def __init__(self, law: MarcusHushChidseyLaw, contact: Contact) -> None:
        scales, z = contact.scales, contact.phases[0].charges[law.species]
        super().__init__(law.species, law.exchange_current / scales.current / abs(z), contact)
        weights, shares = bath_nodes(law.reorganization_energy / scales.energy_ev)
        #: (v_q/p_q, p_q) of every node.
        self.nodes = [
            (contact.constant(float(w)), contact.constant(float(p))) for w, p in zip(weights, shares, strict=True)
        ]

    def dissipation(self, a: State, b: State, op: Operations) -> Any:
        """``g sum_q (v_q/p_q) ln(1 + p_q (cosh(u) - 1))``, with ``e^|u|`` taken out of the logarithm."""
        (u,) = self.affinities(a, b)
        size = op.frozen(op.maximum(u, -u))
        cosh, one = 0.5 * (op.exp(u - size) + op.exp(-u - size)), op.exp(-size)
        return self.conductance * sum(w * (op.ln(p * cosh + (1.0 - p) * one) + size) for w, p in self.nodes)


def bath_nodes(energy: float) -> tuple[Floats, Floats]:
    """``v_q/p_q`` and ``p_q = 1/(1 + cosh(y_q))`` of every node, for a reorganization energy in kT."""
    step = min(1.0, energy)
    count = 1 + math.ceil((energy + _REACH * math.sqrt(2.0 * energy)) / step)
    y = step * np.arange(_BLOCK * math.ceil(count / _BLOCK))
    weight = np.exp(-((y - energy) ** 2) / (4.0 * energy)) + np.exp(-((y + energy) ** 2) / (4.0 * energy))
    weight[0] *= 0.5
    p = 2.0 * np.exp(-y) / (1.0 + np.exp(-y)) ** 2
    return weight / np.sum(weight * p), p
