"""Brick-layer model: grains of size d with boundaries of width w in series.

    D_eff = (d + w)/(d/D_b + w/D_gb)         (and the same for the conductivity)
    P = D_gb/w                               permeability of one boundary, m/s: what a tracer experiment fixes
    w/D_gb : d/D_b                           step at a boundary over the drop in a grain
    d^2/D_b,  d/P                            time to fill a grain by diffusion, and through its boundary

A measured boundary conductivity "of the brick layer" (thickness over area and boundary resistance of the whole
sample) is larger than the local one by d/w. Tracer and conductivity differ by a Haven ratio, in grain and boundary
each its own: never mix them.

Lengths in m, diffusivities in m2/s, conductivities in S/m, times in s.

Sources: J. Fleig, J. Maier, J. Eur. Ceram. Soc. 19 (1999) 693 (validity and limits of the model); use on a lithium
lanthanum titanate tracer experiment: Hasegawa et al., J. Mater. Chem. A 12 (2024) 731, doi 10.1039/d3ta05012b.
"""

from __future__ import annotations

from numpy.typing import ArrayLike

from ssbsim.analysis.exact._common import FloatArray, floats, require_positive


def brick_layer_series(
    bulk: ArrayLike, boundary: ArrayLike, *, grain_size: ArrayLike, boundary_width: ArrayLike
) -> FloatArray:
    """Effective diffusivity (or conductivity) through grains and boundaries in series, ``(d + w)/(d/D_b + w/D_gb)``.

    Args:
        bulk: D_b (m2/s) or conductivity (S/m) of the grain.
        boundary: The same of the boundary, local.
        grain_size: d, m.
        boundary_width: w, m.
    """
    require_positive(bulk=bulk, boundary=boundary, grain_size=grain_size, boundary_width=boundary_width)
    grain, width = floats(grain_size), floats(boundary_width)
    return (grain + width) / (grain / floats(bulk) + width / floats(boundary))


def boundary_permeability(boundary_diffusivity: ArrayLike, boundary_width: ArrayLike) -> FloatArray:
    """Permeability ``P = D_gb/w`` (m/s): flux through a boundary per difference of concentration."""
    require_positive(boundary_diffusivity=boundary_diffusivity, boundary_width=boundary_width)
    return floats(boundary_diffusivity) / floats(boundary_width)


def boundary_step_ratio(
    bulk: ArrayLike, boundary: ArrayLike, *, grain_size: ArrayLike, boundary_width: ArrayLike
) -> FloatArray:
    """Step at one boundary over the drop in one grain at steady flux (1), ``(w/D_gb)/(d/D_b)``."""
    require_positive(bulk=bulk, boundary=boundary, grain_size=grain_size, boundary_width=boundary_width)
    return floats(boundary_width) / floats(boundary) * floats(bulk) / floats(grain_size)


def grain_filling_time(bulk_diffusivity: ArrayLike, grain_size: ArrayLike) -> FloatArray:
    """Time (s) to fill a grain by diffusion inside it, ``d^2/D_b``."""
    require_positive(bulk_diffusivity=bulk_diffusivity, grain_size=grain_size)
    return floats(grain_size) ** 2 / floats(bulk_diffusivity)


def boundary_waiting_time(permeability: ArrayLike, grain_size: ArrayLike) -> FloatArray:
    """Time (s) a grain waits behind its boundary, ``d/P``; above `grain_filling_time` profiles are staircases."""
    require_positive(permeability=permeability, grain_size=grain_size)
    return floats(grain_size) / floats(permeability)


def local_boundary_conductivity(
    brick_layer_conductivity: ArrayLike, *, grain_size: ArrayLike, boundary_width: ArrayLike
) -> FloatArray:
    """Local conductivity (S/m) of a boundary from its brick-layer ("macroscopic") value, ``sigma w/d``."""
    require_positive(
        brick_layer_conductivity=brick_layer_conductivity, grain_size=grain_size, boundary_width=boundary_width
    )
    return floats(brick_layer_conductivity) * floats(boundary_width) / floats(grain_size)
