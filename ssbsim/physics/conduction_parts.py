r"""K of a tracer taken apart: it is linear in every diffusivity, permeability and exchange coefficient, ``K = sum_i K_i``.

A parameter ``p_i = p_i0 exp(theta_i)`` then has ``dK/dtheta_i = exp(theta_i) K_i``, with K_i as it is in the case.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import dolfinx
import ufl

from ssbsim.case import Case, laws_that
from ssbsim.discretization import Measures
from ssbsim.errors import CaseError
from ssbsim.physics.laws import InterfaceLaw
from ssbsim.physics.linear_transport import LinearTransport
from ssbsim.physics.placement import PlacedInterface

Kind = Literal["diffusivity", "permeability", "surface_exchange"]


@dataclass(frozen=True)
class ConductionPart:
    """What is proportional to one parameter.

    Args:
        kind: What the parameter is.
        name: Of the phase, the interface of the case or the pair of grains, or the face.
        phase: Of a diffusivity the phase, of a permeability the first-named phase of the boundary, else empty.
        value: The parameter as it is in the case: tracer diffusivity (m2/s), tracer permeability (m/s), exchange (m/s).
        width: Of a boundary (m), where the case gives it.
        form: Bilinear form of K_i, compiled; ``None`` for a face, whose K_i is diagonal and what it supplies.
    """

    kind: Kind
    name: str
    phase: str
    value: float
    width: float | None
    form: Any


def bulk_parts(transport: LinearTransport, case: Case) -> list[ConductionPart]:
    """A part for every phase that the species moves in."""
    u, v = ufl.TrialFunction(transport.space)[0], ufl.TestFunction(transport.space)[0]
    parts = []
    for name, conductivity in transport.conductivity.items():
        dissipated = conductivity * ufl.inner(ufl.grad(u), ufl.grad(v))
        form = dolfinx.fem.form(dissipated * transport.measures.cells(name, "gradient"))
        diffusivity = case.phases[name].species[transport.species].diffusivity
        value = diffusivity.at_temperature(transport.scales.temperature) if diffusivity is not None else 0.0
        parts.append(ConductionPart("diffusivity", name, name, value, None, form))
    return parts


def boundary_parts(transport: LinearTransport, *, each: bool = False) -> list[ConductionPart]:
    """A part for every interface with a law that knows isotopes, or for every pair of grains that one joins.

    Raises:
        CaseError: Another law of such an interface lets the species through as well.
    """
    grains = transport.mesh.grains
    parts = []
    for interface, conductance in zip(transport.interfaces, transport.conductances, strict=True):
        law = _law_of(interface, transport.species)
        if law is None:
            continue
        if not each:
            parts.append(_boundary_part(transport, interface, law, interface.name, None, conductance))
            continue
        for i, (a, b) in enumerate(interface.grain_pairs):
            parts.append(
                _boundary_part(transport, interface, law, f"{grains[a].name}|{grains[b].name}", i, conductance)
            )
    return parts


def _boundary_part(
    transport: LinearTransport, interface: PlacedInterface, law: InterfaceLaw, name: str, pair: int | None, g: Any
) -> ConductionPart:
    facets = interface.entities if pair is None else interface.entities[interface.pair_of_facet == pair]
    value = law.permeability(pair) or math.nan
    form = _jump_form(transport, g, facets)
    return ConductionPart("permeability", name, interface.phases[0], value, law.width, form)


def _law_of(interface: PlacedInterface, species: str) -> InterfaceLaw | None:
    if not interface.broken:
        return None
    conducting = [law for law in interface.laws if law.conductances(species, tracer=True) is not None]
    known = [law for law in conducting if law.schema.knows_isotopes]
    if known and len(conducting) > 1:
        raise CaseError(
            f"Several laws of '{interface.name}' let {species} through: a map cannot tell them apart.",
            where=f"interfaces.{interface.name}.laws",
            hint=f"Keep one that knows isotopes ({laws_that(lambda law: law.knows_isotopes)}).",
        )
    return known[0] if known else None


def _jump_form(transport: LinearTransport, conductance: Any, entities: Any) -> Any:
    u, v = ufl.TrialFunction(transport.space)[0], ufl.TestFunction(transport.space)[0]
    here = Measures(transport.mesh, interior={"": entities}).interior("")
    return dolfinx.fem.form(conductance * (u("+") - u("-")) * (v("+") - v("-")) * here)
