"""The files of a directory as context."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from a3s_code.context.filesystem import FileSystemContextProvider, score, words_of
from a3s_code.errors import WorkspaceError
from tests.context.conftest import Write, ask, paths

needs_symlinks = pytest.mark.skipif(os.name == "nt", reason="symlinks need a privilege there")


def test_its_name(folder: Path) -> None:
    assert FileSystemContextProvider(folder).name == "filesystem"


def test_an_item(folder: Path, write: Write) -> None:
    write("src/login.py", "def login(user): ...\n")
    (item,) = ask(FileSystemContextProvider(folder), "Login").items
    path = f"{folder.as_posix()}/src/login.py"
    assert item.source == f"file:{path}"
    assert item.metadata == {"path": path, "size": 21}
    assert item.context_type == "Resource"
    assert item.content == "def login(user): ...\n"
    assert item.relevance == 1 / math.sqrt(21)


def test_sources_begin_with_the_folder_as_it_was_named(folder: Path, write: Write) -> None:
    write("docs/a.md", "word")
    write(".gitignore", "private.md\n")
    write("docs/private.md", "word")
    provider = FileSystemContextProvider("docs", base=folder)
    assert [item.source for item in ask(provider, "word").items] == ["file:docs/a.md"]
    whole = FileSystemContextProvider(".", base=folder)
    assert [item.source for item in ask(whole, "word").items] == ["file:docs/a.md"]


@pytest.mark.parametrize(
    "path",
    ["a.rs", "a.md", "x/y/a.py", ".hidden/a.md", ".a.md", "x/.y/a.ts", "a.toml"],
)
def test_included(folder: Path, write: Write, path: str) -> None:
    write(path, "word")
    assert paths(ask(FileSystemContextProvider(folder), "word")) == [path]


@pytest.mark.parametrize(
    "path",
    [
        "target/a.rs",
        "x/target/y/a.rs",
        "node_modules/x/a.md",
        ".git/a.md",
        ".venv/lib/a.py",
        "x/__pycache__/a.py",
        "a.png",
        "noending",
    ],
)
def test_left_out(folder: Path, write: Write, path: str) -> None:
    write(path, "word")
    assert ask(FileSystemContextProvider(folder), "word").items == []


def test_gitignore_is_respected(folder: Path, write: Write) -> None:
    write(".gitignore", "secret.md\nout/\n")
    write("sub/.gitignore", "*.md\n!keep.md\n")
    for path in ("secret.md", "out/a.md", "sub/a.md", "sub/keep.md", "a.md"):
        write(path, "word")
    assert paths(ask(FileSystemContextProvider(folder), "word")) == ["a.md", "sub/keep.md"]


def test_own_patterns(folder: Path, write: Write) -> None:
    for path in ("a.txt", "a.md", "old/a.txt"):
        write(path, "word")
    provider = FileSystemContextProvider(
        folder, include_patterns=["*.txt"], exclude_patterns=["old"]
    )
    assert paths(ask(provider, "word")) == ["a.txt"]


def test_files_above_the_limit_are_left_out(folder: Path, write: Write) -> None:
    write("fits.md", b"word" + b" " * ((1 << 20) - 4))
    write("more.md", b"word" + b" " * ((1 << 20) - 3))
    assert paths(ask(FileSystemContextProvider(folder), "word")) == ["fits.md"]
    write("small.md", "word")
    assert paths(ask(FileSystemContextProvider(folder, max_file_size=4), "word")) == ["small.md"]


def test_binary_and_empty_files_are_left_out(folder: Path, write: Write) -> None:
    write("binary.md", b"word\0word")
    write("empty.md", "")
    write("latin.md", "word caf\xe9".encode("latin-1"))
    assert paths(ask(FileSystemContextProvider(folder), "word")) == ["latin.md"]


@needs_symlinks
def test_symlinks_are_not_followed(folder: Path, write: Write, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.md").write_text("word")
    write("a.md", "word")
    (folder / "link.md").symlink_to(outside / "secret.md")
    (folder / "linked").symlink_to(outside, target_is_directory=True)
    assert paths(ask(FileSystemContextProvider(folder), "word")) == ["a.md"]


@needs_symlinks
def test_a_known_file_that_became_a_symlink_is_not_read(
    folder: Path, write: Write, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.md"
    secret.write_text("word: secret")
    file = write("a.md", "word")
    provider = FileSystemContextProvider(folder)
    assert paths(ask(provider, "word")) == ["a.md"]
    file.unlink()
    file.symlink_to(secret)
    assert ask(provider, "word").items == []


@pytest.mark.parametrize(
    ("depth", "length"), [("Abstract", 500), ("Overview", 2000), ("Full", 5000)]
)
def test_the_depth_cuts_the_content(folder: Path, write: Write, depth: str, length: int) -> None:
    write("a.md", ("word " * 1000)[:5000])
    (item,) = ask(FileSystemContextProvider(folder), "word", depth=depth).items
    assert len(item.content) == length
    assert item.metadata["size"] == 5000


def test_the_best_come_first_and_ties_go_by_path(folder: Path, write: Write) -> None:
    write("often.md", "word word word")
    write("b.md", "word here too.")
    write("a.md", "word here too.")
    write("long.md", "word" + " filler" * 50)
    write("none.md", "nothing")
    found = ask(FileSystemContextProvider(folder), "word")
    assert paths(found) == ["often.md", "a.md", "b.md", "long.md"]
    assert not found.truncated


def test_the_limits_of_a_query_hold(folder: Path, write: Write) -> None:
    for number in range(15):
        write(f"{number:02}.md", "word" + "x" * 396)
    provider = FileSystemContextProvider(folder)
    by_number = ask(provider, "word")
    assert (len(by_number.items), by_number.truncated) == (10, True)
    by_tokens = ask(provider, "word", max_tokens=350)
    assert (by_tokens.total_tokens, by_tokens.truncated) == (300, True)


@pytest.mark.parametrize("query", ["", "  \n", "absent"])
def test_without_a_hit_there_is_nothing(folder: Path, write: Write, query: str) -> None:
    write("a.md", "word")
    assert ask(FileSystemContextProvider(folder), query).items == []


def test_only_files_are_offered(folder: Path, write: Write) -> None:
    write("a.md", "word")
    provider = FileSystemContextProvider(folder)
    assert ask(provider, "word", context_types=["Memory"]).items == []
    assert len(ask(provider, "word", context_types=["Memory", "File"]).items) == 1


def test_the_list_of_files_is_kept_until_it_is_cleared(folder: Path, write: Write) -> None:
    write("a.md", "word")
    provider = FileSystemContextProvider(folder)
    assert paths(ask(provider, "word")) == ["a.md"]
    write("b.md", "word")
    assert paths(ask(provider, "word")) == ["a.md"]
    provider.clear_cache()
    assert paths(ask(provider, "word")) == ["a.md", "b.md"]


def test_the_content_is_kept_while_size_and_time_of_a_file_stay(folder: Path, write: Write) -> None:
    file = write("a.md", "word: one")
    provider = FileSystemContextProvider(folder)
    ask(provider, "word")
    before = file.stat()
    file.write_text("word: two")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert [item.content for item in ask(provider, "word").items] == ["word: one"]
    provider.clear_cache()
    assert [item.content for item in ask(provider, "word").items] == ["word: two"]


def test_a_file_that_is_handed_out_is_the_file_as_it_is(folder: Path, write: Write) -> None:
    changed, removed = write("changed.md", "word: old"), write("removed.md", "word: gone")
    provider = FileSystemContextProvider(folder)
    assert len(ask(provider, "word").items) == 2
    changed.write_text("word: entirely new")
    removed.unlink()
    (item,) = ask(provider, "word").items
    assert item.content == "word: entirely new"


def test_a_missing_folder_is_refused(folder: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"context folder .* does not exist"):
        FileSystemContextProvider(folder / "nowhere")


# -- the score --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "text", "occurrences"),
    [
        ("word", "word", 1),
        ("WORD", "Word wOrd", 2),
        ("word", "words and passwords", 2),
        ("two words", "two words, two", 3),
        ("twice twice", "twice", 2),
        ("a-b", "a b", 0),
    ],
)
def test_the_score_counts_words_against_length(query: str, text: str, occurrences: int) -> None:
    assert score(words_of(query), text) == occurrences / math.sqrt(len(text))


@settings(deadline=None)
@given(st.text(), st.text())
def test_a_score_follows_the_formula(query: str, text: str) -> None:
    expected = sum(text.lower().count(word) for word in query.lower().split())
    assert score(words_of(query), text) * math.sqrt(len(text)) == pytest.approx(expected)


def test_a_pasted_log_is_not_looked_for_word_by_word() -> None:
    assert len(words_of(" ".join(map(str, range(5000))))) == 100
