"""Texts without which an expression cannot match."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a3s_code.tools.literals import required_literals


@pytest.mark.parametrize(
    ("pattern", "literals"),
    [
        ("foo", {"foo"}),
        ("fo+o", {"fo"}),
        ("ab*cde", {"cde"}),
        ("ab?cd", {"cd"}),
        ("ab{0,2}c", {"a"}),
        ("x{2}yz", {"yz"}),
        ("a{,3}", set()),
        ("foo|bar", {"foo", "bar"}),
        ("foo|", set()),
        ("foo|b?", set()),
        ("(foo|bar)baz", {"baz"}),
        ("(foo|quux)x", {"foo", "quux"}),
        ("(foo|bar)?baz", {"baz"}),
        ("(a(bcd|efg)|hij)", {"bcd", "efg", "hij"}),
        ("(foo|bar)*", set()),
        ("(?:foo)+", {"foo"}),
        ("(foo)?ba", {"ba"}),
        (r"foo\.bar", {"foo.bar"}),
        (r"\bdef\s+x", {"def"}),
        (r"\x41bc", set()),
        (r"abc\x41", {"abc"}),
        ("abc[de]fghi", {"fghi"}),
        ("abc[d|e]", set()),
        ("(?i)foo", {"foo"}),
        ("(?x) foo", set()),
        ("foo(?=bar)", set()),
        ("a|b|c|d|e|f|g|h|i", set()),
        ("a)", set()),
        ("", set()),
    ],
)
def test_literals(pattern: str, literals: set[str]) -> None:
    assert required_literals(pattern) == literals


_text = st.text(alphabet="ab.|()[]{}?*+\\^$12,d", max_size=10)


@given(_text, st.lists(st.text(alphabet="ab.12,d|(", max_size=6), max_size=20))
def test_every_matching_line_contains_a_literal(pattern: str, lines: list[str]) -> None:
    try:
        regex = re.compile(pattern)
    except (re.error, FutureWarning):
        return
    literals = required_literals(pattern)
    for line in lines:
        if literals and regex.search(line):
            assert any(literal in line for literal in literals)
