"""Glob patterns, without a file system."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a3s_code.tools.globs import (
    BadGlob,
    GlobLeavesRoot,
    compile_filter,
    compile_glob,
    expand_braces,
)


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("*.py", ["a.py", "x-y.py"], ["a.pyc", "d/a.py", ".a.py"]),
        ("**/*.py", ["a.py", "d/a.py", "d/e/a.py"], [".d/a.py", "d/.a.py", "a.ts"]),
        ("**", ["a", "d/e/a"], [".a", "d/.e/a"]),
        ("src/**", ["src/a", "src/d/a"], ["src", "srca", "lib/a", "src/.a"]),
        ("src/**/*.py", ["src/a.py", "src/d/e/a.py"], ["a.py", "src/a"]),
        ("*.{ts,tsx}", ["a.ts", "a.tsx"], ["a.{ts,tsx}", "a.t"]),
        ("{src,lib}/{a,b}.py", ["src/a.py", "lib/b.py"], ["src/c.py"]),
        ("{a,b{c,d}}", ["a", "bc", "bd"], ["b", "abc"]),
        ("{a,}b", ["ab", "b"], ["a"]),
        ("a?c", ["abc", "a.c"], ["ac", "a/c"]),
        ("?a", ["ba"], [".a"]),
        ("[ab].x", ["a.x", "b.x"], ["c.x"]),
        ("[!ab].x", ["c.x"], ["a.x", "..x"]),
        ("[a-c]x", ["bx"], ["dx", "-x"]),
        ("[]]x", ["]x"], ["x"]),
        ("[!]]x", ["ax"], ["]x"]),
        ("x[.]y", ["x.y"], ["xay"]),
        ("[^&&a]", ["b"], ["&", "a"]),
        (r"\*.py", ["*.py"], ["a.py"]),
        (r"a\{b,c\}", ["a{b,c}"], ["ab"]),
        ("[{,}]", ["{", ",", "}"], ["a"]),
        (".*", [".env"], ["env", "d/.env"]),
        ("**/.*", [".env", "d/.env"], ["env", ".d/env"]),
        (".github/**/*.yml", [".github/a.yml", ".github/w/a.yml"], ["github/a.yml"]),
        ("**/.hid/*", [".hid/a", "d/.hid/a"], ["d/.hid/e/a", ".x/.hid/a"]),
        ("a**b", ["ab", "axxb"], ["a/b"]),
        ("**/x/**/y", ["x/y", "a/x/b/y", "x/x/y"], ["y", "xy", "x"]),
        ("**/a/b/**/c", ["a/b/c", "a/a/b/d/c"], ["a/c", "b/a/c"]),
        ("**/**/a", ["a", "b/a"], ["ba"]),
        ("./a", ["a"], ["b"]),
        ("d//a", ["d/a"], ["a"]),
        ("a+(b)$", ["a+(b)$"], ["aab"]),
        ("*a*b*c", ["abc", "xaxbxc", "acbac"[:3] + "bc"], ["ab", "acb"]),
    ],
)
def test_patterns(pattern: str, matching: list[str], other: list[str]) -> None:
    glob = compile_glob(pattern)
    assert [path for path in matching if not glob.matches_file(path)] == []
    assert [path for path in other if glob.matches_file(path)] == []


@pytest.mark.parametrize(
    "pattern", ["../x", "a/../b", "{..,a}/x", "/etc/*", "{/etc,a}/x", r"\.\./x", "C:/x"]
)
def test_patterns_that_could_leave_are_refused(pattern: str) -> None:
    with pytest.raises(GlobLeavesRoot):
        compile_glob(pattern)


@pytest.mark.parametrize(
    "pattern", ["", "[a", "{a", "a/[b", "[z-a]", ".", "{" * 50 + "a,b" + "}" * 49]
)
def test_patterns_without_a_meaning_are_refused(pattern: str) -> None:
    with pytest.raises(BadGlob):
        compile_glob(pattern)


def test_braces_cannot_explode() -> None:
    with pytest.raises(BadGlob, match="1000 alternatives"):
        expand_braces("{a,b}" * 20)


def test_a_filter_without_slash_looks_at_names() -> None:
    assert compile_filter("*.py").matches_file("d/e/a.py")
    assert not compile_filter("d/*.py").matches_file("x/d/a.py")


@pytest.mark.parametrize(
    "pattern", ["*a" * 40 + "*b", "**/a/" * 20 + "b", "**/" * 40 + "b", "?*" * 40]
)
def test_hostile_patterns_take_no_exponential_time(pattern: str) -> None:
    glob = compile_glob(pattern)
    for path in ("a" * 250, "a/" * 100 + "c"):
        glob.matches_file(path)
        glob.may_contain(path)


_part = st.sampled_from(["**", "*", "a", "b", ".h", "a*", "?", "[ab]", "{a,b}", "*.h"])
_name = st.sampled_from(["a", "b", "ab", ".h", "a.h", "c"])


def _slow_match(parts: list[str], names: list[str]) -> bool:
    """The meaning of a pattern, component by component."""
    if not parts:
        return not names
    if parts[0] == "**":
        if len(parts) == 1:
            return bool(names) and not any(name.startswith(".") for name in names)
        return _slow_match(parts[1:], names) or (
            bool(names) and not names[0].startswith(".") and _slow_match(parts, names[1:])
        )
    return (
        bool(names)
        and compile_glob(parts[0]).matches_file(names[0])
        and _slow_match(parts[1:], names[1:])
    )


@given(st.lists(_part, min_size=1, max_size=5), st.lists(_name, min_size=1, max_size=6))
def test_the_expression_means_the_same_as_the_components(
    parts: list[str], names: list[str]
) -> None:
    glob = compile_glob("/".join(parts))
    expected = _slow_match(parts, names)
    assert glob.matches_file("/".join(names)) == expected
    if expected:  # then no directory on the way may have been passed over
        assert all(glob.may_contain("/".join(names[:n])) for n in range(1, len(names)))


@given(st.text(alphabet="ab*?[]{},!-\\/.^", max_size=12), st.text(alphabet="ab./-", max_size=8))
def test_any_text_is_a_pattern_or_refused(pattern: str, path: str) -> None:
    try:
        glob = compile_glob(pattern)
    except ValueError:
        return
    glob.matches_file(path)
    glob.may_contain(path)
