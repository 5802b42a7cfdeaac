"""All measurements, one after the other: ``./with-env python3 bench/run.py [--quick]``."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

_HERE = Path(__file__).parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller sizes, about three minutes instead of forty")
    quick = ["--quick"] if parser.parse_args().quick else []
    from ssbsim._compat import versions

    found = versions()
    title = f"{len(os.sched_getaffinity(0))} cores, DOLFINx {found['dolfinx']}, PETSc {found['petsc']}"
    sys.stdout.write(f"{title}, Python {sys.version.split()[0]}\n")
    status = 0
    for name in ("spine", "linear", "polycrystal", "second_run", "anisotropy", "generators"):
        sys.stdout.write(f"\n== {name}\n")
        sys.stdout.flush()
        status |= subprocess.run([sys.executable, str(_HERE / f"{name}.py"), *quick], cwd=_HERE).returncode
    return status


if __name__ == "__main__":
    raise SystemExit(main())
