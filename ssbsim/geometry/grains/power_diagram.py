"""Power diagrams (Laguerre tessellations) in a box, and the weights that give their cells chosen measures.

The cell of seed s_i with weight w_i is where |x - s_i|^2 - w_i is smallest. With all weights equal it is the Voronoi
cell. The diagram is dual to the lower convex hull of the points (s_i, |s_i|^2 - w_i); F. Aurenhammer,
doi:10.1137/0216006. Walls come exact from mirror images of the seeds, which share a wall as their common face; periodic
boxes from shifted images. Images beyond a margin are left out, and a vertex is trusted only where none of them could be
nearer than the seeds it has.

Cells of given measures m_i are those of a semi-discrete optimal transport: the weights solve V_i(w) = m_i with

    dV_i/dw_j = -A_ij / (2 |s_i - s_j|),    dV_i/dw_i = sum_j A_ij / (2 |s_i - s_j|)

where A_ij is the measure of the common face. Newton's method, damped so that no cell gets empty, converges from equal
weights (J. Kitagawa, Q. Merigot, B. Thibert, arXiv:1603.05579). Moving the seeds to the centroids in between makes
the cells rounder (D. P. Bourne et al., doi:10.1080/14786435.2020.1790053).

Lengths are in a unit in which cells have a size about 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import spsolve
from scipy.spatial import ConvexHull

from ssbsim.errors import MeshError
from ssbsim.geometry.arrays import Float, Int


@dataclass(frozen=True, eq=False)
class Images:
    """Copies of the seeds around the box.

    Attributes:
        sites: Coordinates of the seeds, then of the copies, shape (m, d).
        owner: Seed that each site is a copy of, shape (m,).
        wall: Wall that it is mirrored at (0, 1: both ends of x, 2, 3: of y, ...); -1 for seeds and shifted copies.
    """

    sites: Float
    owner: Int
    wall: Int


@dataclass(frozen=True, eq=False)
class PowerFaces:
    """Common faces of the cells of a power diagram.

    Attributes:
        points: The vertices, shape (p, d); one place may have several.
        pairs: Sites (i, j), i < j, of every face, shape (k, 2).
        start: Face f has the vertices `ring[start[f] : start[f + 1]]`, shape (k + 1,).
        ring: Indices into `points`, in order around the face, its normal pointing into the cell of i.
        measure: Length or area, shape (k,).
        centroid: Shape (k, d).
        power: |x - s|^2 - w of every vertex, shape (p,).
    """

    points: Float
    pairs: Int
    start: Int
    ring: Int
    measure: Float
    centroid: Float
    power: Float


@dataclass(frozen=True, eq=False)
class PowerDiagram:
    """Cells of seeds in a box.

    Attributes:
        seeds: Shape (n, d).
        weights: Shape (n,).
        box: Extents, shape (d,).
        periodic: Whether cells continue at the opposite wall; then they reach beyond the box.
        images: The sites that the faces count.
        faces: Every face of a cell of a seed (i < n).
    """

    seeds: Float
    weights: Float
    box: Float
    periodic: bool
    images: Images
    faces: PowerFaces

    def measures_and_centroids(self) -> tuple[Float, Float]:
        """Area or volume, shape (n,), and centroid, shape (n, d), of every cell."""
        count, d = self.seeds.shape
        measures, moments = np.zeros(count), np.zeros((count, d))
        weights = self.weights[self.images.owner]
        for one, other in ((0, 1), (1, 0)):
            i, j = self.faces.pairs[:, one], self.faces.pairs[:, other]
            is_cell = i < count
            i, j, middle = i[is_cell], j[is_cell], self.faces.centroid[is_cell]
            gap = self.images.sites[j] - self.images.sites[i]
            square = np.sum(gap**2, axis=1)
            height = (square + weights[i] - weights[j]) / (2.0 * np.sqrt(square))
            pyramid = self.faces.measure[is_cell] * height / d
            np.add.at(measures, i, pyramid)
            np.add.at(moments, i, pyramid[:, None] * (middle - self.seeds[i]) * (d / (d + 1.0)))
        filled = np.where(measures > 0.0, measures, 1.0)
        return measures, self.seeds + moments / filled[:, None]

    def planes(self) -> tuple[Int, Float, Float]:
        """Cell, outward unit normal n and n . x of every plane that bounds a cell, shapes (k,), (k, d) and (k,)."""
        pairs = np.concatenate([self.faces.pairs, self.faces.pairs[:, ::-1]])
        i, j = pairs[pairs[:, 0] < len(self.seeds)].T
        sites, weights = self.images.sites, self.weights[self.images.owner]
        gap = sites[j] - sites[i]
        length = np.linalg.norm(gap, axis=1)
        middle = 0.5 * (sites[i] + sites[j])
        offset = (np.sum(middle * gap, axis=1) + 0.5 * (weights[i] - weights[j])) / length
        return i, gap / length[:, None], offset


def power_diagram(seeds: Float, weights: Float, box: Float, *, periodic: bool = False) -> PowerDiagram:
    """The cells of seeds that lie in a box with a corner at the origin."""
    count, d = seeds.shape
    margin = 2.5 * float(np.prod(box) / count) ** (1.0 / d)
    while True:
        images = make_images(seeds, box, margin, periodic=periodic)
        faces = power_faces(images.sites, weights[images.owner], count)
        clear = margin + np.minimum(faces.points, box - faces.points).min(axis=1)
        nearest = np.where(clear > 0.0, clear**2, 0.0) - weights.max()
        is_complete = margin >= box.max() and not periodic
        if is_complete or (len(faces.power) and bool(np.all(nearest >= faces.power))):
            return PowerDiagram(seeds, weights, box, periodic, images, faces)
        margin *= 1.5


def make_images(seeds: Float, box: Float, margin: float, *, periodic: bool) -> Images:
    """The seeds, and their copies that lie within `margin` of the box."""
    count, d = seeds.shape
    sites: list[Float] = [seeds]
    owners: list[Int] = [np.arange(count)]
    walls: list[Int] = [np.full(count, -1)]

    def add(moved: Float, wall: int) -> None:
        near = np.flatnonzero(np.all((moved >= -margin) & (moved <= box + margin), axis=1))
        sites.append(moved[near])
        owners.append(near)
        walls.append(np.full(len(near), wall))

    if periodic:
        reach = np.ceil(margin / box).astype(int)
        for shift in product(*(range(-r, r + 1) for r in reach)):
            if any(shift):
                add(seeds + np.array(shift) * box, -1)
    else:
        for axis, side in product(range(d), (0, 1)):
            mirrored = seeds.copy()
            mirrored[:, axis] = 2.0 * side * box[axis] - mirrored[:, axis]
            add(mirrored, 2 * axis + side)
    return Images(np.concatenate(sites), np.concatenate(owners), np.concatenate(walls))


def power_faces(sites: Float, weights: Float, count: int) -> PowerFaces:
    """Faces of the cells of the first `count` sites; these must be surrounded by the others."""
    d = sites.shape[1]
    lifted = np.column_stack([sites, np.sum(sites**2, axis=1) - weights])
    hull = ConvexHull(lifted)
    lower = (hull.equations[:, d] < -1e-12) & (hull.simplices.min(axis=1) < count)
    simplices, planes = np.sort(hull.simplices[lower], axis=1), hull.equations[lower]
    # Tangent plane z = 2 c . x - (|c|^2 - power): c is the vertex of the diagram.
    points = -planes[:, :d] / (2.0 * planes[:, d : d + 1])
    first = simplices[:, 0]
    power = np.sum((points - sites[first]) ** 2, axis=1) - weights[first]
    chosen = [simplices[:, list(two)] for two in combinations(range(d + 1), 2)]
    rows = np.concatenate(chosen)
    corner = np.tile(np.arange(len(simplices)), len(chosen))
    real = rows[:, 0] < count
    rows, corner = rows[real], corner[real]
    pairs, face = np.unique(rows, axis=0, return_inverse=True)
    face = face.reshape(-1)
    return _measure_faces(points, power, sites, pairs, face, corner)


def _measure_faces(points: Float, power: Float, sites: Float, pairs: Int, face: Int, corner: Int) -> PowerFaces:
    d = points.shape[1]
    normal = sites[pairs[:, 0]] - sites[pairs[:, 1]]
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    sizes = np.bincount(face, minlength=len(pairs))
    middle = np.zeros((len(pairs), d))
    np.add.at(middle, face, points[corner])
    middle /= sizes[:, None]
    away = points[corner] - middle[face]
    if d == 2:
        along = normal[face][:, 1] * away[:, 0] - normal[face][:, 0] * away[:, 1]
        order = np.lexsort((corner, along, face))
    else:
        least = np.eye(3)[np.argmin(np.abs(normal), axis=1)]
        first = np.cross(normal, least)
        first /= np.linalg.norm(first, axis=1)[:, None]
        second = np.cross(normal, first)
        angle = np.arctan2(np.sum(away * second[face], axis=1), np.sum(away * first[face], axis=1))
        order = np.lexsort((corner, angle, face))
    ring = corner[order]
    start = np.concatenate([[0], np.cumsum(sizes)])
    if d == 2:
        a, b = ring[start[:-1]], ring[start[1:] - 1]
        ring = np.column_stack([a, b]).reshape(-1)
        start = 2 * np.arange(len(pairs) + 1)
        measure = np.linalg.norm(points[b] - points[a], axis=1)
        return PowerFaces(points, pairs, start, ring, measure, (points[a] + points[b]) / 2.0, power)
    following = np.arange(1, len(ring) + 1)
    following[start[1:] - 1] = start[:-1]
    of = face[order]
    a, b = points[ring] - middle[of], points[ring[following]] - middle[of]
    area = 0.5 * np.sum(np.cross(a, b) * normal[of], axis=1)
    measure, moment = np.zeros(len(pairs)), np.zeros((len(pairs), 3))
    np.add.at(measure, of, area)
    np.add.at(moment, of, area[:, None] * (a + b) / 3.0)
    safe = np.where(measure > 1e-14, measure, np.inf)
    return PowerFaces(points, pairs, start, ring, measure, middle + moment / safe[:, None], power)


def fit_measures(
    seeds: Float,
    targets: Float,
    box: Float,
    *,
    periodic: bool = False,
    weights: Float | None = None,
    tolerance: float = 1e-6,
) -> PowerDiagram:
    """Find the weights with which the cells have given measures.

    Args:
        seeds: Shape (n, d).
        targets: Measures, shape (n,), that add up to that of the box.
        box: Extents, shape (d,).
        periodic: Whether cells continue at the opposite wall.
        weights: Where to start, if the cells are not empty there.
        tolerance: Largest relative deviation from a target.

    Raises:
        MeshError: if the measures are not reached.
    """
    equal = np.zeros(len(seeds))
    diagram = power_diagram(seeds, equal if weights is None else weights, box, periodic=periodic)
    found = diagram.measures_and_centroids()[0]
    if weights is not None and found.min() < 0.1 * targets.min():
        diagram = power_diagram(seeds, equal, box, periodic=periodic)
        found = diagram.measures_and_centroids()[0]
    floor = 0.5 * min(found.min(), targets.min())
    for _ in range(100):
        missing = targets - found
        if bool(np.all(np.abs(missing) <= tolerance * targets)):
            return diagram
        step, damping = _newton_step(diagram, missing), 1.0
        while damping > 1e-6:
            tried = power_diagram(seeds, diagram.weights + damping * step, box, periodic=periodic)
            reached = tried.measures_and_centroids()[0]
            shrunk = np.linalg.norm(targets - reached) <= (1.0 - 0.5 * damping) * np.linalg.norm(missing)
            if reached.min() >= floor and shrunk:
                break
            damping /= 2.0
        else:
            break
        diagram, found = tried, reached
    raise MeshError(
        f"No tessellation with these grain sizes was found (off by {np.max(np.abs(targets / found - 1.0)):.1%}).",
        where="geometry.spread",
        hint="use a smaller spread, another seed, or more grains",
    )


def _newton_step(diagram: PowerDiagram, missing: Float) -> Float:
    count = len(diagram.seeds)
    i, site = diagram.faces.pairs.T
    j = diagram.images.owner[site]
    # A face with an image is met once from either side when both are faces of cells of seeds: half of it each time.
    share = np.where(site < count, 1.0, 0.5 if diagram.periodic else 0.0)
    distance = np.linalg.norm(diagram.images.sites[site] - diagram.seeds[i], axis=1)
    slope = share * diagram.faces.measure / (2.0 * distance)
    slope[i == j] = 0.0
    rows = np.concatenate([i, j, i, j])
    columns = np.concatenate([j, i, i, j])
    values = np.concatenate([-slope, -slope, slope, slope])
    matrix = coo_matrix((values, (rows, columns)), shape=(count, count)).tocsc()
    # Weights count up to a constant: the first stays.
    step = np.zeros(count)
    if count > 1:
        step[1:] = spsolve(matrix[1:, 1:], missing[1:])
    return np.asarray(step - step.mean())


def relax(seeds: Float, targets: Float | None, box: Float, *, steps: int, periodic: bool = False) -> PowerDiagram:
    """Cells of given measures (or Voronoi cells) after moving every seed to its centroid a number of times."""
    diagram: PowerDiagram | None = None
    for step in range(steps + 1):
        if targets is None:
            diagram = power_diagram(seeds, np.zeros(len(seeds)), box, periodic=periodic)
        else:
            start = None if diagram is None else diagram.weights
            close = 1e-6 if step == steps else 1e-2
            diagram = fit_measures(seeds, targets, box, periodic=periodic, weights=start, tolerance=close)
        if step < steps:
            seeds = diagram.measures_and_centroids()[1]
            seeds = np.mod(seeds, box) if periodic else seeds
    if diagram is None:
        raise MeshError(
            "The number of relaxation steps is negative.", where="geometry.relaxation", hint="use 0 or more"
        )
    return diagram
