r"""The numbers of TR-BDF2, the one method of time stepping here: a trapezoidal stage, then one of BDF2.

For ``dq/dt = f`` and a step h::

    q1 = q0 + d h (f0 + f1)                  at t + gamma h
    q2 = q0 + w h (f0 + f1) + d h f2         at t + h
       = (q1 - (1 - gamma)^2 q0) / (gamma (2 - gamma)) + d h f2
    e  = h sum_i (b^_i - b_i) f_i            local error, against the embedded formula of third order

    gamma = 2 - sqrt(2),   d = gamma/2,   w = sqrt(2)/4,   b = (w, w, d),   b^ = ((1 - w)/3, (3 w + 1)/3, d/3)

Second order, L-stable; both stages have the matrix ``C + d h K``. Sources: R. E. Bank et al., IEEE Trans. CAD 4 (1985) 436,
doi 10.1109/TCAD.1985.1270142; the embedded formula: M. E. Hosea, L. F. Shampine, Appl. Numer. Math. 20 (1996) 21,
doi 10.1016/0168-9274(95)00115-8.
"""

from __future__ import annotations

import math

#: The stage between, as a part of the step.
GAMMA = 2.0 - math.sqrt(2.0)
#: d: both stages have the matrix C + d h K.
DIAGONAL = 0.5 * GAMMA
#: w: weight of the first two rates.
WEIGHT = math.sqrt(2.0) / 4.0

#: Times of the stages, over the step.
TIMES = (0.0, GAMMA, 1.0)
#: Rates that enter every stage (rows) and the step, which is the last stage.
STAGES = ((0.0, 0.0, 0.0), (DIAGONAL, DIAGONAL, 0.0), (WEIGHT, WEIGHT, DIAGONAL))
WEIGHTS = STAGES[-1]
#: b^, of third order.
THIRD_ORDER = ((1.0 - WEIGHT) / 3.0, (3.0 * WEIGHT + 1.0) / 3.0, DIAGONAL / 3.0)
#: b^ - b.
ERROR = tuple(third - second for third, second in zip(THIRD_ORDER, WEIGHTS, strict=True))

#: Weights of q1 and of q0 in the second stage written as BDF2.
NEWER = 1.0 / (GAMMA * (2.0 - GAMMA))
OLDER = -((1.0 - GAMMA) ** 2) / (GAMMA * (2.0 - GAMMA))
