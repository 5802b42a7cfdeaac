"""Sites that never fill up."""

import math

from ssbsim.case.statistics.base import StatisticsModel


class DiluteStatistics(StatisticsModel):
    """Ideal dilute particles (Boltzmann)."""

    word = "dilute"
    capacity = math.inf
