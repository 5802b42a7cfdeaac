"""From the geometry of a case to a mesh with named grains and boundaries; numpy and Gmsh only."""

from ssbsim.geometry.extrude import extrude_stack, mesh_boxes
from ssbsim.geometry.files import load_mesh, read_mesh, save_mesh
from ssbsim.geometry.gmsh_session import gmsh_session
from ssbsim.geometry.grading import GradedStack, graded_coordinates
from ssbsim.geometry.mesh_data import Grain, MeshData
from ssbsim.geometry.refine import refine_mesh
from ssbsim.geometry.registry import build_geometry, list_geometries, register_geometry

__all__ = [
    "GradedStack",
    "Grain",
    "MeshData",
    "build_geometry",
    "extrude_stack",
    "gmsh_session",
    "graded_coordinates",
    "list_geometries",
    "load_mesh",
    "mesh_boxes",
    "read_mesh",
    "refine_mesh",
    "register_geometry",
    "save_mesh",
]
