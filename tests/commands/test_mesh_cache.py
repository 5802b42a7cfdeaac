"""Meshes kept from before, and the line of progress while one is made."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mpi_runner import environment
from samples import make_case

import ssbsim
from ssbsim.case import Case, FileGeometry
from ssbsim.commands.meshing import make_mesh
from ssbsim.geometry import MeshData, registry
from ssbsim.geometry.cache import VARIABLE, MeshCache, mesh_key
from ssbsim.geometry.progress import listening, progress

ROOT = Path(__file__).parents[2]
CONFIGS, MESHES = ROOT / "configs", ROOT / "meshes"
NM = 1e-9


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of kept meshes, empty and for this test alone."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "kept"))
    return tmp_path / "kept"


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The kinds of geometry that were built, one entry each time."""
    calls: list[str] = []
    registry.list_geometries()

    def counting(kind: str, builder: registry.Builder) -> registry.Builder:
        def build(geometry: Any, folder: Path) -> MeshData:
            calls.append(kind)
            return builder(geometry, folder)

        return build

    for kind, builder in dict(registry._BUILDERS).items():
        monkeypatch.setitem(registry._BUILDERS, kind, counting(kind, builder))
    return calls


def file_case(path: Path = MESHES / "bicrystal_2d.msh", unit: float = NM) -> Case:
    grains = {"grain.1": "e", "core": "e", "grain.2": "e"}
    geometry = FileGeometry(path=path, unit=unit, grains=grains, boundaries={"left": "left", "right": "right"})
    return make_case(geometry=geometry)


def only(kept: Path) -> Path:
    (path,) = kept.iterdir()
    return path


# ------------------------------------------------------------------------------------------------ kept meshes


def test_the_same_input_is_built_once(kept: Path, built: list[str]) -> None:
    first, second = make_mesh(file_case()), make_mesh(file_case())
    assert built == ["file"]
    assert (first.is_from_cache, second.is_from_cache) == (False, True)
    assert second.mesh.content_hash() == first.mesh.content_hash()
    for name in ("points", "cells", "cell_grain", "boundary_facets", "facet_boundary", "grains", "boundaries", "notes"):
        np.testing.assert_array_equal(getattr(second.mesh, name), getattr(first.mesh, name))
    second.mesh.validate()


def test_check_and_run_use_what_was_built(kept: Path, built: list[str], tmp_path: Path) -> None:
    case = ssbsim.load_case(CONFIGS / "own_mesh.yaml")
    ssbsim.mesh_case(case, tmp_path / "mesh", picture=False, show_progress=False)
    ssbsim.check(case)
    assert built == ["file"]


def test_another_input_is_built(kept: Path, built: list[str], tmp_path: Path) -> None:
    copy = tmp_path / "copy.msh"
    copy.write_bytes((MESHES / "bicrystal_2d.msh").read_bytes())
    make_mesh(file_case())
    assert make_mesh(file_case(unit=2 * NM)).mesh.points.max() == pytest.approx(
        2 * make_mesh(file_case()).mesh.points.max()
    )
    assert built == ["file", "file"]
    assert make_mesh(file_case(copy)).is_from_cache  # the content counts, not the name
    copy.write_bytes((MESHES / "bicrystal_2d.msh").read_bytes() + b"\n")
    assert not make_mesh(file_case(copy)).is_from_cache
    assert len(built) == 3


def test_what_the_key_is_made_of(monkeypatch: pytest.MonkeyPatch) -> None:
    geometry, folder = file_case().geometry, Path()
    key = mesh_key(geometry, folder)
    assert key == mesh_key(file_case().geometry, Path("elsewhere"))
    for change in ({"unit": 1e-6}, {"boundaries": {}}, {"path": MESHES / "bicrystal_3d.msh"}):
        assert mesh_key(geometry.model_copy(update=change), folder) != key
    assert mesh_key(geometry.model_copy(update={"path": Path("missing.msh")}), folder) is None
    monkeypatch.setattr("ssbsim.geometry.cache._version", lambda name: f"{name} of tomorrow")
    assert mesh_key(geometry, folder) != key
    monkeypatch.undo()
    monkeypatch.setattr(ssbsim, "__version__", "0.0.0")
    assert mesh_key(geometry, folder) != key


def test_quick_kinds_are_not_kept(kept: Path, built: list[str]) -> None:
    for _ in range(2):
        assert not make_mesh(make_case()).is_from_cache
    assert built == ["layers", "layers"]
    assert not kept.exists()


