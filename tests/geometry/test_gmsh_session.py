from __future__ import annotations

import signal
import sys

import gmsh
import pytest

from ssbsim.errors import MeshError
from ssbsim.geometry import gmsh_session
from ssbsim.geometry.particles.spheres import triangulate_sphere
from ssbsim.geometry.solid.tetrahedra import fill_bodies


def test_session_is_quiet_and_leaves_nothing(capfd: pytest.CaptureFixture[str]):
    handler = signal.getsignal(signal.SIGINT)
    with gmsh_session("a test") as module:
        assert signal.getsignal(signal.SIGINT) is handler
        module.model.occ.addBox(0, 0, 0, 1, 1, 1)
        module.model.occ.synchronize()
        module.model.mesh.generate(1)
    assert not gmsh.isInitialized()
    assert signal.getsignal(signal.SIGINT) is handler
    assert capfd.readouterr() == ("", "")


def test_a_session_of_the_caller_is_given_back():
    gmsh.initialize(interruptible=False)
    try:
        gmsh.model.add("mine")
        gmsh.model.geo.addPoint(0, 0, 0)
        terminal = gmsh.option.getNumber("General.Terminal")
        with gmsh_session("a test") as module:
            assert module.model.getEntities() == []
        assert gmsh.isInitialized()
        assert gmsh.model.getCurrent() == "mine"
        assert gmsh.option.getNumber("General.Terminal") == terminal
    finally:
        gmsh.finalize()


def test_failures_of_gmsh_become_mesh_errors(capfd: pytest.CaptureFixture[str]):
    with pytest.raises(MeshError) as caught, gmsh_session("meshing nothing") as module:
        module.model.getBoundary([(2, 99)])
    assert caught.value.what == "Gmsh failed while meshing nothing."
    assert caught.value.hint
    assert not gmsh.isInitialized()
    assert capfd.readouterr() == ("", "")


def test_a_surface_that_crosses_itself_leaves_gmsh_usable(capfd: pytest.CaptureFixture[str]):
    points, triangles = triangulate_sphere(1.0, 0.4)
    crossing = points.copy()
    crossing[3] *= -1.7
    with gmsh_session("a test"):
        for surface, is_sound in ((crossing, False), (points, True)):
            if is_sound:
                _, cells = fill_bodies(surface, [[triangles[:, ::-1]]], bulk=0.4, growth=1.5, names=["ball"])
                assert len(cells[0]) > 100
            else:
                with pytest.raises(MeshError, match="crosses itself"):
                    fill_bodies(surface, [[triangles[:, ::-1]]], bulk=0.4, growth=1.5, names=["ball"])
    assert capfd.readouterr() == ("", "")


def test_other_errors_pass():
    with pytest.raises(KeyError), gmsh_session("a test"):
        raise KeyError("mine")
    assert not gmsh.isInitialized()


def test_missing_gmsh(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "gmsh", None)
    with pytest.raises(MeshError, match="Gmsh cannot be loaded"), gmsh_session("a test"):
        pass
