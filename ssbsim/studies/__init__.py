"""Studies: recipes over the functional and the solvers."""

from typing import Any

from ssbsim.studies.effective_transport import run_effective_transport
from ssbsim.studies.impedance import run_impedance
from ssbsim.studies.recipes import run_equilibrium, run_steady, run_transient
from ssbsim.studies.records import StepRecord, StudyResult
from ssbsim.studies.saved_state import differences, fingerprints, gather_state, restore_state
from ssbsim.studies.simulation import Flows, Simulation, choose_scales
from ssbsim.studies.snapshot import Layout, Snapshots
from ssbsim.studies.tracer import run_tracer

#: Every study that a case may name; the key is the word in the case file.
STUDIES: dict[str, Any] = {
    "effective_transport": run_effective_transport,
    "equilibrium": run_equilibrium,
    "impedance": run_impedance,
    "steady": run_steady,
    "tracer": run_tracer,
    "transient": run_transient,
}

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
