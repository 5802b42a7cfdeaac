"""Every single boundary of a polycrystal with its area and its resistance."""

from __future__ import annotations

from typing import Any

from ssbsim.studies.simulation import Simulation


def list_boundaries(simulation: Simulation, species: str) -> dict[str, dict[str, list[Any]]]:
    """Resistance of every single boundary that lets the species through.

    Returns:
        A table ``boundaries``: the two grains, the measure of the boundary, its area-specific resistance and that of the
        whole boundary; nothing where there is none, and on ranks other than 0.
    """
    data, functional = simulation.mesh_data, simulation.functional
    if data is None:
        return {}
    measures = data.interface_measures()
    charge = functional.placement.unknowns.charges[species]
    columns: dict[str, list[Any]] = {
        name: []
        for name in (
            "first grain",
            "second grain",
            f"measure [{data.units.area}]",
            "resistance [ohm m^2]",
            f"whole resistance [{data.units.resistance}]",
        )
    }
    for interface in functional.placement.interfaces:
        total = interface.conductances(species)
        for (a, b), g in zip(interface.grain_pairs, () if total is None else total, strict=total is not None):
            if g > 0.0:
                resistance = simulation.scales.resistance / (charge**2 * g)
                row = (
                    data.grains[a].name,
                    data.grains[b].name,
                    measures[a, b],
                    resistance,
                    resistance / measures[a, b],
                )
                for column, value in zip(columns.values(), row, strict=True):
                    column.append(value)
    return {"boundaries": columns} if columns["first grain"] else {}
