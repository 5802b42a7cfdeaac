"""From results to science: the parts of one grain boundary, and exact results to overlay on simulations."""

from ssbsim.analysis import exact
from ssbsim.analysis.boundary import (
    BoundaryAnalysis,
    SpaceChargeLayer,
    analyse_boundary,
    decay_distance,
    equivalent_permeability,
    equivalent_width,
    excess_resistance,
    resistance_ratio,
)

__all__ = [
    "BoundaryAnalysis",
    "SpaceChargeLayer",
    "analyse_boundary",
    "decay_distance",
    "equivalent_permeability",
    "equivalent_width",
    "exact",
    "excess_resistance",
    "resistance_ratio",
]
