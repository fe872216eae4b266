"""Tab in the text of a prompt."""

from __future__ import annotations

from pathlib import Path

import pytest

from a3s_kernel.prose import complete, variable_at


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data.csv").touch()
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a b.md").touch()
    (tmp_path / ".hidden").touch()
    return tmp_path


def matches(text: str, folder: Path, cursor: int | None = None) -> list[str]:
    found = complete(
        text,
        len(text) if cursor is None else cursor,
        commands=lambda: ["/help", "/history", "/cost"],
        variables=lambda: ["df", "data"],
        folder=folder,
    )
    return found.matches


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/h", ["/help", "/history"]),
        ("say /hel", []),
        ("look at @d", ["@data", "@df", "@data.csv", "@docs/"]),
        ("look at d", ["data.csv", "docs/"]),
        ("look at docs/", ["docs/a b.md"]),
        ("look at (./da", ["./data.csv"]),
        ("look at .h", [".hidden"]),
        ("import o", []),
        ("look ", []),
        ("", []),
        ("no/such/folder/", []),
        ("~nobody-of-this-name/x", []),
    ],
)
def test_what_a_word_may_become(text: str, expected: list[str], folder: Path) -> None:
    """Commands only at the beginning, variables behind @, paths everywhere, Python nowhere."""
    assert matches(text, folder) == expected


def test_only_the_word_before_the_cursor_is_replaced(folder: Path) -> None:
    """The text behind it stays."""
    found = complete("see da now", 6, commands=list, variables=list, folder=folder)

    assert (found.start, found.end, found.matches) == (4, 6, ["data.csv"])


@pytest.mark.parametrize(
    ("cursor", "name"), [(3, None), (4, "df"), (6, "df"), (7, "df"), (9, None)]
)
def test_the_variable_at_the_cursor(cursor: int, name: str | None) -> None:
    """In it and right behind it."""
    assert variable_at("see @df now", cursor) == name
