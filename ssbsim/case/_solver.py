"""How the equations are solved."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from ssbsim.case._petsc_options import forbidden_options
from ssbsim.case._sources import BARATTA_2023, DEUFLHARD_2004
from ssbsim.document.citations import Citation
from ssbsim.document.model import Model
from ssbsim.document.problems import problems_error
from ssbsim.document.quantities import Count


class Solver(Model):
    """How the equations are solved.

    Attributes:
        linear: ``direct``, ``multigrid``, or ``auto`` to choose by size and dimension.
        element_order: 1, or 2 in 1D.
        newton: ``full``, or ``lagged`` mobility (symmetric).
        newton_iterations: Newton gives up after so many.
        coarse_mesh: ``error`` refuses a mesh that is coarser than the Debye length where a space charge forms;
            ``warn`` goes on.
        petsc_options: Methods, tolerances and limits for PETSc, by its own names.
    """

    sources: ClassVar[tuple[Citation, ...]] = (BARATTA_2023, DEUFLHARD_2004)

    linear: Literal["auto", "direct", "multigrid"] = "auto"
    element_order: Literal[1, 2] = 1
    newton: Literal["full", "lagged"] = "full"
    newton_iterations: Annotated[Count, Field(ge=1)] = 30
    coarse_mesh: Literal["error", "warn"] = "error"
    petsc_options: dict[str, str | int | float | bool] = {}

    @field_validator("petsc_options", mode="after")
    @classmethod
    def _refuse_what_is_not_numerics(
        cls, options: dict[str, str | int | float | bool], info: ValidationInfo
    ) -> dict[str, str | int | float | bool]:
        # Without a context the options come from a script, which may do anything as it is.
        if info.context is not None and not info.context["is_trusted"]:
            problems = list(forbidden_options(options))
            if problems:
                raise problems_error(problems)
        return options
