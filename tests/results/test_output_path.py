"""Where a run may be written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ssbsim.errors import ResultsError
from ssbsim.results import RunFolder


def test_an_output_path_that_is_no_folder_has_the_right_hint(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    os.symlink(tmp_path / "nowhere", tmp_path / "link")
    for name, said in (("file", "is a file"), ("link", "leads to no folder"), ("link/run", "leads to no folder")):
        with pytest.raises(ResultsError, match=said) as caught:
            RunFolder(tmp_path / name)
        assert "--overwrite" not in caught.value.hint
