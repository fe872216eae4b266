"""Snapshots of changed files."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from a3s_code.errors import ToolFailed
from a3s_code.tools.history import FileHistory
from a3s_code.tools.restore import restore_version
from tests.tools.bench import Bench


def test_versions_count_from_zero_per_file() -> None:
    history = FileHistory()
    assert [history.record("a", b"1", "write"), history.record("b", b"2", "edit")] == [0, 0]
    assert history.record("a", "é".encode(), "patch") == 1
    summaries = history.versions("a")
    assert [(s.version, s.path, s.tool_name, s.size) for s in summaries] == [
        (0, "a", "write", 1),
        (1, "a", "patch", 2),
    ]
    assert history.tracked_files() == ["a", "b"]


def test_timestamps_are_utc_and_recent() -> None:
    history = FileHistory()
    before = datetime.now(UTC)
    history.record("a", b"", "write")
    (version,) = history.versions("a")
    assert version.timestamp.tzinfo is UTC
    assert before <= version.timestamp <= datetime.now(UTC)


def test_the_oldest_snapshot_goes_first_and_numbers_stay() -> None:
    history = FileHistory(max_snapshots=3)
    for number in range(3):
        history.record("a", str(number).encode(), "write")
    history.record("b", b"x", "write")
    assert [summary.version for summary in history.versions("a")] == [1, 2]
    assert history.content("a", 0) is None
    assert history.content("a", 2) == b"2"
    assert history.record("a", b"3", "write") == 3


def test_the_default_limit_is_500_over_all_files() -> None:
    history = FileHistory()
    for number in range(600):
        history.record(f"f{number % 7}", b"", "write")
    assert sum(len(history.versions(path)) for path in history.tracked_files()) == 500


def test_large_snapshots_make_room_for_newer_ones() -> None:
    history = FileHistory(max_bytes=100)
    for _ in range(4):
        history.record("a", b"x" * 40, "write")
    assert [summary.version for summary in history.versions("a")] == [2, 3]
    history.record("b", b"x" * 1000, "edit")  # the newest is kept whatever its size
    assert history.tracked_files() == ["b"]
    history.record("a", b"", "write")
    assert [summary.version for summary in history.versions("a")] == [4]


def test_diff_has_the_documented_header_and_three_lines_of_context() -> None:
    history = FileHistory()
    history.record("a.txt", b"".join(b"%d\n" % n for n in range(9)), "write")
    history.record("a.txt", b"".join(b"%d\n" % (n if n != 4 else 44) for n in range(9)), "write")
    assert history.diff("a.txt", 0, 1) == (
        "--- a/a.txt (version 0)\n+++ b/a.txt (version 1)\n@@ -2,7 +2,7 @@\n"
        " 1\n 2\n 3\n-4\n+44\n 5\n 6\n 7\n"
    )


def test_diff_of_a_missing_version_is_none() -> None:
    history = FileHistory()
    history.record("a", b"", "write")
    assert history.diff("a", 0, 1) is None
    assert history.diff("b", 0, 0) is None


def test_diff_marks_a_last_line_without_its_newline() -> None:
    history = FileHistory()
    history.record("a", b"old", "write")
    history.record("a", b"new\n", "write")
    assert history.diff("a", 0, 1) == (
        "--- a/a (version 0)\n+++ b/a (version 1)\n@@ -1 +1 @@\n"
        "-old\n\\ No newline at end of file\n+new\n"
    )


def test_restoring_brings_back_the_bytes_and_can_itself_be_undone(bench: Bench) -> None:
    file = bench.write("a", b"\xff\0old")
    bench.text("write", file_path="a", content="new")
    change = restore_version(bench.ctx, "a", 0)
    assert file.read_bytes() == b"\xff\0old"
    assert (change.file_path, change.before) == ("a", "new")
    restore_version(bench.ctx, "a", 1)
    assert file.read_bytes() == b"new"
    assert [summary.version for summary in bench.ctx.history.versions("a")] == [0, 1, 2]


def test_restoring_what_is_not_kept_or_outside(bench: Bench) -> None:
    with pytest.raises(ToolFailed, match="No version 3 of a"):
        restore_version(bench.ctx, "a", 3)
    bench.ctx.history.record("../a", b"", "write")
    with pytest.raises(ToolFailed, match="escapes workspace"):
        restore_version(bench.ctx, "../a", 0)
