r"""One species near a uniform composition: linear conduction, and the diffusion of its isotopes.

With a scalar u in every phase that holds the species, and jumps of u over broken contacts::

    s du/dt - div(k grad u) = 0,      k du/dn = g jump(u) on a broken contact

==========  ==================================  =====================  =============================================
meaning     u                                   k                      g
==========  ==================================  =====================  =============================================
conduction  small change of mu (kT)             ``D c / H`` (bulk)     flux over jump(mu) of the laws of the contact
tracer      fraction of the isotope             ``D c`` (bulk)         flux over jump of the fraction: ``P c`` of a
                                                                       grain boundary with tracer permeability P
==========  ==================================  =====================  =============================================

and s = c, the bulk concentration, for a tracer. D is the tracer diffusivity and H the Haven ratio of the phase, so that
conduction and tracer differ by H in the bulk and by the H of each boundary there. Exact for isotopes that are alike but
for their name, in a cell at equilibrium; conduction is the limit of a small potential in neutral phases.

Everything is scaled as in :mod:`~ssbsim.discretization.scaling`, with fluxes in ``scales.flux``. Storage is lumped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dolfinx
import numpy as np
import numpy.typing as npt
import ufl

from ssbsim.case import Case
from ssbsim.discretization import DistributedMesh, Measures, Scales, broken_space, facet_numbers
from ssbsim.errors import CaseError
from ssbsim.physics.phases import phase_model
from ssbsim.physics.placement import PlacedInterface, broken_regions, place_interfaces
from ssbsim.physics.rows import owned_nodes

Ints = npt.NDArray[np.int32]

#: Part of the mesh where the species is not; no phase has an empty name.
_ELSEWHERE = ""


@dataclass
class LinearTransport:
    """The forms of a linear transport problem; built by :func:`build_linear_transport`.

    Args:
        mesh: The distributed mesh.
        measures: Integrals over the phases, by name, and the interfaces, by name.
        scales: Units.
        species: The species that moves.
        charge: Its charge number.
        space: Broken space of one component.
        conduction: Bilinear form of K: ``k grad u . grad v`` and ``g jump(u) jump(v)``.
        storage: Bilinear form of C: ``s u v``, lumped.
        cells: Owned cells of every phase that holds the species.
        conductivity: k of each of these phases (a constant of the forms).
        interfaces: The interfaces with their facets.
        conductances: Of every interface, the constant or expression g; ``None`` where nothing crosses.
        exchanged: Linear form of what exchanging faces supply from an outside at u = 1; ``None`` without them.
        absent: Owned nodes where the species is not.
        region: Region of every owned node; -1 where the species is not.
    """

    mesh: DistributedMesh
    measures: Measures
    scales: Scales
    species: str
    charge: int
    space: Any
    conduction: Any
    storage: Any
    cells: dict[str, Ints]
    conductivity: dict[str, Any]
    interfaces: list[PlacedInterface]
    conductances: list[Any]
    exchanged: Any
    absent: Ints
    region: Ints


def build_linear_transport(
    case: Case,
    mesh: DistributedMesh,
    scales: Scales,
    species: str,
    *,
    tracer: bool = False,
    exchange: Mapping[str, float] | None = None,
) -> LinearTransport:
    """Linear transport of one species of a resolved case.

    Args:
        case: The case.
        mesh: Its mesh.
        scales: Its scales.
        species: Name of the species.
        tracer: Diffusion of its isotopes instead of conduction.
        exchange: Surface exchange coefficient k (m/s) of boundaries that exchange isotopes with the outside, at the rate
            ``k c (u_outside - u)``; K then holds ``k c u v`` there, and `exchanged` is what u_outside = 1 supplies.

    Raises:
        CaseError: No phase holds the species, or it does not move in one that does.
    """
    domain = mesh.mesh

    def constant(value: float) -> Any:
        return dolfinx.fem.Constant(domain, float(value))

    models = {name: phase_model(name, phase, scales) for name, phase in case.phases.items()}
    hosts = [name for name, model in models.items() if species in model.charges]
    if not hosts:
        known = sorted({k for model in models.values() for k in model.charges})
        raise CaseError(
            f"No phase holds the species '{species}'.",
            where="phases",
            hint=f"Species here: {', '.join(known) or 'none'}.",
        )
    interfaces = place_interfaces(case, mesh, models, scales, constant)
    regions = broken_regions(mesh, interfaces)
    space = broken_space(mesh, components=1, order=1, region_of_grain=regions)
    u, v = ufl.TrialFunction(space)[0], ufl.TestFunction(space)[0]
    cells = {name: mesh.cells_of([g for g, grain in enumerate(mesh.grains) if grain.phase == name]) for name in hosts}
    elsewhere = [g for g, grain in enumerate(mesh.grains) if grain.phase not in hosts]
    faces = _faces_of_phases(mesh, exchange or {}, hosts)
    measures = Measures(
        mesh,
        cells={**cells, _ELSEWHERE: mesh.cells_of(elsewhere)},
        interior={interface.name: interface.entities for interface in interfaces},
        exterior={f"{name} {phase}": entities for (name, phase), entities in faces.items()},
    )
    conductivity: dict[str, Any] = {}
    conduction: Any = 0
    storage: Any = 0
    for name in hosts:
        diffusivity = case.phases[name].species[species].diffusivity
        if diffusivity is None:
            raise CaseError(
                f"'{species}' has no diffusivity in phase '{name}', so it does not move there.",
                where=f"phases.{name}.species.{species}",
                hint="Add a diffusivity.",
            )
        haven = 1.0 if tracer else case.phases[name].species[species].haven_ratio
        c = models[name].bulk_concentration[species]
        d = diffusivity.at_temperature(scales.temperature) / haven / scales.diffusivity
        conductivity[name] = constant(c * d)
        dissipated = conductivity[name] * ufl.inner(ufl.grad(u), ufl.grad(v))
        conduction = conduction + dissipated * measures.cells(name, "gradient")
        storage = storage + constant(c) * u * v * measures.cells(name, "storage")
    if elsewhere:
        # Nothing, but every row has its place in the matrix.
        nothing = constant(0.0) * ufl.inner(ufl.grad(u), ufl.grad(v))
        conduction = conduction + nothing * measures.cells(_ELSEWHERE, "gradient")
    exchanged: Any = 0
    for name, phase in faces:
        c = models[phase].bulk_concentration[species]
        exchange_rate = constant((exchange or {})[name] * c * scales.length / scales.diffusivity)
        conduction = conduction + exchange_rate * u * v * measures.exterior(f"{name} {phase}")
        exchanged = exchanged + exchange_rate * v * measures.exterior(f"{name} {phase}")
    conductances = []
    for interface in interfaces:
        total = _on_facets(mesh, interface, interface.conductances(species, tracer=tracer), constant)
        conductances.append(total)
        if total is not None:
            crossing = total * (u("+") - u("-")) * (v("+") - v("-"))
            conduction = conduction + crossing * measures.interior(interface.name)
    nodes = owned_nodes(space, space.dofmap.list[np.concatenate(list(cells.values()))].reshape(-1))
    region = _region_of_nodes(mesh, space, regions)
    absent = np.setdiff1d(np.arange(space.dofmap.index_map.size_local, dtype=np.int32), nodes)
    return LinearTransport(
        mesh=mesh,
        measures=measures,
        scales=scales,
        species=species,
        charge=models[hosts[0]].charges[species],
        space=space,
        conduction=dolfinx.fem.form(conduction),
        storage=dolfinx.fem.form(storage),
        cells=cells,
        conductivity=conductivity,
        interfaces=interfaces,
        conductances=conductances,
        exchanged=dolfinx.fem.form(exchanged) if exchange else None,
        absent=absent,
        region=np.where(np.isin(np.arange(len(region)), absent), -1, region).astype(np.int32),
    )


def _on_facets(
    mesh: DistributedMesh,
    interface: PlacedInterface,
    numbers: npt.NDArray[np.float64] | None,
    constant: Callable[[float], Any],
) -> Any:
    """An expression with one number for each pair of grains on their facets; a constant where all are alike."""
    if numbers is None:
        return None
    if np.ptp(numbers) == 0.0:
        return constant(float(numbers[0]))
    return facet_numbers(mesh, interface.entities, numbers[interface.pair_of_facet])


def _faces_of_phases(
    mesh: DistributedMesh, faces: Mapping[str, float], hosts: Sequence[str]
) -> dict[tuple[str, str], Ints]:
    """(cell, facet) of each of the faces in each of the phases."""
    found = {}
    for name in faces:
        entities = mesh.terminal_entities(name)
        for phase in hosts:
            mine = [g for g, grain in enumerate(mesh.grains) if grain.phase == phase]
            found[name, phase] = entities[np.isin(mesh.cell_grain[entities[:, 0]], mine)].astype(np.int32)
    return found


def _region_of_nodes(mesh: DistributedMesh, space: Any, region_of_grain: Ints) -> Ints:
    """Region of every owned node; an owner may own a node that only cells of other ranks touch."""
    total, seen = dolfinx.fem.Function(space), dolfinx.fem.Function(space)
    for function, values in ((total, region_of_grain[mesh.cell_grain][:, None]), (seen, 1.0)):
        function.x.array[:] = 0.0
        function.x.array[space.dofmap.list] = values
        function.x.scatter_reverse(dolfinx.la.InsertMode.add)
    owned = space.dofmap.index_map.size_local
    regions: Ints = np.rint(total.x.array[:owned] / seen.x.array[:owned]).astype(np.int32)
    return regions
