"""YAML that would take for ever, or means something else than it seems to, is refused with its line."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest

from ssbsim import CaseError
from ssbsim.case import parse_case
from ssbsim.document.problems import InvalidCaseError
from ssbsim.document.yaml_file import MAXIMUM_LENGTH, parse_yaml, read_yaml


@pytest.mark.parametrize(
    ("text", "what", "line"),
    [
        ("a: 1\nb: " + "[" * 3000 + "]" * 3000, "nested too deeply", 2),
        ("a: 1\nb: " + "[" * 300_000, "nested too deeply", 2),
        ("a: 1\n" + "".join(" " * i + "a:\n" for i in range(1, 300)), "not valid YAML|nested too deeply", 2),
        ("a0: &a0 [x]\n" + "\n".join(f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 2000)), "nested too deeply", 49),
        ("%YAML 1.1\n---\na: yes", "asks for YAML 1.1", 1),
        ("a: 1\n---\nb: 2", "second document", 2),
        ("a: 1\nb: x\0y", r"U\+0000", 2),
        ("a: 1\nb: x\x1by", r"U\+001B", 2),
        ('a: 1\nb: "x\\ud800y"', "not valid YAML|control character", 2),
        ('a: 1\nb: "x\\0y"', "control character", 2),
        ('a: 1\n"x\\0y": 2', "control character", 2),
        ("a: 1\nb: *x", "no anchor '&x'", 2),
        ("a: 1\nb: &x [*x]", "refers to itself", 2),
        ("a: 1\nb: [1\nc: 2", "not valid YAML", 3),
        ("a: 1\nb: !!python/object:os.system x", "tag 'tag:yaml.org,2002:python/object:os.system'", 2),
    ],
    ids=map(str, itertools.count()),
)
def test_what_is_wrong_has_its_line(text: str, what: str, line: int) -> None:
    with pytest.raises(InvalidCaseError, match=what) as caught:
        parse_yaml(text, "case")
    assert caught.value.problems[0].place == f"case:{line}"


def test_aliases_of_aliases_are_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    with pytest.raises(CaseError, match="more than 100,000 values"):
        parse_case("\n".join(lines))


def test_a_file_is_measured_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "long.yaml"
    with path.open("wb") as file:
        file.truncate(MAXIMUM_LENGTH + 1)
    with pytest.raises(CaseError, match=r"2\.0 MB"):
        read_yaml(path)


def test_devices_and_pipes_are_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    for path in (Path("/dev/zero"), tmp_path / "pipe.yaml"):
        with pytest.raises(CaseError, match="a device or a pipe"):
            read_yaml(path)


def test_a_path_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff.yaml"
    Path(os.fsdecode(path)).write_text("a: 1")
    with pytest.raises(CaseError, match="its path is not UTF-8") as caught:
        read_yaml(os.fsdecode(path))
    str(caught.value).encode("utf-8")


def test_plain_words_mean_what_the_core_schema_says() -> None:
    text = "[yes, on, true, 010, 0o10, 0x10, 1e-8, 1_000, .5, ~, '5', 1:30, 2020-01-01, a:b, =]"
    expected = ["yes", "on", True, 10, 8, 16, 1e-8, 1000, 0.5, None, "5", "1:30", "2020-01-01", "a:b", "="]
    assert parse_yaml("%YAML 1.2\n---\na: " + text, "case").data == {"a": expected}


def test_a_key_of_a_merged_mapping_is_found_in_its_own_line() -> None:
    document = parse_yaml("a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  b: 3\n", "case")
    assert document.data["d"] == {"b": 3, "c": 2}
    assert (document.place(("d", "b")), document.place(("d", "c"))) == ("case:4", "case:1")
