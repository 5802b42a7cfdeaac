"""Newton, linear solvers and time stepping."""

from ssbsim.solvers.linear import SolverOptions, choose_preset
from ssbsim.solvers.newton import ERROR_LEFT, ImplicitSolver, NewtonReport
from ssbsim.solvers.stepping import Integrator, StepReport, TimePoint, jumped

__all__ = [
    "ERROR_LEFT",
    "ImplicitSolver",
    "Integrator",
    "NewtonReport",
    "SolverOptions",
    "StepReport",
    "TimePoint",
    "choose_preset",
    "jumped",
]
