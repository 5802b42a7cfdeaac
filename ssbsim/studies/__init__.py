"""Studies: recipes over the functional and the solvers."""

from ssbsim.studies.recipes import STUDIES, run_equilibrium, run_steady, run_transient
from ssbsim.studies.records import StepRecord, StudyResult
from ssbsim.studies.saved_state import differences, fingerprints, gather_state, restore_state
from ssbsim.studies.simulation import Flows, Simulation, choose_scales
from ssbsim.studies.snapshot import Layout, Snapshots

__all__ = [
    "STUDIES",
    "Flows",
    "Layout",
    "Simulation",
    "Snapshots",
    "StepRecord",
    "StudyResult",
    "choose_scales",
    "differences",
    "fingerprints",
    "gather_state",
    "restore_state",
    "run_equilibrium",
    "run_steady",
    "run_transient",
]
