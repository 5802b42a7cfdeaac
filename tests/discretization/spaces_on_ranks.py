"""Run under mpirun by test_broken_space.py: sizes, regions and jumps of spaces, and resistances, as JSON."""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import ufl
from meshes_by_hand import crossing, quadrants
from mpi4py import MPI
from mpi_runner import abort_on_error
from samples import NM, lattice_gas, layers, make_case, reservoir, run_studies, simulation

from ssbsim.constants import FARADAY
from ssbsim.constants import GAS_CONSTANT as GAS
from ssbsim.discretization import DistributedMesh, broken_space

COMM = MPI.COMM_WORLD
# Far larger than the Debye length and half full: neutral everywhere, and the mobility is that of the bulk.
UNIT, BIAS = 1e-3, 0.01
DENSITY, DIFFUSIVITY = 1e4, 1e-12
CONDUCTIVITY = FARADAY**2 * DIFFUSIVITY * DENSITY / 2 / (GAS * 298.15)


def sizes(name: str, broken: list[tuple[int, int]], order: int = 1) -> dict[str, Any]:
    """Dofs, regions and the jump of a field that equals the region index."""
    import dolfinx

    data = {"quadrants": quadrants(6), "crossing": crossing()}[name]
    mesh = DistributedMesh(COMM, data if COMM.rank == 0 else None, 1.0)
    regions = mesh.regions([(a, b) for a, b in broken])
    space = broken_space(mesh, components=2, order=order, region_of_grain=regions)
    f = dolfinx.fem.Function(space)
    values = f.x.array.reshape(-1, 2)
    values[:] = -1.0
    values[space.dofmap.list.reshape(-1), :] = np.repeat(regions[mesh.cell_grain], space.dofmap.list.shape[1])[:, None]
    # A dof that no cell here touches belongs to another rank's cells: those tell it.
    owned = space.dofmap.index_map.size_local
    told = dolfinx.la.vector(space.dofmap.index_map, 1)
    told.array[:] = values[:, 0] + 1.0
    count = dolfinx.la.vector(space.dofmap.index_map, 1)
    count.array[:] = values[:, 0] >= 0.0
    for vector in (told, count):
        vector.scatter_reverse(dolfinx.la.InsertMode.add)
    values[:owned, :] = (told.array[:owned] / np.maximum(count.array[:owned], 1.0) - 1.0)[:, None]
    f.x.scatter_forward()
    interior = mesh.interior
    pairs = sorted(mesh.interface_pairs())
    jumps, areas = {}, {}
    for i, pair in enumerate(pairs):
        mine = interior.entities[(interior.grains == pair).all(axis=1)]
        measure = ufl.Measure("dS", domain=mesh.mesh, subdomain_data=[(i, mine.reshape(-1))])(i)
        for result, integrand in ((jumps, f[0]("-") - f[0]("+")), (areas, dolfinx.fem.Constant(mesh.mesh, 1.0))):
            part = dolfinx.fem.assemble_scalar(dolfinx.fem.form(integrand * measure))
            result["|".join(map(str, pair))] = COMM.allreduce(part)
    return {
        "dofs": space.dofmap.index_map.size_global,
        "orphans": COMM.allreduce(int((count.array[:owned] == 0).sum())),
        "regions": regions.tolist(),
        "jumps": jumps,
        "areas": areas,
        "value range": [
            COMM.allreduce(values[:owned].min(initial=9.0), MPI.MIN),
            COMM.allreduce(values.max(initial=-9.0), MPI.MAX),
        ],
        "terminals": {b: COMM.allreduce(len(mesh.terminal_entities(b))) for b in mesh.boundaries},
    }


def resistance(
    dimension: int, thicknesses: list[float], resistances: list[float], transverse: float
) -> dict[str, float]:
    """Area-specific resistance of grains in a row with resistive contacts, found and by the series formula."""
    names = [f"g{i}" for i in range(len(thicknesses))]
    geometry = layers(*zip(names, thicknesses, strict=True), dimension=dimension, interface=transverse, bulk=transverse)
    for layer in geometry["layers"]:
        layer["thickness"] *= UNIT / NM
    geometry["spacing"] = {"interface": transverse * UNIT, "bulk": transverse * UNIT, "growth": 1.3}
    total = sum(thicknesses) * UNIT
    if dimension > 1:
        geometry["width"] = total
        geometry["spacing"]["transverse"] = transverse * UNIT
    if dimension > 2:
        geometry["depth"] = total
    phase = lattice_gas(0.5, permittivity=1.0)
    case = make_case(
        geometry=geometry,
        phases=dict.fromkeys(names, phase),
        interfaces={
            f"g{i}|g{i + 1}": {"contact": "broken", "laws": [{"law": "resistive", "species": "Li+", "resistance": r}]}
            for i, r in enumerate(resistances)
        },
        terminals={"left": reservoir(), "right": reservoir()},
        study=[{"kind": "steady", "terminals": {"left": {"potential": BIAS}}}],
        solver={"petsc_options": {}},
    )
    with simulation(case) as made:
        run_studies(made)
        flows = made.flows()
        current = {t: made.ionic_current(flows, t) / made.boundary_measures[t] for t in ("left", "right")}
        cells = made.mesh.n_cells_owned
    return {
        "found": BIAS / current["left"],
        "found at right": -BIAS / current["right"],
        "expected": total / CONDUCTIVITY + sum(resistances),
        "fewest cells": COMM.allreduce(cells, MPI.MIN),
    }


TASKS = {"sizes": sizes, "resistance": resistance}

if __name__ == "__main__":
    abort_on_error()
    found = [TASKS[name](*arguments) for name, arguments in json.loads(sys.argv[1])]
    if COMM.rank == 0:
        sys.stdout.write(json.dumps(found) + "\n")