@pytest.mark.parametrize("damage", ["truncated", "empty", "foreign", "altered", "another mesh", "another format"])
def test_a_damaged_file_is_found_out_and_replaced(kept: Path, built: list[str], damage: str) -> None:
    good = make_mesh(file_case()).mesh
    path = only(kept)
    whole = path.read_bytes()
    if damage == "truncated":
        path.write_bytes(whole[: len(whole) // 2])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "foreign":
        path.write_bytes(b"\x93NUMPY\x01\x00v\x00 nothing of ours")
    else:
        with np.load(path) as archive:
            arrays = dict(archive)
        about = json.loads(str(arrays["about"]))
        if damage == "altered":
            arrays["points"] = arrays["points"] * (1 + 1e-15)
        elif damage == "another mesh":
            about["key"] = "0" * 64
        else:
            about["format"] = 999
        np.savez(path, **{**arrays, "about": np.array(json.dumps(about))})
    again = make_mesh(file_case())
    assert built == ["file", "file"]
    assert again.mesh.content_hash() == good.content_hash()
    assert any("made again" in note for note in again.mesh.notes)
    third = make_mesh(file_case())
    assert third.is_from_cache
    assert third.mesh.notes == good.notes


def test_nothing_in_a_kept_file_can_run_code(kept: Path) -> None:
    make_mesh(file_case())
    path = only(kept)
    np.savez(path, about=np.array([object()], dtype=object))
    assert not make_mesh(file_case()).is_from_cache


def test_it_can_be_switched_off(built: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: Path) -> None:
    monkeypatch.setenv(VARIABLE, "off")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for _ in range(2):
        make_mesh(file_case())
    monkeypatch.setenv(VARIABLE, str(kept))
    for _ in range(2):
        make_mesh(file_case(), use_cache=False)
    assert len(built) == 4
    assert not kept.exists()
    assert not (tmp_path / "cache").exists()


def test_the_users_cache_is_the_usual_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    make_mesh(file_case())
    assert len(list((tmp_path / "cache" / "ssbsim" / "meshes").iterdir())) == 1
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    make_mesh(file_case())
    assert len(list((tmp_path / "home" / ".cache" / "ssbsim" / "meshes").iterdir())) == 1


def test_a_folder_that_cannot_be_written_is_no_error(
    built: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A file where the folder should be: even the superuser cannot write there.
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "file" / "kept"))
    for _ in range(2):
        assert "kept" not in " ".join(make_mesh(file_case()).mesh.notes)
    assert built == ["file", "file"]


def test_a_full_disk_is_no_error(kept: Path, built: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ssbsim.geometry.cache._write", full)
    assert len(make_mesh(file_case()).mesh.cells) > 0
    assert list(kept.iterdir()) == []


def test_the_oldest_go_first(tmp_path: Path) -> None:
    mesh = make_mesh(file_case(), use_cache=False).mesh
    cache = MeshCache(tmp_path / "kept")
    for age, key in enumerate("cba"):
        assert cache.keep(key, mesh)
        os.utime(tmp_path / "kept" / f"{key}.npz", (1000 + age, 1000 + age))
    size = (tmp_path / "kept" / "a.npz").stat().st_size
    assert cache.find("c")[0] is not None  # used just now
    half_written = tmp_path / "kept" / ".abandoned.tmp"
    half_written.write_bytes(b"x")
    os.utime(half_written, (1000, 1000))
    young = tmp_path / "kept" / ".young.tmp"
    young.write_bytes(b"x")
    assert MeshCache(tmp_path / "kept", largest=3 * size + size // 2).keep("d", mesh)
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == [".young.tmp", "a.npz", "c.npz", "d.npz"]
    assert not MeshCache(tmp_path / "kept", largest=size // 2).keep("e", mesh)
    assert not (tmp_path / "kept" / "e.npz").exists()


WRITER = """
import sys
sys.path.insert(0, {tests!r})
from test_mesh_cache import file_case
from ssbsim.commands.meshing import make_mesh
made = make_mesh(file_case(), show_progress=False)
print(made.mesh.content_hash())
"""


def test_two_at_once(kept: Path) -> None:
    program = WRITER.format(tests=str(ROOT / "tests" / "commands"))
    env = environment() | {VARIABLE: str(kept)}
    both = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=env) for _ in range(2)
    ]
    hashes = {process.communicate(timeout=120)[0].strip() for process in both}
    assert [process.returncode for process in both] == [0, 0]
    assert hashes == {make_mesh(file_case()).mesh.content_hash()}
    assert only(kept).suffix == ".npz"
    assert make_mesh(file_case()).is_from_cache


def test_a_kill_while_writing_leaves_nothing_under_the_name(kept: Path) -> None:
    # The writer stops for ever in the middle of the file, and is killed there.
    program = (
        "import ssbsim.geometry.cache as c, time, sys\n"
        "def half(file, key, mesh):\n"
        "    file.write(b'PK' * 1000); file.flush(); print('half', flush=True); time.sleep(600)\n"
        "c._write = half\n"
    ) + WRITER.format(tests=str(ROOT / "tests" / "commands"))
    env = environment() | {VARIABLE: str(kept)}
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "half"
        process.kill()
    assert [path.suffix for path in kept.iterdir()] == [".tmp"]
    assert not make_mesh(file_case()).is_from_cache
    assert make_mesh(file_case()).is_from_cache


# ------------------------------------------------------------------------------------------------ progress


def test_progress_is_heard_by_who_listens() -> None:
    heard: list[tuple[str, int, int]] = []
    progress("nobody", 1, 2)
    with listening(lambda what, done, total: heard.append((what, done, total))):
        progress("filling grains", 3, 40)
        progress("checking")
    progress("nobody")
    assert heard == [("filling grains", 3, 40), ("checking", 0, 0)]


def test_a_line_says_how_far_it_is(
    kept: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def slow(geometry: Any, folder: Path) -> MeshData:
        monkeypatch.setattr(time, "monotonic", lambda: 1e9)
        progress("filling grains", 3, 40)
        return ssbsim.geometry.read_mesh(geometry.path, grains=geometry.grains, boundaries=geometry.boundaries, unit=NM)

    registry.list_geometries()
    monkeypatch.setitem(registry._BUILDERS, "file", slow)
    make_mesh(file_case())
    assert "filling grains 3 of 40" in capsys.readouterr().err
    monkeypatch.undo()
    make_mesh(file_case(), show_progress=False)
    assert capsys.readouterr().err == ""
