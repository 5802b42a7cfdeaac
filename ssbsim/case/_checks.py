"""Combinations that cannot be: names that lead nowhere, phases without what they need, states out of range."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ssbsim.case._contact import split_interface
from ssbsim.case._phase import Phase
from ssbsim.case.laws import LawModel, NamedSpecies
from ssbsim.document.problems import KeyPath, Problem
from ssbsim.document.suggestions import did_you_mean

if TYPE_CHECKING:
    from ssbsim.case._case import Case


def find_problems(case: Case) -> list[Problem]:
    """All impossible combinations of a case; phases that come from the library are looked into once resolved."""
    return [
        *_geometry_problems(case),
        *(problem for name, phase in case.phases.items() for problem in phase_problems(phase, ("phases", name))),
        *_temperature_problems(case),
        *_interface_problems(case),
        *_terminal_problems(case),
        *_study_problems(case),
    ]


def phase_problems(phase: Phase, path: KeyPath = ()) -> list[Problem]:
    """What is missing or impossible in one phase, with names only checked when it still refers to a material."""
    return [] if phase.material is not None else list(_complete_phase_problems(phase, path))


def _complete_phase_problems(phase: Phase, path: KeyPath) -> Iterator[Problem]:
    species = tuple(phase.species)
    if phase.electrostatics == "poisson" and phase.permittivity is None:
        yield Problem("a poisson phase needs a permittivity", path, "add for example 'permittivity: 100'")
    if phase.electrostatics == "conductor" and phase.electronic_conductivity is None:
        hint = "add for example 'electronic_conductivity: 100 S/m'"
        yield Problem("a conductor phase needs an electronic_conductivity", path, hint)
    names = [site.name for site in phase.sites]
    for index, site in enumerate(phase.sites):
        if names.index(site.name) != index:
            yield Problem(
                f"two site classes have the name '{site.name}'", (*path, "sites", index, "name"), "rename one"
            )
        for name in site.standard_potential:
            if name not in species:
                place = (*path, "sites", index, "standard_potential", name)
                yield Problem(f"'{name}' is not a species of this phase", place, did_you_mean(name, species))
    for name in phase.concentration:
        if name not in species:
            place = (*path, "concentration", name)
            yield Problem(f"'{name}' is not a species of this phase", place, did_you_mean(name, species))
    for name in species:
        if not any(name in phase.site_species(site) for site in phase.sites):
            hint = f"add a site class, or '{name}: 0 eV' to the standard_potential of one"
            yield Problem(f"species '{name}' has no site to occupy", (*path, "species", name), hint)
        if name not in phase.concentration:
            hint = f"add 'concentration: {{{name}: 8261 mol/m^3}}'"
            yield Problem(f"species '{name}' has no concentration", (*path, "concentration"), hint)
    yield from _filling_problems(phase, path)


def _filling_problems(phase: Phase, path: KeyPath) -> Iterator[Problem]:
    for name, amount in phase.concentration.items():
        homes = [site for site in phase.sites if name in phase.site_species(site)]
        room = sum(site.capacity for site in homes)
        if not homes or math.isinf(room):
            continue
        # species that compete for the same sites fill them together
        rivals = {
            other
            for other in phase.concentration
            if (places := [site for site in phase.sites if other in phase.site_species(site)])
            and all(site in homes for site in places)
        }
        total = sum(phase.concentration[rival] for rival in rivals)
        if max(total, amount) >= room:
            yield Problem(
                f"expected less than the {room:g} mol/m^3 of sites, found {max(total, amount):g} mol/m^3",
                (*path, "concentration", name),
                "lower the concentration, or raise the density of the sites",
            )


#: Decimal logarithms between which a diffusivity (m2/s) is a number to compute with, products of several included.
_SLOWEST, _FASTEST = -70.0, 10.0
#: Likewise, of the factor of an Arrhenius law.
_LARGEST_CHANGE = 80.0


def _temperature_problems(case: Case) -> Iterator[Problem]:
    for name, phase in case.phases.items():
        for species, one in phase.species.items():
            if one.diffusivity is None:
                continue
            logarithm = one.diffusivity.log10_at_temperature(case.temperature)
            if not _SLOWEST < logarithm < _FASTEST:
                path = ("phases", name, "species", species, "diffusivity")
                moves = "does not move in any time" if logarithm < 0.0 else "moves faster than anything"
                yield Problem(
                    f"at {case.temperature:g} K the diffusivity of '{species}' is 1e{logarithm:+.0f} m^2/s: it {moves}",
                    path,
                    "change the temperature, or leave the diffusivity of what does not move out",
                )

    for name, interface in case.interfaces.items():
        for index, law in enumerate(interface.laws):
            change = law.log10_change(case.temperature)
            if abs(change) > _LARGEST_CHANGE:
                what = (
                    f"at {case.temperature:g} K the activation energy changes the values of the law by 1e{change:+.0f}"
                )
                place = ("interfaces", name, "laws", index, "activation_energy")
                yield Problem(what, place, "change the temperature, or the activation energy")


def _geometry_problems(case: Case) -> Iterator[Problem]:
    phases, geometry = tuple(case.phases), case.geometry
    used = [(("geometry", *path), name) for path, name in geometry.named_phases()]
    for path, name in used:
        if name not in phases:
            yield Problem(f"'{name}' is not a phase of this case", path, did_you_mean(name, phases))
    missing = {name for _, name in used} - set(phases)
    for name in phases:
        if name not in {phase for _, phase in used} and not missing:
            yield Problem(f"phase '{name}' is not used by the geometry", ("phases", name), "remove it, or place it")
    if case.solver.element_order == 2 and geometry.space_dimension() not in (None, 1):
        yield Problem("element_order 2 is for 1D only", ("solver", "element_order"), "write 'element_order: 1'")
    elif case.solver.element_order == 2 and geometry.coordinates != "planar":
        # Its lumped weights are zero on the axis of a cylinder and negative in the centre of a sphere.
        yield Problem(
            "element_order 2 is for planar coordinates only", ("solver", "element_order"), "write 'element_order: 1'"
        )


def _interface_problems(case: Case) -> Iterator[Problem]:
    geometry = case.geometry
    grains = geometry.grain_phases() or {}
    sides_known = tuple(dict.fromkeys([*case.phases, *grains]))
    contacts = geometry.contacts() if set(grains.values()) <= set(case.phases) else None
    seen: dict[frozenset[str], str] = {}
    for name, interface in case.interfaces.items():
        path: KeyPath = ("interfaces", name)
        try:
            sides = split_interface(name)
        except ValueError:
            yield Problem(f"the interface '{name}' does not name two sides", path, "write it as 'grain|core'")
            continue
        if name != "|".join(sides):
            yield Problem(f"the interface '{name}' has spaces in its name", path, f"write it as '{'|'.join(sides)}'")
        unknown = [s for s in sides if s not in sides_known and geometry.phase_of_grain(s) is None]
        for side in unknown:
            yield Problem(f"'{side}' is not a phase or grain of this case", path, did_you_mean(side, sides_known))
        if frozenset(sides) in seen:
            yield Problem(f"'{name}' is the same interface as '{seen[frozenset(sides)]}'", path, "keep one of them")
        seen[frozenset(sides)] = name
        if unknown:
            continue
        if contacts is not None and not any(_touches(sides, pair, grains) for pair in contacts):
            there = ", ".join(f"'{a}|{b}'" for a, b in contacts[:12]) or "none"
            there += ", ..." if len(contacts) > 12 else ""
            yield Problem(f"'{sides[0]}' and '{sides[1]}' do not touch", path, f"the contacts are {there}")
        names = [geometry.phase_of_grain(side) or side for side in sides]
        phases = [case.phases[name] for name in names if name in case.phases]
        for index, law in enumerate(interface.laws):
            for named in law.named_species():
                place = (*path, "laws", index, named.key)
                found = list(_species_problems(named.species, phases, place))
                yield from found or _side_problems(law, named, interface.contact, sides, phases, place)


def _side_problems(
    law: LawModel, named: NamedSpecies, contact: str, sides: tuple[str, str], phases: Sequence[Phase], path: KeyPath
) -> Iterator[Problem]:
    """A species that a law names must exist, and carry charge where it crosses, on the sides where the law needs it."""
    if len(phases) < 2 or any(phase.material is not None for phase in phases):
        return
    species, there = named.species, dict(zip(sides, phases, strict=True))
    needed = {"first": sides[:1], "second": sides[1:], "both": sides}[named.side]
    missing = [side for side in needed if species not in there[side].species]
    if missing and contact == "broken":
        hint = "remove the law, or name a species that " + ("both sides have" if named.side == "both" else "it has")
        yield Problem(f"'{species}' is not a species of '{missing[0]}', so it cannot cross", path, hint)
    elif sides[0] in missing:
        hint = f"name the interface '{sides[1]}|{sides[0]}'"
        yield Problem(f"'{species}' is not a species of '{sides[0]}', from whose sites the energy counts", path, hint)
    elif law.crosses and next(p for p in phases if species in p.species).species[species].charge == 0:
        yield Problem(f"'{species}' has no charge, so the law '{law.law}' means nothing for it", path, "remove the law")


def _touches(sides: tuple[str, str], pair: tuple[str, str], grains: dict[str, str]) -> bool:
    def is_same(side: str, grain: str) -> bool:
        return side in (grain, grains[grain])

    return any(is_same(sides[0], a) and is_same(sides[1], b) for a, b in (pair, pair[::-1]))


def _species_problems(species: str, phases: Sequence[Phase], path: KeyPath) -> Iterator[Problem]:
    if any(phase.material is not None for phase in phases):
        return
    known = tuple(dict.fromkeys(name for phase in phases for name in phase.species))
    if species not in known:
        yield Problem(f"'{species}' is not a species of the phases here", path, did_you_mean(species, known))


def _terminal_problems(case: Case) -> Iterator[Problem]:
    boundaries = case.geometry.boundary_names()
    for name, terminal in case.terminals.items():
        if boundaries and name not in boundaries:
            hint = did_you_mean(name, boundaries)
            yield Problem(f"'{name}' is not a boundary of this geometry", ("terminals", name), hint)
        for species in terminal.held_species():
            yield from _species_problems(species, _adjacent_phases(case, name), ("terminals", name, "species"))
    if not any(terminal.holds_potential for terminal in case.terminals.values()):
        yield Problem(
            "no terminal fixes a potential, so the potential is only known up to a constant",
            ("terminals",),
            "add an electrode or a reservoir, for example 'left: {kind: electrode, potential: 0 V}'",
        )


def _adjacent_phases(case: Case, boundary: str) -> list[Phase]:
    return [case.phases[name] for name in case.geometry.phases_at(boundary) if name in case.phases]


def _study_problems(case: Case) -> Iterator[Problem]:
    for index, study in enumerate(case.study):
        for name, update in study.updates().items():
            path: KeyPath = ("study", index, "terminals", name)
            terminal = case.terminals.get(name)
            if terminal is None:
                yield Problem(
                    f"'{name}' is not a terminal of this case", path, did_you_mean(name, tuple(case.terminals))
                )
            elif not terminal.holds_potential:
                yield Problem(f"terminal '{name}' ({terminal.kind}) has no value", path, "remove this entry")
            elif update.electrochemical_potential is not None and not terminal.held_species():
                yield Problem(
                    f"terminal '{name}' ({terminal.kind}) has a potential only",
                    path,
                    "give a potential",
                )
            elif update.electrochemical_potential is not None and len(terminal.held_species()) > 1:
                hint = "give a potential instead"
                yield Problem("electrochemical_potential is for a reservoir of one species", path, hint)
        yield from study.problems(case, index)
