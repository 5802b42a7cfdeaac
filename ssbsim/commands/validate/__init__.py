"""Validation: simulations held against closed forms, reference solutions and orders of convergence.

A validation case is one file of the folder ``validation/`` of the repository, with a description and a function
``rows(bench)`` that yields :class:`Row` objects::

    def rows(bench):
        with bench.trial(CASE) as trial:
            trial.equilibrium({"left": 0.1})
            yield Row("charge at 0.1 V", expected, trial.charge("left"), 1e-3, "C/m^2")

:func:`validate` runs them and writes a table and overlay plots; the command is ``ssbsim validate``.
"""

from ssbsim.commands.validate._rows import Curve, Panel, Row
from ssbsim.commands.validate._runner import Bench, Outcome, case_folder, find_cases, load_case_file, run_case, validate
from ssbsim.commands.validate._trial import Profile, Trial

__all__ = [
    "Bench",
    "Curve",
    "Outcome",
    "Panel",
    "Profile",
    "Row",
    "Trial",
    "case_folder",
    "find_cases",
    "load_case_file",
    "run_case",
    "validate",
]
