"""From a resolved grain boundary to one of zero thickness: ``ssbsim upscale``.

The case is a stack in one dimension: two grains of one phase and the boundary between them, with its core, segregation and space
charge. Whatever terminals and studies it has, here the grains end in reservoirs of the one carrier. At every temperature: the
equilibrium, the steady current under a small drop (resistance, as excess over as much bulk), the impedance (capacitance), and the
steady currents under the drops asked for. What comes out is a law ``grain_boundary`` to put between the grains of a polycrystal
whose grains reach to the middle of the boundaries. The formulas are in :mod:`ssbsim.analysis.upscaling`.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mpi4py import MPI

import ssbsim
from ssbsim._parallel import on_root
from ssbsim.analysis.upscaling import (
    MATTERS,
    BoundaryAt,
    UpscaledBoundary,
    boundary_arc,
    boundary_law,
    fit_sinh,
)
from ssbsim.case import (
    BicrystalGeometry,
    Case,
    EquilibriumStudy,
    ImpedanceStudy,
    LayersGeometry,
    SteadyStudy,
    TerminalUpdate,
    dump_resolved,
    revise_case,
)
from ssbsim.commands.prepare import load, prepare_to_solve
from ssbsim.constants import VACUUM_PERMITTIVITY
from ssbsim.document.units import Dimension, UnitError, parse_quantity
from ssbsim.errors import CaseError, ResultsError
from ssbsim.materials import resolve_case
from ssbsim.physics import NUMPY, POTENTIAL
from ssbsim.results import whole_files
from ssbsim.studies import STUDIES, Simulation
from ssbsim.studies.impedance import impedance_spectrum

#: Drop of the small-signal resistance (V); the square of it over that of the sinh potential is what it is wrong by.
_SMALL = 1e-3
#: Potential (kT/e) that the space charge may leave at the ends of the grains.
_LEFT_OVER = 1e-3
#: Excess over the resistance of the stack below which there is no boundary to speak of.
_NO_EXCESS = 1e-6
#: Current over that of as much bulk below which nothing crosses: rounding leaves some.
_NO_CURRENT = 1e-13
#: Frequencies of the arc, decades beyond the estimates of its summit, and how many to a decade.
_BELOW, _ABOVE, _PER_DECADE = 1e-4, 10.0, 20

FILES = ("interface.yaml", "upscaling.csv", "upscaling.png", "upscaling.svg")


def upscale(
    case: Case | str | Path,
    output: str | Path | None = None,
    *,
    temperatures: Sequence[float] = (),
    drops: Sequence[float] = (),
    overwrite: bool = False,
    comm: MPI.Comm | None = None,
    tell: Callable[[str], None] | None = None,
) -> UpscaledBoundary:
    """Turn a resolved boundary into an interface law.

    Args:
        case: A case in one dimension, or the path of its file: two grains of one phase and a boundary between them.
        output: Folder of the law (interface.yaml), the table and the picture; nothing is written when not given.
        temperatures: K; that of the case when not given.
        drops: Potentials applied to the stack (V); 1 mV when not given. Large ones show whether the boundary is ohmic.
        overwrite: Replace what an earlier call left in the folder.
        comm: Communicator (default: the world); the call is collective.
        tell: Receives the law and the warnings as text, on rank 0.

    Raises:
        CaseError: The case is no boundary, nothing crosses it, or it conducts as well as the bulk.
        ResultsError: The folder cannot be written.
        ConvergenceError: A solve failed.
    """
    comm = MPI.COMM_WORLD if comm is None else comm
    given = case

    def prepare() -> tuple[Case, _Stack]:
        resolved = resolve_case(load(given))
        _check_numbers(temperatures, "temperatures")
        _check_numbers(drops, "drops")
        stack = _stack_of(resolved)
        if output is not None:
            _claim(Path(output), overwrite)
        return resolved, stack

    found = on_root(comm, prepare)
    if found is None:
        raise CaseError("There is no case.")
    resolved, stack = found
    kelvin = tuple(sorted(set(temperatures))) or (resolved.temperature,)
    applied = tuple(sorted(set(drops))) or (_SMALL,)
    points = tuple(_boundary_at(resolved, stack, temperature, applied, comm) for temperature in kelvin)
    result = boundary_law(resolved, stack.phase, stack.carrier, points)

    def write() -> None:
        if output is not None:
            _write(Path(output), resolved, result)

    on_root(comm, write, share=False)
    if comm.rank == 0 and tell is not None:
        tell("\n".join([result.to_yaml(), *(f"warning: {warning}" for warning in result.warnings)]))
        if output is not None:
            tell(f"Written to {Path(output)}: {', '.join(FILES)}")
    return result


def read_list(text: str, dimension: Dimension, *, where: str) -> tuple[float, ...]:
    """Quantities separated by commas, as on the command line.

    Raises:
        CaseError: One of them cannot be read.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if text and not parts:
        raise CaseError("The list is empty.", where=where, hint="Separate its values by commas, or leave it out.")
    try:
        return tuple(parse_quantity(part, dimension) for part in parts)
    except UnitError as error:
        raise CaseError(f"The list cannot be read: {error.what}.", where=where, hint=error.hint) from None


