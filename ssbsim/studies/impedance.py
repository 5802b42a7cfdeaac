r"""Impedance: the linear response of the present state to a small alternating potential at one terminal.

    Y = I/V,  Z = 1/Y          time factor exp(+i w t): a capacitor has a negative imaginary part

The other terminals keep their values. The current of the driven terminal is that of ions and electrons and ``i w`` times the
charge on the metal; the others give the same current back. Two methods: ``reduced`` makes a few real solves, each a factorisation
or a set-up of multigrid, and evaluates a small dense model at all frequencies at once
(:mod:`~ssbsim.solvers.reduced_model`); ``direct`` solves for every frequency (:mod:`~ssbsim.solvers.complex_shift`). Neither needs
complex arithmetic of PETSc, and both use all ranks for one solve.

Contributions. With u the response and C, K as in :mod:`~ssbsim.solvers.frequency_response`, ``V* I = |V|^2 u^H (K + i w C) u``
(Tellegen), and C and K are sums over phases, interfaces and Stern layers, so that::

    Z = sum_p Z_p,        Z_p = conj(u^H (K_p + i w C_p) u) / |Y|^2

At equilibrium the real part of Z_p is what the part dissipates and the imaginary part what it stores, per squared current. The
sum is as good as Z; a part alone is of the first order in the error of u, about the square root of that of Z.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from mpi4py import MPI

from ssbsim.case import ImpedanceStudy
from ssbsim.discretization import from_cells
from ssbsim.errors import CaseError
from ssbsim.physics import POTENTIAL
from ssbsim.solvers.complex_shift import complex_response
from ssbsim.solvers.frequency_response import Drive, FrequencyResponse, ResponseMatrices
from ssbsim.solvers.reduced_model import reduce_response
from ssbsim.studies.records import Observer, StudyResult
from ssbsim.studies.registry import register_study
from ssbsim.studies.simulation import Simulation

Floats = npt.NDArray[np.floating[Any]]
Complexes = npt.NDArray[np.complex128]

_log = logging.getLogger("ssbsim")

#: Step of an applied potential over which the charge behind a Stern capacity, which is linear in it, is differenced.
_FAR = 2.0**30
#: Supply of a species (scaled) below which nothing flows.
_NO_FLOW = 1e-9
#: Variation of mu over a region (kT) that counts as none.
_SETTLED = 1e-7


@dataclass(frozen=True)
class Spectrum:
    """An impedance spectrum, SI; the same on every rank.

    Args:
        frequency: Hz.
        impedance: Area-specific, ohm m2.
        by_part: What every phase, interface and Stern layer contributes to it, ohm m2, by name; they add up to it.
        area: Area of the driven terminal, in the unit of areas of the mesh (m2, or m per metre of depth or wire, or 1).
        terminal: The driven terminal.
        shifts: Real matrices factorised, or set up for multigrid.
        solves: Real linear solves.
        error: Estimate of the relative error of the reduced model, or ``None`` for the direct method.
        imbalance: Largest share of the current that a solve lost between the terminals.
    """

    frequency: Floats
    impedance: Complexes
    by_part: Mapping[str, Complexes]
    area: float
    terminal: str
    shifts: int
    solves: int
    error: float | None
    imbalance: float

    def table(self) -> dict[str, Floats]:
        """Columns of ``impedance.csv``; totals are those of the whole terminal (2D, and wires: times a metre)."""
        z, y = self.impedance, 1.0 / self.impedance
        return {
            "frequency [Hz]": self.frequency,
            "Re Z [ohm m^2]": z.real,
            "Im Z [ohm m^2]": z.imag,
            "abs Z [ohm m^2]": np.abs(z),
            "phase [deg]": np.angle(z, deg=True),
            "Re Y [S/m^2]": y.real,
            "Im Y [S/m^2]": y.imag,
            "Re Z total [ohm]": z.real / self.area,
            "Im Z total [ohm]": z.imag / self.area,
        }

    def contributions(self) -> dict[str, Floats]:
        """Columns of ``impedance_contributions.csv``."""
        columns = {"frequency [Hz]": self.frequency}
        for name, z in self.by_part.items():
            columns |= {f"Re Z {name} [ohm m^2]": z.real, f"Im Z {name} [ohm m^2]": z.imag}
        return columns


@register_study(ImpedanceStudy)
def run_impedance(simulation: Simulation, study: ImpedanceStudy, index: int, observe: Observer) -> StudyResult:
    """Compute the spectrum; the state stays as it is.

    Raises:
        CaseError: The terminal cannot be driven.
        ConvergenceError: A solve failed, or the tolerance was not reached.
    """
    spectrum = impedance_spectrum(simulation, study)
    several = sum(isinstance(other, ImpedanceStudy) for other in simulation.case.study) > 1
    mark, words = (f"_{index + 1}", f" (study {index + 1})") if several else ("", "")
    z = spectrum.impedance
    how = f"{study.method} linear response, potential at '{spectrum.terminal}', per area of that terminal"
    quantities: dict[str, dict[str, Any]] = {}

    def put(name: str, value: float, unit: str, text: str) -> None:
        quantities[f"{name}{words}"] = {"value": float(value), "unit": unit, "how": text}

    for i in dict.fromkeys((0, len(z) - 1)):
        at = f"at {spectrum.frequency[i]:.6g} Hz"
        put(f"impedance {at}, real part", z[i].real, "ohm m^2", how)
        put(f"impedance {at}, imaginary part", z[i].imag, "ohm m^2", how)
    text = f"factorised, or set up for multigrid; {spectrum.solves} real solves with them"
    put("matrices of the impedance", spectrum.shifts, "1", text)
    if spectrum.error is not None:
        text = "largest change of Z at any frequency by the last matrix, relative"
        put("error estimate of the impedance", spectrum.error, "1", text)
    plain = {"# frequency [Hz]": spectrum.frequency, "Re Z [ohm m^2]": z.real, "Im Z [ohm m^2]": z.imag}
    return StudyResult(
        index,
        "impedance",
        tables={
            f"impedance{mark}": spectrum.table(),
            f"impedance_contributions{mark}": spectrum.contributions(),
            # With a comment for a header, the file that readCSV of impedance.py reads.
            f"impedance_py{mark}": plain,
        },
        quantities=quantities,
    )


def impedance_spectrum(simulation: Simulation, study: ImpedanceStudy) -> Spectrum:
    """The spectrum of the present state; collective.

    Raises:
        CaseError: The terminal cannot be driven.
        ConvergenceError: A solve failed, or the tolerance was not reached.
    """
    terminal = driven_terminal(simulation, study.terminal)
    frequency = np.array(study.frequencies.all())
    simulation.integrator.restore(simulation.point)
    regions = node_regions(simulation)
    _check_mobility(simulation)
    _settle(simulation, regions)
    response = FrequencyResponse(simulation.solver, _drive(simulation, terminal), regions)
    w = 2.0 * np.pi * frequency * simulation.scales.time
    error: float | None = None
    powers: Callable[[ResponseMatrices], Complexes]
    try:
        if study.method == "reduced":
            model, error = reduce_response(response, w, study.tolerance)
            x = model.coefficients(w)

            def powers(matrices: ResponseMatrices) -> Complexes:
                stored, dissipated = model.quadratic(matrices)
                both = dissipated[None, :, :] + 1j * w[:, None, None] * stored[None, :, :]
                return np.asarray(np.einsum("fi,fij,fj->f", x.conj(), both, x))
        else:
            fields = [complex_response(response, float(one), study.tolerance) for one in w]

            def powers(matrices: ResponseMatrices) -> Complexes:
                return np.array([_power(response, matrices, u, one) for u, one in zip(fields, w, strict=True)])

        total = powers(response.matrices)
        by_part = {}
        for name in simulation.functional.parameters.weights:
            matrices = response.matrices_of(name)
            by_part[name] = powers(matrices)
            matrices.destroy()
    finally:
        response.destroy()
        simulation.integrator.restore(simulation.point)
    area = simulation.boundary_measures[terminal]
    scales = simulation.scales
    unit = scales.resistance / simulation.mesh.area_unit * area
    _log.info("impedance: %d matrices, %d solves, error %s", response.shifts, response.solves, error)
    return Spectrum(
        frequency=frequency,
        impedance=unit / total,
        by_part={name: unit * power.conj() / np.abs(total) ** 2 for name, power in by_part.items()},
        area=area,
        terminal=terminal,
        shifts=response.shifts,
        solves=response.solves,
        error=error,
        imbalance=response.imbalance,
    )


def node_regions(simulation: Simulation) -> npt.NDArray[np.int64]:
    """Region of every owned node of the broken space."""
    placement, mesh = simulation.functional.placement, simulation.mesh
    broken = [pair for interface in placement.interfaces if interface.broken for pair in interface.grain_pairs]
    regions = mesh.regions(broken)[mesh.cell_grain].astype(np.int64)
    nodes = placement.space.dofmap.list
    return from_cells(mesh, placement.space, np.broadcast_to(regions[:, None], nodes.shape))


def driven_terminal(simulation: Simulation, wanted: str | None) -> str:
    """The terminal that gets the potential: the one named, or the second of two.

    Raises:
        CaseError: There is none to choose, or it shares nodes with another.
    """
    functional = simulation.functional
    able = [name for name, model in functional.placement.terminals.items() if model.fixed or model.applied]
    where = "study.terminal"
    if wanted is None and len(able) != 2:
        raise CaseError(
            "The terminal that gets the alternating potential is not clear.",
            where=where,
            hint=f"Name one of {', '.join(able)}.",
        )
    chosen = able[1] if wanted is None else wanted
    if chosen not in able:
        raise CaseError(f"Terminal '{chosen}' holds no potential.", where=where, hint=f"Use one of {', '.join(able)}.")
    for first, second, _ in functional.placement.rows.shared:
        if chosen in (first, second):
            raise CaseError(
                f"Terminals '{first}' and '{second}' share an edge or corner: no potential can lie between them.",
                where=where,
                hint="Leave a strip between them without a terminal, or drive another terminal.",
            )
    return chosen


def _drive(simulation: Simulation, terminal: str) -> Drive:
    """What a unit of potential (kT/e) at a terminal does to the equations."""
    functional, solver = simulation.functional, simulation.solver
    unknowns, lift = functional.placement.unknowns, np.zeros(functional.placement.n_owned_rows)
    for fixed in functional.placement.rows.fixed:
        if fixed.terminal == terminal:
            lift[fixed.rows] = unknowns.charge_numbers[unknowns.index(fixed.field)]
    applied = functional.placement.terminals[terminal].applied.get(POTENTIAL)
    if applied is None:
        return Drive(lift, np.zeros_like(lift), 0.0)
    shift = applied.shift
    here = solver.assemble(functional.forms.charges)
    applied.set(shift + _FAR)
    push = (solver.assemble(functional.forms.charges) - here) / _FAR
    applied.set(shift)
    return Drive(lift, push, -simulation.sum(push), terminal)


def _settle(simulation: Simulation, regions: npt.NDArray[np.int64]) -> None:
    """Where every mu is uniform in every region but for what Newton's method left, make it so to the last digit.

    What is left would count as a current, and at low frequencies as one that outweighs the response.
    """
    placement, x = simulation.functional.placement, simulation.functional.y.x
    unknowns, n_regions = placement.unknowns, simulation.comm.allreduce(int(regions.max(initial=0)), op=MPI.MAX) + 1
    y = x.array[: placement.n_owned_rows]
    settled = y.copy()
    exists = np.ones(y.size, dtype=np.bool_)
    exists[placement.rows.absent] = False
    for name in unknowns.species:
        here, mu = unknowns.column(exists, name), unknowns.column(settled, name)
        sums = np.array(
            [np.bincount(regions[here], weights=w, minlength=n_regions) for w in (mu[here], np.ones(here.sum()))]
        )
        total = np.empty_like(sums)
        simulation.comm.Allreduce(sums, total, op=MPI.SUM)
        mu[here] = (total[0] / np.maximum(total[1], 1.0))[regions[here]]
    if simulation.largest(settled - y) <= _SETTLED:
        y[:] = settled
        x.scatter_forward()


def _power(response: FrequencyResponse, matrices: ResponseMatrices, u: Complexes, w: float) -> complex:
    """``u^H (K + i w C) u`` of a part."""
    stored, dissipated = response.quadratic(matrices, np.array([u.real, u.imag]), np.array([1.0, 0.0]))
    mix = np.array([1.0, 1.0j])
    return complex(mix.conj() @ (dissipated + 1j * w * stored) @ mix)


def _check_mobility(simulation: Simulation) -> None:
    """The Jacobian must be the whole one where something flows."""
    lagged = simulation.case.solver.newton == "lagged"
    if lagged and simulation.largest(simulation.mu_supply(simulation.point)) > _NO_FLOW:
        raise CaseError(
            "With 'newton: lagged' the derivative of the mobility is missing, which the impedance of a state with a current needs.",
            where="solver.newton",
            hint="Write 'newton: full', or take the impedance at an equilibrium.",
        )
