"""Properties that every interface law must have, over all that are registered."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from law_examples import law_example
from pydantic import ValidationError
from samples import electrode, lattice_gas, layers, make_case

from ssbsim.case import LAWS, Phase
from ssbsim.constants import FARADAY
from ssbsim.discretization import Scales
from ssbsim.physics import INTERFACE_LAWS, NUMPY, Contact, State, phase_model

SCALES = Scales(298.15, 1e-8, 1e4, 1e-12)
SPECIES = {"Li+": 1, "Mg2+": 2, "X-": -1}
PHASE = Phase.model_validate(
    lattice_gas(
        species={k: {"diffusivity": 1e-12} for k in SPECIES},
        sites=[{"name": k, "density": 1e4, "standard_potential": {k: 0.02}} for k in SPECIES],
        concentration=dict.fromkeys(SPECIES, 3e3),
    )
)
MODEL = phase_model("a", PHASE, SCALES)

every_law = pytest.mark.parametrize(("name", "species"), [(n, s) for n in INTERFACE_LAWS for s in SPECIES])


def make(name: str, species: str = "Li+", **given: Any) -> Any:
    return INTERFACE_LAWS[name](law_example(name, species=species, **given), Contact(SCALES, (MODEL, MODEL)))


def sides(vector: np.ndarray) -> tuple[State, State]:
    """States a and b from (mu_a.., phi_a, mu_b.., phi_b)."""
    half = len(SPECIES) + 1
    parts = vector[:half], vector[half:]
    a, b = (State(dict(zip(SPECIES, p[:-1], strict=True)), p[-1]) for p in parts)
    return a, b


def stored(law: Any, vector: np.ndarray) -> float:
    a, b = sides(vector)
    value = law.storage(a, b, NUMPY)
    return 0.0 if value is None else float(value)


def spent(law: Any, vector: np.ndarray) -> float:
    value = law.dissipation(*sides(vector), NUMPY)
    return 0.0 if value is None else float(value)


def derivative(function: Any, at: np.ndarray, step: float = 2e-3) -> np.ndarray:
    result = []
    for i in range(len(at)):
        e = np.zeros(len(at))
        e[i] = step
        result.append(
            (8 * (function(at + e) - function(at - e)) - function(at + 2 * e) + function(at - 2 * e)) / (12 * step)
        )
    return np.array(result)


def hessian(function: Any, at: np.ndarray, step: float = 1e-2) -> np.ndarray:
    return np.stack(
        [
            (derivative(function, at + step * e) - derivative(function, at - step * e)) / (2 * step)
            for e in np.eye(len(at))
        ]
    )


def random_vectors(rng: np.random.Generator, spread: float = 3.0) -> np.ndarray:
    return rng.uniform(-spread, spread, size=(12, 2 * (len(SPECIES) + 1)))


def test_the_schema_and_the_registry_name_the_same_laws() -> None:
    assert {name: law.schema for name, law in INTERFACE_LAWS.items()} == LAWS


@every_law
def test_nothing_flows_at_equal_mu(name: str, species: str, rng: np.random.Generator) -> None:
    """Detailed balance: whatever the potentials on the two sides, no flux where mu does not jump."""
    law = make(name, species)
    for vector in random_vectors(rng):
        half = len(vector) // 2
        vector[half:-1] = vector[: half - 1]
        curvature = max(1.0, abs(spent(law, vector)))
        np.testing.assert_allclose(derivative(lambda v: spent(law, v), vector), 0.0, atol=1e-9 * curvature)


@every_law
def test_the_flux_leaves_one_side_and_enters_the_other(name: str, species: str, rng: np.random.Generator) -> None:
    law = make(name, species)
    for vector in random_vectors(rng):
        flux = derivative(lambda v: spent(law, v), vector)
        half = len(vector) // 2
        scale = max(1e-6, np.abs(flux).max())
        np.testing.assert_allclose(flux[: half - 1], -flux[half:-1], atol=1e-8 * scale)
        assert flux[half - 1] == flux[-1] == 0.0
        # It flows from high to low mu, and so spends free energy, whatever the sign of the charge.
        jump = vector[: half - 1] - vector[half:-1]
        assert (flux[: half - 1] * jump >= -1e-8 * scale).all()


@every_law
def test_storage_and_dissipation_are_convex(name: str, species: str, rng: np.random.Generator) -> None:
    law = make(name, species)
    for function in (stored, spent):
        for vector in random_vectors(rng):
            matrix = hessian(lambda v, f=function: f(law, v), vector)
            scale = max(np.abs(matrix).max(), 1e-3 * abs(function(law, vector)), 1e-6)
            # Differences of differences are good to the square of their step.
            np.testing.assert_allclose(matrix, matrix.T, atol=5e-4 * scale)
            assert np.linalg.eigvalsh(0.5 * (matrix + matrix.T)).min() > -5e-4 * scale


@every_law
def test_both_sides_count_alike(name: str, species: str, rng: np.random.Generator) -> None:
    """Exchanging the sides mirrors a law; only an offset of the potential and a transfer coefficient have a direction."""
    given = {"offset": 0.0, "transfer_coefficient": 0.5}
    law = make(name, species, **given)
    for vector in random_vectors(rng):
        half = len(vector) // 2
        mirrored = np.concatenate([vector[half:], vector[:half]])
        assert stored(law, mirrored) == pytest.approx(stored(law, vector), rel=1e-12, abs=1e-14)
        assert spent(law, mirrored) == pytest.approx(spent(law, vector), rel=1e-12, abs=1e-14)


@every_law
def test_every_number_is_a_parameter_of_the_forms(name: str, species: str, rng: np.random.Generator) -> None:
    """Every physical number goes through a constant, so that a new value compiles nothing."""

    class Parameter(float):
        """A number that went through `constant`."""

    law = make(name, species)
    in_forms = INTERFACE_LAWS[name](
        law_example(name, species=species), Contact(SCALES, (MODEL, MODEL), constant=Parameter)
    )
    vector = random_vectors(rng)[0]
    assert stored(in_forms, vector) == pytest.approx(stored(law, vector), rel=1e-14)
    assert spent(in_forms, vector) == pytest.approx(spent(law, vector), rel=1e-14)
    assert all(isinstance(v, Parameter) for v in vars(in_forms).values() if isinstance(v, float))


@every_law
def test_laws_that_tie_potentials_say_so(name: str, species: str, rng: np.random.Generator) -> None:
    law = make(name, species)
    vector = random_vectors(rng)[0]
    half = len(vector) // 2
    shifted = vector.copy()
    for i, z in enumerate(SPECIES.values()):
        shifted[i] += z * 0.7
    shifted[half - 1] += 0.7
    uniform = stored(law, shifted) - stored(law, vector) + spent(law, shifted) - spent(law, vector)
    assert (law.schema.ties_potentials and uniform != 0.0) or not law.schema.ties_potentials
    if law.dissipation(*sides(vector), NUMPY) is not None:
        assert law.schema.ties_potentials


@every_law
def test_the_facts_of_a_law_are_what_it_does(name: str, species: str, rng: np.random.Generator) -> None:
    law, facts = make(name, species), LAWS[name]
    a, b = sides(random_vectors(rng)[0])
    assert facts.says
    assert set(facts.species_keys) <= set(facts.model_fields)
    assert (law.dissipation(a, b, NUMPY) is not None) == facts.crosses == bool(law.affinities(a, b))
    assert (law.conductances(species) is not None) == facts.crosses
    assert (law.permeability() is not None) == facts.knows_isotopes
    # What loads the plane is felt where both sides move together; what acts on a jump is not.
    shifted = [State(side.mu, side.phi + 0.7) for side in (a, b)]
    change = 0.0
    if law.storage(a, b, NUMPY) is not None:
        change = float(law.storage(*shifted, NUMPY) - law.storage(a, b, NUMPY))
    assert (abs(change) > 1e-9) == facts.loads_plane
    assert not (facts.loads_plane and facts.acts_on == "jump")
    assert not (facts.charges_sides and law.storage(a, b, NUMPY) is None)


@every_law
def test_the_conductance_is_the_slope_of_the_flux_at_equilibrium(name: str, species: str) -> None:
    law = make(name, species)
    found = law.conductances(species)
    if found is None:
        return
    index = list(SPECIES).index(species)
    curvature = hessian(lambda v: spent(law, v), np.zeros(8))[index, index]
    np.testing.assert_allclose(found, [curvature], rtol=1e-3)


def test_resistance_is_overpotential_over_current() -> None:
    for species, z in SPECIES.items():
        law = make("resistive", species, resistance=2e-6)
        vector = np.zeros(8)
        eta = 0.01  # V
        vector[list(SPECIES).index(species)] = z * eta / SCALES.potential
        flux = derivative(lambda v, law=law: spent(law, v), vector)[list(SPECIES).index(species)]
        assert z * FARADAY * flux * SCALES.flux == pytest.approx(eta / 2e-6, rel=1e-9)


def test_butler_volmer_is_the_textbook_current() -> None:
    for species, z in SPECIES.items():
        law = make("butler_volmer", species, exchange_current=50.0, transfer_coefficient=0.3)
        for eta in (-0.1, -0.002, 0.0, 0.003, 0.08):
            vector = np.zeros(8)
            vector[list(SPECIES).index(species)] = z * eta / SCALES.potential
            flux = derivative(lambda v, law=law: spent(law, v), vector)[list(SPECIES).index(species)]
            u = z * eta / SCALES.potential
            # The current has the sign of the overpotential, for an anion too.
            expected = np.sign(z) * 50.0 * (np.exp(0.3 * u) - np.exp(-0.7 * u))
            assert z * FARADAY * flux * SCALES.flux == pytest.approx(expected, rel=1e-8, abs=1e-8)
            assert expected * eta >= 0.0


def test_a_capacity_holds_its_charge_and_none_at_the_offset() -> None:
    law = make("capacitive", capacitance=0.3, offset=0.05)
    for jump in (0.05, 0.15, -0.1):
        vector = np.zeros(8)
        vector[3] = jump / SCALES.potential
        charge = derivative(lambda v: stored(law, v), vector)[[3, 7]] * SCALES.surface_charge
        np.testing.assert_allclose(charge, [0.3 * (jump - 0.05), -0.3 * (jump - 0.05)], atol=1e-10)


def test_a_fixed_charge_is_the_charge_it_says() -> None:
    law = make("fixed_charge", charge=-0.07)
    slope = derivative(lambda v: stored(law, v), np.zeros(8))
    assert -(slope[3] + slope[7]) * SCALES.surface_charge == pytest.approx(-0.07, rel=1e-10)


@pytest.mark.parametrize("species", SPECIES)
def test_segregation_fills_from_empty_to_full_and_is_neutral_at_the_bulk_occupancy(species: str) -> None:
    law = make("segregation", species, density=4e-6, energy=-0.1)
    index, z = list(SPECIES).index(species), SPECIES[species]
    for mu, expected in ((-60.0, 0.0), (60.0, 1.0)):
        vector = np.zeros(8)
        vector[[index, 4 + index]] = mu
        amount = derivative(lambda v: stored(law, v), vector)[[index, 4 + index]].sum() * SCALES.amount
        assert amount == pytest.approx(4e-6 * expected, abs=1e-15)
        side = sides(vector)[0]
        neutral = 0.3  # the phase is filled to 0.3
        assert law.charge(side, NUMPY) * SCALES.surface_charge == pytest.approx(
            z * FARADAY * 4e-6 * (expected - neutral), rel=1e-8
        )
        slope = derivative(lambda v: stored(law, v), vector)[[3, 7]].sum()
        assert -slope == pytest.approx(law.charge(side, NUMPY), rel=1e-8)
    # Half full at the standard potential of the first site class plus the energy.
    vector = np.zeros(8)
    vector[[index, 4 + index]] = (0.02 - 0.1) / SCALES.energy_ev
    amount = derivative(lambda v: stored(law, v), vector)[[index, 4 + index]].sum() * SCALES.amount
    assert amount == pytest.approx(2e-6, rel=1e-8)


@every_law
def test_nothing_overflows_far_from_equilibrium(name: str, species: str) -> None:
    law = make(name, species)
    with np.errstate(over="raise", invalid="raise"):
        for mu in (-400.0, 400.0):
            vector = np.zeros(8)
            vector[:3] = mu
            assert np.isfinite([stored(law, vector), spent(law, vector)]).all()


def test_the_scales_do_not_enter(rng: np.random.Generator) -> None:
    """Flux in SI is the same whatever the units inside."""
    other = Scales(298.15, 3e-6, 50.0, 1e-9)
    model = phase_model("a", PHASE, other)
    for name in INTERFACE_LAWS:
        law, same = make(name), INTERFACE_LAWS[name](law_example(name), Contact(other, (model, model)))
        for vector in random_vectors(rng)[:3]:
            flux = derivative(lambda v, law=law: spent(law, v), vector) * SCALES.flux
            np.testing.assert_allclose(
                flux, derivative(lambda v, law=same: spent(law, v), vector) * other.flux, rtol=1e-7, atol=1e-12
            )
            charge = derivative(lambda v, law=law: stored(law, v), vector) * SCALES.amount
            np.testing.assert_allclose(
                charge, derivative(lambda v, law=same: stored(law, v), vector) * other.amount, rtol=1e-7, atol=1e-13
            )


def two_phases(interface: str, law: dict[str, Any], contact: str = "broken", charge: int = 1) -> None:
    """A case in which 'e' has Li+ and neutral X, 'f' has Na+ and X."""

    def phase(*species: str) -> dict[str, Any]:
        return lattice_gas(
            species={k: {"diffusivity": 1e-12} | ({"charge": charge} if k == "X" else {}) for k in species},
            sites=[{"name": k, "density": 1e4, "standard_potential": {k: 0.0}} for k in species],
            concentration=dict.fromkeys(species, 3e3),
        )

    make_case(
        geometry=layers(("e", 4.0), ("f", 4.0)),
        phases={"e": phase("Li+", "X"), "f": phase("Na+", "X")},
        interfaces={interface: {"contact": contact, "laws": [law]}},
        terminals={"left": electrode(), "right": electrode()},
    )


@pytest.mark.parametrize(
    ("interface", "law", "contact", "message"),
    [
        ("e|f", {"law": "resistive", "species": "Li+", "resistance": 1.0}, "broken", "not a species of 'f'"),
        ("f|e", {"law": "resistive", "species": "Li+", "resistance": 1.0}, "broken", "not a species of 'f'"),
        ("e|f", {"law": "segregation", "species": "Na+", "density": 1e-6, "energy": 0.1}, "broken", "of 'e'"),
        (
            "e|f",
            {"law": "segregation", "species": "Na+", "density": 1e-6, "energy": 0.1},
            "perfect",
            "the energy counts",
        ),
        ("e|f", {"law": "butler_volmer", "species": "X", "exchange_current": 1.0}, "broken", "has no charge"),
    ],
)
def test_a_law_needs_its_species_where_it_takes_it(
    interface: str, law: dict[str, Any], contact: str, message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        two_phases(interface, law, contact, charge=0)


def test_segregation_on_a_perfect_contact_needs_its_species_in_the_first_phase_only() -> None:
    two_phases("f|e", {"law": "segregation", "species": "Na+", "density": 1e-6, "energy": 0.1}, "perfect")
