"""The library of phases: YAML files in which every value has its source, and their loader."""

from __future__ import annotations

from ssbsim.materials._library import Material, list_materials, load_material
from ssbsim.materials._provenance import Provenance, SourcedValue
from ssbsim.materials._resolve import case_provenance, phase_provenance, resolve_case, resolve_phase

__all__ = [
    "Material",
    "Provenance",
    "SourcedValue",
    "case_provenance",
    "list_materials",
    "load_material",
    "phase_provenance",
    "resolve_case",
    "resolve_phase",
]
