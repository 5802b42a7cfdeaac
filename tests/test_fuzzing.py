"""A fixed row of odd cases from the generator; :mod:`fuzzing` runs long ones by hand."""

from __future__ import annotations

import pytest
from fuzzing import fuzz


@pytest.mark.parametrize("first", [1, 10_004])
def test_odd_cases_end_in_a_message_with_file_and_line(first: int) -> None:
    assert [(one.seed, one.complaints) for one in fuzz(first, 10) if one.complaints] == []
