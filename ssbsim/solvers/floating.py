r"""Terminals that are given a current: the equations of their unknown potentials.

All rows that such a terminal fixes move with one unknown v, its potential: ``dy = l dv`` there, with l = 1 for phi and the
charge number for the electrochemical potential of a species. What the outside supplies at these rows,
``r = q + tau dR/dy - target``, is then given in sum only, by the current I::

    r = 0             on free rows
    l . r = tau I     for every such terminal

so that the charge on the electrode and the current through it together take up the current that is given: over a step of size
tau the charge that passes is ``tau I``. With the Jacobian J of all rows, Newton's equations are bordered
(:mod:`~ssbsim.solvers.bordered`)::

    A = J on free rows,   B = J l,   C = l J,   D = l J l
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from mpi4py import MPI

from ssbsim.physics import Functional
from ssbsim.solvers.bordered import BorderedSystem

Floats = npt.NDArray[np.float64]


class FloatingPotentials:
    """The unknown potentials of a functional; there may be none.

    Args:
        functional: The forms and the terminals.
    """

    def __init__(self, functional: Functional) -> None:
        self._comm: MPI.Comm = functional.placement.mesh.comm
        self._terminals = functional.placement.rows.floating
        unknowns = functional.placement.unknowns
        self.count = len(self._terminals)
        self.names = frozenset(terminal.terminal for terminal in self._terminals)
        #: l of every terminal on owned rows.
        self.lift: Floats = np.zeros((self.count, functional.placement.n_owned_rows))
        for i, terminal in enumerate(self._terminals):
            for fixed in terminal.rows:
                self.lift[i, fixed.rows] = unknowns.charge_numbers[unknowns.index(fixed.field)]

    @property
    def rows(self) -> npt.NDArray[np.bool_]:
        """Owned rows that move with an unknown potential."""
        return np.asarray((self.lift != 0.0).any(axis=0))

    def unbalanced(self, supplied: Floats, tau: float, system: BorderedSystem) -> Floats:
        """``l . r - tau I``, the same on every rank."""
        given = np.array([terminal.current.value for terminal in self._terminals])
        return system.dot(self.lift, supplied) - tau * given

    def border(self, system: BorderedSystem, free: npt.NDArray[np.bool_]) -> None:
        """Give the system its border, from a matrix that has all its rows still."""
        if not self.count:
            return
        columns = np.stack([system.times(lift) for lift in self.lift])
        rows = np.stack([system.times_transposed(lift) for lift in self.lift])
        corner = system.dot(self.lift, columns)
        system.set_border(np.where(free, columns, 0.0), np.where(free, rows, 0.0), corner.T)

    def read(self, y: Floats) -> None:
        """Let the terminals show the potentials that were found."""
        for terminal in self._terminals:
            for fixed in terminal.rows:
                here = float(np.max(y[fixed.rows], initial=-np.inf))
                fixed.applied.set(self._comm.allreduce(here, op=MPI.MAX) - fixed.applied.origin)
