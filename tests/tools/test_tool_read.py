"""The `read` tool."""

from __future__ import annotations

import codecs
import os
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tools.bench import Bench

PNG = b"\x89PNG\r\n\x1a\n" + zlib.compress(b"not a real picture, but its beginning is")


def test_lines_are_numbered_from_one(bench: Bench) -> None:
    bench.write("a.py", "import os\nx = 1")
    assert bench.text("read", file_path="a.py") == "     1\timport os\n     2\tx = 1\n"


def test_path_is_accepted_for_file_path(bench: Bench) -> None:
    bench.write("a", "x\n")
    assert bench.text("read", path="a") == "     1\tx\n"


def test_an_absolute_path_inside_works(bench: Bench) -> None:
    file = bench.write("a", "x\n")
    assert bench.text("read", file_path=str(file)) == "     1\tx\n"


def test_crlf_line_ends_are_not_shown(bench: Bench) -> None:
    bench.write("a", "x\r\ny\r\n")
    assert bench.text("read", file_path="a") == "     1\tx\n     2\ty\n"


def test_an_empty_file_has_no_lines(bench: Bench) -> None:
    bench.write("a", "")
    assert bench.text("read", file_path="a") == ""


def test_offset_counts_from_zero_and_a_notice_tells_how_to_go_on(bench: Bench) -> None:
    bench.write("a", "0\n1\n2\n3\n")
    assert bench.text("read", file_path="a", offset=1, limit=2) == (
        "     2\t1\n     3\t2\n(more lines exist; use offset=3 to continue)\n"
    )
    assert bench.text("read", file_path="a", offset=3) == "     4\t3\n"


@pytest.mark.parametrize("content", ["a\nb\nc\n", "a\nb\nc"])
@pytest.mark.parametrize("offset", [3, 4, 10**30])
def test_an_offset_behind_the_end_fails_with_the_length(
    bench: Bench, content: str, offset: int
) -> None:
    bench.write("a", content)
    expected = f"Offset {offset} exceeds file length (3 lines)"
    assert bench.failure("read", file_path="a", offset=offset) == expected


@pytest.mark.parametrize("limit", [{}, {"limit": 2001}, {"limit": 10**9}])
def test_the_limit_is_clamped_to_2000_lines(bench: Bench, limit: dict[str, int]) -> None:
    bench.write("a", "x\n" * 2500)
    lines = bench.text("read", file_path="a", **limit).splitlines()
    assert len(lines) == 2001
    assert lines[-1] == "(more lines exist; use offset=2000 to continue)"


@pytest.mark.parametrize(("name", "value"), [("limit", 0), ("offset", -1)])
def test_limits_out_of_range_are_refused(bench: Bench, name: str, value: int) -> None:
    bench.write("a", "x")
    assert bench.failure("read", file_path="a", **{name: value}).startswith(f"{name} parameter")


@pytest.mark.parametrize("length", [1999, 2000, 2001, 2002, 2003, 5000, 3_000_000])
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_a_line_is_cut_at_2000_bytes(bench: Bench, length: int, end: bytes) -> None:
    bench.write("a", b"x" * length + end)
    text = bench.text("read", file_path="a")
    assert text.splitlines()[0] == "     1\t" + "x" * min(length, 2000)
    assert ("(longer than 2000 bytes and cut: line 1)" in text) == (length > 2000)
    assert "more lines" not in text


def test_a_line_is_cut_between_characters(bench: Bench) -> None:
    bench.write("a", "é" * 999 + "x" + "é" * 100)
    text = bench.text("read", file_path="a")
    assert text.splitlines()[0] == "     1\t" + "é" * 999 + "x"
    assert "UTF-8" not in text


def test_the_output_stays_below_100_kib_and_can_be_continued(bench: Bench) -> None:
    lines = [f"{number} " + "y" * 300 for number in range(1500)]
    bench.write("a", "\n".join(lines))
    seen: list[str] = []
    offset = 0
    while True:
        text = bench.text("read", file_path="a", offset=offset)
        assert len(text.encode()) <= 102_400
        *shown, last = text.splitlines()
        if not last.startswith("(more lines"):
            seen += [line.split("\t", 1)[1] for line in [*shown, last]]
            break
        seen += [line.split("\t", 1)[1] for line in shown]
        offset = int(last.partition("offset=")[2].split()[0])
    assert seen == lines


def test_a_file_that_is_not_utf8_is_shown_with_a_note(bench: Bench) -> None:
    bench.write("a", b"caf\xe9\n")
    text = bench.text("read", file_path="a")
    assert text.startswith("     1\tcaf\N{REPLACEMENT CHARACTER}\n(not valid UTF-8")


@pytest.mark.parametrize("data", [b"%PDF\0\1\2", b"\xff\xfe\0\1\0\0\2", b"\xff\xfe\0\xd8a\0b"])
def test_a_binary_file_is_a_note_with_type_and_size(bench: Bench, data: bytes) -> None:
    bench.write("a.pdf", data)
    text = bench.text("read", file_path="a.pdf")
    assert text == "[Binary file a.pdf: application/pdf, 7 bytes; content not shown]"


