"""From a case file to what every command starts with: the resolved case, its mesh, the check report and the sources.

The mesh is taken from those made before where it is there, and the check report is always made, so that no command solves what
another would refuse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ssbsim import interrupts
from ssbsim._parallel import on_root
from ssbsim.case import Case, load_case
from ssbsim.commands.check_report import CheckReport, report_on
from ssbsim.commands.meshing import MadeMesh, make_mesh
from ssbsim.geometry import MeshData
from ssbsim.materials import case_provenance, resolve_case

if TYPE_CHECKING:
    from mpi4py import MPI


@dataclass(frozen=True)
class Prepared:
    """A case that is ready to be solved.

    Args:
        case: Resolved: its phases are complete.
        made: Its mesh and how it came about.
        checked: The report of the check.
        sources: By phase, one entry for every value in use, with where it comes from.
    """

    case: Case
    made: MadeMesh
    checked: CheckReport
    sources: Mapping[str, list[dict[str, Any]]]


def load(case: Case | str | Path) -> Case:
    """The case itself, or that of the file."""
    return case if isinstance(case, Case) else load_case(case)


def prepare(case: Case | str | Path, *, use_cache: bool = True, show_progress: bool = True) -> Prepared:
    """Resolve a case, make its mesh and check both. Call it on one rank only.

    Args:
        case: A case, or the path of its file.
        use_cache: Take the mesh from those made before where it is there.
        show_progress: Show progress on stderr.

    Raises:
        CaseError, MeshError: The case cannot be used, or has no mesh. What a run would refuse is in ``checked.problems``.
    """
    loaded = load(case)
    resolved = resolve_case(loaded)
    made = make_mesh(resolved, use_cache=use_cache, show_progress=show_progress)
    sources = {name: [asdict(row) for row in rows] for name, rows in case_provenance(loaded).items()}
    return Prepared(resolved, made, report_on(resolved, made.mesh), sources)


def prepare_to_solve(
    comm: MPI.Comm, case: Case | str | Path, *, show_progress: bool = True
) -> tuple[Case, MeshData | None, Prepared | None]:
    """The same for all ranks; collective.

    Returns:
        The resolved case on every rank; on rank 0 its mesh and all that was prepared, ``None`` elsewhere.

    Raises:
        CaseError, MeshError: Also where the mesh is too coarse for what is asked for; the same on every rank.
    """

    def work() -> Prepared:
        with interrupts.immediate():
            found = prepare(case, show_progress=show_progress)
        found.checked.raise_for_problems()
        return found

    prepared = on_root(comm, work, share=False)
    resolved: Case = comm.bcast(prepared.case if prepared is not None else None, root=0)
    return resolved, prepared.made.mesh if prepared is not None else None, prepared
