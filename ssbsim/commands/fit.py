"""Fit a measured isotope map: from a case file and an image to a folder with what they say.

The folder holds ``fit.json`` (values, 95 % intervals, correlation, chi2, how), ``fit.csv`` (the values), ``fitted.npy`` and
``residual.npy`` (measured minus fitted; axis 0 is x, axis 1 is y) and ``fit.png``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from mpi4py import MPI

from ssbsim._parallel import on_root
from ssbsim.analysis.map_fit import MapFit, as_quantities, fit_map
from ssbsim.analysis.measured_map import pixels_in_their_grain, read_grain_map, read_map
from ssbsim.case import Case, TracerStudy
from ssbsim.commands.prepare import load, prepare_to_solve
from ssbsim.errors import CaseError
from ssbsim.results import RunFolder
from ssbsim.results.pictures.fit import fit_picture
from ssbsim.studies.tracer_map import TracerMap

PARAMETERS = ("diffusivity", "permeability", "surface_exchange")
"""What may be fitted."""


def fit(
    case: Case | str | Path,
    image: str | Path,
    output: str | Path | None = None,
    *,
    grains: str | Path | None = None,
    parameters: Sequence[str] = PARAMETERS[:2],
    boundaries: Literal["one", "each"] = "one",
    overwrite: bool = False,
    comm: MPI.Comm | None = None,
    tell: Callable[[str], None] | None = None,
) -> MapFit:
    """Fit the tracer study of a case to a map and write what was found; collective.

    Args:
        case: A case, or the path of its file, with one tracer study; its ``image`` says how the map was recorded (pixel,
            blur, counts), and the values in the case are the first ones.
        image: The map: .npy, .tif or .csv.
        output: Folder; by default ``runs/NAME-fit`` below the working directory, with a number when that is taken.
        grains: Grain map with the pixels of the image: a pixel that lies in another grain there than in the mesh is not used.
        parameters: What is fitted, of `PARAMETERS`.
        boundaries: ``one`` permeability for every interface of the case, or one for ``each`` pair of grains.
        overwrite: Replace the fit or run that the folder holds.
        comm: Communicator (default: the world).
        tell: Receives what happens as text, on rank 0.

    Returns:
        The fit, on every rank.

    Raises:
        SsbsimError: With what, where and what to try; the same on every rank.
    """
    comm = MPI.COMM_WORLD if comm is None else comm
    speak = tell if comm.rank == 0 else None

    def check_wish() -> None:
        wrong = [name for name in parameters if name not in PARAMETERS]
        if wrong or not parameters or boundaries not in ("one", "each"):
            raise CaseError(
                f"'{wrong[0]}' cannot be fitted." if wrong else "It is not clear what is to be fitted.",
                where="fit",
                hint=f"Fit some of {', '.join(PARAMETERS)}, with boundaries 'one' or 'each'.",
            )
        _tracer_study(load(case))
        if output is not None:
            RunFolder.refuse_taken(Path(output), overwrite=overwrite)

    on_root(comm, check_wish)
    resolved, data, _ = prepare_to_solve(comm, case)
    study: Any = _tracer_study(resolved)
    model = TracerMap(resolved, data, study, fitted=parameters, each=boundaries == "each", comm=comm)
    try:
        names = [grain.name for grain in data.grains] if data is not None else []

        def read() -> tuple[Any, Any]:
            measured = read_map(Path(image), model.shape, study.image.pixel)
            if grains is None:
                return measured, None
            labels = read_grain_map(Path(grains), model.shape, study.image.pixel)
            return measured, pixels_in_their_grain(labels, model.grain, names)

        both = on_root(comm, read)
        measured, use = both if both is not None else (np.empty((0, 0)), None)
        found = fit_map(model, measured, use=use, tell=speak)
    finally:
        model.destroy()
    path = on_root(comm, lambda: _write(found, resolved, study, Path(image), output, overwrite))
    if speak is not None:
        speak(fit_text(found))
        speak(f"Folder: {path}")
    return found


def fit_text(found: MapFit) -> str:
    """What a person reads at the end."""
    values = (*found.parameters, *found.ratios)
    width = max(len(value.name) for value in values)
    lines = ["Fit"]
    for value in values:
        said = "not determined by this map"
        if value.determined:
            unit = "" if value.unit == "1" else f" {value.unit}"
            said = f"{value.value:.5g}{unit}  (95 %: {value.low:.4g} to {value.high:.4g})"
        lines.append(f"  {value.name.ljust(width)}  {said}")
    pixels, total = int(np.isfinite(found.measured).sum()), found.measured.size
    lines.append(f"  {'pixels used'.ljust(width)}  {pixels} of {total}")
    per = found.chi2 / found.freedom
    if found.has_variance:
        meaning = "1 where counting alone scatters; intervals are widened above"
        lines.append(f"  {'chi2 per degree of freedom'.ljust(width)}  {per:.4g}  ({meaning})")
    else:
        meaning = "no counts given: intervals as if this were independent noise of every pixel"
        lines.append(f"  {'residual per pixel'.ljust(width)}  {per**0.5:.4g}  ({meaning})")
    lines.append(f"  {found.verdict}.")
    return "\n".join(lines)


def _tracer_study(case: Case) -> TracerStudy:
    studies = [study for study in case.study if isinstance(study, TracerStudy)]
    if len(studies) != 1 or studies[0].image is None:
        what = "The case has no tracer study" if not studies else "The tracer study has no image"
        raise CaseError(
            f"{'The case has several tracer studies' if len(studies) > 1 else what}, so it does not say what the map shows.",
            where="study",
            hint="Give one study 'kind: tracer' with 'image: {pixel: ...}' as the map was recorded.",
        )
    return studies[0]


def _write(
    found: MapFit, case: Case, study: TracerStudy, image: Path, output: str | Path | None, overwrite: bool
) -> str:
    folder = RunFolder(output if output is not None else _free_folder(case), overwrite=overwrite)
    quantities = as_quantities(found)
    names = [value.name for value in found.parameters]
    table = found.correlation
    correlation = {n: {m: float(table[i, j]) for j, m in enumerate(names)} for i, n in enumerate(names)}
    folder.write_json(
        "fit.json",
        {
            "quantities": quantities,
            "correlation of logarithms": correlation,
            "chi2": found.chi2,
            "verdict": found.verdict,
            "degrees of freedom": found.freedom,
            "counts per pixel": study.image.counts if study.image is not None else 0.0,
            "pixels used": int(np.isfinite(found.measured).sum()),
            "pixels": int(found.measured.size),
            "rounds": found.rounds,
            "evaluations": found.evaluations,
            "time steps": found.steps,
            "image": str(image),
            "case": case.title,
        },
    )
    rows = list(quantities.values())
    folder.write_table("fit.csv", {"name": list(quantities), **{key: [row[key] for row in rows] for key in rows[0]}})
    folder.write_array("fitted.npy", found.fitted)
    folder.write_array("residual.npy", found.measured - found.fitted)
    pixel = study.image.pixel if study.image is not None else 1.0
    folder.write_bytes("fit.png", fit_picture(found.measured, found.fitted, found.deviation, pixel))
    folder.write_text("resolved.yaml", case.to_yaml())
    return str(folder.path)


def _free_folder(case: Case) -> Path:
    name = f"{case.source.stem if case.source is not None else 'case'}-fit"
    numbered = (Path("runs") / (name if i == 1 else f"{name}-{i}") for i in range(1, 10_000))
    return next(path for path in numbered if not path.exists())
