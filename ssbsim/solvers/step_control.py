r"""How long the next step is.

With e the local error of a step over the tolerance (e > 1: rejected), and e' that of the step before, a method with an error
of order p per step (3 for TR-BDF2) goes on with::

    h_next = h clip(0.9 e^(-a/p) e'^(b/p), 0.2, growth)          after an accepted step
    h_next = h max(0.2, 0.9 e^(-1/p))                            after a rejected one
    h_next = h / 4                                               when the step could not be solved

``a = 1, b = 0`` is the elementary controller, ``a = 0.7, b = 0.4`` the PI controller of Gustafsson (ACM Trans. Math. Softw. 17
(1991) 533, doi 10.1145/210232.210242), which rejects fewer steps where stiffness limits them. Every size is rounded down to
a power of sqrt(2): an error estimate differs in its last digits between one rank and three; steps from a coarse set do not,
and with them whole histories are the same; and a matrix serves for several steps.

Rules (:class:`StepControl`) and memory (:class:`StepMemory`) are apart: the memory is plain numbers, all that a run that goes
on needs to take the steps that it would have taken.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

#: Order of the local error.
_ORDER = 3.0
_SAFETY = 0.9
_LEAST = 0.2
_UNSOLVED = 0.25
#: A target this close, relative to the way to it, is reached by the step.
_CLOSE = 1e-12


@dataclass(frozen=True)
class StepMemory:
    """What the controller remembers of the steps before.

    Args:
        size: Step that comes next, unless something is in its way.
        error: Error over the tolerance of the last step that had an estimate.
        jumped: Whether something jumped since the last step.
    """

    size: float
    error: float = 1.0
    jumped: bool = False


@dataclass(frozen=True)
class StepControl:
    """The rules.

    Args:
        smallest: A step below this is a failure.
        largest: Longest step.
        largest_after_jump: Longest step right after a jump; it has no error estimate.
        growth: Largest ratio of a step to the one before.
        present: a, the exponent of the present error.
        past: b, that of the one before.
        least_error: Errors below this say no more than that they are small.
    """

    smallest: float
    largest: float = math.inf
    largest_after_jump: float = math.inf
    growth: float = 5.0
    present: float = 0.7
    past: float = 0.4
    least_error: float = 1e-8

    def planned(self, memory: StepMemory) -> float:
        """The step if nothing is in its way."""
        size = min(memory.size, self.largest)
        return min(size, self.largest_after_jump) if memory.jumped else size

    def cut(self, memory: StepMemory, left: float) -> float:
        """The planned step so that a target at the distance ``left`` is hit exactly: ``left`` itself for the last step.

        The rest is spread over two steps rather than leave a crumb before the target.
        """
        planned = self.planned(memory)
        if planned >= left * (1.0 - _CLOSE):
            return left
        return 0.5 * left if planned > 0.5 * left else planned

    def accepted(self, memory: StepMemory, used: float, error: float | None) -> StepMemory:
        """The memory after a step of size ``used`` with an error over the tolerance, or ``None`` without an estimate."""
        if error is None:
            return replace(memory, jumped=False)
        error = max(error, self.least_error)
        factor = _SAFETY * error ** (-self.present / _ORDER) * memory.error ** (self.past / _ORDER)
        grown = used * min(self.growth, max(_LEAST, factor))
        # A step that a target cut short says little about the step that the error allows.
        size = max(grown, memory.size) if used < self.planned(memory) else grown
        return StepMemory(rounded(size), error)

    def rejected(self, memory: StepMemory, used: float, error: float | None) -> StepMemory:
        """The memory after a step that is to be done again; ``None`` for one that could not be solved."""
        shrink = _UNSOLVED if error is None else max(_LEAST, _SAFETY * error ** (-1.0 / _ORDER))
        return replace(memory, size=rounded(used * shrink))


def rounded(size: float) -> float:
    """The size rounded down to a power of the square root of two."""
    return 2.0 ** (math.floor(2.0 * math.log2(size)) / 2.0)
