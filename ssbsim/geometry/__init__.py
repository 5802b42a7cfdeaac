"""From the geometry of a case to a mesh with named grains and boundaries; numpy and Gmsh only.

What is where, in the order in which imports flow: a module imports only from places above its own, and within its own
in no circle (`tests/geometry/test_folders.py`).

    modules at the top  what several places share: the mesh (`mesh_data`), grains before there are cells (`partition`),
                        sizes of cells (`grading`, `rows`), boxes (`extrude`), division of cells (`refine`), Gmsh
                        (`gmsh_session`), parts that hang together (`connectivity`), word of how far one is (`progress`)
    plane/              triangles in the plane
    solid/              triangles and tetrahedra in space
    meshing             the one way from a partition to a mesh, in the plane and in space
    grains/             polycrystals: tessellations, textures, orientations, statistics
    particles/          composite electrodes: sizes, packing, outlines
    images/             labelled images: files, parts, smooth interfaces
    files/              meshes as files
    registry, cache     from a case to its mesh, and meshes that were made once
    kinds/              one file per kind of geometry, found by the registry
"""

from ssbsim.geometry.connectivity import connected_parts
from ssbsim.geometry.coordinates import Coordinates, Units, check_terminal_area
from ssbsim.geometry.extrude import extrude_stack, mesh_boxes
from ssbsim.geometry.files.mesh_files import load_mesh, read_mesh, save_mesh
from ssbsim.geometry.gmsh_session import gmsh_session
from ssbsim.geometry.grading import GradedStack, graded_coordinates
from ssbsim.geometry.grains.orientations import misorientation_angle
from ssbsim.geometry.grains.statistics import mesh_statistics
from ssbsim.geometry.mesh_data import Grain, MeshData
from ssbsim.geometry.refine import refine_mesh
from ssbsim.geometry.registry import build_geometry, list_geometries, register_geometry

__all__ = [
    "Coordinates",
    "GradedStack",
    "Grain",
    "MeshData",
    "Units",
    "build_geometry",
    "check_terminal_area",
    "connected_parts",
    "extrude_stack",
    "gmsh_session",
    "graded_coordinates",
    "list_geometries",
    "load_mesh",
    "mesh_boxes",
    "mesh_statistics",
    "misorientation_angle",
    "read_mesh",
    "refine_mesh",
    "register_geometry",
    "save_mesh",
]
