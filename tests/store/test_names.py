"""File names made of ids."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a3s_code.errors import InvalidArgument
from a3s_code.store.names import file_stem


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("my-session", "my-session"),
        ("a/b", "a_b"),
        ("a\\b", "a_b"),
        ("..", "_"),
        ("../../etc/passwd", "____etc_passwd"),
        ("a...b", "a_.b"),
        ("C:x", "C_x"),
        ('<>:"|?*', "_______"),
        ("line\nbreak\0", "line_break_"),
        ("nul", "_nul"),
        ("COM1", "_COM1"),
        ("con.txt", "_con.txt"),
        ("aux .x", "_aux .x"),
        ("console", "console"),
        ("Größe", "Größe"),
        ("half \ud800", "half _"),
    ],
)
def test_stem_of_an_id(name: str, stem: str) -> None:
    assert file_stem(name) == stem


@pytest.mark.parametrize("name", ["", None, 7])
def test_what_is_no_id_is_refused(name: object) -> None:
    with pytest.raises(InvalidArgument, match="id must be a string"):
        file_stem(name)  # type: ignore[arg-type]


def test_long_ids_stay_apart() -> None:
    a, b = file_stem("é" * 300 + "a"), file_stem("é" * 300 + "b")
    assert a != b
    assert len(a.encode()) <= 180


@given(st.text(min_size=1))
def test_a_stem_is_one_name_that_can_be_encoded(name: str) -> None:
    stem = file_stem(name)
    assert stem
    assert not re.search(r'[/\\<>:"|?*\x00-\x1f]|\.\.', stem)
    assert len(stem.encode()) <= 180


@given(st.text(min_size=1))
def test_a_stem_is_its_own_stem(name: str) -> None:
    """What `list()` gives can be loaded."""
    assert file_stem(file_stem(name)) == file_stem(name)
