"""Output times that make no sense."""

from __future__ import annotations

from pathlib import Path

import pytest

from ssbsim import CaseError
from ssbsim.case import parse_case


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ("{count: 1000000000}", "more than 1,000,000 output times"),
        ("{every: 1e-30 s}", "more than 1,000,000 output times"),
        ("{from: 1 ns, to: 1 us, per_decade: 1000000000}", "more than 1,000,000 output times"),
        ("{from: 1 ns, to: 1 us, per_decade: 1" + "0" * 400 + "}", "more than 1,000,000 output times"),
        ("[]", "the list of output times is empty"),
        ("[1 us]\n    initial_step: 2 s", r"initial_step \(2 s\) is larger than duration \(0.001 s\)"),
    ],
)
def test_output_times_that_make_no_sense(times: str, said: str) -> None:
    text = Path(__file__).with_name("conftest.py").read_text(encoding="utf-8").split('"""')[1]
    text = text.replace("\\\n", "").replace("[1 us, 10 us]", times)
    with pytest.raises(CaseError, match=said):
        parse_case(text)
