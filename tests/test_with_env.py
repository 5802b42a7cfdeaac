"""The launcher's logic, with stand-ins for mmdebstrap, bubblewrap and nsenter: no root is built, nothing is mounted."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
WITH_ENV = REPOSITORY / "with-env"

# Each stand-in leaves a line in $CALLS.
STAND_INS = {
    "mmdebstrap": """
        echo mmdebstrap >>"$CALLS"
        printf 'I: running apt-get update...\\nI: installing remaining packages\\n'
        [ ! -e "$HOLD" ] || sleep 30
        sleep "${BUILD_SECONDS:-0}"
        [ -z "${BUILD_FAILS-}" ] || { echo 'E: no such package'; exit 25; }
        for last; do case $last in */root) root=$last ;; --format=tar) root=$TMPDIR/root; tar=yes ;; esac; done
        mkdir -p "$root/usr/bin" "$root/etc/apt/apt.conf.d" "$root/var/lib/dpkg"
        [ -z "${tar-}" ] || tar --create --directory="$root" .
    """,
    # Runs what follows "--" without any mount.
    "bwrap": """
        echo bwrap >>"$CALLS"
        [ -z "${NO_NAMESPACES-}" ] || { echo 'bwrap: No permissions to create new namespace' >&2; exit 1; }
        while [ "$1" != -- ]; do shift; done
        shift
        case "$*" in *" -m pip "*) [ -z "${PIP_FAILS-}" ]; exit ;; esac
        exec "$@"
    """,
    "nsenter": """
        while [ "$1" != -- ]; do shift; done
        shift
        exec "$@"
    """,
    "newuidmap": "",
    "apt-config": "",
    "mpirun": "",
    "python3": """
        echo python3 >>"$CALLS"
        [ -z "${PYTHON_HAS_ALL-}" ] || exit 0
        echo "$SITE"
        exit 1
    """,
}


def _default_signals() -> None:
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


class Launcher:
    """`with-env` with a home, a cache and tools of its own."""

    def __init__(self, folder: Path) -> None:
        self.cache = folder / "cache" / "ssbsim"
        self.calls_file = folder / "calls"
        self.packages = folder / "packages.txt"
        self.packages.write_text("# a comment\n\nhello - some_module why\n")
        self.site = folder / "site"
        self.hold = folder / "hold"
        self.work = folder / "work place"
        tools = folder / "tools"
        for directory in (tools, self.site, self.work):
            directory.mkdir()
        for name, body in STAND_INS.items():
            tool = tools / name
            tool.write_text("#!/bin/sh\n" + body)
            tool.chmod(0o755)
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("SSBSIM_", "PRTE_", "OMPI_", "PMIX_"))}
        for name in ("OMP_NUM_THREADS", "PYTHONPATH"):
            inherited.pop(name, None)
        self.environment = inherited | {
            "PATH": f"{tools}:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": str(folder),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "SSBSIM_ENV_PACKAGES": str(self.packages),
            "CALLS": str(self.calls_file),
            "SITE": str(self.site),
            "HOLD": str(self.hold),
        }

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(WITH_ENV), *arguments],
            cwd=self.work,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A test run in the background ignores some, and a shell cannot take that back for itself.
            preexec_fn=_default_signals,
        )

    def run(self, *arguments: str, **environment: str) -> tuple[int, str, str]:
        process = self.start(*arguments, **environment)
        output, errors = process.communicate(timeout=60)
        return process.returncode, output, errors

    def calls(self, name: str) -> int:
        return self.calls_file.read_text().split().count(name) if self.calls_file.exists() else 0

    def roots(self) -> list[Path]:
        return sorted(path for path in self.cache.glob("*-????????????") if path.is_dir())

    def half_built(self) -> list[Path]:
        return [*self.cache.glob("building.*"), *self.cache.glob("outdated.*")]


@pytest.fixture
def launcher(tmp_path: Path) -> Launcher:
    if sys.platform != "linux":
        pytest.skip("with-env is for Linux")
    return Launcher(tmp_path)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "waited 20 s in vain"
        time.sleep(0.02)


def columns() -> list[list[str]]:
    lines = (REPOSITORY / "env" / "packages.txt").read_text().splitlines()
    return [line.split(maxsplit=3) for line in lines if line.strip() and not line.startswith("#")]


# ------------------------------------------------------------------------------------------------- the three lists


def test_every_package_says_why() -> None:
    assert all(len(row) == 4 for row in columns())


def test_conda_environment_has_the_same_list() -> None:
    text = (REPOSITORY / "env" / "environment.yml").read_text()
    conda = set(re.findall(r"^  - ([a-z][a-z0-9._-]*)", text.partition("dependencies:")[2], re.MULTILINE))
    assert conda == {row[1] for row in columns()} - {"-"} | {"python"}
    from_pip = set(re.findall(r"^      - (\S+)", text, re.MULTILINE))
    assert from_pip == {row[0].removeprefix("pip:") for row in columns() if row[1] == "pip" and ":" in row[0]}


def test_container_reads_the_same_list() -> None:
    text = (REPOSITORY / "env" / "Containerfile").read_text()
    assert "COPY env/packages.txt" in text
    assert not [row[0] for row in columns() if re.search(rf"(?<![\w-]){re.escape(row[0])}(?![\w-])", text)]


def test_installed_dependencies_are_on_the_list() -> None:
    text = (REPOSITORY / "pyproject.toml").read_text()
    block = re.search(r"^dependencies = \[(.*?)\]", text, re.MULTILINE | re.DOTALL)
    assert block is not None
    required = set(re.findall(r'"([A-Za-z0-9._-]+)', block.group(1)))
    assert required <= {row[1] for row in columns()} | {row[2] for row in columns()}


# -------------------------------------------------------------------------------------------------------- arguments


def test_help_names_every_option(launcher: Launcher) -> None:
    status, output, errors = launcher.run("--help")
    assert (status, errors) == (0, "")
    for option in ("--suite trixie", "--suite sid", "--rebuild", "--print-root", "--help"):
        assert option in output


@pytest.mark.parametrize("arguments", [(), ("--suite",), ("--suite", "buster", "true"), ("--colour", "true")])
def test_wrong_usage_is_status_2_and_builds_nothing(launcher: Launcher, arguments: tuple[str, ...]) -> None:
    status, _, errors = launcher.run(*arguments)
    assert status == 2
    assert "--help" in errors
    assert launcher.calls("mmdebstrap") == 0


# ------------------------------------------------------------------------------------------------ the Python at hand


def test_uses_the_python_at_hand_when_it_has_everything(launcher: Launcher) -> None:
    status, output, errors = launcher.run("sh", "-c", 'echo "$PYTHONPATH $OMP_NUM_THREADS"; exit 3', PYTHON_HAS_ALL="y")
    assert (status, errors) == (3, "")
    assert output.split() == [str(REPOSITORY), "1"]
    assert launcher.run("--print-root", PYTHON_HAS_ALL="y")[1] == "/\n"
    assert not launcher.cache.exists()


def test_a_suite_is_a_private_root_whatever_python_is_at_hand(launcher: Launcher) -> None:
    assert launcher.run("--suite", "trixie", "true", PYTHON_HAS_ALL="y")[0] == 0
    assert launcher.calls("mmdebstrap") == 1


def test_remembers_that_the_python_at_hand_will_not_do(launcher: Launcher) -> None:
    for _ in range(3):
        launcher.run("true")
    assert launcher.calls("python3") == 1
    time.sleep(0.02)
    (launcher.site / "new_module.py").touch()
    assert launcher.run("true", PYTHON_HAS_ALL="y")[0] == 0
    assert launcher.calls("python3") == 2


def test_starts_within_itself(launcher: Launcher) -> None:
    assert launcher.run(str(WITH_ENV), "sh", "-c", "echo $SSBSIM_ENV")[1] == "trixie\n"
    assert launcher.run(str(WITH_ENV), "--suite", "sid", "true")[0] == 2


# ------------------------------------------------------------------------------------------------------- the command


def test_command_keeps_arguments_directory_input_and_status(launcher: Launcher) -> None:
    status, output, _ = launcher.run("sh", "-c", 'printf "%s|" "$PWD" "$@"; exit 7', "sh", "a b", "", "*")
    assert (status, output) == (7, f"{launcher.work}|a b||*|")


def test_unknown_command_is_status_127(launcher: Launcher) -> None:
    assert launcher.run("no-such-command")[0] == 127


def test_environment_inside(launcher: Launcher) -> None:
    code = (
        'echo "$SSBSIM_ENV|$PYTHONPATH|$OMP_NUM_THREADS|$OMPI_MCA_btl|$XDG_CACHE_HOME|${LD_PRELOAD-none}|${PATH%%:*}"'
    )
    output = launcher.run("--suite=sid", "sh", "-c", code, OMP_NUM_THREADS="4", LD_PRELOAD="")[1]
    cache, tools = launcher.cache / "cache-sid", REPOSITORY / "env" / "bin"
    assert output == f"sid|{REPOSITORY}|4|self,sm|{cache}|none|{tools}\n"
    assert os.access(tools / "ssbsim", os.X_OK)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_reach_the_command(launcher: Launcher, number: signal.Signals) -> None:
    launcher.run("true")
    name = number.name.removeprefix("SIG")
    code = f'trap "echo got {name}; exit 9" {name}; echo up; while :; do sleep 0.05; done'
    process = launcher.start("sh", "-c", code)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    process.send_signal(number)
    output, _ = process.communicate(timeout=20)
    assert (process.returncode, output) == (9, f"got {name}\n")


# --------------------------------------------------------------------------------------------------------- the build


def test_builds_once(launcher: Launcher) -> None:
    assert "is ready" in launcher.run("true")[2]
    assert launcher.run("true") == (0, "", "")
    assert launcher.calls("mmdebstrap") == 1
    assert [str(root) for root in launcher.roots()] == launcher.run("--print-root")[1].split()
    assert not launcher.half_built()


def test_a_changed_list_replaces_the_root_and_a_comment_does_not(launcher: Launcher) -> None:
    launcher.run("true")
    before = launcher.roots()
    launcher.packages.write_text("hello - some_module another reason\n# more words\n")
    launcher.run("true")
    assert launcher.roots() == before
    launcher.packages.write_text("hello - some_module why\nworld - - why\n")
    launcher.run("true")
    assert len(launcher.roots()) == 1
    assert launcher.roots() != before
    assert launcher.calls("mmdebstrap") == 2


def test_rebuild_replaces_the_root(launcher: Launcher) -> None:
    launcher.run("true")
    (launcher.roots()[0] / "old").touch()
    assert launcher.run("--rebuild")[0] == 0
    assert launcher.calls("mmdebstrap") == 2
    assert not (launcher.roots()[0] / "old").exists()
    assert not launcher.half_built()


def test_a_root_in_use_outlives_its_list(launcher: Launcher) -> None:
    launcher.run("true")
    used = launcher.roots()[0]
    process = launcher.start("sh", "-c", "echo up; exec sleep 30")
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    launcher.packages.write_text("world - some_module why\n")
    launcher.run("true")
    assert used in launcher.roots()
    process.kill()
    process.communicate()
    launcher.run("--rebuild")
    assert used not in launcher.roots()


def test_the_suites_live_side_by_side(launcher: Launcher) -> None:
    launcher.run("true")
    launcher.run("--suite", "sid", "true")
    assert [root.name.split("-")[0] for root in launcher.roots()] == ["sid", "trixie"]


def test_a_failed_build_is_status_75_and_leaves_nothing(launcher: Launcher) -> None:
    status, _, errors = launcher.run("true", BUILD_FAILS="yes")
    assert status == 75
    assert "E: no such package" in errors
    assert "env/environment.yml" in errors
    assert not launcher.roots()
    assert not launcher.half_built()
    assert launcher.run("true")[0] == 0


def test_without_what_comes_from_pip_all_else_works(launcher: Launcher) -> None:
    launcher.packages.write_text("hello - some_module why\npip:linter==1.0 linter - why\n")
    status, output, errors = launcher.run("echo", "works", PIP_FAILS="yes")
    assert (status, output) == (0, "works\n")
    assert "WARNING: pip could not install: linter==1.0" in errors
    assert "WARNING" not in launcher.run("--rebuild")[2]


def test_says_what_to_allow_where_namespaces_are_forbidden(launcher: Launcher) -> None:
    status, _, errors = launcher.run("true", NO_NAMESPACES="yes")
    assert status == 75
    assert "sysctl" in errors
    assert launcher.calls("mmdebstrap") == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_build_leaves_nothing(launcher: Launcher, number: signal.Signals) -> None:
    launcher.hold.touch()
    process = launcher.start("true")
    wait_until(lambda: launcher.calls("mmdebstrap") == 1)
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == -number
    assert "interrupted" in errors
    assert not launcher.roots()
    assert not launcher.half_built()
    launcher.hold.unlink()
    assert launcher.run("true")[0] == 0


def test_a_killed_launcher_leaves_a_build_that_the_next_start_uses(launcher: Launcher) -> None:
    process = launcher.start("true", BUILD_SECONDS="2")
    wait_until(lambda: launcher.calls("mmdebstrap") == 1)
    process.kill()
    process.communicate()
    status, _, errors = launcher.run("true")
    assert status == 0
    assert "waiting for it" in errors
    assert launcher.calls("mmdebstrap") == 1


def test_what_a_power_cut_left_is_removed(launcher: Launcher) -> None:
    rest = launcher.cache / "building.trixie.abcdef" / "root"
    rest.mkdir(parents=True)
    assert launcher.run("true")[0] == 0
    assert not launcher.half_built()


def test_two_at_once_build_one_root(launcher: Launcher) -> None:
    first = launcher.start("echo", "first", BUILD_SECONDS="2")
    wait_until(lambda: launcher.calls("mmdebstrap") == 1)
    second = launcher.start("echo", "second")
    output, errors = second.communicate(timeout=60)
    assert (second.returncode, output) == (0, "second\n")
    assert "waiting for it" in errors
    assert first.communicate(timeout=60)[0] == "first\n"
    assert launcher.calls("mmdebstrap") == 1


def test_ci_script_is_valid_shell() -> None:
    assert subprocess.run(["bash", "-n", str(REPOSITORY / ".ci" / "run")], check=False).returncode == 0