@dataclass(frozen=True)
class _Stack:
    """Phase of the grains and the species that crosses the boundary."""

    phase: str
    carrier: str


def _stack_of(case: Case) -> _Stack:
    """Make sure that the case is a boundary between two grains that one species can cross.

    Raises:
        CaseError: It is not.
    """
    geometry = case.geometry
    if not isinstance(geometry, (BicrystalGeometry, LayersGeometry)) or geometry.dimension != 1:
        raise CaseError(
            "Only a boundary in one dimension can be made into a law.",
            where="geometry",
            hint="Use kind: bicrystal or kind: layers with dimension: 1.",
        )
    phases = list(geometry.grain_phases().values())
    if len(phases) < 2 or phases[0] != phases[-1]:
        raise CaseError(
            "This is no boundary between two grains: "
            + (
                f"it begins with '{phases[0]}' and ends with '{phases[-1]}'."
                if len(phases) > 1
                else "one layer has none."
            ),
            where="geometry",
            hint="Begin and end with grains of the same phase, as in grain, core, grain.",
        )
    grain = case.phases[phases[0]]
    carriers = [k for k, one in grain.species.items() if one.diffusivity is not None and one.charge != 0]
    if grain.electrostatics != "poisson" or len(carriers) != 1:
        several = " and ".join(carriers)
        raise CaseError(
            f"The law of a boundary is for one species, and in '{phases[0]}' {several} move."
            if several and grain.electrostatics == "poisson"
            else f"No ion carries a steady current through '{phases[0]}'.",
            where=f"phases.{phases[0]}.species",
            hint="Leave the diffusivity to the one mobile ion of a phase with 'electrostatics: poisson'.",
        )
    for name in phases:
        species = case.phases[name].species
        if carriers[0] not in species or species[carriers[0]].diffusivity is None:
            raise CaseError(
                f"{carriers[0]} does not move in '{name}': no steady current crosses the boundary.",
                where=f"phases.{name}.species",
                hint=f"Give {carriers[0]} a diffusivity there; a boundary that blocks needs no resistance but 'law: blocking'.",
            )
    return _Stack(phases[0], carriers[0])


def _boundary_at(
    case: Case, stack: _Stack, temperature: float, applied: tuple[float, ...], comm: MPI.Comm
) -> BoundaryAt:
    """Solve the resolved boundary at one temperature."""
    reservoir = {"kind": "reservoir", "species": [stack.carrier], "potential": 0.0}
    here = revise_case(
        case,
        temperature=temperature,
        terminals={"left": reservoir, "right": reservoir},
        study=[{"kind": "equilibrium"}],
    )
    resolved, mesh, _ = prepare_to_solve(comm, here, show_progress=False)
    simulation = Simulation(resolved, mesh, comm)
    try:
        return _measure(simulation, stack, applied)
    finally:
        simulation.close()


def _measure(simulation: Simulation, stack: _Stack, applied: tuple[float, ...]) -> BoundaryAt:
    scales, case = simulation.scales, simulation.case
    bulk = simulation.functional.placement.phases[stack.phase]
    sigma = float(bulk.mobilities(bulk.bulk, NUMPY).conductivity(bulk.charges) * scales.conductivity)
    permittivity = (case.phases[stack.phase].permittivity or 1.0) * VACUUM_PERMITTIVITY
    length = sum(layer.thickness for layer in _layers(case))

    def settle(kind: str, potential: float) -> None:
        study = {"equilibrium": EquilibriumStudy, "steady": SteadyStudy}[kind]
        update = {"right": TerminalUpdate(potential=potential)}
        STUDIES[kind](simulation, study(terminals=update), 0, lambda record: None)

    def current(potential: float) -> float:
        settle("steady", potential)
        return simulation.ionic_current(simulation.flows(), "right")

    settle("equilibrium", 0.0)
    _check_ends(simulation, stack)
    small = current(_SMALL)
    if not small > _NO_CURRENT * _SMALL * sigma / length:
        raise CaseError(
            "No steady current crosses the boundary.",
            where="interfaces",
            hint="Look for a blocking contact; a boundary that blocks needs no resistance but 'law: blocking'.",
        )
    resistance = _SMALL / small - length / sigma
    if resistance <= _NO_EXCESS * length / sigma:
        raise CaseError(
            f"The boundary adds no resistance to that of the bulk ({resistance:.3g} ohm*m^2 for {length / sigma:.3g}).",
            where=f"phases, {case.temperature:g} K",
            hint="A boundary of zero thickness stands in series with the grains and cannot conduct better than they do.",
        )
    settle("equilibrium", 0.0)
    slowest = 2.0 * math.pi * resistance * permittivity / simulation.debye_lengths[stack.phase]
    fastest = 2.0 * math.pi * resistance * permittivity / length
    sweep = {"from": _BELOW / slowest, "to": _ABOVE / fastest, "per_decade": _PER_DECADE}
    spectrum = impedance_spectrum(
        simulation, ImpedanceStudy.model_validate({"frequencies": sweep, "terminal": "right"})
    )
    arc = boundary_arc(
        np.asarray(spectrum.frequency, dtype=np.float64),
        spectrum.impedance,
        length=length,
        conductivity=sigma,
        permittivity=permittivity,
    )
    currents = np.array([current(potential) for potential in applied])
    drop = np.array(applied) - currents * length / sigma
    fit = fit_sinh(drop, currents, resistance=resistance, matters=MATTERS)
    return BoundaryAt(
        temperature=case.temperature,
        resistance=resistance,
        capacitance=math.nan if arc is None else arc.capacitance,
        height=math.nan if arc is None else arc.height,
        bulk_conductivity=sigma,
        applied=applied,
        drop=tuple(float(v) for v in drop),
        current=tuple(float(v) for v in currents),
        sinh_potential=math.nan if fit.potential is None else fit.potential,
        nonlinearity=fit.nonlinearity,
        misfit=fit.residual,
    )


