"""Where the phases are: the geometries as they stand in a case, one class for each kind, with its keys.

Every class here that derives from ``GeometrySection``, but private ones, is a kind; nothing else lists them. The mesh is made by
the function that is registered for the class in :mod:`ssbsim.geometry.kinds`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, TypeAlias, Union

from pydantic import Field

from ssbsim._discovery import classes_in
from ssbsim.case.geometries.base import BOX_SIDES, GeometrySection

#: Every kind of geometry that a case may name, by its word.
GEOMETRIES: Mapping[str, type[GeometrySection]] = {
    one.name(): one
    for one in classes_in(__name__, __path__, GeometrySection)  # type: ignore[type-abstract]  # what derives is not
}

if TYPE_CHECKING:
    Geometry: TypeAlias = GeometrySection
else:
    Geometry = Annotated[Union[tuple(GEOMETRIES.values())], Field(discriminator="kind")]  # noqa: UP007

__all__ = ["BOX_SIDES", "GEOMETRIES", "Geometry", "GeometrySection"]
