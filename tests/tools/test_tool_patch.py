"""The `patch` tool and its diff parser."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a3s_code.tools.unified_diff import DiffSyntaxError, apply_hunks, parse_diff
from tests.tools.bench import Bench

TEXT = "".join(f"{n}\n" for n in range(1, 11))


def test_hunks_are_applied_and_counted(bench: Bench) -> None:
    file = bench.write("a.txt", TEXT)
    diff = (
        "diff --git a/a.txt b/a.txt\nindex 1..2\n--- a/a.txt\n+++ b/a.txt\n"
        "@@ -1,2 +1,3 @@ heading\n 1\n+one and a half\n 2\n"
        "@@ -9,2 +10,1 @@\n 9\n-10\n"
    )
    output = bench("patch", path="a.txt", diff=diff)
    assert (output.text, output.exit_code) == ("Applied 2 hunk(s) to a.txt", 0)
    after = TEXT.replace("1\n2\n", "1\none and a half\n2\n", 1).removesuffix("10\n")
    assert file.read_text() == after
    assert output.metadata == {"file_path": "a.txt", "before": TEXT, "after": after}
    assert bench.ctx.history.versions("a.txt")[0].tool_name == "patch"


@pytest.mark.parametrize(
    ("text", "diff", "expected"),
    [
        ("a\nb\n", "@@ -1 +1 @@\n-a\n+x\n", "x\nb\n"),
        ("", "@@ -0,0 +1,2 @@\n+a\n+b\n", "a\nb\n"),
        ("a\nb\n", "@@ -1,0 +2 @@\n+x\n", "a\nx\nb\n"),
        ("a\n", "@@ -1 +0,0 @@\n-a\n", ""),
        ("a\r\nb\r\n", "@@ -1,2 +1,2 @@\n a\n-b\n+x\n", "a\r\nx\r\n"),
        ("a\r\nb\r\n", "@@ -1,2 +1,2 @@\r\n a\r\n-b\r\n+x\r\n", "a\r\nx\r\n"),
        ("a\n", "@@ -1 +1 @@\r\n-a\r\n+x\r\n", "x\n"),
        # As git writes it: CR belongs to the lines of the file, not to those of the diff.
        ("a\r\nb\r\n", "--- a\n+++ b\n@@ -1,2 +1,2 @@\n a\r\n-b\r\n+x\r\n", "a\r\nx\r\n"),
        ("a\nb\n", "--- a\n+++ b\n@@ -1,2 +1,2 @@\n a\r\n-b\r\n+x\r\n", "a\nx\n"),
        ("a\nb\r", "@@ -1,2 +1,3 @@\n a\n+x\n b\n", "a\nx\nb\r"),
        ("a", "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+x\n", "x\n"),
        ("a\n", "@@ -1 +1 @@\n-a\n+x\n\\ No newline at end of file\n", "x"),
        (
            "a",
            "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+x\n\\ No newline at end of file\n",
            "x",
        ),
        ("a\nb", "@@ -1 +1 @@\n-a\n+x\n", "x\nb"),
        ("a", "@@ -1 +1,2 @@\n a\n+b\n", "a\nb"),
        ("-- x\n", "@@ -1 +1 @@\n--- x\n+++ y\n", "++ y\n"),
        ("a\n\nb\n", "@@ -1,3 +1,3 @@\n a\n\n-b\n+c\n", "a\n\nc\n"),
        ("a\n", "@@ -1 +1 @@\n-a\n+b\n\n\n", "b\n"),
    ],
)
def test_diffs_that_fit(bench: Bench, text: str, diff: str, expected: str) -> None:
    file = bench.write("f", text)
    bench.text("patch", file_path="f", diff=diff)
    assert file.read_bytes() == expected.encode()


@pytest.mark.parametrize(
    ("diff", "problem"),
    [
        ("", "No @@ hunk headers found in diff"),
        ("--- a\n+++ b\n", "No @@ hunk headers found in diff"),
        ("@@ nonsense @@\n", "unexpected line 1"),
        ("@@ -1,2 +1 @@\n-1\n+x\n", "line counts of hunk 1 (@@ -1,2 +1 @@) do not equal its body"),
        ("@@ -1 +1 @@\n-1\n+x\n+y\n", "line counts of hunk 1"),
        ("@@ -1 +1 @@\n-1\n-2\n+x\n", "line counts of hunk 1"),
        ("@@ -1 +1,2 @@\n 1\n@@ -3 +3 @@\n", "line counts of hunk 1"),
        ("@@ -1 +1 @@\n-1\n*x\n", "unexpected line 3: '*x'"),
        ("@@ -1 +1 @@\n-1\n+x\n--- b\n+++ b\n@@ -1 +1 @@\n-1\n+x\n", "more than one file"),
        ("@@ -1 +1 @@\n-1\n+x\nnonsense\n", "unexpected line 4"),
    ],
)
def test_texts_that_are_no_diff(bench: Bench, diff: str, problem: str) -> None:
    file = bench.write("f", TEXT)
    text = bench.failure("patch", file_path="f", diff=diff)
    assert text.startswith("Failed to parse diff: ")
    assert problem in text
    assert file.read_text() == TEXT


@pytest.mark.parametrize(
    ("text", "diff", "problem"),
    [
        (TEXT, "@@ -2 +2 @@\n-1\n+x\n", "hunk 1, line 2: expected '1', found '2'"),
        (TEXT, "@@ -1 +1 @@\n-1\n+x\n@@ -1 +1 @@\n-1\n+x\n", "hunk 2 overlaps"),
        (TEXT, "@@ -5 +5 @@\n-5\n+x\n@@ -2 +2 @@\n-2\n+x\n", "out of order"),
        (TEXT, "@@ -99 +99 @@\n-x\n+y\n", "hunk 1 starts behind the end of the file (10 lines)"),
        (TEXT, "@@ -10,2 +10 @@\n 10\n-11\n", "goes on behind the end"),
        (TEXT, "@@ -1 +1 @@\n-1 \n+x\n", "expected '1 ', found '1'"),
        ("a\r\nb\n", "@@ -1 +1 @@\n-a\n+x\n", "mixes LF and CRLF"),
        ("a\n", "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+x\n", "expects no newline"),
        ("a\nb\n", "@@ -1 +1 @@\n-a\n+x\n\\ No newline at end of file\n", "expects no newline"),
        ("a", "@@ -1 +1 @@\n-a\n+x\n\\ No newline at end of file\n", "expects a newline"),
    ],
)
def test_diffs_that_do_not_fit_change_nothing(
    bench: Bench, text: str, diff: str, problem: str
) -> None:
    file = bench.write("f", text)
    output = bench.failure("patch", file_path="f", diff=diff)
    assert output.startswith("Failed to apply patch: ")
    assert problem in output
    assert file.read_bytes() == text.encode()
    assert bench.ctx.history.tracked_files() == []


def test_a_missing_and_an_undecodable_file(bench: Bench) -> None:
    diff = "@@ -1 +1 @@\n-a\n+b\n"
    expected = "Failed to apply patch: no: No such file or directory"
    assert bench.failure("patch", file_path="no", diff=diff) == expected
    bench.write("f", b"\xff\n")
    expected = "Failed to apply patch: f is not valid UTF-8"
    assert bench.failure("patch", file_path="f", diff=diff) == expected


_lines = st.lists(st.sampled_from(["a", "b", "", "-- x", "++ y", "@@", " ", "\\ x"]), max_size=12)


def _diff(before: str, after: str, context: int) -> str:
    """A diff as `diff -u` writes it."""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), "a", "b", n=context
    )
    marker = "\n\\ No newline at end of file\n"
    return "".join(line if line.endswith("\n") else line + marker for line in lines)


@given(_lines, _lines, st.booleans(), st.booleans(), st.integers(0, 3), st.booleans())
def test_a_real_diff_gives_the_other_text(
    before: list[str], after: list[str], end_a: bool, end_b: bool, context: int, crlf: bool
) -> None:
    old, new = ("\n".join(lines) for lines in (before, after))
    old, new = old + "\n" * (end_a and old != ""), new + "\n" * (end_b and new != "")
    if old == new:
        return
    hunks = parse_diff(_diff(old, new, context))
    assert apply_hunks(old, hunks) == new
    if crlf and "\n" in old:
        old_crlf, new_crlf = (text.replace("\n", "\r\n") for text in (old, new))
        assert apply_hunks(old_crlf, hunks) == new_crlf
        hunks = parse_diff(_diff(old_crlf, new_crlf, context))
        assert apply_hunks(old_crlf, hunks) == new_crlf
        assert apply_hunks(old, hunks) == new


@given(st.text(alphabet="@-+ 1,0\n\\a", max_size=60))
def test_any_text_is_parsed_or_refused(diff: str) -> None:
    try:
        hunks = parse_diff(diff)
    except DiffSyntaxError:
        return
    assert hunks
