"""What is known of a regular expression without running it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a3s_code.tools.dialect import required_literal, same_in_ripgrep


@pytest.mark.parametrize(
    ("pattern", "literal"),
    [
        ("foo", "foo"),
        ("fo+o", "fo"),
        ("ab*cde", "cde"),
        ("ab?cd", "cd"),
        ("ab{0,2}c", "a"),
        ("foo|bar", ""),
        ("(foo|bar)baz", "baz"),
        ("(foo)?ba", "ba"),
        (r"foo\.bar", "foo.bar"),
        (r"\bdef\s+x", "def"),
        (r"\x41bc", ""),
        (r"abc\x41", "abc"),
        ("abc[de]", "abc"),
        ("abc[d|e]", ""),
        ("(?i)foo", ""),
        ("foo(?=bar)", ""),
        ("x{2}yz", "yz"),
    ],
)
def test_required_literals(pattern: str, literal: str) -> None:
    assert required_literal(pattern) == literal


_text = st.text(alphabet="ab.|()[]{}?*+\\^$12,d", max_size=10)


@given(_text, st.lists(st.text(alphabet="ab.12,d|(", max_size=6), max_size=20))
def test_every_matching_line_contains_the_literal(pattern: str, lines: list[str]) -> None:
    try:
        regex = re.compile(pattern)
    except (re.error, FutureWarning):
        return
    literal = required_literal(pattern)
    assert all(literal in line for line in lines if regex.search(line))


@pytest.mark.parametrize(
    "pattern",
    [
        "(?=a)", "(?<!a)b", r"(a)\1", "(?P=x)", "a*+", "a{,3}", "a{", r"\Z", r"\A", "(?x) a",
        "(?s).", r"[\b]", "[[a]]", "[a&&b]", "[a--b]", r"\N{DIGIT ONE}", "a\nb", r"\<", "(?>a)",
    ],
)  # fmt: skip
def test_what_ripgrep_reads_otherwise_is_not_given_to_it(pattern: str) -> None:
    assert not same_in_ripgrep(pattern)


@pytest.mark.parametrize(
    "pattern",
    ["foo", "a|b", "(a)(?:b)", r"\d+\s*\w", "[a-z_.-]+", "^x$", "a{2,3}?", "(?i)x", r"\[x\]", "é"],
)
def test_ordinary_expressions_are_given_to_it(pattern: str) -> None:
    assert same_in_ripgrep(pattern)
