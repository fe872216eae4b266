"""Lines that match, out of a file that is read in blocks: the pure part of `grep`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

from a3s_code.tools.dialect import required_literal, stays_in_line

_Search = Callable[[str, int], re.Match[str] | None]

BLOCK_BYTES = 4 << 20
_MAX_LINE_BYTES = 64 << 20


class LineSearch:
    """A compiled expression with what lets most blocks be passed over unread."""

    def __init__(self, regex: re.Pattern[str]) -> None:
        self._search = regex.search
        self._search_block = (
            re.compile(regex.pattern, regex.flags | re.MULTILINE).search
            if stays_in_line(regex.pattern)
            else None
        )
        self._ignore_case = bool(regex.flags & re.IGNORECASE)
        literal = required_literal(regex.pattern)
        self._literal = (literal.lower() if self._ignore_case else literal).encode(
            "utf-8", "replace"
        )

    def in_file(self, file: BinaryIO, check: Callable[[], None]) -> list[tuple[int, str]] | None:
        """Line numbers from 1 and texts without line ends; None for a binary file (it has a NUL).

        `check` is called now and then and may raise.
        """
        found: list[tuple[int, str]] = []
        number = 1
        for block in _blocks(file):
            check()
            if b"\0" in block:
                return None
            if self._may_match(block):
                found += self._in_block(block, number, check)
            number += block.count(b"\n")
        return found

    def _may_match(self, block: bytes) -> bool:
        if not self._literal:
            return True
        if not self._ignore_case:
            return self._literal in block
        # Outside of ASCII, letters can have more than two forms: then the expression decides.
        return not block.isascii() or self._literal in block.lower()

    def _in_block(
        self, block: bytes, number: int, check: Callable[[], None]
    ) -> Iterator[tuple[int, str]]:
        if self._search_block is not None:
            yield from _matches_in_block(self._search_block, block, number, check)
            return
        search, literal = self._search, b"" if self._ignore_case else self._literal
        lines = block.split(b"\n")
        if not lines[-1]:
            lines.pop()
        for line in lines:
            if literal in line:
                text = line.removesuffix(b"\r").decode("utf-8", "replace")
                if search(text):
                    yield number, text
            number += 1
            if not number % 4096:
                check()


def _matches_in_block(
    search: _Search, block: bytes, number: int, check: Callable[[], None]
) -> Iterator[tuple[int, str]]:
    """The same as line by line, for an expression that stays in its line; much faster."""
    text = block.replace(b"\r\n", b"\n").decode("utf-8", "replace").removesuffix("\r")
    start, last = 0, len(text) - text.endswith("\n")
    while (match := search(text, start)) and match.start() <= last:
        line_start = text.rfind("\n", 0, match.start()) + 1
        line_end = text.find("\n", match.start())
        if line_end < 0:
            line_end = len(text)
        number += text.count("\n", start, line_start)
        yield number, text[line_start:line_end]
        check()
        start, number = line_end + 1, number + 1
        if start > last:
            break


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """Blocks that end with a line, except the last. A line of absurd length makes the file binary."""
    rest = b""
    while block := file.read(BLOCK_BYTES):
        head, newline, tail = block.rpartition(b"\n")
        if not newline:
            rest += block
            if len(rest) > _MAX_LINE_BYTES:
                yield b"\0"
            continue
        yield rest + head + newline
        rest = tail
    if rest:
        yield rest
