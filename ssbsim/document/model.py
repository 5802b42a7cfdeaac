"""What all models of the input file share."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """Immutable, and refuses keys that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    def _fill(self, **values: Any) -> None:
        """Complete fields that were not given; they still count as defaults."""
        for name, value in values.items():
            if name not in self.model_fields_set:
                object.__setattr__(self, name, value)
