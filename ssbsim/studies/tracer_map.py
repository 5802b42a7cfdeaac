r"""A map of isotope fractions as a function of what it is fitted for, with its exact derivatives.

The parameters are ``theta_i = ln(p_i / p_i0)`` with p_i0 the value in the case: diffusivities and permeabilities are
positive and known to a factor. The map is the pixels of `sample` under the beam of `record`, both linear in the fraction,
so that the derivative of the map is the map of the derivative.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dolfinx.fem.petsc
import numpy as np
import numpy.typing as npt
from mpi4py import MPI
from petsc4py import PETSc

from ssbsim.case import Case, TracerStudy
from ssbsim.discretization import DistributedMesh, gather_rows
from ssbsim.errors import CaseError
from ssbsim.geometry import MeshData
from ssbsim.physics.conduction_parts import ConductionPart, boundary_parts, bulk_parts
from ssbsim.solvers.diffusion import integrate
from ssbsim.solvers.diffusion_sensitivities import replay
from ssbsim.studies.isotope_exchange import check_source, isotope_exchange
from ssbsim.studies.isotope_image import CornerValues, record, sample
from ssbsim.studies.simulation import choose_scales
from ssbsim.studies.tracer import gather_corners

Floats = npt.NDArray[np.float64]


class TracerMap:
    """The map that a case predicts. Methods are collective and give the same numbers on every rank.

    Args:
        case: A resolved case.
        data: Its mesh on rank 0, ``None`` elsewhere.
        study: A tracer study with an image.
        fitted: What may vary: diffusivity, permeability, surface_exchange.
        each: A permeability for every pair of grains instead of one for every interface of the case.
        comm: Communicator.

    Attributes:
        parts: The parameters.
        grain: Grain index of every pixel, -1 outside, shape (n_x, n_y).

    Raises:
        CaseError: Something that is fitted is not in the case.
    """

    def __init__(
        self,
        case: Case,
        data: MeshData | None,
        study: TracerStudy,
        *,
        fitted: Sequence[str] = ("diffusivity", "permeability"),
        each: bool = False,
        comm: MPI.Comm = MPI.COMM_WORLD,
    ) -> None:
        if study.image is None:
            raise CaseError(
                "The study says nothing of the image.", where="study.image", hint="Add image: {pixel: ...}."
            )
        self.comm, self.image = comm, study.image
        scales = comm.bcast(choose_scales(case, data) if data is not None else None, root=0)
        mesh = DistributedMesh(comm, data, scales.length)
        check_source(mesh, study)
        self._exchange = isotope_exchange(case, mesh, scales, study)
        self._start = self._exchange.u.x.array.copy()
        self._sizes: tuple[float, ...] = ()
        self.parts = self._choose(case, study, fitted, each)
        self._matrices = [self._matrix_of(part) for part in self.parts]
        self._rest = self._exchange.conduction.copy()
        for matrix in self._matrices:
            self._rest.axpy(-1.0, matrix, structure=PETSc.Mat.Structure.SUBSET_NONZERO_PATTERN)
        self._pixels, self.grain = self._pixel_operator()

    @property
    def shape(self) -> tuple[int, int]:
        """Pixels along x and y."""
        return self.grain.shape[0], self.grain.shape[1]

    def choose_steps(self, theta: Floats) -> int:
        """Choose the time steps by their error at these parameters; returns their number."""
        conduction, load, _, _ = self._at(theta)
        exchange = self._exchange
        try:
            exchange.u.x.array[:] = self._start
            report = integrate(
                exchange.storage,
                conduction,
                exchange.u.x.petsc_vec,
                exchange.fixed,
                until=[exchange.until],
                load=load,
                preset=exchange.preset,
                tolerance=exchange.tolerance,
            )
        finally:
            conduction.destroy()
        self._sizes = report.sizes
        return report.steps

    def evaluate(self, theta: Floats) -> tuple[Floats, Floats]:
        """The map and its derivatives, shapes (n_x, n_y) and (n_x, n_y, parameters); NaN where there is no material."""
        conduction, load, parts, load_parts = self._at(theta)
        exchange = self._exchange
        try:
            exchange.u.x.array[:] = self._start
            slopes = replay(
                exchange.storage,
                conduction,
                exchange.u.x.petsc_vec,
                exchange.fixed,
                self._sizes,
                load=load,
                parts=parts,
                load_parts=load_parts,
                preset=exchange.preset,
            )
        finally:
            for matrix in (conduction, *parts):
                matrix.destroy()
        image = self._seen(exchange.u)
        derivatives = []
        for slope in slopes:
            slope.copy(exchange.u.x.petsc_vec)
            slope.destroy()
            derivatives.append(self._seen(exchange.u))
        return image, np.stack(derivatives, axis=-1)

    def destroy(self) -> None:
        """Free PETSc's objects."""
        self._exchange.destroy()
        for matrix in (self._rest, *self._matrices):
            matrix.destroy()

    def _choose(self, case: Case, study: TracerStudy, fitted: Sequence[str], each: bool) -> list[ConductionPart]:
        parts: list[ConductionPart] = []
        transport = self._exchange.transport
        if "diffusivity" in fitted:
            parts += bulk_parts(transport, case)
        if "permeability" in fitted:
            boundaries = boundary_parts(transport, each=each)
            if not boundaries:
                raise CaseError(
                    f"No boundary of the case has a permeability of {study.species} to fit.",
                    where="interfaces",
                    hint="Add a broken contact with a grain_boundary law, or fit the diffusivity only.",
                )
            parts += boundaries
        if "surface_exchange" in fitted:
            if study.surface_exchange is None:
                raise CaseError(
                    "The study has no surface exchange coefficient to fit.",
                    where="study.surface_exchange",
                    hint="Give a first value of it, or do not fit it.",
                )
            parts.append(ConductionPart("surface_exchange", study.source, "", study.surface_exchange, None, None))
        if not parts:
            raise CaseError("Nothing is fitted.", where="fit", hint="Name at least one parameter.")
        return parts

    def _matrix_of(self, part: ConductionPart) -> PETSc.Mat:
        if part.form is not None:
            matrix = dolfinx.fem.petsc.assemble_matrix(part.form)
            matrix.assemble()
            return matrix
        # Lumped: what an exchanging face supplies at a fraction of one is its whole row of K.
        exchanged = dolfinx.fem.petsc.assemble_vector(self._exchange.transport.exchanged)
        exchanged.ghostUpdate(addv=1, mode=1)
        matrix = self._exchange.storage.copy()
        matrix.zeroEntries()
        matrix.setDiagonal(exchanged)
        exchanged.destroy()
        return matrix

    def _at(self, theta: Floats) -> tuple[PETSc.Mat, Any, list[PETSc.Mat], list[Any]]:
        """K, f, and their derivatives with respect to theta."""
        conduction, load = self._rest.copy(), self._exchange.load
        parts, load_parts = [], []
        for part, matrix, factor in zip(self.parts, self._matrices, np.exp(theta), strict=True):
            scaled = matrix.copy()
            scaled.scale(float(factor))
            conduction.axpy(1.0, scaled, structure=PETSc.Mat.Structure.SUBSET_NONZERO_PATTERN)
            parts.append(scaled)
            gain = None
            if part.kind == "surface_exchange" and load is not None:
                gain = load.copy()
                gain.scale(float(factor))
                load = gain
            load_parts.append(gain)
        return conduction, load, parts, load_parts

    def _pixel_operator(self) -> tuple[Any, npt.NDArray[np.int32]]:
        """The pixels as a matrix of the nodes of this rank, and their grains."""
        from scipy.sparse import csr_array

        transport = self._exchange.transport
        mesh, dofs = transport.mesh, transport.space.dofmap.list
        cells = np.sort(np.concatenate(list(transport.cells.values())))
        ids = gather_rows(mesh.comm, mesh.original_cell[cells][:, None].astype(np.float64))
        field = gather_corners(transport, self._exchange.u)
        found: tuple[Any, ...] = ()
        if field is not None and ids is not None:
            order = np.sort(ids[:, 0]).astype(np.int64)
            corners = field.values.shape[1]

            def seen(values: Floats) -> tuple[Floats, npt.NDArray[np.int32]]:
                of_cells = CornerValues(field.points, values, field.grain, field.coordinates)
                return sample(of_cells, self.image.pixel, height=self.image.section)

            # The same value at all corners of a cell is seen as it is: its number.
            number, grain = seen(np.repeat(np.arange(len(order), dtype=np.float64)[:, None], corners, axis=1))
            weights = [seen(np.tile(row, (len(order), 1)))[0] for row in np.eye(corners)]
            there = np.flatnonzero(np.isfinite(number))
            cell = order[np.rint(number.reshape(-1)[there]).astype(np.int64)]
            found = (grain, there, cell, np.stack([w.reshape(-1)[there] for w in weights], axis=1))
        grain, there, cell, weight = mesh.comm.bcast(found, root=0)
        order_here = np.argsort(mesh.original_cell[cells], kind="stable")
        mine = mesh.original_cell[cells][order_here]
        place = np.minimum(np.searchsorted(mine, cell), max(len(mine) - 1, 0))
        here = np.flatnonzero(mine[place] == cell) if len(mine) else np.empty(0, dtype=np.int64)
        columns = dofs[cells[order_here[place[here]]]]
        rows = np.repeat(there[here], columns.shape[1])
        shape = (grain.size, len(self._start))
        return csr_array((weight[here].reshape(-1), (rows, columns.reshape(-1))), shape=shape), grain

    def _seen(self, u: Any) -> Floats:
        u.x.scatter_forward()
        pixels = self.comm.allreduce(self._pixels @ u.x.array, op=MPI.SUM).reshape(self.grain.shape)
        return record(np.where(self.grain >= 0, pixels, np.nan), pixel=self.image.pixel, blur=self.image.blur)
