"""Checkpoints that outlive a kill at any instant.

Layout (format 1), in ``checkpoint/``::

    000007.npz    the arrays (numpy's own format, no pickles)
    000007.json   manifest: format, generation, file, size and sha256 of the npz, names of the arrays, meta

Each file is written beside, flushed to the disk and renamed; the manifest comes after its arrays, so that a manifest
means a complete generation. The generation before is kept until the next one is complete. A reader takes the newest
generation whose checksum is right.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ssbsim.errors import CheckpointError
from ssbsim.results import whole_files

FORMAT = 1
FOLDER = "checkpoint"
GENERATIONS = 2
_MANIFEST = re.compile(r"(\d{6,})\.json")
_OWN_FILE = re.compile(r"(\d{6,})\.(json|npz)|\.\d{6,}\.(json|npz)\.tmp")
_logger = logging.getLogger("ssbsim.results")

Arrays = dict[str, npt.NDArray[Any]]


def write_checkpoint(folder: Path, arrays: Mapping[str, npt.ArrayLike], meta: Mapping[str, Any]) -> int:
    """Write one generation into ``folder`` (made when missing) and drop all but the newest two.

    Args:
        folder: The checkpoint folder.
        arrays: Numbers by name; any shape, any numeric type.
        meta: Anything that JSON can hold; NaN and infinities are allowed.

    Returns:
        The number of the generation.

    Raises:
        CheckpointError: An array that cannot be stored.
        ResultsError: The disk would not take it.
    """
    stored = {name: np.asarray(values) for name, values in arrays.items()}
    for name, values in stored.items():
        # numpy.savez keeps "file" for itself, and a slash would become a folder in the zip.
        if values.dtype.hasobject or name == "file" or "/" in name:
            raise CheckpointError(
                f"Array {name!r} of type {values.dtype} cannot go into a checkpoint.",
                where=str(folder),
                hint="Give plain numbers, under a name without '/' and other than 'file'.",
            )
    folder.mkdir(exist_ok=True)
    generation = max(_generations(folder), default=0) + 1
    path = folder / f"{generation:06d}.npz"

    def write(temporary: Path) -> None:
        with temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, **stored)

    whole_files.replace_file(path, write)
    manifest = {
        "format": FORMAT,
        "generation": generation,
        "file": path.name,
        "bytes": path.stat().st_size,
        "sha256": _sha256(path),
        "arrays": {name: {"shape": list(v.shape), "dtype": str(v.dtype)} for name, v in stored.items()},
        "meta": dict(meta),
    }
    whole_files.write_text(path.with_suffix(".json"), json.dumps(manifest, indent=1, default=_number) + "\n")
    _drop_all_but(folder, _generations(folder)[:GENERATIONS])
    return generation


def read_checkpoint(path: str | Path) -> tuple[Arrays, dict[str, Any]]:
    """The newest complete checkpoint of a run.

    Args:
        path: A run folder, or the folder ``checkpoint`` in one.

    Returns:
        The arrays by name, and the meta data, as they were given to ``write_checkpoint``.

    Raises:
        CheckpointError: None there, none complete, or a format that this version does not know.
    """
    folder = Path(path)
    if (folder / FOLDER).is_dir():
        folder = folder / FOLDER
    problems: list[str] = []
    # A run that is still going may drop the generation that is being read; its successor is complete by then.
    for _ in range(3):
        for generation in _generations(folder):
            try:
                return _read_generation(folder, generation)
            except CheckpointError:
                raise
            except Exception as error:  # of json, zipfile and numpy, for whatever the files hold
                problem = f"generation {generation}: {error}"
                if problem not in problems:
                    problems.append(problem)
                    _logger.warning("checkpoint passed over, %s", problem)
    if problems:
        raise CheckpointError(
            "No checkpoint is complete.",
            where=f"{folder}: {'; '.join(problems)}",
            hint="The files were changed or the disk is damaged: start the run anew, or restore them from a copy.",
        )
    raise CheckpointError(
        "There is no checkpoint.",
        where=str(folder),
        hint="Give the folder of a run that wrote one; short runs may end before the first.",
    )


def is_there(path: Path) -> bool:
    """Whether a run folder holds a checkpoint, complete by its manifest."""
    return bool(_generations(path / FOLDER))


def _read_generation(folder: Path, generation: int) -> tuple[Arrays, dict[str, Any]]:
    path = folder / f"{generation:06d}.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    if manifest.get("format") != FORMAT:
        raise CheckpointError(
            f"The checkpoint has format {manifest.get('format')!r}; this ssbsim reads format {FORMAT}.",
            where=str(path),
            hint="Continue with the version of ssbsim that wrote it (provenance.json names it).",
        )
    arrays_path = folder / f"{generation:06d}.npz"
    if _sha256(arrays_path) != manifest["sha256"]:
        raise ValueError(f"the checksum of {arrays_path.name} is wrong")
    with zipfile.ZipFile(arrays_path) as archive:
        if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
            raise ValueError(f"{arrays_path.name} is compressed, which a checkpoint never is")
    with np.load(arrays_path, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in manifest["arrays"]}
    if not isinstance(manifest["meta"], dict) or not all(np.issubdtype(a.dtype, np.number) for a in arrays.values()):
        raise ValueError("it does not hold what ssbsim writes")
    return arrays, manifest["meta"]


def _generations(folder: Path) -> list[int]:
    """Numbers of the generations with a manifest, newest first."""
    if not folder.is_dir():
        return []
    matches = (_MANIFEST.fullmatch(path.name) for path in folder.iterdir())
    return sorted((int(match[1]) for match in matches if match), reverse=True)


def _drop_all_but(folder: Path, generations: list[int]) -> None:
    # Manifests first: arrays without a manifest are litter, a manifest without arrays would be a broken promise.
    for path in sorted(folder.iterdir(), key=lambda path: path.suffix != ".json"):
        match = _OWN_FILE.fullmatch(path.name)
        if match and (match[1] is None or int(match[1]) not in generations):
            path.unlink(missing_ok=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _number(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise CheckpointError(
        f"A {type(value).__name__} cannot go into the meta data of a checkpoint.",
        where="meta",
        hint="Give numbers, texts, lists and dicts.",
    )
