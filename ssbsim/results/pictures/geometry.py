"""A mesh before anything is solved on it: grains, interfaces and cells, whole and around the smallest cell.

Phases have the tints of all pictures; the grains of a phase differ in shade. In 3D the body is drawn without the corner
nearest to the eye, and cut at the smallest cell.
"""

from __future__ import annotations

import colorsys
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ssbsim.geometry import MeshData
from ssbsim.results.pictures.mesh import frame_box
from ssbsim.results.pictures.style import TINTS, WIDTH, new_figure, phase_patches, scaled_unit, style

_MOST_EDGES = 60_000  # cells above which edges would blacken the picture
_EDGE = (0.38, 0.38, 0.38)
_WIDEST = 0.25  # half of a close-up, as a share of the whole, above which it shows nothing new
_GOLDEN = 0.618033988749895  # multiples of it, modulo 1, spread evenly however many there are

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]


def draw_geometry(mesh: MeshData) -> Any:
    """A figure of a mesh."""
    with style():
        figure = (_intervals, _triangles, _tetrahedra)[mesh.dimension - 1](mesh)
        if patches := phase_patches(mesh.phases):
            figure.legend(handles=patches, loc="outside upper center", ncols=4, frameon=False)
    return figure


def grain_colours(mesh: MeshData) -> Float:
    """Colour of every grain, shape (grains, 3): the tint of its phase, in a shade of its own if there are several."""
    from matplotlib.colors import to_rgb

    # One phase has all hues to itself; several must stay apart.
    swing = 0.12 if len(mesh.phases) == 1 else 0.04
    number: dict[str, int] = {}
    colours = []
    for grain in mesh.grains:
        count = number[grain.phase] = number.get(grain.phase, -1) + 1
        hue, light, saturation = colorsys.rgb_to_hls(*to_rgb(TINTS[mesh.phases.index(grain.phase) % len(TINTS)]))
        turn = (count * _GOLDEN) % 1.0
        colours.append(
            colorsys.hls_to_rgb((hue + swing * (turn - 0.5) * (count > 0)) % 1.0, light - 0.22 * turn, saturation)
        )
    return np.array(colours)


def smallest_place(mesh: MeshData) -> tuple[Float, float]:
    """Centre of a cell that is among the smallest, and half of the extent worth seeing around it (m).

    Of those half as large again as the smallest: one whose corners belong to the most grains, nearest to the middle.
    """
    sizes = mesh.cell_sizes()
    candidates = np.flatnonzero(sizes <= 1.5 * sizes.min())
    visits = np.column_stack([mesh.cells.reshape(-1), np.repeat(mesh.cell_grain, mesh.cells.shape[1])])
    grains_at = np.bincount(np.unique(visits, axis=0)[:, 0], minlength=len(mesh.points))
    grains = grains_at[mesh.cells[candidates]].max(axis=1)
    candidates = candidates[grains == grains.max()]
    centres = mesh.points[mesh.cells[candidates]].mean(axis=1)
    middle = (mesh.points.min(axis=0) + mesh.points.max(axis=0)) / 2
    chosen = int(np.argmin(np.linalg.norm(centres - middle, axis=1)))
    corners = mesh.points[mesh.cells[candidates[chosen]]]
    longest = max(float(np.linalg.norm(a - b)) for a in corners for b in corners)
    return np.asarray(centres[chosen]), max(longest, 12.0 * float(sizes[candidates[chosen]]))


def _intervals(mesh: MeshData) -> Any:
    ends = np.sort(mesh.points[mesh.cells][:, :, 0], axis=1)
    middle, size = ends.mean(axis=1), np.diff(ends, axis=1)[:, 0]
    factor, unit = scaled_unit(float(ends.max()), "m")
    scale, size_unit = scaled_unit(float(np.median(size)), "m")
    figure = new_figure(2.6)
    axes = figure.subplots()
    for grain, colour in enumerate(grain_colours(mesh)):
        of_grain = ends[mesh.cell_grain == grain] * factor
        axes.axvspan(of_grain.min(), of_grain.max(), facecolor=colour, edgecolor="black", linewidth=0.3)
    axes.plot(middle * factor, size * scale, ".", color="black", markersize=3)
    axes.set_xlim(ends.min() * factor, ends.max() * factor)
    axes.set_xlabel(f"x ({unit})")
    axes.set_ylabel(f"cell size ({size_unit})")
    if size.max() > 5 * size.min():
        axes.set_yscale("log")
    return figure


