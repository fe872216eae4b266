"""The `edit` tool."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from a3s_code.tools.edit import replace_text
from tests.tools.bench import Bench


def test_one_occurrence_is_replaced(bench: Bench) -> None:
    bench.write("a", "x = 1\ny = 1")
    output = bench("edit", file_path="a", old_string="x = 1", new_string="x = 2")
    assert (output.text, output.exit_code) == ("Replaced 1 occurrence(s) in a", 0)
    assert output.metadata == {
        "file_path": "a",
        "before": "x = 1\ny = 1",
        "after": "x = 2\ny = 1",
    }
    assert (bench.root / "a").read_text() == "x = 2\ny = 1"


def test_all_occurrences_on_request(bench: Bench) -> None:
    bench.write("a", "b b b")
    text = bench.text("edit", file_path="a", old_string="b", new_string="bb", replace_all=True)
    assert text == "Replaced 3 occurrence(s) in a"
    assert (bench.root / "a").read_text() == "bb bb bb"


def test_several_occurrences_need_a_decision(bench: Bench) -> None:
    bench.write("a", "b b")
    text = bench.failure("edit", file_path="a", old_string="b", new_string="c")
    assert "2 times" in text
    assert "replace_all=true" in text
    assert (bench.root / "a").read_text() == "b b"
    assert bench.ctx.history.tracked_files() == []


def test_nothing_found(bench: Bench) -> None:
    bench.write("a", "b")
    expected = "old_string not found in a"
    assert bench.failure("edit", file_path="a", old_string="x", new_string="c") == expected


def test_the_match_is_literal(bench: Bench) -> None:
    bench.write("a", r"f(.*)\1")
    bench.text("edit", file_path="a", old_string="(.*)", new_string=r"\0\g<1>")
    assert (bench.root / "a").read_text() == r"f\0\g<1>\1"


def test_an_empty_old_string_is_refused(bench: Bench) -> None:
    bench.write("a", "b")
    text = bench.failure("edit", file_path="a", old_string="", new_string="c")
    assert text == "old_string must not be empty"


def test_a_missing_file_is_named_and_not_made(bench: Bench) -> None:
    text = bench.failure("edit", file_path="no/such", old_string="a", new_string="b")
    assert text == "Failed to edit file no/such: No such file or directory"
    assert list(bench.root.iterdir()) == []


def test_a_file_that_is_not_utf8_is_refused(bench: Bench) -> None:
    file = bench.write("a", b"caf\xe9 x")
    text = bench.failure("edit", file_path="a", old_string="x", new_string="y")
    assert text == "Failed to edit file a: it is not valid UTF-8"
    assert file.read_bytes() == b"caf\xe9 x"


def test_a_byte_order_mark_is_kept(bench: Bench) -> None:
    file = bench.write("a", b"\xef\xbb\xbfx")
    bench.text("edit", file_path="a", old_string="x", new_string="y")
    assert file.read_bytes() == b"\xef\xbb\xbfy"


@pytest.mark.parametrize(
    ("content", "old", "new", "expected"),
    [
        ("a\r\nb\r\nc\r\n", "a\nb", "x\ny", "x\r\ny\r\nc\r\n"),
        ("a\r\nb\r\n", "a\r\nb", "x\r\ny", "x\r\ny\r\n"),
        ("a\r\nb\r\n", "a", "x\ny", "x\r\ny\r\nb\r\n"),
        ("a\r\nb\r\n", "\nb", "", "a\r\n"),
        ("a\nb\r\nc\r\n", "a\n", "x\n", "x\nb\r\nc\r\n"),
        ("a\nb\r\nc\r\n", "b\nc", "x\ny", "a\nx\r\ny\r\n"),
        ("a\nb\n", "a\nb", "x\r\ny", "x\r\ny\n"),
        ("a\rb", "a\rb", "c", "c"),
    ],
)
def test_line_ends_are_adapted_to_a_crlf_file(
    bench: Bench, content: str, old: str, new: str, expected: str
) -> None:
    file = bench.write("a", content)
    bench.text("edit", file_path="a", old_string=old, new_string=new)
    assert file.read_bytes() == expected.encode()


_text = st.text(alphabet="ab\n", max_size=12)


@given(_text, st.text(alphabet="ab\n", min_size=1, max_size=3), _text)
def test_without_crlf_it_is_plain_replacing(text: str, old: str, new: str) -> None:
    assume(old in text)
    replaced, count = replace_text(text, old, new, replace_all=True, path="f")
    assert (replaced, count) == (text.replace(old, new), text.count(old))


@given(_text, st.text(alphabet="ab\n", min_size=1, max_size=3), _text)
def test_with_crlf_it_is_the_same_edit_in_other_clothes(text: str, old: str, new: str) -> None:
    """Editing a CRLF file gives what editing its LF form gives, and no lone line end appears."""
    assume(old in text)
    assume("\n" in text)
    crlf = text.replace("\n", "\r\n")
    replaced, count = replace_text(crlf, old, new, replace_all=True, path="f")
    assert count == text.count(old)
    assert replaced == text.replace(old, new).replace("\n", "\r\n")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=30), st.text("xyz", min_size=1, max_size=5))
def test_an_edit_can_be_undone_byte_by_byte(bench: Bench, content: str, new: str) -> None:
    assume("MARK" not in content and new not in content)
    file = bench.write("a", content + "MARK")
    bench.text("edit", file_path="a", old_string="MARK", new_string=new)
    assert file.read_bytes() == (content + new).encode()
    bench.text("edit", file_path="a", old_string=new, new_string="MARK")
    assert file.read_bytes() == (content + "MARK").encode()


def test_edits_at_the_same_time_do_not_lose_each_other(bench: Bench) -> None:
    bench.write("a", "".join(f"<{n}>" for n in range(20)))

    async def all_at_once() -> None:
        edits = [
            bench.call("edit", {"file_path": "a", "old_string": f"<{n}>", "new_string": f"[{n}]"})
            for n in range(20)
        ]
        assert {output.exit_code for output in await asyncio.gather(*edits)} == {0}

    asyncio.run(all_at_once())
    assert (bench.root / "a").read_text() == "".join(f"[{n}]" for n in range(20))
