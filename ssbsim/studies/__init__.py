"""Studies: recipes over the functional and the solvers."""

from ssbsim._discovery import import_modules
from ssbsim.studies.records import Observer, StepRecord, StudyResult
from ssbsim.studies.registry import STUDIES, register_study
from ssbsim.studies.saved_state import differences, fingerprints, gather_state, restore_state
from ssbsim.studies.simulation import Flows, Simulation, choose_scales
from ssbsim.studies.snapshot import Layout, Snapshots

import_modules(__name__, __path__)

__all__ = [
    "STUDIES",
    "Flows",
    "Layout",
    "Observer",
    "Simulation",
    "Snapshots",
    "StepRecord",
    "StudyResult",
    "choose_scales",
    "differences",
    "fingerprints",
    "gather_state",
    "register_study",
    "restore_state",
]
