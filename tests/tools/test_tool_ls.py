"""The `ls` tool."""

from __future__ import annotations

import os
import sys

import pytest

from a3s_code.tools.confined import Entry
from a3s_code.tools.ls import format_listing, format_size
from tests.tools.bench import Bench


def test_directories_first_then_by_name_in_any_case(bench: Bench) -> None:
    bench.write("b.txt", "x" * 512)
    bench.write("A.txt", "x" * 1024)
    bench.write(".hidden", "")
    bench.write("Zdir/x", "")
    size = format_size(os.lstat(bench.root / "Zdir").st_size)
    assert bench.text("ls") == (
        "Directory: .\n\n"
        f"dir   {size:>8}  Zdir/\n"
        "file        0B  .hidden\n"
        "file     1.0KB  A.txt\n"
        "file      512B  b.txt\n"
        "\n4 entries"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="symlinks need a privilege")
def test_links_are_not_followed(bench: Bench) -> None:
    (bench.root / "link").symlink_to("/")
    assert "\nlink  " in bench.text("ls")
    assert bench.text("ls").endswith("  link\n\n1 entries")


def test_what_vanished_meanwhile_is_unknown() -> None:
    assert "\nunknown      0B  gone\n" in format_listing("d", [Entry("gone", None, 0)])


def test_an_empty_directory(bench: Bench) -> None:
    (bench.root / "d").mkdir()
    assert bench.text("ls", path="d") == "Directory: d\n\n(empty directory)"


def test_errors_name_the_path(bench: Bench) -> None:
    bench.write("f", "")
    assert bench.failure("ls", path="no") == "Directory not found: no"
    assert bench.failure("ls", path="f") == "Not a directory: f"
    long = "x" * 5000
    assert bench.failure("ls", path=long).startswith(f"Failed to read directory {long}: ")
    assert bench.failure("ls", path="..") == (
        "Workspace boundary violation: tool 'ls' path '..' escapes workspace"
    )


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0B"),
        (1023, "1023B"),
        (1024, "1.0KB"),
        (1024**2, "1.0MB"),
        (1024**3, "1.0GB"),
        (1024**4, "1024.0GB"),
        (1536, "1.5KB"),
    ],
)
def test_sizes_use_the_factor_1024(size: int, text: str) -> None:
    assert format_size(size) == text
