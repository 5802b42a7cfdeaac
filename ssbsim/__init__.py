"""ssbsim: a mesoscale electrochemical simulator for all-solid-state cells.

One YAML file describes geometry, materials, interfaces and studies::

    case = ssbsim.load_case("configs/llto_bicrystal.yaml")
    print(ssbsim.check(case))
    results = ssbsim.run(case, output="runs/llto")
    results.summary["quantities"]["space-charge potential"]

See ``docs/`` for the input file and the run folder.
"""

from typing import TYPE_CHECKING

from ssbsim._lazy import lazy_names
from ssbsim.errors import (
    CaseError,
    CheckpointError,
    ConvergenceError,
    MaterialError,
    MeshError,
    ResultsError,
    SsbsimError,
)

if TYPE_CHECKING:
    from ssbsim.case import load_case
    from ssbsim.commands.check import check
    from ssbsim.commands.check_report import CheckReport
    from ssbsim.commands.fit import fit
    from ssbsim.commands.mesh import MeshReport, mesh_case
    from ssbsim.commands.run import run
    from ssbsim.results import Results, open_results

__version__ = "0.1.0"

__getattr__ = lazy_names(
    __name__,
    {
        "CheckReport": "commands.check_report",
        "MeshReport": "commands.mesh",
        "Results": "results",
        "check": "commands.check",
        "fit": "commands.fit",
        "load_case": "case",
        "mesh_case": "commands.mesh",
        "open_results": "results",
        "run": "commands.run",
    },
)

__all__ = [
    "CaseError",
    "CheckReport",
    "CheckpointError",
    "ConvergenceError",
    "MaterialError",
    "MeshError",
    "MeshReport",
    "Results",
    "ResultsError",
    "SsbsimError",
    "check",
    "fit",
    "load_case",
    "mesh_case",
    "open_results",
    "run",
]