def _layers(case: Case) -> Sequence[Any]:
    geometry = case.geometry
    stack = geometry.as_layers() if isinstance(geometry, BicrystalGeometry) else geometry
    return stack.layers if isinstance(stack, LayersGeometry) else ()


def _check_ends(simulation: Simulation, stack: _Stack) -> None:
    """The grains must reach into neutral bulk."""
    functional = simulation.functional
    unknowns = functional.placement.unknowns
    phi = unknowns.column(simulation.point.y, POTENTIAL)
    worst = 0.0
    for fixed in functional.placement.rows.fixed:
        worst = max(worst, simulation.largest(phi[fixed.rows // len(unknowns)]))
    if worst > _LEFT_OVER:
        raise CaseError(
            f"The space charge of the boundary reaches the ends of the grains ({worst * simulation.scales.potential:.3g} V "
            "is left there).",
            where="geometry",
            hint=f"Make the grains longer: the Debye length of '{stack.phase}' is "
            f"{simulation.debye_lengths[stack.phase] * 1e9:.3g} nm.",
        )


def _check_numbers(numbers: Sequence[float], name: str) -> None:
    wrong = [value for value in numbers if not (math.isfinite(value) and value > 0.0)]
    if wrong:
        raise CaseError(
            f"The {name} must be larger than zero, found {wrong[0]:g}.", where=name, hint="Correct the list."
        )


def _claim(folder: Path, overwrite: bool) -> None:
    there = [name for name in FILES if (folder / name).exists()]
    if there and not overwrite:
        raise ResultsError(
            f"The folder already holds {there[0]}.",
            where=str(folder),
            hint="Give --overwrite to replace it, or choose another folder with --output.",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise whole_files.cannot_write(folder, error) from error


def _header(case: Case, result: UpscaledBoundary) -> str:
    first = result.points[0]
    kelvin = ", ".join(f"{p.temperature:g}" for p in result.points)
    lines = [
        f"Grain boundary of zero thickness, from the resolved one of '{case.title}'.",
        f"case: {case.source.name if case.source is not None else 'not from a file'}, "
        f"resolved: sha256 {hashlib.sha256(dump_resolved(case).encode()).hexdigest()}",
        f"ssbsim {ssbsim.__version__}, ssbsim upscale",
        f"resistance: steady current under {_SMALL * 1e3:g} mV, less as much bulk as the boundary is thick, at {kelvin} K; "
        f"the fit is within {result.arrhenius.residual:.1e}",
        "capacitance: of the excess impedance, at the summit of its arc",
        f"sinh_potential: from the steady currents under {', '.join(f'{v:g}' for v in first.applied)} V, "
        f"at {result.law.at:g} K; without it the law is ohmic (largest deviation {result.known.nonlinearity:+.1e})",
        "haven_ratio: of the grains; the resolved boundary does not say that of the boundary",
        *(f"warning: {warning}" for warning in result.warnings),
        f"Use: the phase '{result.phase}' with grains that reach to the middle of the boundaries.",
    ]
    return "".join(f"# {line}\n" for line in lines)


def _write(folder: Path, case: Case, result: UpscaledBoundary) -> None:
    """Write the law, the table and the picture (rank 0)."""
    from ssbsim.results.pictures.draw import picture_bytes
    from ssbsim.results.pictures.upscaling import draw_upscaling

    whole_files.write_text(folder / FILES[0], _header(case, result) + result.to_yaml())
    table = result.table()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table)
    writer.writerows(zip(*table.values(), strict=True))
    whole_files.write_text(folder / FILES[1], text.getvalue())
    fit = result.arrhenius
    figure = draw_upscaling(
        table,
        at=fit.at,
        resistance=fit.resistance,
        activation_energy=fit.activation_energy,
        sinh_potential=result.law.sinh_potential,
    )
    for name in FILES[2:]:
        whole_files.write_bytes(folder / name, picture_bytes(figure, name.rpartition(".")[2]))


__all__ = ["BoundaryAt", "UpscaledBoundary", "read_list", "upscale"]
