"""YAML that would take for ever is refused."""

from __future__ import annotations

import pytest

from ssbsim import CaseError
from ssbsim.case import parse_case


def test_yaml_that_is_nested_too_deeply_is_refused() -> None:
    with pytest.raises(CaseError, match="nested too deeply"):
        parse_case("title: " + "[" * 3000 + "]" * 3000)


def test_aliases_of_aliases_are_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    with pytest.raises(CaseError, match="more than 1,000,000 values"):
        parse_case("\n".join(lines))
