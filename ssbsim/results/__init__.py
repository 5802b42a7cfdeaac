"""The run folder: writing it, reading it back, and its pictures and report.

Importing this package is cheap on purpose: each public name is loaded from its module when it is first used, so that
the command line does not pay for plotting when nothing is plotted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssbsim._lazy import lazy_names

if TYPE_CHECKING:
    from ssbsim.results._checkpoint import read_checkpoint
    from ssbsim.results._estimate import estimate_output
    from ssbsim.results._folder import RunFolder, is_without_checkpoint
    from ssbsim.results._grid import Grid
    from ssbsim.results._log import open_log
    from ssbsim.results._progress import Progress
    from ssbsim.results._provenance import provenance
    from ssbsim.results._reader import Results, SavedStep, open_results
    from ssbsim.results._references import bibliography, references
    from ssbsim.results._step_row import StepRow, TerminalRow
    from ssbsim.results.mesh_files import write_mesh_files
    from ssbsim.results.pictures.draw import plot_run
    from ssbsim.results.report import write_report

_HOMES = {
    "Grid": "_grid",
    "Progress": "_progress",
    "Results": "_reader",
    "RunFolder": "_folder",
    "SavedStep": "_reader",
    "StepRow": "_step_row",
    "TerminalRow": "_step_row",
    "estimate_output": "_estimate",
    "open_log": "_log",
    "open_results": "_reader",
    "plot_run": "pictures.draw",
    "bibliography": "_references",
    "is_without_checkpoint": "_folder",
    "provenance": "_provenance",
    "references": "_references",
    "read_checkpoint": "_checkpoint",
    "write_mesh_files": "mesh_files",
    "write_report": "report",
}


__getattr__ = lazy_names(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})


__all__ = [
    "Grid",
    "Progress",
    "Results",
    "RunFolder",
    "SavedStep",
    "StepRow",
    "TerminalRow",
    "bibliography",
    "estimate_output",
    "is_without_checkpoint",
    "open_log",
    "open_results",
    "plot_run",
    "provenance",
    "read_checkpoint",
    "references",
    "write_mesh_files",
    "write_report",
]
