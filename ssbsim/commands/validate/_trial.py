"""A small case run in memory, for numbers and profiles rather than files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
from mpi4py import MPI

from ssbsim.analysis.headline import corner_profile
from ssbsim.case import (
    EquilibriumStudy,
    Frequencies,
    ImpedanceStudy,
    OutputTimes,
    SteadyStudy,
    TerminalUpdate,
    TransientStudy,
    parse_case,
)
from ssbsim.commands.prepare import prepare_to_solve
from ssbsim.errors import CaseError
from ssbsim.studies import STUDIES, Simulation, Snapshots, StepRecord
from ssbsim.studies.impedance import Spectrum, impedance_spectrum

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Profile:
    """Fields along x at one instant, the same on every rank.

    Args:
        x: Positions (m); a point on an interface appears once for each side.
        grain: Name of the grain of every point.
        fields: Values by name, such as ``"potential [V]"``.
    """

    x: Floats
    grain: npt.NDArray[np.str_]
    fields: Mapping[str, Floats]

    def along(self, name: str, grain: str | None = None) -> tuple[Floats, Floats]:
        """Rising positions (m) and a field there, in one grain or (where nothing jumps) in all."""
        here = np.ones(len(self.x), dtype=np.bool_) if grain is None else self.grain == grain
        x, first = np.unique(self.x[here], return_index=True)
        return x, self.fields[name][here][first]

    def integral(self, name: str, grain: str | None = None) -> float:
        """Integral over x of a field, by the rule of the lumped storage (linear between points)."""
        names = [grain] if grain is not None else list(dict.fromkeys(self.grain))
        total = 0.0
        for one in names:
            x, values = self.along(name, one)
            total += float(np.sum(0.5 * (values[1:] + values[:-1]) * np.diff(x)))
        return total


class Trial:
    """A case in memory. Every method is collective and gives the same answer on every rank.

    Args:
        text: The case as YAML; its list of studies is not run, the methods are called instead.
        comm: Communicator (default: the world).
    """

    def __init__(self, text: str, *, comm: MPI.Comm | None = None) -> None:
        self.comm = MPI.COMM_WORLD if comm is None else comm
        self.case, mesh, _ = prepare_to_solve(self.comm, parse_case(text), show_progress=False)
        self.simulation = Simulation(self.case, mesh, self.comm)
        self._snapshots: Snapshots | None = None

    def __enter__(self) -> Trial:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.simulation.close()

    def equilibrium(self, potentials: Mapping[str, float] | None = None) -> Trial:
        """Reach equilibrium, with new potentials (V) at the terminals named."""
        self._study(EquilibriumStudy(terminals=_updates(potentials)))
        return self

    def steady(self, potentials: Mapping[str, float] | None = None) -> Trial:
        """Reach the steady state, with new potentials (V) at the terminals named."""
        self._study(SteadyStudy(terminals=_updates(potentials)))
        return self

    def transient(
        self,
        times: Sequence[float],
        *,
        tolerance: float,
        potentials: Mapping[str, float] | None = None,
        read: Callable[[Trial], Any],
    ) -> list[Any]:
        """Step through rising times (s) and return what ``read`` gives at each of them."""
        found: list[Any] = []

        def observe(record: StepRecord) -> None:
            if record.fields:
                found.append(read(self))

        study = TransientStudy(
            duration=times[-1],
            output_times=OutputTimes(times=tuple(times)),
            tolerance=tolerance,
            terminals=_updates(potentials),
        )
        STUDIES["transient"](self.simulation, study, 0, observe)
        return found

    def impedance(self, frequencies: Sequence[float], **settings: Any) -> Spectrum:
        """Impedance spectrum of the present state; ``settings`` are keys of the study, such as ``terminal``."""
        study = ImpedanceStudy(frequencies=Frequencies(values=tuple(frequencies)), **settings)
        return impedance_spectrum(self.simulation, study)

    def charge(self, terminal: str) -> float:
        """Charge on an electrode (C/m2)."""
        return self.simulation.flows().charge[terminal] / self.simulation.boundary_measures[terminal]

    def flux(self, terminal: str, species: str) -> float:
        """Rate at which a terminal supplies a species (mol/(m2 s))."""
        return self.simulation.flows().species[terminal][species] / self.simulation.boundary_measures[terminal]

    def amount(self, species: str) -> float:
        """Amount of a species in a 1D cell (mol/m2), planes of interfaces included."""
        return self.simulation.amounts()[species]

    def profile(self) -> Profile:
        """The fields now."""
        if self.simulation.mesh.dim != 1:
            raise CaseError("A profile needs a case in one dimension.", where="validation", hint="Set dimension: 1.")
        if self._snapshots is None:
            self._snapshots = Snapshots(self.simulation)
        fields, layout = self._snapshots.take(), self._snapshots.layout
        result = None
        if layout is not None:
            x, grain, values = corner_profile(layout, fields)
            order = np.argsort(x, kind="stable")
            names = np.array(layout.grain_names)[grain]
            result = Profile(x[order], names[order], {k: v[order] for k, v in values.items()})
        found: Profile = self.comm.bcast(result, root=0)
        return found

    def _study(self, study: EquilibriumStudy | SteadyStudy) -> None:
        STUDIES[study.kind](self.simulation, study, 0, lambda record: None)


def _updates(potentials: Mapping[str, float] | None) -> dict[str, TerminalUpdate]:
    return {name: TerminalUpdate(potential=value) for name, value in (potentials or {}).items()}
