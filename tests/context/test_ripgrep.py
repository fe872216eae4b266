"""Matching lines of files as context."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from a3s_code.context.ripgrep import RipgrepContextProvider, matching_lines, search_words
from a3s_code.errors import InvalidArgument, WorkspaceError
from tests.context.conftest import Write, ask, paths


def lines(count: int, *hits: int) -> str:
    return "".join(f"{'word' if n in hits else 'line'} {n}\n" for n in range(1, count + 1))


def test_an_item(folder: Path, write: Write) -> None:
    write("src/a.py", lines(4, 2))
    provider = RipgrepContextProvider(folder)
    (item,) = ask(provider, "word").items
    path = f"{folder.as_posix()}/src/a.py"
    assert provider.name == "ripgrep"
    assert item.source == f"file:{path}"
    assert item.metadata == {"path": path, "size": 28, "match_count": 1}
    assert item.context_type == "Resource"
    assert item.relevance == 1 / math.sqrt(4)
    assert item.content == f"{path}: 1 match\n1-line 1\n2:word 2\n3-line 3\n4-line 4"


@pytest.mark.parametrize(
    ("depth", "shown"),
    [
        ("Abstract", ""),
        ("Overview", "\n2:word 2\n--\n4:word 4\n--\n6:word 6"),
        ("Full", "\n2:word 2\n--\n4:word 4\n--\n6:word 6\n--\n8:word 8"),
    ],
)
def test_depths(folder: Path, write: Write, depth: str, shown: str) -> None:
    write("a.py", lines(9, 2, 4, 6, 8))
    provider = RipgrepContextProvider(".", base=folder, context_lines=0)
    (item,) = ask(provider, "word", depth=depth).items
    assert item.content == f"a.py: 4 matches{shown}"


def test_neighbouring_context_is_one_group(folder: Path, write: Write) -> None:
    write("a.py", lines(12, 2, 5, 11))
    provider = RipgrepContextProvider(".", base=folder, context_lines=1)
    (item,) = ask(provider, "word").items
    assert item.content.splitlines()[1:] == [
        *("1-line 1", "2:word 2", "3-line 3", "4-line 4", "5:word 5", "6-line 6"),
        "--",
        *("10-line 10", "11:word 11", "12-line 12"),
    ]


def test_two_context_lines_by_default(folder: Path, write: Write) -> None:
    write("a.py", lines(9, 5))
    (item,) = ask(RipgrepContextProvider(folder), "word").items
    assert [line.partition(" ")[0] for line in item.content.splitlines()[1:]] == [
        *("3-line", "4-line", "5:word", "6-line", "7-line")
    ]


def test_windows_line_ends_are_not_shown(folder: Path, write: Write) -> None:
    write("a.py", "one\r\nword\r\n")
    (item,) = ask(RipgrepContextProvider(folder), "word").items
    assert item.content.endswith(": 1 match\n1-one\n2:word")


@pytest.mark.parametrize(
    "ending",
    "rs py ts tsx js jsx go java c cpp h hpp md toml yaml yml json".split(),  # noqa: SIM905  # as documented
)
def test_included(folder: Path, write: Write, ending: str) -> None:
    write(f"x/a.{ending}", "word")
    assert paths(ask(RipgrepContextProvider(folder), "word")) == [f"x/a.{ending}"]


@pytest.mark.parametrize(
    "path",
    [
        "target/a.rs",
        "x/node_modules/a.js",
        ".git/a.md",
        "dist/a.js",
        "x/build/a.js",
        "vendor/a.go",
        "x/__pycache__/a.py",
        "a.txt",
        "yarn.lock",
    ],
)
def test_left_out(folder: Path, write: Write, path: str) -> None:
    write(path, "word")
    assert ask(RipgrepContextProvider(folder), "word").items == []


def test_lock_files_are_left_out_whatever_is_included(folder: Path, write: Write) -> None:
    write("x/yarn.lock", "word")
    write("a.txt", "word")
    provider = RipgrepContextProvider(folder, include_patterns=["**"])
    assert paths(ask(provider, "word")) == ["a.txt"]


def test_own_excludes_take_the_place_of_the_others(folder: Path, write: Write) -> None:
    for path in ("build/a.py", "old/a.py"):
        write(path, "word")
    provider = RipgrepContextProvider(folder, exclude_patterns=["old/**"])
    assert paths(ask(provider, "word")) == ["build/a.py"]


def test_gitignore_is_respected(folder: Path, write: Write) -> None:
    write(".gitignore", "out\n")
    write("out/a.py", "word")
    assert ask(RipgrepContextProvider(folder), "word").items == []


def test_binary_empty_and_large_files_are_skipped(folder: Path, write: Write) -> None:
    write("binary.py", b"word\n\0")
    write("empty.py", "")
    write("large.py", b"word" + b" " * ((1 << 20) - 3))
    write("fits.py", b"word" + b" " * ((1 << 20) - 4))
    assert paths(ask(RipgrepContextProvider(folder), "word", depth="Abstract")) == ["fits.py"]
    assert ask(RipgrepContextProvider(folder, max_file_size=3), "word").items == []


@pytest.mark.skipif(os.name == "nt", reason="symlinks need a privilege there")
def test_symlinks_are_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_text("word")
    (folder / "link.py").symlink_to(tmp_path / "secret.py")
    (folder / "up").symlink_to(tmp_path, target_is_directory=True)
    assert ask(RipgrepContextProvider(folder), "word").items == []


def test_case_is_ignored_unless_it_matters(folder: Path, write: Write) -> None:
    write("a.py", "Word")
    assert len(ask(RipgrepContextProvider(folder), "wORD").items) == 1
    exact = RipgrepContextProvider(folder, case_insensitive=False)
    assert ask(exact, "wORD").items == []
    assert len(ask(exact, "Word").items) == 1


def test_files_are_ordered_by_matches_against_lines(folder: Path, write: Write) -> None:
    write("dense.py", lines(4, 1, 2))  # 2 / 2
    write("sparse.py", lines(100, 1, 2))  # 2 / 10
    write("many.py", lines(100, *range(1, 16)))  # 15 / 10
    provider = RipgrepContextProvider(folder)
    found = ask(provider, "word", depth="Abstract")
    assert paths(found) == ["many.py", "dense.py", "sparse.py"]
    assert [item.relevance for item in found.items] == [1.0, 1.0, 0.2]


def test_the_limits_of_a_query_hold(folder: Path, write: Write) -> None:
    for number in range(12):
        write(f"{number:02}.py", "word")
    found = ask(RipgrepContextProvider(folder), "word")
    assert (len(found.items), found.truncated) == (10, True)
    assert paths(found) == [f"{number:02}.py" for number in range(10)]


def test_each_query_sees_the_files_as_they_are(folder: Path, write: Write) -> None:
    provider = RipgrepContextProvider(folder)
    assert ask(provider, "word").items == []
    write("a.py", "word")
    assert paths(ask(provider, "word")) == ["a.py"]


def test_what_cannot_be_honoured_is_refused(folder: Path) -> None:
    with pytest.raises(WorkspaceError, match="context folder"):
        RipgrepContextProvider(folder / "nowhere")
    with pytest.raises(InvalidArgument, match="context_lines"):
        RipgrepContextProvider(folder, context_lines=-1)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("How does the login work?", ["login", "work"]),
        ("fix parse_config() in config.toml", ["fix", "parse_config", "config.toml"]),
        ("login, login!", ["login"]),
        ("what is it", ["what", "is", "it"]),
        ("?!", []),
        ("", []),
        ("TODO|FIXME", ["TODO", "FIXME"]),
    ],
)
def test_the_telling_words_of_a_prompt(query: str, words: list[str]) -> None:
    assert search_words(query) == words


texts = st.text(st.sampled_from("ab\n İß"), max_size=30)


@settings(deadline=None)
@given(texts, st.lists(st.text(st.sampled_from("abAB"), min_size=1, max_size=3), max_size=3))
def test_a_line_matches_when_it_contains_a_word(text: str, words: list[str]) -> None:
    of_text = text.split("\n")
    exact = [n for n, line in enumerate(of_text) if any(word in line for word in words)]
    assert matching_lines(text, words, ignore_case=False) == exact
    folded = [
        n for n, line in enumerate(of_text) if any(word.lower() in line.lower() for word in words)
    ]
    assert matching_lines(text, words, ignore_case=True) == folded
