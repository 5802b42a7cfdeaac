"""Isotope exchange through a face as matrices: what the study `tracer` steps and the fit of a map differentiates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import dolfinx
import dolfinx.fem.petsc
import numpy as np
import numpy.typing as npt
from mpi4py import MPI
from petsc4py import PETSc

from ssbsim.case import Case, IsotopeImage, TracerStudy
from ssbsim.discretization import DistributedMesh, Scales
from ssbsim.errors import CaseError
from ssbsim.physics.linear_transport import LinearTransport, build_linear_transport
from ssbsim.physics.rows import terminal_nodes
from ssbsim.solvers import choose_preset

Ints = npt.NDArray[np.int32]

MAXIMUM_PIXELS = 20_000_000
"""Pixels of one image."""

#: Relative error of the size of the body.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class IsotopeExchange:
    """The linear problem ``C du/dt + K u = f`` of a tracer study, scaled.

    Args:
        transport: Its forms.
        u: The isotope fraction, as at the start.
        storage: C.
        conduction: K.
        load: f of an exchanging face; ``None`` where the face itself has the fraction from outside.
        fixed: Owned rows that keep their value.
        until: Duration.
        preset: Linear solver.
        tolerance: Error of the fraction allowed per step.
    """

    transport: LinearTransport
    u: Any
    storage: PETSc.Mat
    conduction: PETSc.Mat
    load: PETSc.Vec | None
    fixed: Ints
    until: float
    preset: str
    tolerance: float

    def destroy(self) -> None:
        """Free the matrices and the load."""
        for one in (self.storage, self.conduction, self.load):
            if one is not None:
                one.destroy()


def check_source(mesh: DistributedMesh, study: TracerStudy) -> None:
    """Make sure that the source of a study is a boundary and that its image shows something of the body; collective.

    Raises:
        CaseError: The source is none, or the image shows nothing, or has more pixels than anything could use.
    """
    if study.source not in mesh.boundaries:
        raise CaseError(
            f"'{study.source}' is not a boundary of the mesh.",
            where="study.source",
            hint="Boundaries here: " + (", ".join(mesh.boundaries) or "none") + ".",
        )
    if study.image is not None:
        _check_image(mesh, study.image)


def _check_image(mesh: DistributedMesh, image: IsotopeImage) -> None:
    x = mesh.mesh.geometry.x[:, : mesh.dim] * mesh.length
    low, high = np.empty(mesh.dim), np.empty(mesh.dim)
    mesh.comm.Allreduce(x.min(axis=0, initial=np.inf), low, op=MPI.MIN)
    mesh.comm.Allreduce(x.max(axis=0, initial=-np.inf), high, op=MPI.MAX)
    size = (high - low)[:2]
    narrow = int(size.argmin())
    if image.pixel > size[narrow] * (1.0 + _ROUNDING):
        raise CaseError(
            f"A pixel of {image.pixel:.4g} m is larger than the body, {size[narrow]:.4g} m along {'xy'[narrow]}.",
            where="study.image.pixel",
            hint="Make it smaller, a fraction of a grain.",
        )
    pixels = float(np.prod(size / image.pixel))
    if pixels > MAXIMUM_PIXELS:
        raise CaseError(
            f"The image would have {pixels:.2g} pixels of {image.pixel:.4g} m; at most {MAXIMUM_PIXELS:,} are possible.",
            where="study.image.pixel",
            hint=f"Make them larger: the body is {' x '.join(f'{edge:.4g}' for edge in size)} m.",
        )
    if image.section is None:
        return
    if mesh.dim < 3:
        raise CaseError(
            f"A section is for three dimensions, and the body has {mesh.dim}.",
            where="study.image.section",
            hint="Remove it.",
        )
    if not low[2] - _ROUNDING * (high - low)[2] <= image.section <= high[2] + _ROUNDING * (high - low)[2]:
        raise CaseError(
            f"The section at z = {image.section:.4g} m does not meet the body, which goes from {low[2]:.4g} to {high[2]:.4g} m.",
            where="study.image.section",
            hint="Put it between the two, or leave it out for the middle.",
        )


def isotope_exchange(case: Case, mesh: DistributedMesh, scales: Scales, study: TracerStudy) -> IsotopeExchange:
    """The problem of a study; collective.

    Raises:
        CaseError: The species is not there or does not move.
    """
    faces = {} if study.surface_exchange is None else {study.source: study.surface_exchange}
    transport = build_linear_transport(case, mesh, scales, study.species, tracer=True, exchange=faces)
    face = terminal_nodes(mesh, transport.space, study.source)
    if not mesh.comm.allreduce(len(np.setdiff1d(face, transport.absent)), op=MPI.SUM):
        raise CaseError(
            f"No phase at '{study.source}' holds {study.species}.",
            where="study.source",
            hint="Name a boundary where the species is.",
        )
    u = dolfinx.fem.Function(transport.space)
    vector, fixed, load = u.x.petsc_vec, transport.absent, None
    vector.set(study.initial)
    vector.array[transport.absent] = 0.0
    if transport.exchanged is not None:
        load = dolfinx.fem.petsc.assemble_vector(transport.exchanged)
        load.ghostUpdate(addv=1, mode=1)
        load.scale(study.fraction)
    else:
        vector.array[face] = study.fraction
        fixed = np.unique(np.concatenate([fixed, face])).astype(np.int32)
    storage, conduction = (dolfinx.fem.petsc.assemble_matrix(f) for f in (transport.storage, transport.conduction))
    for matrix in (storage, conduction):
        matrix.assemble()
    return IsotopeExchange(
        transport=transport,
        u=u,
        storage=storage,
        conduction=conduction,
        load=load,
        fixed=fixed,
        until=study.duration / scales.time,
        preset=choose_preset(case.solver.linear, mesh.dim, storage.getSize()[0]),
        tolerance=study.tolerance * abs(study.fraction - study.initial),
    )
