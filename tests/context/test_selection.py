"""Which files patterns select."""

from __future__ import annotations

import pytest

from a3s_code.context.selection import compile_selection
from a3s_code.errors import InvalidArgument


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("**/*.py", "a.py", True),
        ("**/*.py", "x/y/a.py", True),
        ("**/*.py", "a.pyc", False),
        ("**/*.py", ".hidden/.a.py", True),
        ("*.py", "x/a.py", True),
        ("docs/*.md", "docs/a.md", True),
        ("docs/*.md", "docs/x/a.md", False),
        ("docs/*.md", "x/docs/a.md", False),
        ("docs/**", "docs/x/a.md", True),
        ("docs/**/*.md", "docs/a.md", True),
        ("/docs/*.md", "docs/a.md", True),
        ("a?.md", "ab.md", True),
        ("a?.md", "a/.md", False),
        ("[ab].md", "b.md", True),
        ("[!ab].md", "b.md", False),
        ("*.{md,py}", "x/a.py", True),
        ("*.{md,py}", "a.rs", False),
        (r"\*.md", "*.md", True),
        (r"\*.md", "a.md", False),
        ("a.md", "axmd", False),
        ("**", "any/thing", True),
    ],
)
def test_includes(pattern: str, path: str, matches: bool) -> None:
    assert compile_selection([pattern], []).matches_file(path) is matches


@pytest.mark.parametrize(
    ("pattern", "file", "left_out"),
    [
        ("*.lock", "x/yarn.lock", True),
        ("**/target/**", "x/target/a.rs", True),
        ("**/target/**", "target/x/a.rs", True),
        ("**/target/**", "target", False),  # a file of that name
        ("**/target/**", "retarget/a.rs", False),
        ("docs/old.md", "docs/old.md", True),
    ],
)
def test_excludes(pattern: str, file: str, left_out: bool) -> None:
    assert compile_selection(["**"], [pattern]).matches_file(file) is not left_out


@pytest.mark.parametrize(
    ("pattern", "folder", "entered"),
    [
        ("**/target/**", "target", False),
        ("**/target/**", "x/target", False),
        ("**/target/**", "x", True),
        ("vendor", "x/vendor", False),
        ("docs/old/**", "docs", True),
        ("docs/old/**", "docs/old", False),
        ("*.lock", "x", True),
    ],
)
def test_excluded_folders_are_not_entered(pattern: str, folder: str, entered: bool) -> None:
    assert compile_selection(["**"], [pattern]).may_contain(folder) is entered


@pytest.mark.parametrize("patterns", [[""], ["/"], ["{a"], ["[z-a]"], "*.py"])
def test_patterns_without_meaning_are_refused(patterns: list[str]) -> None:
    with pytest.raises(InvalidArgument):
        compile_selection(patterns, [])
    with pytest.raises(InvalidArgument):
        compile_selection(["**"], patterns)
