"""Sites for one particle."""

from ssbsim.case.statistics.base import StatisticsModel


class SiteLimitedStatistics(StatisticsModel):
    """The lattice gas (Fermi-Dirac occupation of sites by ions)."""

    word = "site_limited"
    capacity = 1.0
