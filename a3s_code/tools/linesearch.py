"""Lines that match, out of a file that is read in blocks: the pure part of `grep`."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator

from a3s_code.tools.dialect import stays_in_line
from a3s_code.tools.literals import required_literals

_Search = Callable[[str, int], re.Match[str] | None]

FIRST_BYTES = 64 << 10
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
        self._literals = _encoded(required_literals(regex.pattern), self._ignore_case)

    def in_file(self, fd: int, check: Callable[[], None]) -> list[tuple[int, str]] | None:
        """Line numbers from 1 and texts without line ends; None for a binary file (it has a NUL).

        Reads an open file from its start. `check` is called now and then and may raise.
        """
        start = os.read(fd, FIRST_BYTES)
        if more := os.read(fd, FIRST_BYTES):
            return self._in_blocks(_blocks(fd, start + more), check)
        # Most files end here, and most of these hold no match: then it does not matter what they are.
        if not self._may_match(start):
            return []
        return None if b"\0" in start else list(self._in_block(start, 1, check))

    def _in_blocks(
        self, blocks: Iterable[bytes], check: Callable[[], None]
    ) -> list[tuple[int, str]] | None:
        found: list[tuple[int, str]] = []
        number = 1
        for block in blocks:
            check()
            if b"\0" in block:
                return None
            if self._may_match(block):
                found += self._in_block(block, number, check)
            number += block.count(b"\n")
        return found

    def _may_match(self, block: bytes) -> bool:
        if not self._literals:
            return True
        if self._ignore_case:
            # Outside of ASCII, letters can have more than two forms: then the expression decides.
            if not block.isascii():
                return True
            block = block.lower()
        for literal in self._literals:  # noqa: SIM110  # any() would take as long as the search
            if literal in block:
                return True
        return False

    def _in_block(
        self, block: bytes, number: int, check: Callable[[], None]
    ) -> Iterator[tuple[int, str]]:
        if self._search_block is not None:
            yield from _matches_in_block(self._search_block, block, number, check)
            return
        lines = block.split(b"\n")
        if not lines[-1]:
            lines.pop()
        for line in lines:
            if self._may_match(line):
                text = line.removesuffix(b"\r").decode("utf-8", "replace")
                if self._search(text):
                    yield number, text
            number += 1
            if not number % 4096:
                check()


def _encoded(literals: Collection[str], ignore_case: bool) -> tuple[bytes, ...]:
    if ignore_case:
        if not all(map(str.isascii, literals)):  # some letters have their other form in ASCII
            return ()
        literals = {literal.lower() for literal in literals}
    return tuple(literal.encode("utf-8", "replace") for literal in literals)


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


def _blocks(fd: int, rest: bytes) -> Iterator[bytes]:
    """Blocks that end with a line, except the last. A line of absurd length makes the file binary.

    `rest` is what was read of the file before.
    """
    while block := os.read(fd, BLOCK_BYTES):
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
