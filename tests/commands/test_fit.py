"""Fits of isotope maps that ssbsim has not made: values, intervals, exact derivatives, files, and everything wrong."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from map_samples import (
    BULK,
    PERMEABILITY,
    RATIO,
    UM,
    counted,
    row_case,
    row_map,
    square_case,
    square_map,
    square_mesh,
)
from mpi_runner import mpi_json
from PIL import Image
from samples import simulation

import ssbsim
from ssbsim import CaseError, ConvergenceError
from ssbsim.analysis.fitting import LogFit, fit_logarithms
from ssbsim.analysis.map_fit import MapFit, fit_map
from ssbsim.analysis.measured_map import pixels_in_their_grain, read_grain_map, read_map
from ssbsim.case import Case
from ssbsim.cli import main
from ssbsim.commands.fit import fit_text
from ssbsim.errors import ResultsError
from ssbsim.geometry import build_geometry
from ssbsim.studies import STUDIES
from ssbsim.studies.tracer_map import TracerMap


def fitted(case: Case, measured: Any, mesh: Any = None, use: Any = None, **more: Any) -> MapFit:
    model = TracerMap(case, build_geometry(case) if mesh is None else mesh, case.study[0], **more)
    try:
        return fit_map(model, measured, use=use)
    finally:
        model.destroy()


def values(found: MapFit) -> dict[str, float]:
    return {v.name: v.value for v in found.parameters}


@pytest.mark.parametrize("linear", ["direct", "multigrid"])
@pytest.mark.parametrize("given", [{}, {"surface_exchange": 5e-9}])
def test_derivatives_are_those_of_the_discrete_map(linear: str, given: dict[str, Any]) -> None:
    case = square_case(linear=linear, tolerance=1e-2, **given, image={"blur": 2 * UM, "pixel": 4 * UM})
    model = TracerMap(case, square_mesh(4), case.study[0], fitted=("diffusivity", "permeability", *given), each=True)
    at = np.linspace(-0.3, 0.4, len(model.parts))
    # Conjugate gradients leave 4e-9 in the map itself.
    iterative = 1e-8 if linear == "multigrid" else 0.0
    model.choose_steps(at)
    _, derivatives = model.evaluate(at)
    assert derivatives.shape == (10, 10, 5 + len(given))
    # The parts are all of K: nothing is left that no parameter scales.
    assert model._rest.norm() < 1e-12 * model._exchange.conduction.norm()
    for i in range(len(model.parts)):
        step = np.zeros(len(at))
        step[i] = 1e-3
        f = [model.evaluate(at + k * step)[0] for k in (-2, -1, 1, 2)]
        numeric = (8.0 * (f[2] - f[1]) - (f[3] - f[0])) / 12e-3
        assert np.abs(derivatives[..., i] - numeric).max() < 1e-6 * np.abs(numeric).max() + iterative, model.parts[
            i
        ].name
    model.destroy()


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_the_model_is_the_study(dimension: int) -> None:
    case = row_case(2, 5 * UM, tolerance=1e-2, image={"pixel": 5 * UM, "blur": 4 * UM})
    size = {"dimension": dimension} | {n: 10 * UM for n in ("width", "depth")[: dimension - 1]}
    case = Case.model_validate(case.model_dump() | {"geometry": case.geometry.model_dump() | size})
    model = TracerMap(case, build_geometry(case), case.study[0])
    model.choose_steps(np.zeros(2))
    with simulation(case) as run:
        result = STUDIES["tracer"](run, case.study[0], 0, lambda _: None)
    assert model.evaluate(np.zeros(2))[0] == pytest.approx(result.arrays["tracer_image"], abs=1e-10)
    assert np.array_equal(model.grain, result.arrays["tracer_grains"])
    model.destroy()


def test_boundaries_that_differ_are_known_by_their_values() -> None:
    """Permeabilities drawn from a distribution, or the same ones given one by one."""
    models = []
    for spread in (0.8, 0.0):
        whole = row_case(size=5 * UM, tolerance=1e-2).model_dump()
        whole["interfaces"]["e|e"]["laws"][0]["spread"] = spread
        case = Case.model_validate(whole)
        models.append(TracerMap(case, build_geometry(case), case.study[0], each=True))
    drawn, plain = models
    theta = np.log([a.value / b.value for a, b in zip(drawn.parts, plain.parts, strict=True)])
    assert theta[0] == 0.0
    assert np.ptp(theta[1:]) > 1.0
    drawn.choose_steps(np.zeros(4))
    plain._sizes = drawn._sizes
    one, other = drawn.evaluate(np.zeros(4)), plain.evaluate(theta)
    for a, b in zip(one, other, strict=True):
        assert a == pytest.approx(b, abs=1e-10)
    for model in models:
        model.destroy()


def test_llto_is_recovered_from_a_map_without_noise() -> None:
    found = fitted(row_case(bulk=1e-12, permeability=6e-8, tolerance=1e-3), row_map())
    assert pytest.approx(1.857e5, rel=1e-3) == RATIO
    assert found.ratios[0].value == pytest.approx(RATIO, rel=0.01)
    assert values(found)["tracer diffusivity of e"] == pytest.approx(BULK, rel=0.01)
    assert values(found)["permeability of e|e"] == pytest.approx(PERMEABILITY, rel=0.005)
    assert np.nanmax(np.abs(found.measured - found.fitted)) < 1e-3


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_llto_is_recovered_with_counting_noise_and_the_intervals_hold(seed: int) -> None:
    """A single line of 80 pixels, 2 % of scatter."""
    case = row_case(bulk=4e-12, permeability=2e-8, tolerance=1e-3, image={"counts": 2500.0})
    found = fitted(case, counted(row_map(), 2500, seed))
    ratio = found.ratios[0]
    assert RATIO / 1.5 < ratio.value < RATIO * 1.5
    assert abs(math.log(ratio.value / RATIO)) < 3.5 * ratio.deviation
    assert 0.02 < ratio.deviation < 0.15
    assert 0.6 < found.chi2 / found.freedom < 1.5
    f = found.fitted
    assert found.deviation == pytest.approx(np.sqrt(f * (1.0 - f) / 2500.0), rel=1e-12)
    weighted = (found.measured - f) / found.deviation
    assert found.chi2 == pytest.approx((weighted**2).sum(), rel=1e-2)
    assert ratio.low == pytest.approx(ratio.value * math.exp(-1.96 * ratio.deviation), rel=1e-3)
    for value, truth in zip(found.parameters, (BULK, PERMEABILITY), strict=True):
        assert abs(math.log(value.value / truth)) < 3.5 * value.deviation


def test_every_boundary_has_its_own_permeability() -> None:
    truth = {(0, 1): 2e-8, (0, 2): 1e-8, (1, 3): 3e-8, (2, 3): 5e-8}
    case = square_case(bulk=2e-12, permeability=2e-8, tolerance=3e-3)
    found = fitted(case, square_map(truth), square_mesh(8), each=True)
    assert values(found).pop("tracer diffusivity of e") == pytest.approx(BULK, rel=0.03)
    for (a, b), permeability in truth.items():
        assert values(found)[f"permeability of e.{a}|e.{b}"] == pytest.approx(permeability, rel=0.05)


def test_the_surface_exchange_is_found_too() -> None:
    case = row_case(2, 2 * UM, surface_exchange=2e-8, bulk=2e-12, tolerance=1e-3)
    names = ("diffusivity", "permeability", "surface_exchange")
    found = fitted(case, row_map(2, exchange=5e-9), fitted=names)
    assert list(values(found).values()) == pytest.approx([BULK, PERMEABILITY, 5e-9], rel=0.03)
    assert np.abs(np.diag(found.correlation) - 1.0).max() < 1e-9


def test_a_blurred_map_needs_the_blur_of_the_beam() -> None:
    sharp, sigma = row_map(), 3 * UM
    x = (np.arange(80) + 0.5) * UM
    beam = np.exp(-0.5 * ((x[:, None] - x[None, :]) / sigma) ** 2)
    near = (x[:, None] < 5 * sigma) | (x[:, None] > x[-1] - 5 * sigma)
    blurred = np.where(near, np.nan, beam @ sharp / beam.sum(axis=1, keepdims=True))
    given = {"bulk": 2e-12, "tolerance": 1e-3}
    right = fitted(row_case(image={"blur": sigma}, **given), blurred)
    wrong = fitted(row_case(**given), blurred)
    assert right.ratios[0].value == pytest.approx(RATIO, rel=0.05)
    assert abs(wrong.ratios[0].value / RATIO - 1.0) > 0.3


def test_a_fit_says_whether_the_model_describes_the_map() -> None:
    case = row_case(bulk=2e-12, tolerance=1e-3, image={"counts": 2500.0})
    fine = fitted(case, counted(row_map(), 2500, 1))
    assert fine.structure < 5.0
    assert fine.verdict.startswith("The model describes the map: chi2 per degree of freedom is")
    wavy = np.clip(row_map() + 0.15 * np.sin(np.arange(80) / 4.0)[:, None], 0.0, 1.0)
    wrong = fitted(case, wavy)
    assert wrong.structure > 5.0
    assert "does not describe the map: chi2 per degree of freedom is" in wrong.verdict
    assert wrong.verdict in fit_text(wrong)


def test_what_a_map_does_not_determine_is_said() -> None:
    """After two minutes nothing has reached the last boundary."""
    case = row_case(size=2 * UM, duration=120.0, tolerance=1e-3, image={"counts": 2500.0})
    found = fitted(case, counted(row_map(duration=120.0), 2500, 3), each=True)
    by_name = {v.name: v for v in (*found.parameters, *found.ratios)}
    last = by_name["permeability of e.3|e.4"]
    assert not last.determined
    assert (last.low, last.high) == (0.0, math.inf)
    assert by_name["tracer diffusivity of e"].determined
    assert by_name["permeability of e.1|e.2"].determined
    assert not found.ratios[2].determined
    assert "not determined by this map" in fit_text(found)


def test_pixels_that_the_grain_map_puts_elsewhere_are_not_used() -> None:
    measured, case = row_map(), row_case(bulk=2e-12, tolerance=1e-3)
    labels = np.repeat([7, 3, 5, 0], 20)[:, None]
    labels[20:22] = 7  # the boundary was seen 2 um from where the mesh has it
    labels[50] = -1
    measured[20:22], measured[50], measured[60] = 0.99, 0.99, np.nan
    grain = np.repeat(np.arange(4, dtype=np.int32), 20)[:, None]
    use = pixels_in_their_grain(labels, grain, [f"e.{i}" for i in range(4)])
    assert np.flatnonzero(~use[:, 0]).tolist() == [20, 21, 50]
    found = fitted(case, measured, use=use)
    assert np.isfinite(found.measured).sum() == 76
    assert found.ratios[0].value == pytest.approx(RATIO, rel=0.02)


def test_the_covariance_is_that_of_the_textbook() -> None:
    """Two decades of an exponential decay: compare with the scatter of many fits."""
    x = np.linspace(0.0, 5.0, 60)

    def model(theta: Any) -> tuple[Any, Any]:
        a, b = np.exp(theta)
        f = a * np.exp(-b * x)
        return f, np.stack([f, -b * x * f], axis=1)

    rng, truth = np.random.default_rng(3), model(np.zeros(2))[0]
    fits = [
        fit_logarithms(model, truth + 0.01 * rng.standard_normal(60), np.zeros(2), variance=np.full(60, 1e-4))
        for _ in range(300)
    ]
    scatter = np.cov(np.array([fit.theta for fit in fits]).T)
    # Widened where chi2 is above its mean by chance, 6 % on average for 58 degrees of freedom.
    expected = np.mean([fit.covariance for fit in fits], axis=0)
    assert scatter == pytest.approx(expected, rel=0.25)
    # Scatter beyond the variances given widens the covariance by as much.
    data = truth + 0.01 * rng.standard_normal(60)
    one, other = (fit_logarithms(model, data, np.zeros(2), variance=np.full(60, v)) for v in (1e-6, 1e-7))
    assert one.covariance == pytest.approx(other.covariance, rel=1e-6)
    # Without variances the scatter of the residual stands for them.
    plain = fit_logarithms(model, truth + 0.01 * rng.standard_normal(60), np.array([2.0, -2.0]))
    assert plain.covariance == pytest.approx(expected, rel=0.5)


def test_a_direction_that_nothing_fixes_has_no_interval() -> None:
    def model(theta: Any) -> tuple[Any, Any]:
        f = np.exp(theta[0] + theta[1]) * np.ones(5) + np.exp(theta[2]) * np.arange(5)
        d = np.exp(theta[0] + theta[1]) * np.ones(5)
        return f, np.stack([d, d, np.exp(theta[2]) * np.arange(5)], axis=1)

    found = fit_logarithms(model, model(np.array([0.5, 0.5, 0.1]))[0], np.zeros(3), variance=np.full(5, 1e-4))
    assert found.determined.tolist() == [False, False, True]
    assert found.interval(0) == (0.0, math.inf)
    assert found.theta[2] == pytest.approx(0.1)
    assert found.difference(0, 2) == math.inf


def test_an_interval_of_more_than_a_factor_of_ten_each_way_is_none() -> None:
    covariance = np.diag([(math.log(9.0) / 1.96) ** 2, (math.log(11.0) / 1.96) ** 2])
    found = LogFit(np.zeros(2), covariance, 1.0, 1, 1, np.zeros(3))
    assert found.determined.tolist() == [True, False]
    assert found.interval(0) == pytest.approx((1 / 9.0, 9.0), rel=1e-3)
    assert found.interval(1) == (0.0, math.inf)


def test_no_minimum_is_an_error() -> None:
    """A valley so flat that the steps run out on the way."""
    with pytest.raises(ConvergenceError, match="no minimum"):
        fit_logarithms(lambda t: (1e40 * t**100, 1e42 * t[:, None] ** 99), np.zeros(1), np.ones(1), names=("p",))


@pytest.mark.parallel
def test_ranks_give_the_same_numbers() -> None:
    script = Path(__file__).with_name("fit_on_ranks.py")
    one, two = (mpi_json(ranks, script) for ranks in (1, 2))
    assert two[0] == two[1]
    for a, b in zip(one[0], two[0], strict=True):
        assert np.asarray(b) == pytest.approx(np.asarray(a), rel=1e-6)


def write(folder: Path, name: str, map_: Any) -> Path:
    """A map indexed [x, y] as a file of the kind that its name says."""
    path = folder / name
    upright = np.asarray(map_).T[::-1]
    if path.suffix == ".npy":
        np.save(path, map_)
    elif path.suffix == ".csv":
        np.savetxt(path, upright, delimiter=",")
    else:
        Image.fromarray(upright.astype(np.float32)).save(path)
    return path


@pytest.mark.parametrize("name", ["map.npy", "map.csv", "map.tif"])
def test_files_of_all_kinds_are_read_alike(tmp_path: Path, name: str) -> None:
    truth = np.random.default_rng(2).random((5, 3))
    truth[1, 2] = np.nan
    path = write(tmp_path, name, truth)
    assert read_map(path, (5, 3), UM) == pytest.approx(truth, abs=1e-7, nan_ok=True)
    line = write(tmp_path, name, truth[:, :1])
    assert read_map(line, (5, 1), UM) == pytest.approx(truth[:, :1], abs=1e-7)
    labels = write(tmp_path, name, np.where(np.isfinite(truth), np.arange(15.0).reshape(5, 3), np.nan))
    assert read_grain_map(labels, (5, 3), UM)[1].tolist() == [3, 4, -1]


@pytest.mark.parametrize("label", [1e30, np.inf, 0.5])
def test_a_label_that_is_no_whole_number_is_an_error(tmp_path: Path, label: float) -> None:
    np.save(tmp_path / "labels.npy", np.full((5, 3), label))
    with pytest.raises(CaseError, match="not whole"):
        read_grain_map(tmp_path / "labels.npy", (5, 3), UM)


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_that_is_taken_is_an_error_before_the_fit(tmp_path: Path, overwrite: bool) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ResultsError, match="nothing was touched"):
        ssbsim.fit(row_case(size=5 * UM), tmp_path / "no map.npy", tmp_path, overwrite=overwrite)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


CASE = """
title: row
temperature: 298.15 K
geometry:
  kind: layers
  layers: [{phase: llto, thickness: 20 um}, {phase: llto, thickness: 20 um}]
  spacing: {interface: 2 um, bulk: 2 um}
