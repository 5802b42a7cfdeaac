"""The command line: ``ssbsim run | check | mesh | fit | upscale | plot | report | schema | materials | validate``.

Under ``mpirun`` every rank runs the same command; rank 0 speaks. An error that ssbsim raises on purpose is printed as its
three parts (what, where, what to try) and ends the process with that error's exit code on every rank; anything else is a
defect and shows a traceback with ``--debug``. Ctrl-C ends it with 130, SIGTERM with 143.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
import typer.core

import ssbsim
from ssbsim import interrupts
from ssbsim.errors import SsbsimError

if TYPE_CHECKING:
    from ssbsim.case import Case


class _Commands(typer.core.TyperGroup):
    """The commands. Typer takes a ``KeyboardInterrupt`` for its own and ends with 1; it is taken here first."""

    def invoke(self, context: Any) -> Any:
        try:
            return super().invoke(context)
        except KeyboardInterrupt as stop:
            _end(stop if isinstance(stop, interrupts.Interrupted) else interrupts.Interrupted(signal.SIGINT))


app = typer.Typer(
    cls=_Commands,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Mesoscale electrochemical simulator for all-solid-state cells.",
)

_state = {"debug": False}

CaseFile = Annotated[Path, typer.Argument(help="The case file (YAML).", show_default=False)]
Trust = Annotated[
    bool,
    typer.Option(
        "--trust-petsc-options", help="Let the file set any PETSc option; some run code or write to any file."
    ),
]
RunPath = Annotated[Path, typer.Argument(help="A run folder.", show_default=False)]


def _rank() -> int:
    """Rank of this process, known without starting MPI."""
    for name in ("OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "SLURM_PROCID"):
        if name in os.environ:
            return int(os.environ[name])
    return 0


def _say(text: str) -> None:
    if _rank() == 0:
        typer.echo(text)


def _given(case: Path, trust: bool) -> Case | Path:
    """What a command starts from: the file itself, or the case in it when only the flag lets it in."""
    return ssbsim.load_case(case, trust_petsc_options=True) if trust else case


def _version(wanted: bool) -> None:
    if wanted:
        _say(f"ssbsim {ssbsim.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    _state["debug"] = debug


@app.command()
def run(
    case: CaseFile,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Run folder (default: runs/NAME, numbered when taken).")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the run that the folder holds.")] = False,
    continue_from: Annotated[
        Path | None,
        typer.Option(
            "--continue", help="Go on from the last checkpoint of this run, in its folder or into that of --output."
        ),
    ] = None,
    report: Annotated[bool, typer.Option(help="Draw the pictures and write report.html.")] = True,
    trust: Trust = False,
) -> None:
    """Run every study of a case."""
    ssbsim.run(_given(case, trust), output, overwrite=overwrite, continue_from=continue_from, report=report, tell=_say)


@app.command()
def check(case: CaseFile, trust: Trust = False) -> None:
    """Validate a case, build its mesh and print what it holds. Solves nothing."""
    if _rank() != 0:
        return
    found = ssbsim.check(_given(case, trust))
    _say(str(found))
    found.raise_for_problems()


@app.command()
def fit(
    case: CaseFile,
    image: Annotated[Path, typer.Option(help="The measured map: .npy, .tif or .csv.", show_default=False)],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder (default: runs/NAME-fit, numbered when taken).")
    ] = None,
    grains: Annotated[
        Path | None, typer.Option(help="Grain map with the pixels of the image.", show_default=False)
    ] = None,
    parameters: Annotated[
        str, typer.Option(help="What is fitted: of diffusivity, permeability, surface_exchange.")
    ] = "diffusivity,permeability",
    boundaries: Annotated[
        str, typer.Option(help="'one' permeability for all boundaries of a kind, or one for 'each' pair of grains.")
    ] = "one",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what the folder holds.")] = False,
    trust: Trust = False,
) -> None:
    """Fit diffusivity and permeabilities to a measured isotope map."""
    chosen = [name.strip() for name in parameters.split(",") if name.strip()]
    ssbsim.fit(
        _given(case, trust),
        image,
        output,
        grains=grains,
        parameters=chosen,
        boundaries=boundaries,  # type: ignore[arg-type]
        overwrite=overwrite,
        tell=_say,
    )


@app.command()
def mesh(
    case: CaseFile,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder of the files (default: runs/NAME-mesh).")
    ] = None,
    picture: Annotated[bool, typer.Option(help="Draw mesh.png.")] = True,
    cache: Annotated[bool, typer.Option(help="Take the mesh from those made before where it is there.")] = True,
    trust: Trust = False,
) -> None:
    """Make the mesh of a case, say how good it is, and write it with a picture. Solves nothing."""
    if _rank() == 0:
        ssbsim.mesh_case(_given(case, trust), output, picture=picture, use_cache=cache, tell=_say)


@app.command()
def plot(
    run_folder: RunPath,
    formats: Annotated[str, typer.Option(help="File formats, separated by commas.")] = "png,svg",
) -> None:
    """Draw the standard pictures of a run."""
    if _rank() != 0:
        return
    from ssbsim.results import plot_run

    for path in plot_run(run_folder, formats=tuple(f.strip() for f in formats.split(",") if f.strip())):
        _say(str(path))


@app.command()
def report(run_folder: RunPath) -> None:
    """Write report.html of a run again."""
    if _rank() == 0:
        from ssbsim.results import write_report

        _say(str(write_report(run_folder)))


@app.command()
def upscale(
    case: CaseFile,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder of the law (default: upscaled/NAME).", show_default=False),
    ] = None,
    temperatures: Annotated[
        str, typer.Option(help="As in '250 K, 300 K, 350 K' (default: that of the case).", show_default=False)
    ] = "",
    drops: Annotated[
        str, typer.Option(help="Potentials applied, as in '10 mV, 0.1 V' (default: 1 mV).", show_default=False)
    ] = "",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the law that the folder holds.")] = False,
    trust: Trust = False,
) -> None:
    """Turn a resolved grain boundary (1D) into an interface law for polycrystals."""
    from ssbsim.commands.upscale import read_list
    from ssbsim.commands.upscale import upscale as make
    from ssbsim.document.units import POTENTIAL, TEMPERATURE

    kelvin = read_list(temperatures, TEMPERATURE, where="--temperatures")
    volts = read_list(drops, POTENTIAL, where="--drops")
    folder = Path("upscaled") / case.stem if output is None else output
    make(_given(case, trust), folder, temperatures=kelvin, drops=volts, overwrite=overwrite, tell=_say)


@app.command()
def schema() -> None:
    """Print the JSON Schema of a case file, for editors."""
    from ssbsim.case import case_json_schema

    _say(json.dumps(case_json_schema(), indent=2))


@app.command()
def materials(
    name: Annotated[str | None, typer.Argument(help="Show one entry with its sources.", show_default=False)] = None,
) -> None:
    """List the materials library, or one entry of it with the source of every value."""
    from ssbsim.materials import list_materials, load_material

    if name is None:
        for entry in list_materials():
            _say(f"{entry:40} {load_material(entry).title}")
        return
    for row in load_material(name).provenance.values():
        origin = row.source + (f", doi {row.doi}" if row.doi and row.doi not in row.source else "")
        sure = f", confidence {row.confidence}" if row.confidence is not None else ""
        _say(
            f"{row.path} = {row.value}  ({row.uncertainty})\n    {row.basis}{sure}: {origin}; {row.method}; {row.temperature}"
        )


@app.command()
def validate(
    names: Annotated[
        list[str] | None, typer.Argument(help="Validation cases (default: all).", show_default=False)
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the table and the plots.")] = Path(
        "validation-results"
    ),
    cases: Annotated[
        Path | None,
        typer.Option(help="Folder of the cases (default: validation/ beside the package).", show_default=False),
    ] = None,
) -> None:
    """Run the validation cases and write a table and overlay plots; fails if one is out of tolerance."""
    from ssbsim.commands.validate import validate as run_validation

    if not run_validation(names or (), output, tell=_say, folder=cases):
        raise typer.Exit(7)


def main(arguments: list[str] | None = None) -> None:
    """Entry point of the command ``ssbsim``."""
    words: list[str] = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with interrupts.own_process():
            app(args=words, prog_name="ssbsim")
    except interrupts.Interrupted as stop:
        _end(stop)
    except SsbsimError as error:
        if _rank() == 0:
            sys.stderr.write(f"error: {error}\n")
            if _state["debug"]:
                traceback.print_exc()
        sys.stderr.flush()
        raise SystemExit(error.exit_code) from None
    except Exception as error:  # a defect of ours: never a bare traceback for a user
        if _state["debug"]:
            raise
        if _rank() == 0:
            sys.stderr.write(
                f"error: unexpected {type(error).__name__}: {error}\n"
                "  try:   the same command with --debug after 'ssbsim', and report what it prints.\n"
            )
        _abort(70)
        raise SystemExit(70) from None


def _end(stop: interrupts.Interrupted) -> NoReturn:
    """Say that the command was interrupted, and end it as shells expect."""
    if _rank() == 0 or not stop.is_agreed:
        sys.stderr.write(f"{stop}\n")
        sys.stderr.flush()
    if not stop.is_agreed:
        _abort(stop.exit_code)
    raise SystemExit(stop.exit_code) from None


def _abort(code: int) -> None:
    """Take the other ranks down after a defect or an interrupt on one, which would otherwise wait for ever."""
    mpi: Any = sys.modules.get("mpi4py.MPI")
    if mpi is not None and mpi.Is_initialized() and not mpi.Is_finalized() and mpi.COMM_WORLD.size > 1:
        sys.stderr.flush()
        mpi.COMM_WORLD.Abort(code)


if __name__ == "__main__":
    main()
