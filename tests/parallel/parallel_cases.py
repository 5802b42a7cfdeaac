"""Cases that must give the same numbers on any number of ranks; also the script that runs them under mpirun.

``python3 parallel_cases.py FOLDER`` writes one run folder per case below FOLDER.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from mpi_runner import abort_on_error
from samples import NM, electrode, lattice_gas, layers, make_case, reservoir, salt

import ssbsim

MESHES = Path(__file__).parents[2] / "meshes"
US = 1e-6

GAP = {
    "contact": "broken",
    "laws": [
        {"law": "resistive", "species": "Li+", "resistance": 1e-4},
        {"law": "capacitive", "capacitance": 0.1, "offset": 0.02},
    ],
}
RESISTIVE = {"contact": "broken", "laws": [{"law": "resistive", "species": "Li+", "resistance": 1e-4}]}
BIAS = {"left": {"potential": 0.05}}
STEADY = {"kind": "steady", "terminals": BIAS}
TRANSIENT = {"kind": "transient", "duration": 2 * US, "output_times": {"count": 2}, "terminals": BIAS}
ALL_FIELDS = ("potential", "electrochemical_potential", "concentration", "occupancy", "charge_density", "flux")
OTHER = lattice_gas(0.3, permittivity=40.0, sites=[{"name": "A", "density": 1e4, "standard_potential": {"Li+": 0.02}}])

CASES: dict[str, dict[str, Any]] = {
    "line with a gap": {
        "geometry": layers(("e", 6.0), ("f", 6.0), interface=0.3),
        "phases": {"e": lattice_gas(0.5), "f": OTHER},
        "interfaces": {"e|f": GAP},
        "study": [TRANSIENT, STEADY],
    },
    "line of grains of one or two cells": {
        "geometry": layers(("e", 1.0), ("f", 1.0), ("e", 1.0), interface=1.0, bulk=1.0),
        "phases": {"e": lattice_gas(0.5), "f": OTHER},
        "interfaces": {"e|f": GAP},
        "study": [STEADY],
    },
    "blocked salt": {
        "geometry": layers(("e", 8.0), bulk=0.2, interface=0.2),
        "phases": {"e": salt()},
        "terminals": {"left": electrode(0.0, stern_capacitance=0.3), "right": electrode(0.02)},
        "study": [{"kind": "equilibrium"}, TRANSIENT],
    },
    "square whose parts keep their ions": {
        "geometry": layers(("e", 3.0), ("f", 2.0), ("e", 3.0), dimension=2, interface=0.5, bulk=1.0),
        "phases": {"e": salt(), "f": OTHER},
        "interfaces": {"e|f": {"contact": "broken", "laws": [{"law": "capacitive", "capacitance": 0.1}]}},
        "terminals": {"left": electrode(0.0), "right": electrode(0.3, stern_capacitance=0.3)},
        "study": [{"kind": "equilibrium"}, {"kind": "equilibrium", "terminals": {"left": {"potential": -0.5}}}],
        "solver": {"linear": "multigrid"},
    },
    "bicrystal square": {
        "geometry": {
            "kind": "bicrystal",
            "dimension": 2,
            "length": 8 * NM,
            "core_width": 1 * NM,
            "width": 4 * NM,
            "spacing": {"interface": 0.25 * NM, "bulk": 1 * NM},
        },
        "phases": {"grain": lattice_gas(0.5), "core": lattice_gas(0.3, excess_charge=1e7)},
        "study": [{"kind": "equilibrium"}, STEADY],
    },
    "square with a broken contact": {
        "geometry": layers(("e", 3.0), ("f", 1.0), ("e", 2.0), dimension=2, interface=0.5, bulk=1.0),
        "phases": {"e": lattice_gas(0.5), "f": OTHER},
        "interfaces": {"e|f": GAP},
        "study": [STEADY],
        "solver": {"linear": "multigrid"},
    },
    "round grain with a resistive boundary": {
        "geometry": {
            "kind": "file",
            "path": str(MESHES / "round_grain_2d.msh"),
            "unit": NM,
            "grains": {"inclusion": "e", "core": "c", "matrix": "f"},
            "boundaries": {"left": "left", "right": "right"},
        },
        "phases": {"e": lattice_gas(0.5), "c": lattice_gas(0.5), "f": lattice_gas(0.5, permittivity=40.0)},
        "interfaces": {"e|c": RESISTIVE, "c|f": RESISTIVE},
        "study": [STEADY],
    },
    "spectrum of a square with a broken contact": {
        "geometry": layers(("e", 3.0), ("f", 1.0), ("e", 2.0), dimension=2, interface=0.5, bulk=1.0),
        "phases": {"e": lattice_gas(0.5), "f": OTHER},
        "interfaces": {"e|f": GAP},
        "study": [{"kind": "equilibrium"}, {"kind": "impedance"}],
        # Nothing flows at equilibrium, and rounding has no digits to compare.
        "output": {"fields": ("potential", "concentration")},
        "solver": {"linear": "multigrid"},
    },
    "polycrystal with scattered boundaries": {
        "geometry": {
            "kind": "polycrystal",
            "dimension": 2,
            "length": 60 * NM,
            "width": 40 * NM,
            "grains": 7,
            "grain": "e",
            "seed": 2,
            "spacing": {"interface": 5 * NM, "bulk": 5 * NM},
        },
        "phases": {"e": lattice_gas(0.5)},
        "interfaces": {
            "e|e": {
                "contact": "broken",
                "laws": [
                    {
                        "law": "grain_boundary",
                        "species": "Li+",
                        "permeability": 1e-6,
                        "width": 1 * NM,
                        "permittivity": 50.0,
                        "spread": 0.5,
                        "classes": [{"up_to": 30.0, "factor": 0.2}],
                    }
                ],
            }
        },
        "study": [
            STEADY,
            {"kind": "effective_transport", "species": "Li+"},
            {
                "kind": "tracer",
                "species": "Li+",
                "source": "left",
                "fraction": 0.9,
                "duration": 0.01,
                "image": {"pixel": 2 * NM, "blur": 3 * NM, "counts": 100.0},
            },
        ],
        "solver": {"linear": "multigrid"},
    },
    "shell with a gap": {
        "geometry": layers(("e", 3.0), ("f", 3.0), interface=0.3) | {"coordinates": "spherical", "inner_radius": NM},
        "phases": {"e": lattice_gas(0.5), "f": OTHER},
        "interfaces": {"e|f": GAP},
        "study": [TRANSIENT, STEADY],
    },
    "wire with a gap that turns about its axis": {
        "geometry": layers(("e", 3.0), ("f", 1.0), dimension=2, interface=0.5, bulk=1.0)
        | {"coordinates": "axisymmetric"},
        "phases": {"e": lattice_gas(0.5), "f": OTHER},
        "interfaces": {"e|f": GAP},
        "terminals": {"bottom": reservoir() | {"phase": "e"}, "top": reservoir() | {"phase": "e"}},
        "study": [STEADY | {"terminals": {"top": {"potential": 0.05}}}],
        "solver": {"linear": "multigrid"},
    },
    "cube": {
        "geometry": layers(("e", 2.0), ("f", 2.0), dimension=3, interface=0.5, bulk=1.0),
        "phases": {"e": lattice_gas(0.5), "f": OTHER},
        "interfaces": {"e|f": GAP},
        "study": [STEADY],
    },
}

if __name__ == "__main__":
    abort_on_error()
    for name, parts in CASES.items():
        # What counts here is that the numbers agree, not that they are resolved.
        solver = {"coarse_mesh": "warn"} | parts.get("solver", {})
        case = make_case(**{"output": {"fields": ALL_FIELDS}} | parts | {"solver": solver})
        ssbsim.run(case, Path(sys.argv[1]) / name, report=False, show_progress=False)
