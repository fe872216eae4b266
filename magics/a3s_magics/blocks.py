"""Cut streaming Markdown into finished blocks and a live tail.

A finished block is sent to the screen once, only the tail is sent again and again: the bytes on the
wire stay proportional to the text. A cut never falls inside a fenced code block, a formula, a table
or a list while that can be avoided; where it cannot, the construct is closed in front of the cut and
opened again behind it, so that each block renders on its own.
"""

from __future__ import annotations

import re

BLOCK_CHARS = 2000
_WEAK, _HARD = 2, 4  # multiples of the block size: cut between list items; cut wherever a line ends
_SOON = 0.05  # of the block size: cut behind code or a formula, which the reader waits for

_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_ITEM = re.compile(r"(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)")
_HEADING = re.compile(r"#{1,6}(?:[ \t]|$)")
_FORMULA = re.compile(r"\$\$|\$[^\s$][^$]*\$|\\[(\[]")
_TABLE_RULE = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")


class BlockCutter:
    """Text in, blocks out: `frozen` never changes except at its end, `tail` is what is still open.

    `eager` is for screens where code and formulas get their final look with the block: a block that
    has some ends as soon as they are complete.
    """

    def __init__(self, block_chars: int = BLOCK_CHARS, *, eager: bool = False) -> None:
        self.frozen: list[str] = []
        self.block_chars = block_chars
        self.eager = eager
        self._lines: list[str] = []
        self._partial: list[str] = []
        self._partial_size = 0
        self._size = 0  # of the whole lines
        self._fence: tuple[str, str] | None = None  # the marker that closes it, the opening line
        self._in_math = False
        self._in_list = False
        self._awaited = False  # the block holds finished code or a formula
        self._after_blank = True
        self._table: list[str] | None = None  # head and rule of the table the block ends with
        self._carried = 0  # lines at the start that repeat what an earlier block opened

    @property
    def tail(self) -> str:
        """The text behind the last cut."""
        return "".join(self._lines) + "".join(self._partial)

    def feed(self, text: str) -> None:
        """Add text; it may end anywhere."""
        first, *rest = text.split("\n")
        self._add_partial(first)
        for piece in rest:
            self._end_line()
            self._add_partial(piece)

    def close(self) -> None:
        """Freeze what is left."""
        if self._partial or len(self._lines) > self._carried:
            rest = "".join(self._partial)
            self._partial.clear()
            self._partial_size = 0
            self._fence, self._in_math, self._table = None, False, None
            self._freeze(rest)

    def _add_partial(self, piece: str) -> None:
        if not piece:
            return
        self._partial.append(piece)
        self._partial_size += len(piece)
        while self._partial_size >= self.block_chars * _HARD:
            self._cut_line()

    def _end_line(self) -> None:
        line = "".join(self._partial) + "\n"
        self._partial.clear()
        self._partial_size = 0
        if self._size >= self.block_chars and self._may_cut_before(line):
            self._freeze("")
        self._lines.append(line)
        self._size += len(line)
        self._note(line)
        if self._size >= self.block_chars * _HARD or self._may_cut_soon():
            self._freeze("")

    def _may_cut_before(self, line: str) -> bool:
        if self._fence or self._in_math or not line.strip() or line[0] in " \t":
            return False
        if _HEADING.match(line) or _FENCE.match(line.rstrip("\n")):
            return True
        if self._in_list and _ITEM.match(line):
            return self._size >= self.block_chars * _WEAK
        return self._after_blank

    def _may_cut_soon(self) -> bool:
        """Whether code or a formula is finished, and nothing that could go on is open."""
        if not self.eager or not self._awaited or self._fence or self._in_math or self._in_list:
            return False
        return self._after_blank and self._size >= self.block_chars * _SOON

    def _note(self, line: str) -> None:
        """Follow which constructs are open after this line."""
        bare = line.rstrip("\n")
        if self._fence:
            mark = self._fence[0]
            if len(bare.strip()) >= len(mark) and set(bare.strip()) == {mark[0]}:
                self._fence = None
                self._awaited = self._after_blank = True
            return
        if opening := _FENCE.match(bare):
            self._fence = (opening.group(1), line)
            self._after_blank = False
            self._table = None
            self._in_list = self._in_list and line[0] == " "
            return
        if bare.count("$$") % 2 == 1:
            self._in_math = not self._in_math
        self._awaited = self._awaited or bool(_FORMULA.search(bare))
        self._note_containers(bare)
        self._after_blank = not bare.strip()

    def _note_containers(self, bare: str) -> None:
        if not bare.strip():
            self._table = None
        elif self._table is None and _TABLE_RULE.match(bare) and "|" in bare and self._lines[:-1]:
            self._table = self._lines[-2:]
        if bare and bare[0] not in " \t":
            if _ITEM.match(bare):
                self._in_list = True
            elif self._after_blank or _HEADING.match(bare):
                self._in_list = False

    def _freeze(self, line_start: str) -> None:
        """Close the block behind the whole lines and `line_start`; open what the next one needs."""
        closing, opening = "", ""
        if self._fence:
            indent = self._fence[1][: len(self._fence[1]) - len(self._fence[1].lstrip())]
            closing, opening = f"{indent}{self._fence[0]}\n", self._fence[1]
        elif self._in_math:
            closing = opening = "$$\n"
        elif self._table and not line_start and self._table[-1] != self._lines[-1]:
            opening = "".join(self._table)
        text = "".join(self._lines) + line_start
        if closing and not text.endswith("\n"):
            text += "\n"
        self.frozen.append(text + closing)
        self._lines = opening.splitlines(keepends=True)
        self._carried = len(self._lines)
        self._size = len(opening)
        self._awaited = False

    def _cut_line(self) -> None:
        """A line longer than whole blocks: cut it at a space, anywhere when it has none."""
        line = "".join(self._partial)
        limit = self.block_chars * _HARD
        at = line.rfind(" ", limit // 2, limit) + 1 or limit
        self._freeze(line[:at])
        rest = line[at:]
        self._partial = [rest] if rest else []
        self._partial_size = len(rest)
