r"""Study ``tracer``: isotope exchange through a face, and the frozen map.

Isotopes that differ in nothing but their name exchange at constant total concentration c and without current, so that
the fraction f of one of them obeys, in a cell at equilibrium::

    c df/dt = div(c D* grad f),      c D* df/dn = c P* jump(f) on a boundary of tracer permeability P*

with ``f = fraction`` on the source, or ``c D* df/dn = k c (fraction - f)`` with a surface exchange coefficient k
(J. Crank, The Mathematics of Diffusion, 2nd ed., 1975, ch. 3). That is the linear model. The full model makes two
species of the isotopes, on the same sites and with their mixing entropy, and steps the whole functional; its
diffusivities are those of the tracer (Haven ratio 1), since no net charge moves. The two agree as far as the time steps
do: isotopes dilute one another ideally.
"""

from __future__ import annotations

import logging
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from ssbsim import _compat
from ssbsim.case import TracerStudy
from ssbsim.discretization import gather_rows
from ssbsim.errors import CaseError, ConvergenceError
from ssbsim.physics.linear_transport import LinearTransport
from ssbsim.solvers.diffusion import integrate
from ssbsim.studies.effective_transport import SIDES, effective_transport
from ssbsim.studies.isotope_exchange import check_source, isotope_exchange
from ssbsim.studies.isotope_image import CornerValues, boundary_steps, record, sample
from ssbsim.studies.records import Observer, StudyResult
from ssbsim.studies.registry import register_study
from ssbsim.studies.simulation import Simulation
from ssbsim.studies.two_isotopes import exchange_two_isotopes

_log = logging.getLogger("ssbsim")

Floats = npt.NDArray[np.float64]

#: Axis that leads into the cell from a side of the box, and its sign.
_INTO = {"left": (0, 1), "right": (0, -1), "bottom": (1, 1), "top": (1, -1), "front": (2, 1), "back": (2, -1)}
#: Part of the isotopes taken up that the supplies summed over the steps may miss.
_BALANCE = 1e-6
#: Relative change of the fraction at the far end up to which the uptake is that of a half space.
_UNTOUCHED = 0.01


@register_study(TracerStudy)
def run_tracer(simulation: Simulation, study: TracerStudy, index: int, observe: Observer) -> StudyResult:
    """Exchange isotopes for the duration of the study; the state of the cell stays as it is.

    Raises:
        CaseError: The source is no boundary, or the species is not there.
        ConvergenceError: A solve failed.
    """
    check_source(simulation.mesh, study)
    if study.model == "full":
        field, how = exchange_two_isotopes(simulation, study)
    else:
        field, how = _exchange_linear(simulation, study)
    quantities: dict[str, dict[str, Any]] = {}
    tables: dict[str, dict[str, Any]] = {}
    arrays: dict[str, Any] = {}
    if field is not None:
        _read([grain.name for grain in simulation.mesh.grains], study, field, how, quantities, tables, arrays)
    quantities, tables, arrays = simulation.comm.bcast((quantities, tables, arrays), root=0)
    quantities |= _of_the_whole(simulation, study)
    earlier = sum(other.kind == "tracer" for other in simulation.case.study[:index])
    if earlier:
        tables = {f"{name}_{earlier + 1}": table for name, table in tables.items()}
        arrays = {f"{name}_{earlier + 1}": array for name, array in arrays.items()}
        quantities = {f"{name}, tracer study {earlier + 1}": entry for name, entry in quantities.items()}
    name = f"tracer_{earlier + 1}" if earlier else "tracer"
    maps = {} if field is None else {name: (field, {"isotope fraction [1]": field.values})}
    return StudyResult(index, "tracer", tables=tables, quantities=quantities, arrays=arrays, maps=maps)


def _of_the_whole(simulation: Simulation, study: TracerStudy) -> dict[str, dict[str, Any]]:
    """Effective tracer diffusivity from the source to the side opposite, in the steady state; none where it is blocked."""
    axis, sign = _INTO.get(study.source, (0, 0))
    if (
        not sign
        or not simulation.mesh.coordinates.is_planar
        or any(side not in simulation.mesh.boundaries for side in SIDES[axis])
    ):
        return {}
    try:
        found = effective_transport(
            simulation.case, simulation.mesh, simulation.scales, study.species, tracer=True, axes=(axis,)
        )
    except (CaseError, ConvergenceError) as error:
        # The exchange is done and stands; what is missing is said.
        _log.warning("no effective tracer diffusivity: %s", error.what)
        return {}
    how = f"steady, from '{study.source}' to the side opposite; the exchange itself does not enter"
    return {f"effective tracer diffusivity from {study.source}": {"value": found.along[0], "unit": "m^2/s", "how": how}}


