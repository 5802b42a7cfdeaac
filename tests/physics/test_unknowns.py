"""The unknowns of a node: their order, what their rows count, and where they exist and hold over time."""

from __future__ import annotations

import numpy as np
import pytest
from samples import electrode, lattice_gas, make_case, salt
from samples import simulation as simulate

from ssbsim.discretization import Scales
from ssbsim.physics import POTENTIAL, Kind, State, Unknown, Unknowns, phase_model, unknowns_of

SCALES = Scales(298.15, 1e-8, 1e4, 1e-12)


def models(**phases: dict) -> dict:  # type: ignore[type-arg]
    case = make_case(
        geometry={
            "kind": "layers",
            "layers": [{"phase": name, "thickness": 1e-8} for name in phases],
            "spacing": {"interface": 1e-9, "bulk": 1e-9},
        },
        phases=phases,
        terminals={"left": electrode()},
    )
    return {name: phase_model(name, phase, SCALES) for name, phase in case.phases.items()}


METAL = {"electrostatics": "conductor", "electronic_conductivity": 100.0, "permittivity": None}


def test_species_of_all_phases_come_first_each_once_and_then_the_potential() -> None:
    found = unknowns_of(models(e=salt(), f=lattice_gas()), {})
    assert found.names == ("A+", "B-", "Li+", POTENTIAL)
    assert found.species == ("A+", "B-", "Li+")
    assert len(found) == 4
    assert found.charges == {"A+": 1, "B-": -1, "Li+": 1}
    assert found.charge_numbers.tolist() == [1.0, -1.0, 1.0, 1.0]
    assert {unknown.kind for unknown in found} == {Kind.SPECIES, Kind.POTENTIAL}
    assert {unknown.unit for unknown in found} == {"eV", "V"}
    assert found.are_broken


def test_rows_columns_and_states_are_those_of_any_order() -> None:
    """Nothing rests on the potential being the last."""
    phi = Unknown(POTENTIAL, Kind.POTENTIAL, 1, "V")
    found = Unknowns((phi, Unknown("Mg2+", Kind.SPECIES, 2, "eV")))
    values = np.array([10.0, 1.0, 20.0, 2.0])
    assert found.column(values, "Mg2+").tolist() == [1.0, 2.0]
    assert found.rows(np.array([0, 3], dtype=np.int32), POTENTIAL).tolist() == [0, 6]
    found.column(values, POTENTIAL)[1] = 30.0
    assert values.tolist() == [10.0, 1.0, 30.0, 2.0]
    state = found.state(found.table(values).T)
    assert state.phi.tolist() == [10.0, 30.0]
    assert state.mu["Mg2+"].tolist() == [1.0, 2.0]
    with pytest.raises(KeyError):
        found.index("Li+")


def test_where_an_unknown_exists_and_is_stored() -> None:
    e, f = models(e=lattice_gas(), f=lattice_gas() | METAL).values()
    lithium, phi = unknowns_of({"e": e, "f": f}, {})
    assert lithium.is_stored_in(e)
    assert lithium.is_stored_in(f)
    assert not phi.is_stored_in(e)
    assert phi.is_stored_in(f)
    other = Unknown("A+", Kind.SPECIES, 1, "eV")
    assert not other.exists_in(e)
    assert phi.exists_in(e)


def test_the_rows_of_a_cell_follow_from_them() -> None:
    """Rows of a species beyond its phase are absent; phi holds over time beside a conductor only."""
    case = make_case(
        geometry={
            "kind": "layers",
            "layers": [{"phase": "e", "thickness": 4e-9}, {"phase": "f", "thickness": 4e-9}],
            "spacing": {"interface": 1e-9, "bulk": 1e-9},
        },
        phases={"e": salt(), "f": lattice_gas() | METAL},
        terminals={"left": electrode(), "right": electrode()},
        solver={"coarse_mesh": "warn"},
    )
    with simulate(case) as made:
        placement = made.functional.placement
        unknowns, rows = placement.unknowns, placement.rows
        x = placement.space.tabulate_dof_coordinates()[: placement.n_owned_nodes, 0] * made.mesh.length
        absent = np.zeros(placement.n_owned_rows, dtype=np.bool_)
        absent[rows.absent] = True
        for name, here in (("A+", x > 4.1e-9), ("B-", x > 4.1e-9), ("Li+", x < 3.9e-9), (POTENTIAL, x < 0.0)):
            assert (unknowns.column(absent, name) == here).all(), name
        assert (unknowns.column(rows.instantaneous, POTENTIAL) == (x < 3.9e-9)).all()
        assert not unknowns.column(rows.instantaneous, "Li+").any()


def test_unknowns_of_laws_come_last_and_are_seen_on_their_interface_only() -> None:
    unknowns = unknowns_of(models(e=lattice_gas()), {"e|e": (), "e|f": ("adsorbed",)})
    assert unknowns.names == ("Li+", POTENTIAL, "adsorbed of e|f")
    assert unknowns.species == ("Li+",)
    assert unknowns.charge_numbers.tolist() == [1.0, 1.0, 0.0]
    assert unknowns.state([1.0, 2.0, 3.0]) == State({"Li+": 1.0}, 2.0)
    assert unknowns.state([1.0, 2.0, 3.0], "e|f") == State({"Li+": 1.0}, 2.0, {"adsorbed": 3.0})