phases:
  llto:
    permittivity: 20
    species: {Li+: {diffusivity: 4e-12 m^2/s}}
    sites: [{name: A, density: 1e4 mol/m^3, standard_potential: {Li+: 0 eV}}]
    concentration: {Li+: 5e3 mol/m^3}
interfaces:
  llto|llto: {contact: broken, laws: [{law: grain_boundary, species: Li+, permeability: 2e-8 m/s, width: 1 nm}]}
terminals: {left: {kind: reservoir, species: Li+, potential: 0 mV}}
study:
  - kind: tracer
    species: Li+
    source: left
    fraction: 0.95
    duration: 1 h
    tolerance: 0.003
    image: {pixel: 1 um, counts: 2500}
"""


@pytest.fixture
def case_file(tmp_path: Path) -> Path:
    path = tmp_path / "row.yaml"
    path.write_text(CASE, encoding="utf-8")
    return path


def test_the_command_leaves_a_folder(case_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = write(tmp_path, "map.tif", counted(row_map(2), 2500, 1))
    grains = write(tmp_path, "grains.npy", np.repeat([1, 2], 20)[:, None])
    words = ["fit", str(case_file), "--image", str(image), "--grains", str(grains), "-o", str(tmp_path / "out")]
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code in (0, None)
    said = capsys.readouterr().out
    assert "tracer diffusivity of llto" in said
    assert "95 %" in said
    out = tmp_path / "out"
    assert (out / "fit.png").read_bytes()[:4] == b"\x89PNG"
    summary = json.loads((out / "fit.json").read_text())
    ratio = summary["quantities"]["bulk over boundary diffusivity of llto|llto (width 1e-09 m)"]
    assert ratio["low (95 %)"] < ratio["value"] < ratio["high (95 %)"]
    assert RATIO / 1.5 < ratio["value"] < RATIO * 1.5
    table = np.genfromtxt(out / "fit.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")
    assert table["value"][2] == pytest.approx(ratio["value"])
    assert np.load(out / "residual.npy").shape == np.load(out / "fitted.npy").shape == (40, 1)
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 6  # the folder is taken
    assert "already holds" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "map_", "more", "message"),
    [
        ((), np.full((30, 1), 0.5), {}, "30 x 1 pixels"),
        (("pixel: 1 um", "pixel: 2 um"), None, {}, "40 x 1 pixels"),
        ((), np.full((40, 1), 55.0), {}, "no isotope fraction"),
        ((), np.full((40, 1), np.nan), {}, "no number"),
        ((), np.where(np.arange(40) < 39, np.nan, 0.5)[:, None], {}, "1 pixels cannot fix 2"),
        ((), np.full((40, 1), "a"), {}, "cannot be read"),
        (("kind: tracer", "kind: equilibrium"), None, {}, "no tracer study"),
        (("image: {pixel: 1 um, counts: 2500}", ""), None, {}, "no image"),
        (("source: left", "source: lefft"), None, {}, "not a boundary"),
        (("contact: broken, laws: [{law: grain", "contact: perfect} #"), None, {}, "No boundary"),
        ((), None, {"parameters": ["surface_exchange"]}, "no surface exchange coefficient"),
        ((), None, {"parameters": ["permeabilty"]}, "'permeabilty' cannot be fitted"),
        ((), None, {"boundaries": "some"}, "not clear what"),
        ((), None, {"grains": np.repeat([1, 2], [10, 30])[:, None]}, "agree in 75 %"),
        ((), None, {"grains": np.repeat([1, 2, 3], [10, 10, 20])[:, None]}, "labels 1 and 2"),
        ((), None, {"grains": np.full((40, 1), 0.5)}, "not whole"),
        ((), None, {"grains": np.full((40, 1), -1)}, "No pixel of the grain map"),
    ],
)
def test_wrong_input_is_an_error(
    case_file: Path, tmp_path: Path, change: tuple[str, str], map_: Any, more: dict[str, Any], message: str
) -> None:
    if change:
        text = CASE.replace(*change)
        if "equilibrium" in change[1]:
            text = text[: text.index("    species: Li+")]
        case_file.write_text(text, encoding="utf-8")
    image = write(tmp_path, "map.npy", np.full((40, 1), 0.5) if map_ is None else map_)
    if "grains" in more:
        more = {"grains": write(tmp_path, "grains.npy", more["grains"])}
    with pytest.raises(CaseError, match=message) as caught:
        ssbsim.fit(case_file, image, tmp_path / "out", **more)
    assert caught.value.where
    assert caught.value.hint
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("name", "message"), [("none.npy", "no such file"), ("map.jpg", "cannot be a '.jpg'")])
def test_a_file_that_is_no_map_is_an_error(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "map.jpg").touch()
    with pytest.raises(CaseError, match=message):
        read_map(tmp_path / name, (2, 2), UM)
