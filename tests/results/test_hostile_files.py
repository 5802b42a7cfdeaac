"""Files that hold something else than they should end in a message."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ssbsim.analysis.measured_map import read_map
from ssbsim.errors import CaseError, CheckpointError, MeshError, ResultsError
from ssbsim.geometry.images.image_files import _read_array
from ssbsim.results import open_results
from ssbsim.results._checkpoint import read_checkpoint, write_checkpoint
from ssbsim.results._folder import MARKER


def npy(header: str) -> bytes:
    text = header.encode()
    return b"\x93NUMPY\x02\x00" + len(text).to_bytes(4, "little") + text


HEADERS = {
    "huge": "{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 4), }\n",
    "larger than the file": "{'descr': '<f8', 'fortran_order': False, 'shape': (40000000, 1000), }\n",
    "nested": "(" * 9000 + ")" * 9000 + "\n",
    "of objects": "{'descr': '|O', 'fortran_order': False, 'shape': (2, 2), }\n",
}


@pytest.mark.parametrize("name", HEADERS)
def test_an_array_file_with_a_hostile_header_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(npy(HEADERS[name]) + bytes(64))
    with pytest.raises(MeshError, match="cannot be read"):
        _read_array(path)
    with pytest.raises(CaseError, match="cannot be read"):
        read_map(path, (2, 2), 1e-9)


@pytest.mark.parametrize("content", ["[1, 2]", '"text"', "3", '{"files": 3}', "[" * 100_000])
def test_a_marker_that_is_no_marker_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / MARKER).write_text(content)
    if content.startswith("[["):
        return open_results(tmp_path) and None  # as after a kill within its first write
    with pytest.raises(ResultsError, match="not written by ssbsim"):
        open_results(tmp_path)
    return None


def change_manifest(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        path = folder / "000001.json"
        content = json.loads(path.read_text())
        path.write_text(json.dumps(change(content) or content))

    return apply


def squeeze(folder: Path) -> None:
    """A bomb: a kilobyte that becomes hundreds of megabytes, with the right checksum."""
    path = folder / "000001.npz"
    np.savez_compressed(path, x=np.zeros(1000))
    change_manifest(lambda c: c.update(sha256=hashlib.sha256(path.read_bytes()).hexdigest()))(folder)


@pytest.mark.parametrize(
    "spoil",
    [
        squeeze,
        change_manifest(lambda c: [c]),
        change_manifest(lambda c: c.update(arrays=3)),
        change_manifest(lambda c: c.update(arrays={"nothing": 1})),
        change_manifest(lambda c: c.update(meta=[1])),
        change_manifest(lambda c: c.update(sha256=None)),
    ],
    ids=["bomb", "list", "number of arrays", "unknown array", "list as meta", "no checksum"],
)
def test_a_checkpoint_with_wrong_content_is_refused(spoil: Callable[[Path], None], tmp_path: Path) -> None:
    write_checkpoint(tmp_path, {"x": np.zeros(3)}, {"step": 1})
    spoil(tmp_path)
    with pytest.raises(CheckpointError, match="No checkpoint is complete"):
        read_checkpoint(tmp_path)
