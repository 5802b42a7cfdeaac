"""The input file: YAML to a typed, unit-aware, validated :class:`Case`. Imports nothing of the solver."""

from __future__ import annotations

from ._case import Case
from ._contact import (
    BlockingLaw,
    ButlerVolmerLaw,
    CapacitiveLaw,
    ElectrodeTerminal,
    FixedChargeLaw,
    Interface,
    Law,
    ReservoirTerminal,
    ResistiveLaw,
    SegregationLaw,
    SymmetryTerminal,
    Terminal,
    split_interface,
)
from ._dump import dump_interface, dump_resolved
from ._geometries import (
    BOX_SIDES,
    VOID_BOUNDARY,
    BicrystalGeometry,
    BricksGeometry,
    CompositeGeometry,
    FileGeometry,
    Geometry,
    ImageGeometry,
    ImagePart,
    Layer,
    LayersGeometry,
    PolycrystalGeometry,
    Spacing,
    Texture,
)
from ._grain_boundary import GrainBoundaryLaw, MisorientationClass
from ._impedance import Frequencies, ImpedanceStudy
from ._load import load_case, parse_case, revise_case
from ._phase import Diffusivity, Phase, SiteClass, Species, parse_charge
from ._problems import InvalidCaseError, Problem
from ._schema import case_json_schema
from ._study import (
    EffectiveTransportStudy,
    EquilibriumStudy,
    Output,
    OutputTimes,
    Solver,
    SteadyStudy,
    Study,
    TerminalUpdate,
    TransientStudy,
)
from ._tracer import IsotopeImage, TracerStudy
from ._units import AVOGADRO, BOLTZMANN_EV, ELEMENTARY_CHARGE

__all__ = [
    "AVOGADRO",
    "BOLTZMANN_EV",
    "BOX_SIDES",
    "ELEMENTARY_CHARGE",
    "VOID_BOUNDARY",
    "BicrystalGeometry",
    "BlockingLaw",
    "BricksGeometry",
    "ButlerVolmerLaw",
    "CapacitiveLaw",
    "Case",
    "CompositeGeometry",
    "Diffusivity",
    "EffectiveTransportStudy",
    "ElectrodeTerminal",
    "EquilibriumStudy",
    "FileGeometry",
    "FixedChargeLaw",
    "Frequencies",
    "Geometry",
    "GrainBoundaryLaw",
    "ImageGeometry",
    "ImagePart",
    "ImpedanceStudy",
    "Interface",
    "InvalidCaseError",
    "IsotopeImage",
    "Law",
    "Layer",
    "LayersGeometry",
    "MisorientationClass",
    "Output",
    "OutputTimes",
    "Phase",
    "PolycrystalGeometry",
    "Problem",
    "ReservoirTerminal",
    "ResistiveLaw",
    "SegregationLaw",
    "SiteClass",
    "Solver",
    "Spacing",
    "Species",
    "SteadyStudy",
    "Study",
    "SymmetryTerminal",
    "Terminal",
    "TerminalUpdate",
    "Texture",
    "TracerStudy",
    "TransientStudy",
    "case_json_schema",
    "dump_interface",
    "dump_resolved",
    "load_case",
    "parse_case",
    "parse_charge",
    "revise_case",
    "split_interface",
]
