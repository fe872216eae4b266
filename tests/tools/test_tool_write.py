"""The `write` tool, and what it shares with `edit`: atomic replacing, snapshots, metadata."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from tests.tools.bench import Bench


@pytest.mark.parametrize(
    ("content", "lines"), [("", 0), ("a", 1), ("a\n", 1), ("a\nb", 2), ("é\n\n", 2)]
)
def test_bytes_and_lines_are_told(bench: Bench, content: str, lines: int) -> None:
    size = len(content.encode())
    expected = f"Wrote {size} bytes ({lines} lines) to a"
    assert bench.text("write", file_path="a", content=content) == expected
    assert (bench.root / "a").read_bytes() == content.encode()


def test_parents_are_created(bench: Bench) -> None:
    bench.text("write", file_path="x/y/z.txt", content="1")
    assert (bench.root / "x/y/z.txt").read_text() == "1"


def test_line_ends_are_written_as_given(bench: Bench) -> None:
    bench.text("write", file_path="a", content="a\r\nb\n")
    assert (bench.root / "a").read_bytes() == b"a\r\nb\n"


def test_metadata_has_both_texts(bench: Bench) -> None:
    new = bench("write", file_path="a", content="1")
    assert new.metadata == {"file_path": "a", "before": "", "after": "1"}
    changed = bench("write", path="a", content="2")
    assert changed.metadata == {"file_path": "a", "before": "1", "after": "2"}


def test_metadata_leaves_out_texts_above_100_kib(bench: Bench) -> None:
    at_limit = bench("write", file_path="a", content="x" * 102_400)
    assert at_limit.metadata is not None
    assert "after" in at_limit.metadata
    above = bench("write", file_path="b", content="x" * 102_401)
    assert above.metadata == {"file_path": "b"}
    longer = bench("edit", file_path="a", old_string="x" * 102_400, new_string="y\n" * 60_000)
    assert longer.metadata == {"file_path": "a"}
    patched = bench("patch", file_path="a", diff="@@ -1 +1 @@\n-y\n+z\n")
    assert (patched.text, patched.metadata) == ("Applied 1 hunk(s) to a", {"file_path": "a"})


def test_the_old_content_is_kept_as_a_snapshot(bench: Bench) -> None:
    bench.text("write", file_path="a", content="1")
    bench.text("write", file_path="a", content="2")
    bench.text("edit", file_path="a", old_string="2", new_string="3")
    history = bench.ctx.history
    assert [(s.version, s.tool_name) for s in history.versions("a")] == [
        (0, "write"),
        (1, "write"),
        (2, "edit"),
    ]
    assert [history.content("a", version) for version in range(3)] == [b"", b"1", b"2"]


def test_a_binary_file_is_kept_byte_by_byte(bench: Bench) -> None:
    bench.write("a", b"\xff\0\xfe")
    bench.text("write", file_path="a", content="text")
    assert bench.ctx.history.content("a", 0) == b"\xff\0\xfe"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_the_mode_is_kept_and_a_new_file_gets_the_usual_one(bench: Bench) -> None:
    bench.write("run.sh", "old").chmod(0o751)
    bench.text("write", file_path="run.sh", content="new")
    assert stat.S_IMODE((bench.root / "run.sh").stat().st_mode) == 0o751
    bench.text("write", file_path="fresh", content="")
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE((bench.root / "fresh").stat().st_mode) == 0o666 & ~umask


def test_nothing_else_is_left_in_the_directory(bench: Bench) -> None:
    bench.text("write", file_path="a", content="1")
    bench.failure("write", file_path="a", content="\ud800")
    (bench.root / "d").mkdir()
    bench.failure("write", file_path="d", content="1")
    assert sorted(os.listdir(bench.root)) == ["a", "d"]


def test_a_directory_cannot_be_written(bench: Bench) -> None:
    for path in (".", "d", "d/", "new/"):
        (bench.root / "d").mkdir(exist_ok=True)
        expected = f"Failed to write file {path}: Is a directory"
        assert bench.failure("write", file_path=path, content="") == expected
    assert bench.ctx.history.tracked_files() == []


def test_a_file_in_the_way_of_a_parent_is_an_error(bench: Bench) -> None:
    bench.write("a", "x")
    text = bench.failure("write", file_path="a/b", content="")
    assert text.startswith("Failed to write file a/b: ")
    assert str(bench.root) not in text


@pytest.mark.skipif(sys.platform == "win32", reason="symlinks need a privilege")
def test_a_link_inside_stays_a_link(bench: Bench) -> None:
    bench.write("target", "1")
    (bench.root / "link").symlink_to("target")
    bench.text("write", file_path="link", content="2")
    assert (bench.root / "link").is_symlink()
    assert (bench.root / "target").read_text() == "2"


@pytest.mark.skipif(sys.platform == "win32", reason="symlinks need a privilege")
def test_a_link_to_the_outside_is_not_written_through(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("1")
    (bench.root / "link").symlink_to(tmp_path / "outside")
    assert "escapes workspace" in bench.failure("write", file_path="link", content="2")
    assert (tmp_path / "outside").read_text() == "1"


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everything"
)
def test_a_read_only_file_stays(bench: Bench) -> None:
    bench.write("a", "1").chmod(0o444)
    expected = "Failed to write file a: Permission denied"
    assert bench.failure("write", file_path="a", content="2") == expected
