"""A cache that cannot be written is gone without."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CASE = """\
temperature: 300 K
geometry: {kind: layers, layers: [{phase: e, thickness: 5 nm}], spacing: {interface: 1 nm, bulk: 1 nm}}
phases:
  e:
    permittivity: 10
    species: {Li+: {diffusivity: 1e-12 m^2/s}}
    sites: [{name: A, density: 1000 mol/m^3}]
    concentration: {Li+: 500 mol/m^3}
terminals: {left: {kind: reservoir, species: Li+, potential: 0 V}}
study: [{kind: equilibrium}]
"""


def test_a_run_needs_no_cache(tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text(CASE)
    (tmp_path / "file").write_text("")
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "file" / "cache"), "TMPDIR": str(tmp_path)}
    words = [sys.executable, "-m", "ssbsim.cli", "run", "case.yaml", "-o", "out", "--no-report"]
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / f"ssbsim-{os.getuid()}").stat().st_mode & 0o077 == 0
