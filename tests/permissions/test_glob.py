"""The glob signs of rules."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a3s_code.permissions.glob import Glob

PATTERNS = st.lists(st.sampled_from(["*", "**", "**/", "?", "/", "a", "b", "."])).map("".join)
TEXTS = st.text(alphabet="ab./\\\n", max_size=12)


def by_regex(pattern: str) -> re.Pattern[str]:
    """The same meaning, written as a regular expression: another way to the same answer."""
    meaning = {"**/": "(?:.*/)?", "**": ".*", "*": r"[^/\\]*", "?": r"[^/\\]"}
    signs = re.findall(r"\*\*/|\*\*|\*|\?|.", pattern, re.DOTALL)
    return re.compile("".join(meaning.get(sign, re.escape(sign)) for sign in signs), re.DOTALL)


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("*", "a.b c", True),
        ("*", "a/b", False),
        ("*", "a\\b", False),
        ("*", "", True),
        ("?", "a", True),
        ("?", "/", False),
        ("?", "\\", False),
        ("?", "", False),
        ("**", "a/b/c", True),
        ("**", "", True),
        ("**/x", "x", True),
        ("**/x", "a/b/x", True),
        ("**/x", "ax", False),
        ("src/**", "src/a/b.py", True),
        ("src/**", "src", False),
        ("src/**/x", "src/x", True),
        ("src/*", "src/a/b.py", False),
        ("*.py", "a.py", True),
        ("*.py", "a.pyc", False),
        ("[a]", "a", False),
        ("[a]", "[a]", True),
        ("a.b", "axb", False),
        ("A", "a", False),
        ("", "", True),
        ("*a*", "x\na\ny", True),
    ],
)
def test_signs(pattern: str, text: str, matches: bool) -> None:
    """The table of the reference."""
    assert Glob(pattern).matches(text) is matches


@given(PATTERNS, TEXTS)
def test_it_agrees_with_regular_expressions(pattern: str, text: str) -> None:
    """Two ways, one meaning."""
    assert Glob(pattern).matches(text) == (by_regex(pattern).fullmatch(text) is not None)


@given(st.text(alphabet=st.characters(exclude_characters="*?")))
def test_a_pattern_without_signs_matches_itself_only(text: str) -> None:
    """Whatever its characters."""
    assert Glob(text).matches(text)
    assert not Glob(text).matches(text + "x")


@given(TEXTS, TEXTS)
def test_two_stars_stand_for_anything(before: str, between: str) -> None:
    """Also for separators and for nothing."""
    assert Glob(f"{before}**").matches(before + between)
    assert Glob(f"**{between}").matches(before + between)


def test_a_hostile_text_is_matched_in_linear_time() -> None:
    """A backtracking matcher would not come back from this one."""
    assert not Glob("**a*a*a*a*a*a*a*a*b").matches("a" * 5000)
