"""The blocks of code in a Markdown document, with what the document says about testing them.

A comment `<!-- test: WORD rest -->` above a block says how it is run:

skip: REASON     it is not run, for this reason
file PATH        it is a file that later blocks find in their folder
raises NAME      it ends with this error
answers TEXT     a person types this when the cell asks
stopped          a person presses Stop in the middle of the answer
chat             the cell is one of the chat kernel
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

MARKS = ("skip", "file", "raises", "answers", "stopped", "chat")

_FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>`{3,})(?P<language>[^\s`]*)[^`]*$")
_MARK = re.compile(r"^ *<!-- test: (?P<word>\w+):? ?(?P<rest>.*?) ?-->$")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block; `line` is that of its opening fence, counted from 1."""

    document: Path
    line: int
    language: str
    text: str
    marks: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Where it stands, for messages."""
        return f"{self.document.name}:{self.line}"


def blocks_of(document: Path) -> list[Block]:
    """All blocks in their order. Fails for one that is not closed, or for a mark without one."""
    return list(_blocks(document, document.read_text("utf-8").splitlines()))


def _blocks(document: Path, lines: list[str]) -> Iterator[Block]:
    marks: dict[str, str] = {}
    at = 0
    while at < len(lines):
        line = lines[at]
        if found := _MARK.match(line):
            assert found["word"] in MARKS, f"{document.name}:{at + 1}: unknown mark {found['word']}"
            marks[found["word"]] = found["rest"]
        elif fence := _FENCE.match(line):
            end = _end(document, lines, at, fence["ticks"])
            indent = len(fence["indent"])
            body = "".join(f"{text[indent:]}\n" for text in lines[at + 1 : end])
            yield Block(document, at + 1, fence["language"], body, marks)
            marks, at = {}, end
        elif line.strip():
            assert not marks, f"{document.name}:{at + 1}: a mark must stand right above its block"
        at += 1
    assert not marks, f"{document.name}: the last mark has no block"


def _end(document: Path, lines: list[str], start: int, ticks: str) -> int:
    for at in range(start + 1, len(lines)):
        if lines[at].strip() == ticks:
            return at
    raise AssertionError(f"{document.name}:{start + 1}: the block is not closed")
