from __future__ import annotations

import json
import os
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from ssbsim.errors import CheckpointError
from ssbsim.results import RunFolder, open_results, read_checkpoint

DATA = Path(__file__).parent / "data"


def test_what_was_written_is_read(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    arrays = {"y": np.linspace(0, 1, 7), "cells": np.arange(6, dtype=np.int32).reshape(2, 3), "z": np.array(1 + 2j)}
    meta = {"time": 0.1, "dt": float("inf"), "study": "transient", "step": np.int64(3)}
    run.write_checkpoint({"y": np.zeros(2)}, {"time": 0.0})
    run.write_checkpoint(arrays, meta)
    for read, read_meta in (read_checkpoint(run.path), open_results(run.path).checkpoint()):
        assert set(read) == set(arrays)
        for name, array in arrays.items():
            assert read[name].dtype == array.dtype
            assert np.array_equal(read[name], array)
        assert read_meta == {"time": 0.1, "dt": float("inf"), "study": "transient", "step": 3}


def test_two_generations_are_kept_however_many_are_written(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    for i in range(12):
        assert run.write_checkpoint({"y": np.full(3, i)}, {"i": i}) == i + 1
    names = sorted(p.name for p in (run.path / "checkpoint").iterdir())
    assert names == ["000011.json", "000011.npz", "000012.json", "000012.npz"]


@pytest.mark.parametrize("damage", ["cut", "flip", "missing", "manifest"])
def test_a_damaged_generation_is_passed_over(tmp_path: Path, damage: str) -> None:
    run = RunFolder(tmp_path / "run")
    for i in range(2):
        run.write_checkpoint({"y": np.full(100, float(i))}, {"i": i})
    newest = run.path / "checkpoint" / "000002.npz"
    content = bytearray(newest.read_bytes())
    if damage == "cut":
        newest.write_bytes(content[:-7])
    elif damage == "flip":
        content[400] ^= 1
        newest.write_bytes(content)
    elif damage == "missing":
        newest.unlink()
    else:
        newest.with_suffix(".json").write_text('{"format": 1, "arr')
    arrays, meta = read_checkpoint(run.path)
    assert meta == {"i": 0}
    assert (arrays["y"] == 0).all()


def test_none_complete_names_what_is_wrong(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.write_checkpoint({"y": np.zeros(3)}, {})
    (run.path / "checkpoint" / "000001.npz").write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match="No checkpoint is complete") as caught:
        read_checkpoint(run.path)
    assert "checksum of 000001.npz" in caught.value.where


def test_no_checkpoint_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no checkpoint"):
        read_checkpoint(RunFolder(tmp_path / "run").path)
    with pytest.raises(CheckpointError, match="no checkpoint"):
        read_checkpoint(tmp_path / "nowhere")


def test_a_later_format_is_refused_even_with_an_older_generation_beside_it(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    for _ in range(2):
        run.write_checkpoint({"y": np.zeros(3)}, {})
    path = run.path / "checkpoint" / "000002.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 2}))
    with pytest.raises(CheckpointError, match="format 2"):
        read_checkpoint(run.path)


@pytest.mark.parametrize(("name", "value"), [("file", 1.0), ("a/b", 1.0), ("y", np.array([None]))])
def test_what_cannot_be_stored_is_refused(tmp_path: Path, name: str, value: object) -> None:
    with pytest.raises(CheckpointError, match="cannot go into"):
        RunFolder(tmp_path / "run").write_checkpoint({name: value}, {})  # type: ignore[dict-item]


def test_nothing_in_a_checkpoint_can_run_code(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.write_checkpoint({"y": np.zeros(3)}, {})
    folder = run.path / "checkpoint"
    np.savez(folder / "000001.npz", y=np.array([{"a": 1}], dtype=object))
    manifest = json.loads((folder / "000001.json").read_text())
    import hashlib

    manifest["sha256"] = hashlib.sha256((folder / "000001.npz").read_bytes()).hexdigest()
    (folder / "000001.json").write_text(json.dumps(manifest))
    with pytest.raises(CheckpointError, match="No checkpoint is complete"):
        read_checkpoint(run.path)


def test_format_1_stays_readable_for_ever(tmp_path: Path) -> None:
    """The files in data/checkpoint_format_1 were written once and never change."""
    shutil.copytree(DATA / "checkpoint_format_1", tmp_path / "checkpoint")
    arrays, meta = read_checkpoint(tmp_path)
    assert meta == {"study": "transient", "time": 1.5e-3, "step": 42}
    assert np.array_equal(arrays["unknowns"], np.array([[0.25, -1.5], [1e-300, 3.0]]))
    assert np.array_equal(arrays["grain"], np.array([0, 1, 1], dtype=np.int32))
    assert arrays["grain"].dtype == np.int32


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_kill_at_any_instant_leaves_a_complete_checkpoint(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    generator = np.random.default_rng(0)
    last = -1
    for _ in range(60):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                for i in range(last + 1, last + 10_000):
                    run.write_checkpoint({"y": np.full(5_000, float(i)), "i": np.array(i)}, {"i": i})
                    os.write(writing, i.to_bytes(8, "little"))
            finally:
                os._exit(0)
        os.close(writing)
        confirmed = os.read(reading, 8)
        time.sleep(generator.uniform(0, 0.02))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        while piece := os.read(reading, 8):
            confirmed = piece
        os.close(reading)
        arrays, meta = read_checkpoint(run.path)
        i = meta["i"]
        assert int(arrays["i"]) == i
        assert (arrays["y"] == i).all()
        assert i >= int.from_bytes(confirmed, "little") > last
        last = i
    assert len(list((run.path / "checkpoint").glob("*.npz"))) <= 4
