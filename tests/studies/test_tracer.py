"""Isotope exchange: textbook profiles, steps at boundaries, one equation and two species alike, images as recorded."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from samples import lattice_gas, layers, make_case, reservoir, simulation

from ssbsim import CaseError
from ssbsim.geometry.coordinates import PLANAR
from ssbsim.studies import STUDIES, StudyResult
from ssbsim.studies.isotope_image import CornerValues, boundary_steps, record, sample

D, C = 1e-12, 5e3


def exchange(dimension: int = 1, grains: int = 1, **given: Any) -> tuple[StudyResult, dict[str, float]]:
    """A row of grains of 100 nm that exchanges through its left face."""
    boundary = {"law": "grain_boundary", "species": "Li+", "permeability": given.pop("permeability", 1e-5)}
    study = {"kind": "tracer", "species": "Li+", "source": "left", "fraction": 0.9, "initial": 0.1, "duration": 1e-3}
    case = make_case(
        geometry=layers(
            *[("e", 100.0)] * grains, bulk=given.pop("size", 2.0), interface=given.pop("h", 2.0), dimension=dimension
        ),
        phases={"e": lattice_gas(0.5) | {"species": {"Li+": {"diffusivity": D, "haven_ratio": 0.3}}}},
        interfaces={"e|e": {"contact": "broken", "laws": [boundary]}} if grains > 1 else {},
        terminals={"left": reservoir(), "right": reservoir()},
        study=[study | given],
        solver={"coarse_mesh": "warn"},
    )
    with simulation(case) as run:
        result = STUDIES["tracer"](run, case.study[0], 0, lambda _: None)
    return result, {name: entry["value"] for name, entry in result.quantities.items()}


def test_a_half_space_has_the_textbook_profile() -> None:
    result, values = exchange(image={"pixel": 2e-9}, duration=4e-4, tolerance=1e-5)
    x = np.asarray(result.tables["tracer_profile"]["x [m]"])
    expected = 0.1 + 0.8 * np.array([math.erfc(v / math.sqrt(4 * D * 4e-4)) for v in x])
    assert result.arrays["tracer_fraction"][:, 0] == pytest.approx(expected, abs=2e-3)
    # The tracer diffusivity, whatever the Haven ratio.
    assert values["tracer diffusivity from the uptake"] == pytest.approx(D, rel=5e-3)


def test_slow_boundaries_make_steps_of_their_resistance() -> None:
    """In the quasi-steady middle: step over drop in a grain = (1/P) / (d/D)."""
    for permeability in (1e-6, 1e-5):
        result, _ = exchange(grains=3, permeability=permeability, duration=10.0)
        # Long after, everything is at the outside fraction: no step is left.
        assert result.tables["tracer_steps"]["step"] == pytest.approx(0.0, abs=1e-3)
    result, values = exchange(grains=2, permeability=1e-7, duration=0.02)
    # Grains level out in d^2/D = 1e-2 s, the boundary fills the second one at P/d = 1 /s.
    steps = result.tables["tracer_steps"]
    assert steps["fraction on the first side"][0] == pytest.approx(0.9, abs=0.02)
    second = 0.1 + 0.8 * (1.0 - math.exp(-1.0 * 0.02))
    assert steps["fraction on the second side"][0] == pytest.approx(second, rel=0.15)
    assert steps["first grain"] == ["e.1"]


@pytest.mark.parametrize("grains", [1, 2])
def test_two_isotopes_agree_with_one_equation(grains: int) -> None:
    given: dict[str, Any] = {"grains": grains, "duration": 3e-3, "permeability": 2e-5, "size": 5.0, "h": 5.0}
    image = {"pixel": 5e-9}
    linear, one = exchange(model="linear", image=image, tolerance=1e-5, **given)
    full, two = exchange(model="full", image=image, tolerance=1e-4, **given)
    difference = np.abs(linear.arrays["tracer_fraction"] - full.arrays["tracer_fraction"])
    assert np.max(difference) < 0.01 * 0.8
    assert two["mean isotope fraction"] - 0.1 == pytest.approx(one["mean isotope fraction"] - 0.1, rel=0.01)


def test_a_slow_face_limits_the_exchange() -> None:
    """Small Biot number k L / D: the mean rises as 1 - exp(-k t / L)."""
    k, length, time = 1e-8, 100e-9, 2.0
    _, values = exchange(surface_exchange=k, duration=time)
    expected = 0.1 + 0.8 * (1.0 - math.exp(-k * time / length))
    assert values["mean isotope fraction"] == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize("dimension", [2, 3])
def test_a_row_of_grains_is_the_same_in_more_dimensions(dimension: int) -> None:
    given: dict[str, Any] = {"grains": 2, "size": 20.0, "h": 20.0, "duration": 5e-3, "permeability": 1e-5}
    _, one = exchange(**given)
    result, values = exchange(dimension=dimension, image={"pixel": 20e-9}, **given)
    assert values["mean isotope fraction"] == pytest.approx(one["mean isotope fraction"], rel=1e-3)
    assert result.arrays["tracer_fraction"].shape == (10, 10)
    assert np.isfinite(result.arrays["tracer_fraction"]).all()
    assert set(np.unique(result.arrays["tracer_grains"])) == {0, 1}


def test_the_image_counts_ions() -> None:
    truth = np.full((200, 200), 0.3)
    measured = record(truth, pixel=1.0, counts=400.0, seed=5)
    assert measured.mean() == pytest.approx(0.3, abs=1e-3)
    assert measured.std() == pytest.approx(math.sqrt(0.3 * 0.7 / 400.0), rel=0.03)
    assert np.array_equal(measured, record(truth, pixel=1.0, counts=400.0, seed=5), equal_nan=True)


def test_the_beam_spreads_an_edge_to_an_error_function() -> None:
    edge = np.where(np.arange(200) < 100, 1.0, 0.0)[:, None] * np.ones((1, 3))
    blurred = record(edge, pixel=2.0, blur=10.0)
    x = (np.arange(200) - 99.5) * 2.0
    expected = np.array([0.5 * math.erfc(v / (10.0 * math.sqrt(2.0))) for v in x])
    assert blurred[:, 1] == pytest.approx(expected, abs=5e-3)


def test_samples_are_the_linear_field_and_know_their_grain() -> None:
    corners = np.array([[[0, 0], [1, 0], [0, 1]], [[1, 1], [0, 1], [1, 0]]], dtype=float)
    field = CornerValues(corners, 2.0 * corners[:, :, 0] + corners[:, :, 1], np.array([0, 1], dtype=np.int32), PLANAR)
    image, grain = sample(field, 0.1)
    at = (np.arange(10) + 0.5) / 10
    assert image == pytest.approx(2.0 * at[:, None] + at[None, :], abs=1e-12)
    assert grain[0, 0] == 0
    assert grain[9, 9] == 1
    jumped = CornerValues(corners, field.values + np.array([[0.0], [5.0]]), field.grain, PLANAR)
    steps = boundary_steps(jumped)
    assert steps["side second"] - steps["side first"] == pytest.approx([5.0])
    assert steps["measure"] == pytest.approx([math.sqrt(2.0)])


def test_wrong_input_is_an_error() -> None:
    with pytest.raises(CaseError, match="not a boundary"):
        exchange(source="leftt")
    for given, word in (
        ({"fraction": 0.1}, "nothing would happen"),
        ({"model": "full", "fraction": 1.0}, "both isotopes"),
        ({"model": "full", "surface_exchange": 1e-8}, "surface_exchange"),
        ({"image": {"pixel": 1e-8, "counts": 1e19}}, "counts"),
    ):
        with pytest.raises(ValidationError, match=word):
            exchange(**given)


@pytest.mark.parametrize(
    ("dimension", "image", "word"),
    [
        (1, {"pixel": 1e-3}, "larger than the body"),
        (1, {"pixel": 1e-20}, "pixels"),
        (1, {"pixel": 1e-8, "section": 1e-8}, "three dimensions"),
        (3, {"pixel": 1e-8, "section": 1.0}, "does not meet the body"),
    ],
)
def test_an_image_of_nothing_is_an_error(dimension: int, image: dict[str, float], word: str) -> None:
    with pytest.raises(CaseError, match=word):
        exchange(dimension, size=50.0, h=50.0, image=image)


@pytest.mark.parametrize("face", [None, 1e-6])
def test_a_phase_without_the_species_stays_out_of_it(face: float | None) -> None:
    """A dead end of another phase changes nothing: the tracer sees a wall there."""
    inert = {"permittivity": 10.0, "species": {}, "sites": [], "concentration": {}}
    study = {"kind": "tracer", "species": "Li+", "source": "left", "fraction": 0.9, "initial": 0.1, "duration": 1e-3}
    found = []
    for stack in ([("e", 50.0)], [("e", 50.0), ("wall", 20.0)]):
        case = make_case(
            geometry=layers(*stack, bulk=2.0, interface=2.0),
            phases={"e": lattice_gas(0.5)} | ({"wall": inert} if len(stack) > 1 else {}),
            terminals={"left": reservoir()},
            study=[study | ({} if face is None else {"surface_exchange": face})],
            solver={"coarse_mesh": "warn"},
        )
        with simulation(case) as run:
            result = STUDIES["tracer"](run, case.study[0], 0, lambda _: None)
        found.append(result.quantities["mean isotope fraction"]["value"])
    assert found[1] == pytest.approx(found[0], rel=1e-4)
