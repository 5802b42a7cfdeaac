"""The input file: YAML to a typed, unit-aware, validated :class:`Case`. Imports nothing of the solver."""

from __future__ import annotations

from ssbsim.case._case import Case
from ssbsim.case._checks import phase_problems
from ssbsim.case._contact import Interface, split_interface
from ssbsim.case._dump import dump_interface, dump_resolved
from ssbsim.case._load import document_of, load_case, parse_case, revise_case
from ssbsim.case._output import Output
from ssbsim.case._petsc_options import forbidden_options
from ssbsim.case._phase import Diffusivity, Phase, SiteClass, Species, is_material_file, parse_charge
from ssbsim.case._schema import case_json_schema
from ssbsim.case._solver import Solver
from ssbsim.case.geometries import BOX_SIDES, GEOMETRIES, Geometry, GeometrySection
from ssbsim.case.geometries.bricks import BricksGeometry
from ssbsim.case.geometries.composite import VOID_BOUNDARY, CompositeGeometry
from ssbsim.case.geometries.image import ImageGeometry, ImagePart
from ssbsim.case.geometries.mesh_file import FileGeometry
from ssbsim.case.geometries.polycrystal import PolycrystalGeometry, Texture
from ssbsim.case.geometries.spacing import Spacing
from ssbsim.case.geometries.stacks import BicrystalGeometry, Layer, LayersGeometry
from ssbsim.case.laws import LAWS, Law, LawModel, laws_that
from ssbsim.case.statistics import STATISTICS, StatisticsModel
from ssbsim.case.studies import STUDY_MODELS, Study, StudyModel, TerminalUpdate
from ssbsim.case.studies.effective_transport import EffectiveTransportStudy
from ssbsim.case.studies.equilibrium import EquilibriumStudy
from ssbsim.case.studies.impedance import Frequencies, ImpedanceStudy
from ssbsim.case.studies.steady import SteadyStudy
from ssbsim.case.studies.tracer import IsotopeImage, TracerStudy
from ssbsim.case.studies.transient import OutputTimes, TransientStudy
from ssbsim.case.terminals import TERMINAL_MODELS, Terminal, TerminalModel
from ssbsim.case.terminals.electrode import ElectrodeTerminal
from ssbsim.case.terminals.reservoir import ReservoirTerminal
from ssbsim.case.terminals.symmetry import SymmetryTerminal

__all__ = [
    "BOX_SIDES",
    "GEOMETRIES",
    "LAWS",
    "STATISTICS",
    "STUDY_MODELS",
    "TERMINAL_MODELS",
    "VOID_BOUNDARY",
    "BicrystalGeometry",
    "BricksGeometry",
    "Case",
    "CompositeGeometry",
    "Diffusivity",
    "EffectiveTransportStudy",
    "ElectrodeTerminal",
    "EquilibriumStudy",
    "FileGeometry",
    "Frequencies",
    "Geometry",
    "GeometrySection",
    "ImageGeometry",
    "ImagePart",
    "ImpedanceStudy",
    "Interface",
    "IsotopeImage",
    "Law",
    "LawModel",
    "Layer",
    "LayersGeometry",
    "Output",
    "OutputTimes",
    "Phase",
    "PolycrystalGeometry",
    "ReservoirTerminal",
    "SiteClass",
    "Solver",
    "Spacing",
    "Species",
    "StatisticsModel",
    "SteadyStudy",
    "Study",
    "StudyModel",
    "SymmetryTerminal",
    "Terminal",
    "TerminalModel",
    "TerminalUpdate",
    "Texture",
    "TracerStudy",
    "TransientStudy",
    "case_json_schema",
    "document_of",
    "dump_interface",
    "dump_resolved",
    "forbidden_options",
    "is_material_file",
    "laws_that",
    "load_case",
    "parse_case",
    "parse_charge",
    "phase_problems",
    "revise_case",
    "split_interface",
]