def _triangles(mesh: MeshData) -> Any:
    extent = np.ptp(mesh.points, axis=0)
    slenderness = float(extent[1] / extent[0])
    facets = np.vstack([*mesh.interface_facets().values(), np.empty((0, 2), dtype=np.int64)])
    plane = _Plane(mesh.points[mesh.cells], mesh.cell_sizes(), mesh.cell_grain, mesh.points[facets])
    centre, half = smallest_place(mesh)
    if half > _WIDEST * extent.max():
        figure = new_figure(float(np.clip(WIDTH * slenderness, 1.0, 4.0)) + 0.7)
        _draw_plane(figure.subplots(), plane, mesh, width=min(WIDTH, 4.0 / slenderness))
        return figure
    is_wide = slenderness < 0.5
    height = float(np.clip(WIDTH * slenderness, 1.0, 3.2))
    figure = new_figure(height + 3.9 if is_wide else 3.9)
    panels = figure.subplots(*((2, 1) if is_wide else (1, 2)), height_ratios=[height, 3.3] if is_wide else None)
    _draw_plane(panels[0], plane, mesh, width=WIDTH if is_wide else WIDTH / 2)
    _draw_plane(panels[1], plane, mesh, (centre, half), width=WIDTH / 2)
    return figure


def _tetrahedra(mesh: MeshData) -> Any:
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection

    factor, unit = scaled_unit(float(np.ptp(mesh.points, axis=0).max()), "m")
    figure = new_figure(4.2)
    # The labels of z stand outside what the layout knows of: they need a column of their own.
    columns = figure.add_gridspec(1, 3, width_ratios=[1.0, 0.2, 0.9])
    axes = figure.add_subplot(columns[0], projection="3d")
    faces, grain = _clipped_surface(mesh)
    axes.add_collection3d(
        Poly3DCollection(
            mesh.points[faces] * factor,
            facecolors=grain_colours(mesh)[grain],
            edgecolors=_EDGE if len(faces) <= _MOST_EDGES else "face",
            linewidths=0.12,
            rasterized=True,
        )
    )
    frame_box(axes, mesh.points * factor, unit)
    centre, half = smallest_place(mesh)
    pieces, owners = cut_simplices(mesh.points, mesh.cells, float(centre[2]))
    facets = np.vstack([*mesh.interface_facets().values(), np.empty((0, 3), dtype=np.int64)])
    lines, _ = cut_simplices(mesh.points, facets, float(centre[2]))
    plane = _Plane(pieces, mesh.cell_sizes()[owners], mesh.cell_grain[owners], lines)
    section = figure.add_subplot(columns[2])
    _draw_plane(section, plane, mesh, (centre, half), width=WIDTH / 2)
    section.yaxis.set_label_position("right")
    section.yaxis.tick_right()
    return figure


class _Plane(NamedTuple):
    """What is to be seen in a plane: corners (m) of polygons, their size (m) and grain, and ends of interfaces."""

    polygons: Float
    sizes: Float
    grain: npt.NDArray[np.int32]
    lines: Float


