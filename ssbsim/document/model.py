"""What all models of the input file share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from ssbsim.document.citations import Citation


class Model(BaseModel):
    """Immutable, and refuses keys that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    #: What the law or method that the part stands for rests on.
    sources: ClassVar[tuple[Citation, ...]] = ()

    def cited(self) -> tuple[Citation, ...]:
        """What this part rests on as it is filled in; a part with choices overrides it."""
        return self.sources

    def _fill(self, **values: Any) -> None:
        """Complete fields that were not given; they still count as defaults."""
        for name, value in values.items():
            if name not in self.model_fields_set:
                object.__setattr__(self, name, value)


def citations_in(part: Any) -> Iterator[Citation]:
    """What a part of an input file and all parts inside it rest on, in the order of the file."""
    if isinstance(part, Model):
        yield from part.cited()
        inside: Any = (getattr(part, name) for name in type(part).model_fields)
    elif isinstance(part, Mapping):
        inside = part.values()
    else:
        inside = part if isinstance(part, (list, tuple)) else ()
    for one in inside:
        yield from citations_in(one)
