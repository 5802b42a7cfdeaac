from __future__ import annotations

import re
import shutil
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from ssbsim.errors import ResultsError
from ssbsim.results import RunFolder, open_results, plot_run, write_report
from ssbsim.results.pictures import draw
from ssbsim.results.pictures.draw import figures, picture_bytes
from ssbsim.results.pictures.mesh import draw_mesh
from ssbsim.results.pictures.profiles import chosen_states, windows_of
from ssbsim.results.pictures.style import axis_label, pretty_name, pretty_unit, quantity_text, scaled_unit


@pytest.fixture(scope="module")
def drawn_2d(run_2d: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("drawn") / "run"
    shutil.copytree(run_2d, path)
    plot_run(path, ["svg"])
    return path


def test_pictures_go_into_the_run_folder(drawn_2d: Path) -> None:
    names = sorted(p.name for p in (drawn_2d / "plots").iterdir())
    assert names == ["history.svg", "maps.svg", "mesh.svg", "profiles.svg"]


def test_pictures_say_what_they_show(drawn_2d: Path) -> None:
    text = "".join(ElementTree.parse(drawn_2d / "plots" / "profiles.svg").getroot().itertext())
    for words in (
        "potential (V)",
        "(meV)",
        "x (nm)",
        "distance from centre of core (nm)",
        "grain.1",
        "transient, 1 ms",
    ):
        assert words in text
    assert "current (kA/m²)" in (drawn_2d / "plots" / "history.svg").read_text()


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_pictures_are_the_same_bytes_each_time(run_1d: Path, kind: str) -> None:
    first, second = (picture_bytes(draw_mesh(open_results(run_1d)), kind) for _ in range(2))
    assert first == second


def test_the_close_up_holds_the_layer_and_its_space_charge(run_1d: Path) -> None:
    regions, (whole, close) = windows_of(open_results(run_1d))
    assert [region.grain for region in regions] == ["grain.1", "core", "grain.2"]
    assert (whole.start, whole.stop) == pytest.approx((0, 200e-9))
    assert close.origin == pytest.approx(100e-9)
    assert 6e-9 < close.stop - close.origin < 15e-9  # the Debye length is 2 nm


def test_the_states_shown_are_the_first_and_the_end_of_each_study(run_1d: Path) -> None:
    assert chosen_states(open_results(run_1d)) == [(0, "equilibrium"), (1, "transient, 1 µs"), (2, "transient, 1 ms")]


def test_potentials_have_linear_axes_and_wide_concentrations_logarithmic_ones(run_1d: Path) -> None:
    panels = figures(open_results(run_1d))["profiles"].axes
    scale = {axes.get_ylabel().replace("\n", " "): axes.get_yscale() for axes in panels if axes.get_ylabel()}
    assert scale["potential (V)"] == "linear"
    assert scale["concentration Li⁺ (mol/m³)"] == "log"


def test_a_current_that_dies_away_is_drawn_by_magnitude(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    for t in np.geomspace(1e-9, 1e-3, 50):
        current = 1e6 * np.exp(-((t / 1e-9) ** 0.4))
        row = {"study": "transient", "time [s]": t, "applied left [V]": 0.1, "step size [s]": t / 5}
        run.append_history({**row, "current left [A/m^2]": current, "current right [A/m^2]": -current})
    first, *others = figures(open_results(run))["history"].axes
    assert first.get_ylabel().replace("\n", " ") == "magnitude of current (A/m²)"
    assert first.get_yscale() == first.get_xscale() == "log"
    assert first.get_ylim()[1] > 3e5
    assert [axes.get_ylabel() for axes in others] == ["time step (s)"]  # a held potential is not drawn


def test_an_unknown_kind_of_picture_is_refused(run_1d: Path) -> None:
    with pytest.raises(ResultsError, match="'gif'"):
        plot_run(run_1d, ["gif"])


def test_a_run_with_nothing_yet_says_so(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="No fields were saved"):
        plot_run(RunFolder(tmp_path / "run"))


@pytest.mark.parametrize(
    ("name", "pretty"),
    [
        ("concentration Li+", "concentration Li⁺"),
        ("Mg2+", "Mg²⁺"),
        ("6Li+", "⁶Li⁺"),
        ("e-", "e⁻"),
        ("flux O2-", "flux O²⁻"),
        ("space-charge potential", "space-charge potential"),
    ],
)
def test_species_are_written_as_in_print(name: str, pretty: str) -> None:
    assert pretty_name(name) == pretty


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.02, "V", "20 mV"),
        (0.25, "V", "0.25 V"),
        (4.1e-9, "m", "4.1 nm"),
        (-3e8, "C/m^3", "-300 MC/m³"),
        (6500.0, "mol/m^3", "6500 mol/m³"),
        (3.2e-5, "ohm m^2", "3.2 10⁻⁵ Ω m²"),
        (0.376, "1", "0.376"),
        (0.0, "V", "0 V"),
        (2e-12, "m^2/s", "2 10⁻¹² m²/s"),
    ],
)
def test_numbers_get_a_readable_unit(value: float, unit: str, text: str) -> None:
    assert quantity_text(value, unit) == text


def test_labels() -> None:
    assert axis_label("occupancy Li+", scaled_unit(0.3, "1")[1]) == "occupancy Li⁺"
    assert pretty_unit("mol/(m^2 s)") == "mol/(m² s)"


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.images: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag not in ("meta", "img"):
            self.open.append(tag)
        if tag == "img":
            self.images.append(found["src"] or "")
        self.links += [value or "" for key, value in attrs if key in ("href", "src")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_report_stands_alone_and_shows_everything(run_2d: Path, tmp_path: Path) -> None:
    shutil.copytree(run_2d, tmp_path / "run")
    text = write_report(tmp_path / "run").read_text()
    page = Page()
    page.feed(text)
    assert page.open == []
    assert len(page.images) == 4
    assert all(image.startswith("data:image/png;base64,") for image in page.images)
    assert all(link.startswith(("data:", "https://doi.org/")) for link in page.links)
    for words in (
        "LLTO bicrystal, resolved space charge",
        "core minus bulk, both far from any step",
        'title="0.2501234 V">0.2501 V',
        "1 of 3 values were not checked at their source",
        "from memory, confidence high",
        "given in the case",
        "LLTO.sites.a.density",
        "J. &lt;Solid&gt; State",
        "WARNING mesh &lt;coarse&gt;",
        "dolfinx",
    ):
        assert words in text
    assert not re.search(r"<(script|link)\b", text)


def test_the_report_of_a_run_that_stopped_early_names_what_is_missing(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.append_history({"study": "transient", "time [s]": 0.0, "current left [A/m^2]": np.nan})
    text = write_report(run).read_text()
    assert "The run has no summary.json." in text
    assert "No fields were saved" in text


def test_a_picture_that_fails_takes_nothing_else_along(drawn_2d: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(results: object) -> None:
        raise ValueError("no such font")

    monkeypatch.setitem(draw._PICTURES, "maps", fail)
    names = set(figures(open_results(drawn_2d)))
    assert "maps" not in names
    assert {"history", "mesh", "profiles"} <= names
    monkeypatch.setattr("ssbsim.results.report.figures", fail)
    text = write_report(drawn_2d).read_text(encoding="utf-8")
    assert "This part could not be written: ValueError: no such font" in text
    assert "<h2>Provenance</h2>" in text
