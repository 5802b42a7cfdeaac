"""A mesh as arrays and names: what every geometry kind builds and what every later room reads.

Lengths are in metres. What body a mesh stands for, and so what its measures are, its coordinates say
(:mod:`~ssbsim.geometry.coordinates`): in planar ones it has unit extent in the missing directions, a 1D mesh a cross-section
of 1 m^2, a 2D mesh a depth of 1 m, and the measure of a point is 1.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from string import ascii_lowercase
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssbsim.geometry import _check, _coherence, _facets, _simplex
from ssbsim.geometry._check import CELL_DIMENSION
from ssbsim.geometry._facets import FacetTable, build_facet_table
from ssbsim.geometry.coordinates import PLANAR, Coordinates, Units


@dataclass(frozen=True)
class Grain:
    """A crystal: a named part of the mesh, made of one phase.

    Attributes:
        name: Name of its own.
        phase: Name of its phase.
        orientation: Unit quaternion (w, x, y, z) that turns the axes of the crystal into those of the mesh, or nothing.
    """

    name: str
    phase: str
    orientation: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, eq=False)
class MeshData:
    """A simplex mesh with named grains and boundaries.

    The arrays are converted to the stated types and made read-only. Nothing is checked until `validate`.

    Attributes:
        points: Coordinates in metres, shape (n, d) with d the dimension of the cells.
        cell_type: "interval", "triangle" or "tetrahedron".
        cells: Vertices of every cell, shape (m, d + 1), positively oriented.
        cell_grain: Index into `grains` of every cell, shape (m,).
        grains: The grains; their names are unique.
        boundary_facets: Vertices of the named outer facets, shape (k, d).
        facet_boundary: Index into `boundaries` of every boundary facet, shape (k,).
        boundaries: The names of the boundaries. Outer facets without a name let nothing through.
        notes: Sentences about what was changed or left out while the mesh was made; not part of its identity.
        coordinates: What body the mesh stands for.
    """

    points: NDArray[np.float64]
    cell_type: str
    cells: NDArray[np.int64]
    cell_grain: NDArray[np.int32]
    grains: tuple[Grain, ...]
    boundary_facets: NDArray[np.int64]
    facet_boundary: NDArray[np.int32]
    boundaries: tuple[str, ...]
    notes: tuple[str, ...] = field(default=())
    coordinates: Coordinates = PLANAR

    def __post_init__(self) -> None:
        """Convert the arrays and make them read-only."""
        for name, dtype in (
            ("points", np.float64),
            ("cells", np.int64),
            ("cell_grain", np.int32),
            ("boundary_facets", np.int64),
            ("facet_boundary", np.int32),
        ):
            object.__setattr__(self, name, _read_only(getattr(self, name), dtype))
        for name in ("grains", "boundaries", "notes"):
            object.__setattr__(self, name, tuple(getattr(self, name)))

    @property
    def dimension(self) -> int:
        """Dimension of the cells and of the points: 1, 2 or 3."""
        return CELL_DIMENSION[self.cell_type]

    @property
    def volume_dimension(self) -> int:
        """Power of the metre in the measure of a grain: that of the body for which the mesh stands."""
        return self.coordinates.volume_dimension(self.dimension)

    @property
    def units(self) -> Units:
        """Units of the measures of grains and boundaries."""
        return self.coordinates.units(self.dimension)

    @property
    def phases(self) -> tuple[str, ...]:
        """Names of the phases present, each once, in the order of the grains."""
        return tuple(dict.fromkeys(grain.phase for grain in self.grains))

    @property
    def cell_phase(self) -> NDArray[np.int32]:
        """Index into `phases` of every cell, shape (m,)."""
        of_grain = np.array([self.phases.index(grain.phase) for grain in self.grains], dtype=np.int32)
        return of_grain[self.cell_grain]

    def interface_facets(self) -> dict[tuple[int, int], NDArray[np.int64]]:
        """Facets between cells of different grains.

        Returns:
            For each pair of touching grains (a, b), a < b as indices into `grains`, the sorted vertices of the shared
            facets, shape (n_facets, d). Pairs are in increasing order; grains that do not touch have no entry.
        """
        table = self._facet_table
        code = table.interface_grains[:, 0] * len(self.grains) + table.interface_grains[:, 1]
        order = np.argsort(code, kind="stable")
        codes, starts = np.unique(code[order], return_index=True)
        groups = np.split(table.interface[order], starts[1:])
        return {divmod(int(c), len(self.grains)): group for c, group in zip(codes, groups, strict=False)}

    def exterior_facets(self) -> NDArray[np.int64]:
        """Sorted vertices of every facet that belongs to one cell only, shape (k, d)."""
        return self._facet_table.exterior

    def crowded_facets(self) -> NDArray[np.int64]:
        """Sorted vertices of facets that more than two cells claim, shape (k, d); empty in a valid mesh."""
        return self._facet_table.crowded

    def folded_facets(self) -> NDArray[np.int64]:
        """Sorted vertices of facets whose two cells lie on the same side, shape (k, d); empty in a valid mesh."""
        return self._facet_table.folded

    def buried_facets(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Outer facets that lie inside another cell or all but touch one; none in a valid mesh.

        Returns:
            Their vertices, shape (k, d), their cells and the other cells, shape (k,).
        """
        table = self._facet_table
        buried, other = _coherence.buried_facets(self.points, self.cells, table.exterior, table.exterior_cell)
        return table.exterior[buried], table.exterior_cell[buried], other[buried]

    def describe_place(self, cell: int) -> str:
        """Grain and centre of a cell, for a message."""
        return _check.describe_place(self, cell)

    def cells_at(self, facets: NDArray[np.int64]) -> NDArray[np.int64]:
        """Pairs of a facet and a cell that has it, shape (k, 2): index into these facets, index of the cell."""
        return _facets.cells_of_facets(self.cells, facets, len(self.points))

    def parts(self) -> NDArray[np.int64]:
        """Number of the part that each cell belongs to, of whatever grains: cells that facets join, shape (m,)."""
        return _facets.connected_pieces(self.cells, np.zeros(len(self.cells), np.int32), len(self.points))

    def split_grains(self) -> tuple[str, ...]:
        """Names of the grains whose pieces meet one another in points or edges only."""
        pieces = _facets.connected_pieces(self.cells, self.cell_grain, len(self.points))
        if len(np.unique(pieces)) == len(np.unique(self.cell_grain)):
            return ()
        corners = self.cells.shape[1]
        visits = np.unique(
            np.column_stack([self.cells.reshape(-1), np.repeat(self.cell_grain, corners), np.repeat(pieces, corners)]),
            axis=0,
        )
        again = (visits[1:, :2] == visits[:-1, :2]).all(axis=1)
        return tuple(self.grains[g].name for g in np.unique(visits[1:][again, 1]))

    def cell_measures(self) -> NDArray[np.float64]:
        """Signed length (m), area (m^2) or volume (m^3) of every cell, shape (m,); negative where inverted."""
        return _simplex.signed_measures(self.points, self.cells)

    def cell_volumes(self) -> NDArray[np.float64]:
        """Volume of every cell in the body for which the mesh stands, shape (m,)."""
        return self.cell_measures() * self.coordinates.means(self.points[self.cells, 0])

    def cell_sizes(self) -> NDArray[np.float64]:
        """Smallest height (m) of every cell, shape (m,): what must be compared with the Debye length."""
        return _simplex.smallest_heights(self.points, self.cells)

    def cell_qualities(self) -> NDArray[np.float64]:
        """Scaled Jacobian of every cell, shape (m,): 1 for a regular simplex, towards 0 for a thin one."""
        return _simplex.scaled_jacobians(self.points, self.cells)

    def cell_counts(self) -> dict[str, int]:
        """Number of cells of every grain, by name."""
        counts = np.bincount(self.cell_grain, minlength=len(self.grains))
        return {grain.name: int(count) for grain, count in zip(self.grains, counts, strict=True)}

    def grain_measures(self) -> dict[str, float]:
        """Volume of every grain in the body for which the mesh stands, by name; `units.volume` is its unit."""
        sums = np.bincount(self.cell_grain, weights=self.cell_volumes(), minlength=len(self.grains))
        return {grain.name: float(value) for grain, value in zip(self.grains, sums, strict=True)}

    def interface_measures(self) -> dict[tuple[int, int], float]:
        """Area of every pair of touching grains, keyed like `interface_facets`; `units.area` is its unit."""
        return {pair: float(self.facet_measures(facets).sum()) for pair, facets in self.interface_facets().items()}

    def boundary_measures(self) -> dict[str, float]:
        """Area of every named boundary; `units.area` is its unit."""
        measures = self.facet_measures(self.boundary_facets)
        sums = np.bincount(self.facet_boundary, weights=measures, minlength=len(self.boundaries))
        return {name: float(value) for name, value in zip(self.boundaries, sums, strict=True)}

    def facet_measures(self, facets: NDArray[np.int64]) -> NDArray[np.float64]:
        """Area of facets given by their vertices, shape (k,), in the body for which the mesh stands."""
        return _simplex.facet_measures(self.points, facets) * self.coordinates.means(self.points[facets, 0])

    def content_hash(self) -> str:
        """SHA-256 over all arrays and names, as 64 hexadecimal digits; notes do not count.

        The same on every machine. Numbering counts: the same body with its cells in another order hashes differently.
        """
        digest = hashlib.sha256(b"ssbsim mesh 1\0")
        words = [self.cell_type, *(_identity(grain) for grain in self.grains), "\0", *self.boundaries]
        words += [] if self.coordinates.is_planar else ["\0", self.coordinates.name]
        for word in words:
            raw = word.encode()
            digest.update(len(raw).to_bytes(8, "little") + raw)
        # Adding 0.0 turns -0.0 into 0.0: equal points, equal hash.
        arrays = (self.points + 0.0, self.cells, self.cell_grain, self.boundary_facets, self.facet_boundary)
        for array in arrays:
            little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
            digest.update(f"{little.dtype.str}{little.shape}".encode())
            digest.update(little.data)
        return digest.hexdigest()

    def validate(self) -> None:
        """Check shapes, names, indices, orientation, facets and boundaries.

        Raises:
            MeshError: at the first thing that is wrong, with the grain, boundary or place it is at.
        """
        _check.check_mesh(self)
        self.coordinates.check(self.points)

    @cached_property
    def _facet_table(self) -> FacetTable:
        return build_facet_table(self.cells, self.cell_grain, len(self.points))


def _identity(grain: Grain) -> str:
    turned = "" if grain.orientation is None else "\0" + " ".join(map(repr, grain.orientation))
    return f"{grain.name}\0{grain.phase}{turned}"


def _read_only(array: Any, dtype: type) -> NDArray[Any]:
    view: NDArray[Any] = np.ascontiguousarray(array, dtype=dtype).view()
    view.flags.writeable = False
    return view


def piece_letters(rank: int) -> str:
    """What is added to the name of a grain for a piece of it that does not hang together with the largest one.

    Nothing for the largest piece, rank 0; letters b, c, .. z, ba, bb, .. for the ranks 1, 2, ..
    """
    return _letters(rank) if rank else ""


def _letters(rank: int) -> str:
    higher, rest = divmod(rank, len(ascii_lowercase))
    return (_letters(higher) if higher else "") + ascii_lowercase[rest]


__all__ = ["CELL_DIMENSION", "Grain", "MeshData", "piece_letters"]
