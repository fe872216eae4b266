"""Unified diffs of one file: text to hunks, hunks onto lines. A pure core.

Strict on purpose: what a model remembers wrongly must fail, never land somewhere near.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_HEADER = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")
_NO_NEWLINE = "\\"


class DiffSyntaxError(ValueError):
    """A text that is no unified diff of one file; the message says where."""


class PatchMismatch(ValueError):
    """A diff that does not fit the text; the message says where."""


@dataclass(slots=True)
class Hunk:
    """One hunk. `start` is the first old line, from 1, or the line before when no old one is named.

    `body` has a sign (`-`, `+` or a blank) and a text for each line; the flags tell that the last
    old or new line has no newline behind it.
    """

    start: int
    body: list[tuple[str, str]] = field(default_factory=list)
    old_ends_bare: bool = False
    new_ends_bare: bool = False

    @property
    def old(self) -> list[str]:
        """The lines that it expects."""
        return [text for sign, text in self.body if sign != "+"]

    def new(self, old: list[str]) -> list[str]:
        """What `old`, the lines that it fits, become.

        Context stays as it is in the file. Diffs of files with CRLF often have that behind the
        lines of the file alone, so the line ends of what is added are those of the file.
        """
        kept = iter(old)
        lines: list[str] = []
        for sign, text in self.body:
            before = "" if sign == "+" else next(kept)
            if sign != "-":
                lines.append(before if sign == " " else text.removesuffix("\r"))
        return lines


def parse_diff(diff: str) -> list[Hunk]:
    """The hunks of a diff; headers above the first one are passed over. Raises `DiffSyntaxError`."""
    lines = diff.split("\n")
    if lines[-1] == "":
        lines.pop()
    if lines and all(line.endswith("\r") for line in lines):
        lines = [line[:-1] for line in lines]
    at = next((n for n, line in enumerate(lines) if line.startswith("@@")), None)
    if at is None:
        raise DiffSyntaxError("No @@ hunk headers found in diff")
    if sum(line.startswith("--- ") for line in lines[:at]) > 1:
        raise DiffSyntaxError("diff covers more than one file")
    hunks: list[Hunk] = []
    while at < len(lines):
        at = _parse_hunk(lines, at, hunks)
    return hunks


def _parse_hunk(lines: list[str], at: int, hunks: list[Hunk]) -> int:
    """Read the hunk whose header is at `at`; the position behind it."""
    header = _HEADER.match(lines[at])
    if header is None:
        raise DiffSyntaxError(_unexpected(lines, at))
    start, old_count, _, new_count = (1 if n is None else int(n) for n in header.groups())
    hunk = Hunk(start)
    at += 1
    while old_count > 0 or new_count > 0:
        if at == len(lines) or lines[at].startswith("@@"):
            raise DiffSyntaxError(_wrong_counts(hunks, header[0]))
        at = _parse_line(lines, at, hunk)
        sign = hunk.body[-1][0]
        old_count, new_count = old_count - (sign != "+"), new_count - (sign != "-")
        if old_count < 0 or new_count < 0:
            raise DiffSyntaxError(_wrong_counts(hunks, header[0]))
    at = _parse_marker(lines, at, hunk, lines[at - 1][:1])
    if at < len(lines) and lines[at][:1] in ("+", "-", " "):
        if lines[at].startswith("--- "):
            raise DiffSyntaxError("diff covers more than one file")
        raise DiffSyntaxError(_wrong_counts(hunks, header[0]))
    while at < len(lines) and not lines[at].strip():
        at += 1
    hunks.append(hunk)
    return at


def _parse_line(lines: list[str], at: int, hunk: Hunk) -> int:
    sign, text = lines[at][:1] or " ", lines[at][1:]  # editors strip the blank of an empty line
    if sign not in "+- ":
        raise DiffSyntaxError(_unexpected(lines, at))
    hunk.body.append((sign, text))
    return _parse_marker(lines, at + 1, hunk, sign)


def _parse_marker(lines: list[str], at: int, hunk: Hunk, sign: str) -> int:
    if at < len(lines) and lines[at].startswith(_NO_NEWLINE):
        hunk.old_ends_bare |= sign != "+"
        hunk.new_ends_bare |= sign != "-"
        return at + 1
    return at


def _unexpected(lines: list[str], at: int) -> str:
    return f"unexpected line {at + 1}: {lines[at][:80]!r}"


def _wrong_counts(hunks: list[Hunk], header: str) -> str:
    return f"line counts of hunk {len(hunks) + 1} ({header}) do not equal its body"


def apply_hunks(text: str, hunks: list[Hunk]) -> str:
    """The text with all hunks applied, its line ends (LF or CRLF) kept. Raises `PatchMismatch`."""
    crlf, newlines = text.count("\r\n"), text.count("\n")
    if crlf not in (0, newlines):
        raise PatchMismatch("the file mixes LF and CRLF line endings")
    lines = text.replace("\r\n", "\n").split("\n")
    ends_bare = lines[-1] != ""
    if not ends_bare:
        lines.pop()
    total, result, at = len(lines), list[str](), 0
    for number, hunk in enumerate(hunks, 1):
        old = hunk.old
        # With no old line the number names the line after which to insert.
        position = hunk.start - 1 if old else hunk.start
        _check(lines, at, position, number, old)
        end = position + len(old)
        result += lines[at:position] + hunk.new(lines[position:end])
        at = end
        if hunk.old_ends_bare or hunk.new_ends_bare:
            ends_bare = _end(number, hunk, at == total, ends_bare)
    result += lines[at:]
    newline = "\r\n" if crlf else "\n"
    return newline.join(result) + ("" if ends_bare or not result else newline)


def _check(lines: list[str], at: int, position: int, number: int, old: list[str]) -> None:
    if position < at:
        raise PatchMismatch(f"hunk {number} overlaps the one before it or is out of order")
    if position > len(lines):
        raise PatchMismatch(f"hunk {number} starts behind the end of the file ({len(lines)} lines)")
    for offset, expected in enumerate(old):
        line = position + offset
        if line >= len(lines):
            raise PatchMismatch(f"hunk {number} goes on behind the end of the file")
        if lines[line].removesuffix("\r") != expected.removesuffix("\r"):
            raise PatchMismatch(
                f"hunk {number}, line {line + 1}: expected {expected[:200]!r}, "
                f"found {lines[line][:200]!r}"
            )


def _end(number: int, hunk: Hunk, at_end: bool, ends_bare: bool) -> bool:
    """Whether the file lacks its last newline after a hunk that says something about it."""
    if not at_end or (hunk.old_ends_bare and not ends_bare):
        raise PatchMismatch(f"hunk {number} expects no newline where there is one")
    if hunk.old and not hunk.old_ends_bare and ends_bare:
        raise PatchMismatch(f"hunk {number} expects a newline at the end of the file")
    return hunk.new_ends_bare
