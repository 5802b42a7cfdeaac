"""Newton, linear solvers and time stepping."""

from ssbsim.solvers.linear import PRESET_SOURCES, SolverOptions, choose_preset
from ssbsim.solvers.newton import ERROR_LEFT, ImplicitSolver, NewtonReport
from ssbsim.solvers.stepping import Integrator, StepReport, TimePoint, jumped

__all__ = [
    "ERROR_LEFT",
    "PRESET_SOURCES",
    "ImplicitSolver",
    "Integrator",
    "NewtonReport",
    "SolverOptions",
    "StepReport",
    "TimePoint",
    "choose_preset",
    "jumped",
]
