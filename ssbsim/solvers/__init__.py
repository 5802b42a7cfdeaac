"""Newton, linear solvers and time stepping."""

from ssbsim.solvers.at_rest import RestSolver
from ssbsim.solvers.convergence import ERROR_LEFT
from ssbsim.solvers.linear import PRESET_SOURCES, SolverOptions, choose_preset
from ssbsim.solvers.march import Attempt, Event, Outcome, Progress, march
from ssbsim.solvers.newton import ImplicitSolver, NewtonReport
from ssbsim.solvers.refinement import conductance_of_rows, refine
from ssbsim.solvers.step_control import StepControl, StepMemory
from ssbsim.solvers.stepping import Integrator, StepReport, TimePoint, jumped

__all__ = [
    "ERROR_LEFT",
    "PRESET_SOURCES",
    "Attempt",
    "Event",
    "ImplicitSolver",
    "Integrator",
    "NewtonReport",
    "Outcome",
    "Progress",
    "RestSolver",
    "SolverOptions",
    "StepControl",
    "StepMemory",
    "StepReport",
    "TimePoint",
    "choose_preset",
    "conductance_of_rows",
    "jumped",
    "march",
    "refine",
]
