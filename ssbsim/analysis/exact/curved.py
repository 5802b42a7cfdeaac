r"""Wires and balls: diffusion, space charge and conduction with one radius r.

With m = 1 in a cylinder and m = 2 in a sphere, ``div grad u = u'' + (m/r) u'``.

Diffusion into a full body of radius a whose surface goes from 0 to 1 at t = 0 (J. Crank, The Mathematics of Diffusion, 2nd ed.,
1975, eqs. 5.22, 5.23, 6.18 and 6.20), with the zeros b_n of the Bessel function J0::

    sphere     u = 1 + 2 a/(pi r) sum (-1)^n/n sin(n pi r/a) exp(-n^2 pi^2 D t/a^2),   mean 1 - 6/pi^2 sum 1/n^2 exp(..)
    cylinder   u = 1 - 2 sum J0(b_n r/a)/(b_n J1(b_n)) exp(-b_n^2 D t/a^2),            mean 1 - 4 sum 1/b_n^2 exp(..)

Space charge at small potential, ``div grad phi = phi/lambda^2``: the solution that is finite at r = 0 and the one that vanishes far
away are, up to a factor::

    sphere     sinh(r/lambda)/r,  exp(-r/lambda)/r            cylinder   I0(r/lambda),  K0(r/lambda)

At large potential ``div grad u = s(u)`` with u in RT/F, r in Debye lengths and s the charge of the ions with its sign turned:
``sinh u`` of a symmetric binary, ``2 tanh(u/2)`` of a lattice gas that is half full. For m > 0 it has no first integral; here the
two-point problem is solved by collocation (J. Kierzenka, L. F. Shampine, ACM Trans. Math. Softw. 27 (2001) 299, doi
10.1145/502800.502801).

Conduction through a shell between a and b: ``R = (1/a - 1/b)/(4 pi sigma)``, of a tube ``ln(b/a)/(2 pi sigma)`` times its length.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ssbsim.analysis.exact._common import FloatArray, as_result, floats, require_positive
from ssbsim.errors import ConvergenceError

Body = Literal["cylinder", "sphere"]

Profile = Callable[[FloatArray], FloatArray]
Profile2 = Callable[[FloatArray, FloatArray], FloatArray]

_TERMS = 400
#: Parts of the charge or the potential that are put on one after the other.
_RAISED = np.linspace(0.1, 1.0, 10)
_EXPONENT = {"cylinder": 1, "sphere": 2}


def radial_uptake(body: Body, *, diffusivity: ArrayLike, time: ArrayLike, radius: ArrayLike) -> FloatArray:
    """Mean of u over a full body, from 0 to 1.

    Args:
        body: ``cylinder`` or ``sphere``.
        diffusivity: D, m2/s.
        time: t, s.
        radius: a, m.
    """
    fourier = _fourier_number(diffusivity, time, radius)[..., None]
    if body == "sphere":
        n = np.arange(1, _TERMS + 1)
        return as_result(1.0 - 6.0 / math.pi**2 * (np.exp(-((n * math.pi) ** 2) * fourier) / n**2).sum(axis=-1))
    zeros = _zeros()
    return as_result(1.0 - 4.0 * (np.exp(-(zeros**2) * fourier) / zeros**2).sum(axis=-1))


def radial_diffusion(body: Body, at: ArrayLike, *, diffusivity: float, time: float, radius: float) -> FloatArray:
    """u in a full body whose surface went from 0 to 1.

    Args:
        body: ``cylinder`` or ``sphere``.
        at: r, m, from 0 to the radius.
        diffusivity: D, m2/s.
        time: t, s.
        radius: a, m.
    """
    fourier = float(_fourier_number(diffusivity, time, radius))
    share = floats(at)[..., None] / radius
    if body == "sphere":
        n = np.arange(1, _TERMS + 1)
        # sin(n pi x)/(n pi x) is 1 in the centre.
        terms = 2.0 * (-1.0) ** n * np.sinc(n * share) * np.exp(-((n * math.pi) ** 2) * fourier)
        return as_result(1.0 + terms.sum(axis=-1))
    from scipy.special import j0, j1

    zeros = _zeros()
    terms = 2.0 * j0(zeros * share) / (zeros * j1(zeros)) * np.exp(-(zeros**2) * fourier)
    return as_result(1.0 - terms.sum(axis=-1))


def screened_potential(body: Body, side: Literal["inside", "outside"], r: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """A potential that ions screen, and its slope, up to one factor for both; linear.

    Args:
        body: ``cylinder`` or ``sphere``.
        side: ``inside`` is finite at r = 0, ``outside`` vanishes far away.
        r: In Debye lengths, larger than 0.

    Returns:
        u(r) and du/dr.
    """
    from scipy.special import i0, i1, k0, k1

    require_positive(r=r)
    x = floats(r)
    if body == "sphere":
        if side == "inside":
            return as_result(np.sinh(x) / x), as_result(np.cosh(x) / x - np.sinh(x) / x**2)
        return as_result(np.exp(-x) / x), as_result(-np.exp(-x) * (1.0 / x + 1.0 / x**2))
    if side == "inside":
        return as_result(i0(x)), as_result(i1(x))
    return as_result(k0(x)), as_result(-k1(x))


def radial_layer(
    body: Body,
    charge: Profile,
    *,
    inner: float,
    outer: float,
    wall: float,
) -> Profile:
    """Space charge around a wire or a ball that is held at a potential.

    Args:
        body: ``cylinder`` or ``sphere``.
        charge: s(u).
        inner: Radius of the wall in Debye lengths, larger than 0.
        outer: Radius, in Debye lengths, where no field is left.
        wall: u at the wall.

    Returns:
        A function of r that gives u and du/dr, shape (2, ...).

    Raises:
        ConvergenceError: No solution was found.
    """
    m = _EXPONENT[body]
    grid = inner + np.concatenate([[0.0], np.geomspace(1e-4, outer - inner, 400)])
    guess = wall * np.stack([np.exp(inner - grid), -np.exp(inner - grid)])

    def right(r: FloatArray, y: FloatArray) -> FloatArray:
        return np.stack([y[1], charge(y[0]) - m / r * y[1]])

    for part in _RAISED:

        def ends(one: FloatArray, other: FloatArray, height: float = part * wall) -> FloatArray:
            return np.array([one[0] - height, other[1]])

        solution = _solve(right, ends, grid, guess)
        guess = solution(grid)
    return solution


def radial_double_layer(
    body: Body, charge: Profile, *, plane: float, outer: float, jump: float
) -> tuple[Profile, Profile]:
    """Space charge on both sides of a charged wall inside a full wire or ball.

    Args:
        body: ``cylinder`` or ``sphere``.
        charge: s(u).
        plane: Radius of the wall in Debye lengths.
        outer: Radius, in Debye lengths, where no field is left.
        jump: Charge of the wall: by how much du/dr is larger inside.

    Returns:
        Functions of r that give u and du/dr inside and outside, shape (2, ...).

    Raises:
        ConvergenceError: No solution was found.
    """
    m, wide = _EXPONENT[body], outer - plane
    # Both sides on [0, 1]: r = plane x inside, r = plane + wide x outside; the slopes are those in r.
    near = np.geomspace(1e-5, 1.0, 200)
    grid = np.unique(np.concatenate([[0.0], near, 1.0 - near[:-1]]))

    def right(x: FloatArray, y: FloatArray) -> FloatArray:
        r = plane + wide * x
        inside = plane * charge(y[0])
        return np.stack([plane * y[1], inside, wide * y[3], wide * (charge(y[2]) - m / r * y[3])])

    singular = np.zeros((4, 4))
    singular[1, 1] = -m
    guess: FloatArray = np.zeros((4, len(grid)))
    for part in _RAISED:

        def ends(one: FloatArray, other: FloatArray, height: float = part * jump) -> FloatArray:
            return np.array([one[1], other[0] - one[2], other[1] - one[3] - height, other[3]])

        solution = _solve(right, ends, grid, guess, singular)
        guess = solution(grid)
    return (lambda r: solution(floats(r / plane))[:2]), (lambda r: solution(floats((r - plane) / wide))[2:])


def shell_resistance(body: Body, *, conductivity: ArrayLike, inner: ArrayLike, outer: ArrayLike) -> FloatArray:
    """Resistance of a shell (ohm), or of a tube times its length (ohm m).

    Args:
        body: ``cylinder`` or ``sphere``.
        conductivity: S/m.
        inner: a, m.
        outer: b, m.
    """
    require_positive(conductivity=conductivity, inner=inner, outer=outer)
    a, b = floats(inner), floats(outer)
    if body == "sphere":
        return as_result((1.0 / a - 1.0 / b) / (4.0 * math.pi * floats(conductivity)))
    return as_result(np.log(b / a) / (2.0 * math.pi * floats(conductivity)))


def _fourier_number(diffusivity: ArrayLike, time: ArrayLike, radius: ArrayLike) -> FloatArray:
    require_positive(diffusivity=diffusivity, time=time, radius=radius)
    return np.asarray(floats(diffusivity) * floats(time) / floats(radius) ** 2)


def _zeros() -> FloatArray:
    from scipy.special import jn_zeros

    return np.asarray(jn_zeros(0, _TERMS), dtype=np.float64)


def _solve(
    right: Profile2, ends: Profile2, grid: FloatArray, guess: FloatArray, singular: FloatArray | None = None
) -> Profile:
    """The two-point problem ``y' = right + singular y/x``, by collocation."""
    from scipy.integrate import solve_bvp

    found = solve_bvp(right, ends, grid, guess, S=singular, tol=1e-8, max_nodes=200_000)
    if not found.success:
        raise ConvergenceError(
            f"The radial equation was not solved: {found.message}",
            where="space charge of a wire or a ball",
            hint="Lower the potential or the charge.",
        )
    solution: Profile = found.sol
    return solution
