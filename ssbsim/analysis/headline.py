"""The headline numbers of a run: what goes into ``summary.json`` and onto the terminal at the end.

Every number has a unit and a sentence that says how it was obtained. For every case: current and charge of the terminals
at the end. For a bicrystal with a core: the space charge of the boundary at the last equilibrium, and its resistance, once
from the equilibrium profile and once measured at the last steady state under bias.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ssbsim.analysis.boundary import BoundaryAnalysis, analyse_boundary
from ssbsim.case import BicrystalGeometry, Case
from ssbsim.constants import FARADAY
from ssbsim.discretization.scaling import Scales
from ssbsim.physics import NUMPY, PhaseModel, debye_length
from ssbsim.results import StepRow

Floats = npt.NDArray[np.float64]
Quantities = dict[str, dict[str, Any]]


class Headline:
    """The headline numbers of a run, made study by study: of the fields at its end nothing is kept.

    Args:
        case: The resolved case.
        scales: Units of the scaled phase models.
        phases: Scaled phase models.
    """

    def __init__(self, case: Case, scales: Scales, phases: Mapping[str, PhaseModel]) -> None:
        self._case = case
        self._scales = scales
        self._phases = phases
        self._at_rest: Quantities = {}
        self._layer: Quantities = {}
        self._driven: Quantities = {}
        self._terminals: Quantities = {}

    def end_study(self, kind: str, row: StepRow, layout: Any, fields: Mapping[str, Floats]) -> None:
        """Take in the end of a study; later ones of the same kind replace it.

        Args:
            kind: Kind of the study.
            row: Its last step.
            layout: Points and cells of the fields.
            fields: Fields at its end, by name.
        """
        geometry = self._case.geometry
        # The numbers of a boundary are per area, and those of a curved one have two.
        flat = geometry.coordinates == "planar"
        if flat and isinstance(geometry, BicrystalGeometry) and geometry.core_width > 0.0:
            self._boundary(geometry, kind, row, layout, fields)
        self._terminals = _terminal_numbers(row)

    def memory(self) -> dict[str, Quantities]:
        """All that is known so far, as plain data."""
        return {"at rest": self._at_rest, "layer": self._layer, "driven": self._driven, "terminals": self._terminals}

    def recall(self, memory: Mapping[str, Quantities]) -> None:
        """Go on from the memory of another."""
        self._at_rest, self._layer = dict(memory["at rest"]), dict(memory["layer"])
        self._driven, self._terminals = dict(memory["driven"]), dict(memory["terminals"])

    def result(self) -> Quantities:
        """Name to ``{"value", "unit", "how"}``."""
        return self._at_rest | self._layer | self._driven | self._terminals

    def _boundary(
        self, geometry: BicrystalGeometry, kind: str, row: StepRow, layout: Any, fields: Mapping[str, Floats]
    ) -> None:
        model = self._phases[geometry.grain]
        carriers = [k for k in model.mobile_species if model.charges[k] != 0]
        if not carriers:
            return
        carrier = carriers[0]
        # A profile of one cell says nothing of a layer; an emptied one, at low temperature, has no conductivity as a number.
        has_profiles = (
            np.bincount(layout.grain, minlength=3)[[0, 2]].min() > 1 and fields["conductivity [S/m]"].min() > 0.0
        )
        if kind == "equilibrium" and has_profiles:
            self._at_rest = _equilibrium_numbers(_analyse(layout, fields, carrier), charges_of_grains(layout, fields))
        debye = debye_length(model) * self._scales.length
        how = f"neutral bulk of '{geometry.grain}', from its permittivity and dc/dmu"
        self._layer = {}
        _put(self._layer, "Debye length", debye, "m", how)
        how = "cells that begin within one Debye length of the core, on one side"
        _put(self._layer, "cells across the Debye length", _cells_within(layout, debye), "1", how)
        # With several carriers the drop of one over the current of all is no resistance; the numbers at rest remain.
        if kind == "steady" and len(carriers) == 1:
            haven = self._case.phases[geometry.grain].species[carrier].haven_ratio
            width = geometry.core_width
            self._driven = _driven_numbers(row, layout, fields, width, haven, self._scales, model, carrier)


def corner_profile(
    layout: Any, fields: Mapping[str, Floats]
) -> tuple[Floats, npt.NDArray[np.int32], dict[str, Floats]]:
    """Position, grain and fields at every corner of every cell: a point on an interface appears once for each side."""
    corners = layout.cells.reshape(-1)
    grain = np.repeat(layout.grain, layout.cells.shape[1])
    return layout.points[corners, 0], grain, {name: values[corners] for name, values in fields.items()}


def _put(found: Quantities, name: str, value: float, unit: str, how: str) -> None:
    found[name] = {"value": float(value), "unit": unit, "how": how}


def _terminal_numbers(row: StepRow) -> Quantities:
    found: Quantities = {}
    how = "at the end of the last study, positive into the cell"
    for name, terminal in row.terminals.items():
        _put(found, f"current of terminal {name}", terminal.current, "A/m^2", how + _resolution(row, None))
        if terminal.charge is not None:
            _put(found, f"charge of terminal {name}", terminal.charge, "C/m^2", how)
        for k, flux in terminal.fluxes.items():
            _put(found, f"flux of {k} at terminal {name}", flux, "mol/(m^2 s)", how + _resolution(row, k))
    return found


def _resolution(row: StepRow, species: str | None) -> str:
    """How far a flow of a species, or a current, can be trusted, where that is known."""
    if species is None:
        worst = max(row.lost.values(), default=None)
        return f"; resolved to {worst:.1e} of itself" if worst is not None else ""
    if species in row.unresolved:
        return f"; nothing, or less than {row.unresolved[species]:.1e} mol/s, which is not resolved"
    return f"; resolved to {row.lost[species]:.1e} of itself" if species in row.lost else ""


def _analyse(layout: Any, values: Mapping[str, Floats], carrier: str) -> BoundaryAnalysis:
    x, grain, fields = corner_profile(layout, values)
    names = [layout.grain_names[g] for g in range(len(layout.grain_names))]
    return analyse_boundary(
        x,
        fields["potential [V]"],
        grain=np.asarray(names)[grain],
        left=names[0],
        core=names[1],
        right=names[2],
        concentration=fields[f"concentration {carrier} [mol/m^3]"],
        conductivity=fields["conductivity [S/m]"],
        charge_density=fields["charge density [C/m^3]"],
    )


def charges_of_grains(layout: Any, fields: Mapping[str, Floats]) -> list[float]:
    """Charge of every grain over the cross-section of the cell (C/m2), by the lumped rule of the solver itself."""
    charge = (_corner_volumes(layout) * fields["charge density [C/m^3]"][layout.cells]).sum(axis=1)
    total = np.bincount(layout.grain, weights=charge, minlength=len(layout.grain_names))
    area = float(np.prod(np.ptp(layout.points[:, 1 : layout.cells.shape[1] - 1], axis=0)))
    return [float(value) / area for value in total]


def charge_magnitude(layout: Any, fields: Mapping[str, Floats]) -> float:
    """Integral of the magnitude of the charge density (C), the scale for a balance of charge."""
    return float((_corner_volumes(layout) * np.abs(fields["charge density [C/m^3]"][layout.cells])).sum())


def _corner_volumes(layout: Any) -> Floats:
    volumes: Floats = layout.coordinates.corner_volumes(layout.points[layout.cells][:, :, : layout.cells.shape[1] - 1])
    return volumes


def _equilibrium_numbers(a: BoundaryAnalysis, charges: list[float]) -> Quantities:
    found: Quantities = {}
    _put(
        found,
        "space-charge potential",
        a.space_charge_potential,
        "V",
        "at equilibrium, edge of the core against the bulk of the grains, mean of both sides",
    )
    for side, layer in (("left", a.left), ("right", a.right)):
        how = "at equilibrium, integral of (1 - c/c_bulk) from the core into the grain; negative for an enrichment"
        _put(found, f"depletion width {side}", layer.depletion_width, "m", how)
    left, core_charge, right = charges
    how = "at equilibrium, integral of the charge density"
    _put(found, "charge in the core", core_charge, "C/m^2", f"{how} over the core")
    _put(found, "charge in the left layer", left, "C/m^2", f"{how} over the grain")
    _put(found, "charge in the right layer", right, "C/m^2", f"{how} over the grain")
    imbalance = sum(charges) / max(*(abs(q) for q in charges), 1e-300)
    _put(found, "charge imbalance", imbalance, "1", "core and both layers, over the largest of the three")
    core, layers = a.core_excess_resistance, a.layer_excess_resistance
    _put(
        found,
        "boundary resistance at rest",
        a.excess_resistance,
        "ohm m^2",
        "integral of 1/sigma - 1/sigma_bulk at equilibrium",
    )
    _put(found, "core part of it", core, "ohm m^2", "the same over the core")
    _put(found, "space-charge part of it", layers, "ohm m^2", "the same over both grains")
    return found


def _driven_numbers(
    row: StepRow,
    layout: Any,
    values: Mapping[str, Floats],
    width: float,
    haven: float,
    scales: Scales,
    model: PhaseModel,
    carrier: str,
) -> Quantities:
    """Resistances from the drops of the electrochemical potential under current."""
    found: Quantities = {}
    x, grain, fields = corner_profile(layout, values)
    z = model.charges[carrier]
    mu = fields[f"electrochemical potential {carrier} [eV]"] / z
    current = max((terminal.current for terminal in row.terminals.values()), key=abs, default=0.0)
    drops, lengths = [], []
    for g in range(3):
        here = grain == g
        order = np.argsort(x[here])
        along = mu[here][order]
        drops.append(abs(float(along[-1] - along[0])))
        lengths.append(float(np.ptp(x[here])))
    if abs(current) == 0.0 or sum(drops) == 0.0:
        return found
    ends = [np.argmin(x), np.argmax(x)]
    sigma = float(np.mean(fields["conductivity [S/m]"][ends]))
    resistance = [d / abs(current) for d in drops]
    core = resistance[1] - lengths[1] / sigma
    layers = resistance[0] + resistance[2] - (lengths[0] + lengths[2]) / sigma
    total = core + layers
    how = "drop of the electrochemical potential over the current at steady state"
    _put(found, "boundary resistance", total, "ohm m^2", f"{how}, less the same length of bulk")
    _put(found, "core resistance", core, "ohm m^2", f"{how}, across the core, less the same length of bulk")
    _put(
        found, "space-charge resistance", layers, "ohm m^2", f"{how}, across both grains, less the same length of bulk"
    )
    _put(found, "bulk conductivity", sigma, "S/m", "at the two ends of the cell, from the mobility")
    _put(
        found,
        "resistance ratio",
        (total + width / sigma) / (width / sigma),
        "1",
        "boundary over the same thickness of bulk, thickness taken as the core width",
    )
    if total > 0.0:
        c = float(model.concentrations(model.bulk, NUMPY)[carrier]) * scales.concentration
        diffusivity = sigma * scales.potential / (z * z * FARADAY * c)
        _put(
            found,
            "boundary permeability (tracer)",
            haven * diffusivity / (total * sigma),
            "m/s",
            "D_tracer,bulk / (sigma_bulk R): of a tracer, if the boundary has the Haven ratio of the bulk",
        )
    return found


def _cells_within(layout: Any, debye: float) -> float:
    x = layout.points[layout.cells][:, :, 0]
    here = layout.grain == 2
    edge = float(x[here].min())
    starts = np.unique(np.round(x[here].min(axis=1) - edge, 15))
    return float(np.count_nonzero(starts < debye * (1.0 - 1e-9)))
