"""What is known of a regular expression without running it."""

from __future__ import annotations

import pytest

from a3s_code.tools.dialect import same_in_ripgrep


@pytest.mark.parametrize(
    "pattern",
    [
        "(?=a)", "(?<!a)b", r"(a)\1", "(?P=x)", "a*+", "a{,3}", "a{", r"\Z", r"\A", "(?x) a",
        "(?s).", r"[\b]", "[[a]]", "[a&&b]", "[a--b]", r"\N{DIGIT ONE}", "a\nb", r"\<", "(?>a)",
        r"\b^", r"a|\b(^b)", r"$a?\b", "$^", r"\B",
    ],
)  # fmt: skip
def test_what_ripgrep_reads_otherwise_is_not_given_to_it(pattern: str) -> None:
    assert not same_in_ripgrep(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "foo", "a|b", "(a)(?:b)", r"\d+\s*\w", "[a-z_.-]+", "^x$", "a{2,3}?", "(?i)x", r"\[x\]", "é",
        r"^\bfoo\b$",
    ],
)  # fmt: skip
def test_ordinary_expressions_are_given_to_it(pattern: str) -> None:
    assert same_in_ripgrep(pattern)