def _exchange_linear(simulation: Simulation, study: TracerStudy) -> tuple[CornerValues | None, str]:
    """The field on rank 0, and how it was made."""
    exchange = isotope_exchange(simulation.case, simulation.mesh, simulation.scales, study)
    try:
        report = integrate(
            exchange.storage,
            exchange.conduction,
            exchange.u.x.petsc_vec,
            exchange.fixed,
            until=[exchange.until],
            load=exchange.load,
            preset=exchange.preset,
            tolerance=exchange.tolerance,
        )
    finally:
        exchange.destroy()
    exchange.u.x.scatter_forward()
    if abs(report.supplied - report.stored) > _BALANCE * abs(report.stored):
        raise ConvergenceError(
            f"The face supplied {report.supplied:.9g} and the cell stored {report.stored:.9g} (scaled): isotopes were lost.",
            where=f"tracer study, {report.steps} steps",
            hint="Use solver.linear: direct, or report the case.",
        )
    return gather_corners(exchange.transport, exchange.u), f"linear model, {report.steps} steps"


def gather_corners(transport: LinearTransport, u: Any) -> CornerValues | None:
    """A scalar field at the corners of all cells that hold the species, in the order of the mesh, on rank 0."""
    mesh = transport.mesh
    cells = np.sort(np.concatenate(list(transport.cells.values())))
    x = mesh.mesh.geometry.x[_compat.cell_nodes(mesh.mesh)[cells]][:, :, : mesh.dim] * mesh.length
    values = u.x.array[transport.space.dofmap.list[cells]]
    width = mesh.dim * (mesh.dim + 1)
    rows = np.concatenate(
        [mesh.original_cell[cells][:, None], mesh.cell_grain[cells][:, None], x.reshape(len(cells), width), values],
        axis=1,
    )
    gathered = gather_rows(mesh.comm, rows)
    if gathered is None:
        return None
    gathered = gathered[np.argsort(gathered[:, 0], kind="stable")]
    points = gathered[:, 2 : 2 + width].reshape(-1, mesh.dim + 1, mesh.dim)
    return CornerValues(points, gathered[:, 2 + width :], gathered[:, 1].astype(np.int32), mesh.coordinates)


def _read(
    names: list[str],
    study: TracerStudy,
    field: CornerValues,
    how: str,
    quantities: dict[str, dict[str, Any]],
    tables: dict[str, dict[str, Any]],
    arrays: dict[str, Any],
) -> None:
    """Steps, profiles, image and effective diffusivity from the frozen map (rank 0)."""
    steps = boundary_steps(field)
    rise = study.fraction - study.initial
    if len(steps["measure"]):
        tables["tracer_steps"] = {
            "first grain": [names[int(g)] for g in steps["first"]],
            "second grain": [names[int(g)] for g in steps["second"]],
            f"measure [{field.coordinates.units(field.points.shape[2]).area}]": steps["measure"],
            "fraction on the first side": steps["side first"],
            "fraction on the second side": steps["side second"],
            "step": steps["side second"] - steps["side first"],
        }
    volume = field.coordinates.corner_volumes(field.points)
    mean = float((volume * field.values).sum() / volume.sum())
    _put(quantities, "mean isotope fraction", mean, "1", f"at the end of the exchange; {how}")
    axis, sign = _INTO.get(study.source, (0, 0))
    x = field.points[:, :, axis]
    extent = float(np.ptp(x))
    far = np.isclose(x, x.max() if sign > 0 else x.min(), rtol=0.0, atol=1e-9 * extent)
    touched = float(np.abs(field.values[far] - study.initial).mean() / abs(rise)) if far.any() else 1.0
    if field.coordinates.is_planar and study.surface_exchange is None and sign and touched < _UNTOUCHED:
        area = float(volume.sum()) / extent
        depth = (mean - study.initial) / rise * float(volume.sum()) / area
        _put(
            quantities,
            "tracer diffusivity from the uptake",
            math.pi * depth**2 / (4.0 * study.duration),
            "m^2/s",
            "of the half space that would have taken up as much; the far side is still untouched",
        )
    if study.image is None:
        return
    exact, grain = sample(field, study.image.pixel, height=study.image.section)
    measured = record(
        exact, pixel=study.image.pixel, blur=study.image.blur, counts=study.image.counts, seed=study.image.seed
    )
    arrays |= {"tracer_fraction": exact, "tracer_image": measured, "tracer_grains": grain}
    at = (np.arange(exact.shape[0]) + 0.5) * study.image.pixel
    middle = exact.shape[1] // 2
    tables["tracer_profile"] = {
        "x [m]": at,
        "fraction, mean over y": np.nanmean(exact, axis=1),
        "fraction, middle row": exact[:, middle],
        "image, mean over y": np.nanmean(measured, axis=1),
        "image, middle row": measured[:, middle],
        "grain, middle row": [names[int(g)] if g >= 0 else "" for g in grain[:, middle]],
    }
    _put(quantities, "pixel of the isotope image", study.image.pixel, "m", "tracer_image.npy: axis 0 is x, axis 1 is y")


def _put(quantities: dict[str, dict[str, Any]], name: str, value: float, unit: str, how: str) -> None:
    quantities[name] = {"value": float(value), "unit": unit, "how": how}
