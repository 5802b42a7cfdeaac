"""A phase with some of its values replaced by those of another."""

from __future__ import annotations

from typing import Any

from ssbsim.case import Phase


def merge_phases(base: Phase, changes: Phase) -> Phase:
    """``base`` with everything that ``changes`` says.

    Species and concentrations are replaced name by name and site classes by their name, each key by key; all other
    fields, and a diffusivity, as a whole.
    """
    below = base.model_dump(exclude_unset=True)
    above = changes.model_dump(exclude_unset=True, exclude={"material"})
    merged: dict[str, Any] = {**below, **above}
    if "species" in above:
        species = dict(below.get("species", {}))
        for name, one in above["species"].items():
            species[name] = {**species.get(name, {}), **one}
        merged["species"] = species
    if "concentration" in above:
        merged["concentration"] = {**below.get("concentration", {}), **above["concentration"]}
    if "sites" in above:
        sites = {site["name"]: site for site in below.get("sites", ())}
        for site in above["sites"]:
            sites[site["name"]] = {**sites.get(site["name"], {}), **site}
        merged["sites"] = tuple(sites.values())
    return Phase.model_validate(merged)