def _draw_plane(
    axes: Any, plane: _Plane, mesh: MeshData, around: tuple[Float, float] | None = None, *, width: float
) -> None:
    """Polygons with lines along interfaces, all of them or those around a place; the panel is so many inches wide."""
    from matplotlib.collections import LineCollection, PolyCollection

    low, high = mesh.points.min(axis=0)[:2], mesh.points.max(axis=0)[:2]
    origin: Float = np.zeros(2)
    if around is not None:
        # Inside the body as far as it reaches, so that a cell at a wall does not leave half of the picture empty.
        origin, half = around[0][:2], min(around[1], 0.5 * float((high - low).max()))
        least = np.minimum(low + half, (low + high) / 2)
        middle = np.clip(origin, least, np.maximum(high - half, (low + high) / 2))
        low, high = np.maximum(low, middle - half), np.minimum(high, middle + half)
    is_near = (plane.polygons.max(axis=1) >= low).all(axis=1) & (plane.polygons.min(axis=1) <= high).all(axis=1)
    factor, unit = scaled_unit(float((high - low).max()), "m")
    colours = grain_colours(mesh)[plane.grain[is_near]]
    # Edges closer than a dot of the printer would hide the colours.
    can_be_seen = plane.sizes[is_near] * width / float((high - low).max()) > 0.008
    axes.add_collection(
        PolyCollection(
            (plane.polygons[is_near] - origin) * factor,
            facecolors=colours,
            edgecolors=np.where(can_be_seen[:, None], _EDGE, colours),
            linewidths=0.15,
            rasterized=True,
        )
    )
    axes.add_collection(LineCollection(list((plane.lines - origin) * factor), colors="black", linewidths=0.6))
    for axis, name in enumerate("xy"):
        getattr(axes, f"set_{name}lim")(*((np.array([low[axis], high[axis]]) - origin[axis]) * factor))
        getattr(axes, f"set_{name}label")(f"{name} ({unit})")
    axes.set_aspect("equal")
    if around is not None:
        whole, whole_unit = scaled_unit(float(np.ptp(mesh.points, axis=0).max()), "m")
        place = ", ".join(f"{value * whole:.4g}" for value in around[0])
        axes.annotate(
            ("section, " if mesh.dimension == 3 else "") + f"from ({place}) {whole_unit}, where cells are smallest",
            (0.5, 1.0),
            xytext=(0, 3),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="center",
            fontsize=7,
        )


def _clipped_surface(mesh: MeshData) -> tuple[Int, npt.NDArray[np.int32]]:
    """Outer faces of the body without the octant nearest to the eye, and their grains."""
    middle = (mesh.points.min(axis=0) + mesh.points.max(axis=0)) / 2
    centres = mesh.points[mesh.cells].mean(axis=1) - middle
    is_shown = ~((centres[:, 0] > 0) & (centres[:, 1] < 0) & (centres[:, 2] > 0))
    rest = replace(mesh, cells=mesh.cells[is_shown], cell_grain=mesh.cell_grain[is_shown])
    faces = rest.exterior_facets()
    which, cells = rest.cells_at(faces).T
    return faces[which], rest.cell_grain[cells]


# Cut edges of a simplex whose first vertices are above the plane, in an order in which neighbours share a face; by the
# number of vertices and of those above. Triangles are given a corner twice.
_CUTS = {
    (4, 1): ((0, 1), (0, 2), (0, 3), (0, 3)),
    (4, 2): ((0, 2), (0, 3), (1, 3), (1, 2)),
    (4, 3): ((0, 3), (1, 3), (2, 3), (2, 3)),
    (3, 1): ((0, 1), (0, 2)),
    (3, 2): ((0, 2), (1, 2)),
}


def cut_simplices(points: Float, simplices: Int, z: float) -> tuple[Float, Int]:
    """Where a plane of constant z cuts tetrahedra (into polygons) or triangles (into segments).

    Returns:
        x and y (m) of the corners of every piece, in order around it, shape (k, 4 or 2, 2), and the index of its
        simplex, shape (k,). A simplex that the plane only touches gives none.
    """
    is_above = points[:, 2] > z
    above = is_above[simplices]
    ordered = np.take_along_axis(simplices, np.argsort(~above, axis=1, kind="stable"), axis=1)
    count, vertices = above.sum(axis=1), simplices.shape[1]
    pieces, owners = [], []
    for n in range(1, vertices):
        hit = np.flatnonzero(count == n)
        edges = ordered[hit][:, np.array(_CUTS[vertices, n])]
        start, end = points[edges[:, :, 0]], points[edges[:, :, 1]]
        share = (z - start[..., 2:]) / (end[..., 2:] - start[..., 2:])
        pieces.append((start + share * (end - start))[..., :2])
        owners.append(hit)
    return np.concatenate(pieces), np.concatenate(owners)
