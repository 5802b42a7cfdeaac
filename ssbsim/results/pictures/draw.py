"""The standard pictures of a run.

``profiles`` (every field through the boundaries, whole and close), ``history`` (currents, amounts and voltages against
time), ``mesh``, in 2D ``maps`` (every field at the end), ``impedance`` where there are spectra, and ``tracer`` where
isotopes were imaged. ``figures`` gives them as
matplotlib figures to change; ``plot_run`` writes them into ``plots/`` of the run folder.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from ssbsim.errors import ResultsError
from ssbsim.results import whole_files
from ssbsim.results._reader import Results, open_results
from ssbsim.results.pictures.history import draw_history
from ssbsim.results.pictures.impedance import draw_impedance
from ssbsim.results.pictures.maps import draw_maps
from ssbsim.results.pictures.mesh import draw_mesh
from ssbsim.results.pictures.profiles import draw_profiles
from ssbsim.results.pictures.style import style
from ssbsim.results.pictures.tracer import draw_tracer

FORMATS = ("pdf", "png", "svg")
_PICTURES: dict[str, Callable[[Results], Any]] = {
    "profiles": draw_profiles,
    "history": draw_history,
    "mesh": draw_mesh,
    "maps": draw_maps,
    "impedance": draw_impedance,
    "tracer": draw_tracer,
}
_logger = logging.getLogger("ssbsim.results")


def figures(results: Results) -> dict[str, Any]:
    """The standard pictures that this run has data for, as ``matplotlib.figure.Figure`` by name.

    Raises:
        ResultsError: There is nothing to draw at all.
    """
    drawn: dict[str, Any] = {}
    missing: list[ResultsError] = []
    for name, draw in _PICTURES.items():
        try:
            figure = draw(results)
            if figure is not None:
                # The layout is worked out once here, and not again for every format it is saved in.
                with style():
                    figure.draw_without_rendering()
                figure.set_layout_engine("none")
                drawn[name] = figure
        except ResultsError as error:
            missing.append(error)
            _logger.info("no picture of the %s: %s", name, error.what)
        except Exception as error:  # one picture that cannot be drawn takes no other along
            missing.append(ResultsError(f"The picture '{name}' could not be drawn: {type(error).__name__}: {error}"))
            _logger.warning("%s", missing[-1].what)
    if not drawn:
        raise missing[0]
    return drawn


def picture_bytes(figure: Any, kind: str, *, dpi: int = 300) -> bytes:
    """A figure as the content of a file of this kind, the same bytes each time."""
    buffer = io.BytesIO()
    stamps = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    with style():
        figure.savefig(buffer, format=kind, dpi=dpi, metadata=stamps.get(kind))
    return buffer.getvalue()


def plot_run(folder: str | PathLike[str], formats: Sequence[str] = ("png", "svg")) -> list[Path]:
    """Draw the standard pictures of a run into its folder ``plots``.

    Args:
        folder: The run folder; the run may still be going.
        formats: Any of "png", "svg", "pdf".

    Returns:
        The files that were written.

    Raises:
        ResultsError: No run folder, an unknown format, or nothing to draw.
    """
    unknown = [kind for kind in formats if kind not in FORMATS]
    if unknown or not formats:
        raise ResultsError(
            f"Pictures cannot be written as {', '.join(map(repr, unknown)) or 'nothing'}.",
            where="formats",
            hint=f"Use any of {', '.join(FORMATS)}.",
        )
    results = open_results(folder)
    target = results.path / "plots"
    drawn = figures(results)
    target.mkdir(exist_ok=True)
    written = []
    for name, figure in drawn.items():
        for kind in formats:
            path = target / f"{name}.{kind}"
            whole_files.write_bytes(path, picture_bytes(figure, kind))
            written.append(path)
    return written