def test_a_long_file_of_wide_characters_is_read_in_pieces(bench: Bench) -> None:
    lines = [f"línea {number}" for number in range(30_000)]
    bench.write("a.txt", "\r\n".join(lines).encode("utf-16") + b"x")
    assert bench.text("read", file_path="a.txt", offset=29_999) == (
        " 30000\tlínea 29999\N{REPLACEMENT CHARACTER}\n(encoded in UTF-16)\n"
    )
    assert bench.failure("read", file_path="a.txt", offset=10**30).endswith("(30000 lines)")
    assert "(more lines exist" in bench.text("read", file_path="a.txt")


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("a.png", PNG, "image/png"),
        ("a.PNG", PNG, "image/png"),
        ("a.jpg", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a.jpeg", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a.gif", b"GIF89a", "image/gif"),
        ("a.webp", b"RIFF\0\0\0\0WEBP", "image/webp"),
        ("wrong.jpg", PNG, "image/png"),
    ],
)
def test_images_are_attached(bench: Bench, name: str, data: bytes, media_type: str) -> None:
    bench.write(name, data)
    output = bench("read", file_path=name)
    assert output.text == f"[Image {name}: {media_type}, {len(data)} bytes]"
    assert [(image.data, image.media_type) for image in output.images] == [(data, media_type)]


def test_an_image_that_is_too_large_is_only_described(bench: Bench) -> None:
    file = bench.write("a.png", PNG)
    os.truncate(file, 16 * 1024 * 1024 + 1)
    output = bench("read", file_path="a.png")
    assert output.images == ()
    assert "not attached" in output.text


def test_text_under_the_name_of_an_image_is_text(bench: Bench) -> None:
    bench.write("a.png", "hello")
    assert bench.text("read", file_path="a.png") == "     1\thello\n"


def test_a_missing_file_is_named_as_given(bench: Bench) -> None:
    expected = "Failed to read file no/such: No such file or directory"
    assert bench.failure("read", file_path="no/such") == expected


def test_a_directory_is_no_file(bench: Bench) -> None:
    (bench.root / "d").mkdir()
    for path in ("d", "."):
        expected = f"Failed to read file {path}: Is a directory"
        assert bench.failure("read", file_path=path) == expected


def test_the_outside_cannot_be_read(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    text = bench.failure("read", file_path="../secret")
    assert text == "Workspace boundary violation: tool 'read' path '../secret' escapes workspace"


def test_the_start_of_a_large_file_is_read_without_the_rest(bench: Bench) -> None:
    """The file has a hole of a terabyte, which nobody reads in a test."""
    file = bench.write("a", "one\ntwo\nthree\n")
    try:
        os.truncate(file, 1 << 40)
    except OSError:
        pytest.skip("the file system has no sparse files of this size")
    assert bench.text("read", file_path="a", limit=2).startswith("[Binary file")
    bench.write("b", "x\n" * 5000)
    os.truncate(bench.root / "b", 1 << 40)
    assert bench.text("read", file_path="b", offset=3, limit=1).startswith("     4\tx\n")


@pytest.mark.parametrize(
    ("mark", "encoding", "note"),
    [
        (b"", "utf-8", ""),
        (codecs.BOM_UTF16_LE, "utf-16-le", "(encoded in UTF-16)\n"),
        (codecs.BOM_UTF16_BE, "utf-16-be", "(encoded in UTF-16)\n"),
        (codecs.BOM_UTF32_LE, "utf-32-le", "(encoded in UTF-32)\n"),
        (codecs.BOM_UTF32_BE, "utf-32-be", "(encoded in UTF-32)\n"),
    ],
)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50
)
@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"))),
    st.booleans(),
    st.integers(min_value=0, max_value=5),
    st.integers(min_value=1, max_value=5),
)
def test_any_window_is_that_part_of_the_lines(
    bench: Bench,
    mark: bytes,
    encoding: str,
    note: str,
    lines: list[str],
    final_newline: bool,
    offset: int,
    limit: int,
) -> None:
    content = "\n".join(lines) + ("\n" if final_newline else "")
    bench.write("a", mark + content.encode(encoding))
    real = content.split("\n")
    if not real[-1]:
        real.pop()
    output = bench("read", file_path="a", offset=offset, limit=limit)
    if offset and offset >= len(real):
        assert output.text == f"Offset {offset} exceeds file length ({len(real)} lines)"
        return
    window = real[offset : offset + limit]
    expected = "".join(f"{offset + n:6d}\t{line}\n" for n, line in enumerate(window, 1))
    if offset + limit < len(real):
        expected += f"(more lines exist; use offset={offset + limit} to continue)\n"
    assert output.text == expected + note
