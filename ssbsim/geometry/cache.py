"""Meshes that were made once, kept for the next time: same input, same mesh, no second making.

A mesh is kept under the SHA-256 of all that it depends on: the geometry section of the case, the content of the files
that the section names, the sources of `ssbsim.geometry`, and the versions of the libraries that take part. A file
holds the arrays and `MeshData.content_hash`, which is compared on reading; what is truncated, altered or of another
format is removed and made again. A file appears under its name complete or not at all, so that processes may come
together and be killed at any time. The oldest in use go when all together are larger than `LARGEST`.

The folder is `ssbsim/meshes` in the user's cache (`XDG_CACHE_HOME`, else `~/.cache`): with it ssbsim writes outside the
folders that it is given. The variable `SSBSIM_MESH_CACHE` names another folder, or `off`. Where the folder cannot be
written nothing is kept, and where it cannot be read every mesh is made anew; neither is an error.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import logging
import os
import tempfile
import time
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from ssbsim.geometry.coordinates import COORDINATES
from ssbsim.geometry.mesh_data import Grain, MeshData

LARGEST = 2_000_000_000
"""Bytes that all kept meshes may have together."""

VARIABLE = "SSBSIM_MESH_CACHE"
"""Environment variable: a folder, or `off`."""

_FORMAT = 2
_LIBRARIES = ("gmsh", "mmgpy", "numpy", "pillow", "scipy", "shapely", "tifffile")
_ABANDONED = 3600.0  # seconds after which a half-written file belongs to nobody
_ARRAYS = ("points", "cells", "cell_grain", "boundary_facets", "facet_boundary")

_log = logging.getLogger("ssbsim")


class MeshCache:
    """Kept meshes in one folder.

    Args:
        folder: Where they are; made when the first is kept. None keeps and finds nothing.
        largest: Bytes that all of them may have together.
    """

    def __init__(self, folder: Path | None, *, largest: int = LARGEST) -> None:
        self._folder = folder
        self._largest = largest

    @classmethod
    def of_user(cls) -> MeshCache:
        """The one that the environment names."""
        named = os.environ.get(VARIABLE, "")
        if named.lower() in ("off", "0", "no"):
            return cls(None)
        if named:
            return cls(Path(named))
        try:
            base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        except RuntimeError:  # no home
            return cls(None)
        return cls(Path(base) / "ssbsim" / "meshes")

    def find(self, key: str) -> tuple[MeshData | None, str]:
        """The mesh kept under a key, or None; and a sentence about a file that was of no use."""
        if self._folder is None:
            return None, ""
        path = self._path(key)
        try:
            mesh = _read(path, key)
        except FileNotFoundError:
            return None, ""
        except OSError as error:
            _log.info("the mesh kept in %s cannot be read: %s", path, error)
            return None, ""
        except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            _log.info("the mesh kept in %s is damaged: %s", path, error)
            _remove(path)
            return None, f"the mesh kept in {path} was damaged or not a mesh; it was made again"
        with contextlib.suppress(OSError):
            os.utime(path)  # the oldest go first
        return mesh, ""

    def keep(self, key: str, mesh: MeshData) -> bool:
        """Keep a mesh; says whether that was possible."""
        if self._folder is None:
            return False
        temporary: Path | None = None
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=self._folder)
            temporary = Path(name)
            with os.fdopen(descriptor, "wb") as file:
                _write(file, key, mesh)
                file.flush()
                os.fsync(file.fileno())
            if temporary.stat().st_size > self._largest:
                _remove(temporary)
                return False
            temporary.replace(self._path(key))
        except OSError as error:
            _log.info("the mesh is not kept: %s", error)
            if temporary is not None:
                _remove(temporary)
            return False
        except BaseException:
            if temporary is not None:
                _remove(temporary)
            raise
        self._make_room()
        return True

    def _path(self, key: str) -> Path:
        return (self._folder or Path()) / f"{key}.npz"

    def _make_room(self) -> None:
        """Remove what was used longest ago, and what a kill has left half-written."""
        files = []
        for path in (self._folder or Path()).iterdir():
            try:
                state = path.stat()
            except OSError:
                continue
            if path.suffix == ".npz":
                files.append((state.st_mtime, path, state.st_size))
            elif path.suffix == ".tmp" and time.time() - state.st_mtime > _ABANDONED:
                _remove(path)
        total = sum(size for _, _, size in files)
        for _, path, size in sorted(files):
            if total <= self._largest:
                break
            _remove(path)
            total -= size


def mesh_key(geometry: BaseModel, folder: Path) -> str | None:
    """What a mesh depends on, as 64 hexadecimal digits; None where a file that it needs cannot be read.

    Args:
        geometry: Geometry section of a case.
        folder: Where relative paths start.
    """
    import ssbsim

    digest = hashlib.sha256(f"ssbsim mesh cache {_FORMAT} {ssbsim.__version__}\0".encode())
    digest.update(json.dumps(_plain(geometry), sort_keys=True, allow_nan=False).encode())
    try:
        for path in _files(geometry):
            digest.update(hashlib.sha256((folder / path).read_bytes()).digest())
        for source in sorted(Path(__file__).parent.rglob("*.py")):
            digest.update(f"\0{source.name}\0".encode() + source.read_bytes())
    except OSError:
        return None
    for name in _LIBRARIES:
        digest.update(f"\0{name} {_version(name)}".encode())
    return digest.hexdigest()


def _plain(value: Any) -> Any:
    """Values of a section for JSON; of a file the content counts, not the name."""
    if isinstance(value, BaseModel):
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, dict):
        # Keys may be numbers or texts: the labels of an image.
        return [[repr(key), _plain(item)] for key, item in value.items()]
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Path):
        return value.suffix
    return value


def _files(value: Any) -> Iterator[Path]:
    """Every path inside a section."""
    if isinstance(value, Path):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _files(getattr(value, name))
    elif isinstance(value, dict):
        yield from _files(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _files(item)


def _version(name: str) -> str:
    """Version of a library, or what stands for it where the packager left that out; loads nothing."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            return "none"
        state = Path(spec.origin).stat()
        return f"{state.st_size} {state.st_mtime_ns}"


def _write(file: Any, key: str, mesh: MeshData) -> None:
    about = {
        "format": _FORMAT,
        "key": key,
        "content hash": mesh.content_hash(),
        "cell type": mesh.cell_type,
        "grains": [[grain.name, grain.phase, grain.orientation] for grain in mesh.grains],
        "boundaries": mesh.boundaries,
        "notes": mesh.notes,
        "coordinates": mesh.coordinates.name,
    }
    np.savez(file, about=np.array(json.dumps(about)), **{name: getattr(mesh, name) for name in _ARRAYS})


def _read(path: Path, key: str) -> MeshData:
    with np.load(path, allow_pickle=False) as archive:
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError("not an archive")
        about = json.loads(str(archive["about"]))
        if about["format"] != _FORMAT or about["key"] != key:
            raise ValueError("another format or another mesh")
        mesh = MeshData(
            **{name: archive[name] for name in _ARRAYS},
            cell_type=about["cell type"],
            grains=tuple(
                Grain(name, phase, None if turn is None else tuple(turn)) for name, phase, turn in about["grains"]
            ),
            boundaries=tuple(about["boundaries"]),
            notes=tuple(about["notes"]),
            coordinates=COORDINATES[about["coordinates"]],
        )
    if mesh.content_hash() != about["content hash"]:
        raise ValueError("the checksum does not fit")
    return mesh


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        _log.info("%s cannot be removed: %s", path, error)
